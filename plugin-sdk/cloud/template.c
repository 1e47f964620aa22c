/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: reading holes, and filling them in text and URLs.  Bodies are in
 * template_body.c.
 */
#include "cloud/template.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/template_fill.h"

/* ---- reading holes ------------------------------------------------------ */

/* "/12" at the end of a name. */
static bool read_part(struct hole *h)
{
	const char *slash = memchr(h->name.p, '/', h->name.n);
	const char *p, *end = h->name.p + h->name.n;

	h->part = -1;
	if (!slash)
		return true;
	h->name.n = (size_t)(slash - h->name.p);
	if (slash + 1 == end || end - slash > 4)
		return false;
	for (h->part = 0, p = slash + 1; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		h->part = h->part * 10 + (*p - '0');
	}
	return true;
}

/* "x[]" or "x[].member". */
static bool read_each(struct hole *h)
{
	const char *open = memchr(h->name.p, '[', h->name.n);
	const char *end = h->name.p + h->name.n;

	if (!open)
		return true;
	if (end - open < 2 || open[1] != ']')
		return false;
	h->each = true;
	h->name.n = (size_t)(open - h->name.p);
	if (open + 2 == end)
		return true;
	if (open[2] != '.' || open + 3 == end)
		return false;
	h->member = (struct slice){ open + 3, (size_t)(end - open - 3) };
	return true;
}

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '{' || (unsigned char)name.p[i] <= ' ' ||
		    name.p[i] == '?' || name.p[i] == ']')
			return false;
	return name.n > 0;
}

const char *hole_read(const char *open, struct hole *h)
{
	const char *p = open + 1, *close = strchr(p, '}');

	*h = (struct hole){ .part = -1 };
	if (!close)
		return NULL;
	if (*p == '+') {
		h->raw = true;
		p++;
	}
	h->name = (struct slice){ p, (size_t)(close - p) };
	if (h->name.n && close[-1] == '?') {
		h->optional = true;
		h->name.n--;
	}
	if (!read_part(h) || !read_each(h) || !is_name(h->name))
		return NULL;
	return close + 1;
}

bool hole_malformed(const char *at, struct error *err)
{
	return fail(err, ERR_INVALID, "template: bad hole at \"%.40s\"", at);
}

/* ---- values ------------------------------------------------------------- */

static json_t *string_value(const char *text)
{
	return text ? json_string(text) : NULL;
}

/* What a prefix such as "cred." means; *@rest is the name after it. */
static json_t *prefixed(const char *name, const struct template_scope *scope,
			const char **rest)
{
	const struct {
		const char *prefix;
		json_t *from;
	} rows[] = {
		{ "cred.", scope->cred },
		{ "config.", scope->config },
		{ "session.", scope->session },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (text_starts(name, rows[i].prefix)) {
			*rest = name + strlen(rows[i].prefix);
			return rows[i].from ? rows[i].from : json_null();
		}
	return NULL;
}

/* The value of @name, new, or NULL. */
static json_t *find_value(const char *name, const struct template_scope *scope)
{
	const char *rest, *text;
	json_t *from, *v;

	if (!strcmp(name, "region")) {
		text = scope->region ? scope->region
				     : json_str(scope->config, "region", NULL);
		return string_value(text);
	}
	if (!strcmp(name, "op"))
		return string_value(scope->op);
	from = prefixed(name, scope, &rest);
	if (!from)
		return json_incref(path_first(scope->args, name));
	v = json_object_get(from, rest);
	if (scope->explain && (!v || from == scope->session))
		return json_sprintf("{%s}", name);
	return json_incref(v);
}

/* The N-th part of a text split at '/'; steals @v, new or NULL. */
static json_t *take_part(json_t *v, int part)
{
	const char *p = json_string_value(v);
	json_t *found = NULL;

	for (; p && part > 0; part--) {
		p = strchr(p, '/');
		p = p ? p + 1 : NULL;
	}
	if (p)
		found = json_stringn(p, strcspn(p, "/"));
	json_decref(v);
	return found;
}

json_t *hole_list(const struct hole *h, const struct template_scope *scope)
{
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);

	return find_value(name, scope);
}

static json_t *item_value(const struct hole *h,
			  const struct template_scope *scope)
{
	AUTO_FREE char *path = NULL;

	if (scope->list.n != h->name.n ||
	    memcmp(scope->list.p, h->name.p, h->name.n))
		return NULL;
	if (!h->member.n)
		return json_incref(scope->item);
	path = mem_strndup(h->member.p, h->member.n);
	return json_incref(path_first(scope->item, path));
}

json_t *hole_value(const struct hole *h, const struct template_scope *scope)
{
	json_t *v = h->each ? item_value(h, scope) : hole_list(h, scope);

	if (h->part >= 0)
		v = take_part(v, h->part);
	if (json_is_null(v)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

/* Whose fault it is that there is no value, in the words of whoever must
 * supply it. */
bool hole_missing(const struct hole *h, struct error *err)
{
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);
	char pointer[sizeof(err->path)] = "";

	if (text_starts(name, "session."))
		return fail(err, ERR_UNSUPPORTED,
			    "the cloud does not offer \"%s\" to this "
			    "credential in this region",
			    name + 8);
	if (text_starts(name, "cred."))
		return fail(err, ERR_INVALID,
			    "the credential has no %s; add "
			    "it to the credential",
			    name + 5);
	if (text_starts(name, "config."))
		return fail(err, ERR_INVALID,
			    "the setting %s is not given; "
			    "add it to the provider's config",
			    name + 7);
	json_pointer_add(pointer, sizeof(pointer), name);
	if (h->each)
		return fail_at(err, ERR_INVALID, pointer,
			       "%s[] finds no value in the element", name);
	if (h->part >= 0)
		return fail_at(err, ERR_INVALID, pointer,
			       "%s has no part %d (it is split at /)", name,
			       h->part);
	return fail_at(err, ERR_INVALID, pointer, "%s is needed", name);
}

/* ---- text --------------------------------------------------------------- */

static bool refuse(const struct hole *h, const char *why, struct error *err)
{
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);
	char pointer[sizeof(err->path)] = "";

	json_pointer_add(pointer, sizeof(pointer), name);
	return fail_at(err, ERR_INVALID, pointer, "%s %s", name, why);
}

static bool has_control(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

/* Is a part of @s between slashes (or backslashes) "." or ".."? */
static bool has_dot_segment(const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "/\\");

		if ((n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return true;
		s += n + (s[n] != '\0');
	}
	return false;
}

/* Escapes in a value that is not encoded are seen through. */
static bool leads_elsewhere(const struct hole *h, struct slice s)
{
	AUTO(buf_done) struct buf plain = { 0 };

	if (!h->raw)
		return has_dot_segment(s.p);
	return !text_percent_decode(&plain, s) || has_dot_segment(plain.p);
}

static bool scalar_text(const struct hole *h, json_t *v, struct buf *out,
			struct error *err)
{
	if (json_is_object(v) || json_is_array(v))
		return refuse(h, "must be a plain value here", err);
	if (json_is_string(v))
		buf_add(out, json_string_value(v), json_string_length(v));
	else
		json_write(v, out);
	return true;
}

/* Lists are joined by commas. */
bool hole_text(const struct hole *h, json_t *v, struct buf *out,
	       struct error *err)
{
	json_t *element;
	size_t i;

	if (!json_is_array(v))
		return scalar_text(h, v, out, err);
	json_array_foreach (v, i, element) {
		if (i)
			buf_add_char(out, ',');
		if (!scalar_text(h, element, out, err))
			return false;
	}
	return true;
}

enum fill {
	FILL_RAW, /* headers, endpoints */
	FILL_PATH,
	FILL_QUERY,
};

static bool safe_value(const struct hole *h, struct slice s, enum fill fill,
		       struct error *err)
{
	if (has_control(s.p, s.n))
		return refuse(h, "has a control character in it", err);
	if (fill == FILL_PATH && leads_elsewhere(h, s))
		return refuse(h, "has a \".\" or \"..\" between slashes", err);
	return true;
}

/* Append one hole's value; *@dropped when it is missing and may be. */
static bool fill_hole(const struct hole *h, const struct template_scope *scope,
		      enum fill fill, struct buf *out, bool *dropped,
		      struct error *err)
{
	AUTO_JSON json_t *v = hole_value(h, scope);
	AUTO(buf_done) struct buf text = { 0 };

	if (v && !hole_text(h, v, &text, err))
		return false;
	if (!text.n && h->optional) {
		*dropped = true;
		return true;
	}
	if (!v || (!text.n && fill != FILL_RAW))
		return hole_missing(h, err);
	if (!safe_value(h, buf_slice(&text), fill, err))
		return false;
	if (fill == FILL_RAW || h->raw)
		buf_add_slice(out, buf_slice(&text));
	else
		text_percent_encode(out, buf_slice(&text),
				    scope->explain ? ",:{}" : ",:");
	return true;
}

/* Fill @s, a piece of a template. */
static bool fill_piece(struct slice s, const struct template_scope *scope,
		       enum fill fill, struct buf *out, bool *dropped,
		       struct error *err)
{
	const char *p = s.p, *end = s.p + s.n, *open;
	struct hole h;

	while (p < end) {
		open = memchr(p, '{', (size_t)(end - p));
		if (!open)
			open = end;
		buf_add(out, p, (size_t)(open - p));
		if (open == end)
			break;
		p = hole_read(open, &h);
		if (!p)
			return hole_malformed(open, err);
		if (!fill_hole(&h, scope, fill, out, dropped, err))
			return false;
	}
	return true;
}

bool template_text(const char *text, const struct template_scope *scope,
		   struct buf *out, bool *dropped, struct error *err)
{
	size_t start = out->n;
	bool missing = false;

	if (!fill_piece(slice_of(text), scope, FILL_RAW, out, &missing, err))
		return false;
	if (missing)
		buf_truncate(out, start);
	if (dropped)
		*dropped = missing;
	return true;
}

/* ---- URLs --------------------------------------------------------------- */

/* The first of @stop in @text that is not within a hole, or the end. */
static const char *find_outside(const char *text, char stop)
{
	bool inside = false;

	for (; *text; text++) {
		if (*text == '{')
			inside = true;
		else if (*text == '}')
			inside = false;
		else if (*text == stop && !inside)
			break;
	}
	return text;
}

static bool fill_path(struct slice path, const struct template_scope *scope,
		      struct buf *out, struct error *err)
{
	size_t start = out->n;
	bool missing = false;

	if (!fill_piece(path, scope, FILL_PATH, out, &missing, err))
		return false;
	if (missing)
		return fail(err, ERR_INVALID,
			    "an optional value is missing "
			    "in the path of \"%.*s\"",
			    (int)path.n, path.p);
	if (out->n > start && has_dot_segment(out->p + start))
		return fail(err, ERR_INVALID,
			    "the path of \"%.*s\" gets a "
			    "\".\" or \"..\" segment",
			    (int)path.n, path.p);
	return true;
}

/* Parameters in their order; one whose optional hole is missing is left out. */
static bool fill_query(const char *p, const struct template_scope *scope,
		       struct buf *out, struct error *err)
{
	char separator = '?';
	bool dropped;

	for (; *p; p += *p == '&') {
		const char *end = find_outside(p, '&');
		struct slice pair = { p, (size_t)(end - p) };
		size_t start = out->n;

		dropped = false;
		buf_add_char(out, separator);
		if (!fill_piece(pair, scope, FILL_QUERY, out, &dropped, err))
			return false;
		if (dropped)
			buf_truncate(out, start);
		else
			separator = '&';
		p = end;
	}
	return true;
}

bool template_url(const char *text, const struct template_scope *scope,
		  struct buf *out, struct error *err)
{
	const char *query = find_outside(text, '?');
	struct slice path = { text, (size_t)(query - text) };

	if (!fill_path(path, scope, out, err))
		return false;
	return !*query || fill_query(query + 1, scope, out, err);
}

/* ---- looking at templates ----------------------------------------------- */

bool template_holes(const char *text, enum template_kind kind,
		    bool (*fn)(const struct hole *hole, void *arg), void *arg,
		    struct error *err)
{
	struct hole h;
	const char *p;

	if (kind == TEMPLATE_BODY)
		return template_body_holes(text, fn, arg, err);
	for (p = strchr(text, '{'); p; p = strchr(p, '{')) {
		const char *open = p;

		p = hole_read(open, &h);
		if (!p)
			return hole_malformed(open, err);
		if (!fn(&h, arg))
			return false;
	}
	return true;
}

static bool lacks_prefix(const struct hole *h, void *prefix)
{
	return !slice_starts(h->name, prefix);
}

bool template_uses(const char *text, enum template_kind kind,
		   const char *prefix)
{
	struct error err = { 0 };

	return text &&
	       !template_holes(text, kind, lacks_prefix,
			       (void *)(uintptr_t)prefix, &err) &&
	       err.code == ERR_NONE;
}
