/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small things as JSON, and what a method's name says.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "rpc/scan.h"

/* ---- states ------------------------------------------------------------------- */

static const char *const states[] = {
	[STATE_RUNNING] = "running",
	[STATE_SUCCEEDED] = "succeeded",
	[STATE_FAILED] = "failed",
	[STATE_CANCELLED] = "cancelled",
	[STATE_NEEDS_ATTENTION] = "needs_attention",
};

const char *operation_state_name(enum operation_state state)
{
	return states[state];
}

bool operation_state_from_name(const char *name, enum operation_state *state)
{
	for (size_t i = 0; name && i < ARRAY_LEN(states); i++)
		if (!strcmp(name, states[i])) {
			*state = (enum operation_state)i;
			return true;
		}
	return false;
}

/* ---- errors ---------------------------------------------------------------------- */

static void set_text(json_t *object, const char *name, const char *text)
{
	if (*text)
		json_object_set_new(object, name, json_string(text));
}

static void set_int(json_t *object, const char *name, int n)
{
	if (n)
		json_object_set_new(object, name, json_integer(n));
}

/* As in a problem document (RFC 9457), but for what depends on the request. */
json_t *operation_error_write(const struct error *err)
{
	json_t *doc = json_pack(
		"{ss ss ss sb}", "code", err_info(err->code)->name, "detail",
		err->message, "effect", effect_name(err->effect), "retryable",
		err->retryable);
	json_t *cloud = json_object();

	set_int(doc, "retry_after_ms", err->retry_after_ms);
	set_text(doc, "pointer", err->path);
	set_int(cloud, "http", err->cloud.http);
	set_text(cloud, "code", err->cloud.code);
	set_text(cloud, "request_id", err->cloud.request_id);
	if (json_object_size(cloud))
		json_object_set(doc, "cloud", cloud);
	json_decref(cloud);
	return doc;
}

static enum err_code code_of(const char *name)
{
	for (unsigned i = ERR_NONE + 1; i < ERR_COUNT; i++)
		if (!strcmp(err_info((enum err_code)i)->name, name))
			return (enum err_code)i;
	return ERR_INTERNAL;
}

void operation_error_read(const char *text, struct error *err)
{
	AUTO_JSON json_t *doc =
		text ? json_read(text, strlen(text), NULL) : NULL;
	const json_t *cloud = json_object_get(doc, "cloud");
	const char *effect = json_str(doc, "effect", "");

	fail_at(err, code_of(json_str(doc, "code", "")),
		json_str(doc, "pointer", ""), "%s",
		json_str(doc, "detail", "the operation failed"));
	err->effect = effect_from_name(effect, strlen(effect));
	err->retryable = json_bool(doc, "retryable", false);
	err->retry_after_ms = (int)json_int(doc, "retry_after_ms", 0);
	err->cloud.http = (int)json_int(cloud, "http", 0);
	text_copy(err->cloud.code, sizeof(err->cloud.code),
		  json_str(cloud, "code", ""));
	text_copy(err->cloud.request_id, sizeof(err->cloud.request_id),
		  json_str(cloud, "request_id", ""));
}

/* ---- methods and values -------------------------------------------------------------- */

const char *operation_verb(const char *method)
{
	const char *dot = strrchr(method, '.');

	return dot ? dot + 1 : method;
}

const char *operation_kind(struct arena *arena, const char *method)
{
	const char *dot = strrchr(method, '.');

	return arena_strndup(arena, method,
			     dot ? (size_t)(dot - method) : strlen(method));
}

const char *operation_value_id(struct arena *arena, struct slice value)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct slice key, id = { 0 };
	const char *found = NULL;
	struct scan s;

	scan_init(&s, value.p, value.n);
	scan_object(&s);
	while (!id.n && scan_member(&s, &key))
		if (slice_eq(key, "id") && scan_peek(&s) == SCAN_STRING)
			scan_string(&s, &id);
		else
			scan_skip(&s, NULL);
	scan_end(&s, NULL);
	if (id.n && scan_unescape(id, &text))
		found = arena_strndup(arena, text.p, text.n);
	return found;
}
