/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two state tables, every state × every event; and the small parts that
 * they stand on: handshakes, settings, masking, captured stderr.
 */
#include "unit.h"

#include "host.h"
#include "base/secret.h"
#include "supervise/describe.h"
#include "supervise/hello.h"
#include "supervise/provider.h"

static struct error err;

/* ---- generations --------------------------------------------------------------- */

#define SAME (-1)

/* One row a state, in the order of enum gen_event: spawned, spawn_failed,
 * hello, refused, drain, idle, timer, sick, pipe_end, exit, kill. */
static const int generations[GEN_STATES][GEN_EVENTS] = {
	[GEN_SPAWNING] = { GEN_STARTING, GEN_DEAD, SAME, SAME, GEN_UNWANTED,
			   SAME, GEN_DEAD, SAME, SAME, SAME, GEN_UNWANTED },
	[GEN_UNWANTED] = { GEN_KILLED, GEN_DEAD, SAME, SAME, SAME, SAME,
			   GEN_DEAD, SAME, SAME, SAME, SAME },
	[GEN_STARTING] = { SAME, SAME, GEN_READY, GEN_KILLED, GEN_KILLED, SAME,
			   GEN_KILLED, GEN_KILLED, GEN_KILLED, GEN_REAPED,
			   GEN_KILLED },
	[GEN_READY] = { SAME, SAME, SAME, SAME, GEN_DRAINING, SAME, GEN_READY,
			GEN_DRAINING, GEN_KILLED, GEN_REAPED, GEN_KILLED },
	[GEN_DRAINING] = { SAME, SAME, SAME, SAME, SAME, GEN_STOPPING,
			   GEN_STOPPING, SAME, GEN_KILLED, GEN_REAPED,
			   GEN_KILLED },
	[GEN_STOPPING] = { SAME, SAME, SAME, SAME, SAME, SAME, GEN_TERMINATING,
			   SAME, SAME, GEN_REAPED, GEN_KILLED },
	[GEN_TERMINATING] = { SAME, SAME, SAME, SAME, SAME, SAME, GEN_KILLED,
			      SAME, SAME, GEN_REAPED, GEN_KILLED },
	[GEN_KILLED] = { SAME, SAME, SAME, SAME, SAME, SAME, GEN_KILLED, SAME,
			 SAME, GEN_REAPED, SAME },
	[GEN_REAPED] = { SAME, SAME, SAME, SAME, SAME, SAME, GEN_DEAD, SAME,
			 GEN_DEAD, SAME, SAME },
	[GEN_DEAD] = { SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME,
		       SAME, SAME },
};

static void test_generation_table(void **state UNUSED)
{
	for (int s = 0; s < GEN_STATES; s++)
		for (int e = 0; e < GEN_EVENTS; e++) {
			int wanted = generations[s][e] == SAME
					     ? s
					     : generations[s][e];
			int got = generation_next((enum gen_state)s,
						  (enum gen_event)e);

			if (got != wanted)
				fail_msg("state %s, event %d: %s, not %s",
					 generation_state_name(
						 (enum gen_state)s),
					 e,
					 generation_state_name(
						 (enum gen_state)got),
					 generation_state_name(
						 (enum gen_state)wanted));
		}
}

/* From every state the dead one is reached by exit, timers and the pipe's end,
 * so nothing can be waited for in vain. */
static void test_every_generation_ends(void **state UNUSED)
{
	for (int s = 0; s < GEN_STATES; s++) {
		enum gen_state at = (enum gen_state)s;

		at = generation_next(at, GEN_EV_SPAWNED);
		at = generation_next(at, GEN_EV_KILL);
		at = generation_next(at, GEN_EV_EXIT);
		at = generation_next(at, GEN_EV_TIMER);
		assert_int_equal(at, GEN_DEAD);
	}
}

/* ---- providers ------------------------------------------------------------------ */

/* In the order of enum provider_event: need, unset, ready, died, died_again,
 * hopeless, timer, stop, gone. */
static const int providers[PROVIDER_STATES][PROV_EVENTS] = {
	[PROVIDER_STOPPED] = { PROVIDER_STARTING, SAME, SAME, SAME, SAME, SAME,
			       SAME, PROVIDER_STOPPING, SAME },
	[PROVIDER_STARTING] = { SAME, PROVIDER_STOPPED, PROVIDER_READY,
				PROVIDER_STARTING, PROVIDER_BACKOFF,
				PROVIDER_BROKEN, SAME, PROVIDER_STOPPING,
				SAME },
	[PROVIDER_READY] = { SAME, SAME, SAME, PROVIDER_STARTING,
			     PROVIDER_BACKOFF, PROVIDER_BROKEN, SAME,
			     PROVIDER_STOPPING, SAME },
	[PROVIDER_BACKOFF] = { SAME, SAME, SAME, SAME, SAME, SAME,
			       PROVIDER_STARTING, PROVIDER_STOPPING, SAME },
	[PROVIDER_BROKEN] = { SAME, SAME, SAME, SAME, SAME, SAME, SAME,
			      PROVIDER_STOPPING, SAME },
	[PROVIDER_STOPPING] = { SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME,
				PROVIDER_STOPPED },
};

static void test_provider_table(void **state UNUSED)
{
	for (int s = 0; s < PROVIDER_STATES; s++)
		for (int e = 0; e < PROV_EVENTS; e++) {
			int wanted =
				providers[s][e] == SAME ? s : providers[s][e];
			int got = provider_next((enum provider_state)s,
						(enum provider_event)e);

			if (got != wanted)
				fail_msg("state %s, event %d: %s, not %s",
					 provider_state_name(
						 (enum provider_state)s),
					 e,
					 provider_state_name(
						 (enum provider_state)got),
					 provider_state_name(
						 (enum provider_state)wanted));
		}
}

/* ---- handshakes ------------------------------------------------------------------- */

static void test_hello_request(void **state UNUSED)
{
	AUTO_JSON json_t *config = json_pack("{s:i}", "size", 7);
	const struct hello_request h = { true, config, "/state", 12 };
	struct buf out = { 0 };
	json_t *params;

	hello_write(&h, &out);
	params = json_read(out.p, out.n, &err);
	assert_non_null(params);
	assert_string_equal(json_string_value(json_at(params, "/protocol/0")),
			    "1.0");
	assert_int_equal(json_integer_value(json_at(params, "/config/size")),
			 7);
	assert_int_equal(
		json_integer_value(json_at(params, "/limits/max_inflight")),
		12);
	assert_string_equal(json_str(params, "state_dir", ""), "/state");
	assert_true(json_bool(params, "probe", false));
	json_decref(params);
	buf_done(&out);
}

static void test_hello_answers(void **state UNUSED)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "[]", "not an object" },
		{ "{", "" },
		{ "{}", "`protocol`" },
		{ "{\"protocol\":\"2.0\"}", "this host speaks 1.0" },
		{ "{\"protocol\":\"1.0\"}", "`name`" },
		{ "{\"protocol\":\"1.0\",\"name\":\"x\"}", "`operations`" },
		{ "{\"protocol\":\"1.0\",\"name\":\"x\",\"operations\":{\"a\":"
		  "1}}",
		  "`operations`" },
		{ "{\"protocol\":\"1.0\",\"name\":\"x\",\"operations\":{},"
		  "\"config_schema\":1}",
		  "schema" },
		{ "{\"protocol\":\"1.0\",\"name\":\"x\",\"operations\":{},"
		  "\"env\":{\"A\":1}}",
		  "`env`" },
		{ "{\"protocol\":\"1.0\",\"name\":\"x\",\"operations\":{},"
		  "\"kinds\":[]}",
		  "`kinds`" },
	};
	json_t *hello = hello_read(SLICE("{\"protocol\":\"1.0\",\"name\":\"x\","
					 "\"operations\":{}}"),
				   &err);

	assert_non_null(hello);
	json_decref(hello);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(hello_read(slice_of(bad[i].text), &err));
		if (!strstr(err.message, bad[i].why))
			fail_msg("%s: %s", bad[i].text, err.message);
	}
}

static void test_descriptions(void **state UNUSED)
{
	AUTO_JSON json_t *hello = json_object();

	assert_null(description_of("abc"));
	description_keep("abc", hello);
	assert_ptr_equal(description_of("abc"), hello);
	descriptions_done();
	assert_null(description_of("abc"));
}

/* ---- settings --------------------------------------------------------------------- */

static json_t *schemas(void)
{
	return json_loads("{\"config_schema\":{\"properties\":{\"url\":{"
			  "\"type\":\"string\"},"
			  "\"size\":{\"type\":\"integer\"},\"fast\":{\"type\":"
			  "\"boolean\"}},"
			  "\"required\":[\"url\"]},"
			  "\"credential_schema\":{\"properties\":{\"user\":{"
			  "\"type\":\"string\"},"
			  "\"password\":{\"type\":\"string\"}},\"required\":["
			  "\"password\"]},"
			  "\"env\":{\"HT_URL\":\"url\",\"HT_SIZE\":\"size\","
			  "\"HT_FAST\":\"fast\","
			  "\"HT_PASSWORD\":\"password\"}}",
			  0, NULL);
}

static json_t *secrets_of(const struct settings *s)
{
	return json_read(secret_reveal(s->secrets), secret_length(s->secrets),
			 &err);
}

static void test_settings_are_split(void **state UNUSED)
{
	AUTO_JSON json_t *hello = schemas();
	AUTO_JSON json_t *block =
		json_pack("{s:s, s:i, s:b, s:n}", "url", "u", "password",
			  1234567, "other", 1, "user");
	struct settings s;
	json_t *secrets;

	settings_init(&s, "p", hello, block);
	assert_int_equal(s.missing.code, ERR_NONE);
	secrets = secrets_of(&s);
	assert_string_equal(json_str(secrets, "password", ""), "1234567");
	assert_true(json_is_null(json_object_get(secrets, "user")));
	assert_int_equal(json_object_size(secrets), 2);
	assert_string_equal(json_str(s.config, "url", ""), "u");
	assert_true(json_bool(s.config, "other", false));
	assert_int_equal(json_object_size(s.config), 2);
	json_decref(secrets);
	settings_done(&s);
}

static void test_settings_of_the_environment(void **state UNUSED)
{
	AUTO_JSON json_t *hello = schemas();
	AUTO_JSON json_t *block = json_pack("{s:s}", "url", "mine");
	struct settings s;
	json_t *secrets;

	setenv("HT_URL", "theirs", 1);
	setenv("HT_SIZE", "42", 1);
	setenv("HT_FAST", "true", 1);
	setenv("HT_PASSWORD", "", 1);
	settings_init(&s, "p", hello, block);
	assert_string_equal(json_str(s.config, "url", ""), "mine");
	assert_int_equal(json_int(s.config, "size", 0), 42);
	assert_true(json_is_true(json_object_get(s.config, "fast")));
	assert_int_equal(s.missing.code, ERR_NONE);
	assert_int_equal(s.no_secret.code, ERR_UNAUTHENTICATED);
	assert_non_null(strstr(s.no_secret.message, "HT_PASSWORD"));
	settings_done(&s);
	setenv("HT_PASSWORD", "12", 1);
	settings_init(&s, "p", hello, block);
	secrets = secrets_of(&s);
	assert_string_equal(json_str(secrets, "password", ""), "12");
	json_decref(secrets);
	assert_int_equal(s.no_secret.code, ERR_NONE);
	settings_done(&s);
	unsetenv("HT_URL");
	unsetenv("HT_SIZE");
	unsetenv("HT_FAST");
	unsetenv("HT_PASSWORD");
	settings_init(&s, "p", hello, NULL);
	assert_int_equal(s.missing.code, ERR_INVALID);
	assert_int_equal(s.missing.effect, EFFECT_NONE);
	settings_done(&s);
}

static void test_redact(void **state UNUSED)
{
	AUTO_JSON json_t *secrets = json_pack(
		"{s:s, s:s, s:i}", "a", "longsecret", "b", "short", "c", 1);
	struct redact r = { 0 };
	char text[] = "longsecret, longsecretlongsecret and short";

	redact_add(&r, secrets);
	assert_int_equal(r.n, 1);
	assert_true(redact_text(&r, text, strlen(text)));
	assert_string_equal(text, "**********, ******************** and short");
	assert_false(redact_text(&r, text, strlen(text)));
	fail(&err, ERR_INTERNAL, "it is longsecret");
	redact_error(&r, NULL, &err);
	assert_string_equal(err.message, "it is **********");
	redact_error(&r, NULL, NULL);
	redact_done(&r);
}

static struct secret *secret_text(const char *json)
{
	return secret_new(json, strlen(json));
}

/* What one tenant's credential holds is masked in everything its driver says,
 * and in the errors of its own calls only. */
static void test_redact_guests(void **state UNUSED)
{
	AUTO_JSON json_t *schema = json_loads(
		"{\"properties\":{\"user\":{\"type\":\"string\"},"
		"\"key\":{\"writeOnly\":true},\"file\":{\"writeOnly\":true}}}",
		0, NULL);
	struct secret *one = secret_text(
		"{\"user\":\"visible\",\"key\":\"first-line\\nsecond-line\","
		"\"file\":\"{\\\"private_key\\\":\\\"deepest\\\"}\"}");
	struct secret *two = secret_text("{\"key\":\"another-one\"}");
	struct redact_guests guests = { 0 };
	struct redact r = { .guests = &guests };
	struct redact_guest *a = redact_hold(&guests, "crd_1", one, schema);
	struct redact_guest *b = redact_hold(&guests, "crd_2", two, schema);
	char text[] = "visible first-line, second-line, deepest; another-one";

	assert_ptr_equal(redact_hold(&guests, "crd_1", one, schema), a);
	assert_true(redact_text(&r, text, strlen(text)));
	assert_string_equal(
		text, "visible **********, ***********, *******; ***********");
	fail(&err, ERR_INTERNAL, "second-line another-one");
	redact_error(&r, a, &err);
	assert_string_equal(err.message, "*********** another-one");
	redact_error(&r, b, &err);
	assert_string_equal(err.message, "*********** ***********");
	redact_release(&guests, a);
	redact_release(&guests, a);
	redact_release(&guests, b);
	redact_guests_done(&guests);
	secret_free(one);
	secret_free(two);
}

/* Late words are masked, too; but not those of everybody who ever called. */
static void test_redact_remembers_some(void **state UNUSED)
{
	struct redact_guests guests = { 0 };
	struct redact r = { .guests = &guests };
	struct redact_guest *held;
	struct secret *kept = secret_text("{\"key\":\"kept-secret\"}");
	char text[] = "kept-secret number-1 number-199", name[64];

	held = redact_hold(&guests, "held", kept, NULL);
	for (int i = 0; i < 200; i++) {
		struct secret *s;

		snprintf(name, sizeof(name), "{\"key\":\"number-%d\"}", i);
		s = secret_text(name);
		redact_release(&guests, redact_hold(&guests, name, s, NULL));
		secret_free(s);
	}
	assert_int_equal(guests.n, REDACT_GUESTS);
	assert_true(redact_text(&r, text, strlen(text)));
	assert_string_equal(text, "*********** number-1 **********");
	redact_release(&guests, held);
	redact_guests_done(&guests);
	secret_free(kept);
}

/* ---- stderr ------------------------------------------------------------------------- */

static struct buf logged;

static void keep_line(const char *line, size_t n)
{
	buf_add(&logged, line, n);
}

static bool has_lines(void *arg)
{
	const struct stderr_capture *c = arg;

	return c->lines + c->dropped >= 3;
}

static void test_stderr_lines(void **state UNUSED)
{
	static const struct redact none;
	static const char json_lines[] =
		"\r\n\n{\"level\":\"error\",\"message\":"
		"\"so \\u0022bad\\u0022\",\"x\":[1]}\n{\"level\":1}\n";
	struct stderr_capture c = { .fd = -1 };
	char text[20000];
	int fds[2];
	struct buf tail = { 0 };

	stderr_close(&c); /* never opened */
	log_set_sink(keep_line);
	assert_int_equal(pipe(fds), 0);
	stderr_open(&c, fds[0], "d", 3, &none);
	memset(text, 'x', sizeof(text));
	assert_true(sys_write_all(fds[1], text, sizeof(text)));
	assert_true(sys_write_all(fds[1], json_lines, strlen(json_lines)));
	assert_true(loop_run_until(has_lines, &c, clock_ms() + HOST_TEST_MS));
	assert_true(sys_write_all(fds[1], "no newline", 10));
	stderr_tail(&c, &tail);
	assert_non_null(strstr(tail.p, "xxx | {\"level\":\"error\""));
	stderr_close(&c);
	assert_int_equal(c.lines, 4);
	assert_int_equal(c.cut, 1);
	assert_int_equal(c.dropped, 0);
	assert_non_null(strstr(logged.p, "error"));
	assert_non_null(strstr(logged.p, "so \\\"bad\\\""));
	assert_non_null(strstr(logged.p, "no newline"));
	log_set_sink(NULL);
	close(fds[1]);
	buf_done(&tail);
	buf_done(&logged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generation_table),
		cmocka_unit_test(test_every_generation_ends),
		cmocka_unit_test(test_provider_table),
		cmocka_unit_test(test_hello_request),
		cmocka_unit_test(test_hello_answers),
		cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_settings_are_split),
		cmocka_unit_test(test_settings_of_the_environment),
		cmocka_unit_test(test_redact),
		cmocka_unit_test(test_redact_guests),
		cmocka_unit_test(test_redact_remembers_some),
		cmocka_unit_test(test_stderr_lines),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
