/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row of an operation, while this host has it.  Every statement names the
 * owner and the state, so that a host whose lease another one has taken can no
 * more change anything; it learns so by the statement that finds no row.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "audit/audit.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "keys/seal.h"
#include "metrics.h"
#include "tenancy/workspace.h"

#define PROGRESS_EVERY_MS 1000
#define AGAIN_FIRST_MS 100
#define AGAIN_MOST_MS 5000

/* ---- sealed columns --------------------------------------------------------- */

static char *place(const char *id, const char *column, const char *workspace)
{
	return mem_printf("operations:%s:%s:%s", id, column, workspace);
}

void operation_seal(const struct trust *t, const char *id, const char *column,
		    const char *workspace, struct slice plain,
		    struct buf *sealed)
{
	AUTO_FREE char *aad = place(id, column, workspace);

	seal(t->keyring, aad, plain, sealed);
}

bool operation_unseal(const struct trust *t, const char *id, const char *column,
		      const char *workspace, struct slice sealed,
		      struct buf *plain, struct error *err)
{
	AUTO_FREE char *aad = place(id, column, workspace);

	return unseal(t->keyring, aad, sealed, plain, err);
}

/* The parameter of @column: sealed onto @sealed, or NULL without a text. */
static struct store_param sealed_param(const struct operation *op,
				       const char *column, struct slice plain,
				       struct buf *sealed)
{
	if (!plain.n)
		return P_NULL;
	operation_seal(op->owner->trust, op->id, column, op->workspace, plain,
		       sealed);
	return P_BLOB(buf_slice(sealed));
}

/* ---- its beginning ------------------------------------------------------------ */

static struct tx *begin(const struct operation *op)
{
	return tx_begin(op->owner->trust->store,
			operation_scope(op->workspace));
}

static void put_row(struct operation *op, struct tx *tx, struct slice args)
{
	const struct operations *all = op->owner;
	AUTO(buf_done) struct buf sealed = { 0 };

	tx_put(tx,
	       "INSERT INTO operations (id, workspace_id, user_id,"
	       " credential_id, provider, method, region, zone, state, effect,"
	       " args, attempt, cancel_requested, owner, lease_until,"
	       " request_id, trace, created_at, updated_at, version)"
	       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'running', 'unknown',"
	       " $9, 1, 0, $10, $11, $12, $13, $14, $14, 1)",
	       P_TEXT(op->id), P_TEXT(op->workspace), P_TEXT(op->user_id),
	       P_TEXT(op->credential), P_TEXT(op->provider), P_TEXT(op->method),
	       P_TEXT(op->region), P_TEXT(op->zone),
	       sealed_param(op, "args", args, &sealed),
	       P_TEXT(all->trust->host_id), P_INT(operation_lease_until(all)),
	       P_TEXT(op->request_id), P_TEXT(op->trace),
	       P_INT(op->created_at));
}

/* What the records of an operation have in common. */
static struct audit_event event_of(const struct operation *op,
				   const struct provider_info *info)
{
	return (struct audit_event){
		.who = op->who.user_id ? &op->who : NULL,
		.action = op->method,
		.workspace = op->workspace,
		.provider = op->provider,
		.driver = info->driver,
		.driver_version = info->version,
		.driver_digest = info->digest,
		.operation = op->id,
	};
}

static void audit_intent(const struct operation *op, struct tx *tx,
			 const char *args)
{
	struct trust *t = op->owner->trust;
	struct provider_info info = { 0 };
	struct audit_event event;
	AUTO_JSON json_t *more =
		json_pack("{s:s*, s:s*, s:s*}", "region", op->region, "zone",
			  op->zone, "credential_id", op->credential);

	registry_info_by_name(t->registry, op->provider, &info);
	event = event_of(op, &info);
	event.outcome = "begun";
	event.target = json_str(op->args, "id", NULL);
	event.body = args;
	event.more = json_object_size(more) ? more : NULL;
	audit_put(t, tx, &event);
}

WAITS bool operation_row_insert(struct operation *op, struct error *err)
{
	AUTO(buf_wipe) struct buf args = { 0 };
	struct tx *tx = begin(op);

	json_write(op->args, &args);
	if (op->key)
		idempotency_put(op, tx);
	if (*op->workspace)
		quota_put(tx, op->workspace, op->kind);
	put_row(op, tx, buf_slice(&args));
	audit_intent(op, tx, args.p);
	die_at("operation.begin");
	return tx_commit(tx, err);
}

/* ---- while it runs --------------------------------------------------------------- */

#define OWN " WHERE id = $1 AND owner = $2 AND state = 'running'"

/* Change one column.  False: the store is down, or the row is another's. */
WAITS static bool change(struct operation *op, const char *sql,
			 struct store_param value)
{
	struct tx *tx = begin(op);
	struct error err;

	tx_put(tx, sql, P_TEXT(op->id), P_TEXT(op->owner->trust->host_id),
	       value, P_INT(clock_wall_ms()));
	tx_must(tx, ERR_CONFLICT, "another host has this operation");
	if (tx_commit(tx, &err))
		return true;
	if (err.code == ERR_CONFLICT)
		op->lost = true;
	log_warn("what an operation has learned is not on the disk",
		 LOG_STR("provider", op->provider),
		 LOG_STR("method", op->method), LOG_ERR(&err));
	return false;
}

static void keep(struct buf *b, struct slice text)
{
	buf_truncate(b, 0);
	buf_add_slice(b, text);
}

WAITS void operation_row_checkpoint(struct operation *op, struct slice data)
{
	AUTO(buf_done) struct buf sealed = { 0 };

	keep(&op->checkpoint, data);
	if (change(op,
		   "UPDATE operations SET checkpoint = $3, updated_at = $4,"
		   " version = version + 1" OWN,
		   sealed_param(op, "checkpoint", data, &sealed)))
		die_at("operation.checkpoint");
}

WAITS void operation_row_handle(struct operation *op, struct slice handle)
{
	AUTO(buf_done) struct buf sealed = { 0 };

	keep(&op->handle, handle);
	if (change(op,
		   "UPDATE operations SET handle = $3, updated_at = $4,"
		   " version = version + 1" OWN,
		   sealed_param(op, "handle", handle, &sealed)))
		die_at("operation.pending");
}

/* {"id":…, "done":…, "total":…, "message":…}, the id being the call's. */
static bool keep_progress(struct operation *op, struct slice params)
{
	AUTO_JSON json_t *progress = json_read(params.p, params.n, NULL);

	if (!json_is_object(progress))
		return false;
	json_object_del(progress, "id");
	buf_clear(&op->progress);
	json_write(progress, &op->progress);
	return true;
}

WAITS void operation_row_progress(struct operation *op, struct slice params)
{
	if (!keep_progress(op, params) ||
	    clock_ms() < op->progress_ms + PROGRESS_EVERY_MS)
		return;
	op->progress_ms = clock_ms();
	change(op,
	       "UPDATE operations SET progress = $3, updated_at = $4,"
	       " version = version + 1" OWN,
	       P_TEXT(op->progress.p));
}

/* ---- its end -------------------------------------------------------------------------- */

static const char *resource_of(struct operation *op)
{
	const char *id = json_str(op->args, "id", NULL);

	if (!id && op->state == STATE_SUCCEEDED)
		id = operation_value_id(&op->arena, buf_slice(&op->value));
	return id;
}

/* What quotas count. */
static void put_resource(struct operation *op, struct tx *tx, const char *id)
{
	const char *kind = operation_kind(&op->arena, op->method);
	const char *verb = operation_verb(op->method);

	if (op->state != STATE_SUCCEEDED || !id)
		return;
	if (!strcmp(verb, "create"))
		tx_put(tx,
		       "INSERT INTO resources (workspace_id, provider, kind,"
		       " id, credential_id, operation_id, created_at)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7)"
		       " ON CONFLICT DO NOTHING",
		       P_TEXT(op->workspace), P_TEXT(op->provider),
		       P_TEXT(kind), P_TEXT(id), P_TEXT(op->credential),
		       P_TEXT(op->id), P_INT(clock_wall_ms()));
	else if (!strcmp(verb, "delete"))
		tx_put(tx,
		       "DELETE FROM resources WHERE workspace_id = $1"
		       " AND provider = $2 AND kind = $3 AND id = $4",
		       P_TEXT(op->workspace), P_TEXT(op->provider),
		       P_TEXT(kind), P_TEXT(id));
}

static void audit_end(const struct operation *op, struct tx *tx,
		      const char *resource)
{
	struct trust *t = op->owner->trust;
	struct provider_info info = { 0 };
	struct audit_event event;
	AUTO_JSON json_t *more =
		op->who.user_id ? NULL
				: json_pack("{s:s}", "begun_by", op->user_id);

	registry_info_by_name(t->registry, op->provider, &info);
	event = event_of(op, &info);
	event.outcome = operation_state_name(op->state);
	event.target = resource;
	event.more = more;
	event.effect = "applied";
	if (op->state != STATE_SUCCEEDED) {
		event.reason = err_info(op->err.code)->name;
		event.effect = effect_name(op->err.effect);
	}
	audit_put(t, tx, &event);
}

/* Nothing that is still needed is kept sealed longer than it is needed. */
static void put_end(struct operation *op, struct tx *tx, const char *resource)
{
	bool ok = op->state == STATE_SUCCEEDED;
	AUTO(buf_done) struct buf sealed = { 0 };
	AUTO_JSON json_t *error = ok ? NULL : operation_error_write(&op->err);
	AUTO(buf_done) struct buf text = { 0 };

	if (error)
		json_write(error, &text);
	tx_put(tx,
	       "UPDATE operations SET state = $3, effect = $4, result = $5,"
	       " error = $6, progress = $7, resource_id = $8, updated_at = $9,"
	       " finished_at = $9, lease_until = 0,"
	       " version = version + 1" OWN,
	       P_TEXT(op->id), P_TEXT(op->owner->trust->host_id),
	       P_TEXT(operation_state_name(op->state)),
	       P_TEXT(ok ? "applied" : effect_name(op->err.effect)),
	       sealed_param(op, "result", buf_slice(&op->value), &sealed),
	       P_TEXT(text.p), P_TEXT(op->progress.p), P_TEXT(resource),
	       P_INT(clock_wall_ms()));
	tx_must(tx, ERR_CONFLICT, "another host has this operation");
	if (op->state == STATE_NEEDS_ATTENTION)
		return; /* a person needs what is known */
	tx_put(tx,
	       "UPDATE operations SET args = $2, checkpoint = NULL,"
	       " handle = NULL WHERE id = $1",
	       P_TEXT(op->id), P_BLOB(SLICE("")));
}

WAITS static bool write_end(struct operation *op, struct error *err)
{
	const char *resource = resource_of(op);
	struct tx *tx = begin(op);

	put_end(op, tx, resource);
	put_resource(op, tx, resource);
	if (op->err.effect == EFFECT_NONE && op->err.retryable)
		idempotency_release(op, tx);
	audit_end(op, tx, resource);
	die_at("operation.answered");
	return tx_commit(tx, err);
}

/* After a commit of which nobody knows whether it was one. */
WAITS static bool was_written(struct operation *op, struct error *err)
{
	struct rows rows;
	bool ended;

	if (!store_read(op->owner->trust->store, operation_scope(op->workspace),
			"SELECT state FROM operations WHERE id = $1"
			" AND owner = $2 AND finished_at IS NOT NULL",
			&rows, err, P_TEXT(op->id),
			P_TEXT(op->owner->trust->host_id)))
		return false;
	ended = rows.n > 0;
	rows_done(&rows);
	return ended;
}

/* One attempt; true: it is known how it went. */
WAITS static bool try_end(struct operation *op, bool *unsure)
{
	struct error err;

	if (write_end(op, &err)) {
		die_at("operation.finished");
		metric_add("skyclust_operations_total", "provider",
			   op->provider, "state",
			   operation_state_name(op->state), 1);
		log_info("operation ended", LOG_STR("provider", op->provider),
			 LOG_STR("method", op->method),
			 LOG_STR("state", operation_state_name(op->state)),
			 LOG_INT("ms", clock_wall_ms() - op->created_at));
		operation_set_phase(op, PHASE_ENDED);
		return true;
	}
	if (err.code == ERR_CONFLICT) {
		bool ours = *unsure && was_written(op, &err);

		if (!ours && err.code == ERR_STORE_UNAVAILABLE)
			return false;
		operation_set_phase(op, ours ? PHASE_ENDED : PHASE_LEFT);
		return true;
	}
	*unsure |= err.effect == EFFECT_UNKNOWN;
	log_warn("the end of an operation is not on the disk",
		 LOG_STR("provider", op->provider),
		 LOG_STR("method", op->method), LOG_ERR(&err));
	return false;
}

WAITS void operation_row_end(struct operation *op)
{
	int64_t pause = AGAIN_FIRST_MS;
	bool unsure = false;

	op->ending = true;
	while (!try_end(op, &unsure)) {
		if (!operation_nap(op, pause)) {
			operation_set_phase(op, PHASE_LEFT);
			return;
		}
		pause = pause * 2 > AGAIN_MOST_MS ? AGAIN_MOST_MS : pause * 2;
	}
}

/* ---- what should not have been ------------------------------------------------------ */

WAITS static bool try_revoke(struct operation *op)
{
	struct tx *tx = begin(op);
	struct error err;

	put_end(op, tx, NULL);
	idempotency_release(op, tx);
	audit_end(op, tx, NULL);
	return tx_commit(tx, &err) || err.code == ERR_CONFLICT;
}

WAITS void operation_row_revoke(struct operation *op)
{
	int64_t pause = AGAIN_FIRST_MS;

	op->ending = true;
	op->state = STATE_FAILED;
	op->err = op->refused;
	op->err.effect = EFFECT_NONE;
	while (!try_revoke(op) && operation_nap(op, pause))
		pause = pause * 2 > AGAIN_MOST_MS ? AGAIN_MOST_MS : pause * 2;
}

/* ---- reading one ---------------------------------------------------------------------- */

static bool unseal_column(struct operation *op, const char *column,
			  const struct rows *rows, size_t i, struct buf *out,
			  struct error *err)
{
	if (row_is_null(rows, i, column))
		return true;
	return operation_unseal(op->owner->trust, op->id, column, op->workspace,
				row_blob(rows, i, column), out, err);
}

static bool read_args(struct operation *op, const struct rows *rows, size_t i,
		      struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };

	if (!unseal_column(op, "args", rows, i, &text, err))
		return false;
	op->args = json_read(text.p, text.n, err);
	return op->args;
}

static const char *text_of(struct operation *op, const struct rows *rows,
			   size_t i, const char *column)
{
	return arena_strdup(&op->arena, row_text(rows, i, column));
}

bool operation_row_read(struct operation *op, const struct rows *rows, size_t i,
			struct error *err)
{
	text_copy(op->id, sizeof(op->id), row_text(rows, i, "id"));
	op->workspace = text_of(op, rows, i, "workspace_id");
	op->user_id = text_of(op, rows, i, "user_id");
	op->credential = text_of(op, rows, i, "credential_id");
	op->provider = text_of(op, rows, i, "provider");
	op->method = text_of(op, rows, i, "method");
	op->region = text_of(op, rows, i, "region");
	op->zone = text_of(op, rows, i, "zone");
	op->request_id = text_of(op, rows, i, "request_id");
	op->trace = text_of(op, rows, i, "trace");
	op->created_at = row_int(rows, i, "created_at");
	op->cancel.asked = row_int(rows, i, "cancel_requested");
	return read_args(op, rows, i, err) &&
	       unseal_column(op, "checkpoint", rows, i, &op->checkpoint, err) &&
	       unseal_column(op, "handle", rows, i, &op->handle, err);
}
