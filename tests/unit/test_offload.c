/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/fiber.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/offload.h"

#define FIBERS 100

static pthread_t main_thread;
static atomic_int ran, on_main;
static int came_back;

static int setup(void **state UNUSED)
{
	main_thread = pthread_self();
	ran = on_main = came_back = 0;
	loop_init();
	return 0;
}

static int teardown(void **state UNUSED)
{
	offload_done();
	offload_done();
	fiber_done();
	loop_done();
	return 0;
}

static bool none_left(void *arg UNUSED)
{
	return fiber_count() == 0;
}

static void work(void *arg)
{
	atomic_fetch_add(&ran, 1);
	if (pthread_equal(pthread_self(), main_thread))
		atomic_fetch_add(&on_main, 1);
	if (arg)
		*(int *)arg += 1;
}

static void worker(void *arg UNUSED)
{
	int mine = 0;

	offload(work, &mine);
	offload(work, &mine);
	came_back += mine;
}

static void test_hundred_fibers(void **state UNUSED)
{
	for (int i = 0; i < FIBERS; i++)
		assert_non_null(fiber_spawn("worker", worker, NULL));
	assert_true(loop_run_until(none_left, NULL, 0));
	assert_int_equal(came_back, 2 * FIBERS);
	assert_int_equal(ran, 2 * FIBERS);
	assert_int_equal(on_main, 0);
}

static void test_pool_starts_again(void **state UNUSED)
{
	assert_non_null(fiber_spawn("worker", worker, NULL));
	assert_true(loop_run_until(none_left, NULL, 0));
	offload_done();
	assert_non_null(fiber_spawn("worker", worker, NULL));
	assert_true(loop_run_until(none_left, NULL, 0));
	assert_int_equal(ran, 4);
	assert_int_equal(on_main, 0);
}

static void test_outside_of_a_fiber(void **state UNUSED)
{
	offload(work, NULL);
	assert_int_equal(ran, 1);
	assert_int_equal(on_main, 1);
}

/* A job that ends when it is let go. */
static int gate[2];
static bool job_done, still_cancelled;

static void wait_at_gate(void *arg UNUSED)
{
	char c;

	job_done = read(gate[0], &c, 1) == 1;
}

static void cancelled_worker(void *arg UNUSED)
{
	offload(wait_at_gate, NULL);
	still_cancelled = fiber_cancelled();
}

static bool never(void *arg UNUSED)
{
	return false;
}

/* The job uses the fiber's stack: a cancel must wait for its end. */
static void test_cancel_waits(void **state UNUSED)
{
	struct fiber *f;

	assert_int_equal(pipe(gate), 0);
	f = fiber_spawn("worker", cancelled_worker, NULL);
	assert_false(loop_run_until(never, NULL, 1));
	fiber_cancel(f);
	assert_false(loop_run_until(never, NULL, 1));
	assert_int_equal(fiber_count(), 1);
	assert_int_equal(write(gate[1], "x", 1), 1);
	assert_true(loop_run_until(none_left, NULL, 0));
	assert_true(job_done);
	assert_true(still_cancelled);
	close(gate[0]);
	close(gate[1]);
}

static void silent(const char *line UNUSED, size_t n UNUSED)
{
}

static void log_something(void *arg UNUSED)
{
	log_info("from a thread", LOG_INT("n", 1));
}

static void logging(void *arg UNUSED)
{
	log_set_context("request_id", "r1");
	offload(log_something, NULL);
}

static void test_threads_may_log(void **state UNUSED)
{
	log_set_sink(silent);
	assert_non_null(fiber_spawn("logging", logging, NULL));
	assert_true(loop_run_until(none_left, NULL, 0));
	log_set_sink(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hundred_fibers),
		TEST(test_pool_starts_again),
		TEST(test_outside_of_a_fiber),
		TEST(test_cancel_waits),
		TEST(test_threads_may_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
