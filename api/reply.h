/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the API: JSON, and problem documents (RFC 9457) for whatever went
 * wrong.
 */
#ifndef SKYCLUST_API_REPLY_H
#define SKYCLUST_API_REPLY_H

#include <jansson.h>

#include "http.h"

#define REPLY_JSON "application/json"
#define REPLY_PROBLEM "application/problem+json"
#define REPLY_PROBLEM_TYPE "urn:skyclust:problem:" /* then the code */

/* Steals @value. */
void reply_json(struct request *req, unsigned status, json_t *value);
/* @json must live as long as the request: http_keep(), its arena. */
void reply_raw(struct request *req, unsigned status, struct slice json);
void reply_empty(struct request *req); /* 204 */
/* Say where what was made is: the request's path and then @id; NULL: nothing is
 * said.  Before the answer. */
void reply_location(struct request *req, const char *id);

/* The problem document of @err, with Retry-After where it is known when to
 * come back.  A request without an answer only: see http_drop(). */
void reply_error(struct request *req, const struct error *err);

/* The document itself; new.  @provider may be NULL. */
json_t *reply_problem(const struct error *err, const char *instance,
		      const char *provider);

#endif
