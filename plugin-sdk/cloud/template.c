/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: text and URLs.  template_hole.c has the holes, template_body.c
 * the bodies.
 */
#include "cloud/template.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/template_fill.h"

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
	FILL_VALUE, /* selectors of paths */
	FILL_RAW,   /* headers, endpoints */
	FILL_PATH,
	FILL_QUERY,
};

static bool safe_value(const struct hole *h, struct slice s, enum fill fill,
		       struct error *err)
{
	if (fill != FILL_VALUE && has_control(s.p, s.n))
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
	AUTO_JSON json_t *v = hole_value(h, scope, true);
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
	if (fill <= FILL_RAW || h->raw)
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

/* ---- paths -------------------------------------------------------------- */

static bool has_hole(struct slice value)
{
	return value.n && *value.p != '\'' && memchr(value.p, '{', value.n);
}

/* Append the selector @in with its @value filled; nothing when that is missing
 * and may be, so that every element is taken. */
static bool fill_condition(struct slice in, struct slice value,
			   const struct template_scope *scope, struct buf *out,
			   struct error *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	bool dropped = false;

	if (!fill_piece(value, scope, FILL_VALUE, &text, &dropped, err))
		return false;
	if (dropped)
		return true;
	buf_add(out, in.p, (size_t)(value.p - in.p));
	buf_add_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			buf_add_char(out, '\'');
		buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '\'');
	return true;
}

bool template_path(const char *path, const struct template_scope *scope,
		   struct buf *out, struct error *err)
{
	const char *p = path, *done = path;
	struct slice in, value;

	while (path_condition(&p, &in, &value)) {
		if (!has_hole(value))
			continue;
		buf_add(out, done, (size_t)(in.p - done));
		if (!fill_condition(in, value, scope, out, err))
			return false;
		done = in.p + in.n;
	}
	buf_add_str(out, done);
	return true;
}

bool template_is_path(const char *text)
{
	const char *p = text, *done = text;
	struct slice in, value;

	if (!strchr(text, '{'))
		return true;
	while (path_condition(&p, &in, &value)) {
		if (memchr(done, '{', (size_t)(value.p - done)))
			return false;
		done = value.p + value.n;
	}
	return !strchr(done, '{');
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
		if (!hole_visit(&h, fn, arg))
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
