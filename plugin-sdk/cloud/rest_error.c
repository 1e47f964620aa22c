/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the cloud's refusals to our codes: by status and by the cloud's own
 * code, never by the text of a message.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/redact.h"
#include "cloud/rest_run.h"

/* What a status means when no row of the driver says otherwise (RFC 9110). */
static const struct {
	int status;
	enum err_code code;
} defaults[] = {
	{ 400, ERR_INVALID },
	{ 401, ERR_UNAUTHENTICATED },
	{ 402, ERR_QUOTA },
	{ 403, ERR_FORBIDDEN },
	{ 404, ERR_NOT_FOUND },
	{ 405, ERR_UNSUPPORTED },
	{ 408, ERR_CLOUD_UNAVAILABLE },
	{ 409, ERR_CONFLICT },
	{ 410, ERR_NOT_FOUND },
	{ 412, ERR_CONFLICT },
	{ 413, ERR_RATE_LIMITED },
	{ 422, ERR_INVALID },
	{ 429, ERR_RATE_LIMITED },
	{ 501, ERR_UNSUPPORTED },
};

static enum err_code default_code(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (defaults[i].status == status)
			return defaults[i].code;
	if (status >= 500)
		return ERR_CLOUD_UNAVAILABLE;
	return status >= 400 ? ERR_INVALID : ERR_CLOUD_BAD_ANSWER;
}

WAITS static const struct sc_error_row *
find_row(struct sc_call *call, const struct sc_error_row *row, int status,
	 const char *cloud_code)
{
	for (; row && row->code; row++)
		if ((!row->status || row->status == status) &&
		    (!row->cloud_code ||
		     !strcmp(row->cloud_code, cloud_code)) &&
		    (!row->only_if || row->only_if(call)))
			return row;
	return NULL;
}

WAITS static enum err_code code_of(const struct rest_run *run, int status,
				   const char *cloud_code)
{
	const struct sc_error_row *row;

	row = find_row(run->call, run->row->errors, status, cloud_code);
	if (!row)
		row = find_row(run->call, run->service->errors, status,
			       cloud_code);
	return row ? err_from_rpc(row->code) : default_code(status);
}

/* ---- what the cloud says about it --------------------------------------- */

/* The text at @path, numbers too, as far as it fits. */
static void text_at(json_t *body, const char *path, char *text, size_t size)
{
	const json_t *v = path ? path_first(body, path) : NULL;

	text[0] = '\0';
	if (json_is_string(v))
		text_copy(text, size, json_string_value(v));
	else if (json_is_integer(v))
		snprintf(text, size, "%lld", (long long)json_integer_value(v));
}

/* Clouds may quote what they were sent. */
static void hide_secrets(const struct sc_call *call, char *text, size_t size)
{
	struct redact secrets;

	redact_init(&secrets, call);
	if (redact_hits(&secrets, text))
		text_copy(text, size, REDACTED);
	redact_done(&secrets);
}

/* A 408 may have been carried out; other 4xx were not. */
static enum err_effect effect_of(const struct rest_run *run, int status)
{
	bool refused = status >= 400 && status < 500 && status != 408;

	return run->is_read || refused ? EFFECT_NONE : EFFECT_UNKNOWN;
}

bool rest_refused(const struct rest_run *run, const struct http_answer *answer)
{
	const struct sc_service *s = run->service;
	AUTO_JSON json_t *body =
		json_read(answer->body.p, answer->body.n, NULL);
	struct error *fault = &run->call->fault;
	char code[sizeof(fault->cloud.code)], why[300];
	const char *id =
		s->request_id ? http_header(answer, s->request_id) : NULL;
	int64_t after = http_retry_after(answer);
	enum err_code meaning;

	text_at(body, s->error_code, code, sizeof(code));
	text_at(body, s->error_message, why, sizeof(why));
	hide_secrets(run->call, why, sizeof(why));
	meaning = code_of(run, answer->status, code);
	fail(fault, meaning,
	     "%s: the cloud answered %d%s%s%s%s", run->row->op, answer->status,
	     code[0] ? " " : "", code, why[0] ? ": " : "", why);
	fault->effect = effect_of(run, answer->status);
	fault->retry_after_ms = after > 0 && after < INT32_MAX ? (int)after : 0;
	fault->cloud.http = answer->status;
	text_copy(fault->cloud.code, sizeof(fault->cloud.code), code);
	text_copy(fault->cloud.request_id, sizeof(fault->cloud.request_id),
		  id ? id : "");
	return false;
}

bool rest_bad_answer(const struct rest_run *run, const char *fmt, ...)
{
	struct error *fault = &run->call->fault;
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail(fault, ERR_CLOUD_BAD_ANSWER, "%s: %s", run->row->op, text);
	/* The cloud said yes before it said something we cannot read. */
	fault->effect = run->is_read ? EFFECT_NONE : EFFECT_APPLIED;
	return false;
}
