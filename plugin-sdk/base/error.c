/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling in errors, and the one table of codes.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct err_info table[ERR_COUNT];
static const char *const effects[] = {
	[EFFECT_UNKNOWN] = "unknown",
	[EFFECT_NONE] = "none",
	[EFFECT_PARTIAL] = "partial",
	[EFFECT_APPLIED] = "applied",
};

/* Make @text valid UTF-8 without control bytes, in place.  What vsnprintf()
 * cut in the middle of a character loses that character. */
static void clean(char *text, bool cut)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n;) {
		size_t step = utf8_char(text + i, n - i);

		if (!step && cut && n - i < 4 && (unsigned char)text[i] >= 0xc2) {
			text[i] = '\0';
			return;
		}
		if (!step)
			text[i] = '?';
		else if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
		i += step ? step : 1;
	}
}

static void set_message(struct error *err, const char *fmt, va_list ap)
{
	int n = vsnprintf(err->message, sizeof(err->message), fmt, ap);

	clean(err->message, n >= (int)sizeof(err->message));
}

/* Faults that are found before any work was begun. */
static bool before_work(enum err_code code)
{
	const struct err_info *info = err_info(code);

	if (code == ERR_INVALID || code == ERR_NOT_FOUND ||
	    code == ERR_UNSUPPORTED || code == ERR_BUSY)
		return true;
	return info->rpc == 0 && info->http >= 400 && info->http < 500;
}

static void fill(struct error *err, enum err_code code, const char *path,
		 const char *fmt, va_list ap)
{
	*err = (struct error){
		.code = code,
		.effect = before_work(code) ? EFFECT_NONE : EFFECT_UNKNOWN,
		.retryable = err_info(code)->retryable,
	};
	set_message(err, fmt, ap);
	text_copy(err->path, sizeof(err->path), path);
}

bool fail(struct error *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	fill(err, code, "", fmt, ap);
	va_end(ap);
	return false;
}

bool fail_at(struct error *err, enum err_code code, const char *path,
	     const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	fill(err, code, path, fmt, ap);
	va_end(ap);
	return false;
}

bool fail_within(struct error *err, const char *fmt, ...)
{
	char old[sizeof(err->message)];
	size_t n;
	va_list ap;

	if (!err)
		return false;
	text_copy(old, sizeof(old), err->message);
	va_start(ap, fmt);
	set_message(err, fmt, ap);
	va_end(ap);
	n = strlen(err->message);
	text_copy(err->message + n, sizeof(err->message) - n, ": ");
	n = strlen(err->message);
	text_copy(err->message + n, sizeof(err->message) - n, old);
	return false;
}

const struct err_info *err_info(enum err_code code)
{
	return &table[(unsigned)code < ERR_COUNT ? code : ERR_INTERNAL];
}

#define RPC_METHOD_NOT_FOUND -32601

enum err_code err_from_rpc(int number)
{
	if (number == RPC_METHOD_NOT_FOUND)
		return ERR_UNSUPPORTED;
	for (unsigned i = ERR_NONE + 1; i < ERR_COUNT; i++)
		if (table[i].rpc && table[i].rpc == number)
			return (enum err_code)i;
	return ERR_INTERNAL;
}

const char *effect_name(enum err_effect effect)
{
	return effects[(unsigned)effect < ARRAY_LEN(effects) ? effect
							     : EFFECT_UNKNOWN];
}

enum err_effect effect_from_name(const char *name, size_t n)
{
	for (unsigned i = 0; i < ARRAY_LEN(effects); i++)
		if (slice_eq((struct slice){ name, n }, effects[i]))
			return (enum err_effect)i;
	return EFFECT_UNKNOWN;
}

/* clang-format off */
static const struct err_info table[ERR_COUNT] = {
	[ERR_NONE] = { "none", "No error", 0, 200, false },
	[ERR_CANCELLED] = { "cancelled", "Cancelled", -31001, 499, false },
	[ERR_DEADLINE] = { "deadline", "Deadline passed", -31002, 504, true },
	[ERR_INVALID] = { "invalid", "Invalid arguments", -31003, 422, false },
	[ERR_NOT_FOUND] = { "not_found", "Not found", -31004, 404, false },
	[ERR_CONFLICT] = { "conflict", "Conflict", -31005, 409, false },
	[ERR_UNAUTHENTICATED] =
		{ "unauthenticated", "The cloud refused the credential", -31006, 424, false },
	[ERR_FORBIDDEN] = { "forbidden", "Forbidden", -31007, 403, false },
	[ERR_QUOTA] = { "quota", "Quota exceeded", -31008, 409, false },
	[ERR_RATE_LIMITED] =
		{ "rate_limited", "Too many requests", -31009, 429, true },
	[ERR_VERSION] =
		{ "version", "No common protocol version", -31010, 502, false },
	[ERR_UNSUPPORTED] =
		{ "unsupported", "Not supported by this cloud", -31011, 501, false },
	[ERR_CLOUD_UNAVAILABLE] =
		{ "cloud_unavailable", "Cloud unavailable", -31012, 503, true },
	[ERR_CLOUD_BAD_ANSWER] =
		{ "cloud_bad_answer", "Bad answer from the cloud", -31013, 502, false },
	[ERR_BUSY] = { "busy", "Busy", -31014, 503, true },
	[ERR_CREDENTIAL_EXPIRED] =
		{ "credential_expired", "Credential expired", -31015, 424, false },
	[ERR_NEEDS_ATTENTION] =
		{ "needs_attention", "Needs attention", -31016, 500, false },
	[ERR_INTERNAL] = { "internal", "Internal error", -31099, 500, false },
	[ERR_DRIVER_UNAVAILABLE] =
		{ "driver_unavailable", "Driver unavailable", 0, 503, true },
	[ERR_DRIVER_BAD_ANSWER] =
		{ "driver_bad_answer", "Bad answer from the driver", 0, 502, false },
	[ERR_BAD_REQUEST] = { "bad_request", "Bad request", 0, 400, false },
	[ERR_UNAUTHORIZED] = { "unauthorized", "Unauthorized", 0, 401, false },
	[ERR_METHOD_NOT_ALLOWED] =
		{ "method_not_allowed", "Method not allowed", 0, 405, false },
	[ERR_NOT_ACCEPTABLE] =
		{ "not_acceptable", "Not acceptable", 0, 406, false },
	[ERR_REQUEST_TIMEOUT] =
		{ "request_timeout", "Request timeout", 0, 408, true },
	[ERR_TOO_LARGE] = { "too_large", "Content too large", 0, 413, false },
	[ERR_URI_TOO_LONG] = { "uri_too_long", "URI too long", 0, 414, false },
	[ERR_MEDIA_TYPE] =
		{ "media_type", "Unsupported media type", 0, 415, false },
	[ERR_HEADERS_TOO_LARGE] =
		{ "headers_too_large", "Request header fields too large", 0, 431, false },
	[ERR_PRECONDITION_FAILED] =
		{ "precondition_failed", "Precondition failed", 0, 412, false },
	[ERR_PRECONDITION_REQUIRED] =
		{ "precondition_required", "Precondition required", 0, 428, false },
	[ERR_LIMITED] = { "limited", "Too many requests", 0, 429, true },
	[ERR_STORE_UNAVAILABLE] =
		{ "store_unavailable", "Database unavailable", 0, 503, true },
};
/* clang-format on */
