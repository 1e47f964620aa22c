/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --man: the driver's manual page.  Nothing of it is written by hand for one
 * driver: settings and credential are its schemas, the environment its table,
 * the operations its rows and its list of what cannot be done.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/man.h"
#include "base/mem.h"
#include "driver/commands.h"
#include "driver/matrix.h"
#include "driver/options.h"

/* ---- commands --------------------------------------------------------- */

static void write_synopsis(struct buf *out, const struct sc_driver *driver)
{
	const struct driver_command *row;

	man_heading(out, "SYNOPSIS");
	for (row = driver_commands; row->name; row++) {
		AUTO_FREE char *usage =
			mem_printf("%s %s", row->name, row->usage);

		man_usage(out, driver->name, usage);
	}
}

static void write_commands(struct buf *out)
{
	const struct driver_command *row;

	man_heading(out, "COMMANDS");
	man_text(out, "OPERATION is a name of the catalogue, such as "
		      "instance.list; ARGUMENTS is a JSON object.");
	man_list(out);
	for (row = driver_commands; row->name; row++) {
		AUTO_FREE char *usage =
			mem_printf("%s %s", row->name, row->usage);

		man_item(out, usage, row->help);
	}
	man_list_end(out);
}

static void write_options(struct buf *out)
{
	const struct call_option *row;

	man_heading(out, "OPTIONS");
	man_text(out, "Of --call and --explain:");
	man_list(out);
	for (row = call_options; row->name; row++) {
		AUTO_FREE char *usage =
			mem_printf("%s %s", row->name,
				   row->argument ? row->argument : "");
		AUTO_FREE char *text =
			mem_printf("%s%s", row->help,
				   row->only_call ? " Only of --call." : "");

		man_item(out, usage, text);
	}
	man_list_end(out);
}

/* ---- settings and credential ------------------------------------------ */

static bool has_word(const json_t *list, const char *word)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (json_is_string(item) &&
		    !strcmp(json_string_value(item), word))
			return true;
	return false;
}

static void add_words(struct buf *text, const json_t *words)
{
	json_t *word;
	size_t i, n = json_array_size(words);

	json_array_foreach (words, i, word) {
		buf_add_str(text, i ? ", " : " One of ");
		json_write(word, text);
	}
	if (n)
		buf_add_char(text, '.');
}

static void add_limit(struct buf *text, json_t *field, const char *key,
		      const char *say)
{
	json_t *value = json_object_get(field, key);

	if (!value)
		return;
	buf_add_str(text, say);
	json_write(value, text);
	buf_add_char(text, '.');
}

static const char *variable_of(const struct sc_driver *driver, const char *name)
{
	for (const char *const(*e)[2] = driver->env; e && (*e)[0]; e++)
		if (!strcmp((*e)[1], name))
			return (*e)[0];
	return NULL;
}

static void write_field(struct buf *out, const struct sc_driver *driver,
			json_t *schema, const char *name, json_t *field)
{
	const char *variable = variable_of(driver, name);
	AUTO(buf_done) struct buf text = { 0 };

	buf_add_str(&text, json_str(field, "description", ""));
	if (has_word(json_object_get(schema, "required"), name))
		buf_add_str(&text, " Required.");
	if (json_bool(field, "writeOnly", false))
		buf_add_str(&text, " Secret.");
	add_words(&text, json_object_get(field, "enum"));
	add_limit(&text, field, "minimum", " At least ");
	add_limit(&text, field, "maximum", " At most ");
	add_limit(&text, field, "default", " Default: ");
	if (variable)
		buf_printf(&text, " Environment: %s.", variable);
	man_item(out, name, text.n ? text.p : NULL);
}

static void write_schema(struct buf *out, const struct sc_driver *driver,
			 const char *title, const char *schema_text)
{
	AUTO_JSON json_t *schema = json_read_quoted(schema_text, NULL);
	json_t *fields = json_object_get(schema, "properties"), *field;
	const char *name;

	man_heading(out, title);
	if (json_object_size(fields) == 0) {
		man_text(out, "None.");
		return;
	}
	man_list(out);
	json_object_foreach (fields, name, field)
		write_field(out, driver, schema, name, field);
	man_list_end(out);
}

static void write_environment(struct buf *out, const struct sc_driver *driver)
{
	man_heading(out, "ENVIRONMENT");
	man_text(out,
		 driver->env ? "Read by the host, and by --call and --explain, "
			       "for what no file gives:"
			     : "This driver names no variables.");
	if (!driver->env)
		return;
	man_list(out);
	for (const char *const(*e)[2] = driver->env; (*e)[0]; e++) {
		AUTO_FREE char *text = mem_printf("The field %s.", (*e)[1]);

		man_item(out, (*e)[0], text);
	}
	man_list_end(out);
}

/* ---- operations ------------------------------------------------------- */

static void write_can(struct buf *out, const json_t *rows)
{
	json_t *row;
	size_t i;

	man_text(out, "What it can do, by kind of resource:");
	man_list(out);
	json_array_foreach (rows, i, row) {
		AUTO_FREE char *words =
			matrix_words(json_object_get(row, "can"), ", ");

		if (*words)
			man_item(out, json_str(row, "kind", ""), words);
	}
	man_list_end(out);
}

static void write_cannot(struct buf *out, const json_t *row)
{
	const char *why;
	json_t *verbs;

	json_object_foreach (json_object_get(row, "cannot"), why, verbs) {
		AUTO_FREE char *words = matrix_words(verbs, " ");
		AUTO_FREE char *term =
			mem_printf("%s %s", json_str(row, "kind", ""), words);

		man_item(out, term, *why ? why : "No reason is given.");
	}
}

static void write_operations(struct buf *out, const struct runtime *rt)
{
	AUTO_JSON json_t *rows = matrix_of(rt);
	AUTO(buf_done) struct buf cannot = { 0 };
	json_t *row;
	size_t i;

	man_heading(out, "OPERATIONS");
	write_can(out, rows);
	json_array_foreach (rows, i, row)
		write_cannot(&cannot, row);
	if (cannot.n == 0)
		return;
	man_subheading(out, "Not supported");
	man_text(out, "These are answered as unsupported, with the reason:");
	man_list(out);
	buf_add_slice(out, buf_slice(&cannot));
	man_list_end(out);
}

/* ---- the page --------------------------------------------------------- */

static void write_description(struct buf *out, const struct sc_driver *driver)
{
	man_heading(out, "DESCRIPTION");
	if (driver->description)
		man_text(out, driver->description);
	man_text(out,
		 "\n\nThis program is a cloud driver: the host, skyclustd, "
		 "starts it and speaks with it over its standard streams. By "
		 "hand it takes one of the commands below; without any, and "
		 "from a terminal, it explains itself.");
}

static void write_exit(struct buf *out)
{
	man_heading(out, "EXIT STATUS");
	man_list(out);
	man_item(out, "0", "All is well.");
	man_item(out, "1", "It was done, and the outcome is bad: findings of "
			   "--check, an error of --call.");
	man_item(out, "64", "The command line is wrong.");
	man_list_end(out);
}

static void write_page(struct buf *out, const struct runtime *rt)
{
	const struct sc_driver *driver = rt->driver;
	AUTO_FREE char *name = mem_printf("skyclust-%s", driver->name);
	AUTO_FREE char *what =
		mem_printf("the SkyClust driver %s", driver->name);

	man_begin(out, name, 8, what);
	write_synopsis(out, driver);
	write_description(out, driver);
	write_commands(out);
	write_options(out);
	write_schema(out, driver, "SETTINGS", driver->config_schema);
	write_schema(out, driver, "CREDENTIAL", driver->credential_schema);
	write_environment(out, driver);
	write_operations(out, rt);
	write_exit(out);
	man_heading(out, "SEE ALSO");
	man_see(out, "skyclust", 1, false);
	man_see(out, "skyclustd", 8, true);
}

int manual_main(const struct sc_driver *driver, int argc, char **argv)
{
	AUTO(buf_done) struct buf page = { 0 };
	struct runtime rt;

	(void)argv;
	if (argc > 0) {
		fprintf(stderr, "%s --man: takes nothing\n", driver->name);
		return EX_USAGE;
	}
	runtime_init(&rt, driver);
	write_page(&page, &rt);
	runtime_done(&rt);
	fputs(page.p, stdout);
	return 0;
}
