/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of things: what is needed is made first, and taken away last.  One
 * that fails does not keep back those that have nothing to do with it.
 */
#include "apply.h"

#include <string.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "cell.h"
#include "confirm.h"
#include "follow.h"
#include "wait.h"

/* ---- apply --------------------------------------------------------------- */

static bool apply_one(struct apply *a, const struct resource *r,
		      enum exit_status *status, struct error *err)
{
	AUTO_JSON json_t *args = apply_args(a, r, err);

	if (!args || !apply_find(a, r, args, err))
		return false;
	return apply_outcome(a, r)->record
		       ? apply_change(a, r, args, status, err)
		       : apply_make(a, r, args, status, err);
}

/* One that @r needs and that is not as it should be, or NULL. */
static const struct resource *missing_need(struct apply *a,
					   const struct resource *r)
{
	for (size_t i = 0; i < r->n_needs; i++)
		if (a->outcomes[r->needs[i]].failed)
			return &a->m.list[r->needs[i]];
	return NULL;
}

int apply_run(struct session *s)
{
	struct apply a;
	bool over = false;

	if (!apply_begin(&a, s, "create"))
		return apply_end(&a);
	for (size_t i = 0; i < a.m.n; i++) {
		const struct resource *r = &a.m.list[a.m.order[i]];
		const struct resource *need = missing_need(&a, r);
		enum exit_status status = STATUS_OK;
		struct error err;

		apply_go_to(&a, r);
		if (over || need) {
			apply_tell_skipped(&a, r, over ? NULL : need);
		} else if (!apply_one(&a, r, &status, &err)) {
			over = apply_is_over(&a, &err);
			apply_tell_failure(&a, r, status, &err);
		}
	}
	return apply_end(&a);
}

/* ---- delete -------------------------------------------------------------- */

/* What of the file is there, by name. */
static bool find_all(struct apply *a, struct error *err)
{
	a->guesses = true;
	for (size_t i = 0; i < a->m.n; i++) {
		const struct resource *r = &a->m.list[a->m.order[i]];
		AUTO_JSON json_t *args = NULL;

		apply_go_to(a, r);
		args = apply_args(a, r, err);
		if (!args || !apply_find(a, r, args, err))
			return fail_within(err, "%s/%s", r->kind->name,
					   r->name);
	}
	return true;
}

/* Those that are there, as the question names them: what a terminal would not
 * show must not be agreed to. */
static char *names_of(const struct apply *a)
{
	struct buf names = { 0 };

	for (size_t i = a->m.n; i-- > 0;) {
		const struct resource *r = &a->m.list[a->m.order[i]];

		if (!a->outcomes[a->m.order[i]].record)
			continue;
		buf_printf(&names, "%s%s/", names.n ? ", " : "", r->kind->name);
		cell_add_safe(&names, slice_of(r->name), false);
	}
	return names.p;
}

/* It is waited for when something that it is in goes next. */
static bool delete_one(struct apply *a, const struct resource *r,
		       enum exit_status *status, struct error *err)
{
	const struct cat_op *op = command_op(r->kind, "delete");
	const json_t *id = json_object_get(apply_outcome(a, r)->record, "id");
	AUTO_JSON json_t *args = json_pack("{sO}", "id", id);
	bool waits = r->n_needs || a->s->command.option[OPTION_WAIT];
	json_t *last;

	if (a->dry_run) {
		apply_tell(a, r, "delete", NULL);
		return true;
	}
	if (!follow_call(a->s, op, args, NULL, NULL, err))
		return false;
	if (waits) {
		last = wait_settled(a->s, op, json_string_value(id), NULL,
				    command_number(&a->s->command, OPTION_WAIT,
						   WAIT_DEFAULT_S),
				    status, err);
		if (!last)
			return false;
		json_decref(last);
	}
	apply_tell(a, r, "deleted", NULL);
	return true;
}

/* One that is still there and needs @r, or NULL. */
static const struct resource *user_of(struct apply *a, const struct resource *r)
{
	size_t place = (size_t)(r - a->m.list);

	for (size_t i = 0; i < a->m.n; i++)
		for (size_t j = 0; j < a->m.list[i].n_needs; j++)
			if (a->m.list[i].needs[j] == place &&
			    a->outcomes[i].failed)
				return &a->m.list[i];
	return NULL;
}

static void delete_all(struct apply *a)
{
	bool over = false;

	for (size_t i = a->m.n; i-- > 0;) {
		const struct resource *r = &a->m.list[a->m.order[i]];
		const struct resource *user = user_of(a, r);
		enum exit_status status = STATUS_OK;
		struct error err;

		apply_go_to(a, r);
		if (!apply_outcome(a, r)->record) {
			apply_tell(a, r, "absent", NULL);
		} else if (over || user) {
			apply_tell_skipped(a, r, over ? NULL : user);
		} else if (!delete_one(a, r, &status, &err)) {
			over = apply_is_over(a, &err);
			apply_tell_failure(a, r, status, &err);
		}
	}
}

static bool may_delete(struct apply *a, struct error *err)
{
	AUTO_FREE char *names = NULL;

	if (!find_all(a, err))
		return false;
	names = names_of(a);
	return !names || a->dry_run || confirm_names(a->s, names, err);
}

int apply_delete_run(struct session *s)
{
	struct apply a;
	struct error err;

	if (!apply_begin(&a, s, "delete"))
		return apply_end(&a);
	if (may_delete(&a, &err))
		delete_all(&a);
	else
		a.status = (enum exit_status)session_report(s, &err);
	return apply_end(&a);
}
