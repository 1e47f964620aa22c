/* SPDX-License-Identifier: Apache-2.0 */
#include "access/permission.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* What is no operation of a kind. */
static const char *const extras[] = {
	"system:read",
	"provider:list",
	"provider:get",
};

static struct {
	struct arena arena;
	struct permission *all; /* by name */
	size_t n, cap;
} table;

/* ---- the table ------------------------------------------------------------ */

static bool gives_secret(const struct cat_record *record)
{
	const struct cat_field *f = record ? record->fields : NULL;

	for (; f && f->name; f++)
		if (f->flags & CAT_SECRET)
			return true;
	return false;
}

/* A record's secrets are given by what makes it; its list and its get are reads
 * all the same.  An action that gives one (a kubeconfig) is none. */
static bool is_read(const struct cat_op *op)
{
	if (op->flags & CAT_MUTATES)
		return false;
	return !(op->flags & CAT_ACTION) || !gives_secret(op->result);
}

static void add(const struct permission *permission)
{
	if (table.n == table.cap) {
		table.cap = table.cap ? table.cap * 2 : 256;
		table.all =
			mem_realloc(table.all, table.cap * sizeof(*table.all));
	}
	table.all[table.n++] = *permission;
}

/* A route for everybody to a thing that may be in a workspace: its act finds it,
 * and asks once more for what is needed there. */
static enum access_scope scope_of(const struct noun *noun,
				  const struct cat_op *op)
{
	enum access_scope scope = noun ? noun_scope(noun, op) : ACCESS_NAMED;

	if (scope == ACCESS_SELF && noun->scope == ACCESS_NAMED)
		return ACCESS_NAMED;
	return scope;
}

static void add_op(const struct noun *noun, const struct cat_op *op)
{
	add(&(struct permission){
		.name = arena_printf(&table.arena, "%s:%s", op->kind->name,
				     op->verb),
		.scope = scope_of(noun, op),
		.noun = noun,
		.op = op,
		.reads = is_read(op),
	});
}

static int by_name(const void *a, const void *b)
{
	const struct permission *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static void make_table(void)
{
	const struct cat_kind *const *kind = cat_kinds();
	const struct noun *const *noun = nouns_all();

	for (size_t i = 0; i < ARRAY_LEN(extras); i++)
		add(&(struct permission){ .name = extras[i],
					  .scope = ACCESS_SYSTEM,
					  .reads = true });
	for (; *kind; kind++)
		for (const struct cat_op *op = (*kind)->ops; op->name; op++)
			add_op(NULL, op);
	for (; *noun; noun++)
		for (const struct cat_op *op = (*noun)->kind->ops; op->name;
		     op++)
			add_op(*noun, op);
	qsort(table.all, table.n, sizeof(*table.all), by_name);
}

void permission_done(void)
{
	mem_free(table.all);
	arena_done(&table.arena);
	memset(&table, 0, sizeof(table));
}

const struct permission *permission_all(size_t *n)
{
	if (!table.n)
		make_table();
	*n = table.n;
	return table.all;
}

const struct permission *permission_find(const char *name)
{
	struct permission wanted = { .name = name };
	size_t n;
	const struct permission *all = permission_all(&n);

	return name ? bsearch(&wanted, all, n, sizeof(*all), by_name) : NULL;
}

bool permission_is_of_workspace(const struct permission *permission)
{
	return permission->scope == ACCESS_WORKSPACE ||
	       permission->scope == ACCESS_NAMED;
}

/* ---- names and patterns --------------------------------------------------- */

/* The parts of "kind:verb"; of "*", both are "*". */
static bool split(const char *text, struct slice *kind, struct slice *verb)
{
	const char *colon = strchr(text, ':');

	if (!strcmp(text, "*")) {
		*kind = *verb = SLICE("*");
		return true;
	}
	*kind = (struct slice){ text, colon ? (size_t)(colon - text) : 0 };
	*verb = slice_of(colon ? colon + 1 : NULL);
	return kind->n && verb->n;
}

/* A word of a vendor's: [A-Za-z0-9_-]+ */
static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '_' &&
		    s.p[i] != '-')
			return false;
	return s.n > 0;
}

/* "x.VENDOR.KIND" */
static bool is_vendor_kind(struct slice kind)
{
	const char *end = kind.p + kind.n, *dot;

	if (kind.n < 2 || memcmp(kind.p, "x.", 2) != 0)
		return false;
	kind.p += 2;
	dot = memchr(kind.p, '.', end - kind.p);
	return dot && is_word((struct slice){ kind.p, dot - kind.p }) &&
	       is_word((struct slice){ dot + 1, end - dot - 1 });
}

bool permission_is_vendor(const char *name)
{
	struct slice kind, verb;

	return strlen(name) <= PERMISSION_MAX && split(name, &kind, &verb) &&
	       is_vendor_kind(kind) && is_word(verb);
}

static bool part_matches(struct slice pattern, struct slice part)
{
	return slice_eq(pattern, "*") ||
	       (pattern.n == part.n && !memcmp(pattern.p, part.p, part.n));
}

bool permission_matches(const char *pattern, const char *name)
{
	struct slice kind, verb, its_kind, its_verb;

	return split(pattern, &kind, &verb) &&
	       split(name, &its_kind, &its_verb) &&
	       part_matches(kind, its_kind) && part_matches(verb, its_verb);
}

/* ---- checking what was written ------------------------------------------- */

static bool is_known_kind(struct slice kind)
{
	size_t n;
	const struct permission *all = permission_all(&n);
	struct slice its_kind, verb;

	for (size_t i = 0; i < n; i++)
		if (split(all[i].name, &its_kind, &verb) &&
		    its_kind.n == kind.n && !memcmp(its_kind.p, kind.p, kind.n))
			return true;
	return false;
}

static bool has_meaning(const char *pattern)
{
	struct slice kind, verb;

	if (!strcmp(pattern, "*") || !strcmp(pattern, "*:list") ||
	    !strcmp(pattern, "*:get") || permission_find(pattern))
		return true;
	if (!split(pattern, &kind, &verb))
		return false;
	if (slice_eq(verb, "*"))
		return is_known_kind(kind) || is_vendor_kind(kind);
	return permission_is_vendor(pattern);
}

/* What may have been meant, or NULL. */
static const char *nearest(const char *pattern)
{
	size_t n;
	const struct permission *all = permission_all(&n);
	const char **names = mem_alloc(n * sizeof(*names));
	const char *found;

	for (size_t i = 0; i < n; i++)
		names[i] = all[i].name;
	found = text_nearest(pattern, names, n);
	mem_free(names);
	return found;
}

bool permission_check(const char *pattern, struct error *err)
{
	const char *meant;

	if (strlen(pattern) <= PERMISSION_MAX && has_meaning(pattern))
		return true;
	meant = strlen(pattern) <= PERMISSION_MAX ? nearest(pattern) : NULL;
	return fail(err, ERR_INVALID,
		    "there is no permission \"%.64s\"%s%s%s; permissions are "
		    "\"KIND:VERB\", \"KIND:*\", \"*:list\", \"*:get\" and "
		    "\"*\"",
		    pattern, meant ? ", did you mean \"" : "",
		    meant ? meant : "", meant ? "\"" : "");
}

bool permission_check_list(const json_t *patterns, const char *pointer,
			   struct error *err)
{
	json_t *pattern;
	size_t i;

	if (json_array_size(patterns) > PERMISSIONS_MAX)
		return fail_at(err, ERR_INVALID, pointer,
			       "%zu permissions are too many, at most %d",
			       json_array_size(patterns), PERMISSIONS_MAX);
	json_array_foreach (patterns, i, pattern) {
		if (json_is_string(pattern) &&
		    permission_check(json_string_value(pattern), err))
			continue;
		if (!json_is_string(pattern))
			fail(err, ERR_INVALID, "a permission is a string");
		text_copy(err->path, sizeof(err->path), pointer);
		json_pointer_add_index(err->path, sizeof(err->path), i);
		return false;
	}
	return true;
}
