/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: one record, changes, refusals, sessions, what handlers call. */
#include "rest_cloud.h"

/* clang-format off: tables */
/* ---- one record ---------------------------------------------------------- */

static const struct row values[] = {
	{ "instance.get", "{\"id\":\"s1\"}",
	  { { "GET /servers/s1", 200, "{\"server\":" SERVER "}" } }, RECORD("s1") },
	{ "instance.get", "{\"id\":\"s2\"}",
	  { { "GET /servers/s2", 200,
	      "{\"server\":{\"id\":2,\"name\":\"n\",\"status\":1,\"flavor\":{\"id\":\"f\"},"
	      "\"addr\":{\"a\":[{\"kind\":\"out\",\"ip\":\"203.0.113.1\"},{\"kind\":\"in\","
	      "\"ip\":\"x\"}],"
	      "\"b\":[{\"kind\":\"out\",\"ip\":\"203.0.113.2\"}]},\"groups\":[\"g1\",null,2],"
	      "\"host\":{\"name\":\"h\",\"slot\":4},\"meta\":{\"a\":1},"
	      "\"created\":\"2026-01-02T03:04:05+01:00\",\"extra\":{\"x\":1}}}" } },
	  "{\"id\":\"2\",\"name\":\"n\",\"status\":\"stopped\",\"provider_status\":\"1\","
	  "\"instance_type\":\"f\",\"public_ips\":[\"203.0.113.1\",\"203.0.113.2\"],"
	  "\"security_groups\":[\"g1\",\"2\"],\"host\":\"h/4\",\"tags\":{\"a\":\"1\"},"
	  "\"zone\":\"z1\",\"created_at\":\"2026-01-02T02:04:05.000Z\",\"native\":{\"x\":1}}" },
	{ "instance.get", "{\"id\":\"s3\"}",
	  { { "GET /servers/s3", 200,
	      "{\"server\":{\"id\":\"s3\",\"name\":\"n\",\"status\":\"ODD\",\"created\":\"soon\","
	      "\"meta\":5,\"flavor\":{\"id\":{}},\"host\":{\"name\":\"h\"}}}" } },
	  "{\"id\":\"s3\",\"name\":\"n\",\"status\":\"unknown\","
	      "\"provider_status\":\"ODD\"," NULLS "}" },
	/* Of two rows for one field the first that says something counts. */
	{ "instance.get", "{\"id\":\"s10\"}",
	  { { "GET /servers/s10", 200, "{\"server\":{\"id\":\"s10\",\"name\":\"n\","
	      "\"status\":\"ACTIVE\",\"task\":\"powering-off\"}}" } },
	  "{\"id\":\"s10\",\"name\":\"n\",\"status\":\"stopping\","
	      "\"provider_status\":\"ACTIVE\"," NULLS "}" },
	{ "instance.get", "{\"id\":\"s11\"}",
	  { { "GET /servers/s11", 200, "{\"server\":{\"id\":\"s11\",\"name\":\"n\","
	      "\"status\":\"ACTIVE\",\"task\":\"snapshot\"}}" } },
	  "{\"id\":\"s11\",\"name\":\"n\",\"status\":\"running\","
	      "\"provider_status\":\"ACTIVE\"," NULLS "}" },
	/* An empty text is none, where a field may be missing. */
	{ "instance.get", "{\"id\":\"s12\"}",
	  { { "GET /servers/s12", 200, "{\"server\":{\"id\":\"s12\",\"name\":\"\","
	      "\"status\":\"\",\"flavor\":{\"id\":\"\"},\"created\":\"\"}}" } },
	  "{\"id\":\"s12\",\"name\":\"\",\"status\":\"unknown\","
	      "\"provider_status\":null," NULLS "}" },
	{ "instance.get", "{\"id\":\"s4\"}",
	  { { "GET /servers/s4", 200, "{\"server\":{\"id\":\"s4\",\"status\":\"ACTIVE\"}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"name\"" },
	{ "instance.get", "{\"id\":\"s5\"}",
	  { { "GET /servers/s5", 200, "{\"server\":{\"id\":[],\"name\":\"n\"}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "unusable \"id\"" },
	{ "instance.get", "{\"id\":\"s6\"}",
	  { { "GET /servers/s6", 200, "{\"machine\":{}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"server\"" },
	{ "instance.get", "{\"id\":\"s7\"}",
	  { { "GET /servers/s7", 200, "<html>hello</html>" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not JSON" },
	{ "instance.get", "{\"id\":\"s8\"}",
	  { { "GET /servers/s8", 200, "" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"server\"" },
	{ "instance.get", "{\"id\":\"s9\"}",
	  { { "GET /servers/s9", 200, "{\"server\":5}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not an object" },
	{ "instance.get", "{\"id\":\"..\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "instance.get: id" },
	{ "instance_type.get", "{\"id\":\"t1\"}",
	  { { "GET /types?id=t1", 200, "{\"types\":[{\"id\":\"t1\",\"cpu\":\"4\","
	      "\"up\":\"True\",\"cost\":0.5}]}" } },
	  "{\"id\":\"t1\",\"name\":\"t1\",\"vcpus\":4,\"is_available\":true,\"price\":\"0.5\"}" },
	{ "instance_type.get", "{\"id\":\"t2\"}",
	  { { "GET /types?id=t2", 200, "{\"types\":[]}" } },
	  NULL, ERR_NOT_FOUND, EFFECT_NONE, "none" },
	{ "security_group.get", "{\"id\":\"g\"}",
	  { { "GET /groups/g", 200, "{\"id\":\"g\",\"name\":\"web\",\"rules\":[{\"id\":1,"
	      "\"dir\":\"ingress\",\"from\":80,\"to\":\"81\"},5]}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, NULL },
	{ "security_group.get", "{\"id\":\"g\"}",
	  { { "GET /groups/g", 200, "{\"id\":\"g\",\"name\":\"web\",\"rules\":[{\"id\":1,"
	      "\"dir\":\"ingress\",\"from\":80,\"to\":\"81\"}]}" } },
	  "{\"id\":\"g\",\"name\":\"web\",\"rules\":[{\"id\":\"1\",\"direction\":\"ingress\","
	      "\"port_from\":80,\"port_to\":81}]}" },
	{ ".slashes", "{}", { { "GET /v3/x", 204 } }, "null" },
	{ ".raw", "{}", { { "GET /raw", 200, "[1,{\"a\":2}]" } }, "[1,{\"a\":2}]" },
	{ ".rows", "{}", { { "GET /rows", 200, "{\"rows\":[{\"row\":1},{\"row\":2}]}" } }, "[1,"
	      "2]" },
};

static void test_values(void **state)
{
	(void)state;
	run_rows(values, ARRAY_LEN(values));
}

/* ---- what changes the cloud ---------------------------------------------- */

static const struct row changes[] = {
	{ "instance.create",
	  "{\"name\":\"n\",\"instance_type\":\"t\",\"security_groups\":[\"a\",\"b\"]}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\","
	      "\"groups\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}",
	      202, "{\"server\":{\"id\":\"s1\"}}" },
	    { "GET /servers/s1", 200, "{\"server\":" SERVER "}" } }, RECORD("s1") },
	{ "instance.create", "{\"name\":\"n\",\"instance_type\":\"t\",\"zone\":\"z\"}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\",\"zone\":\"z\"}}", 202,
	      "{\"server\":{\"id\":\"s1\"}}" },
	    { "GET /servers/s1", 404, "{}" } },
	  NULL, ERR_NOT_FOUND, EFFECT_APPLIED, "instance.get" },
	{ "instance.create", "{\"name\":\"n\",\"instance_type\":\"t\"}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\"}}", 202, "{}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_APPLIED, "no \"server\"" },
	{ "instance.create", "{\"name\":\"n\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "instance_type is needed" },
	{ "instance.create", "{\"name\":\"n\",\"instance_type\":\"t\"}",
	  { { "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\"}}", 0 } },
	  NULL, ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN, "instance.create" },
	{ "instance.delete", "{\"id\":\"s1\"}", { { "DELETE /servers/s1", 204 } }, "null" },
	{ "instance.delete", "{\"id\":\"s1\"}",
	  { { "DELETE /servers/s1", 404, "gone" } }, "null" },
	{ "instance.delete", "{\"id\":\"s1\"}", { { "DELETE /servers/s1", 500 } },
	  NULL, ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN, "500" },
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 202, "<html/>" } }, "null" },
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 409, "{\"error\":{\"code\":\"AlreadyOn\"}}" } },
	  NULL, ERR_BUSY, EFFECT_NONE, "AlreadyOn" },
	{ "instance.resize", "{\"id\":\"s1\",\"instance_type\":\"t\"}",
	  { { "POST /servers/s1/resize {\"to\":\"t\"}", 202, "" },
	    { "GET /servers/s1", 200, "{\"server\":" SERVER "}" } }, RECORD("s1") },
	{ "instance.stop", "{\"id\":\"s1\"}", { { "POST /servers/s1/stop", 202 } },
	  NULL, ERR_INTERNAL, EFFECT_APPLIED, "has a row nobody" },
};

static void test_changes(void **state)
{
	(void)state;
	run_rows(changes, ARRAY_LEN(changes));
}

static char checkpointed[64];

static void take_checkpoint(struct sc_call *c, json_t *data)
{
	(void)c;
	snprintf(checkpointed, sizeof(checkpointed), "%s",
		 json_str(data, "id", ""));
	json_decref(data);
}

static void create_it(void)
{
	json_t *args = json_pack("{s:s, s:s}", "name", "n", "instance_type", "t");
	json_t *v = rest_value(&call, rest_find(&driver, "instance.create"), args);

	assert_null(v); /* the cloud is asked for the record, and is not there */
	assert_string_equal(checkpointed, "s1");
	json_decref(args);
}

static void test_checkpoint(void **state)
{
	static const struct turn script[] = {
		{ "POST /servers {\"server\":{\"name\":\"n\",\"flavor\":\"t\"}}",
		  202, "{\"server\":{\"id\":\"s1\"}}" },
		{ "GET /servers/s1", 500 },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	call.checkpoint = take_checkpoint;
	in_fiber(create_it);
	assert_int_equal(call.fault.effect, EFFECT_APPLIED);
	call_done();
}

/* ---- refusals ------------------------------------------------------------ */

static const struct {
	int status;
	const char *body;
	enum err_code code;
	enum err_effect effect;
} refusals[] = {
	{ 400, "", ERR_INVALID, EFFECT_NONE },
	{ 402, "", ERR_QUOTA, EFFECT_NONE },
	{ 403, "", ERR_FORBIDDEN, EFFECT_NONE },
	{ 403, "{\"error\":{\"code\":\"OverQuota\"}}", ERR_QUOTA, EFFECT_NONE },
	{ 404, "", ERR_NOT_FOUND, EFFECT_NONE },
	{ 405, "", ERR_UNSUPPORTED, EFFECT_NONE },
	{ 408, "", ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN },
	{ 409, "{\"error\":{\"code\":7}}", ERR_CONFLICT, EFFECT_NONE },
	{ 410, "", ERR_NOT_FOUND, EFFECT_NONE },
	{ 412, "", ERR_CONFLICT, EFFECT_NONE },
	{ 413, "", ERR_RATE_LIMITED, EFFECT_NONE },
	{ 418, "", ERR_UNSUPPORTED, EFFECT_NONE },
	{ 422, "", ERR_INVALID, EFFECT_NONE },
	{ 429, "", ERR_RATE_LIMITED, EFFECT_NONE },
	{ 451, "", ERR_INVALID, EFFECT_NONE },
	{ 500, "", ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN },
	{ 501, "", ERR_UNSUPPORTED, EFFECT_UNKNOWN },
	{ 503, "", ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN },
	{ 302, "", ERR_CLOUD_BAD_ANSWER, EFFECT_UNKNOWN },
};

/* The cloud says the same of two things; what it says when asked decides. */
static void test_question(void **state)
{
	const struct row either[] = {
		{ "instance.start", "{\"id\":\"s\"}",
		  { { "POST /servers/s/start", 403, "{\"error\":{\"code\":\"Either\"}}" } },
		  .code = ERR_FORBIDDEN, .effect = EFFECT_NONE },
		{ "instance.start", "{\"id\":\"s\"}",
		  { { "POST /servers/s/start", 403, "{\"error\":{\"code\":\"Either\"}}" } },
		  .code = ERR_QUOTA, .effect = EFFECT_NONE },
	};

	(void)state;
	is_full = false;
	run_row(&either[0]);
	is_full = true;
	run_row(&either[1]);
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct row row = {
			"instance.start", "{\"id\":\"s\"}",
			{ { "POST /servers/s/start", refusals[i].status,
			    refusals[i].body } },
			NULL, refusals[i].code, refusals[i].effect, NULL,
		};

		run_row(&row);
	}
}

static void start_it(void)
{
	json_t *args = json_pack("{s:s}", "id", "s");

	assert_null(rest_value(&call, rest_find(&driver, "instance.start"), args));
	json_decref(args);
}

static void test_details(void **state)
{
	static const struct turn script[] = {
		{ "POST /servers/s/start", 429,
		  "{\"error\":{\"code\":7,\"message\":\"no hunter22 here\"}}",
		  "Retry-After: 3\r\nX-Request-Id: req-9\r\n" },
		{ "POST /servers/s/start", 409,
		  "{\"error\":{\"code\":\"c\",\"message\":\"it runs\"}}" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	in_fiber(start_it);
	assert_int_equal(call.fault.retry_after_ms, 3000);
	assert_int_equal(call.fault.cloud.http, 429);
	assert_string_equal(call.fault.cloud.code, "7");
	assert_string_equal(call.fault.cloud.request_id, "req-9");
	assert_null(strstr(call.fault.message, "hunter22"));
	in_fiber(start_it);
	assert_non_null(strstr(call.fault.message, "it runs"));
	assert_string_equal(call.fault.cloud.code, "c");
	assert_int_equal(sc_fault_code(&call), SC_CONFLICT);
	sc_fault_clear(&call);
	assert_int_equal(sc_fault_code(&call), 0);
	call_done();
}

static const struct row defects[] = {
	{ ".lost", "{}", { { NULL } }, NULL, ERR_INTERNAL, EFFECT_UNKNOWN, "nowhere" },
	{ ".ftp", "{}", { { NULL } }, NULL, ERR_INVALID, EFFECT_NONE, "http(s)" },
	{ ".volume", "{}", { { NULL } }, NULL, ERR_UNSUPPORTED, EFFECT_NONE, "volume" },
	{ ".bad", "{}", { { NULL } }, NULL, ERR_INTERNAL, EFFECT_NONE, "no method" },
	{ ".missing", "{}", { { NULL } }, NULL, ERR_INVALID, EFFECT_NONE, "nobody" },
	{ ".header", "{}", { { NULL } }, NULL, ERR_UNAUTHENTICATED, EFFECT_NONE, "credential" },
	{ "instance.restart", "{}", { { NULL } },
	  NULL, ERR_UNSUPPORTED, EFFECT_NONE, "function" },
};

static void test_defects(void **state)
{
	(void)state;
	run_rows(defects, ARRAY_LEN(defects));
}

/* ---- sessions ------------------------------------------------------------ */

static const struct row renewals[] = {
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 401 }, { "POST /servers/s1/start", 202 } }, "null" },
	{ "instance.start", "{\"id\":\"s1\"}",
	  { { "POST /servers/s1/start", 401 }, { "POST /servers/s1/start", 401 } },
	  NULL, ERR_UNAUTHENTICATED, EFFECT_NONE, "401" },
	{ ".post-read", "{}", { { "POST /read", 401 } },
	  NULL, ERR_UNAUTHENTICATED, EFFECT_NONE, NULL },
};

static void test_renewed_once(void **state)
{
	(void)state;
	run_row(&renewals[0]);
	assert_int_equal(logins, 2);
	run_row(&renewals[1]);
	assert_int_equal(logins, 3); /* the cached one, and one more */
	run_row(&renewals[2]); /* a row without a session has none to renew */
	assert_int_equal(logins, 3);
}

/* ---- for handlers -------------------------------------------------------- */

static void call_rows(void)
{
	json_t *v;

	call.native = true;
	v = sc_rest_call(&call, "instance.get", json_pack("{s:s}", "id", "s1"));
	assert_string_equal(json_str(json_object_get(v, "native"), "status", ""),
			    "ACTIVE");
	json_decref(v);
	v = sc_rest_call(&call, "instance.list", NULL);
	assert_int_equal(json_array_size(v), 1);
	json_decref(v);
	assert_null(sc_rest_call(&call, "instance.list", NULL));
	assert_null(sc_rest_call(&call, "no.such", NULL));
	assert_int_equal(sc_fault_code(&call), SC_INTERNAL);
}

static void raw_rows(void)
{
	struct sc_http http = { .want_header = "X-Token" };

	assert_true(sc_rest_http(&call, ".raw", NULL, &http));
	assert_int_equal(http.status, 201);
	assert_string_equal(http.header, "t1");
	assert_string_equal(json_str(http.answer, "a", ""), "b");
	sc_http_done(&http);
	/* Whatever the cloud says is an answer. */
	assert_true(sc_rest_http(&call, ".raw", json_object(), &http));
	assert_int_equal(http.status, 401);
	sc_http_done(&http);
	assert_false(sc_rest_http(&call, ".missing", NULL, &http));
	assert_int_equal(sc_fault_code(&call), SC_INVALID);
	assert_false(sc_rest_http(&call, ".nobody", NULL, &http));
	assert_int_equal(sc_fault_code(&call), SC_INTERNAL);
}

static void test_rest_http(void **state)
{
	static const struct turn script[] = {
		{ "GET /raw", 201, "{\"a\":\"b\"}", "X-Token: t1\r\n" },
		{ "GET /raw", 401, "no" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	call.args = json_object();
	in_fiber(raw_rows);
	assert_int_equal(turns_left, 0);
	json_decref(call.args);
	call_done();
}

static void test_regions(void **state)
{
	AUTO_JSON json_t *two = json_pack("[s, s, s, n]", "a", "b", "a");
	AUTO_JSON json_t *one = json_pack("[s, s]", "a", "a");
	AUTO_JSON json_t *config = json_pack("{s:s}", "region", "b");
	struct sc_call c = { .region = "a" };

	(void)state;
	assert_true(sc_has_region(&c, two));
	c.region = "c";
	c.config = config;
	assert_false(sc_has_region(&c, two));
	assert_string_equal(c.fault.message, "no region c; there is: a, b");
	assert_string_equal(c.fault.path, "/region");
	c.region = NULL;
	assert_true(sc_has_region(&c, two));
	assert_false(sc_has_region(&c, one));
	c.config = NULL;
	assert_true(sc_has_region(&c, one));
	assert_false(sc_has_region(&c, two));
	assert_string_equal(c.fault.message, "choose a region; there is: a, b");
	assert_false(sc_has_region(&c, NULL));
	assert_int_equal(sc_fault_code(&c), SC_INVALID);
}

static void test_args_with(void **state)
{
	AUTO_JSON json_t *own = json_pack("{s:s, s:i}", "id", "s1", "n", 1);
	AUTO_JSON json_t *over = NULL, *none = NULL;
	struct sc_call c = { .args = own };

	(void)state;
	over = sc_args_with(&c, "{s:i, s:s}", "n", 2, "x", "y");
	assert_int_equal(json_object_size(over), 3);
	assert_string_equal(json_str(over, "id", ""), "s1");
	assert_int_equal(json_int(over, "n", 0), 2);
	assert_string_equal(json_str(over, "x", ""), "y");
	assert_int_equal(json_int(own, "n", 0), 1);
	none = sc_args_with(&c, "{s:s}", "n", NULL);
	assert_int_equal(json_object_size(none), 0);
}

static void test_rest_call(void **state)
{
	static const struct turn script[] = {
		{ "GET /servers/s1", 200, "{\"server\":" SERVER "}" },
		{ "GET /servers", 200, "{\"servers\":[" ONE("1") "]}" },
		{ "GET /servers", 400 },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	call.args = json_object();
	in_fiber(call_rows);
	json_decref(call.args);
	call_done();
}

static void send_http(void)
{
	static const char *const mine[] = { "X-A: b", NULL };
	struct sc_http http = { .method = "POST", .headers = mine,
				.body = "{\"a\":1}", .want_header = "x-got" };
	AUTO_FREE char *url = with_base("BASE/login");

	http.url = url;
	assert_true(sc_http(&call, &http));
	assert_int_equal(http.status, 201);
	assert_string_equal(http.header, "token");
	assert_int_equal(json_int(http.answer, "n", 0), 4);
	sc_http_done(&http);
	assert_null(http.answer);
	http.body = NULL;
	assert_true(sc_http(&call, &http));
	assert_int_equal(http.status, 400);
	assert_null(http.answer);
	sc_http_done(&http);
	http.url = "ftp://h/";
	assert_false(sc_http(&call, &http));
	assert_int_equal(call.fault.code, ERR_INVALID);
	sc_http_done(&http);
}

static void test_http(void **state)
{
	static const struct turn script[] = {
		{ "POST /login {\"a\":1}", 201, "{\"n\":4}", "X-Got: token\r\n" },
		{ "POST /login", 400, "<html>" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	in_fiber(send_http);
	call_done();
}

/* ---- explain ------------------------------------------------------------- */

static void test_explain(void **state)
{
	AUTO_JSON json_t *args = json_pack("{s:s, s:s, s:s}", "name", "hunter22",
					   "instance_type", "t", "zone", "z");
	AUTO(buf_done) struct buf out = { 0 };
	struct error err;

	(void)state;
	call_init();
	call.args = args;
	json_object_set_new(call.secrets, "zone", json_string("hunter22"));
	assert_true(rest_explain(&call, rest_find(&driver, "instance.create"),
				 NULL, &out, &err));
	assert_string_equal(out.p,
			    "POST {session.compute}/servers\n"
			    "X-Token: {session.token}\n"
			    "X-Zone: ***\n"
			    "Accept: application/json\n"
			    "Content-Type: application/json\n"
			    "User-Agent: skyclust-test/1.0\n"
			    "\n{\n  \"server\": {\n    \"name\": \"***\",\n"
			    "    \"flavor\": \"t\",\n    \"zone\": \"z\"\n  }\n}\n"
			    "\nthen: instance.get\n");
	assert_false(rest_explain(&call, rest_find(&driver, "instance.get"),
				  NULL, &out, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_false(rest_explain(&call, rest_find(&driver, "instance.restart"),
				  NULL, &out, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_int_equal(logins, 0);
	call_done();
}

#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_values),
		WITH_CLOUD(test_changes),
		WITH_CLOUD(test_checkpoint),
		WITH_CLOUD(test_question),
		WITH_CLOUD(test_refusals),
		WITH_CLOUD(test_details),
		WITH_CLOUD(test_defects),
		WITH_CLOUD(test_renewed_once),
		WITH_CLOUD(test_rest_call),
		WITH_CLOUD(test_rest_http),
		cmocka_unit_test(test_args_with),
		cmocka_unit_test(test_regions),
		WITH_CLOUD(test_http),
		WITH_CLOUD(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
