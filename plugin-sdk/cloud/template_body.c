/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of bodies: JSON whose strings have holes.  A tree is copied; a
 * node that is dropped comes back as NULL.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "cloud/template_fill.h"

struct filler {
	const struct template_scope *scope;
	struct error *err;
	bool failed;
	bool missing; /* … by a required hole that finds nothing */
};

/* @text with ' for " made JSON, new; NULL: not well-formed. */
static json_t *read_body(const char *text, struct error *err)
{
	json_t *tree = json_read_quoted(text, err);

	if (!tree)
		fail_within(err, "body template");
	return tree;
}

/* ---- strings ------------------------------------------------------------ */

static void lacks(struct filler *f, const struct hole *h)
{
	f->failed = f->missing = !hole_missing(h, f->err);
}

static json_t *fill_whole(struct filler *f, const struct hole *h)
{
	json_t *v = hole_value(h, f->scope, false);

	if (!v && !h->optional)
		lacks(f, h);
	return v;
}

/* Append the hole at @open; what follows it, NULL: failed or dropped. */
static const char *fill_part(struct filler *f, const char *open,
			     struct buf *out)
{
	struct hole h;
	const char *next = hole_read(open, &h);
	AUTO_JSON json_t *v = next ? hole_value(&h, f->scope, true) : NULL;

	if (!next)
		f->failed = !hole_malformed(open, f->err);
	else if (!v && !h.optional)
		lacks(f, &h);
	else if (v && !hole_text(&h, v, out, f->err))
		f->failed = true;
	return v && !f->failed ? next : NULL;
}

static json_t *fill_string(struct filler *f, json_t *node)
{
	const char *p = json_string_value(node), *open;
	AUTO(buf_done) struct buf out = { 0 };
	struct hole h;

	if (!strchr(p, '{'))
		return json_incref(node);
	if (hole_is_all(p, &h))
		return fill_whole(f, &h);
	while ((open = strchr(p, '{'))) {
		buf_add(&out, p, (size_t)(open - p));
		p = fill_part(f, open, &out);
		if (!p)
			return NULL;
	}
	buf_add_str(&out, p);
	return json_stringn(out.p ? out.p : "", out.n);
}

/* ---- trees -------------------------------------------------------------- */

static json_t *fill(struct filler *f, json_t *node);

/* Emptied by what was missing: it goes, too. */
static json_t *unless_emptied(json_t *made, bool dropped, size_t left)
{
	if (!dropped || left)
		return made;
	json_decref(made);
	return NULL;
}

/* {'|': […]}: the first that is not dropped, and lacks nothing it requires;
 * what the last one lacks is missing. */
static json_t *fill_either(struct filler *f, json_t *list)
{
	json_t *child, *value;
	size_t i;

	json_array_foreach (list, i, child) {
		value = fill(f, child);
		if (f->missing && i + 1 < json_array_size(list)) {
			json_decref(value);
			f->failed = f->missing = false;
			*f->err = (struct error){ 0 };
		} else if (value || f->failed) {
			return value;
		}
	}
	return NULL;
}

static json_t *fill_object(struct filler *f, json_t *node)
{
	json_t *made = json_object(), *child, *value;
	bool dropped = false;
	const char *key;

	json_object_foreach (node, key, child) {
		value = fill(f, child);
		if (!value)
			dropped = true;
		else if (strcmp(key, "*") != 0)
			json_object_set(made, key, value);
		else if (json_object_update(made, value) < 0)
			f->failed = !fail(f->err, ERR_INVALID,
					  "template: what '*' stands for is "
					  "no object");
		json_decref(value);
	}
	return unless_emptied(made, dropped, json_object_size(made));
}

static json_t *fill_array(struct filler *f, json_t *node)
{
	json_t *made = json_array(), *child, *value;
	bool dropped = false;
	size_t i;

	json_array_foreach (node, i, child) {
		value = fill(f, child);
		if (value)
			json_array_append_new(made, value);
		else
			dropped = true;
	}
	return unless_emptied(made, dropped, json_array_size(made));
}

/* Find the first {x[]} hole below @node; inner arrays of one element repeat
 * by their own hole. */
static bool find_each(json_t *node, struct hole *h)
{
	const char *key, *p;
	json_t *child;
	bool found = false;

	if (json_is_string(node)) {
		p = strchr(json_string_value(node), '{');
		while (p && !found) {
			p = hole_read(p, h);
			found = p && h->each;
			p = p ? strchr(p, '{') : NULL;
		}
	} else if (json_is_object(node)) {
		json_object_foreach (node, key, child)
			if (!found)
				found = find_each(child, h);
	}
	return found;
}

/* An array of one element that holds {x[]}: one for each element of x. */
static json_t *repeat(struct filler *f, json_t *element, const struct hole *h)
{
	AUTO_JSON json_t *list = hole_list(h, f->scope);
	struct template_scope scope = *f->scope;
	struct filler each = { &scope, f->err };
	struct hole whole = { .name = h->name };
	json_t *made, *value;
	size_t i;

	if (!list || json_is_null(list)) {
		if (!h->optional)
			lacks(f, &whole);
		return NULL;
	}
	if (!json_is_array(list)) {
		f->failed = !fail(f->err, ERR_INVALID, "%.*s is not a list",
				  (int)h->name.n, h->name.p);
		return NULL;
	}
	made = json_array();
	scope.outer = f->scope;
	scope.list = h->name;
	json_array_foreach (list, i, scope.item) {
		value = fill(&each, element);
		if (value)
			json_array_append_new(made, value);
	}
	f->failed = f->failed || each.failed;
	f->missing = f->missing || each.missing;
	return made;
}

static json_t *fill(struct filler *f, json_t *node)
{
	struct hole h;

	if (f->failed)
		return NULL;
	if (json_is_string(node))
		return fill_string(f, node);
	if (json_object_get(node, "|"))
		return fill_either(f, json_object_get(node, "|"));
	if (json_is_object(node))
		return fill_object(f, node);
	if (!json_is_array(node))
		return json_incref(node);
	if (json_array_size(node) == 1 &&
	    find_each(json_array_get(node, 0), &h))
		return repeat(f, json_array_get(node, 0), &h);
	return fill_array(f, node);
}

json_t *template_body(const char *text, const struct template_scope *scope,
		      struct error *err)
{
	struct filler f = { scope, err };
	AUTO_JSON json_t *tree = read_body(text, err);
	json_t *made;

	if (!tree)
		return NULL;
	made = fill(&f, tree);
	if (f.failed) {
		json_decref(made);
		return NULL;
	}
	return made ? made : json_null();
}

/* ---- looking at bodies --------------------------------------------------- */

struct visit {
	bool (*fn)(const struct hole *hole, void *arg);
	void *arg;
	struct error *err;
};

static bool visit_string(const struct visit *v, const char *p)
{
	struct hole h;

	for (p = strchr(p, '{'); p; p = strchr(p, '{')) {
		const char *open = p;

		p = hole_read(open, &h);
		if (!p)
			return hole_malformed(open, v->err);
		if (!hole_visit(&h, v->fn, v->arg))
			return false;
	}
	return true;
}

static bool visit(const struct visit *v, json_t *node)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(node))
		return visit_string(v, json_string_value(node));
	json_object_foreach (node, key, child)
		if (!visit(v, child))
			return false;
	json_array_foreach (node, i, child)
		if (!visit(v, child))
			return false;
	return true;
}

bool template_body_holes(const char *text,
			 bool (*fn)(const struct hole *hole, void *arg),
			 void *arg, struct error *err)
{
	AUTO_JSON json_t *tree = read_body(text, err);

	return tree && visit(&(struct visit){ fn, arg, err }, tree);
}
