/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a resource, and waiting until others can use it.
 */
#include <string.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "follow.h"
#include "lookup.h"
#include "wait.h"

#define HTTP_ACCEPTED 202

/* What only the answer of create has (keys, passwords) is kept. */
static void take_record(struct outcome *o, json_t *value)
{
	json_t *last = o->record;

	o->record = json_copy(value);
	if (json_is_object(last))
		json_object_update_missing(o->record, last);
	json_decref(last);
}

bool apply_is_moving(const json_t *record)
{
	const char *status = json_str(record, "status", NULL);

	return status && wait_state(status) == WAIT_MOVING;
}

static bool is_broken(const json_t *record)
{
	return wait_state(json_str(record, "status", "")) == WAIT_BROKEN;
}

bool apply_settle(struct apply *a, const struct resource *r,
		  const struct cat_op *op, bool must, enum exit_status *status,
		  struct error *err)
{
	struct outcome *o = apply_outcome(a, r);
	bool wanted = r->needed || a->s->command.option[OPTION_WAIT];
	json_t *value;

	if (!must &&
	    !(wanted && (apply_is_moving(o->record) || is_broken(o->record))))
		return true;
	value = wait_settled(
		a->s, op, json_str(o->record, "id", r->name), NULL,
		command_number(&a->s->command, OPTION_WAIT, WAIT_DEFAULT_S),
		status, err);
	if (json_is_object(value))
		take_record(o, value);
	json_decref(value);
	return value != NULL;
}

static bool is_named(const json_t *record, const struct resource *r)
{
	return !strcmp(json_str(record, "name", ""), r->name);
}

/* What create answers may tell less than get. */
static bool look_again(struct apply *a, const struct resource *r,
		       struct error *err)
{
	const struct cat_op *get = command_op(r->kind, "get");
	struct outcome *o = apply_outcome(a, r);
	const json_t *id = json_object_get(o->record, "id");
	AUTO_JSON json_t *args = json_pack("{sO}", "id", id);
	json_t *value;

	if (!get)
		return true;
	if (!session_call(a->s, get, args, &value, NULL, err))
		return false;
	if (json_is_object(value))
		take_record(o, value);
	json_decref(value);
	return true;
}

/* Every further run would make one more: better none. */
static bool take_away(struct apply *a, const struct resource *r,
		      struct error *err)
{
	const struct cat_op *op = command_op(r->kind, "delete");
	const json_t *id = json_object_get(apply_outcome(a, r)->record, "id");
	AUTO_JSON json_t *args = json_pack("{sO}", "id", id);
	bool gone = op && follow_call(a->s, op, args, NULL, NULL, err);

	return fail(err, ERR_UNSUPPORTED,
		    "%s does not keep the name of a %s, so it would not be "
		    "found again; %s %s",
		    a->s->provider, r->kind->name, json_string_value(id),
		    gone ? "was made and taken away again"
			 : "was made and is left: delete it");
}

/* The cloud works on: its name will find it. */
static bool make_later(struct apply *a, const struct resource *r,
		       enum exit_status *status, struct error *err)
{
	if (!apply_settle(a, r, r->op, true, status, err))
		return false;
	apply_tell(a, r, "created", NULL);
	return true;
}

bool apply_make(struct apply *a, const struct resource *r, json_t *args,
		enum exit_status *status, struct error *err)
{
	struct outcome *o = apply_outcome(a, r);
	json_t *value = NULL;
	int http = 0;

	if (a->dry_run) {
		apply_tell(a, r, "create", NULL);
		return true;
	}
	if (!lookup_references(a->s, r->op, args, err) ||
	    !follow_call(a->s, r->op, args, &value, &http, err))
		return false;
	if (http == HTTP_ACCEPTED || !json_str(value, "id", NULL)) {
		json_decref(value);
		return make_later(a, r, status, err);
	}
	o->record = value;
	if (!is_named(value, r) && !look_again(a, r, err))
		return false;
	if (!is_named(o->record, r))
		return take_away(a, r, err);
	apply_tell(a, r, "created", NULL);
	apply_tell_secrets(a, r);
	return apply_settle(a, r, r->op, false, status, err);
}
