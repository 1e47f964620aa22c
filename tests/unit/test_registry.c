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
		"  providers:\n%ssupervisor:\n  ping_timeout: 100ms\n%s",
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
	end();
}

static void test_answers_lazily(void **state UNUSED)
{
	host_run(answers_lazily);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers_lazily, host_setup,
						host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
