/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/lockout.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "identity/identity_impl.h"

#define FIRST_WAIT_MS 1000LL
#define FORGET_MS (24LL * 3600 * 1000) /* after the last failure */
#define TURN_MS 10000		       /* for the attempts before this one */

/* Whoever has one address of IPv6 has the 2^64 of its network. */
static void read_source(const char *source, char *out, size_t size)
{
	struct in6_addr a;

	if (source && inet_pton(AF_INET6, source, &a) == 1 &&
	    !IN6_IS_ADDR_V4MAPPED(&a)) {
		memset(a.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &a, out, (socklen_t)size);
	} else {
		text_copy(out, size, source ? source : "");
	}
}

/* ---- turns ------------------------------------------------------------------- */

static bool is_same(const struct lockout *a, const struct lockout *b)
{
	return !strcmp(a->account, b->account) && !strcmp(a->source, b->source);
}

static bool is_under_way(struct identity *id, const struct lockout *l)
{
	const struct lockout *other;

	list_each (other, &id->attempts, struct lockout, link)
		if (is_same(other, l))
			return true;
	return false;
}

static bool fail_locked(int64_t wait_ms, struct error *err)
{
	long long seconds = (wait_ms + 999) / 1000;

	fail(err, ERR_LIMITED,
	     "too many failed log-ins for this account from this address; try "
	     "again in %lld s",
	     seconds);
	if (err)
		err->retry_after_ms = (int)(seconds * 1000);
	return false;
}

WAITS static bool take_turn(struct identity *id, struct lockout *l,
			    struct error *err)
{
	int64_t deadline = clock_ms() + TURN_MS;
	enum fiber_wait wait = WAIT_WOKEN;

	while (wait == WAIT_WOKEN && is_under_way(id, l))
		wait = cond_wait(&id->attempt_ended, deadline);
	if (wait != WAIT_WOKEN)
		return fail_locked(FIRST_WAIT_MS, err);
	list_add_tail(&id->attempts, &l->link);
	return true;
}

WAITS static bool is_free(struct trust *t, const struct lockout *l,
			  struct error *err)
{
	struct rows rows = { 0 };
	int64_t until = 0, now = clock_wall_ms();

	if (!store_read(t->store, NULL,
			"SELECT locked_until FROM login_failures"
			" WHERE account = $1 AND source = $2",
			&rows, err, P_TEXT(l->account), P_TEXT(l->source)))
		return false;
	if (rows.n)
		until = row_int(&rows, 0, "locked_until");
	rows_done(&rows);
	return until <= now || fail_locked(until - now, err);
}

WAITS bool lockout_enter(struct trust *t, struct lockout *l,
			 const char *account, const struct actor *who,
			 struct error *err)
{
	l->account = account;
	read_source(who->source, l->source, sizeof(l->source));
	if (!take_turn(t->identity, l, err))
		return false;
	if (is_free(t, l, err))
		return true;
	lockout_leave(t, l);
	return false;
}

void lockout_leave(struct trust *t, struct lockout *l)
{
	list_del(&l->link);
	cond_broadcast(&t->identity->attempt_ended);
}

/* ---- counting ---------------------------------------------------------------- */

static int64_t wait_after(const struct config *c, int64_t failures)
{
	int64_t wait = FIRST_WAIT_MS;

	if (failures < c->lockout_failures)
		return 0;
	for (int64_t i = c->lockout_failures;
	     i < failures && wait < c->lockout_max_ms; i++)
		wait *= 2;
	return wait < c->lockout_max_ms ? wait : c->lockout_max_ms;
}

WAITS bool lockout_count(struct trust *t, struct tx *tx,
			 const struct lockout *l, struct error *err)
{
	int64_t now = clock_wall_ms(), wait;
	struct rows rows = { 0 };

	if (!tx_query(
		    tx,
		    "INSERT INTO login_failures"
		    " (account, source, failures, last_at, locked_until)"
		    " VALUES ($1, $2, 1, $3, 0)"
		    " ON CONFLICT (account, source) DO UPDATE SET last_at = $3,"
		    " failures = CASE WHEN login_failures.last_at < $4 THEN 1"
		    " ELSE login_failures.failures + 1 END"
		    " RETURNING failures",
		    &rows, err, P_TEXT(l->account), P_TEXT(l->source),
		    P_INT(now), P_INT(now - FORGET_MS)))
		return false;
	wait = wait_after(t->config, row_int(&rows, 0, "failures"));
	rows_done(&rows);
	if (wait)
		tx_put(tx,
		       "UPDATE login_failures SET locked_until = $1"
		       " WHERE account = $2 AND source = $3",
		       P_INT(now + wait), P_TEXT(l->account),
		       P_TEXT(l->source));
	return true;
}

void lockout_clear(struct tx *tx, const struct lockout *l)
{
	tx_put(tx,
	       "DELETE FROM login_failures WHERE account = $1 AND source = $2",
	       P_TEXT(l->account), P_TEXT(l->source));
}

void lockout_sweep(struct tx *tx, int64_t now)
{
	tx_put(tx,
	       "DELETE FROM login_failures"
	       " WHERE last_at < $1 AND locked_until < $2",
	       P_INT(now - FORGET_MS), P_INT(now));
}
