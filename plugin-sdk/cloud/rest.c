/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The table engine's middle: rows, and those that give one record.  What a row
 * does is, in this order: fill in (rest_request.c), send (rest_send.c), judge
 * (rest_error.c), map (rest_map.c), and for lists all of that page by page
 * (rest_list.c, rest_page.c).
 */
#include "cloud/rest.h"

#include <string.h>

#include "base/auto.h"
#include "cloud/path.h"
#include "cloud/rest_run.h"

bool rest_is_list(const struct sc_rest *row)
{
	const struct cat_op *op = cat_op_find(row->op);

	if (op)
		return op->flags & CAT_PAGED;
	return row->items &&
	       (strstr(row->items, "[]") ||
		(path_selects(row->items) && !strchr(row->items, '[')));
}

/* ---- one record --------------------------------------------------------- */

/* There is no record at @items; why?  An empty array where one was asked for is
 * the cloud's way to say that there is none. */
static void no_record(const struct rest_run *run, json_t *answer,
		      const char *items)
{
	struct error *fault = &run->call->fault;
	size_t choices = path_choices(answer, items);

	if (!path_selects(items) || !path_exists(answer, items)) {
		rest_bad_answer(run, "the answer has no \"%s\"", items);
		return;
	}
	if (choices == 1)
		fail(fault, ERR_NOT_FOUND, "%s: the cloud has none with this id",
		     run->row->op);
	else
		fail(fault, ERR_INVALID,
		     "%s: which one is meant must be said, the cloud has %zu",
		     run->row->op, choices);
}

/* The record that the answer holds, new. */
static json_t *record_of(const struct rest_run *run, json_t *answer)
{
	AUTO_FREE char *items = rest_items(run, "");
	json_t *node;

	if (!items)
		return NULL;
	node = path_first(answer, items);
	if (node)
		return rest_record(run, node);
	no_record(run, answer, items);
	return NULL;
}

static bool gives_record(const struct rest_run *run, const json_t *answer)
{
	if (!run->row->map && !run->row->items)
		return false;
	/* Accepted without a word; `.then` will ask for the record. */
	return !(run->row->then && json_is_null(answer));
}

/* The record on @page, new, which becomes the page after it. */
WAITS static json_t *record_on(const struct rest_run *run, json_t *seen,
			       struct rest_page *page)
{
	AUTO_JSON json_t *answer = rest_ask(run, page);
	json_t *record = NULL;

	rest_page_done(page);
	if (!answer)
		return NULL;
	if (!gives_record(run, answer))
		return json_null();
	record = record_of(run, answer);
	if (!record && run->call->fault.code == ERR_NOT_FOUND &&
	    rest_page_next(run, answer, seen, page) && !rest_page_is_end(page))
		run->call->fault = (struct error){ 0 };
	return record;
}

/* The row's own record, new; one that is picked out of a list may be on a
 * later page of it. */
WAITS static json_t *find_record(const struct rest_run *run)
{
	AUTO_JSON json_t *seen = json_object();
	struct rest_page page = { 0 };
	json_t *record;

	do {
		record = record_on(run, seen, &page);
	} while (!record && !rest_page_is_end(&page));
	rest_page_done(&page);
	return record;
}

/* Asked to delete what is not there: so be it. */
static bool is_gone(const struct rest_run *run)
{
	return run->call->fault.code == ERR_NOT_FOUND && run->op &&
	       !strcmp(run->op->verb, "delete");
}

/* The arguments of the `.then` row, new. */
static json_t *then_args(const struct rest_run *run, json_t *record)
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

/* Answer with another row; steals @record, which is the answer if that row
 * fails and nothing is missing: what was made can take a while to be seen. */
WAITS static json_t *then(const struct rest_run *run, json_t *record)
{
	struct sc_call *call = run->call;
	AUTO_JSON json_t *args = then_args(run, record), *own = record;
	const struct sc_rest *row =
		rest_choose(call->driver, run->row->then, args);
	struct sc_rest last;
	json_t *v;

	if (!row) {
		fail(&call->fault, ERR_INTERNAL, "%s: .then names no row: %s",
		     run->row->op, run->row->then);
		return NULL;
	}
	last = *row;
	last.then = NULL; /* one step only, so no circle */
	v = rest_value(call, &last, args);
	if (!v && is_whole(run, own)) {
		call->fault = (struct error){ 0 };
		return json_incref(own);
	}
	if (!v && !run->is_read)
		call->fault.effect = EFFECT_APPLIED;
	return v;
}

/* After a refusal: the value of the row if what it is about has the wanted
 * state already. */
WAITS static json_t *already(const struct rest_run *run)
{
	struct sc_call *call = run->call;
	const struct error refusal = call->fault;
	AUTO_FREE char *get = mem_printf("%s.get", run->op->kind->name);
	const struct sc_rest *row = rest_choose(call->driver, get, run->args);
	json_t *record = row ? rest_value(call, row, run->args) : NULL;

	if (!record || !rest_holds(run->row->already, record)) {
		json_decref(record);
		call->fault = refusal;
		return NULL;
	}
	call->fault = (struct error){ 0 };
	if (run->op->result)
		return record;
	json_decref(record);
	return json_null();
}

/* The row's value, before the last word on its failure. */
WAITS static json_t *run_value(struct rest_run *run)
{
	json_t *record = rest_look_up(run) ? find_record(run) : NULL;

	if (!record && run->op && run->row->already &&
	    (run->call->fault.code == ERR_CONFLICT ||
	     run->call->fault.code == ERR_NOT_FOUND))
		return already(run);
	if (!record && is_gone(run)) {
		run->call->fault = (struct error){ 0 };
		return json_null();
	}
	if (record && run->row->then) {
		tell_id(run, record);
		return then(run, record);
	}
	return record;
}

/* A function has seen to its arguments itself. */
static bool is_possible(const struct rest_run *run)
{
	return run->row->run || rest_understands(run->call->driver, run->row,
						 run->args, &run->call->fault);
}

json_t *rest_value(struct sc_call *call, const struct sc_rest *row,
		   json_t *args)
{
	struct rest_run run;
	json_t *v;

	v = rest_run_init(&run, call, row, args) && is_possible(&run)
		    ? run_value(&run)
		    : NULL;
	rest_run_done(&run);
	/* What may have been done must not be done again unseen. */
	if (!v && !run.is_read && call->fault.effect != EFFECT_NONE)
		call->fault.retryable = false;
	return v;
}
