/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree keeps its literal children in lists: the widest level, the kinds of
 * resource, has about thirty, and a comparison of lengths rules out most.
 */
#include "router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_SEGMENTS 16
#define METHODS 7 /* bits of enum http_method that can be routed */

struct node {
	struct slice text;    /* literal, or what a parameter begins with */
	struct node *literal; /* children, linked by `next` */
	struct node *begins;
	struct node *any;
	struct node *next;
	const struct route *route[METHODS];
};

struct router {
	struct node root;
};

struct path {
	struct slice segment[MAX_SEGMENTS];
	size_t n;
};

/* ---- paths --------------------------------------------------------------- */

/* "/a/b" has two segments, "/" one, which is empty. */
static bool split(struct slice text, struct path *path)
{
	const char *p = text.p, *end = text.p + text.n;

	path->n = 0;
	while (p < end && *p == '/') {
		const char *begin = ++p;

		while (p < end && *p != '/')
			p++;
		if (path->n == MAX_SEGMENTS)
			return false;
		path->segment[path->n++] =
			(struct slice){ begin, (size_t)(p - begin) };
	}
	return p == end && path->n;
}

static bool same(struct slice a, struct slice b)
{
	return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

static bool begins_with(struct slice s, struct slice beginning)
{
	return s.n > beginning.n && !memcmp(s.p, beginning.p, beginning.n);
}

/* ---- compiling ----------------------------------------------------------- */

static struct node *child(struct node **list, struct slice text)
{
	struct node *node;

	for (node = *list; node; node = node->next)
		if (same(node->text, text))
			return node;
	node = mem_alloc(sizeof(*node));
	node->text = text;
	node->next = *list;
	*list = node;
	return node;
}

static struct node *child_of_pattern(struct node *node, struct slice segment)
{
	const char *brace = memchr(segment.p, '{', segment.n);
	struct slice before = segment;

	if (!brace)
		return child(&node->literal, segment);
	before.n = (size_t)(brace - segment.p);
	return child(before.n ? &node->begins : &node->any, before);
}

static unsigned slot_of(enum http_method method)
{
	return (unsigned)__builtin_ctz(method);
}

/* Only the program's own table can be wrong here. */
static void bad_table(const char *what, const struct route *route)
{
	fprintf(stderr, "route table: %s: %s %s\n", what,
		http_method_name(route->method), route->pattern);
	abort();
}

static void add(struct router *r, const struct route *route)
{
	struct node *node = &r->root;
	struct path path;
	unsigned params = 0, slot = slot_of(route->method);

	if (!split(slice_of(route->pattern), &path))
		bad_table("no path", route);
	for (size_t i = 0; i < path.n; i++) {
		struct slice s = path.segment[i];

		params += memchr(s.p, '{', s.n) != NULL;
		node = child_of_pattern(node, s);
	}
	if (params > HTTP_MAX_PARAMS)
		bad_table("too many parameters", route);
	if (slot >= METHODS || node->route[slot])
		bad_table("given twice", route);
	node->route[slot] = route;
}

struct router *router_new(const struct route *const *routes, size_t n)
{
	struct router *r = mem_alloc(sizeof(*r));

	for (size_t i = 0; i < n; i++)
		add(r, routes[i]);
	return r;
}

static void free_nodes(struct node *node)
{
	while (node) {
		struct node *next = node->next;

		free_nodes(node->literal);
		free_nodes(node->begins);
		free_nodes(node->any);
		mem_free(node);
		node = next;
	}
}

void router_free(struct router *r)
{
	if (!r)
		return;
	free_nodes(r->root.literal);
	free_nodes(r->root.begins);
	free_nodes(r->root.any);
	mem_free(r);
}

/* ---- matching ------------------------------------------------------------ */

struct search {
	struct path path;
	unsigned slot; /* METHODS: none that can be routed */
	struct route_match *m;
};

static unsigned methods_of(const struct node *node)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < METHODS; i++)
		if (node->route[i])
			mask |= 1u << i;
	if (mask & HTTP_GET)
		mask |= HTTP_HEAD;
	return mask ? mask | HTTP_OPTIONS : 0;
}

static bool arrive(struct search *s, const struct node *node)
{
	s->m->allowed |= methods_of(node);
	if (s->slot < METHODS)
		s->m->route = node->route[s->slot];
	return s->m->route != NULL;
}

static bool walk(struct search *s, const struct node *node, size_t at);

static bool walk_param(struct search *s, const struct node *node, size_t at)
{
	struct slice text = s->path.segment[at];
	size_t skip = node->text.n;

	if (!text.n)
		return false;
	s->m->param[s->m->params++] =
		(struct slice){ text.p + skip, text.n - skip };
	if (walk(s, node, at + 1))
		return true;
	s->m->params--;
	return false;
}

/* The depth is that of the patterns, which is ours. */
static bool walk(struct search *s, const struct node *node, size_t at)
{
	const struct node *next;

	if (at == s->path.n)
		return arrive(s, node);
	for (next = node->literal; next; next = next->next)
		if (same(next->text, s->path.segment[at]) &&
		    walk(s, next, at + 1))
			return true;
	for (next = node->begins; next; next = next->next)
		if (begins_with(s->path.segment[at], next->text) &&
		    walk_param(s, next, at))
			return true;
	return node->any && walk_param(s, node->any, at);
}

bool router_match(const struct router *r, enum http_method method,
		  struct slice path, struct route_match *m)
{
	struct search s = { .m = m };

	*m = (struct route_match){ 0 };
	if (!split(path, &s.path))
		return false;
	s.slot = slot_of(method == HTTP_HEAD ? HTTP_GET : method);
	return walk(&s, &r->root, 0);
}

const char *router_allow(unsigned allowed, char text[ROUTER_ALLOW])
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < METHODS; i++)
		if (allowed & (1u << i))
			n += (size_t)snprintf(text + n, ROUTER_ALLOW - n,
					      "%s%s", n ? ", " : "",
					      http_method_name(1u << i));
	return text;
}
