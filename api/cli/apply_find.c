/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a resource of the manifest is in the cloud: the one of its kind that has
 * its name, within what it belongs to.
 */
#include <string.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "lookup.h"
#include "member.h"
#include "reference.h"
#include "wait.h"

struct outcome *apply_outcome(struct apply *a, const struct resource *r)
{
	return &a->outcomes[r - a->m.list];
}

/* ---- where --------------------------------------------------------------- */

static void replace(char **text, const char *with)
{
	char *copy = mem_strdup(with);

	mem_free(*text);
	*text = copy;
}

void apply_go_to(struct apply *a, const struct resource *r)
{
	replace(&a->s->provider, r->provider ? r->provider : a->provider);
	replace(&a->s->region, r->region);
}

bool apply_ask_support(struct apply *a, struct error *err)
{
	const char *provider = a->s->provider;
	AUTO_JSON json_t *about = NULL;
	json_t *support;

	if (json_object_get(a->support, provider))
		return true;
	about = session_describe(a->s, err);
	if (!about)
		return false;
	support = json_object_get(about, "support");
	json_object_set(a->support, provider, support ? support : json_null());
	return true;
}

bool apply_can(struct apply *a, const struct cat_op *op)
{
	const json_t *support = json_object_get(a->support, a->s->provider);

	return !json_is_object(support) || json_bool(support, op->name, false);
}

/* ---- arguments ----------------------------------------------------------- */

struct filling {
	struct apply *a;
	const struct resource *r;
};

static json_t *value_of(void *arg, const char *reference, struct error *err)
{
	const struct filling *f = arg;
	const char *path;
	const struct resource *target =
		manifest_target(&f->a->m, f->r, reference, &path, err);
	AUTO_JSON json_t *value = NULL;

	if (!target)
		return NULL;
	value = member_at(apply_outcome(f->a, target)->record, path);
	if (value && !json_is_null(value))
		return json_incref(value);
	if (f->a->guesses)
		return json_pack("s++", "${", reference, "}");
	fail(err, ERR_CONFLICT, "${%.200s}: the cloud tells no such value",
	     reference);
	return NULL;
}

json_t *apply_args(struct apply *a, const struct resource *r, struct error *err)
{
	json_t *args = reference_fill(r->given, value_of,
				      &(struct filling){ .a = a, .r = r }, err);

	if (!args)
		return NULL;
	/* What is not there yet has no type; the names are made right. */
	if (cat_check_args(r->op, args, false, err) || reference_in(args))
		return args;
	json_decref(args);
	return NULL;
}

/* ---- finding ------------------------------------------------------------- */

/* What it belongs to (a subnet's network, a pool's cluster): every record tells
 * it, and a list can be asked for it.  Names are unique within it only. */
static bool is_parent(const struct resource *r, const struct cat_op *list,
		      const struct cat_field *f)
{
	const struct cat_field *member =
		cat_field_find(r->kind->record->fields, f->name);

	return f->flags & CAT_REQUIRED && member &&
	       member->flags & CAT_REQUIRED && command_refers_to(f, false) &&
	       cat_field_find(list->args, f->name);
}

/* False with code ERR_NOT_FOUND when a parent is not there itself. */
static bool add_parents(struct apply *a, const struct resource *r,
			const struct cat_op *list, const json_t *args,
			json_t *query, struct error *err)
{
	for (const struct cat_field *f = r->op->args; f && f->name; f++) {
		const json_t *value = json_object_get(args, f->name);
		AUTO_JSON json_t *parent = NULL;

		if (!json_is_string(value) || !is_parent(r, list, f))
			continue;
		if (reference_in(value))
			return fail(err, ERR_NOT_FOUND, "not made yet");
		parent = lookup_one(a->s, command_refers_to(f, false),
				    json_string_value(value), NULL, err);
		if (!parent)
			return false;
		json_object_set(query, f->name, json_object_get(parent, "id"));
	}
	return true;
}

static bool is_alive(const json_t *item)
{
	const char *status = json_str(item, "status", "");

	return wait_state(status) != WAIT_GONE &&
	       strcmp(status, "deleting") != 0 &&
	       strcmp(status, "terminating") != 0;
}

static json_t *of_name(const json_t *items, const char *name)
{
	json_t *found = json_array(), *item;
	size_t i;

	json_array_foreach (items, i, item)
		if (!strcmp(json_str(item, "name", ""), name) && is_alive(item))
			json_array_append(found, item);
	return found;
}

static bool several(const struct resource *r, const json_t *found,
		    struct error *err)
{
	AUTO(buf_done) struct buf ids = { 0 };

	member_names(&ids, found, "id");
	return fail(err, ERR_CONFLICT,
		    "%zu %s have this name (%s): it cannot be told which is "
		    "meant",
		    json_array_size(found), r->kind->collection, ids.p);
}

/* The whole record: a list may leave members out. */
static json_t *whole(struct apply *a, const struct resource *r,
		     const json_t *item, struct error *err)
{
	const struct cat_op *get = command_op(r->kind, "get");
	AUTO_JSON json_t *args =
		json_pack("{sO}", "id", json_object_get(item, "id"));
	json_t *value;

	if (!get || !apply_can(a, get))
		return json_incref((json_t *)item);
	return session_call(a->s, get, args, &value, NULL, err) ? value : NULL;
}

/* Nobody is asked for what is not there itself. */
static bool is_absence(struct apply *a, const struct error *err)
{
	if (err->code != ERR_NOT_FOUND)
		return false;
	session_forget(a->s);
	return true;
}

bool apply_find(struct apply *a, const struct resource *r, const json_t *args,
		struct error *err)
{
	const struct cat_op *list = command_op(r->kind, "list");
	AUTO_JSON json_t *query = json_object();
	AUTO_JSON json_t *items = NULL;
	AUTO_JSON json_t *found = NULL;
	struct outcome *outcome = apply_outcome(a, r);

	if (cat_field_find(list->args, "name"))
		json_object_set_new(query, "name", json_string(r->name));
	if (!add_parents(a, r, list, args, query, err))
		return is_absence(a, err);
	items = session_list(a->s, list, query, 0, err);
	if (!items)
		return is_absence(a, err);
	found = of_name(items, r->name);
	if (json_array_size(found) > 1)
		return several(r, found, err);
	if (!json_array_size(found))
		return true;
	outcome->record = whole(a, r, json_array_get(found, 0), err);
	return outcome->record || is_absence(a, err);
}
