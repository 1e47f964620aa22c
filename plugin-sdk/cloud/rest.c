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
#include "base/clock.h"
#include "base/fiber.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/rest_run.h"

#define REST_BUSY_MS 1000 /* between two tries of a row with .busy */

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

/* Does @condition hold for @record, with the arguments in its holes? */
static bool holds(const struct rest_run *run, const char *condition,
		  json_t *record)
{
	const struct template_scope scope = { .args = run->args };
	AUTO(buf_done) struct buf text = { 0 };
	struct error err;

	return template_text(condition, &scope, &text, NULL, &err) &&
	       rest_holds(text.p, record);
}

/* After a refusal: what the row is about, if @condition holds for it, and the
 * refusal is forgotten; else NULL. */
WAITS static json_t *subject_if(const struct rest_run *run,
				const char *condition)
{
	struct sc_call *call = run->call;
	const struct error refusal = call->fault;
	AUTO_FREE char *get = mem_printf("%s.get", run->op->kind->name);
	const struct sc_rest *row = rest_choose(call->driver, get, run->args);
	json_t *record = row ? rest_value(call, row, run->args) : NULL;

	if (!record || !holds(run, condition, record)) {
		json_decref(record);
		call->fault = refusal;
		return NULL;
	}
	call->fault = (struct error){ 0 };
	return record;
}

/* After a conflict: is the cloud at work on it still?  Then a while has passed,
 * and the row may be tried again; so it may, once, of what has come to rest
 * meanwhile (*@rested). */
WAITS static bool was_busy(const struct rest_run *run, bool *rested)
{
	const struct error conflict = run->call->fault;
	int64_t deadline = run->call->deadline;
	bool first = !*rested;
	json_t *record;

	if (!run->op || !run->row->busy || conflict.code != ERR_CONFLICT)
		return false;
	record = subject_if(run, run->row->busy);
	*rested = !record;
	json_decref(record);
	if (*rested ? first :
		      (!deadline || clock_ms() + REST_BUSY_MS < deadline) &&
			      fiber_sleep(REST_BUSY_MS) == WAIT_TIMEOUT) {
		run->call->fault = (struct error){ 0 };
		return true;
	}
	run->call->fault = conflict;
	return false;
}

/* The record of a row that is run once; *@whole: it is the answer already. */
WAITS static json_t *run_once(struct rest_run *run, bool *whole)
{
	bool rested = false;
	json_t *record;

	*whole = false;
	do {
		record = find_record(run);
	} while (!record && was_busy(run, &rested));
	if (!record && run->op && run->row->already &&
	    (run->call->fault.code == ERR_CONFLICT ||
	     run->call->fault.code == ERR_NOT_FOUND)) {
		record = subject_if(run, run->row->already);
		*whole = record;
		if (record && !run->op->result) {
			json_decref(record);
			record = json_null();
		}
	}
	return record;
}

/* The records of `over`, new; NULL: call->fault. */
WAITS static json_t *each_of(const struct rest_run *run, const char *over)
{
	struct sc_call *call = run->call;
	const struct sc_rest *row;

	if (text_starts(over, "arg."))
		return json_incref(path_first(run->args, over + 4));
	row = rest_choose(call->driver, over, run->args);
	if (row)
		return rest_whole_list(call, row, run->args);
	rest_no_row(call->driver, over, run->args, &call->fault);
	return NULL;
}

/* A row that is run for each record of a list; one may be gone meanwhile. */
WAITS static json_t *run_each(struct rest_run *run)
{
	struct sc_call *call = run->call;
	AUTO_JSON json_t *list = each_of(run, run->row->over);
	json_t *record, *v;
	bool whole;
	size_t i;

	json_array_foreach (list, i, record) {
		struct rest_run one = *run;

		one.args = json_copy(run->args);
		json_object_set(one.args, "over", record);
		v = run_once(&one, &whole);
		json_decref(one.args);
		json_decref(v);
		if (!v && call->fault.code != ERR_NOT_FOUND) {
			call->fault.effect = i ? EFFECT_PARTIAL :
						 call->fault.effect;
			return NULL;
		}
		call->fault = (struct error){ 0 };
	}
	return list || !call->fault.code ? json_null() : NULL;
}

/* The row's value, before the last word on its failure. */
WAITS static json_t *run_value(struct rest_run *run)
{
	json_t *record = NULL;
	bool whole = false;

	if (rest_look_up(run))
		record = run->row->over ? run_each(run) : run_once(run, &whole);
	if (!record && is_gone(run)) {
		run->call->fault = (struct error){ 0 };
		return json_null();
	}
	return record && run->row->then && !whole ? rest_then(run, record) :
						     record;
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
