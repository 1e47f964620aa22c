/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on a clock that the test moves.  Fairness is told by the order in
 * which requests are let in, not by time.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/loop.h"
#include "base/mem.h"
#include "limit/limit.h"
#include "limit/tenant.h"

#define RATE 10
#define BURST 5
#define PATIENCE 20  /* refusals of one tenant that are answered at once */
#define LATER 20     /* ms between further ones */
#define LATEST 30000 /* ms until the last of them */

static struct config config;
static struct limits *limits;
static struct limit_state state;
static struct error err;

/* ---- requests in fibers ---------------------------------------------------- */

#define MOST 2000

struct ask {
	char tenant[8];
	int64_t deadline;
	struct fiber *fiber;
	struct error err;
	bool in, out;
};

static struct ask asks[MOST];
static size_t asked, over; /* requests, and those that are answered */
static size_t order[MOST], let_in; /* which were let in, one after the other */
static size_t ended;		   /* of those, by end_one() */

static void ask(void *arg)
{
	struct ask *a = arg;
	struct limit_state s;

	a->in = limit_enter(limits, a->tenant, a->deadline, &s, &a->err);
	if (a->in)
		order[let_in++] = (size_t)(a - asks);
	a->out = !a->in;
	over++;
}

static struct ask *add(const char *tenant, int64_t deadline)
{
	struct ask *a = &asks[asked++];

	assert_true(asked <= MOST);
	*a = (struct ask){ .deadline = deadline };
	snprintf(a->tenant, sizeof(a->tenant), "%s", tenant);
	a->fiber = fiber_spawn("ask", ask, a);
	assert_non_null(a->fiber);
	return a;
}

static void leave(struct ask *a)
{
	assert_true(a->in && !a->out);
	a->out = true;
	limit_leave(limits, a->tenant);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* Until nothing moves any more. */
static void settle(void)
{
	loop_run_until(never, NULL, clock_ms());
}

/* The one that works longest ends. */
static void end_one(void)
{
	assert_true(ended < let_in);
	leave(&asks[order[ended++]]);
	settle();
}

static void end_all(void)
{
	while (ended < let_in)
		end_one();
	assert_int_equal(over, asked);
}

/* ---- set-up ---------------------------------------------------------------- */

static int setup(void **unused)
{
	(void)unused;
	loop_init();
	clock_set_virtual(1000000);
	config = (struct config){
		.tenant_rate = RATE,
		.tenant_burst = BURST,
		.tenant_requests = 1000,
		.requests_at_work = 100,
		.attempt_rate = 100,
	};
	limits = limits_new(&config);
	asked = over = let_in = ended = 0;
	return 0;
}

static int teardown(void **unused)
{
	struct limit_counts counts;

	(void)unused;
	limit_count(limits, &counts);
	assert_int_equal(counts.working, 0);
	assert_int_equal(counts.waiting, 0);
	limits_free(limits);
	clock_set_real();
	loop_done();
	fiber_done();
	return 0;
}

static void reconfigure(long long burst, long long at_once, long long at_work)
{
	config.tenant_burst = burst;
	config.tenant_rate = burst;
	config.tenant_requests = at_once;
	config.requests_at_work = at_work;
	limits_reload(limits, &config);
}

/* One request that is over at once; outside of any fiber, so it must neither
 * wait for its turn nor be refused late. */
static bool pass(const char *tenant)
{
	bool ok = limit_enter(limits, tenant, 0, &state, &err);

	if (ok)
		limit_leave(limits, tenant);
	return ok;
}

static int pass_many(const char *tenant, int n)
{
	int passed = 0;

	while (n--)
		passed += pass(tenant);
	return passed;
}

/* ---- the bucket ------------------------------------------------------------ */

static void test_rate(void **unused)
{
	(void)unused;
	assert_int_equal(pass_many("a", BURST + 3), BURST);
	assert_int_equal(err.code, ERR_LIMITED);
	assert_int_equal(err.retry_after_ms, 1000 / RATE);
	clock_advance(1000 / RATE - 1);
	assert_false(pass("a"));
	clock_advance(1);
	assert_true(pass("a"));
	assert_false(pass("a"));
	clock_advance(350);
	assert_int_equal(pass_many("a", 6), 3);
}

static void test_full_is_full(void **unused)
{
	(void)unused;
	assert_true(pass("a"));
	clock_advance(1000000000);
	assert_int_equal(pass_many("a", BURST + 3), BURST);
}

static void test_tenants_have_their_own(void **unused)
{
	(void)unused;
	assert_int_equal(pass_many("a", BURST + 1), BURST);
	assert_int_equal(pass_many("b", BURST + 1), BURST);
}

/* 5 tokens at 10 a second: full in half a second, told in whole ones. */
static void test_state(void **unused)
{
	(void)unused;
	assert_true(pass("a"));
	assert_int_equal(state.quota, BURST);
	assert_int_equal(state.window_s, 1);
	assert_int_equal(state.remaining, BURST - 1);
	assert_int_equal(state.reset_s, 1);
	pass_many("a", BURST);
	assert_int_equal(state.remaining, 0);
	config.tenant_burst = 35;
	limits_reload(limits, &config);
	assert_false(pass("a"));
	assert_int_equal(state.quota, 35);
	assert_int_equal(state.window_s, 4);
	assert_int_equal(state.reset_s, 4);
	clock_advance(10000);
	assert_true(pass("a"));
	assert_int_equal(state.remaining, 34);
}

static void test_less_after_reload(void **unused)
{
	(void)unused;
	assert_true(pass("a"));
	config.tenant_burst = 2;
	limits_reload(limits, &config);
	assert_int_equal(pass_many("a", BURST), 2);
}

/* ---- how many at once ------------------------------------------------------ */

static void test_requests_at_once(void **unused)
{
	(void)unused;
	reconfigure(100, 3, 100);
	for (int i = 0; i < 3; i++)
		add("a", 0);
	settle();
	assert_int_equal(let_in, 3);
	assert_false(pass("a"));
	assert_int_equal(err.code, ERR_LIMITED);
	assert_int_equal(err.retry_after_ms, 1000);
	assert_int_equal(state.remaining, 97);
	assert_true(pass("b"));
	end_one();
	assert_true(pass("a"));
	end_all();
}

/* Those who wait count, too. */
static void test_waiting_ones_count(void **unused)
{
	(void)unused;
	reconfigure(100, 3, 1);
	for (int i = 0; i < 4; i++)
		add("a", 0);
	settle();
	assert_int_equal(let_in, 1);
	assert_int_equal(over, 2);
	assert_int_equal(asks[3].err.code, ERR_LIMITED);
	end_all();
	assert_int_equal(let_in, 3);
}

/* ---- turns ----------------------------------------------------------------- */

/* One tenant has half of what is there, a new one finds a place at once. */
static void test_room_for_newcomers(void **unused)
{
	(void)unused;
	reconfigure(1000, 1000, 32);
	for (int i = 0; i < 500; i++)
		add("a", 0);
	settle();
	assert_int_equal(let_in, 16);
	for (int i = 0; i < 20; i++)
		add("b", 0);
	settle();
	assert_int_equal(let_in, 16 + 8);
	add("c", 0);
	settle();
	assert_int_equal(let_in, 16 + 8 + 1);
	end_all();
}

/* Whose request is the n-th that was let in? */
static char nth(size_t n)
{
	return asks[order[n]].tenant[0];
}

/* 1,000 of one before it do not delay a single request by more than a turn. */
static void test_one_turn(void **unused)
{
	(void)unused;
	reconfigure(2000, 2000, 1);
	for (int i = 0; i < 1000; i++)
		add("a", 0);
	settle();
	add("b", 0);
	settle();
	assert_int_equal(let_in, 1);
	end_one();
	end_one();
	assert_int_equal(let_in, 3);
	assert_true(nth(1) == 'b' || nth(2) == 'b');
	end_all();
}

/* Of ten tenants with queues of different lengths none is a turn ahead. */
static void test_round_robin(void **unused)
{
	unsigned served[10] = { 0 };

	(void)unused;
	reconfigure(2000, 2000, 4);
	for (int tenant = 0; tenant < 10; tenant++)
		for (int i = 0; i < 20 * (tenant + 1); i++)
			add((char[]){ (char)('0' + tenant), 0 }, 0);
	settle();
	while (let_in < 10 * 20)
		end_one();
	for (size_t i = 0; i < 10 * 20; i++)
		served[nth(i) - '0']++;
	for (int tenant = 0; tenant < 10; tenant++)
		assert_in_range(served[tenant], 18, 22);
	end_all();
	assert_int_equal(let_in, asked);
}

/* First come, first served within a tenant. */
static void test_order_within_a_tenant(void **unused)
{
	(void)unused;
	reconfigure(100, 100, 2);
	for (int i = 0; i < 20; i++)
		add("a", 0);
	settle();
	end_all();
	assert_int_equal(let_in, 20);
	for (size_t i = 0; i < let_in; i++)
		assert_int_equal(order[i], i);
}

static void test_deadline(void **unused)
{
	struct ask *late;

	(void)unused;
	reconfigure(100, 100, 1);
	add("a", 0);
	late = add("b", clock_ms() + 50);
	add("b", 0);
	settle();
	clock_advance(50);
	settle();
	assert_true(late->out);
	assert_int_equal(late->err.code, ERR_DEADLINE);
	end_one();
	assert_int_equal(let_in, 2);
	assert_int_equal(order[1], 2);
	end_all();
}

static void test_client_gone(void **unused)
{
	struct ask *gone;

	(void)unused;
	reconfigure(100, 100, 1);
	add("a", 0);
	gone = add("b", 0);
	add("c", 0);
	settle();
	fiber_cancel(gone->fiber);
	settle();
	assert_true(gone->out);
	assert_int_equal(gone->err.code, ERR_CANCELLED);
	end_one();
	assert_int_equal(order[1], 2);
	end_all();
}

static void test_more_room_after_reload(void **unused)
{
	(void)unused;
	reconfigure(100, 100, 1);
	for (int i = 0; i < 8; i++)
		add("a", 0);
	settle();
	assert_int_equal(let_in, 1);
	reconfigure(100, 100, 100);
	settle();
	assert_int_equal(let_in, 8);
	end_all();
}

/* ---- refusals -------------------------------------------------------------- */

/* Of who does not stop asking, one request after the other is refused, the
 * others at once. */
static void test_the_impatient_wait(void **unused)
{
	struct ask *eager[3];

	(void)unused;
	assert_int_equal(pass_many("a", BURST + PATIENCE), BURST);
	for (size_t i = 0; i < ARRAY_LEN(eager); i++)
		eager[i] = add("a", 0);
	settle();
	assert_false(eager[0]->out);
	assert_true(pass("b"));
	for (size_t i = 0; i < ARRAY_LEN(eager); i++) {
		clock_advance(LATER - 1);
		settle();
		assert_false(eager[i]->out);
		clock_advance(1);
		settle();
		assert_true(eager[i]->out);
		assert_int_equal(eager[i]->err.code, ERR_LIMITED);
	}
}

/* … but no later than the request's own deadline. */
static void test_late_but_in_time(void **unused)
{
	struct ask *eager;

	(void)unused;
	pass_many("a", BURST + PATIENCE);
	eager = add("a", clock_ms() + LATER / 2);
	settle();
	clock_advance(LATER / 2);
	settle();
	assert_true(eager->out);
	assert_int_equal(eager->err.code, ERR_LIMITED);
}

/* However many it sends, none waits longer than this. */
static void test_not_for_ever(void **unused)
{
	(void)unused;
	pass_many("a", BURST + PATIENCE);
	for (int i = 0; i < MOST; i++)
		add("a", 0);
	settle();
	assert_int_equal(over, 0);
	clock_advance(LATEST);
	settle();
	assert_int_equal(over, MOST);
}

/* ---- attempts -------------------------------------------------------------- */

static bool attempt(const char *source)
{
	return limit_attempt(limits, source, 0, &err);
}

static void fail_times(const char *source, int n, unsigned cost)
{
	while (n--)
		limit_failed(limits, source, cost);
}

static void test_wrong_tokens(void **unused)
{
	(void)unused;
	fail_times("192.0.2.1", 999, LIMIT_WRONG_TOKEN);
	assert_true(attempt("192.0.2.1"));
	fail_times("192.0.2.1", 1, LIMIT_WRONG_TOKEN);
	assert_false(attempt("192.0.2.1"));
	assert_int_equal(err.code, ERR_LIMITED);
	assert_int_equal(err.retry_after_ms, 10);
	assert_true(attempt("192.0.2.2"));
	clock_advance(10);
	assert_true(attempt("192.0.2.1"));
}

static void test_wrong_passwords(void **unused)
{
	(void)unused;
	fail_times("192.0.2.1", 20, LIMIT_WRONG_PASSWORD);
	assert_false(attempt("192.0.2.1"));
	fail_times("192.0.2.1", 1000, LIMIT_WRONG_PASSWORD);
	clock_advance(10000);
	assert_false(attempt("192.0.2.1"));
	clock_advance(10);
	assert_true(attempt("192.0.2.1"));
}

/* One host may use all addresses of its /64. */
static void test_ipv6_networks(void **unused)
{
	(void)unused;
	fail_times("2001:db8:0:1::1", 1000, LIMIT_WRONG_TOKEN);
	assert_false(attempt("2001:db8:0:1:ffff:eeee:dddd:cccc"));
	assert_true(attempt("2001:db8:0:2::1"));
}

static void test_the_administrator_may(void **unused)
{
	(void)unused;
	fail_times("unix", 2000, LIMIT_WRONG_TOKEN);
	assert_true(attempt("unix"));
}

/* ---- memory ---------------------------------------------------------------- */

static void add_tenants(unsigned from, unsigned n)
{
	char name[16];

	for (unsigned i = from; i < from + n; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		assert_true(pass(name));
	}
}

static void test_quiet_ones_are_forgotten(void **unused)
{
	struct limit_counts counts;

	(void)unused;
	add_tenants(0, 1000);
	limit_count(limits, &counts);
	assert_int_equal(counts.tenants, 1000);
	clock_advance(60000);
	add_tenants(1000, 1000);
	limit_count(limits, &counts);
	assert_int_equal(counts.tenants, 1000);
}

static void test_never_more_than_so_many(void **unused)
{
	struct limit_counts counts;
	size_t live;

	(void)unused;
	add_tenants(0, TENANTS_MAX);
	live = mem_live();
	add_tenants(TENANTS_MAX, 10000);
	limit_count(limits, &counts);
	assert_in_range(counts.tenants, TENANTS_MAX - 2, TENANTS_MAX);
	assert_true(mem_live() <= live);
}

int main(void)
{
#define TIMED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TIMED(test_rate),
		TIMED(test_full_is_full),
		TIMED(test_tenants_have_their_own),
		TIMED(test_state),
		TIMED(test_less_after_reload),
		TIMED(test_requests_at_once),
		TIMED(test_waiting_ones_count),
		TIMED(test_room_for_newcomers),
		TIMED(test_one_turn),
		TIMED(test_round_robin),
		TIMED(test_order_within_a_tenant),
		TIMED(test_deadline),
		TIMED(test_client_gone),
		TIMED(test_more_room_after_reload),
		TIMED(test_the_impatient_wait),
		TIMED(test_late_but_in_time),
		TIMED(test_not_for_ever),
		TIMED(test_wrong_tokens),
		TIMED(test_wrong_passwords),
		TIMED(test_ipv6_networks),
		TIMED(test_the_administrator_may),
		TIMED(test_quiet_ones_are_forgotten),
		TIMED(test_never_more_than_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
