/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of an operation is the same whether its end was waited for or
 * comes from the store because the same key was used again.
 */
#include "mutation.h"

#include <stdio.h>
#include <string.h>

#include "api_impl.h"
#include "base/json.h"
#include "operation/operation.h"
#include "prefer.h"
#include "reply.h"
#include "routes.h"

#define OPERATIONS "/api/v1/operations/"
#define KEY_MAX 255

/* ---- what is asked ----------------------------------------------------------
 */

/* draft-ietf-httpapi-idempotency-key-header; any text will do. */
static bool read_key(struct request *req, const char **key, struct error *err)
{
	const char *text = http_header(req, "Idempotency-Key");
	size_t n = text ? strlen(text) : 0;

	*key = text;
	if (!text)
		return true;
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			n = 0;
	return (n >= 1 && n <= KEY_MAX) ||
	       fail_at(err, ERR_INVALID, "/Idempotency-Key",
		       "the header Idempotency-Key must have 1 to %d printable "
		       "ASCII characters",
		       KEY_MAX);
}

static int64_t read_wait(struct request *req)
{
	int64_t most = api_of(req)->options.config->operation_wait_ms;
	char applied[PREFER_APPLIED];
	int64_t ms = prefer_wait(http_header(req, "Prefer"), most, applied);

	if (*applied)
		http_add_header(req, "Preference-Applied", applied);
	return ms;
}

static bool read_request(struct request *req, const struct cloud_call *call,
			 struct operation_request *ask, struct error *err)
{
	struct arena *a = &req->arena;

	*ask = (struct operation_request){
		.provider = req->provider,
		.method = call->method,
		.region = call_take_region(req, call->args),
		.zone = json_str(call->args, "zone", NULL),
		.credential_id = req->credential_id,
		.kind = arena_strndup(
			a, call->method,
			(size_t)(strrchr(call->method, '.') - call->method)),
		.creates = call->outcome == CALL_CREATED,
		.args = call->args,
		.route = arena_printf(a, "%s %s", http_method_name(req->method),
				      req->route->pattern),
		.wait_ms = read_wait(req),
	};
	return read_key(req, &ask->idempotency_key, err);
}

/* ---- what is answered ----------------------------------------------------- */

static void answer_value(struct request *req, const struct cloud_call *call,
			 struct operation_outcome *outcome)
{
	struct slice value = buf_slice(&outcome->value);
	bool created = call->outcome == CALL_CREATED;
	struct error err;

	if (call->gives && (!value.n || value.p[0] != '{')) {
		call_bad_answer(req, call->method, "this is no object", &err);
		reply_error(req, &err);
		return;
	}
	if (call->outcome == CALL_DELETED || !value.n ||
	    slice_eq(value, "null")) {
		reply_empty(req);
		return;
	}
	if (created)
		reply_location(req, operation_value_id(&req->arena, value));
	http_keep(req, &outcome->value);
	reply_raw(req, created ? 201 : 200, value);
}

/* The operation goes on: here is where to look. */
WAITS static void answer_under_way(struct request *req,
				   const struct operation_outcome *outcome)
{
	struct error err;
	json_t *record =
		operation_record(api_of(req)->options.trust, outcome->id, &err);
	char seconds[24];

	if (!record)
		record = json_pack("{ss ss}", "id", outcome->id, "state",
				   "running");
	snprintf(seconds, sizeof(seconds), "%lld",
		 (long long)(outcome->poll_after_ms + 999) / 1000);
	http_add_header(req, "Retry-After", seconds);
	http_add_header(
		req, "Location",
		arena_printf(&req->arena, OPERATIONS "%s", outcome->id));
	reply_json(req, 202, record);
}

WAITS static void answer(struct request *req, const struct cloud_call *call,
			 struct operation_outcome *outcome)
{
	http_add_header(req, "Operation-Id", outcome->id);
	if (outcome->replayed)
		http_add_header(req, "Idempotency-Replayed", "true");
	if (!outcome->finished)
		answer_under_way(req, outcome);
	else if (outcome->failed)
		reply_error(req, &outcome->error);
	else
		answer_value(req, call, outcome);
}

WAITS void mutation_answer(struct request *req, const struct cloud_call *call)
{
	struct operation_outcome outcome = { 0 };
	struct operation_request ask;
	struct error err;

	if (read_request(req, call, &ask, &err) &&
	    operation_begin(api_of(req)->options.trust, req->who, &ask,
			    &outcome, &err))
		answer(req, call, &outcome);
	else
		reply_error(req, &err);
	operation_outcome_done(&outcome);
}
