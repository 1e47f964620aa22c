/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <ev.h>
#include <fenv.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/sys.h"

static int setup(void **state UNUSED)
{
	clock_set_virtual(1000);
	loop_init();
	return 0;
}

static int teardown(void **state UNUSED)
{
	size_t left = fiber_count();

	fiber_done();
	loop_done();
	clock_set_real();
	return left ? -1 : 0;
}

static bool none_left(void *arg UNUSED)
{
	return fiber_count() == 0;
}

static bool never(void *arg UNUSED)
{
	return false;
}

static void run_now(void)
{
	assert_false(loop_run_until(never, NULL, clock_ms()));
}

static void run_to_the_end(void)
{
	assert_true(loop_run_until(none_left, NULL, 0));
}

/* A fiber that parks again and again, and keeps what each park said. */
struct parker {
	struct fiber *fiber;
	int64_t deadline;
	int parks;
	int n;
	enum fiber_wait said[8];
	int64_t at[8];
};

static void parker_main(void *arg)
{
	struct parker *p = arg;

	while (p->n < p->parks) {
		enum fiber_wait said = fiber_park(p->deadline);

		p->at[p->n] = clock_ms();
		p->said[p->n++] = said;
	}
}

static void parker_start(struct parker *p, int parks, int64_t deadline)
{
	*p = (struct parker){ .parks = parks, .deadline = deadline };
	p->fiber = fiber_spawn("parker", parker_main, p);
	assert_non_null(p->fiber);
}

static void test_park_and_wake(void **state UNUSED)
{
	struct parker p;

	parker_start(&p, 2, 0);
	assert_int_equal(fiber_count(), 1);
	run_now();
	assert_int_equal(p.n, 0);
	fiber_wake(p.fiber);
	assert_int_equal(p.n, 0); /* never inside of the waker */
	run_now();
	assert_int_equal(p.n, 1);
	assert_int_equal(p.said[0], WAIT_WOKEN);
	fiber_wake(p.fiber);
	fiber_wake(p.fiber);
	run_to_the_end();
	assert_int_equal(p.said[1], WAIT_WOKEN);
}

static void test_early_wake_is_remembered_once(void **state UNUSED)
{
	struct parker p;

	parker_start(&p, 2, 0);
	fiber_wake(p.fiber);
	fiber_wake(p.fiber);
	run_now();
	assert_int_equal(p.n, 1);
	fiber_wake(p.fiber);
	run_to_the_end();
}

static void test_timeout(void **state UNUSED)
{
	struct parker p;

	parker_start(&p, 2, 1100);
	run_now();
	clock_advance(99);
	run_now();
	assert_int_equal(p.n, 0);
	clock_advance(1);
	run_to_the_end();
	assert_int_equal(p.said[0], WAIT_TIMEOUT);
	assert_int_equal(p.at[0], 1100);
	assert_int_equal(p.said[1], WAIT_TIMEOUT); /* passed already */
}

static void test_wake_beats_timeout(void **state UNUSED)
{
	struct parker p;

	parker_start(&p, 1, 1100);
	run_now();
	clock_advance(200);
	fiber_wake(p.fiber);
	run_to_the_end();
	assert_int_equal(p.said[0], WAIT_WOKEN);
}

static void test_cancel_is_said_until_cleared(void **state UNUSED)
{
	struct parker p;

	parker_start(&p, 3, 0);
	run_now();
	fiber_cancel(p.fiber);
	run_to_the_end();
	for (int i = 0; i < 3; i++)
		assert_int_equal(p.said[i], WAIT_CANCELLED);
}

static int cancel_story[5];

static void cleaner(void *arg UNUSED)
{
	cancel_story[0] = fiber_park(0);
	cancel_story[1] = fiber_cancelled();
	cancel_story[2] = fiber_sleep(10);
	fiber_clear_cancel();
	cancel_story[3] = fiber_cancelled();
	cancel_story[4] = fiber_sleep(10);
}

static void test_clear_cancel(void **state UNUSED)
{
	struct fiber *f = fiber_spawn("cleaner", cleaner, NULL);

	fiber_cancel(f); /* before it ever ran */
	run_now();
	clock_advance(10);
	run_to_the_end();
	assert_int_equal(cancel_story[0], WAIT_CANCELLED);
	assert_int_equal(cancel_story[1], true);
	assert_int_equal(cancel_story[2], WAIT_CANCELLED);
	assert_int_equal(cancel_story[3], false);
	assert_int_equal(cancel_story[4], WAIT_TIMEOUT);
	assert_false(fiber_cancelled());
}

static enum fiber_wait sleep_said, park_said;

static void sleeper(void *arg UNUSED)
{
	sleep_said = fiber_sleep(100);
	park_said = fiber_park(clock_ms() + 100);
}

static void test_sleep_outlasts_wakes(void **state UNUSED)
{
	struct fiber *f = fiber_spawn("sleeper", sleeper, NULL);

	run_now();
	fiber_wake(f);
	run_now();
	fiber_wake(f);
	run_now();
	assert_int_equal(fiber_count(), 1);
	clock_advance(100);
	run_to_the_end();
	assert_int_equal(sleep_said, WAIT_TIMEOUT);
	assert_int_equal(park_said, WAIT_WOKEN);
}

static char story[32];

static void tell(char c)
{
	size_t n = strlen(story);

	if (n + 1 < sizeof(story))
		story[n] = c;
}

static void teller(void *arg)
{
	const char *letters = arg;

	tell(letters[0]);
	fiber_yield();
	tell(letters[1]);
	fiber_sleep(0);
	tell(letters[2]);
}

static void test_yield_takes_turns(void **state UNUSED)
{
	static char a[] = "abc", b[] = "123", c[] = "xyz";

	memset(story, 0, sizeof(story));
	assert_non_null(fiber_spawn("a", teller, a));
	assert_non_null(fiber_spawn("b", teller, b));
	assert_non_null(fiber_spawn("c", teller, c));
	run_to_the_end();
	assert_string_equal(story, "a1xb2yc3z");
}

static void name_keeper(void *arg)
{
	*(const char **)arg = fiber_name();
}

static void test_self_and_name(void **state UNUSED)
{
	const char *name = NULL;

	assert_null(fiber_self());
	assert_null(fiber_name());
	assert_non_null(fiber_spawn("the-name", name_keeper, &name));
	run_to_the_end();
	assert_string_equal(name, "the-name");
}

/* ---- many, and their stacks ----------------------------------------------- */

#define MANY 10000

static long sum;

static void adder(void *arg)
{
	volatile char deep[2000];

	memset((char *)deep, 1, sizeof(deep));
	fiber_yield();
	if (fiber_sleep(5) == WAIT_TIMEOUT)
		sum += (long)(intptr_t)arg + deep[1999] - 1;
}

static void test_ten_thousand(void **state UNUSED)
{
	sum = 0;
	for (int round = 0; round < 2; round++) {
		for (intptr_t i = 0; i < MANY; i++)
			assert_non_null(fiber_spawn("adder", adder, (void *)i));
		assert_int_equal(fiber_count(), MANY);
		run_now();
		clock_advance(5);
		run_to_the_end();
	}
	assert_int_equal(sum, 2L * MANY * (MANY - 1) / 2);
}

static void nothing(void *arg UNUSED)
{
}

static void test_limit(void **state UNUSED)
{
	for (int i = 0; i < FIBER_MAX; i++)
		assert_non_null(fiber_spawn("one of many", nothing, NULL));
	assert_null(fiber_spawn("too many", nothing, NULL));
	run_to_the_end();
	assert_non_null(fiber_spawn("again", nothing, NULL));
	run_to_the_end();
}

static void test_no_memory_for_a_stack(void **state UNUSED)
{
	sys_fail(SYS_MMAP, 1, ENOMEM);
	assert_null(fiber_spawn("no stack", nothing, NULL));
	assert_int_equal(fiber_count(), 0);
}

static void address_keeper(void *arg)
{
	*(void **)arg = __builtin_frame_address(0);
}

static void test_stack_is_used_again(void **state UNUSED)
{
	void *first, *second;
	size_t live;

	assert_non_null(fiber_spawn("first", address_keeper, &first));
	run_to_the_end();
	live = mem_live();
	assert_non_null(fiber_spawn("second", address_keeper, &second));
	run_to_the_end();
	assert_ptr_equal(first, second);
	assert_int_equal(mem_live(), live);
}

/* Recursion, so that no compiler folds it into one frame. */
static int deep(int levels)
{
	volatile char page[1024];

	page[0] = (char)levels;
	return levels ? deep(levels - 1) + page[0] - (char)levels : 1;
}

static void diver(void *arg)
{
	*(int *)arg = deep(FIBER_STACK / 1024 * 3 / 4 - 10);
}

static void test_stack_is_as_deep_as_said(void **state UNUSED)
{
	int found = 0;

	assert_non_null(fiber_spawn("diver", diver, &found));
	run_to_the_end();
	assert_int_equal(found, 1);
}

/* Which way a third is rounded: 'n' to nearest, 'u' upwards.  x86-64 has two
 * registers for it, for the arithmetic and for what fegetround() reads. */
static char rounding(void)
{
	volatile double one = 1, three = 3;
	bool up = one / three > 1. / 3.;

	if (up != (fegetround() == FE_UPWARD))
		return '?';
	return up ? 'u' : 'n';
}

static void rounder(void *arg UNUSED)
{
	fesetround(FE_UPWARD);
	fiber_yield();
	tell(rounding());
}

static void not_rounder(void *arg UNUSED)
{
	tell(rounding());
}

/* The rounding mode is a register that calls must preserve, too. */
static void test_floating_point_mode_is_the_fibers(void **state UNUSED)
{
	memset(story, 0, sizeof(story));
	assert_non_null(fiber_spawn("rounder", rounder, NULL));
	assert_non_null(fiber_spawn("not rounder", not_rounder, NULL));
	run_to_the_end();
	assert_string_equal(story, "nu");
	assert_int_equal(rounding(), 'n');
}

/* ---- descriptors ---------------------------------------------------------- */

struct fd_wait {
	int fd, events;
	int64_t deadline;
	enum fiber_wait said;
};

static void fd_waiter(void *arg)
{
	struct fd_wait *w = arg;

	w->said = fiber_wait_fd(w->fd, w->events, w->deadline);
}

static void test_wait_fd(void **state UNUSED)
{
	struct fd_wait r = { .events = EV_READ }, w = { .events = EV_WRITE },
		       slow = { .events = EV_READ, .deadline = 1050 },
		       gone = { .events = EV_READ };
	struct fiber *f;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	r.fd = slow.fd = gone.fd = fds[0];
	w.fd = fds[1];
	assert_non_null(fiber_spawn("slow", fd_waiter, &slow));
	f = fiber_spawn("gone", fd_waiter, &gone);
	run_now();
	fiber_cancel(f);
	clock_advance(50);
	run_to_the_end();
	assert_int_equal(slow.said, WAIT_TIMEOUT);
	assert_int_equal(gone.said, WAIT_CANCELLED);
	assert_non_null(fiber_spawn("reader", fd_waiter, &r));
	assert_non_null(fiber_spawn("writer", fd_waiter, &w));
	r.said = WAIT_TIMEOUT;
	run_now();
	assert_int_equal(w.said, WAIT_WOKEN);
	assert_int_equal(fiber_count(), 1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	run_to_the_end();
	assert_int_equal(r.said, WAIT_WOKEN);
	close(fds[0]);
	close(fds[1]);
}

/* ---- conditions ----------------------------------------------------------- */

static struct cond cond;

struct cond_user {
	struct fiber *fiber;
	char name;
	int64_t deadline;
	enum fiber_wait said;
};

static void cond_user_main(void *arg)
{
	struct cond_user *u = arg;

	u->said = cond_wait(&cond, u->deadline);
	tell(u->name);
}

static void cond_users_start(struct cond_user *users, int n)
{
	memset(story, 0, sizeof(story));
	cond_init(&cond);
	for (int i = 0; i < n; i++) {
		users[i].name = (char)('a' + i);
		users[i].fiber = fiber_spawn("user", cond_user_main, &users[i]);
		assert_non_null(users[i].fiber);
	}
	run_now();
}

static void test_cond_order(void **state UNUSED)
{
	struct cond_user users[4] = { 0 };

	cond_users_start(users, 4);
	assert_string_equal(story, "");
	cond_signal(&cond);
	run_now();
	assert_string_equal(story, "a");
	cond_signal(&cond);
	cond_signal(&cond);
	run_now();
	assert_string_equal(story, "abc");
	cond_broadcast(&cond);
	run_to_the_end();
	assert_string_equal(story, "abcd");
	assert_int_equal(users[3].said, WAIT_WOKEN);
	cond_signal(&cond);
	cond_broadcast(&cond);
	assert_true(list_empty(&cond.waiters));
}

static void test_cond_timeout_and_cancel(void **state UNUSED)
{
	struct cond_user users[3] = { { .deadline = 1010 } };

	cond_users_start(users, 3);
	fiber_cancel(users[1].fiber);
	clock_advance(10);
	run_now();
	assert_int_equal(users[0].said, WAIT_TIMEOUT);
	assert_int_equal(users[1].said, WAIT_CANCELLED);
	cond_signal(&cond);
	run_to_the_end();
	assert_int_equal(users[2].said, WAIT_WOKEN);
}

/* A signal must not go to one who is leaving anyhow. */
static void test_cond_signal_skips_the_cancelled(void **state UNUSED)
{
	struct cond_user users[2] = { 0 };

	cond_users_start(users, 2);
	fiber_cancel(users[0].fiber);
	cond_signal(&cond);
	run_to_the_end();
	assert_int_equal(users[0].said, WAIT_CANCELLED);
	assert_int_equal(users[1].said, WAIT_WOKEN);
}

/* One that was signalled says so, whatever else comes in the same turn. */
static void test_cond_signal_is_not_lost(void **state UNUSED)
{
	struct cond_user users[2] = { { 0 }, { .deadline = 1010 } };

	cond_users_start(users, 2);
	cond_signal(&cond);
	fiber_cancel(users[0].fiber);
	clock_advance(10);
	cond_signal(&cond);
	run_to_the_end();
	assert_int_equal(users[0].said, WAIT_WOKEN);
	assert_int_equal(users[1].said, WAIT_WOKEN);
}

static void test_cond_outlasts_wakes(void **state UNUSED)
{
	struct cond_user users[1] = { 0 };

	cond_users_start(users, 1);
	fiber_wake(users[0].fiber);
	run_now();
	assert_string_equal(story, "");
	cond_broadcast(&cond);
	run_to_the_end();
	assert_string_equal(story, "a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_park_and_wake),
		TEST(test_early_wake_is_remembered_once),
		TEST(test_timeout),
		TEST(test_wake_beats_timeout),
		TEST(test_cancel_is_said_until_cleared),
		TEST(test_clear_cancel),
		TEST(test_sleep_outlasts_wakes),
		TEST(test_yield_takes_turns),
		TEST(test_self_and_name),
		TEST(test_ten_thousand),
		TEST(test_limit),
		TEST(test_no_memory_for_a_stack),
		TEST(test_stack_is_used_again),
		TEST(test_stack_is_as_deep_as_said),
		TEST(test_floating_point_mode_is_the_fibers),
		TEST(test_wait_fd),
		TEST(test_cond_order),
		TEST(test_cond_timeout_and_cancel),
		TEST(test_cond_signal_skips_the_cancelled),
		TEST(test_cond_signal_is_not_lost),
		TEST(test_cond_outlasts_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
