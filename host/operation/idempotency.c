/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same request
 * again, by the same user on the same route, gets the answer of the first.  What
 * was asked is known by a keyed digest, since it may hold a password.  A key
 * whose operation did nothing and may be tried again is given back.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/seal.h"

#define LOOK_AGAIN_MS 200 /* at an operation that another host runs */

/* ---- what was asked -------------------------------------------------------- */

/* The version of the MAC key, then the MAC. */
struct digest {
	unsigned char bytes[8 + MAC_SIZE];
};

/* Members in the order of their names, so that it does not matter how they were
 * ordered by the client. */
static bool digest_of(const struct operation *op, long long version,
		      struct digest *d)
{
	AUTO_JSON json_t *asked =
		json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:O}", "provider",
			  op->provider, "method", op->method, "workspace",
			  op->workspace, "region", op->region, "zone", op->zone,
			  "credential", op->credential, "args", op->args);
	char *text = json_dumps(asked, JSON_COMPACT | JSON_SORT_KEYS);
	bool ok = keyed_mac(op->owner->trust->keyring, version, slice_of(text),
			    d->bytes + 8);

	for (int i = 0; i < 8; i++)
		d->bytes[i] = (unsigned char)(version >> (56 - 8 * i));
	mem_wipe(text, strlen(text));
	mem_free(text);
	return ok;
}

static long long version_of(struct slice digest)
{
	long long version = 0;

	for (int i = 0; i < 8; i++)
		version = version << 8 | (unsigned char)digest.p[i];
	return version;
}

static struct slice slice_of_digest(const struct digest *d)
{
	return (struct slice){ (const char *)d->bytes, sizeof(d->bytes) };
}

void idempotency_put(struct operation *op, struct tx *tx)
{
	struct trust *t = op->owner->trust;
	struct digest d;

	digest_of(op, keyring_active(t->keyring, KEY_MAC)->version, &d);
	tx_put(tx,
	       "DELETE FROM idempotency_keys WHERE user_id = $1 AND route = $2"
	       " AND key = $3 AND expires_at < $4",
	       P_TEXT(op->user_id), P_TEXT(op->route), P_TEXT(op->key),
	       P_INT(op->created_at));
	tx_put(tx,
	       "INSERT INTO idempotency_keys (user_id, route, key, body,"
	       " operation_id, created_at, expires_at)"
	       " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
	       P_TEXT(op->user_id), P_TEXT(op->route), P_TEXT(op->key),
	       P_BLOB(slice_of_digest(&d)), P_TEXT(op->id),
	       P_INT(op->created_at),
	       P_INT(op->created_at + t->config->idempotency_keep_ms));
	tx_must(tx, ERR_CONFLICT, "the idempotency key \"%s\" is known",
		op->key);
}

void idempotency_release(const struct operation *op, struct tx *tx)
{
	tx_put(tx, "DELETE FROM idempotency_keys WHERE operation_id = $1",
	       P_TEXT(op->id));
}

/* ---- the same again ------------------------------------------------------------ */

static bool same_body(const struct operation *op, struct slice known,
		      struct error *err)
{
	struct digest d;

	if (known.n != sizeof(d.bytes) || !digest_of(op, version_of(known), &d))
		return fail(err, ERR_CONFLICT,
			    "the idempotency key \"%s\" was used before a key "
			    "of this installation was removed; take another",
			    op->key);
	if (memcmp(d.bytes, known.p, known.n) == 0)
		return true;
	return fail_at(err, ERR_INVALID, "/Idempotency-Key",
		       "the idempotency key \"%s\" was used for another "
		       "request: a new request needs a new key",
		       op->key);
}

/* The outcome as it stands in the row. */
static bool read_outcome(const struct operation *op, const struct rows *rows,
			 struct operation_outcome *o, struct error *err)
{
	const char *id = row_text(rows, 0, "operation_id");
	enum operation_state state;

	text_copy(o->id, sizeof(o->id), id);
	o->replayed = true;
	o->poll_after_ms = OPERATION_POLL_MS;
	if (!operation_state_from_name(row_text(rows, 0, "state"), &state))
		return fail(err, ERR_INTERNAL, "operation %s has no state", id);
	o->finished = state != STATE_RUNNING;
	o->failed = o->finished && state != STATE_SUCCEEDED;
	if (o->failed)
		operation_error_read(row_text(rows, 0, "error"), &o->error);
	if (row_is_null(rows, 0, "result"))
		return true;
	return operation_unseal(op->owner->trust, id, "result",
				row_text(rows, 0, "workspace_id"),
				row_blob(rows, 0, "result"), &o->value, err);
}

WAITS static bool look(const struct operation *op, struct operation_outcome *o,
		       bool *gone, struct error *err)
{
	struct rows rows = { 0 };
	bool ok;

	if (!store_read(op->owner->trust->store, NULL,
			"SELECT k.body, k.operation_id, o.state, o.result,"
			" o.error, o.workspace_id FROM idempotency_keys k"
			" JOIN operations o ON o.id = k.operation_id"
			" WHERE k.user_id = $1 AND k.route = $2"
			" AND k.key = $3",
			&rows, err, P_TEXT(op->user_id), P_TEXT(op->route),
			P_TEXT(op->key)))
		return false;
	*gone = !rows.n;
	if (rows.n)
		ok = same_body(op, row_blob(&rows, 0, "body"), err) &&
		     read_outcome(op, &rows, o, err);
	else
		ok = fail(err, ERR_CONFLICT,
			  "a request with the idempotency key \"%s\" is "
			  "being received; try again",
			  op->key);
	rows_done(&rows);
	return ok;
}

/* Wait for the end, or for a moment. */
WAITS static bool pause_for(const struct operation *op, const char *id,
			    int64_t deadline)
{
	struct operation *running = operation_find(op->owner, id);
	int64_t left = clock_left(deadline);
	bool ok;

	if (!running)
		return fiber_sleep(left < LOOK_AGAIN_MS
					   ? left
					   : LOOK_AGAIN_MS) != WAIT_CANCELLED;
	operation_ref(running);
	ok = operation_await(running, deadline);
	operation_unref(running);
	return ok;
}

WAITS bool idempotency_replay(const struct operation *op, int64_t deadline,
			      struct operation_outcome *o, bool *gone,
			      struct error *err)
{
	for (*gone = false;;) {
		if (!look(op, o, gone, err))
			return false;
		if (o->finished || clock_left(deadline) == 0)
			return true;
		if (!pause_for(op, o->id, deadline))
			return fail(err, ERR_CANCELLED, "the client is gone");
	}
}
