/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry and calls, against real processes of the test driver.
 */
#include "unit.h"

#include "base/secret.h"
#include "registry_run.h"

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

/* Call "one" or "locked" with the credential @secrets (JSON text). */
static json_t *call_as(const char *provider, const char *what,
		       const char *secrets)
{
	struct secret *own = secret_new(secrets, strlen(secrets));
	AUTO_JSON json_t *args = json_pack("{s:s}", "do", what);
	struct driver_request req = { .provider = provider,
				      .method = "region.list",
				      .args = args,
				      .secrets = own,
				      .credential = "crd_1",
				      .deadline = clock_ms() + 10000 };
	struct driver_reply reply;
	json_t *value = NULL;

	if (driver_call(registry, &req, &reply, &err)) {
		value = json_read(reply.value.p, reply.value.n, &err);
		driver_reply_done(&reply);
	}
	secret_free(own);
	return value;
}

static void assert_egress(const char *provider, const char *secrets,
			  const char *egress)
{
	json_t *seen = secrets ? call_as(provider, "params", secrets)
			       : call(provider, "params");

	assert_non_null(seen);
	assert_string_equal(
		json_str(json_object_get(seen, "ctx"), "egress", "none"),
		egress);
	if (secrets)
		assert_string_equal(json_str(json_object_get(seen, "secrets"),
					     "password", ""),
				    "tenants-own");
	json_decref(seen);
}

#define TENANT "{\"password\":\"tenants-own\"}"

/* A tenant's secrets go out instead of the provider's, and where they may lead
 * is said with them. */
static void sends_a_tenants_secrets(void)
{
	begin("", BLOCK("one", "      config: {password: 123456}\n")
			  BLOCK("two", "      private_networks: true\n"));
	assert_egress("one", TENANT, "public");
	assert_egress("one", NULL, "none");
	assert_egress("two", TENANT, "any");
	assert_null(call_as("one", "echo secret", TENANT));
	assert_null(strstr(err.message, "tenants-own"));
	assert_non_null(strstr(err.message, "***********"));
	end();
}

/* Without a credential in its block a provider serves those who bring one. */
static void starts_without_a_credential(void)
{
	begin("", BLOCK("locked", ""));
	call_fails("locked", NULL, ERR_UNAUTHENTICATED, "HOST_TEST_PASSWORD");
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_egress("locked", TENANT, "public");
	end();
}

/* Ten failures of one tenant do not keep the other one out. */
static void breakers_are_each_tenants_own(void)
{
	begin("", BLOCK("one", ""));
	for (int i = 0; i < 10; i++)
		assert_null(call_as("one", "cloud down", TENANT));
	assert_null(call_as("one", "params", TENANT));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	call_answers("one", NULL);
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

/* ---- reload ------------------------------------------------------------- */

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

/* The same configuration, but another program behind the path. */
static void reload_sees_a_new_program(void)
{
	char *path = mem_printf("%s/driver", host_dir);
	char *block = mem_printf("    one:\n      path: %s\n", path);
	struct buf bytes = { 0 };
	pid_t before;

	assert_int_equal(sys_read_file(HOST_DRIVER, 1 << 28, &bytes), 0);
	assert_int_equal(sys_replace_file(path, bytes.p, bytes.n, 0700), 0);
	begin("", block);
	call_answers("one", NULL);
	before = info_of("one").pid;
	reload(block);
	call_answers("one", NULL);
	assert_int_equal(info_of("one").pid, before);
	assert_int_equal(sys_replace_file(path, bytes.p, bytes.n, 0700), 0);
	reload(block);
	call_answers("one", NULL);
	assert_int_not_equal(info_of("one").pid, before);
	end();
	buf_done(&bytes);
	mem_free(block);
	mem_free(path);
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

static void tells_about_providers(void)
{
	struct buf text = { 0 };
	struct provider_info info;

	begin("", BLOCK("b", "") BLOCK("a", ""));
	assert_int_equal(registry_count(registry), 2);
	assert_true(registry_info(registry, 0, &info));
	assert_string_equal(info.name, "a");
	assert_string_equal(provider_state_name(info.state), "stopped");
	assert_false(registry_info(registry, 2, &info));
	assert_false(registry_info_by_name(registry, "c", &info));
	assert_false(
		registry_ensure_ready(registry, "c", clock_ms() + 9000, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_true(
		registry_ensure_ready(registry, "b", clock_ms() + 9000, NULL));
	metrics_print(&text);
	assert_non_null(
		strstr(text.p, "skyclust_driver_up{provider=\"a\"} 0\n"));
	assert_non_null(
		strstr(text.p, "skyclust_driver_up{provider=\"b\"} 1\n"));
	buf_done(&text);
	end();
}

/* clang-format off */
#define TESTS(T) \
	T(answers_lazily) T(tells_about_providers) T(eager) T(splits_settings_from_secrets) \
	T(misses_a_setting) T(sends_a_tenants_secrets) T(starts_without_a_credential) \
	T(breakers_are_each_tenants_own) T(refuses_what_is_not_there) T(streams_a_list) \
	T(reload_marks_and_sweeps) \
	T(reload_sees_a_new_program) \
	T(stubborn_is_killed) T(lists_drivers) T(script_runs) T(validates)
/* clang-format on */

TESTS(REGISTRY_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(REGISTRY_ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
