/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets which connection, and what happens when the database is away.
 *
 * Fibers take turns in the order they came.  An outage that is shorter than
 * store.timeout is waited out; while a longer one lasts, everybody is told at
 * once.  One fiber tries to connect, at growing intervals, until it succeeds or
 * another connection answers: nobody has to ask for the store to heal.
 */
#include <poll.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/postgres.h"

#define HEAL_MIN_MS 50
#define HEAL_MAX_MS 2000

/* A fiber in the queue. */
struct waiter {
	struct list link;
	struct cond turn;
	bool writes;
	bool granted;
	struct pg_conn *conn; /* NULL when granted: it may make one */
};

/* ---- turns ---------------------------------------------------------------- */

static bool may_have(const struct pg *pg, const struct waiter *w)
{
	return !w->writes || pg->alone || pg->writing + 1 < pg->max;
}

/* Take one that is there, or the right to make one. */
static bool grant(struct pg *pg, struct waiter *w)
{
	w->conn = list_first(&pg->idle, struct pg_conn, link);
	if (w->conn)
		list_del(&w->conn->link);
	else if (pg->up && pg->live < pg->max)
		pg->live++;
	else
		return false;
	pg->writing += w->writes;
	w->granted = true;
	list_del(&w->link);
	cond_signal(&w->turn);
	return true;
}

static void serve(struct pg *pg)
{
	struct waiter *w, *next;

	list_each_safe (w, next, &pg->waiters, struct waiter, link)
		if (may_have(pg, w) && !grant(pg, w))
			return;
}

static void close_conn(struct pg *pg, struct pg_conn *c)
{
	pg->writing -= c->writes;
	pg->live--;
	pg_conn_free(c);
}

void pg_answered(struct pg *pg)
{
	if (pg->up)
		return;
	pg->up = true;
	backoff_settled(&pg->backoff);
	log_info("the database is back",
		 LOG_INT("after_ms", clock_ms() - pg->down_at));
}

void pg_put(struct pg *pg, struct pg_conn *c)
{
	pg->writing -= c->writes;
	c->writes = false;
	list_add_head(&pg->idle, &c->link);
	serve(pg);
}

/* ---- outages -------------------------------------------------------------- */

static WAITS bool try_to_connect(struct pg *pg, struct error *err)
{
	struct pg_conn *c;

	if (pg->live == pg->max) /* those that are there will tell */
		return false;
	pg->live++;
	c = pg_connect(pg, clock_ms() + pg->timeout_ms, err);
	if (!c) {
		pg->live--;
		return false;
	}
	pg_answered(pg);
	pg_put(pg, c);
	return true;
}

static int64_t next_delay(struct pg *pg)
{
	uint32_t random = 0;
	int64_t ms;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)clock_us();
	ms = backoff_died(&pg->backoff, clock_ms(), random);
	/* Nobody gives up the database. */
	return ms < 0 ? HEAL_MAX_MS - random % (HEAL_MAX_MS / 5) : ms;
}

WAITS static void heal(void *arg)
{
	struct pg *pg = arg;
	struct error err;

	while (!pg->up && !pg->closing && !try_to_connect(pg, &err))
		store_wait(&pg->stop, &pg->closing,
			   clock_ms() + next_delay(pg));
	pg->at_rest = true;
	cond_broadcast(&pg->stopped);
}

static void start_healing(struct pg *pg)
{
	if (pg->at_rest && !pg->closing)
		pg->at_rest = !fiber_spawn("store.heal", heal, pg);
}

static void note_loss(struct pg *pg, const struct error *err)
{
	text_copy(pg->reason, sizeof(pg->reason), err->message);
	if (pg->up) {
		pg->up = false;
		pg->down_at = clock_ms();
		if (*pg->version) /* else it is being opened */
			log_warn("the database is lost", LOG_ERR(err));
	}
	start_healing(pg);
}

void pg_drop(struct pg *pg, struct pg_conn *c, const struct error *err)
{
	close_conn(pg, c);
	if (err)
		note_loss(pg, err);
	serve(pg);
}

/* ---- getting one ---------------------------------------------------------- */

static bool fail_now(const struct pg *pg, struct error *err)
{
	return store_unavailable(err, "the database is down for %lld s: %s",
				 (long long)(clock_ms() - pg->down_at) / 1000,
				 pg->reason);
}

static bool fail_late(const struct pg *pg, struct error *err)
{
	if (!pg->up)
		return fail_now(pg, err);
	return store_unavailable(
		err,
		"none of the %u connections to the database became free "
		"within %lld ms; see store.pool",
		pg->max, (long long)pg->timeout_ms);
}

static WAITS bool wait_turn(struct pg *pg, struct waiter *w, int64_t deadline,
			    struct error *err)
{
	*w = (struct waiter){ .writes = w->writes };
	cond_init(&w->turn);
	list_add_tail(&pg->waiters, &w->link);
	serve(pg);
	if (w->granted)
		return true;
	if (!pg->up && clock_ms() - pg->down_at > pg->timeout_ms) {
		list_del(&w->link);
		start_healing(pg);
		return fail_now(pg, err);
	}
	if (store_wait(&w->turn, &w->granted, deadline))
		return true;
	list_del(&w->link);
	return fail_late(pg, err);
}

/* The server says nothing unasked but that it goes: whoever can be read from
 * is about to break. */
static bool is_stale(const struct pg_conn *c)
{
	struct pollfd fd = { .fd = PQsocket(c->pq), .events = POLLIN };

	return c->broken || PQstatus(c->pq) == CONNECTION_BAD ||
	       poll(&fd, 1, 0) != 0;
}

static WAITS struct pg_conn *make(struct pg *pg, bool writes, int64_t deadline,
				  struct error *err)
{
	struct error unheard;
	struct pg_conn *c;

	err = err ? err : &unheard;
	c = pg_connect(pg, deadline, err);
	if (c) {
		pg_answered(pg);
		c->writes = writes;
		return c;
	}
	pg->live--;
	pg->writing -= writes;
	note_loss(pg, err);
	serve(pg);
	return NULL;
}

WAITS struct pg_conn *pg_get(struct pg *pg, bool writes, int64_t deadline,
			     struct error *err)
{
	struct waiter w = { .writes = writes };

	while (wait_turn(pg, &w, deadline, err)) {
		if (!w.conn)
			return make(pg, writes, deadline, err);
		w.conn->writes = writes;
		if (pg_settle(w.conn, deadline) && !is_stale(w.conn))
			return w.conn;
		pg_drop(pg, w.conn, NULL);
	}
	return NULL;
}

/* ---- life ----------------------------------------------------------------- */

void pg_pool_init(struct pg *pg)
{
	list_init(&pg->idle);
	list_init(&pg->waiters);
	cond_init(&pg->stop);
	cond_init(&pg->stopped);
	backoff_init(&pg->backoff, 0, 0, HEAL_MIN_MS, HEAL_MAX_MS);
	pg->up = true; /* until one has tried */
	pg->at_rest = true;
}

WAITS void pg_pool_close(struct pg *pg)
{
	struct pg_conn *c;

	pg->closing = true;
	cond_broadcast(&pg->stop);
	store_wait(&pg->stopped, &pg->at_rest, 0);
	while ((c = list_first(&pg->idle, struct pg_conn, link))) {
		list_del(&c->link);
		close_conn(pg, c);
	}
	backoff_done(&pg->backoff);
}
