/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients can do with operations: list them, look at one, cancel one.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "access/access.h"
#include "act.h"
#include "audit/audit.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "catalog/catalog.h"

#define COLUMNS \
	"id, workspace_id, user_id, credential_id, provider, method, region," \
	" zone, state, effect, error, progress, resource_id," \
	" cancel_requested, created_at, updated_at, finished_at, version"

/* ---- records -------------------------------------------------------------------- */

/* JSON text of a column, or null; new. */
static json_t *json_of(const char *text)
{
	json_t *value = text ? json_read(text, strlen(text), NULL) : NULL;

	return value ? value : json_null();
}

/* While it is under way an effect is nothing one could tell. */
static json_t *effect_of(const struct rows *rows, size_t i)
{
	if (!strcmp(row_text(rows, i, "state"), "running"))
		return json_null();
	return json_string(row_text(rows, i, "effect"));
}

static json_t *record_of(const struct rows *rows, size_t i)
{
	const char *workspace = row_text(rows, i, "workspace_id");

	return json_pack(
		"{ss so ss so ss ss so so ss so so so so sb so so so sI}", "id",
		row_text(rows, i, "id"), "workspace_id",
		act_text(operation_scope(workspace)), "user_id",
		row_text(rows, i, "user_id"), "credential_id",
		act_text(row_text(rows, i, "credential_id")), "provider",
		row_text(rows, i, "provider"), "method",
		row_text(rows, i, "method"), "region",
		act_text(row_text(rows, i, "region")), "zone",
		act_text(row_text(rows, i, "zone")), "state",
		row_text(rows, i, "state"), "effect", effect_of(rows, i),
		"progress", json_of(row_text(rows, i, "progress")),
		"resource_id", act_text(row_text(rows, i, "resource_id")),
		"error", json_of(row_text(rows, i, "error")),
		"cancel_requested", row_int(rows, i, "cancel_requested") != 0,
		"created_at", trust_time(row_int(rows, i, "created_at")),
		"updated_at", trust_time(row_int(rows, i, "updated_at")),
		"finished_at",
		row_is_null(rows, i, "finished_at")
			? json_null()
			: trust_time(row_int(rows, i, "finished_at")),
		"version", (json_int_t)row_int(rows, i, "version"));
}

/* ---- list -------------------------------------------------------------------------- */

/* clang-format off */
#define FILTER(column, n) " AND (" n " = '' OR " column " = " n ")"

/* The newest first; by an index, which the words of @whose choose. */
#define LIST(whose)                                                            \
	"SELECT " COLUMNS " FROM operations WHERE " whose                        \
	FILTER("provider", "$2") FILTER("method", "$3") FILTER("state", "$4")    \
	" AND ($5 = '' OR (created_at, id) <"                                    \
	" (SELECT created_at, id FROM operations WHERE id = $5))"                \
	" ORDER BY created_at DESC, id DESC LIMIT $6"

static const char list_all[] = LIST("$1 = ''");
static const char list_of_workspace[] = LIST("workspace_id = $1");
/* clang-format on */

WAITS json_t *operation_list(struct trust *t, const struct actor *who,
			     json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	json_t *records;

	if (!store_read(t->store, who->workspace,
			who->workspace ? list_of_workspace : list_all, &rows,
			err, P_TEXT(who->workspace ? who->workspace : ""),
			P_TEXT(json_str(args, "provider", "")),
			P_TEXT(json_str(args, "method", "")),
			P_TEXT(json_str(args, "state", "")),
			P_TEXT(act_after(args)), P_INT(act_limit(args) + 1)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, record_of(&rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

/* ---- one ----------------------------------------------------------------------------- */

static bool no_operation(const char *id, struct error *err)
{
	return fail(err, ERR_NOT_FOUND, "no operation %s", id);
}

/* The row of @id, if @who may do @permission with it: one row in @rows. */
WAITS static bool find(struct trust *t, const struct actor *who, const char *id,
		       const char *permission, struct rows *rows,
		       struct error *err)
{
	const char *workspace;

	*rows = (struct rows){ 0 };
	if (!store_read(t->store, NULL,
			"SELECT " COLUMNS ", result FROM operations"
			" WHERE id = $1",
			rows, err, P_TEXT(id)))
		return false;
	workspace = rows->n ? row_text(rows, 0, "workspace_id") : NULL;
	if (workspace && access_require(t, who, permission,
					operation_scope(workspace), id, err))
		return true;
	/* Who may not see it is told what is told of none. */
	if (!workspace || err->code == ERR_NOT_FOUND ||
	    (err->code == ERR_FORBIDDEN &&
	     !access_would(t, who, "operation:get",
			   operation_scope(workspace))))
		no_operation(id, err);
	rows_done(rows);
	return false;
}

WAITS json_t *operation_record(struct trust *t, const char *id,
			       struct error *err)
{
	struct rows rows = { 0 };
	json_t *record = NULL;

	if (!store_read(t->store, NULL,
			"SELECT " COLUMNS " FROM operations WHERE id = $1",
			&rows, err, P_TEXT(id)))
		return NULL;
	if (rows.n)
		record = record_of(&rows, 0);
	else
		no_operation(id, err);
	rows_done(&rows);
	return record;
}

/* Secrets are in the first answer only, and in its repetition for the same key
 * (idempotency.c). */
static void drop_secrets(json_t *value, const char *method)
{
	const struct cat_op *op = cat_op_find(method);
	const struct cat_field *f =
		op && op->result ? op->result->fields : NULL;

	for (; f && f->name; f++)
		if (f->flags & CAT_SECRET)
			json_object_del(value, f->name);
}

/* What only the driver knows to be secret is for whom it was made. */
static bool may_see(const struct actor *who, const struct rows *rows)
{
	return cat_op_find(row_text(rows, 0, "method")) ||
	       (who->user_id &&
		!strcmp(who->user_id, row_text(rows, 0, "user_id")));
}

/* The result, new; null without one. */
static json_t *result_of(struct trust *t, const struct actor *who,
			 const struct rows *rows, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	json_t *value;

	if (row_is_null(rows, 0, "result") || !may_see(who, rows))
		return json_null();
	if (!operation_unseal(t, row_text(rows, 0, "id"), "result",
			      row_text(rows, 0, "workspace_id"),
			      row_blob(rows, 0, "result"), &text, err))
		return NULL;
	value = json_read(text.p, text.n, err);
	drop_secrets(value, row_text(rows, 0, "method"));
	return value;
}

WAITS json_t *operation_get(struct trust *t, const struct actor *who,
			    json_t *args, struct error *err)
{
	json_t *record, *result;
	struct rows rows;

	if (!find(t, who, json_str(args, "id", ""), "operation:get", &rows,
		  err))
		return NULL;
	record = record_of(&rows, 0);
	result = result_of(t, who, &rows, err);
	rows_done(&rows);
	if (result) {
		json_object_set_new(record, "result", result);
		return record;
	}
	json_decref(record);
	return NULL;
}

/* ---- cancel ----------------------------------------------------------------------------- */

static struct tx *put_cancel(struct trust *t, const struct actor *who,
			     const struct rows *rows)
{
	const char *workspace = row_text(rows, 0, "workspace_id");
	const char *id = row_text(rows, 0, "id");
	struct tx *tx = tx_begin(t->store, operation_scope(workspace));

	tx_put(tx,
	       "UPDATE operations SET cancel_requested = 1, updated_at = $2,"
	       " version = version + 1 WHERE id = $1 AND state = 'running'",
	       P_TEXT(id), P_INT(clock_wall_ms()));
	tx_must(tx, ERR_CONFLICT, "operation %s has ended already", id);
	audit_put(t, tx,
		  &(struct audit_event){
			  .who = who,
			  .action = "operation.cancel",
			  .outcome = "succeeded",
			  .workspace = workspace,
			  .target = id,
			  .provider = row_text(rows, 0, "provider"),
			  .operation = id,
		  });
	return tx;
}

/* Whether anything comes of it is the driver's answer to tell: the operation
 * ends as cancelled, or as it would have. */
WAITS json_t *operation_cancel(struct trust *t, const struct actor *who,
			       json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	struct operation *op;
	struct rows rows;
	struct tx *tx;

	if (!find(t, who, id, "operation:cancel", &rows, err))
		return NULL;
	tx = put_cancel(t, who, &rows);
	rows_done(&rows);
	if (!tx_commit(tx, err))
		return NULL;
	op = operation_find(t->operations, id);
	if (op)
		driver_cancel(&op->cancel);
	return operation_get(t, who, args, err);
}
