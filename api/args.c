/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of a request becomes a JSON object; what it may hold is for the
 * catalogue (or a vendor's driver) to say.
 */
#include "args.h"

#include <string.h>

#include "accept.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "routes.h"

bool args_from_query(const struct request *req)
{
	return req->method & (HTTP_GET | HTTP_HEAD | HTTP_DELETE);
}

/* ---- the query ----------------------------------------------------------- */

/* As forms and every client library write it: '+' is a space. */
static bool decode_part(struct slice s, struct buf *out, struct error *err)
{
	AUTO(buf_done) struct buf spaced = { 0 };

	buf_add_slice(&spaced, s);
	for (size_t i = 0; i < spaced.n; i++)
		if (spaced.p[i] == '+')
			spaced.p[i] = ' ';
	if (!text_percent_decode(out, buf_slice(&spaced)) ||
	    !utf8_valid(out->n ? out->p : "", out->n))
		return fail(err, ERR_BAD_REQUEST,
			    "\"%.*s\" in the query is not percent-encoded "
			    "UTF-8 (RFC 3986)",
			    (int)(s.n < 100 ? s.n : 100), s.p);
	return true;
}

static bool add_pair(json_t *args, struct slice pair, struct error *err)
{
	const char *eq = memchr(pair.p, '=', pair.n);
	struct slice name = { pair.p, eq ? (size_t)(eq - pair.p) : pair.n };
	struct slice value = { eq ? eq + 1 : "", eq ? pair.n - name.n - 1 : 0 };
	AUTO(buf_done) struct buf key = { 0 };
	AUTO(buf_done) struct buf text = { 0 };

	if (!decode_part(name, &key, err) || !decode_part(value, &text, err))
		return false;
	if (!key.n)
		return fail(err, ERR_BAD_REQUEST,
			    "the query holds a value without a name");
	if (json_object_get(args, key.p))
		return fail(err, ERR_BAD_REQUEST,
			    "\"%s\" is in the query more than once", key.p);
	json_object_set_new(args, key.p,
			    json_stringn(text.n ? text.p : "", text.n));
	return true;
}

static bool read_query(const char *query, json_t *args, struct error *err)
{
	for (unsigned i = 0; *query; i++) {
		size_t n = strcspn(query, "&");

		if (i == ARGS_MAX_QUERY)
			return fail(err, ERR_BAD_REQUEST,
				    "the query holds more than %d members",
				    ARGS_MAX_QUERY);
		if (n && !add_pair(args, (struct slice){ query, n }, err))
			return false;
		query += n;
		query += *query == '&';
	}
	return true;
}

/* ---- the body ------------------------------------------------------------ */

static json_t *read_body(struct request *req, struct error *err)
{
	json_t *body;

	if (!req->body.n)
		return json_object();
	if (!accept_is_json(http_header(req, "Content-Type"), err))
		return NULL;
	body = json_read(req->body.p, req->body.n, err);
	if (!body) {
		err->code = ERR_BAD_REQUEST;
		fail_within(err, "the body is not JSON");
		return NULL;
	}
	if (json_is_object(body))
		return body;
	json_decref(body);
	fail(err, ERR_INVALID, "the body must be an object");
	return NULL;
}

static bool is_listed(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(name, *list))
			return true;
	return false;
}

/* Beside a body the query says where, not what. */
static const char *const where[] = { "region", "zone", "workspace_id",
				     "credential_id", NULL };

static bool merge_query(const char *query, json_t *args, struct error *err)
{
	AUTO_JSON json_t *extra = json_object();
	const char *name;
	json_t *value;

	if (!read_query(query, extra, err))
		return false;
	json_object_foreach (extra, name, value) {
		if (!is_listed(name, where))
			return fail(err, ERR_INVALID,
				    "\"%s\" belongs into the body; the query "
				    "of this method takes region, zone, "
				    "workspace_id and credential_id",
				    name);
		if (json_object_get(args, name))
			return fail(err, ERR_INVALID,
				    "\"%s\" is in the query and in the body",
				    name);
		json_object_set(args, name, value);
	}
	return true;
}

/* ---- all of it ----------------------------------------------------------- */

/* What of the path says whom to ask, not what. */
static const char *const whom[] = { "provider", "vendor_kind", "verb", NULL };

static bool add_params(struct request *req, json_t *args, struct error *err)
{
	for (size_t i = 0; i < HTTP_MAX_PARAMS && req->param[i]; i++) {
		const char *name = req->route->param[i];
		char pointer[80] = "";

		if (is_listed(name, whom))
			continue;
		json_pointer_add(pointer, sizeof(pointer), name);
		if (json_object_get(args, name))
			return fail_at(err, ERR_INVALID, pointer,
				       "%s is given by the path already", name);
		json_object_set_new(args, name, json_string(req->param[i]));
	}
	return true;
}

static bool fill(struct request *req, json_t *args, struct error *err)
{
	if (!args_from_query(req))
		return merge_query(req->query, args, err) &&
		       add_params(req, args, err);
	if (req->body.n)
		return fail(err, ERR_BAD_REQUEST,
			    "%s takes its arguments from the query, not from "
			    "a body",
			    http_method_name(req->method));
	return read_query(req->query, args, err) &&
	       add_params(req, args, err);
}

json_t *args_read(struct request *req, struct error *err)
{
	json_t *args =
		args_from_query(req) ? json_object() : read_body(req, err);

	if (args && fill(req, args, err))
		return args;
	json_decref(args);
	return NULL;
}
