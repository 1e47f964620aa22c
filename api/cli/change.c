/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names become identifiers before anything is changed, and who destroys is
 * asked; then all changes are sent, and only then is waited for each.
 */
#include "cli/change.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/confirm.h"
#include "cli/follow.h"
#include "cli/lookup.h"
#include "cli/operation.h"
#include "cli/wait.h"

/* One change: sent, waited for, printed. */
struct change {
	json_t *args;	   /* new: with the `id`, if it has one */
	char *subject;	   /* new: what to call it */
	json_t *value;	   /* new: what it was answered with; NULL: nothing */
	json_t *operation; /* new: what it goes on as; NULL: it does not */
	bool sent;	   /* and not refused */
	bool gives;	   /* the answer is a record, or comes to one */
};

static void change_done(struct change *c)
{
	json_decref(c->args);
	mem_free(c->subject);
	json_decref(c->value);
	json_decref(c->operation);
}

/* ---- sending ---------------------------------------------------------------------- */

static void say_done(struct session *s, const struct change *c, int http)
{
	const struct cat_op *op = s->command.op;
	AUTO_FREE char *verb = command_dashed(op->verb);
	const char *id = json_str(c->operation, "id", "");
	const char *kind = command_word(op->kind);

	if (c->operation)
		session_say(s,
			    "%s %s: %s goes on as operation %s; `skyclust "
			    "operations get %s` shows it",
			    kind, c->subject, verb, id, id);
	else if (http == 202)
		session_say(s,
			    "%s %s: %s is accepted, the cloud still works on "
			    "it; `skyclust %s %s list` shows it",
			    kind, c->subject, verb, s->provider,
			    op->kind->collection);
	else if (op->flags & CAT_DESTROYS)
		session_say(s, "%s %s: %sd", kind, c->subject, verb);
	else if (!c->value)
		session_say(s, "%s %s: %s done", kind, c->subject, verb);
}

static bool send(struct session *s, struct change *c, struct error *err)
{
	const struct cat_op *op = s->command.op;
	int http = 0;

	if (!session_call(s, op, c->args, &c->value, &http, err))
		return false;
	if (http == 202) { /* tells of the work, not of the resource */
		if (follow_is_operation(c->value, http))
			c->operation = c->value;
		else
			json_decref(c->value);
		c->value = NULL;
	}
	c->sent = true;
	c->gives = c->value || op->result;
	if (!s->command.option[OPTION_WAIT])
		say_done(s, c, http);
	return true;
}

/* ---- waiting ---------------------------------------------------------------------- */

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

/* The operation's end is the answer. */
static bool wait_for_operation(struct session *s, struct change *c,
			       enum exit_status *status, struct error *err)
{
	AUTO_FREE char *subject = mem_printf(
		"%s %s", command_word(s->command.op->kind), c->subject);

	if (!follow_operation(
		    s, c->operation, subject,
		    command_number(&s->command, OPTION_WAIT, WAIT_DEFAULT_S),
		    &c->value, status, err))
		return false;
	json_decref(c->operation);
	c->operation = NULL;
	return true;
}

/* The answer becomes what the resource is in the end. */
static bool wait_for(struct session *s, struct change *c,
		     enum exit_status *status, struct error *err)
{
	const struct command *command = &s->command;
	const char *id;
	json_t *last;

	if (c->operation && !wait_for_operation(s, c, status, err))
		return false;
	id = json_str(c->value, "id", json_str(c->args, "id", NULL));
	if (!id) /* its name will find it */
		id = json_str(c->args, "name", NULL);
	if (!id)
		return true;
	last = wait_settled(
		s, command->op, id, c->args,
		command_number(command, OPTION_WAIT, WAIT_DEFAULT_S), status,
		err);
	if (!last)
		return false;
	if (!json_is_object(last)) {
		json_decref(last);
		return true;
	}
	keep_first(last, c->value);
	json_decref(c->value);
	c->value = last;
	return true;
}

/* ---- printing --------------------------------------------------------------------- */

/* Formats that hold any record. */
static bool is_whole(enum output_format format)
{
	return format == OUTPUT_JSON || format == OUTPUT_YAML;
}

/* Without a record an operation leaves the identifier, for pipes. */
static void add_result(const struct session *s, const struct change *c,
		       json_t *results)
{
	json_t *id = json_object_get(c->args, "id");

	if (c->gives && json_is_array(c->value))
		json_array_extend(results, c->value);
	else if (c->gives && json_is_object(c->value))
		json_array_append(results, c->value);
	else if (c->operation && is_whole(s->output.format))
		json_array_append(results, c->operation);
	else if (c->sent && id && s->output.format == OUTPUT_NAME)
		json_array_append_new(results, json_pack("{sO}", "id", id));
}

/* ---- all of them ------------------------------------------------------------------ */

/* The first failure is the whole run's. */
static void note(enum exit_status *first, enum exit_status status)
{
	if (*first == STATUS_OK)
		*first = status;
}

/* Each by itself: one that fails does not keep the others. */
static enum exit_status send_all(struct session *s, struct change *changes,
				 size_t n)
{
	enum exit_status first = STATUS_OK;
	struct error err;

	for (size_t i = 0; i < n && !session_interrupted; i++) {
		if (send(s, &changes[i], &err))
			continue;
		if (n > 1)
			fail_within(&err, "%s", changes[i].subject);
		note(&first, (enum exit_status)session_report(s, &err));
	}
	return session_interrupted ? STATUS_INTERRUPTED : first;
}

static enum exit_status wait_all(struct session *s, struct change *changes,
				 size_t n)
{
	enum exit_status first = STATUS_OK, status;
	struct error err;

	for (size_t i = 0; i < n && !session_interrupted; i++) {
		if (!changes[i].sent || wait_for(s, &changes[i], &status, &err))
			continue;
		session_report(s, &err);
		note(&first, status);
	}
	return session_interrupted ? STATUS_INTERRUPTED : first;
}

static int do_all(struct session *s, struct change *changes, size_t n)
{
	AUTO_JSON json_t *results = json_array();
	enum exit_status status = send_all(s, changes, n);
	struct error err;

	if (s->command.option[OPTION_WAIT])
		note(&status, wait_all(s, changes, n));
	for (size_t i = 0; i < n; i++)
		add_result(s, &changes[i], results);
	if (!operation_print(s, results, n == 1, &err))
		return session_report(s, &err);
	return (int)status;
}

/* ---- public ----------------------------------------------------------------------- */

static int change_new(struct session *s, json_t *args)
{
	struct change c = {
		.args = json_incref(args),
		.subject = mem_strdup(json_str(args, "name", "")),
	};
	int status = do_all(s, &c, 1);

	change_done(&c);
	return status;
}

static int change_each(struct session *s, const json_t *args,
		       const json_t *resources)
{
	size_t n = json_array_size(resources), i;
	struct change *changes = mem_alloc(n * sizeof(*changes));
	json_t *resource;
	int status;

	json_array_foreach (resources, i, resource) {
		changes[i].args = json_copy((json_t *)args);
		changes[i].subject = confirm_name(resource);
		json_object_set(changes[i].args, "id",
				json_object_get(resource, "id"));
	}
	status = do_all(s, changes, n);
	for (i = 0; i < n; i++)
		change_done(&changes[i]);
	mem_free(changes);
	return status;
}

int change_run(struct session *s)
{
	const struct cat_op *op = s->command.op;
	AUTO_JSON json_t *args = json_deep_copy(s->command.args);
	AUTO_JSON json_t *resources = NULL;
	struct error err;

	if (!lookup_references(s, op, args, &err))
		return session_report(s, &err);
	if (!(op->flags & CAT_BY_ID))
		return change_new(s, args);
	resources = lookup_words(s, &err);
	if (!resources ||
	    (op->flags & CAT_DESTROYS && !confirm(s, op, resources, &err)))
		return session_report(s, &err);
	return change_each(s, args, resources);
}
