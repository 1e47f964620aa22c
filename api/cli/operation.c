/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the command line is said before anything is sent; names
 * become identifiers before anything is changed; what was made is printed when
 * it has come to rest, if that was asked for.
 */
#include "cli/operation.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/confirm.h"
#include "cli/filter_split.h"
#include "cli/lookup.h"
#include "cli/wait.h"
#include "cli/watch.h"

/* ---- output ---------------------------------------------------------------------- */

static int terminal_columns(void)
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
		.columns = terminal_columns(),
		.header = !s->command.option[OPTION_NO_HEADERS],
		.to = stdout,
	};
	return (!format || output_parse(format, &s->output.format, err)) &&
	       output_check(&s->output, err);
}

bool operation_printed(const struct session *s, bool printed,
		       struct error *err)
{
	if (printed && fflush(s->output.to) == 0)
		return true;
	return fail(err, ERR_INTERNAL, "the answer cannot be written: %s",
		    strerror(errno));
}

/* ---- lists -------------------------------------------------------------------------- */

/* What is not the server's to filter is ours, and then the limit is too. */
static bool print_list(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	AUTO_JSON json_t *args = json_deep_copy(c->args);
	AUTO_JSON json_t *items = NULL;
	const char *filter = c->option[OPTION_FILTER];
	long long limit = command_number(c, OPTION_LIMIT, 0);
	AUTO_FREE char *rest =
		filter_split(c->op, filter ? filter : "", args, err);

	if (!rest || !lookup_references(s, c->op, args, err))
		return false;
	items = session_list(s, c->op, args, *rest ? 0 : limit, err);
	if (!items ||
	    (*rest && !output_filter(items, rest, s->output.record, err)))
		return false;
	while (limit && (long long)json_array_size(items) > limit)
		json_array_remove(items, json_array_size(items) - 1);
	return operation_printed(s, output_list(&s->output, items), err);
}

/* ---- one call ------------------------------------------------------------------------- */

/* @subject: what to call it, NULL: as the answer or the arguments do. */
static void say_done(struct session *s, const json_t *args,
		     const json_t *value, const char *subject, int http)
{
	const struct cat_op *op = s->command.op;
	AUTO_FREE char *verb = command_dashed(op->verb);

	if (!subject)
		subject = json_str(args, "name", json_str(value, "name", ""));
	if (http == 202)
		session_say(s,
			    "%s %s: %s is accepted, the cloud still works on "
			    "it; `skyclust %s %s list` shows it",
			    op->kind->name, subject, verb, s->provider,
			    op->kind->collection);
	else if (op->flags & CAT_DESTROYS)
		session_say(s, "%s %s: %sd", op->kind->name, subject, verb);
	else if (!value)
		session_say(s, "%s %s: %s done", op->kind->name, subject, verb);
}

/* What only the first answer has (keys, passwords) is kept. */
static void keep_first(json_t *last, json_t *first)
{
	const char *name;
	json_t *value, *now;

	json_object_foreach (first, name, value) {
		now = json_object_get(last, name);
		if (!now || json_is_null(now))
			json_object_set(last, name, value);
	}
}

/* @value (NULL: not answered) becomes what the resource is in the end. */
static bool wait_for(struct session *s, const json_t *args, json_t **value,
		     enum exit_status *status, struct error *err)
{
	const struct command *c = &s->command;
	const char *id = json_str(*value, "id", json_str(args, "id", NULL));
	json_t *last;

	if (!id) /* its name will find it */
		id = json_str(args, "name", NULL);
	if (!id)
		return true;
	last = wait_settled(s, c->op, id, args,
			    command_number(c, OPTION_WAIT, WAIT_DEFAULT_S),
			    status, err);
	if (!last)
		return false;
	if (json_is_object(last))
		keep_first(last, *value);
	else
		last = json_incref(*value);
	json_decref(*value);
	*value = last;
	return true;
}

/* Without a body of its own an operation leaves the identifier, for pipes. */
static void add_result(const struct session *s, const json_t *args,
		       json_t *value, json_t *results)
{
	json_t *id = json_object_get(args, "id");

	if (json_is_array(value))
		json_array_extend(results, value);
	else if (json_is_object(value))
		json_array_append(results, value);
	else if (id && s->output.format == OUTPUT_NAME)
		json_array_append_new(results, json_pack("{sO}", "id", id));
}

/* Do it with @args, wait when that was asked for, and append what there is to
 * print to @results. */
static bool call_one(struct session *s, const json_t *args,
		     const char *subject, json_t *results,
		     enum exit_status *status, struct error *err)
{
	const struct cat_op *op = s->command.op;
	bool waits = s->command.option[OPTION_WAIT], gives, ok = true;
	AUTO_JSON json_t *value = NULL;
	int http = 0;

	if (!session_call(s, op, args, &value, &http, err)) {
		*status = session_status(err->code);
		return false;
	}
	if (http == 202) { /* tells the state of the work, not the resource */
		json_decref(value);
		value = NULL;
	}
	gives = value || op->result;
	if (op->flags & CAT_MUTATES && !waits)
		say_done(s, args, value, subject, http);
	else if (op->flags & CAT_MUTATES)
		ok = wait_for(s, args, &value, status, err);
	add_result(s, args, gives ? value : NULL, results);
	return ok;
}

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

static bool print_results(struct session *s, const json_t *results, bool one,
			  struct error *err)
{
	bool printed = true;

	if (one && json_array_size(results) == 1)
		printed = print_one(s, json_array_get(results, 0));
	else if (json_array_size(results))
		printed = output_list(&s->output, results);
	return operation_printed(s, printed, err);
}

/* ---- without an identifier ----------------------------------------------------------- */

static int call_plain(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	AUTO_JSON json_t *args = json_deep_copy(c->args);
	AUTO_JSON json_t *results = json_array();
	enum exit_status status = STATUS_OK;

	if (!lookup_references(s, c->op, args, err))
		return session_report(s, err);
	if (!call_one(s, args, NULL, results, &status, err))
		session_report(s, err);
	if (!print_results(s, results, true, err))
		return session_report(s, err);
	return (int)status;
}

/* For --watch: the same again and again. */
static bool print_plain(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	AUTO_JSON json_t *args = json_deep_copy(c->args);
	AUTO_JSON json_t *results = json_array();
	enum exit_status status = STATUS_OK;

	return lookup_references(s, c->op, args, err) &&
	       call_one(s, args, NULL, results, &status, err) &&
	       print_results(s, results, true, err);
}

/* ---- with identifiers ------------------------------------------------------------------ */

/* All that the words mean, new; NULL: @err of the first that means nothing. */
static json_t *look_up_all(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	json_t *all = json_array(), *word;
	size_t i;

	json_array_foreach (c->words, i, word) {
		json_t *one = lookup_one(s, c->kind, json_string_value(word),
					 c->args, err);

		if (!one) {
			json_decref(all);
			return NULL;
		}
		json_array_append_new(all, one);
	}
	return all;
}

static bool print_get(struct session *s, struct error *err)
{
	AUTO_JSON json_t *all = look_up_all(s, err);

	return all &&
	       print_results(s, all, json_array_size(s->command.words) == 1,
			     err);
}

/* Each by itself: one that fails does not keep the others. */
static enum exit_status call_each(struct session *s, const json_t *all,
				  json_t *args, json_t *results,
				  struct error *err)
{
	enum exit_status first = STATUS_OK;
	size_t i;
	json_t *one;

	json_array_foreach (all, i, one) {
		enum exit_status status = STATUS_OK;
		AUTO_FREE char *name = confirm_name(one);

		json_object_set(args, "id", json_object_get(one, "id"));
		if (session_interrupted)
			return STATUS_INTERRUPTED;
		if (!call_one(s, args, name, results, &status, err))
			session_report(s, err);
		if (first == STATUS_OK)
			first = status;
	}
	return first;
}

static int call_by_id(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	AUTO_JSON json_t *args = json_deep_copy(c->args);
	AUTO_JSON json_t *results = json_array();
	AUTO_JSON json_t *all = NULL;
	enum exit_status status;

	if (!lookup_references(s, c->op, args, err))
		return session_report(s, err);
	all = look_up_all(s, err);
	if (!all ||
	    (c->op->flags & CAT_DESTROYS && !confirm(s, c->op, all, err)))
		return session_report(s, err);
	status = call_each(s, all, args, results, err);
	if (!print_results(s, results, json_array_size(all) == 1, err))
		return session_report(s, err);
	return (int)status;
}

/* ---- public ------------------------------------------------------------------------------ */

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
	AUTO_FREE char *rest =
		filter_split(c->op, filter ? filter : "", args, err);

	if (c->op->flags & CAT_BY_ID)
		json_object_set(args, "id", json_array_get(c->words, 0));
	return rest && cat_check_args(c->op, args, false, err);
}

static bool (*printer(const struct cat_op *op))(struct session *,
						struct error *)
{
	if (op->flags & CAT_PAGED)
		return print_list;
	if (op->flags & CAT_BY_ID && !strcmp(op->verb, "get"))
		return print_get;
	return op->flags & CAT_BY_ID ? NULL : print_plain;
}

int operation_run(struct session *s)
{
	const struct command *c = &s->command;
	bool (*print)(struct session *, struct error *) = printer(c->op);
	struct error err;

	if (!check_options(c, &err) || !check_args(c, &err) ||
	    !operation_set_output(s, c->op->result, &err) ||
	    !session_provider(s, &err))
		return session_report(s, &err);
	if (c->option[OPTION_WATCH] && print)
		return watch_run(
			s, command_number(c, OPTION_WATCH, WATCH_DEFAULT_S),
			print);
	if (c->op->flags & CAT_MUTATES || !print)
		return c->op->flags & CAT_BY_ID ? call_by_id(s, &err)
						: call_plain(s, &err);
	return print(s, &err) ? STATUS_OK : session_report(s, &err);
}
