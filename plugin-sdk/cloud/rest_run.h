/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the table engine share (rest*.c). */
#ifndef SKYCLUST_CLOUD_REST_RUN_H
#define SKYCLUST_CLOUD_REST_RUN_H

#include "catalog/catalog.h"
#include "cloud/http.h"
#include "cloud/rest.h"
#include "cloud/template.h"

/* One row at work. */
struct rest_run {
	struct sc_call *call;
	const struct sc_rest *row;
	const struct sc_service *service;
	const struct cat_op *op;        /* NULL: a private row */
	json_t *args;                   /* counted */
	json_t *headers;                /* of the last answer, where the row's
					 * map asks for them; counted */
	char *http;                     /* the row's, with the service's page */
	const char *next;               /* path of the next page, NULL: none */
	bool is_read;                   /* changes nothing in the cloud */
};

/* False: call->fault (no such service, the row sends nothing).  In any case
 * rest_run_done() follows. */
bool rest_run_init(struct rest_run *run, struct sc_call *call,
		   const struct sc_rest *row, json_t *args);
void rest_run_done(struct rest_run *run);

/* Does @row, which has a request, change nothing in the cloud? */
bool rest_is_read(const struct sc_rest *row);

/* The row's method and path with its service's page, where that holds for it;
 * new. */
char *rest_http(const struct sc_rest *row, const struct sc_service *service);

/* Where the query of a URL's template begins: its first ? outside of holes, or
 * its end. */
const char *rest_query(const char *url);

/* ---- conditions (rest_choose.c) -------------------------------------------- */

/* One condition of `when`: "x", "!x", "x=a|b". */
struct rest_condition {
	struct slice name;
	struct slice words;     /* "a|b"; .p NULL: none */
	bool negated;
};

/* The next one of *@when (NULL: none at all); false at the end. */
bool rest_next_condition(const char **when, struct rest_condition *c);
/* Is @v one of "a|b|c"?  Of numbers and booleans their JSON counts. */
bool rest_is_among(const json_t *v, struct slice words);
/* Do all of them hold for the members of @object? */
bool rest_holds(const char *when, json_t *object);

/* ---- look-ups (rest_let.c) ------------------------------------------------- */

/* Run what the row's `let` names; the records become members of run->args.
 * False: call->fault. */
WAITS bool rest_look_up(struct rest_run *run);

/* ---- what comes after (rest_then.c) ---------------------------------------- */

/* Run what the row's `then` names, with the arguments and the id of @record,
 * which it steals.  The answer, new; NULL: call->fault. */
WAITS json_t *rest_then(const struct rest_run *run, json_t *record);

/* ---- requests (rest_request.c) --------------------------------------------- */

#define REST_HEADERS 32

/* Where a list goes on; all zero: its first page. */
struct rest_page {
	char *url;              /* followed as it is */
	char *query;            /* replaces the query of the row's URL */
	char *marker;           /* the argument page_token */
};

void rest_page_done(struct rest_page *page);
static inline bool rest_page_is_end(const struct rest_page *page)
{
	return !page->url && !page->query && !page->marker;
}

/* A request filled in; strings are its own. */
struct rest_request {
	char method[16];
	char *url;
	char *headers[REST_HEADERS + 1];
	struct buf body;        /* p NULL: none */
};

bool rest_request_init(struct rest_request *rq, const struct rest_run *run,
		       const struct rest_page *page, bool explain,
		       struct error *err);
void rest_request_done(struct rest_request *rq); /* wipes */

/* Does filling in @run's row need a session? */
bool rest_needs_session(const struct rest_run *run);

/* What the settings say about HTTP, for rest_send() and sc_http(). */
void rest_http_settings(const struct sc_call *call, struct http_request *rq);

/* ---- exchanges (rest_send.c) ----------------------------------------------- */

/* The decoded answer to @page of @run, new, json_null() when there is none of
 * interest.  NULL: call->fault. */
WAITS json_t *rest_ask(const struct rest_run *run,
		       const struct rest_page *page);
/* What @row answers, whatever its status; http_answer_done().  False:
 * call->fault, and there is none. */
WAITS bool rest_raw(struct sc_call *call, const struct sc_rest *row,
		    json_t *args, struct http_answer *answer);

/* ---- faults (rest_error.c) ----------------------------------------------------- */

/* Leave in call->fault what the cloud's refusal means. Always false. */
bool rest_refused(const struct rest_run *run, const struct http_answer *answer);
/* The answer is not what the row says. Always false. */
bool rest_bad_answer(const struct rest_run *run, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* ---- records (rest_map.c) -------------------------------------------------------- */

/* The path of the row's records (@otherwise: it has none), its holes filled in;
 * new, NULL: call->fault. */
char *rest_items(const struct rest_run *run, const char *otherwise);

/* The record of @node (borrowed) as the row maps it, new; with `native` when
 * the call wants it.  NULL: call->fault (a required field is missing). */
json_t *rest_record(const struct rest_run *run, json_t *node);

/* ---- lists of several requests (rest_join.c) ------------------------------- */

/* As rest_list(), for a row with `over` or `also`. */
WAITS bool rest_list_join(struct sc_call *call, const struct sc_rest *row,
			  json_t *args, rest_sink sink, void *arg);

/* ---- pages (rest_page.c) ----------------------------------------------------------- */

/* Is a page of the cloud asked for by @args? */
bool rest_is_paged(const struct rest_run *run);
/* The first page: what the argument page_token says. */
bool rest_page_first(const struct rest_run *run, struct rest_page *page);
/* The page after @answer, all zero: there is none.  @seen, an object, has
 * those that were. */
bool rest_page_next(const struct rest_run *run, json_t *answer, json_t *seen,
		    struct rest_page *page);
/* What a client gives back to go on at @page; new, NULL: the end. */
char *rest_page_token(const struct rest_page *page);

#endif
