/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The table engine's middle: fill in, send, judge, map.  Its parts are in
 * rest_request.c, rest_error.c, rest_map.c and rest_page.c, in that order.
 */
#include "cloud/rest.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cloud/path.h"
#include "cloud/record.h"
#include "cloud/rest_run.h"
#include "cloud/session.h"

/* ---- rows --------------------------------------------------------------- */

static const struct sc_rest *find_in(const struct sc_rest *row, const char *op)
{
	for (; row && row->op; row++)
		if (!strcmp(row->op, op))
			return row;
	return NULL;
}

const struct sc_rest *rest_find(const struct sc_driver *driver, const char *op)
{
	const struct sc_rest *const *table = driver->rest_tables;
	const struct sc_rest *found = find_in(driver->rest, op);

	for (; !found && table && *table; table++)
		found = find_in(*table, op);
	return found;
}

bool rest_is_list(const struct sc_rest *row)
{
	const struct cat_op *op = cat_op_find(row->op);

	if (op)
		return op->flags & CAT_PAGED;
	return row->items && strstr(row->items, "[]");
}

/* ---- one exchange ------------------------------------------------------- */

WAITS static bool send(const struct rest_run *run, struct rest_request *rq,
		       struct http_answer *answer)
{
	struct redact secrets = { 0 };
	struct http_request http = {
		.method = rq->method,
		.url = rq->url,
		.headers = (const char *const *)rq->headers,
		.body = buf_slice(&rq->body),
		.is_read = run->is_read,
	};
	bool ok;

	rest_http_settings(run->call, &http);
	if (record_wanted()) {
		redact_init(&secrets, run->call);
		http.redact = &secrets;
	}
	ok = http_send(&http, answer, &run->call->fault);
	redact_done(&secrets);
	return ok || fail_within(&run->call->fault, "%s", run->row->op);
}

/* Fill in and send; any answer is true. */
WAITS static bool exchange_once(const struct rest_run *run,
				const struct rest_page *page,
				struct http_answer *answer)
{
	struct rest_request rq;
	bool ok;

	if (!rest_request_init(&rq, run, page, false, &run->call->fault)) {
		run->call->fault.effect = EFFECT_NONE;
		return false;
	}
	ok = send(run, &rq, answer);
	rest_request_done(&rq);
	return ok;
}

/* A session that the cloud refuses is replaced, once. */
WAITS static bool exchange(const struct rest_run *run,
			   const struct rest_page *page,
			   struct http_answer *answer)
{
	bool session = rest_needs_session(run);

	if (session && !session_get(run->call))
		return false;
	if (!exchange_once(run, page, answer))
		return false;
	if (answer->status != 401 || !session)
		return true;
	http_answer_done(answer);
	session_drop(run->call);
	return session_get(run->call) && exchange_once(run, page, answer);
}

/* The decoded answer of 2xx, new; json_null() for an empty one. */
static json_t *decode(const struct rest_run *run,
		      const struct http_answer *answer)
{
	struct error err;
	json_t *v;

	if (!answer->body.n || (!run->row->map && !run->row->items))
		return json_null();
	v = json_read(answer->body.p, answer->body.n, &err);
	if (!v)
		rest_bad_answer(run, "the answer is not JSON: %s", err.message);
	return v;
}

/* NULL: call->fault. */
WAITS static json_t *ask(const struct rest_run *run,
			 const struct rest_page *page)
{
	struct http_answer answer;
	json_t *v = NULL;

	if (!exchange(run, page, &answer))
		return NULL;
	if (answer.status >= 200 && answer.status < 300)
		v = decode(run, &answer);
	else
		rest_refused(run, &answer);
	http_answer_done(&answer);
	return v;
}

/* ---- one record --------------------------------------------------------- */

static bool selects(const char *items)
{
	return items && strchr(items, '[');
}

/* The record that the answer holds, new.  An empty array where one was asked
 * for is the cloud's way to say that there is none. */
static json_t *record_of(const struct rest_run *run, json_t *answer)
{
	const char *items = run->row->items ? run->row->items : "";
	json_t *node = path_first(answer, items);

	if (node)
		return rest_record(run, node);
	if (selects(items) && path_exists(answer, items)) {
		fail(&run->call->fault, ERR_NOT_FOUND,
		     "%s: the cloud has none "
		     "with this id",
		     run->row->op);
		return NULL;
	}
	rest_bad_answer(run, "the answer has no \"%s\"", items);
	return NULL;
}

static bool gives_record(const struct rest_run *run, const json_t *answer)
{
	if (!run->row->map && !run->row->items)
		return false;
	/* Accepted without a word; `.then` will ask for the record. */
	return !(run->row->then && json_is_null(answer));
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

/* Answer with another row; steals @record. */
WAITS static json_t *then(const struct rest_run *run, json_t *record)
{
	struct sc_call *call = run->call;
	const struct sc_rest *row = rest_find(call->driver, run->row->then);
	AUTO_JSON json_t *args = then_args(run, record);
	struct sc_rest last;
	json_t *v;

	json_decref(record);
	if (!row) {
		fail(&call->fault, ERR_INTERNAL, "%s: .then names no row: %s",
		     run->row->op, run->row->then);
		return NULL;
	}
	last = *row;
	last.then = NULL; /* one step only, so no circle */
	v = rest_value(call, &last, args);
	if (!v && !run->is_read)
		call->fault.effect = EFFECT_APPLIED;
	return v;
}

/* The row's value, before the last word on its failure. */
WAITS static json_t *run_value(const struct rest_run *run)
{
	const struct rest_page whole = { 0 };
	AUTO_JSON json_t *answer = ask(run, &whole);
	json_t *record;

	if (!answer && is_gone(run)) {
		run->call->fault = (struct error){ 0 };
		return json_null();
	}
	if (!answer)
		return NULL;
	record = gives_record(run, answer) ? record_of(run, answer) :
					     json_null();
	if (record && run->row->then) {
		tell_id(run, record);
		return then(run, record);
	}
	return record;
}

json_t *rest_value(struct sc_call *call, const struct sc_rest *row,
		   json_t *args)
{
	struct rest_run run;
	json_t *v;

	if (!rest_run_init(&run, call, row, args))
		return NULL;
	v = run_value(&run);
	/* What may have been done must not be done again unseen. */
	if (!v && !run.is_read && call->fault.effect != EFFECT_NONE)
		call->fault.retryable = false;
	return v;
}

/* ---- lists -------------------------------------------------------------- */

enum flow { FLOW_ON, FLOW_ENOUGH, FLOW_FAILED };

WAITS static enum flow give(const struct rest_run *run, json_t *answer,
			    rest_sink sink, void *arg)
{
	const char *items = run->row->items ? run->row->items : "[]";
	AUTO_JSON json_t *nodes = path_find(answer, items);
	json_t *node, *record;
	size_t i;

	if (!path_exists(answer, items) && items[strlen(items) - 1] != '?') {
		rest_bad_answer(run, "the answer has no list at \"%s\"", items);
		return FLOW_FAILED;
	}
	json_array_foreach (nodes, i, node) {
		record = rest_record(run, node);
		if (!record)
			return FLOW_FAILED;
		if (!sink(arg, record))
			return FLOW_ENOUGH;
	}
	return FLOW_ON;
}

/* Read @page, which becomes the one after it. */
WAITS static enum flow read_page(const struct rest_run *run,
				 struct rest_page *page, json_t *seen,
				 rest_sink sink, void *arg)
{
	AUTO_JSON json_t *answer = ask(run, page);
	enum flow flow = answer ? give(run, answer, sink, arg) : FLOW_FAILED;

	rest_page_done(page);
	if (flow == FLOW_ON && !rest_page_next(run, answer, seen, page))
		flow = FLOW_FAILED;
	return flow;
}

static bool is_last(const struct rest_page *page)
{
	return !page->url && !page->query && !page->marker;
}

bool rest_list(struct sc_call *call, const struct sc_rest *row, json_t *args,
	       rest_sink sink, void *arg, char **next_page_token)
{
	AUTO_JSON json_t *seen = json_object();
	enum flow flow = FLOW_ON;
	struct rest_page page;
	struct rest_run run;
	bool one;

	*next_page_token = NULL;
	if (!rest_run_init(&run, call, row, args) ||
	    !rest_page_first(&run, &page))
		return false;
	one = rest_is_paged(&run);
	do {
		flow = read_page(&run, &page, seen, sink, arg);
	} while (flow == FLOW_ON && !one && !is_last(&page));
	if (flow == FLOW_ON && one)
		*next_page_token = rest_page_token(&page);
	rest_page_done(&page);
	return flow != FLOW_FAILED;
}
