/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op.reconcile by the tables: what became of a create whose answer was lost?
 * By the id of its checkpoint, else by the mark that the row puts on what it
 * makes, else by a name that no two can have (PROTOCOL.md, "Methods").
 *
 * It never says more than is certain.  A request that was lost may still be on
 * its way, so what is not there is looked for twice.
 */
#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/path.h"
#include "cloud/rest.h"
#include "driver/runtime.h"

#define SETTLE_MS 5000

/* The operation in question. */
struct lost {
	struct sc_call *call;
	const struct sc_rest *row;
	const struct cat_op *op;
	const char *id; /* the operation's */
	json_t *args;
	json_t *found; /* new */
	bool failed;   /* call->fault */
};

static struct sc_reply *outcome(struct sc_call *call, const char *word,
				json_t *value)
{
	call->native = false;
	if (value)
		json_object_del(value, "native");
	return sc_value(call, json_pack("{s:s, s:o*}", "outcome", word, "value",
					value));
}

/* The row @verb of the operation's kind, and its arguments: those of the lost
 * request that it cannot do without; new. */
static const struct sc_rest *row_of(const struct lost *l, const char *verb,
				    json_t **args)
{
	AUTO_FREE char *name = mem_printf("%s.%s", l->op->kind->name, verb);
	const struct cat_op *op = cat_op_find(name);
	const struct cat_field *f;

	*args = json_object();
	for (size_t i = 0; op && (f = cat_arg(op, i)); i++)
		if (f->flags & CAT_REQUIRED)
			json_object_set(*args, f->name,
					json_object_get(l->args, f->name));
	return rest_choose(l->call->driver, name, *args);
}

/* It is there; whether what came after was done, too, is not seen.  Steals
 * @record. */
static struct sc_reply *applied(const struct lost *l, json_t *record)
{
	if (!rest_has_steps(l->call->driver, l->row, l->args))
		return outcome(l->call, "applied", record);
	json_decref(record);
	return outcome(l->call, "cannot_tell", NULL);
}

/* ---- by its id ---------------------------------------------------------- */

WAITS static struct sc_reply *by_id(struct lost *l, json_t *id)
{
	AUTO_JSON json_t *args = NULL;
	const struct sc_rest *row = row_of(l, "get", &args);
	json_t *record;

	json_object_set(args, "id", id);
	record = row ? rest_value(l->call, row, args) : NULL;
	if (record)
		return applied(l, record);
	if (row && l->call->fault.code != ERR_NOT_FOUND)
		return sc_failed(l->call);
	/* Was it made, and is gone again? */
	return outcome(l->call, "cannot_tell", NULL);
}

/* ---- by what the list shows --------------------------------------------- */

/* Is @id in @text, and not as a part of a longer one? */
static bool has_id(const char *text, const char *id)
{
	size_t n = strlen(id);
	const char *p = text;

	for (; n && (p = strstr(p, id)); p++)
		if ((p == text || !isalnum((unsigned char)p[-1])) &&
		    !isalnum((unsigned char)p[n]))
			return true;
	return false;
}

static bool is_marked(json_t *native, const char *mark, const char *id)
{
	AUTO_JSON json_t *texts = path_find(native, mark);
	json_t *v;
	size_t i;

	json_array_foreach (texts, i, v)
		if (json_is_string(v) && has_id(json_string_value(v), id))
			return true;
	return false;
}

static bool is_ours(const struct lost *l, json_t *record)
{
	json_t *native = json_object_get(record, "native");
	const char *field = l->row->unique;

	if (l->row->mark)
		return is_marked(native ? native : record, l->row->mark, l->id);
	return json_equal(json_object_get(record, field),
			  json_object_get(l->args, field));
}

static bool compare(void *arg, json_t *record)
{
	struct lost *l = arg;

	if (!is_ours(l, record)) {
		json_decref(record);
		return true;
	}
	l->found = record;
	return false;
}

WAITS static bool look(struct lost *l)
{
	AUTO_JSON json_t *args = NULL;
	const struct sc_rest *row = row_of(l, "list", &args);
	char *next;

	if (!row)
		l->failed = !rest_no_row(l->call->driver, l->row->op, args,
					 &l->call->fault);
	else
		l->failed = !rest_list(l->call, row, args, compare, l, &next);
	return l->found;
}

WAITS static struct sc_reply *by_list(struct lost *l)
{
	struct sc_call *call = l->call;

	if (!look(l) && !l->failed) {
		if (!sc_sleep(call, SETTLE_MS))
			return outcome(call, "cannot_tell", NULL);
		look(l);
	}
	if (l->failed)
		return sc_failed(call);
	if (!l->found)
		return outcome(call, "not_applied", NULL);
	if (l->row->mark)
		return applied(l, l->found);
	/* There is one of that name: ours, or somebody else's. */
	json_decref(l->found);
	return outcome(call, "cannot_tell", NULL);
}

static bool can_look(const struct lost *l)
{
	if (l->row->mark)
		return l->id && *l->id;
	return l->row->unique && json_object_get(l->args, l->row->unique);
}

struct sc_reply *reconcile(struct sc_call *call)
{
	AUTO_JSON json_t *none = json_object();
	json_t *args = json_object_get(call->args, "args"), *id;
	struct lost l = { .call = call,
			  .op = cat_op_find(sc_str(call, "method")),
			  .id = sc_str(call, "op"),
			  .args = json_is_object(args) ? args : none };

	if (l.op)
		l.row = rest_choose(call->driver, l.op->name, l.args);
	if (!l.row)
		return outcome(call, "cannot_tell", NULL);
	call->native = true; /* marks are in the cloud's own record */
	id = json_object_get(json_object_get(call->args, "checkpoint"), "id");
	if (json_is_string(id))
		return by_id(&l, id);
	return can_look(&l) ? by_list(&l) : outcome(call, "cannot_tell", NULL);
}
