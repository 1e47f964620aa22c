/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A request passes three gates.  The bucket says how many may come over time.
 * The number at once says how many may be here.  The last gate is for all
 * tenants together: no more than limits.at_work requests are at work in the
 * host, and a tenant has no more of these than are still free.  So one tenant
 * alone gets half of them, two a third each, and whoever comes new finds a
 * place at once (the rule is that of dynamic thresholds for shared buffers,
 * Choudhury and Hahne 1998).  When there are so many tenants that nothing is
 * free, those who wait are let in one by one, round robin over the tenants,
 * whatever the length of each one's queue.
 */
#include "limit/limit.h"

#include "base/clock.h"
#include "base/fiber.h"
#include "base/mem.h"
#include "limit/tenant.h"
#include "metrics.h"

#define MILLION 1000000LL
#define ATTEMPT_SECONDS 10 /* of attempts that fit into a bucket */
#define LATE_S 30	   /* the latest that anybody is refused */

/* Refusals of one tenant in a second; the first ones at once. */
static const struct bucket_size patience = { .rate = 50, .burst = 20 };

struct limits {
	struct bucket_size requests; /* of a tenant */
	struct bucket_size attempts; /* that failed, of a source address */
	unsigned at_once;	     /* requests of one tenant */
	unsigned at_work;	     /* of all */
	unsigned working, waiting;
	struct list turns; /* tenants of whom somebody waits, next one first */
	struct tenants tenants, sources;
};

/* A request that waits for its turn; on its fiber's stack. */
struct waiter {
	struct list link;
	struct fiber *fiber;
	bool granted;
};

/* ---- turns --------------------------------------------------------------- */

static bool may_work(const struct limits *l, const struct tenant *t)
{
	return l->working < l->at_work && t->working < l->at_work - l->working;
}

static void begin_work(struct limits *l, struct tenant *t)
{
	t->working++;
	l->working++;
}

static void stop_waiting(struct limits *l, struct tenant *t, struct waiter *w)
{
	list_del(&w->link);
	t->waiting--;
	l->waiting--;
	if (!t->waiting)
		list_del(&t->turn);
}

/* The turn of @t: one of its requests goes on, the next turn is another's. */
static void grant(struct limits *l, struct tenant *t)
{
	struct waiter *w = list_first(&t->waiters, struct waiter, link);

	list_del(&t->turn);
	list_add_tail(&l->turns, &t->turn);
	stop_waiting(l, t, w);
	begin_work(l, t);
	w->granted = true;
	fiber_wake(w->fiber);
}

/* One turn for each tenant that may have one; false: none may. */
static bool grant_round(struct limits *l)
{
	size_t before = l->waiting;
	struct tenant *t, *tmp;

	list_each_safe (t, tmp, &l->turns, struct tenant, turn) {
		if (l->working >= l->at_work)
			break;
		if (may_work(l, t))
			grant(l, t);
	}
	return l->waiting < before;
}

static void grant_turns(struct limits *l)
{
	while (grant_round(l))
		;
}

static bool fail_waiting(enum fiber_wait why, struct error *err)
{
	if (why == WAIT_CANCELLED)
		return fail(err, ERR_CANCELLED, "the client is gone");
	return fail(err, ERR_DEADLINE,
		    "the host was so busy that the request's turn did not "
		    "come in time; try again later");
}

WAITS static bool await_turn(struct limits *l, struct tenant *t,
			     int64_t deadline, struct error *err)
{
	struct waiter w = { .fiber = fiber_self() };
	enum fiber_wait why = WAIT_WOKEN;

	list_add_tail(&t->waiters, &w.link);
	if (!t->waiting++)
		list_add_tail(&l->turns, &t->turn);
	l->waiting++;
	while (!w.granted && why == WAIT_WOKEN)
		why = fiber_park(deadline);
	if (w.granted)
		return true;
	stop_waiting(l, t, &w);
	return fail_waiting(why, err);
}

/* ---- refusals ------------------------------------------------------------ */

/* Who asks again and again without a pause gets its refusals one after the
 * other, so that they cost the host the same however many connections it has:
 * these are not read meanwhile.  One after the other and not all after the
 * same time, as they would all come back together. */
WAITS static void delay(struct tenant *t, int64_t deadline)
{
	int64_t left = clock_left(deadline), late;

	bucket_fill(&t->refusals, &patience);
	bucket_owe(&t->refusals, 1, LATE_S * patience.rate);
	if (t->refusals.level >= 0)
		return;
	late = bucket_wait(&t->refusals, &patience, 0);
	fiber_sleep(left >= 0 && left < late ? left : late);
}

WAITS static bool refuse(struct tenant *t, const char *why, int after_ms,
			 int64_t deadline, struct error *err)
{
	metric_add("skyclust_limited_total", "reason", why, NULL, NULL, 1);
	err->retry_after_ms = after_ms;
	delay(t, deadline);
	return false;
}

/* ---- a request ----------------------------------------------------------- */

static void tell(const struct bucket *b, const struct bucket_size *size,
		 struct limit_state *state)
{
	int64_t missing = size->burst * MILLION - b->level;
	int64_t second = size->rate * MILLION;

	state->quota = size->burst;
	state->window_s = (size->burst + size->rate - 1) / size->rate;
	state->remaining = b->level > 0 ? b->level / MILLION : 0;
	state->reset_s = (missing + second - 1) / second;
}

/* The first two gates. */
WAITS static bool admit(struct limits *l, struct tenant *t, int64_t deadline,
			struct limit_state *state, struct error *err)
{
	bool crowded = t->working + t->waiting >= l->at_once, taken;

	bucket_fill(&t->requests, &l->requests);
	taken = !crowded && bucket_take(&t->requests);
	tell(&t->requests, &l->requests, state);
	if (taken)
		return true;
	if (crowded) {
		fail(err, ERR_LIMITED,
		     "%u requests of yours are worked on already; wait for "
		     "answers before asking more",
		     l->at_once);
		return refuse(t, "requests", 1000, deadline, err);
	}
	fail(err, ERR_LIMITED,
	     "more than %lld requests per second; see the header Retry-After",
	     l->requests.rate);
	return refuse(t, "rate", bucket_wait(&t->requests, &l->requests, 1),
		      deadline, err);
}

WAITS bool limit_enter(struct limits *l, const char *tenant, int64_t deadline,
		       struct limit_state *state, struct error *err)
{
	struct tenant *t =
		tenant_get(&l->tenants, tenant, &l->requests, &patience);

	if (admit(l, t, deadline, state, err)) {
		if (may_work(l, t)) {
			begin_work(l, t);
			return true;
		}
		if (await_turn(l, t, deadline, err))
			return true;
	}
	tenant_drop(&l->tenants, t);
	return false;
}

void limit_leave(struct limits *l, const char *tenant)
{
	struct tenant *t = tenant_find(&l->tenants, tenant);

	if (!t)
		return;
	t->working--;
	l->working--;
	tenant_drop(&l->tenants, t); /* what limit_enter() held … */
	tenant_drop(&l->tenants, t); /* … and what tenant_find() did */
	grant_turns(l);
}

/* ---- before anybody is known --------------------------------------------- */

static bool is_exempt(const char *source)
{
	return !strcmp(source, "unix");
}

WAITS bool limit_attempt(struct limits *l, const char *source, int64_t deadline,
			 struct error *err)
{
	struct tenant *t;

	if (is_exempt(source))
		return true;
	t = tenant_find(&l->sources, source);
	if (!t)
		return true;
	bucket_fill(&t->requests, &l->attempts);
	if (t->requests.level < MILLION) {
		fail(err, ERR_LIMITED,
		     "too many wrong tokens or passwords from %s; see the "
		     "header Retry-After",
		     source);
		refuse(t, "attempts",
		       bucket_wait(&t->requests, &l->attempts, 1), deadline,
		       err);
		tenant_drop(&l->sources, t);
		return false;
	}
	tenant_drop(&l->sources, t);
	return true;
}

void limit_failed(struct limits *l, const char *source, unsigned cost)
{
	struct tenant *t;

	if (is_exempt(source))
		return;
	t = tenant_get(&l->sources, source, &l->attempts, &patience);
	bucket_fill(&t->requests, &l->attempts);
	bucket_owe(&t->requests, cost, l->attempts.burst);
	tenant_drop(&l->sources, t);
}

/* ---- life ---------------------------------------------------------------- */

void limit_count(const struct limits *l, struct limit_counts *counts)
{
	*counts = (struct limit_counts){
		.tenants = l->tenants.count + l->sources.count,
		.working = l->working,
		.waiting = l->waiting,
	};
}

/* By then a bucket is full again that was as far below nothing as it may. */
static int64_t time_to_fill(const struct bucket_size *size)
{
	return 2 * (size->burst / size->rate + 1) * MILLION;
}

void limits_reload(struct limits *l, const struct config *config)
{
	l->requests = (struct bucket_size){ .rate = config->tenant_rate,
					    .burst = config->tenant_burst };
	l->attempts = (struct bucket_size){
		.rate = config->attempt_rate,
		.burst = config->attempt_rate * ATTEMPT_SECONDS,
	};
	l->at_once = (unsigned)config->tenant_requests;
	l->at_work = (unsigned)config->requests_at_work;
	l->tenants.forget_us = time_to_fill(&l->requests);
	l->sources.forget_us = time_to_fill(&l->attempts);
	grant_turns(l);
}

struct limits *limits_new(const struct config *config)
{
	struct limits *l = mem_alloc(sizeof(*l));

	list_init(&l->turns);
	tenants_init(&l->tenants);
	tenants_init(&l->sources);
	limits_reload(l, config);
	return l;
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	tenants_done(&l->tenants);
	tenants_done(&l->sources);
	mem_free(l);
}
