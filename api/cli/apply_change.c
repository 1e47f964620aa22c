/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing a resource that is there to what the manifest says.
 */
#include <string.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "cell.h"
#include "compare.h"
#include "follow.h"
#include "lookup.h"

/* ---- which operation ----------------------------------------------------- */

/* An action for this argument alone: resize, scale, set_rules, upgrade. */
static bool is_for(const struct cat_op *op, const char *name)
{
	unsigned wanted = CAT_MUTATES | CAT_BY_ID | CAT_ACTION | CAT_NATURAL;
	const struct cat_field *f = cat_field_find(op->args, name);

	if ((op->flags & wanted) != wanted || !f || !(f->flags & CAT_REQUIRED))
		return false;
	for (f = op->args; f->name; f++)
		if (f->flags & CAT_REQUIRED && strcmp(f->name, name) != 0)
			return false;
	return true;
}

static const struct cat_op *op_for(struct apply *a, const struct resource *r,
				   const char *name)
{
	const struct cat_op *update = command_op(r->kind, "update");

	for (const struct cat_op *op = r->kind->ops; op->name; op++)
		if (is_for(op, name) && apply_can(a, op))
			return op;
	return update && cat_field_find(update->args, name) &&
			       apply_can(a, update)
		       ? update
		       : NULL;
}

/* ---- what differs -------------------------------------------------------- */

/* A name and an identifier may mean the same resource. */
static bool same_resource(void *arg, const struct cat_field *f,
			  const char *given, const char *have)
{
	struct apply *a = arg;
	const struct cat_kind *kind = command_refers_to(f, false);
	AUTO_JSON json_t *one = NULL;
	AUTO_JSON json_t *other = NULL;
	struct error err;

	if (!kind)
		return false;
	one = lookup_one(a->s, kind, given, NULL, &err);
	other = one ? lookup_one(a->s, kind, have, NULL, &err) : NULL;
	session_forget(a->s);
	return other && json_equal(json_object_get(one, "id"),
				   json_object_get(other, "id"));
}

static bool fixed(const struct resource *r, const struct cat_field *f,
		  const json_t *given, const json_t *record, struct error *err)
{
	AUTO(buf_done) struct buf is = { 0 };
	AUTO(buf_done) struct buf wanted = { 0 };
	const struct cat_field *member =
		cat_field_find(r->kind->record->fields, f->name);

	cell_add(&is, json_object_get(record, f->name), member, CELL_FULL);
	cell_add(&wanted, given, f, CELL_FULL);
	return fail(err, ERR_CONFLICT,
		    "%s is %.120s, the file says %.120s, and it cannot be "
		    "changed; write what it is, or delete the %s first",
		    f->name, is.p, wanted.p, r->kind->name);
}

/* Add to @calls, {operation: arguments}, what makes @f as it is given. */
static bool plan_one(struct apply *a, const struct resource *r,
		     const struct cat_field *f, const json_t *given,
		     json_t *calls, struct error *err)
{
	const json_t *record = apply_outcome(a, r)->record;
	enum compare_result is =
		compare_argument(f, given, record, same_resource, a);
	const struct cat_op *op;
	json_t *args;

	if (is == COMPARE_SAME)
		return true;
	op = op_for(a, r, f->name);
	if (!op)
		return is == COMPARE_UNSEEN || fixed(r, f, given, record, err);
	args = json_object_get(calls, op->name);
	if (!args) {
		args = json_object();
		json_object_set_new(calls, op->name, args);
	}
	json_object_set_new(args, f->name, compare_wanted(f, given, record));
	return true;
}

static json_t *plan(struct apply *a, const struct resource *r,
		    const json_t *args, struct error *err)
{
	json_t *calls = json_object();

	for (const struct cat_field *f = r->op->args; f && f->name; f++) {
		const json_t *given = json_object_get(args, f->name);

		if (!given || !strcmp(f->name, "name"))
			continue;
		if (!plan_one(a, r, f, given, calls, err)) {
			json_decref(calls);
			return NULL;
		}
	}
	return calls;
}

/* ---- changing ------------------------------------------------------------ */

static json_t *names_of(const json_t *calls)
{
	json_t *names = json_array(), *args, *value;
	const char *op, *name;

	json_object_foreach ((json_t *)calls, op, args)
		json_object_foreach (args, name, value)
			json_array_append_new(names, json_string(name));
	return names;
}

/* Left on its way by an earlier run, it may not take changes yet. */
static bool send(struct apply *a, const struct resource *r,
		 const struct cat_op *op, const json_t *args, json_t **value,
		 enum exit_status *status, struct error *err)
{
	if (follow_call(a->s, op, args, value, NULL, err))
		return true;
	if (err->code != ERR_CONFLICT ||
	    !apply_is_moving(apply_outcome(a, r)->record))
		return false;
	session_forget(a->s);
	return apply_settle(a, r, r->op, true, status, err) &&
	       follow_call(a->s, op, args, value, NULL, err);
}

static bool call(struct apply *a, const struct resource *r,
		 const struct cat_op *op, json_t *args,
		 enum exit_status *status, struct error *err)
{
	struct outcome *o = apply_outcome(a, r);
	json_t *value = NULL;
	bool whole;

	json_object_set(args, "id", json_object_get(o->record, "id"));
	if (!lookup_references(a->s, op, args, err) ||
	    !send(a, r, op, args, &value, status, err))
		return false;
	whole = json_str(value, "id", NULL) != NULL;
	if (whole) {
		json_decref(o->record);
		o->record = json_incref(value);
	}
	json_decref(value);
	/* Not answered with the record: others may need it as it is now. */
	return apply_settle(a, r, op, !whole, status, err);
}

static bool call_all(struct apply *a, const struct resource *r, json_t *calls,
		     enum exit_status *status, struct error *err)
{
	const char *name;
	json_t *args;

	json_object_foreach (calls, name, args)
		if (!call(a, r, cat_op_find(name), args, status, err))
			return false;
	return true;
}

bool apply_change(struct apply *a, const struct resource *r, const json_t *args,
		  enum exit_status *status, struct error *err)
{
	AUTO_JSON json_t *calls = plan(a, r, args, err);
	AUTO_JSON json_t *names = NULL;

	if (!calls)
		return false;
	names = names_of(calls);
	if (!json_array_size(names)) {
		apply_tell(a, r, "unchanged", NULL);
		return a->dry_run ||
		       apply_settle(a, r, r->op, false, status, err);
	}
	if (a->dry_run) {
		apply_tell(a, r, "update", names);
		return true;
	}
	if (!call_all(a, r, calls, status, err))
		return false;
	apply_tell(a, r, "updated", names);
	return true;
}
