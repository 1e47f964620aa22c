/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/call.h"
#include "cloud/record.h"
#include "fake_cloud.h"

static char dir[64];
static struct http_answer answer;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	loop_init();
	fake_start();
	snprintf(dir, sizeof(dir), "/tmp/test-record-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static void remove_all(void)
{
	char command[128];

	for (int i = 0; i < 20; i++) {
		snprintf(command, sizeof(command), "%s/%04d.json", dir, i);
		unlink(command);
	}
	rmdir(dir);
}

static int tear_down(void **state)
{
	(void)state;
	assert_true(record_to(NULL, &err));
	assert_true(replay_from(NULL, &err));
	assert_false(record_wanted());
	http_answer_done(&answer);
	http_done();
	fake_stop();
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
	loop_done();
	fiber_done();
	remove_all();
	return 0;
}

/* ---- redaction ---------------------------------------------------------- */

static const struct sc_driver with_schema = {
	.name = "test",
	.credential_schema =
		"{\"type\":\"object\",\"properties\":{"
		"\"user\":{\"type\":\"string\"},"
		"\"password\":{\"type\":\"string\",\"writeOnly\":true},"
		"\"pin\":{\"type\":\"string\",\"writeOnly\":true}}}",
};

static void test_redact(void **state)
{
	const struct sc_driver without_schema = { .name = "test" };
	struct sc_call call = {
		.driver = &with_schema,
		.secrets = json_pack("{s:s, s:s, s:s}", "user", "demo",
				     "password", "hunter22", "pin", "123"),
		.session = json_pack("{s:s, s:s}", "token", "tok-1", "compute",
				     "http://h/v2"),
	};
	AUTO_JSON json_t *v = json_pack(
		"{s:s, s:s, s:[s, i], s:{s:s}, s:s, s:s}", "adminPass", "x",
		"note", "is hunter22!", "list", "tok-1", 5, "password", "name",
		"demo", "url", "http://h/v2", "pin", "123");
	AUTO_JSON json_t *shown = NULL;
	AUTO(buf_done) struct buf text = { 0 };
	struct redact r;

	(void)state;
	redact_init(&r, &call);
	shown = redact_json(&r, v);
	json_write(shown, &text);
	assert_string_equal(text.p,
			    "{\"adminPass\":\"***\",\"note\":\"***\","
			    "\"list\":[\"***\",5],\"password\":{\"name\":"
			    "\"demo\"},\"url\":\"http://h/v2\","
			    "\"pin\":\"123\"}");
	redact_done(&r);

	call.driver = &without_schema; /* nobody says which: all are */
	redact_init(&r, &call);
	assert_true(redact_hits(&r, "the demo user"));
	redact_done(&r);
	assert_false(redact_hits(NULL, "hunter22"));
	assert_true(redact_header_is_secret("AUTHORIZATION"));
	assert_true(redact_header_is_secret("x-auth-token"));
	assert_false(redact_header_is_secret("Content-Type"));
	json_decref(call.secrets);
	json_decref(call.session);
}

/* ---- recording ---------------------------------------------------------- */

static enum fake_end cloud(const struct fake_request *rq, struct buf *out)
{
	char body[256];

	snprintf(body, sizeof(body),
		 "{\"token\":\"hunter22\",\"next\":\"%s/servers?page=2\","
		 "\"n\":%d}",
		 fake.base, rq->number);
	if (!strcmp(rq->target, "/text"))
		fake_reply(out, 200, "", "plain");
	else if (!strcmp(rq->target, "/bytes"))
		fake_reply(out, 200, "", "\xff\xfe");
	else if (!strcmp(rq->target, "/none"))
		fake_reply(out, 204, "", "");
	else
		fake_reply(out, 201, "X-Subject-Token: abc\r\nX-Note: n\r\n",
			   body);
	return FAKE_KEEP;
}

static struct redact secrets;

static bool say(const char *method, const char *path, const char *body)
{
	const char *const headers[] = { "X-Auth-Token: hunter22",
					"X-Copy: hunter22", "Accept: a/b",
					NULL };
	char url[256];

	http_answer_done(&answer);
	snprintf(url, sizeof(url), "%s%s", fake.base, path);
	return http_send(&(struct http_request){ .method = method,
						 .url = url,
						 .headers = headers,
						 .body = slice_of(body),
						 .redact = &secrets },
			 &answer, &err);
}

static void make_recording(void)
{
	assert_true(say("POST", "/auth/hunter22?key=hunter22&b=1",
			"{\"password\":\"hunter22\",\"user\":\"demo\"}"));
	assert_true(say("GET", "/text", NULL));
	assert_true(say("GET", "/bytes", NULL));
	assert_true(say("GET", "/none", NULL));
	assert_true(say("GET", "/list?a=1&b=2", NULL));
	assert_true(say("GET", "/list?a=1&b=2", NULL));
	assert_true(say("PUT", "/raw", "not json"));
}

static json_t *recorded(int number)
{
	AUTO(buf_done) struct buf text = { 0 };
	char path[96];

	snprintf(path, sizeof(path), "%s/%04d.json", dir, number);
	assert_int_equal(sys_read_file(path, 1 << 20, &text), 0);
	assert_null(strstr(text.p, "hunter22"));
	assert_null(strstr(text.p, "127.0.0.1"));
	return json_read(text.p, text.n, NULL);
}

static const char *in(json_t *v, const char *pointer)
{
	const char *text = json_string_value(json_at(v, pointer));

	return text ? text : "(none)";
}

static void check_files(void)
{
	AUTO_JSON json_t *first = recorded(1);
	AUTO_JSON json_t *text = recorded(2);
	AUTO_JSON json_t *bytes = recorded(3);
	AUTO_JSON json_t *none = recorded(4);
	char url[96];

	snprintf(url, sizeof(url), "http://cloud.test:%d/auth/***?key=***&b=1",
		 fake.port);
	assert_string_equal(in(first, "/request/url"), url);
	assert_string_equal(in(first, "/request/method"), "POST");
	assert_string_equal(in(first, "/request/headers/X-Auth-Token"), "***");
	assert_string_equal(in(first, "/request/headers/X-Copy"), "***");
	assert_string_equal(in(first, "/request/headers/Accept"), "a/b");
	assert_string_equal(in(first, "/request/body/password"), "***");
	assert_string_equal(in(first, "/request/body/user"), "demo");
	assert_string_equal(in(first, "/answer/headers/X-Subject-Token"),
			    "***");
	assert_string_equal(in(first, "/answer/headers/X-Note"), "n");
	assert_string_equal(in(first, "/answer/body/token"), "***");
	snprintf(url, sizeof(url), "http://cloud.test:%d/servers?page=2",
		 fake.port);
	assert_string_equal(in(first, "/answer/body/next"), url);
	assert_string_equal(in(text, "/answer/body"), "plain");
	assert_null(json_at(text, "/request/body"));
	assert_non_null(strstr(in(bytes, "/answer/body"), "2 bytes"));
	assert_null(json_at(none, "/answer/body"));
	assert_int_equal(json_integer_value(json_at(none, "/answer/status")),
			 204);
}

static void record_all(void)
{
	secrets.values = json_pack("[s]", "hunter22");
	fake.answer = cloud;
	assert_true(record_to(dir, &err));
	assert_true(record_wanted());
	in_fiber(make_recording);
	assert_true(record_to(NULL, &err));
}

static void one_more(void)
{
	assert_true(say("GET", "/more", NULL));
}

static void test_record(void **state)
{
	AUTO_JSON json_t *added = NULL;

	(void)state;
	record_all();
	check_files();
	assert_true(record_to(dir, &err)); /* goes on after what is there */
	in_fiber(one_more);
	added = recorded(8);
	assert_non_null(strstr(in(added, "/request/url"), "/more"));
	redact_done(&secrets);
}

static void test_record_nowhere(void **state)
{
	(void)state;
	assert_false(record_to("/proc/nowhere/at/all", &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_false(record_to("/dev/null", &err));
	assert_false(record_wanted());
}

/* ---- replaying ---------------------------------------------------------- */

static void replay_all(void)
{
	int asked = fake.requests;

	assert_true(say("GET", "/list?b=2&a=1", NULL));
	assert_non_null(strstr(answer.body.p, "\"n\":5"));
	assert_true(say("GET", "/list?a=1&b=2", NULL));
	assert_non_null(strstr(answer.body.p, "\"n\":6"));
	assert_true(say("POST", "/auth/hunter22?b=1&key=hunter22",
			"{\"user\":\"demo\",\"password\":\"hunter22\"}"));
	assert_int_equal(answer.status, 201);
	assert_string_equal(http_header(&answer, "x-subject-token"), "***");
	assert_true(say("GET", "/text", NULL));
	assert_string_equal(answer.body.p, "plain");
	assert_true(say("GET", "/none", NULL));
	assert_int_equal(answer.body.n, 0);
	assert_true(say("PUT", "/raw", "not json"));
	assert_int_equal(replay_unused(), 1);
	assert_int_equal(fake.requests, asked);
}

/* What differs, and the message that says so. */
static void check_misses(void)
{
	static const struct {
		const char *method, *path, *body, *why;
	} misses[] = {
		{ "GET", "/list?a=1&b=2", NULL, "number of times" },
		{ "GET", "/list?a=1&b=3", NULL, "query" },
		{ "GET", "/list?a=1&b=2&b=2", NULL, "query" },
		{ "GET", "/lists", NULL, "path" },
		{ "DELETE", "/none", NULL, "method" },
		{ "PUT", "/raw", "other", "body" },
		{ "POST", "/auth/hunter22?b=1&key=hunter22",
		  "{\"user\":\"root\",\"password\":\"hunter22\"}", "body" },
		{ "POST", "/auth/hunter22?b=1&key=hunter22",
		  "{\"user\":\"demo\",\"password\":\"x\",\"more\":1}", "body" },
	};

	for (size_t i = 0; i < ARRAY_LEN(misses); i++) {
		if (say(misses[i].method, misses[i].path, misses[i].body))
			fail_msg("%s %s was answered", misses[i].method,
				 misses[i].path);
		assert_int_equal(err.code, ERR_INTERNAL);
		if (!strstr(err.message, misses[i].why))
			fail_msg("%s", err.message);
		assert_null(strstr(err.message, "hunter22"));
	}
}

static void test_replay(void **state)
{
	(void)state;
	record_all();
	assert_true(replay_from(dir, &err));
	assert_int_equal(replay_unused(), 7);
	in_fiber(replay_all);
	in_fiber(check_misses);
	redact_done(&secrets);
}

static void write_file(const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/0001.json", dir);
	assert_int_equal(sys_replace_file(path, text, strlen(text), 0600), 0);
}

static void nothing_recorded(void)
{
	assert_false(say("GET", "/x", NULL));
	assert_non_null(strstr(err.message, "nothing is recorded"));
}

static void wildcard(void)
{
	assert_false(say("POST", "/a", "{\"l\":[1,2],\"p\":5}"));
	assert_false(say("POST", "/a", "{\"l\":[1],\"p\":\"x\"}"));
	assert_false(say("POST", "/a", "{\"l\":[1,3],\"p\":\"x\"}"));
	assert_true(say("POST", "/a", "{\"l\":[1,2],\"p\":\"whatever\"}"));
}

static void test_replay_files(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/0001.json", dir);
	assert_false(replay_from(path, &err));
	write_file("{");
	assert_false(replay_from(dir, &err));
	assert_non_null(strstr(err.message, "0001.json"));
	write_file("[{\"request\":{\"method\":\"GET\"}}]");
	assert_false(replay_from(path, &err));
	assert_non_null(strstr(err.message, "exchange 1"));
	write_file("[]");
	assert_true(replay_from(path, &err));
	assert_true(replay_active());
	in_fiber(nothing_recorded);
	write_file("[{\"request\":{\"method\":\"POST\",\"url\":\"http://h/a\","
		   "\"body\":{\"l\":[1,2],\"p\":\"***\"}},"
		   "\"answer\":{\"status\":200,\"headers\":{\"x\":1}}}]");
	assert_true(replay_from(path, &err));
	in_fiber(wildcard);
}

static void test_urls(void **state)
{
	static const char *const rows[][2] = {
		{ "http://h/x", "http://cloud.test/x" },
		{ "https://h:1?q", "https://cloud.test:1?q" },
		{ "http://[::1]:8/x:y", "http://cloud.test:8/x:y" },
		{ "http://h/a:b", "http://cloud.test/a:b" },
		{ "/local?a=b", "/local?a=b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *url = record_url(NULL, rows[i][0]);

		assert_string_equal(url, rows[i][1]);
	}
}

#define WITH_CLOUD(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_redact),	 WITH_CLOUD(test_record),
		WITH_CLOUD(test_record_nowhere), WITH_CLOUD(test_replay),
		WITH_CLOUD(test_replay_files),	 cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
