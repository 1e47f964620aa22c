/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of a request: query, path, and what may not be where. */
#include "unit.h"

#include <string.h>

#include "args.h"
#include "base/auto.h"
#include "base/json.h"
#include "routes.h"

static const struct route route = {
	.method = HTTP_GET,
	.param = { "provider", "id" },
};

/* The arguments of a GET as text, or "CODE /pointer". */
static char *read_query(const char *query, const char *id)
{
	struct request req = {
		.method = HTTP_GET, .query = query, .route = &route,
		.param = { "sim", id },
	};
	struct error err;
	AUTO_JSON json_t *args = args_read(&req, &err);
	struct buf text = { 0 };

	if (args)
		json_write(args, &text);
	else
		buf_printf(&text, "%s%s%s", err_info(err.code)->name,
			   err.path[0] ? " " : "", err.path);
	return buf_steal(&text, NULL);
}

static const struct {
	const char *query, *id, *gives;
} cases[] = {
	{ "", NULL, "{}" },
	{ "a=1", NULL, "{\"a\":\"1\"}" },
	{ "a=1&b=2", "i-1", "{\"a\":\"1\",\"b\":\"2\",\"id\":\"i-1\"}" },
	{ "&&a=1&", NULL, "{\"a\":\"1\"}" },
	{ "a", NULL, "{\"a\":\"\"}" },
	{ "a=", NULL, "{\"a\":\"\"}" },
	{ "a=b=c", NULL, "{\"a\":\"b=c\"}" },
	{ "a=x+y%2Bz", NULL, "{\"a\":\"x y+z\"}" },
	{ "%61=%C3%A9", NULL, "{\"a\":\"\xc3\xa9\"}" },
	{ "a=%22%5C", NULL, "{\"a\":\"\\\"\\\\\"}" },
	{ "a=1&a=2", NULL, "bad_request" },
	{ "a=1&%61=2", NULL, "bad_request" },
	{ "=1", NULL, "bad_request" },
	{ "=", NULL, "bad_request" },
	{ "a=%", NULL, "bad_request" },
	{ "a=%4", NULL, "bad_request" },
	{ "a=%zz", NULL, "bad_request" },
	{ "a=%00", NULL, "bad_request" },
	{ "%00=a", NULL, "bad_request" },
	{ "a=%ff", NULL, "bad_request" },
	{ "a=%c0%af", NULL, "bad_request" },
	{ "id=2", "i-1", "invalid /id" },
};

static void test_query(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = read_query(cases[i].query, cases[i].id);

		print_message("?%s\n", cases[i].query);
		assert_string_equal(text, cases[i].gives);
	}
}

/* @n members, one more than allowed or not. */
static void check_many(unsigned n, bool ok)
{
	struct buf query = { 0 };
	char *text;

	for (unsigned i = 0; i < n; i++)
		buf_printf(&query, "k%u=1&", i);
	text = read_query(query.p, NULL);
	assert_int_equal(text[0] == '{', ok);
	mem_free(text);
	buf_done(&query);
}

static void test_many(void **state UNUSED)
{
	check_many(ARGS_MAX_QUERY, true);
	check_many(ARGS_MAX_QUERY + 1, false);
}

static void test_body_where_none_belongs(void **state UNUSED)
{
	struct request req = { .method = HTTP_DELETE, .query = "",
			       .route = &route };
	struct error err;

	buf_add_str(&req.body, "{}");
	assert_null(args_read(&req, &err));
	assert_int_equal(err.code, ERR_BAD_REQUEST);
	buf_done(&req.body);
}

/* Beside a body the query tells the place only. */
static void test_query_beside_a_body(void **state UNUSED)
{
	struct request req = { .method = HTTP_POST, .query = "region=eu&zone=a",
			       .route = &route };
	struct error err;
	json_t *args = args_read(&req, &err);

	assert_string_equal(json_str(args, "region", ""), "eu");
	assert_string_equal(json_str(args, "zone", ""), "a");
	json_decref(args);
	req.query = "name=x";
	assert_null(args_read(&req, &err));
	assert_int_equal(err.code, ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_body_where_none_belongs),
		cmocka_unit_test(test_query_beside_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
