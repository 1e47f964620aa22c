/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry and calls, against real processes of the test driver.
 */
#include "unit.h"

#include "host.h"
#include "metrics.h"
#include "registry.h"

static struct config *config;
static struct registry *registry;
static struct error err;

/* A configuration whose providers are @blocks, under supervisor: @settings. */
static struct config *configure(const char *settings, const char *blocks)
{
	struct config *c;
	char *text = mem_printf(
		"server: {data_dir: %s}\nplugins:\n  auto_load: false\n"
		"  providers:\n%ssupervisor:\n%s",
		host_dir, blocks, settings);

	c = config_load(host_file("skyclust.yaml", text), &err);
	if (!c)
		fail_msg("%s", err.message);
	mem_free(text);
	return c;
}

static void begin(const char *settings, const char *blocks)
{
	config = configure(settings, blocks);
	registry = registry_new(config);
}

static void end(void)
{
	registry_stop(registry, clock_ms() + 10000);
	registry_free(registry);
	config_free(config);
	metrics_done();
	assert_int_equal(host_children(), 0);
}

#define BLOCK(name, more) "    " name ":\n      path: " HOST_DRIVER "\n" more

/* Call @method with {"do": what}; the answer's value (new), NULL with err. */
static json_t *call_with(const char *provider, const char *method,
			 const char *what, bool mutates, int64_t ms)
{
	json_t *args = what ? json_pack("{s:s}", "do", what) : NULL;
	struct driver_request req = { .provider = provider,
				      .method = method,
				      .mutates = mutates,
				      .args = args,
				      .deadline = clock_ms() + ms };
	struct driver_reply reply;
	json_t *value = NULL;

	memset(&err, 0, sizeof(err));
	if (driver_call(registry, &req, &reply, &err)) {
		value = json_read(reply.value.p, reply.value.n, &err);
		assert_non_null(value);
		driver_reply_done(&reply);
	}
	json_decref(args);
	return value;
}

static json_t *call(const char *provider, const char *what)
{
	return call_with(provider, "region.list", what, false, 10000);
}

static void call_answers(const char *provider, const char *what)
{
	json_t *value = call(provider, what);

	if (!value)
		fail_msg("%s: %s", provider, err.message);
	json_decref(value);
}

static struct provider_info info_of(const char *name)
{
	struct provider_info info;

	assert_true(registry_info_by_name(registry, name, &info));
	return info;
}

static void call_fails(const char *provider, const char *what,
		       enum err_code code, const char *words)
{
	json_t *value = call(provider, what);

	assert_null(value);
	if (err.code != code || !strstr(err.message, words))
		fail_msg("%s: error %d: %s", provider, err.code, err.message);
}

static bool is_state(void *arg)
{
	const enum provider_state *wanted = arg;

	return info_of("one").state == *wanted;
}

static void await_state(enum provider_state state)
{
	host_await(is_state, &state);
}

/* @n processes of @name have died, and the next one is ready. */
static void await_restarts(const char *name, uint64_t n)
{
	int64_t limit = clock_ms() + HOST_TEST_MS;

	while (info_of(name).restarts < n ||
	       info_of(name).state != PROVIDER_READY) {
		assert_true(clock_ms() < limit);
		fiber_sleep(1);
	}
	assert_int_equal(info_of(name).restarts, n);
}

static bool is_restarted(void *arg)
{
	const uint64_t *before = arg;

	return info_of("one").generation > *before;
}

/* ---- the way of a call ------------------------------------------------------
 */

static void answers_lazily(void)
{
	begin("", BLOCK("one", ""));
	assert_int_equal(info_of("one").state, PROVIDER_STOPPED);
	assert_int_equal(host_children(), 0);
	call_answers("one", NULL);
	assert_int_equal(info_of("one").state, PROVIDER_READY);
	assert_string_equal(info_of("one").version, "1.2.3");
	assert_int_equal(strlen(info_of("one").digest), 64);
	assert_int_equal(info_of("one").calls, 1);
	assert_true(info_of("one").rss_kib > 100);
	end();
}

static void eager(void)
{
	begin("", BLOCK("one", "      start: eager\n"));
	await_state(PROVIDER_READY);
	end();
}

static void splits_settings_from_secrets(void)
{
	json_t *seen, *given;

	setenv("HOST_TEST_ENDPOINT", "http://env", 1);
	begin("",
	      BLOCK("one", "      config: {size: '7', password: 123456}\n"));
	seen = call("one", "params");
	assert_string_equal(
		json_str(json_object_get(seen, "secrets"), "password", ""),
		"123456");
	assert_true(json_int(json_object_get(seen, "ctx"), "deadline_ms", 0) >
		    1000);
	json_decref(seen);
	seen = call("one", "look");
	given = json_object_get(seen, "config");
	assert_string_equal(json_str(given, "endpoint", ""), "http://env");
	assert_string_equal(json_str(given, "size", ""), "7");
	assert_null(json_object_get(given, "password"));
	json_decref(seen);
	unsetenv("HOST_TEST_ENDPOINT");
	end();
}

static void misses_a_setting(void)
{
	begin("", BLOCK("needy", ""));
	call_fails("needy", NULL, ERR_INVALID, "HOST_TEST_ENDPOINT");
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_non_null(
		strstr(err.message, "plugins.providers.needy.config.endpoint"));
	assert_int_equal(info_of("needy").state, PROVIDER_STOPPED);
	end();
}

static void refuses_what_is_not_there(void)
{
	json_t *value;

	begin("", BLOCK("one", ""));
	call_fails("two", NULL, ERR_NOT_FOUND, "no provider two");
	value = call_with("one", "warp.engage", NULL, false, 5000);
	assert_null(value);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	end();
}

struct items {
	size_t chunks, items;
	size_t stop_at;
};

static WAITS bool take_items(void *arg, struct slice array, size_t n)
{
	struct items *seen = arg;

	assert_int_equal(array.p[0], '[');
	seen->chunks++;
	seen->items += n;
	return seen->chunks != seen->stop_at;
}

static bool stream(struct items *seen)
{
	json_t *args = json_pack("{s:s}", "do", "stream");
	struct driver_request req = { .provider = "one",
				      .method = "instance.list",
				      .args = args,
				      .on_items = take_items,
				      .arg = seen,
				      .deadline = clock_ms() + 10000 };
	struct driver_reply reply;
	bool ok = driver_call(registry, &req, &reply, &err);

	if (ok) {
		assert_true(reply.streamed);
		driver_reply_done(&reply);
	}
	json_decref(args);
	return ok;
}

static void streams_a_list(void)
{
	struct items seen = { 0 };

	begin("", BLOCK("one", ""));
	if (!stream(&seen))
		fail_msg("%s", err.message);
	assert_int_equal(seen.chunks, 3);
	assert_int_equal(seen.items, 6);
	seen = (struct items){ .stop_at = 1 };
	assert_false(stream(&seen));
	assert_int_equal(err.code, ERR_CANCELLED);
	assert_int_equal(seen.chunks, 1);
	assert_false(fiber_cancelled());
	call_answers("one", NULL);
	end();
}

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

/* ---- sickness
 * ----------------------------------------------------------------- */

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

/* ---- queues
 * -------------------------------------------------------------------- */

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
	fiber_sleep(20);
	call_fails("serial", NULL, ERR_BUSY, "wait");
	assert_true(err.retry_after_ms > 0);
	while (finished < 3)
		fiber_sleep(5);
	call_answers("serial", NULL);
	end();
}

/* ---- reload
 * -------------------------------------------------------------------- */

static void reload(const char *blocks)
{
	struct config *fresh = configure("", blocks);

	registry_reload(registry, fresh);
	config_free(config);
	config = fresh;
}

static void reload_marks_and_sweeps(void)
{
	pid_t kept, changed;

	begin("", BLOCK("one", "") BLOCK("two", "") BLOCK("three", ""));
	call_answers("one", NULL);
	call_answers("two", NULL);
	call_answers("three", NULL);
	kept = info_of("one").pid;
	changed = info_of("two").pid;
	reload(BLOCK("one", "") BLOCK("two", "      config: {size: 1}\n")
		       BLOCK("four", ""));
	assert_int_equal(registry_count(registry), 3);
	assert_int_equal(info_of("one").pid, kept);
	call_fails("three", NULL, ERR_NOT_FOUND, "three");
	call_answers("two", NULL);
	call_answers("four", NULL);
	assert_int_not_equal(info_of("two").pid, changed);
	while (host_children() > 3)
		fiber_sleep(2);
	end();
}

/* A call that is under way when its provider goes is answered all the same. */
static void removed_provider_drains(void)
{
	finished = 0;
	begin("", BLOCK("serial", ""));
	call_answers("serial", NULL);
	assert_non_null(fiber_spawn("caller", hang_a_while, NULL));
	fiber_sleep(10);
	reload(BLOCK("one", ""));
	assert_int_equal(host_children(), 1);
	while (!finished)
		fiber_sleep(5);
	while (host_children())
		fiber_sleep(5);
	end();
}

static void stubborn_is_killed(void)
{
	begin("", BLOCK("stubborn", "") BLOCK("lingers", ""));
	call_answers("stubborn", NULL);
	call_answers("lingers", NULL);
	registry_stop(registry, clock_ms() + 50);
	assert_int_equal(host_children(), 0);
	registry_free(registry);
	config_free(config);
	metrics_done();
}

static void lists_drivers(void)
{
	json_t *found;
	char *folder = mem_printf("%s/plugins", host_dir);
	char *path = mem_printf("%s/private", folder);
	char *text;

	mkdir(folder, 0700);
	mkdir(path, 0700);
	mem_free(path);
	path = mem_printf("%s/private/mine", folder);
	mkdir(path, 0700);
	mem_free(path);
	path = mem_printf("%s/private/mine/mine", folder);
	assert_int_equal(symlink(HOST_DRIVER, path), 0);
	text = mem_printf("server: {data_dir: %s}\nplugins: {directory: %s}\n",
			  host_dir, folder);
	config = config_load(host_file("c.yaml", text), &err);
	assert_non_null(config);
	found = registry_find_drivers(config);
	assert_int_equal(json_array_size(found), 1);
	assert_string_equal(json_str(json_array_get(found, 0), "source", ""),
			    "private");
	registry = registry_new(config);
	call_answers("mine", NULL);
	json_decref(found);
	mem_free(path);
	mem_free(folder);
	mem_free(text);
	end();
}

static void script_runs(void)
{
	json_t *seen, *fds;

	begin("  start_timeout: 30s\n",
	      "    script:\n      path: " HOST_SCRIPT "\n");
	seen = call_with("script", "region.list", NULL, false, 60000);
	if (!seen)
		fail_msg("%s", err.message);
	fds = json_object_get(seen, "fds");
	assert_int_equal(json_array_size(fds), 3);
	assert_int_equal(json_object_size(json_object_get(seen, "env")), 3);
	json_decref(seen);
	end();
}

static void validates(void)
{
	json_t *report;

	config = configure("", "    x: {}\n");
	report = registry_validate_driver(config, HOST_DRIVER);
	/* It knows no driver.selftest result of its own, but answers. */
	assert_true(json_bool(report, "ok", false));
	json_decref(report);
	report = registry_validate_driver(config, "/bin/true");
	assert_false(json_bool(report, "ok", true));
	json_decref(report);
	report = registry_validate_driver(config, "/etc/passwd");
	assert_false(json_bool(report, "ok", true));
	assert_non_null(strstr(
		json_str(json_array_get(json_object_get(report, "findings"), 0),
			 "detail", ""),
		"not executable"));
	json_decref(report);
	config_free(config);
	assert_int_equal(host_children(), 0);
}

/* clang-format off */
#define TESTS(T) \
	T(answers_lazily) T(eager) T(splits_settings_from_secrets) \
	T(misses_a_setting) T(refuses_what_is_not_there) T(streams_a_list) \
	T(read_fails_over) T(read_fails_in_the_end) \
	T(mutation_is_never_repeated) T(crash_loop_backs_off) T(backoff_ends) \
	T(bad_handshakes_break) T(no_program) T(exits_and_says_so) \
	T(closed_stdout_is_an_end) T(violations_replace) \
	T(missed_pings_replace) T(deadline) T(breaker_opens) \
	T(secrets_are_masked) T(stderr_is_limited) T(full_queue_is_busy) \
	T(reload_marks_and_sweeps) T(removed_provider_drains) \
	T(stubborn_is_killed) T(lists_drivers) T(script_runs) T(validates)
/* clang-format on */

#define DEFINE(name) \
	static void test_##name(void **state UNUSED) \
	{ \
		host_run(name); \
	}
#define ROW(name) \
	cmocka_unit_test_setup_teardown(test_##name, host_setup, host_teardown),

TESTS(DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
