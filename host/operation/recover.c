/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases.  An operation belongs to the process that is named in its row until
 * the time that stands there; who runs it renews that time, for all of its own
 * in one statement.  A process that dies renews nothing, and the next one that
 * looks takes what ran out.  An embedded store has one process only: what is
 * not its own at the start is nobody's any more.
 *
 * The hosts of one installation must agree on the time of day to within a small
 * part of operations.lease.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define RENEW_PARTS 3	   /* of a lease, until it is renewed */
#define TAKE_MOST 64	   /* at once */
#define INHERITED_MOST 512 /* under way at a time */
#define SWEEP_EVERY_MS (60 * 1000)

static int64_t lease_ms(const struct operations *all)
{
	return all->trust->config->operation_lease_ms;
}

int64_t operation_lease_until(const struct operations *all)
{
	return clock_wall_ms() + lease_ms(all);
}

/* ---- taking over ---------------------------------------------------------------- */

WAITS static void live_on(void *arg)
{
	struct operation *op = arg;

	log_set_context("operation", op->id);
	log_info("operation taken over", LOG_STR("provider", op->provider),
		 LOG_STR("method", op->method));
	operation_settle(op);
	log_set_context(NULL, NULL);
	operation_leave(op);
}

/* What is in @rows is ours from now on. */
static void adopt(struct operations *all, const struct rows *rows, size_t i,
		  int64_t lease)
{
	struct operation *op = operation_new(all);

	if (!operation_row_read(op, rows, i, &op->err))
		log_error("an operation cannot be read",
			  LOG_STR("operation", op->id), LOG_ERR(&op->err));
	op->inherited = true;
	op->phase = PHASE_UNDER_WAY;
	op->since_ms = clock_ms();
	op->lease_ms = lease;
	op->fiber = fiber_spawn("operation", live_on, op);
	if (op->fiber)
		operation_enter(op);
	else
		all->strays = true;
	operation_unref(op);
}

/* Take at most TAKE_MOST operations whose lease ended before @before; false:
 * the store is down, or there are no more. */
WAITS static bool take(struct operations *all, int64_t before)
{
	struct tx *tx = tx_begin(all->trust->store, NULL);
	int64_t lease = clock_ms() + lease_ms(all);
	struct rows rows = { 0 };
	struct error err;
	bool ok;

	ok = tx_query(tx,
		      "UPDATE operations SET owner = $1, lease_until = $2,"
		      " attempt = attempt + 1, version = version + 1"
		      " WHERE state = 'running' AND owner <> $1"
		      " AND lease_until < $3 AND id IN"
		      " (SELECT id FROM operations WHERE state = 'running'"
		      " AND owner <> $1 AND lease_until < $3"
		      " ORDER BY created_at LIMIT $4)"
		      " RETURNING " OPERATION_ROW,
		      &rows, &err, P_TEXT(all->trust->host_id),
		      P_INT(operation_lease_until(all)), P_INT(before),
		      P_INT(TAKE_MOST));
	if (!ok) {
		tx_abort(tx);
		return false;
	}
	ok = tx_commit(tx, &err);
	for (size_t i = 0; ok && i < rows.n; i++)
		adopt(all, &rows, i, lease);
	ok = ok && rows.n == TAKE_MOST;
	rows_done(&rows);
	return ok;
}

static size_t count_inherited(const struct operations *all)
{
	const struct operation *op;
	size_t n = 0;

	list_each (op, &all->all, struct operation, link)
		n += op->inherited;
	return n;
}

WAITS static void take_over(struct operations *all, int64_t before)
{
	while (!all->stopping && count_inherited(all) < INHERITED_MOST &&
	       take(all, before))
		;
}

/* ---- one's own -------------------------------------------------------------------- */

/* A row that is ours and that nobody runs. */
WAITS static void run_stray(struct operations *all, const char *id,
			    int64_t lease)
{
	struct rows rows = { 0 };
	struct error err;

	if (!store_read(all->trust->store, NULL,
			"SELECT " OPERATION_ROW " FROM operations"
			" WHERE id = $1 AND owner = $2 AND state = 'running'",
			&rows, &err, P_TEXT(id), P_TEXT(all->trust->host_id)))
		return;
	if (rows.n && !operation_find(all, id))
		adopt(all, &rows, 0, lease);
	rows_done(&rows);
}

/* Those that were renewed until @lease; the others of @asked are lost. */
WAITS static void take_note(struct operations *all, const struct rows *rows,
			    int64_t lease)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct operation *op =
			operation_find(all, row_text(rows, i, "id"));

		if (!op) {
			run_stray(all, row_text(rows, i, "id"), lease);
			continue;
		}
		op->lease_ms = lease;
		if (row_int(rows, i, "cancel_requested") && !op->cancel.asked)
			driver_cancel(&op->cancel);
	}
}

static void drop_lost(struct operations *all, int64_t asked, int64_t lease)
{
	struct operation *op;

	list_each (op, &all->all, struct operation, link) {
		if (op->phase != PHASE_UNDER_WAY || op->ending || op->lost ||
		    op->since_ms >= asked || op->lease_ms >= lease)
			continue;
		op->lost = true;
		log_warn("another host has this operation now",
			 LOG_STR("operation", op->id));
	}
}

WAITS static void renew(struct operations *all)
{
	int64_t asked = clock_ms(), lease = asked + lease_ms(all);
	struct tx *tx;
	struct rows rows = { 0 };
	struct error err;

	if (list_empty(&all->all) && !all->strays)
		return;
	tx = tx_begin(all->trust->store, NULL);
	if (!tx_query(tx,
		      "UPDATE operations SET lease_until = $1"
		      " WHERE owner = $2 AND state = 'running'"
		      " RETURNING id, cancel_requested",
		      &rows, &err, P_INT(operation_lease_until(all)),
		      P_TEXT(all->trust->host_id))) {
		tx_abort(tx);
	} else if (tx_commit(tx, &err)) {
		all->strays = false;
		take_note(all, &rows, lease);
		drop_lost(all, asked, lease);
	}
	rows_done(&rows);
}

/* ---- what is over -------------------------------------------------------------------- */

/* What needs a person stays until a person has looked. */
WAITS static void sweep(struct operations *all)
{
	const struct config *config = all->trust->config;
	int64_t now = clock_wall_ms();
	struct error err;
	struct tx *tx;

	if (all->swept_ms && clock_ms() < all->swept_ms + SWEEP_EVERY_MS)
		return;
	all->swept_ms = clock_ms();
	tx = tx_begin(all->trust->store, NULL);
	tx_put(tx, "DELETE FROM idempotency_keys WHERE expires_at < $1",
	       P_INT(now));
	tx_put(tx,
	       "DELETE FROM operations WHERE finished_at < $1"
	       " AND state <> 'needs_attention' AND id NOT IN"
	       " (SELECT operation_id FROM idempotency_keys"
	       " WHERE operation_id IS NOT NULL)",
	       P_INT(now - config->operation_keep_ms));
	if (!tx_commit(tx, &err))
		log_warn("old operations were not removed", LOG_ERR(&err));
}

/* ---- the keeper -------------------------------------------------------------------------- */

static bool is_embedded(const struct operations *all)
{
	return text_starts(store_engine(all->trust->store), "SQLite");
}

WAITS void operation_keep(void *arg)
{
	struct operations *all = arg;

	take_over(all, is_embedded(all) ? INT64_MAX : clock_wall_ms());
	while (!all->stopping) {
		renew(all);
		take_over(all, clock_wall_ms());
		sweep(all);
		if (!all->stopping)
			cond_wait(&all->stop,
				  clock_ms() + lease_ms(all) / RENEW_PARTS);
	}
	all->keeper = NULL;
	cond_broadcast(&all->quiet);
}
