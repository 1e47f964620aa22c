/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --describe: what the driver can do.  For people a table of every operation of
 * the catalogue and of the vendor's kinds, with what stands for it; the same
 * as JSON, with all else that the driver says of itself; and by kinds, as
 * Markdown for its README.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "driver/commands.h"
#include "driver/matrix.h"

static const char *by_what(const struct handler *h)
{
	if (!h)
		return "-";
	return h->is_rest && !h->run ? "row" : "function";
}

/* ---- JSON ------------------------------------------------------------- */

static void add(const struct runtime *rt, const char *op, void *all)
{
	const struct handler *h = handlers_find(&rt->handlers, op);
	json_t *o = json_pack("{s:b}", "supported", h != NULL);

	if (h) {
		json_object_set_new(o, "by", json_string(by_what(h)));
		if (h->mutates) {
			json_object_set_new(o, "idempotency",
					    json_string(h->idempotency));
			json_object_set_new(o, "cancel",
					    json_string(h->cancel));
		}
	} else {
		json_object_set_new(o, "reason",
				    json_string(matrix_reason(rt, op)));
	}
	json_object_set_new(all, op, o);
}

static void print_json(const struct runtime *rt)
{
	AUTO_JSON json_t *o = hello_object(rt);
	json_t *all = json_object();

	matrix_each(rt, add, all);
	json_object_set_new(o, "operations", all);
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* ---- table ------------------------------------------------------------ */

static void count(const struct runtime *rt, const char *op, void *arg)
{
	size_t *n = arg;

	*n += handlers_find(&rt->handlers, op) != NULL;
}

static void print(const struct runtime *rt, const char *op, void *arg UNUSED)
{
	const struct handler *h = handlers_find(&rt->handlers, op);
	const char *note = h ? "" : matrix_reason(rt, op);

	if (h && h->mutates)
		printf("%-32s %-9s %-12s %s\n", op, by_what(h), h->idempotency,
		       h->cancel);
	else if (*note)
		printf("%-32s %-9s %-12s %-7s %s\n", op, by_what(h), "", "",
		       note);
	else
		printf("%-32s %s\n", op, by_what(h));
}

static void print_table(const struct runtime *rt)
{
	size_t n = 0;

	matrix_each(rt, count, &n);
	printf("%s %s: %zu operations\n\n", rt->driver->name,
	       rt->driver->version, n);
	printf("%-32s %-9s %-12s %-7s %s\n", "OPERATION", "BY", "IDEMPOTENCY",
	       "CANCEL", "NOTE");
	matrix_each(rt, print, NULL);
}

/* ---- Markdown --------------------------------------------------------- */

/* The text of a table's cell: a bar would end it. */
static void print_cell(const char *text)
{
	for (; *text; text++)
		printf(*text == '|' ? "\\%c" : "%c", *text);
}

static void print_row(const json_t *row)
{
	AUTO_FREE char *can = matrix_words(json_object_get(row, "can"), " ");
	const char *between = "", *why;
	json_t *verbs;

	printf("| `%s` | %s | ", json_str(row, "kind", ""), can);
	json_object_foreach (json_object_get(row, "cannot"), why, verbs) {
		AUTO_FREE char *words = matrix_words(verbs, " ");

		printf("%s%s%s", between, words, *why ? ": " : "");
		print_cell(why);
		between = "; ";
	}
	puts(" |");
}

static void print_markdown(const struct runtime *rt)
{
	AUTO_JSON json_t *rows = matrix_of(rt);
	json_t *row;
	size_t i;

	puts("| kind | can | cannot |\n|---|---|---|");
	json_array_foreach (rows, i, row)
		print_row(row);
}

/* ---- all of them ------------------------------------------------------ */

static const struct {
	const char *option; /* "": none */
	void (*print)(const struct runtime *rt);
} forms[] = {
	{ "", print_table },
	{ "--json", print_json },
	{ "--markdown", print_markdown },
};

int describe_main(const struct sc_driver *driver, int argc, char **argv)
{
	const char *option = argc == 1 ? argv[0] : "";
	struct runtime rt;

	for (size_t i = 0; argc < 2 && i < ARRAY_LEN(forms); i++) {
		if (strcmp(option, forms[i].option))
			continue;
		runtime_init(&rt, driver);
		forms[i].print(&rt);
		runtime_done(&rt);
		return 0;
	}
	fprintf(stderr,
		"%s --describe: takes nothing but --json or --markdown\n",
		driver->name);
	return EX_USAGE;
}
