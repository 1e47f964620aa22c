/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The table engine: runs one row (struct sc_rest) of a driver.  It fills in
 * endpoint, URL, headers and body (template.h), logs in when a hole needs the
 * session, sends (http.h), turns failures into ours by status and code, and
 * maps the answer's records to the catalogue's with their types.
 *
 * Safety: a followed page keeps the endpoint's scheme, host and port; a page
 * that leads to one seen before is an error; whatever the cloud answers ends
 * in a record, null or a fault, never in a crash.
 *
 * Settings of the driver that the engine reads when they are there: `ca_file`
 * (PEM file of the CAs to trust instead of the system's), `max_answer_bytes`,
 * `region` (the default one).
 *
 * Failures are left in call->fault.  Of mutations the effect is `none` for an
 * answer of 4xx (but 408) and when nothing was sent, `applied` when only the
 * `.then` row failed, otherwise `unknown`; only with `none` is it retryable.
 */
#ifndef SKYCLUST_CLOUD_REST_H
#define SKYCLUST_CLOUD_REST_H

#include "base/buf.h"
#include "cloud/call.h"

/* The first row @op of the driver's tables, and the one after another; NULL:
 * there is none. */
const struct sc_rest *rest_find(const struct sc_driver *driver, const char *op);
const struct sc_rest *rest_next(const struct sc_driver *driver, const char *op,
				const struct sc_rest *after);

/* The first row @op whose `when` holds for @args, or NULL: rest_no_row() then
 * says what is missing (always false). */
const struct sc_rest *rest_choose(const struct sc_driver *driver,
				  const char *op, json_t *args);
bool rest_no_row(const struct sc_driver *driver, const char *op, json_t *args,
		 struct error *err);

/* Does @row, of an operation that changes the cloud, have a place for each of
 * @args?  ERR_UNSUPPORTED with the pointer of one that would be dropped.
 * rest_value() asks this itself, for rows without a function. */
bool rest_understands(const struct sc_driver *driver, const struct sc_rest *row,
		      json_t *args, struct error *err);

/* Does @row give many records?  A list of the catalogue, or for rows that the
 * catalogue does not have: `items` has a [] or ends with `*`. */
bool rest_is_list(const struct sc_rest *row);

/*
 * Run a row that is not a list, `.run` aside (so that a `.run` function can
 * use its own row).  @args NULL: the call's own.  The mapped record, or
 * json_null() for a row without a result or a delete of what is not there;
 * new.  NULL: call->fault.  `.then` is followed, with @args and the record's
 * id as `id`.
 */
WAITS json_t *rest_value(struct sc_call *call, const struct sc_rest *row,
			 json_t *args);

/* Does more than @row itself change the cloud with @args: a row of `then`? */
bool rest_has_steps(const struct sc_driver *driver, const struct sc_rest *row,
		    json_t *args);

/* Takes each record of a list; steals @record.  False ends the list. */
typedef bool (*rest_sink)(void *arg, json_t *record);

/*
 * Run a list row.  When @args have `limit` and the row's URL has a hole for
 * it, one page of the cloud is read and *@next_page_token (new, mem_free(), or
 * NULL: the last page) leads to the next one; otherwise every page is read and
 * *@next_page_token is NULL.  A token is only ever used on the row's own path
 * of the row's own endpoint.  A list with `over` or `also` is always read
 * whole.  True also when the sink ended it.
 */
WAITS bool rest_list(struct sc_call *call, const struct sc_rest *row,
		     json_t *args, rest_sink sink, void *arg,
		     char **next_page_token);

/* All records of a list row, a new array; NULL: call->fault. */
WAITS json_t *rest_whole_list(struct sc_call *call, const struct sc_rest *row,
			      json_t *args);

/* Append the exact HTTP request that the row would send, secrets as "***",
 * values of the session as {session.x}; nothing is sent. */
bool rest_explain(struct sc_call *call, const struct sc_rest *row, json_t *args,
		  struct buf *out, struct error *err);

/*
 * Check the driver's tables: every row is an operation of the catalogue or a
 * private one that another row or function uses (its name has no dot, or
 * begins with a dot or "x."); every hole is a parameter of the operation or a
 * field of credential and settings; every required field of the record is
 * mapped, and nothing it does not have; word tables, paths, bodies, `.then`
 * and `.service` are sound.  Appends one text a finding to @findings (an
 * array): "instance.list: …".
 */
void rest_lint(const struct sc_driver *driver, json_t *findings);

#endif
