/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes after a row (`then`): rows that finish what it began, and the one
 * that answers.  When one of the first fails, what was made is taken back
 * (`undo`), so that the failure leaves nothing behind.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/rest_run.h"

static json_t *args_for(const struct rest_run *run, json_t *record)
{
	json_t *args = json_copy(run->args),
	       *id = json_object_get(record, "id");

	if (id)
		json_object_set(args, "id", id);
	return args;
}

static void tell_id(const struct rest_run *run, json_t *record)
{
	json_t *id = json_object_get(record, "id");

	if (!run->is_read && id && run->call->checkpoint)
		run->call->checkpoint(run->call, json_pack("{s:O}", "id", id));
}

/* Has @record all that a record of the catalogue must have? */
static bool is_whole(const struct rest_run *run, json_t *record)
{
	const struct cat_record *rec = run->op ? run->op->result : NULL;
	const struct cat_field *f = rec ? rec->fields : NULL;
	const json_t *v;

	for (; f && f->name; f++) {
		v = json_object_get(record, f->name);
		if (f->flags & CAT_REQUIRED && (!v || json_is_null(v)))
			return false;
	}
	return rec != NULL;
}

/* ---- when a step fails -------------------------------------------------- */

/* Take back what @args are about, and say so in the failure. */
WAITS static void undo(const struct rest_run *run, json_t *args)
{
	struct error *fault = &run->call->fault, failed = *fault;
	const char *id = json_str(args, "id", "");
	const struct sc_rest *row;
	json_t *done = NULL;

	row = rest_choose(run->call->driver, run->row->undo, args);
	*fault = (struct error){ 0 };
	if (row)
		done = rest_value(run->call, row, args);
	*fault = failed;
	fault->effect = done ? EFFECT_NONE : EFFECT_PARTIAL;
	fail_within(fault, done ? "%s %s was removed again" : "%s %s is left behind",
		    run->op->kind->name, id);
	json_decref(done);
}

/* What is made when a step that changes the cloud fails: half of it.  The
 * argument that wanted the step is what is wrong. */
WAITS static void blame(const struct rest_run *run, const struct sc_rest *step,
			json_t *args)
{
	struct error *fault = &run->call->fault;
	const char *when = step->when;
	struct rest_condition c;

	if (!fault->path[0] && rest_next_condition(&when, &c)) {
		AUTO_FREE char *name = mem_strndup(c.name.p, c.name.n);

		json_pointer_add(fault->path, sizeof(fault->path), name);
	}
	fault->effect = EFFECT_PARTIAL;
	if (run->row->undo)
		undo(run, args);
}

/* ---- steps -------------------------------------------------------------- */

/* Run row @name; NULL: call->fault.  One of which no row's `when` holds is
 * left out. */
WAITS static json_t *step(const struct rest_run *run, const char *name,
			  json_t *args, json_t *own)
{
	struct sc_call *call = run->call;
	const struct sc_rest *row = rest_choose(call->driver, name, args);
	struct sc_rest last;
	json_t *v;

	if (!row && rest_find(call->driver, name))
		return json_incref(own);
	if (!row) {
		rest_no_row(call->driver, name, args, &call->fault);
		call->fault.effect = run->is_read ? EFFECT_NONE : EFFECT_APPLIED;
		return NULL;
	}
	last = *row;
	last.then = NULL; /* one step only, so no circle */
	v = rest_value(call, &last, args);
	if (v || run->is_read)
		return v;
	if (!rest_is_read(row)) {
		blame(run, row, args);
	} else if (is_whole(run, own)) {
		/* What was made can take a while to be seen. */
		call->fault = (struct error){ 0 };
		v = json_incref(own);
	} else {
		call->fault.effect = EFFECT_APPLIED;
	}
	return v;
}

bool rest_has_steps(const struct sc_driver *driver, const struct sc_rest *row,
		    json_t *args)
{
	const char *names = row->then;
	const struct sc_rest *next;
	struct slice word;

	while (names && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		next = rest_choose(driver, name, args);
		if (next && next->http && !rest_is_read(next))
			return true;
	}
	return false;
}

json_t *rest_then(const struct rest_run *run, json_t *record)
{
	AUTO_JSON json_t *args = args_for(run, record), *own = record;
	const char *names = run->row->then;
	json_t *v = json_incref(record);
	struct slice word;

	tell_id(run, record);
	while (v && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		json_decref(v);
		v = step(run, name, args, own);
	}
	return v;
}
