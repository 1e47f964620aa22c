/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: a set of nodes goes in, a step is taken from each, a set comes out.
 */
#include "cloud/path.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

/* One step, such as "a", "*", "a[]" or "a[k=v]". */
struct step {
	struct slice name; /* empty: the node itself, as in a leading [] */
	bool any;	   /* * */
	bool select;	   /* [] or [k=v] */
	bool keyed;	   /* [k=v] */
	struct slice key, value;
};

/* ---- reading ------------------------------------------------------------ */

static bool take_name(const char **p, struct step *s)
{
	const char *start = *p, *end;

	if (*start == '\'') {
		end = strchr(start + 1, '\'');
		if (!end || end == start + 1)
			return false;
		s->name =
			(struct slice){ start + 1, (size_t)(end - start - 1) };
		*p = end + 1;
		return true;
	}
	end = start + strcspn(start, ".[]'");
	if (!*end && end > start && end[-1] == '?')
		end--;
	s->name = (struct slice){ start, (size_t)(end - start) };
	s->any = slice_eq(s->name, "*");
	*p = end;
	return true;
}

/* "[]" or "[key=value]"; the value may be empty, the key may not. */
static bool take_selector(const char **p, struct step *s)
{
	const char *close, *equals;

	if (**p != '[')
		return true;
	close = strchr(*p, ']');
	if (!close)
		return false;
	s->select = true;
	if (close > *p + 1) {
		equals = memchr(*p, '=', (size_t)(close - *p));
		if (!equals || equals == *p + 1)
			return false;
		s->keyed = true;
		s->key = (struct slice){ *p + 1, (size_t)(equals - *p - 1) };
		s->value = (struct slice){ equals + 1,
					   (size_t)(close - equals - 1) };
	}
	*p = close + 1;
	return true;
}

static bool at_end(const char *p)
{
	return !*p || (p[0] == '?' && !p[1]);
}

/* The next step of *@p; false at the end, and when it is malformed (*@bad). */
static bool next_step(const char **p, struct step *s, bool *bad)
{
	*s = (struct step){ 0 };
	if (at_end(*p))
		return false;
	if (!take_name(p, s) || !take_selector(p, s) ||
	    (!s->name.n && !s->select)) {
		*bad = true;
		return false;
	}
	if (**p == '.' && !at_end(*p + 1))
		++*p;
	else if (!at_end(*p))
		*bad = true;
	return !*bad;
}

bool path_check(const char *path, struct error *err)
{
	const char *p = path;
	struct step s;
	bool bad = false, first = true;

	while (next_step(&p, &s, &bad)) {
		if (!s.name.n && !first)
			bad = true;
		first = false;
	}
	if (!bad)
		return true;
	return fail(err, ERR_INVALID,
		    "path \"%s\" is not well-formed near column %d", path,
		    (int)(p - path) + 1);
}

/* ---- walking ------------------------------------------------------------ */

/* Does a member have the wanted text?  Numbers and booleans by their JSON. */
static bool has_text(const json_t *v, struct slice want)
{
	char text[32];

	if (json_is_string(v))
		return json_string_length(v) == want.n &&
		       !memcmp(json_string_value(v), want.p, want.n);
	if (json_is_boolean(v))
		return slice_eq(want, json_is_true(v) ? "true" : "false");
	if (!json_is_integer(v))
		return false;
	snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
	return slice_eq(want, text);
}

static json_t *member(const json_t *object, struct slice name)
{
	return json_object_getn(object, name.p, name.n);
}

static void add_children(json_t *node, json_t *out)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach (node, key, child)
		json_array_append(out, child);
	json_array_foreach (node, i, child)
		json_array_append(out, child);
}

static void add_named(json_t *node, const struct step *s, json_t *out)
{
	json_t *child;

	if (s->any)
		add_children(node, out);
	else if (!s->name.n)
		json_array_append(out, node);
	else if ((child = member(node, s->name)))
		json_array_append(out, child);
}

static void add_selected(json_t *array, const struct step *s, json_t *out)
{
	json_t *element;
	size_t i;

	json_array_foreach (array, i, element)
		if (!s->keyed || has_text(member(element, s->key), s->value))
			json_array_append(out, element);
}

/* What one step finds in all of @nodes; new. */
static json_t *take_step(json_t *nodes, const struct step *s, bool select)
{
	json_t *named = json_array(), *found, *node;
	size_t i;

	json_array_foreach (nodes, i, node)
		add_named(node, s, named);
	if (!select)
		return named;
	found = json_array();
	json_array_foreach (named, i, node)
		add_selected(node, s, found);
	json_decref(named);
	return found;
}

/* @open: leave out the last step's selector, so that arrays are found. */
static json_t *walk(json_t *root, const char *path, bool open)
{
	json_t *nodes = json_array(), *next;
	const char *p = path;
	struct step s;
	bool bad = false;

	if (root)
		json_array_append(nodes, root);
	while (next_step(&p, &s, &bad)) {
		next = take_step(nodes, &s, s.select && !(open && at_end(p)));
		json_decref(nodes);
		nodes = next;
	}
	if (bad)
		json_array_clear(nodes);
	return nodes;
}

json_t *path_find(json_t *root, const char *path)
{
	return walk(root, path, false);
}

json_t *path_first(json_t *root, const char *path)
{
	AUTO_JSON json_t *nodes = path_find(root, path);
	json_t *node;
	size_t i;

	/* The nodes are held by @root too, so they outlive the set. */
	json_array_foreach (nodes, i, node)
		if (!json_is_null(node))
			return node;
	return NULL;
}

/* A selector before the end ("a[].b") decides: what follows it may be empty. */
static size_t first_selection(const char *path)
{
	const char *p = path;
	struct step s;
	bool bad = false;

	while (next_step(&p, &s, &bad))
		if (s.select)
			return (size_t)(p - path) - (*(p - 1) == '.');
	return strlen(path);
}

bool path_exists(json_t *root, const char *path)
{
	AUTO_FREE char *prefix = mem_strndup(path, first_selection(path));
	bool select = prefix[0] && prefix[strlen(prefix) - 1] == ']';
	AUTO_JSON json_t *nodes = walk(root, prefix, true);
	json_t *node;
	size_t i;

	json_array_foreach (nodes, i, node)
		if (select ? json_is_array(node) : !json_is_null(node))
			return true;
	return false;
}
