/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the command line is said before anything is sent.
 */
#include "cli/operation.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/audit_run.h"
#include "cli/change.h"
#include "cli/filter_split.h"
#include "cli/lookup.h"
#include "cli/watch.h"

/* ---- output ---------------------------------------------------------------------- */

int operation_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 80;
}

bool operation_set_output(struct session *s, const struct cat_record *record,
			  struct error *err)
{
	const char *format = session_option(s, OPTION_OUTPUT);

	s->output = (struct output){
		.format = OUTPUT_TABLE,
		.fields = s->command.option[OPTION_FIELDS],
		.record = record,
		.columns = operation_columns(),
		.header = !s->command.option[OPTION_NO_HEADERS],
		.to = stdout,
	};
	return (!format || output_parse(format, &s->output.format, err)) &&
	       output_check(&s->output, err);
}

bool operation_printed(const struct session *s, bool printed, struct error *err)
{
	if (printed && fflush(s->output.to) == 0)
		return true;
	return fail(err, ERR_INTERNAL, "the answer cannot be written: %s",
		    strerror(errno));
}

/* ---- what the words say ------------------------------------------------------- */

/* The arguments as the server wants them: identifiers instead of names, and the
 * identifier that stands as a word.  New; NULL with @err. */
static json_t *settled_args(struct session *s, const json_t *given,
			    struct error *err)
{
	const struct cat_op *op = s->command.op;
	AUTO_JSON json_t *args = json_deep_copy(given);
	AUTO_JSON json_t *resources = NULL;

	if (!lookup_references(s, op, args, err))
		return NULL;
	if (op->flags & CAT_BY_ID) {
		resources = lookup_words(s, err);
		if (!resources)
			return NULL;
		json_object_set(
			args, "id",
			json_object_get(json_array_get(resources, 0), "id"));
	}
	return json_incref(args);
}

/* ---- lists -------------------------------------------------------------------------- */

/* What is not the server's to filter is ours, and then the limit is too. */
static bool print_list(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	AUTO_JSON json_t *given = json_deep_copy(c->args);
	AUTO_JSON json_t *args = NULL;
	AUTO_JSON json_t *items = NULL;
	const char *filter = c->option[OPTION_FILTER];
	long long limit = command_number(c, OPTION_LIMIT, 0);
	AUTO_FREE char *rest =
		filter_split(c->op, filter ? filter : "", given, err);

	args = rest ? settled_args(s, given, err) : NULL;
	if (!args)
		return false;
	items = session_list(s, c->op, args, *rest ? 0 : limit, err);
	if (!items ||
	    (*rest && !output_filter(items, rest, s->output.record, err)))
		return false;
	while (limit && (long long)json_array_size(items) > limit)
		json_array_remove(items, json_array_size(items) - 1);
	return operation_printed(s, output_list(&s->output, items), err);
}

/* ---- what is asked for ------------------------------------------------------------- */

/* A console's log is text, to be read as it is; what leads to a console is a
 * record. */
static bool print_one(const struct session *s, const json_t *value)
{
	struct output o = s->output;

	if (o.format == OUTPUT_TABLE && !o.fields && o.record &&
	    !strcmp(o.record->name, "console") &&
	    json_str(value, "output", NULL))
		o.fields = "output";
	return output_value(&o, value);
}

bool operation_print(struct session *s, const json_t *results, bool one,
		     struct error *err)
{
	bool printed = true;

	if (one && json_array_size(results) == 1)
		printed = print_one(s, json_array_get(results, 0));
	else if (json_array_size(results))
		printed = output_list(&s->output, results);
	return operation_printed(s, printed, err);
}

static bool print_get(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = lookup_words(s, err);
	bool one = json_array_size(s->command.words) == 1;

	return all && operation_print(s, all, one, err);
}

/* What can be asked of a resource, or of the cloud as a whole. */
static bool print_answer(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	AUTO_JSON json_t *args = settled_args(s, c->args, err);
	AUTO_JSON json_t *value = NULL;

	if (!args || !session_call(s, c->op, args, &value, NULL, err))
		return false;
	return operation_printed(s,
				 json_is_array(value)
					 ? output_list(&s->output, value)
					 : print_one(s, value),
				 err);
}

/* ---- public ------------------------------------------------------------------------- */

/* Options that would be silently without effect are faults. */
static bool check_options(const struct command *c, struct error *err)
{
	bool mutates = c->op->flags & CAT_MUTATES;
	bool lists = c->op->flags & CAT_PAGED;

	if (c->option[OPTION_WATCH] && mutates)
		return fail(err, ERR_INVALID,
			    "--watch is for what changes nothing");
	if (c->option[OPTION_WAIT] && !mutates)
		return fail(err, ERR_INVALID, "--wait is for changes");
	if ((c->option[OPTION_FILTER] || c->option[OPTION_LIMIT]) && !lists)
		return fail(err, ERR_INVALID, "--%s is for lists",
			    c->option[OPTION_FILTER] ? "filter" : "limit");
	return true;
}

static bool check_args(const struct command *c, struct error *err)
{
	AUTO_JSON json_t *args = json_deep_copy(c->args);
	const char *filter = c->option[OPTION_FILTER];
	AUTO_JSON json_t *nothing = json_array();
	AUTO_FREE char *rest =
		filter_split(c->op, filter ? filter : "", args, err);

	if (c->op->flags & CAT_BY_ID)
		json_object_set(args, "id", json_array_get(c->words, 0));
	if (command_is_own(c->op->kind) &&
	    cat_arg_find(c->op, "workspace_id") &&
	    !json_object_get(args, "workspace_id")) /* found later */
		json_object_set_new(args, "workspace_id", json_string("…"));
	return rest && cat_check_args(c->op, args, false, err) &&
	       (!*rest || output_filter(nothing, rest, c->op->result, err));
}

/* Those that are more than an exchange. */
static const struct {
	const char *op;
	int (*run)(struct session *s);
} special[] = {
	{ "audit_record.export", audit_export_run },
	{ "audit_record.verify", audit_verify_run },
};

int operation_run(struct session *s)
{
	const struct command *c = &s->command;
	bool (*print)(struct session *, struct error *) = print_answer;
	struct error err;

	if (!check_options(c, &err) || !check_args(c, &err))
		return session_report(s, &err);
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (!strcmp(c->op->name, special[i].op))
			return special[i].run(s);
	if (!operation_set_output(s, c->op->result, &err) ||
	    !(command_is_own(c->kind) ? session_connect(s, &err)
				      : session_provider(s, &err) != NULL))
		return session_report(s, &err);
	if (c->op->flags & CAT_MUTATES)
		return change_run(s);
	if (c->op->flags & CAT_PAGED)
		print = print_list;
	else if (!strcmp(c->op->verb, "get") && c->op->flags & CAT_BY_ID)
		print = print_get;
	if (c->option[OPTION_WATCH])
		return watch_run(
			s, command_number(c, OPTION_WATCH, WATCH_DEFAULT_S),
			print);
	return print(s, &err) ? STATUS_OK : session_report(s, &err);
}
