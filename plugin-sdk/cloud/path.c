/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: a set of nodes goes in, a step is taken from each, a set comes out.
 */
#include "cloud/path.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"

/* One step, such as "a", "*", "a[]" or "a[k|l!=v]". */
struct step {
	struct slice name;  /* empty: the node itself, as in a leading [] */
	bool any;	    /* * */
	bool select;	    /* [] or any other selector */
	bool only;	    /* [only] */
	bool unlike;	    /* != */
	bool more;	    /* another selector follows at once … */
	bool again;	    /* … and this is that one, without a name */
	size_t number;	    /* from 1 */
	struct slice keys;  /* k|l; empty: every element */
	struct slice value; /* with its quotes, if it has some */
};

/* ---- reading ------------------------------------------------------------ */

/* Where the first bare @stop of @s is, or its end.  What is in quotes or in
 * the braces of a hole is not bare. */
static const char *find_bare(struct slice s, char stop)
{
	const char *p = s.p, *end = s.p + s.n, *close;

	for (; p < end && *p != stop; p++) {
		if (*p != '\'' && *p != '{')
			continue;
		close = memchr(p + 1, *p == '{' ? '}' : '\'',
			       (size_t)(end - p - 1));
		if (!close)
			return end;
		p = close;
	}
	return p;
}

/* What is before the first bare @stop of *@rest, which becomes what is after
 * it; false: there was none. */
static bool cut(struct slice *rest, char stop, struct slice *head)
{
	const char *at = find_bare(*rest, stop), *end = rest->p + rest->n;

	*head = (struct slice){ rest->p, (size_t)(at - rest->p) };
	rest->p = at < end ? at + 1 : end;
	rest->n = (size_t)(end - rest->p);
	return at < end;
}

static bool is_quoted(struct slice s)
{
	return s.n >= 2 && s.p[0] == '\'' && s.p[s.n - 1] == '\'';
}

static struct slice unquoted(struct slice s)
{
	return is_quoted(s) ? (struct slice){ s.p + 1, s.n - 2 } : s;
}

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

/* "k" or "a.'b.c'|d" */
static bool are_keys(struct slice keys)
{
	struct slice key, name;
	bool another, deeper;

	do {
		another = cut(&keys, '|', &key);
		do {
			deeper = cut(&key, '.', &name);
			name = unquoted(name);
			if (!name.n || memchr(name.p, '\'', name.n))
				return false;
		} while (deeper);
	} while (another);
	return true;
}

/* Apostrophes are written twice in quotes, and otherwise only in holes. */
static bool is_value(struct slice value)
{
	struct slice in = unquoted(value);

	if (!is_quoted(value) && memchr(in.p, '{', in.n))
		return true;
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] == '\'' &&
		    (!is_quoted(value) || ++i == in.n || in.p[i] != '\''))
			return false;
	return true;
}

/* "[]", "[only]", "[keys=value]" or "[keys!=value]"; the value may be empty. */
static bool take_selector(const char **p, struct step *s)
{
	struct slice rest = slice_of(*p), in;

	if (**p != '[')
		return true;
	if (!cut(&rest, ']', &in))
		return false;
	*p = rest.p;
	in = (struct slice){ in.p + 1, in.n - 1 };
	s->select = true;
	s->only = slice_eq(in, "only");
	if (!in.n || s->only)
		return true;
	s->value = in;
	if (!cut(&s->value, '=', &s->keys) || !s->keys.n)
		return false;
	s->unlike = s->keys.p[s->keys.n - 1] == '!';
	s->keys.n -= s->unlike;
	return are_keys(s->keys) && is_value(s->value);
}

static bool at_end(const char *p)
{
	return !*p || (p[0] == '?' && !p[1]);
}

/* The next step of *@p; false at the end, and when it is malformed (*@bad). */
static bool next_step(const char **p, struct step *s, bool *bad)
{
	*s = (struct step){ .again = s->more, .number = s->number + 1 };
	if (at_end(*p))
		return false;
	if (!take_name(p, s) || !take_selector(p, s) ||
	    (!s->name.n && (!s->select || (s->number > 1 && !s->again)))) {
		*bad = true;
		return false;
	}
	s->more = s->select && **p == '[';
	if (s->more)
		return true;
	if (**p == '.' && !at_end(*p + 1))
		++*p;
	else if (!at_end(*p))
		*bad = true;
	return !*bad;
}

bool path_check(const char *path, struct error *err)
{
	const char *p = path;
	struct step s = { 0 };
	bool bad = false;

	while (next_step(&p, &s, &bad))
		continue;
	if (!bad)
		return true;
	return fail(err, ERR_INVALID,
		    "path \"%s\" is not well-formed near column %d", path,
		    (int)(p - path) + 1);
}

/* ---- walking ------------------------------------------------------------ */

/* The text that a selector asks for, new. */
static char *wanted_text(const struct step *s)
{
	struct slice in = unquoted(s->value);
	char *text = mem_strndup(in.p, in.n), *to = text;

	for (size_t i = 0; i < in.n; i++) {
		*to++ = in.p[i];
		i += in.p[i] == '\''; /* written twice */
	}
	*to = '\0';
	return text;
}

/* Does a member have the wanted text?  Numbers and booleans by their JSON. */
static bool has_text(const json_t *v, const char *want)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (json_is_string(v))
		return !strcmp(json_string_value(v), want);
	if (!json_is_number(v) && !json_is_boolean(v))
		return false;
	json_write(v, &text);
	return slice_eq(buf_slice(&text), want);
}

static json_t *member(const json_t *object, struct slice name)
{
	return json_object_getn(object, name.p, name.n);
}

static bool is_selected(json_t *element, const struct step *s, const char *want)
{
	struct slice keys = s->keys, key, name;
	bool another, deeper, found = false;

	do {
		json_t *v = element;

		another = cut(&keys, '|', &key);
		do {
			deeper = cut(&key, '.', &name);
			v = member(v, unquoted(name));
		} while (deeper);
		found = found || has_text(v, want);
	} while (another);
	return found != s->unlike;
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

static void add_selected(json_t *array, const struct step *s, const char *want,
			 json_t *out)
{
	json_t *element;
	size_t i;

	json_array_foreach (array, i, element)
		if (!s->keys.n || is_selected(element, s, want))
			json_array_append(out, element);
}

/* Steals @nodes; what of their elements the step's selector takes, new.
 * @choices: how many there were for an [only] that finds not just one. */
static json_t *take_elements(json_t *nodes, const struct step *s,
			     size_t *choices)
{
	AUTO_FREE char *want = s->keys.n ? wanted_text(s) : NULL;
	json_t *found = json_array(), *node;
	size_t i;

	json_array_foreach (nodes, i, node)
		add_selected(node, s, want, found);
	json_decref(nodes);
	if (s->only && json_array_size(found) != 1) {
		*choices = json_array_size(found);
		json_array_clear(found);
	}
	return found;
}

/* What one step finds in all of @nodes, which it steals; new. */
static json_t *take_step(json_t *nodes, const struct step *s, bool select,
			 size_t *choices)
{
	json_t *named = json_array(), *node;
	size_t i;

	if (s->again)
		json_array_append(named, nodes);
	else
		json_array_foreach (nodes, i, node)
			add_named(node, s, named);
	json_decref(nodes);
	return select ? take_elements(named, s, choices) : named;
}

/* @open: leave out the last step's selector, so that arrays are found. */
static json_t *walk(json_t *root, const char *path, bool open, size_t *choices)
{
	json_t *nodes = json_array();
	const char *p = path;
	struct step s = { 0 };
	bool bad = false;

	*choices = 1;
	if (root)
		json_array_append(nodes, root);
	while (next_step(&p, &s, &bad))
		nodes = take_step(nodes, &s, s.select && !(open && at_end(p)),
				  choices);
	if (bad)
		json_array_clear(nodes);
	return nodes;
}

json_t *path_find(json_t *root, const char *path)
{
	size_t choices;

	return walk(root, path, false, &choices);
}

size_t path_choices(json_t *root, const char *path)
{
	size_t choices;

	json_decref(walk(root, path, false, &choices));
	return choices;
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

bool path_condition(const char **p, struct slice *in, struct slice *value)
{
	struct slice rest = slice_of(*p), before;

	while (cut(&rest, '[', &before)) {
		if (!cut(&rest, ']', in))
			return false;
		*value = *in;
		if (cut(value, '=', &before)) {
			*p = rest.p;
			return true;
		}
	}
	return false;
}

/* ---- the records of a list ---------------------------------------------- */

/* Does @path end with a step "*"?  Then *@n is the length of what is before. */
static bool ends_with_any(const char *path, size_t *n)
{
	const char *p = path, *last = path;
	bool any = false, bad = false;
	struct step s = { 0 };

	while (next_step(&p, &s, &bad)) {
		any = s.any && !s.select;
		if (!at_end(p))
			last = p;
	}
	if (any && !bad)
		*n = (size_t)(last - path) - (last > path);
	return any && !bad;
}

bool path_selects(const char *path)
{
	const char *p = path;
	struct step s = { 0 };
	bool select = false, bad = false;
	size_t n;

	while (next_step(&p, &s, &bad))
		select = select || s.select;
	return select || ends_with_any(path, &n);
}

/* The members of @node that are objects, with the names they have. */
static void add_members(json_t *node, json_t *out)
{
	const char *key;
	json_t *child;

	json_object_foreach (node, key, child)
		if (json_is_object(child)) {
			child = json_copy(child);
			json_object_set_new(child, "~", json_string(key));
			json_array_append_new(out, child);
		}
}

json_t *path_records(json_t *root, const char *path)
{
	AUTO_FREE char *before = NULL;
	AUTO_JSON json_t *nodes = NULL;
	json_t *records, *node;
	size_t n, i;

	if (!ends_with_any(path, &n))
		return path_find(root, path);
	before = mem_strndup(path, n);
	nodes = path_find(root, before);
	records = json_array();
	json_array_foreach (nodes, i, node)
		add_members(node, records);
	return records;
}

/* A selector before the end ("a[].b") decides: what follows it may be empty. */
static size_t first_selection(const char *path)
{
	const char *p = path;
	struct step s = { 0 };
	bool bad = false;

	while (next_step(&p, &s, &bad))
		if (s.select)
			return (size_t)(p - path) - (*(p - 1) == '.');
	return strlen(path);
}

bool path_exists(json_t *root, const char *path)
{
	AUTO_FREE char *prefix = NULL;
	AUTO_JSON json_t *nodes = NULL;
	size_t n = first_selection(path), choices, i;
	bool array = n && path[n - 1] == ']';
	bool object = !array && ends_with_any(path, &n);
	json_t *node;

	prefix = mem_strndup(path, n);
	nodes = walk(root, prefix, true, &choices);
	json_array_foreach (nodes, i, node)
		if (array    ? json_is_array(node)
		    : object ? json_is_object(node)
			     : !json_is_null(node))
			return true;
	return false;
}
