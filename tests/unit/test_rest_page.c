/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and their pages. */
#include "rest_cloud.h"

/* clang-format off: tables */
/* ---- lists --------------------------------------------------------------- */

static const struct row lists[] = {
	{ "instance.list", "{}", { { "GET /servers", 200, "{\"servers\":[]}" } }, "[]" },
	{ "instance.list", "{\"name\":\"a b\"}",
	  { { "GET /servers?name=a%20b", 200,
	      "{\"servers\":[" ONE("1") "]," NEXT("BASE/servers?marker=1") "}" },
	    { "GET /servers?marker=1", 200, "{\"servers\":[" ONE("2") "],"
	      NEXT("/servers?marker=2") "}" },
	    { "GET /servers?marker=2", 200, "{\"servers\":[" ONE("3") "]," NEXT("") "}" } },
	  "[" RECORD("1") "," RECORD("2") "," RECORD("3") "]" },
	{ "instance.list", "{\"limit\":1}",
	  { { "GET /servers?limit=1", 200,
	      "{\"servers\":[" ONE("1") "]," NEXT("BASE/prefix/servers?limit=1&marker=1") "}" } },
	  "{\"items\":[" RECORD("1") "],\"next\":\"q:limit=1&marker=1\"}" },
	{ "instance.list", "{\"limit\":1,\"page_token\":\"q:limit=1&marker=1\"}",
	  { { "GET /servers?limit=1&marker=1", 200, "{\"servers\":[" ONE("2") "]}" } },
	  "[" RECORD("2") "]" },
	{ "instance.list", "{\"page_token\":\"m:x/../y\"}",
	  { { "GET /servers?marker=x%2F..%2Fy", 200, "{\"servers\":[]}" } }, "[]" },
	{ "instance_type.list", "{\"limit\":5}",
	  { { "GET /types", 200, "{\"types\":[" TYPE("a") "],\"next\":\"p2\"}" },
	    { "GET /types?page=p2", 200, "{\"types\":[" TYPE("b") "],\"next\":null}" } },
	  "[" TYPE_RECORD("a") "," TYPE_RECORD("b") "]" },
	{ "instance_type.list", "{}", { { "GET /types", 200, "{}" } }, "[]" },
	/* Not at the service's address. */
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("http://evil.test/servers") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "evil.test" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("https://127.0.0.1/servers") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not followed" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("BASE@evil.test/") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not followed" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("BASE/servers?a=\\u0001") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, NULL },
	/* In circles. */
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[]," NEXT("BASE/servers?m=1") "}" },
	    { "GET /servers?m=1", 200, "{\"servers\":[]," NEXT("BASE/servers?m=2") "}" },
	    { "GET /servers?m=2", 200, "{\"servers\":[]," NEXT("BASE/servers?m=1") "}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "circle" },
	{ "instance_type.list", "{}",
	  { { "GET /types", 200, "{\"next\":\"p\"}" },
	    { "GET /types?page=p", 200, "{\"next\":\"p\"}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "circle" },
	/* Of another shape. */
	{ "instance.list", "{}", { { "GET /servers", 200, "{}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list" },
	{ "instance.list", "{}", { { "GET /servers", 200, "{\"servers\":{}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list" },
	{ "instance.list", "{}", { { "GET /servers", 200, "" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list" },
	{ "instance.list", "{}", { { "GET /servers", 200, "{\"servers\":[{}]}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"id\"" },
	{ "instance_type.list", "{}", { { "GET /types", 200, "{\"next\":5}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "not text" },
	{ "instance_type.list", "{}", { { "GET /types", 200, "{\"next\":\"a\\nb\"}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "control" },
	{ "instance.list", "{}",
	  { { "GET /servers", 200, "{\"servers\":[" ONE("1") "]," NEXT("BASE/servers?m=1") "}" },
	    { "GET /servers?m=1", 403 } },
	  NULL, ERR_FORBIDDEN, EFFECT_NONE, "403" },
	/* Tokens that nobody gave out. */
	{ "instance.list", "{\"page_token\":\"x\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
	{ "instance.list", "{\"page_token\":\"q:a b\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
	{ "instance.list", "{\"page_token\":\"q:a#b\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
	{ "instance.list", "{\"page_token\":\"m:\"}", { { NULL } },
	  NULL, ERR_INVALID, EFFECT_NONE, "page_token" },
};

static void test_lists(void **state)
{
	(void)state;
	run_rows(lists, ARRAY_LEN(lists));
}

static int taken;

static bool take_two(void *arg, json_t *record)
{
	(void)arg;
	json_decref(record);
	return ++taken < 2;
}

static void list_some(void)
{
	json_t *args = json_object();
	char *next;

	assert_true(rest_list(&call, rest_find(&driver, "instance.list"), args,
			      take_two, NULL, &next));
	assert_null(next);
	assert_int_equal(taken, 2);
	json_decref(args);
}

static void test_enough(void **state)
{
	static const struct turn script[] = {
		{ "GET /servers", 200, "{\"servers\":[" ONE("1") "," ONE("2") ","
		  ONE("3") "]," NEXT("BASE/servers?m=1") "}" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	taken = 0;
	call_init();
	in_fiber(list_some);
	assert_int_equal(turns_left, 0);
	call_done();
}

#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_lists),
		WITH_CLOUD(test_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
