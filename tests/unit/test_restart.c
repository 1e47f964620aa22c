/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers that die, hang, flood and misbehave: who is told, what is started again,
 * who waits.
 */
#include "unit.h"

#include <sys/select.h>

#include "registry_run.h"

/* ---- death ------------------------------------------------------------------
 */

static void read_fails_over(void)
{
	begin("", BLOCK("one", ""));
	call_answers("one", "die once");
	assert_int_equal(info_of("one").restarts, 1);
	end();
}

static void read_fails_in_the_end(void)
{
	begin("", BLOCK("one", ""));
	call_fails("one", "die", ERR_DRIVER_UNAVAILABLE, "driver");
	await_restarts("one", 3);
	call_answers("one", NULL);
	end();
}

static void mutation_is_never_repeated(void)
{
	begin("", BLOCK("one", ""));
	assert_null(call_with("one", "instance.create", "die", true, 10000));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_UNKNOWN);
	await_restarts("one", 1);
	end();
}

static void crash_loop_backs_off(void)
{
	int64_t began = clock_ms();

	begin("  restart_burst: 3\n  backoff_min: 30m\n  backoff_max: 1h\n",
	      BLOCK("dies", ""));
	call_fails("dies", NULL, ERR_DRIVER_UNAVAILABLE, "died too often");
	assert_true(err.retry_after_ms > 1400 * 1000);
	assert_int_equal(info_of("dies").state, PROVIDER_BACKOFF);
	assert_int_equal(info_of("dies").restarts, 4);
	call_fails("dies", NULL, ERR_DRIVER_UNAVAILABLE,
		   "exited with status 3");
	assert_true(clock_ms() - began < 10000);
	end();
}

static void backoff_ends(void)
{
	begin("  restart_burst: 0\n  backoff_min: 20ms\n",
	      BLOCK("dies-once", "") BLOCK("one", ""));
	call_fails("dies-once", NULL, ERR_DRIVER_UNAVAILABLE,
		   "I was never here before");
	while (info_of("dies-once").state != PROVIDER_READY)
		fiber_sleep(5);
	call_answers("dies-once", NULL);
	end();
}

static void bad_handshakes_break(void)
{
	begin("  start_timeout: 100ms\n  restart_burst: 0\n",
	      BLOCK("old", "") BLOCK("garbage", "") BLOCK("picky", "")
		      BLOCK("mute", ""));
	call_fails("old", NULL, ERR_VERSION, "0.9");
	assert_int_equal(info_of("old").state, PROVIDER_BROKEN);
	call_fails("garbage", NULL, ERR_DRIVER_BAD_ANSWER, "handshake");
	call_fails("picky", NULL, ERR_INVALID, "not to my taste");
	call_fails("mute", NULL, ERR_DRIVER_UNAVAILABLE, "start_timeout");
	assert_int_equal(info_of("mute").state, PROVIDER_BACKOFF);
	end();
}

static void no_program(void)
{
	begin("", "    one:\n      path: /nowhere/driver\n    two: {}\n");
	call_fails("one", NULL, ERR_DRIVER_UNAVAILABLE, "/nowhere/driver");
	call_fails("two", NULL, ERR_DRIVER_UNAVAILABLE, "plugins.directory");
	end();
}

static void exits_and_says_so(void)
{
	begin("", BLOCK("one", ""));
	assert_null(call_with("one", "instance.create", "exit", true, 10000));
	await_restarts("one", 1);
	end();
}

static void closed_stdout_is_an_end(void)
{
	begin("", BLOCK("one", ""));
	assert_null(call_with("one", "instance.create", "close stdout", true,
			      10000));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	await_restarts("one", 1);
	end();
}

/* ---- sickness ----------------------------------------------------------- */

static void violations_replace(void)
{
	uint64_t before;

	begin("", BLOCK("one", ""));
	call_answers("one", NULL);
	before = info_of("one").generation;
	call_answers("one", "violate");
	host_await(is_restarted, &before);
	await_state(PROVIDER_READY);
	assert_int_equal(info_of("one").violations, 150);
	end();
}

static void missed_pings_replace(void)
{
	uint64_t before;

	begin("  health_interval: 10ms\n  ping_timeout: 10ms\n",
	      "    one:\n      driver: deaf\n      path: " HOST_DRIVER "\n");
	call_answers("one", NULL);
	before = info_of("one").generation;
	/* Its name is "one", so it is not deaf: it must stay. */
	fiber_sleep(200);
	assert_int_equal(info_of("one").generation, before);
	end();
	begin("  health_interval: 10ms\n  ping_timeout: 10ms\n",
	      BLOCK("deaf", ""));
	call_answers("deaf", NULL);
	before = info_of("deaf").generation;
	while (info_of("deaf").generation == before)
		fiber_sleep(5);
	end();
}

static void deadline(void)
{
	json_t *value;

	begin("", BLOCK("one", ""));
	value = call_with("one", "region.list", "hang", false, 100);
	assert_null(value);
	assert_int_equal(err.code, ERR_DEADLINE);
	call_answers("one", NULL);
	assert_int_equal(info_of("one").restarts, 0);
	end();
}

static void breaker_opens(void)
{
	begin("", BLOCK("one", ""));
	for (int i = 0; i < 10; i++)
		call_fails("one", "cloud down", ERR_CLOUD_UNAVAILABLE, "");
	assert_true(info_of("one").breaker_open);
	call_fails("one", NULL, ERR_DRIVER_UNAVAILABLE, "left alone");
	assert_true(err.retry_after_ms >= 1000);
	end();
}

static void secrets_are_masked(void)
{
	begin("", BLOCK("one", "      config: {password: canary-value}\n"));
	call_fails("one", "echo secret", ERR_UNAUTHENTICATED, "************");
	assert_null(strstr(err.message, "canary"));
	end();
}

static void stderr_is_limited(void)
{
	begin("", BLOCK("one", ""));
	call_answers("one", "flood");
	while (info_of("one").stderr_lines + info_of("one").stderr_dropped <
	       5001)
		fiber_sleep(1);
	assert_true(info_of("one").stderr_lines <= 2000);
	assert_true(info_of("one").stderr_dropped >= 3001);
	end();
}

/* ---- queues ------------------------------------------------------------- */

static unsigned finished;

static void hang_a_while(void *arg UNUSED)
{
	struct error own;
	json_t *args = json_pack("{s:s}", "do", "hang");
	struct driver_request req = { .provider = "serial",
				      .method = "region.list",
				      .args = args,
				      .deadline = clock_ms() + 300 };
	struct driver_reply reply;

	assert_false(driver_call(registry, &req, &reply, &own));
	finished += own.code == ERR_DEADLINE || own.code == ERR_BUSY;
	json_decref(args);
}

static void full_queue_is_busy(void)
{
	finished = 0;
	begin("  max_queue: 2\n", BLOCK("serial", ""));
	call_answers("serial", NULL);
	assert_int_equal(info_of("serial").max_inflight, 1);
	for (int i = 0; i < 3; i++)
		assert_non_null(fiber_spawn("caller", hang_a_while, NULL));
	fiber_yield();
	call_fails("serial", NULL, ERR_BUSY, "wait");
	assert_true(err.retry_after_ms > 0);
	while (finished < 3)
		fiber_sleep(5);
	call_answers("serial", NULL);
	end();
}

/* A call that is under way when its provider goes is answered all the same. */
static void removed_provider_drains(void)
{
	finished = 0;
	begin("", BLOCK("serial", ""));
	call_answers("serial", NULL);
	assert_non_null(fiber_spawn("caller", hang_a_while, NULL));
	fiber_yield();
	reload(BLOCK("one", ""));
	/* It counts only what was not cut off by the driver's end. */
	while (!finished)
		fiber_sleep(5);
	while (host_children())
		fiber_sleep(5);
	end();
}

/* ---- time that the test makes up ------------------------------------------------- */

static bool stopped;

static void stop_registry(void *arg UNUSED)
{
	registry_stop(registry, clock_ms() + 3600000);
	stopped = true;
}

/* Let the processes react, then let @ms pass at once. */
static void pass(int64_t ms)
{
	for (int i = 0; i < 20; i++) {
		struct timespec moment = { 0, 2000000 };

		pselect(0, NULL, NULL, NULL, &moment, NULL);
		fiber_yield();
	}
	clock_advance(ms);
	fiber_yield();
}

/* One that lingers ends at SIGTERM after 5 s, a stubborn one at SIGKILL. */
static void stops_step_by_step(void)
{
	begin("", BLOCK("stubborn", "") BLOCK("lingers", ""));
	call_answers("stubborn", NULL);
	call_answers("lingers", NULL);
	while (host_children() > 2)
		fiber_sleep(1);
	clock_set_virtual(clock_ms());
	stopped = false;
	assert_non_null(fiber_spawn("stop", stop_registry, NULL));
	pass(4900);
	assert_int_equal(host_children(), 2);
	pass(200);
	while (host_children() == 2)
		pass(0);
	assert_false(stopped);
	pass(5000);
	while (!stopped)
		pass(100);
	clock_set_real();
	end();
}

static void old_partial_line_replaces(void)
{
	uint64_t before;

	begin("", BLOCK("one", ""));
	assert_null(call_with("one", "region.list", "half a line", false, 50));
	before = info_of("one").generation;
	clock_set_virtual(clock_ms());
	pass(9000);
	assert_int_equal(info_of("one").generation, before);
	pass(9000);
	while (info_of("one").generation == before)
		pass(1000);
	stopped = false;
	assert_non_null(fiber_spawn("stop", stop_registry, NULL));
	while (!stopped)
		pass(100);
	clock_set_real();
	end();
}

static struct buf logged;

static void keep_line(const char *line, size_t n)
{
	buf_add(&logged, line, n);
}

/* It takes 180 ms and says so; what it logs meanwhile is masked. */
static void starting_extends_the_limit(void)
{
	log_set_sink(keep_line);
	begin("  start_timeout: 120ms\n",
	      BLOCK("slow", "      config: {password: am warm}\n"));
	call_answers("slow", NULL);
	assert_int_equal(info_of("slow").restarts, 0);
	end();
	log_set_sink(NULL);
	assert_non_null(strstr(logged.p, "text=\"I *******\""));
	buf_done(&logged);
}

/* clang-format off */
#define TESTS(T) \
	T(read_fails_over) T(read_fails_in_the_end) \
	T(mutation_is_never_repeated) T(crash_loop_backs_off) T(backoff_ends) \
	T(bad_handshakes_break) T(no_program) T(exits_and_says_so) \
	T(closed_stdout_is_an_end) T(violations_replace) \
	T(missed_pings_replace) T(deadline) T(breaker_opens) \
	T(secrets_are_masked) T(stderr_is_limited) T(full_queue_is_busy) \
	T(removed_provider_drains) T(stops_step_by_step) \
	T(old_partial_line_replaces) T(starting_extends_the_limit)
/* clang-format on */

TESTS(REGISTRY_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(REGISTRY_ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
