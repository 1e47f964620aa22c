/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the registry share: a configuration, a registry, and calls
 * of the test driver (tests/host/driver.c).
 */
#ifndef SKYCLUST_TESTS_UNIT_REGISTRY_RUN_H
#define SKYCLUST_TESTS_UNIT_REGISTRY_RUN_H

#include "host.h"
#include "metrics.h"
#include "registry.h"

static struct config *config;
static struct registry *registry;
static struct error err;

/* A configuration whose providers are @blocks, under supervisor: @settings. */
static inline struct config *configure(const char *settings, const char *blocks)
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

static inline void begin(const char *settings, const char *blocks)
{
	config = configure(settings, blocks);
	registry = registry_new(config);
}

static inline void end(void)
{
	registry_stop(registry, clock_ms() + 10000);
	registry_free(registry);
	config_free(config);
	metrics_done();
	assert_int_equal(host_children(), 0);
}

#define BLOCK(name, more) "    " name ":\n      path: " HOST_DRIVER "\n" more

/* Call @method with {"do": what}; the answer's value (new), NULL with err. */
static inline json_t *call_with(const char *provider, const char *method,
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

static inline json_t *call(const char *provider, const char *what)
{
	return call_with(provider, "region.list", what, false, 10000);
}

static inline void call_answers(const char *provider, const char *what)
{
	json_t *value = call(provider, what);

	if (!value)
		fail_msg("%s: %s", provider, err.message);
	json_decref(value);
}

static inline struct provider_info info_of(const char *name)
{
	struct provider_info info;

	assert_true(registry_info_by_name(registry, name, &info));
	return info;
}

static inline void call_fails(const char *provider, const char *what,
		       enum err_code code, const char *words)
{
	json_t *value = call(provider, what);

	assert_null(value);
	if (err.code != code || !strstr(err.message, words))
		fail_msg("%s: error %d: %s", provider, err.code, err.message);
}

static inline bool is_state(void *arg)
{
	const enum provider_state *wanted = arg;

	return info_of("one").state == *wanted;
}

static inline void await_state(enum provider_state state)
{
	host_await(is_state, &state);
}

/* @n processes of @name have died, and the next one is ready. */
static inline void await_restarts(const char *name, uint64_t n)
{
	int64_t limit = clock_ms() + HOST_TEST_MS;

	while (info_of(name).restarts < n ||
	       info_of(name).state != PROVIDER_READY) {
		assert_true(clock_ms() < limit);
		fiber_sleep(1);
	}
	assert_int_equal(info_of(name).restarts, n);
}

static inline bool is_restarted(void *arg)
{
	const uint64_t *before = arg;

	return info_of("one").generation > *before;
}

static inline void reload(const char *blocks)
{
	struct config *fresh = configure("", blocks);

	registry_reload(registry, fresh);
	config_free(config);
	config = fresh;
}

#define REGISTRY_DEFINE(name)                        \
	static void test_##name(void **state UNUSED) \
	{                                            \
		host_run(name);                      \
	}
#define REGISTRY_ROW(name) \
	cmocka_unit_test_setup_teardown(test_##name, host_setup, host_teardown),

#endif
