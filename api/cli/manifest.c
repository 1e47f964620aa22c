/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the text to resources in the order in which they can be made.
 */
#include "manifest.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "config_yaml.h"
#include "manifest_impl.h"
#include "member.h"

/* ---- faults -------------------------------------------------------------- */

void manifest_fault(struct manifest *m, int line, const char *pointer,
		    const char *detail)
{
	json_array_append_new(m->faults,
			      json_pack("{si ss ss}", "line", line, "pointer",
					pointer, "detail", detail));
}

static bool verdict(const struct manifest *m, struct error *err)
{
	size_t n = json_array_size(m->faults);
	json_t *first = json_array_get(m->faults, 0);

	if (!n)
		return true;
	if (n > 1)
		return fail(err, ERR_INVALID,
			    "%s: %zu faults; nothing was done", m->file, n);
	return fail_at(err, ERR_INVALID, json_str(first, "pointer", ""),
		       "%s:%lld: %s", m->file, json_int(first, "line", 0),
		       json_str(first, "detail", ""));
}

/* ---- from text to values ------------------------------------------------- */

struct source {
	struct manifest *m;
	const char *provider, *region;
};

static void add_resource(struct source *from, json_t *value,
			 const struct yaml_node *node, int line)
{
	struct manifest *m = from->m;
	struct resource r = { .provider = from->provider,
			      .region = from->region,
			      .node = node,
			      .line = line };

	if (!manifest_take(m, &r, value))
		return;
	m->list = mem_realloc(m->list, (m->n + 1) * sizeof(*m->list));
	m->list[m->n++] = r;
}

static void add_yaml(struct source *from, json_t *value,
		     const struct yaml_node *node)
{
	const struct yaml_node *child;
	size_t i = 0;

	if (config_yaml_is_null(node))
		return; /* "---" before the first or after the last */
	if (node->type != YAML_LIST) {
		add_resource(from, value, node, node->line);
		return;
	}
	list_each (child, &node->children, struct yaml_node, link)
		add_resource(from, json_array_get(value, i++), child,
			     child->line);
}

static bool read_yaml(struct source *from, const char *text, size_t n,
		      struct error *err)
{
	struct manifest *m = from->m;
	const struct yaml_node *document;
	size_t i = 0;

	m->tree = config_yaml_read_all(m->file, text, n, err);
	if (!m->tree)
		return false;
	m->values = config_yaml_to_json(m->tree);
	list_each (document, &m->tree->children, struct yaml_node, link)
		add_yaml(from, json_array_get(m->values, i++), document);
	return true;
}

/* A walk over JSON text that is known to be right. */
struct walk {
	const char *at, *end;
	int line, depth;
};

/* The line of the next object at @depth. */
static int next_object(struct walk *w, int depth)
{
	bool in_text = false;

	for (; w->at < w->end; w->at++) {
		char c = *w->at;

		w->line += c == '\n';
		if (in_text) {
			w->at += c == '\\';
			in_text = c != '"';
			continue;
		}
		in_text = c == '"';
		w->depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (c == '{' && w->depth == depth + 1) {
			w->at++;
			break;
		}
	}
	return w->line;
}

/* JSON is YAML too, but for pairs of \u escapes; and its own reader says better
 * what is wrong with it. */
static void add_json(struct source *from, const char *text, size_t n)
{
	struct walk w = { .at = text, .end = text + n, .line = 1 };
	json_t *values = from->m->values, *value;
	size_t i;

	json_array_foreach (values, i, value)
		add_resource(from, value, NULL,
			     json_is_object(value) ? next_object(&w, 1)
						   : w.line);
	if (!json_is_array(values))
		add_resource(from, values, NULL, next_object(&w, 0));
}

static bool read_source(struct source *from, const char *text, size_t n,
			struct error *err)
{
	struct manifest *m = from->m;
	struct error fault;
	size_t at = 0;

	while (at < n && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	if (at == n || (text[at] != '{' && text[at] != '['))
		return read_yaml(from, text, n, err);
	m->values = json_read(text, n, &fault);
	if (m->values)
		add_json(from, text, n);
	else if (text_ends(m->file, ".json"))
		return fail(err, ERR_INVALID, "%s: %s", m->file, fault.message);
	else
		return read_yaml(from, text, n, err);
	return true;
}

/* ---- looking up ---------------------------------------------------------- */

char *resource_label(const struct resource *r)
{
	return mem_printf("%s/%s", r->kind->name, r->name);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_place(const struct resource *a, const struct resource *b)
{
	return same_text(a->provider, b->provider) &&
	       same_text(a->region, b->region);
}

/* What follows "KIND.NAME." in @reference, or NULL. */
static const char *member_of(const struct resource *r, const char *reference)
{
	const char *dot = strchr(reference, '.');
	size_t n = strlen(r->name);
	AUTO_FREE char *word = mem_strndup(reference, dot - reference);

	if (command_kind(word) != r->kind ||
	    strncmp(dot + 1, r->name, n) != 0 || dot[1 + n] != '.' ||
	    !dot[2 + n])
		return NULL;
	return dot + 2 + n;
}

/* Of two that fit the one with the longer name ("web.net" before "web"), then
 * the nearer one; 0: no difference. */
static int better(const struct resource *a, const struct resource *b,
		  const struct resource *from)
{
	if (strcmp(a->name, b->name) != 0)
		return strlen(a->name) > strlen(b->name) ? 1 : -1;
	return same_place(a, from) - same_place(b, from);
}

struct resource *manifest_target(const struct manifest *m,
				 const struct resource *from,
				 const char *reference, const char **path,
				 struct error *err)
{
	struct resource *best = NULL;
	bool equal = false;

	for (size_t i = 0; i < m->n; i++) {
		struct resource *r = &m->list[i];
		int order;

		if (!member_of(r, reference))
			continue;
		order = best ? better(r, best, from) : 1;
		equal = order ? equal && order < 0 : true;
		best = order > 0 ? r : best;
	}
	if (!best)
		fail(err, ERR_INVALID,
		     "${%.200s} refers to nothing in this file", reference);
	else if (equal)
		fail(err, ERR_INVALID,
		     "${%.200s} can mean several resources of this file",
		     reference);
	if (!best || equal)
		return NULL;
	*path = member_of(best, reference);
	return best;
}

/* ---- duplicates and order ------------------------------------------------ */

static void check_single(struct manifest *m, size_t at)
{
	const struct resource *r = &m->list[at];

	for (size_t i = 0; i < at; i++) {
		const struct resource *o = &m->list[i];
		AUTO_FREE char *text = NULL;

		if (o->kind != r->kind || strcmp(o->name, r->name) != 0 ||
		    !same_place(o, r))
			continue;
		text = mem_printf("%s/%s is in this file twice, first in line "
				  "%d",
				  r->kind->name, r->name, o->line);
		manifest_fault(m, r->line, "/name", text);
		return;
	}
}

static bool is_ready(const struct resource *r, const bool *done)
{
	for (size_t i = 0; i < r->n_needs; i++)
		if (!done[r->needs[i]])
			return false;
	return true;
}

/* One that @at needs and that is not done. */
static size_t waits_for(const struct manifest *m, size_t at, const bool *done)
{
	const struct resource *r = &m->list[at];
	size_t i = 0;

	while (done[r->needs[i]])
		i++;
	return r->needs[i];
}

/* Everything that is left waits for something that is left: following it leads
 * round in the end. */
static void tell_circle(struct manifest *m, const bool *done)
{
	AUTO(buf_done) struct buf text = { 0 };
	size_t at = 0, start;

	while (done[at])
		at++;
	for (size_t steps = 0; steps < m->n; steps++)
		at = waits_for(m, at, done);
	start = at;
	for (size_t i = waits_for(m, at, done); i != at;
	     i = waits_for(m, i, done))
		start = i < start ? i : start;
	at = start;
	do {
		buf_printf(&text, "%s/%s -> ", m->list[at].kind->name,
			   m->list[at].name);
		at = waits_for(m, at, done);
	} while (at != start);
	buf_printf(&text, "%s/%s: these need each other",
		   m->list[at].kind->name, m->list[at].name);
	manifest_fault(m, m->list[start].line, "", text.p);
}

/* In the order of the file, but what is needed goes before who needs it. */
static void put_in_order(struct manifest *m)
{
	AUTO_FREE bool *done = mem_alloc(m->n * sizeof(*done));
	size_t n = 0;

	m->order = mem_alloc(m->n * sizeof(*m->order));
	while (n < m->n) {
		size_t at = 0;

		while (at < m->n && (done[at] || !is_ready(&m->list[at], done)))
			at++;
		if (at == m->n) {
			tell_circle(m, done);
			return;
		}
		done[at] = true;
		m->order[n++] = at;
	}
}

/* ---- public -------------------------------------------------------------- */

bool manifest_read(struct manifest *m, const char *file, const char *text,
		   size_t n, const char *provider, const char *region,
		   struct error *err)
{
	struct source from = { .m = m, .provider = provider, .region = region };

	*m = (struct manifest){ .file = file, .faults = json_array() };
	if (!read_source(&from, text, n, err))
		return false;
	for (size_t i = 0; i < m->n; i++) {
		check_single(m, i);
		manifest_check(m, &m->list[i]);
	}
	if (!m->n && !json_array_size(m->faults))
		return fail(err, ERR_INVALID, "%s: no resource in it", file);
	if (!json_array_size(m->faults))
		put_in_order(m);
	return verdict(m, err);
}

void manifest_done(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++) {
		json_decref(m->list[i].given);
		mem_free(m->list[i].needs);
	}
	mem_free(m->list);
	mem_free(m->order);
	config_yaml_free(m->tree);
	json_decref(m->values);
	json_decref(m->faults);
	*m = (struct manifest){ 0 };
}
