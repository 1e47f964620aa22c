/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/loop.h"

static int setup(void **state UNUSED)
{
	clock_set_virtual(1000);
	loop_init();
	return 0;
}

static int teardown(void **state UNUSED)
{
	fiber_done();
	loop_done();
	clock_set_real();
	return 0;
}

static bool never(void *arg UNUSED)
{
	return false;
}

static bool is_set(void *arg)
{
	return *(bool *)arg;
}

/* Run what is to be done now. */
static void run_now(void)
{
	assert_false(loop_run_until(never, NULL, clock_ms()));
}

/* ---- timers --------------------------------------------------------------- */

struct ring {
	struct timer timer;
	int64_t rang_at;
	int times;
};

static void ring(struct timer *timer)
{
	struct ring *r = container_of(timer, struct ring, timer);

	r->rang_at = clock_ms();
	r->times++;
}

static void test_timers_follow_the_virtual_clock(void **state UNUSED)
{
	struct ring early = { { .run = ring } }, late = { { .run = ring } };

	timer_arm(&late.timer, 1500);
	timer_arm(&early.timer, 1200);
	run_now();
	assert_int_equal(early.times, 0);
	clock_advance(199);
	run_now();
	assert_int_equal(early.times, 0);
	clock_advance(1);
	run_now();
	assert_int_equal(early.times, 1);
	assert_int_equal(early.rang_at, 1200);
	assert_int_equal(early.timer.slot, 0);
	assert_int_equal(late.times, 0);
	clock_advance(5000);
	run_now();
	run_now();
	assert_int_equal(late.times, 1);
}

static void test_stop_and_rearm(void **state UNUSED)
{
	struct ring a = { { .run = ring } }, b = { { .run = ring } };

	timer_arm(&a.timer, 1100);
	timer_stop(&a.timer);
	timer_stop(&a.timer);
	timer_arm(&b.timer, 1100);
	timer_arm(&b.timer, 1300);
	clock_advance(200);
	run_now();
	assert_int_equal(a.times, 0);
	assert_int_equal(b.times, 0);
	clock_advance(100);
	run_now();
	assert_int_equal(b.times, 1);
}

static void again(struct timer *timer)
{
	struct ring *r = container_of(timer, struct ring, timer);

	r->times++;
	timer_arm(timer, clock_ms());
}

/* It is due for ever, and yet loop_run_until() comes back. */
static void test_one_that_is_always_due(void **state UNUSED)
{
	struct ring a = { { .run = again } };

	timer_arm(&a.timer, 1000);
	assert_false(loop_run_until(never, NULL, 1000));
	assert_true(a.times > 1);
	timer_stop(&a.timer);
}

#define MANY 500

static int64_t last_due;
static int rung;

static void in_order(struct timer *timer)
{
	assert_true(timer->due >= last_due);
	last_due = timer->due;
	rung++;
}

static void test_many_in_order(void **state UNUSED)
{
	static struct timer timers[MANY];
	int left = 0;

	srandom(7);
	last_due = 0;
	rung = 0;
	for (int i = 0; i < MANY; i++) {
		timers[i] = (struct timer){ .run = in_order };
		timer_arm(&timers[i], 2000 + random() % 1000);
	}
	for (int i = 0; i < MANY; i += 3)
		timer_stop(&timers[i]);
	for (int i = 0; i < MANY; i += 7)
		timer_arm(&timers[i], 2000 + random() % 1000);
	for (int i = 0; i < MANY; i++)
		left += timers[i].slot != 0;
	for (int i = 0; i < 200; i++) {
		clock_advance(10);
		run_now();
	}
	assert_int_equal(rung, left);
}

static void stop_loop(struct timer *timer UNUSED)
{
	loop_stop();
}

static void test_real_clock(void **state UNUSED)
{
	struct timer stop = { .run = stop_loop }, later = { .run = stop_loop };
	int64_t start;

	clock_set_real();
	start = clock_ms();
	timer_arm(&later, start + 60000);
	timer_arm(&stop, start + 20);
	loop_run();
	assert_in_range(clock_ms() - start, 20, 5000);
	assert_true(later.slot != 0);
	assert_false(loop_run_until(never, NULL, clock_ms() + 5));
	timer_stop(&later);
}

/* The alarm of a timer that was stopped rings for nothing. */
static void test_stale_alarm(void **state UNUSED)
{
	struct timer first = { .run = stop_loop }, second = { .run = stop_loop };
	int64_t start;

	clock_set_real();
	start = clock_ms();
	timer_arm(&first, start + 5);
	assert_false(loop_run_until(never, NULL, start + 1));
	timer_stop(&first);
	timer_arm(&second, start + 20);
	loop_run();
	assert_true(clock_ms() - start >= 20);
}

/* ---- tasks ---------------------------------------------------------------- */

struct counted {
	struct loop_task task;
	int runs;
};

static void count_run(struct loop_task *task)
{
	container_of(task, struct counted, task)->runs++;
}

static void test_deferred_once(void **state UNUSED)
{
	struct counted a = { { .run = count_run } }, b = a, c = a;

	loop_defer(&a.task);
	loop_defer(&b.task);
	loop_defer(&c.task);
	loop_defer(&a.task);
	loop_undefer(&b.task);
	loop_undefer(&b.task);
	run_now();
	assert_int_equal(a.runs, 1);
	assert_int_equal(b.runs, 0);
	assert_int_equal(c.runs, 1);
	run_now();
	assert_int_equal(a.runs, 1);
	loop_defer(&c.task);
	loop_undefer(&c.task); /* the last one of the queue */
	loop_defer(&b.task);
	run_now();
	assert_int_equal(b.runs, 1);
	assert_int_equal(c.runs, 1);
}

static struct counted second;

static void defer_second(struct loop_task *task)
{
	count_run(task);
	loop_defer(&second.task);
}

static void test_task_queues_another(void **state UNUSED)
{
	struct counted first = { { .run = defer_second } };

	second = (struct counted){ { .run = count_run } };
	loop_defer(&first.task);
	run_now();
	assert_int_equal(first.runs, 1);
	assert_int_equal(second.runs, 1);
}

static void for_ever(struct loop_task *task)
{
	count_run(task);
	loop_defer(task);
}

static void read_pipe(struct ev_loop *ev UNUSED, ev_io *w, int events UNUSED)
{
	char c;

	assert_int_equal(read(w->fd, &c, 1), 1);
	*(bool *)w->data = true;
}

/* Endless work does not keep the kernel's events out. */
static void test_no_starvation(void **state UNUSED)
{
	struct counted busy = { { .run = for_ever } };
	bool seen = false;
	int fds[2];
	ev_io w;

	assert_int_equal(pipe(fds), 0);
	ev_io_init(&w, read_pipe, fds[0], EV_READ);
	w.data = &seen;
	ev_io_start(loop_ev(), &w);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_defer(&busy.task);
	assert_true(loop_run_until(is_set, &seen, 0));
	loop_undefer(&busy.task);
	ev_io_stop(loop_ev(), &w);
	close(fds[0]);
	close(fds[1]);
}

static struct fiber *parked;
static char story[16];

static void tell(char c)
{
	size_t n = strlen(story);

	assert_true(n + 1 < sizeof(story));
	story[n] = c;
	story[n + 1] = '\0';
}

static void wake_parked(struct loop_task *task UNUSED)
{
	tell('t');
	fiber_wake(parked);
}

static void parking(void *arg)
{
	tell('a');
	loop_defer(arg);
	fiber_yield();
	tell('b');
	fiber_park(0);
	tell('c');
}

/* Fibers first, until none is ready; then tasks; what they wake runs in the
 * same turn. */
static void test_order_in_a_turn(void **state UNUSED)
{
	struct loop_task task = { .run = wake_parked };

	story[0] = '\0';
	parked = fiber_spawn("parking", parking, &task);
	run_now();
	assert_string_equal(story, "abtc");
}

static void test_stop_before_run(void **state UNUSED)
{
	struct counted a = { { .run = count_run } };

	loop_stop();
	loop_run();
	loop_defer(&a.task);
	assert_int_equal(a.runs, 0);
	loop_undefer(&a.task);
}

static void test_done_is_asked_first(void **state UNUSED)
{
	struct counted a = { { .run = count_run } };
	bool yes = true;

	loop_defer(&a.task);
	assert_true(loop_run_until(is_set, &yes, 0));
	assert_int_equal(a.runs, 0);
	loop_undefer(&a.task);
}

static void test_done_forgets_all(void **state UNUSED)
{
	struct ring a = { { .run = ring } };
	struct counted b = { { .run = count_run } };

	timer_arm(&a.timer, 1);
	loop_defer(&b.task);
	loop_done();
	loop_done();
	assert_int_equal(a.timer.slot, 0);
	assert_false(b.task.queued);
	loop_init();
	run_now();
	assert_int_equal(a.times + b.runs, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_timers_follow_the_virtual_clock),
		TEST(test_stop_and_rearm),
		TEST(test_one_that_is_always_due),
		TEST(test_many_in_order),
		TEST(test_real_clock),
		TEST(test_stale_alarm),
		TEST(test_deferred_once),
		TEST(test_task_queues_another),
		TEST(test_no_starvation),
		TEST(test_order_in_a_turn),
		TEST(test_stop_before_run),
		TEST(test_done_is_asked_first),
		TEST(test_done_forgets_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
