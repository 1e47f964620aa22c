/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A problem document holds what struct error holds; members without a value
 * are left out.
 */
#include "reply.h"

#include <stdio.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"

void reply_raw(struct request *req, unsigned status, struct slice json)
{
	http_add_header(req, "Cache-Control", "no-store");
	http_reply(req, status, REPLY_JSON, json);
}

static void reply_as(struct request *req, unsigned status, const char *type,
		     const json_t *value)
{
	struct buf text = { 0 };

	json_write(value, &text);
	http_add_header(req, "Cache-Control", "no-store");
	http_keep(req, &text);
	http_reply(req, status, type, buf_slice(&req->kept));
}

void reply_json(struct request *req, unsigned status, json_t *value)
{
	reply_as(req, status, REPLY_JSON, value);
	json_decref(value);
}

void reply_empty(struct request *req)
{
	http_reply(req, 204, NULL, (struct slice){ 0 });
}

void reply_location(struct request *req, const char *id)
{
	AUTO(buf_done) struct buf url = { 0 };

	if (!id)
		return;
	buf_printf(&url, "%s/", req->path);
	text_percent_encode(&url, slice_of(id), "");
	http_add_header(req, "Location", url.p);
}

/* ---- problem documents --------------------------------------------------- */

static void set_text(json_t *doc, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new(doc, name, json_string(text));
}

/* What the cloud itself said, so that its provider can be asked about it. */
static void set_cloud(json_t *doc, const struct error *err)
{
	json_t *cloud;

	if (!err->cloud.http && !err->cloud.code[0] &&
	    !err->cloud.request_id[0])
		return;
	cloud = json_object();
	if (err->cloud.http)
		json_object_set_new(cloud, "http",
				    json_integer(err->cloud.http));
	set_text(cloud, "code", err->cloud.code);
	set_text(cloud, "request_id", err->cloud.request_id);
	json_object_set_new(doc, "cloud", cloud);
}

json_t *reply_problem(const struct error *err, const char *instance,
		      const char *provider)
{
	const struct err_info *info = err_info(err->code);
	AUTO_FREE char *type = mem_printf(REPLY_PROBLEM_TYPE "%s", info->name);
	json_t *doc = json_pack(
		"{ss ss si ss ss ss ss sb}", "type", type, "title", info->title,
		"status", info->http, "detail", err->message, "instance",
		instance, "code", info->name, "effect",
		effect_name(err->effect), "retryable", err->retryable);

	set_text(doc, "pointer", err->path);
	set_text(doc, "provider", provider);
	set_cloud(doc, err);
	return doc;
}

/* Whole seconds, rounded up; one for what may work when tried again. */
static int retry_after(const struct error *err)
{
	int http = err_info(err->code)->http;

	if (err->retry_after_ms > 0)
		return (err->retry_after_ms + 999) / 1000;
	return http == 503 || http == 429 ? 1 : 0;
}

static void add_error_headers(struct request *req, const struct error *err)
{
	int seconds = retry_after(err);
	char text[16];

	if (seconds) {
		snprintf(text, sizeof(text), "%d", seconds);
		http_add_header(req, "Retry-After", text);
	}
	if (err->code == ERR_UNAUTHORIZED)
		http_add_header(req, "WWW-Authenticate",
				"Bearer realm=\"skyclust\"");
}

void reply_error(struct request *req, const struct error *err)
{
	AUTO_JSON json_t *doc = reply_problem(err, req->id, req->provider);

	add_error_headers(req, err);
	reply_as(req, (unsigned)err_info(err->code)->http, REPLY_PROBLEM, doc);
}
