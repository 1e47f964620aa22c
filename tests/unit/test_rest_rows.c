/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rows say beside their request: which of several is run, what is looked
 * up before, what lists are made of, what is refused.
 */
#include "rest_play.h"

/* clang-format off: tables */

/* ---- the driver ---------------------------------------------------------- */

static const struct sc_map type_map[] = {
	{ "id name" }, { "vcpus", "cpu" }, { NULL },
};

static const struct sc_map key_map[] = { { "id name" }, { NULL } };

static const struct sc_rest rows[] = {
	{ "instance_type.list", "GET /types", .items = "types[]", .map = type_map },
	{ "instance_type.get", "GET /types?fields=all", .items = "types[id=c]",
	  .map = type_map },
	{ "key_pair.list", "GET /keys", .items = "keys[]", .map = key_map, .next = "" },
	{ NULL },
};

static const struct sc_service services[] = {
	{ "", "{config.url}", .page = "limit={limit?}&marker={page_token?}",
	  .next = "next" },
	{ NULL },
};

static const struct sc_driver driver = {
	.name = "test", .version = "1.0", .services = services, .rest = rows,
};

#define RUN(table) run_rows(table, ARRAY_LEN(table))
#define NAMED(id) "{\"id\":\"" id "\",\"name\":\"" id "\"}"
#define TYPE(id) "{\"id\":\"" id "\",\"name\":\"" id "\",\"vcpus\":null}"

/* ---- pages of a service -------------------------------------------------- */

static const struct row pages[] = {
	{ "instance_type.list", "{}",
	  { { "GET /types", 200, "{\"types\":[" NAMED("a") "],\"next\":\"m1\"}" },
	    { "GET /types?marker=m1", 200, "{\"types\":[" NAMED("b") "]}" } },
	  "[" TYPE("a") "," TYPE("b") "]" },
	{ "instance_type.list", "{\"limit\":1}",
	  { { "GET /types?limit=1", 200, "{\"types\":[" NAMED("a") "],\"next\":\"m1\"}" } },
	  "{\"items\":[" TYPE("a") "],\"next\":\"m:m1\"}" },
	/* A list that says that it has none. */
	{ "key_pair.list", "{\"limit\":1}",
	  { { "GET /keys", 200, "{\"keys\":[" NAMED("k") "],\"next\":\"m1\"}" } },
	  "[" NAMED("k") "]" },
	/* One record, picked out of a list, may be on a later page. */
	{ "instance_type.get", "{\"id\":\"c\"}",
	  { { "GET /types?fields=all", 200, "{\"types\":[" NAMED("a") "],\"next\":\"m1\"}" },
	    { "GET /types?fields=all&marker=m1", 200,
	      "{\"types\":[" NAMED("c") "],\"next\":\"m2\"}" } },
	  TYPE("c") },
	{ "instance_type.get", "{\"id\":\"d\"}",
	  { { "GET /types?fields=all", 200, "{\"types\":[],\"next\":\"m1\"}" },
	    { "GET /types?fields=all&marker=m1", 200, "{\"types\":[]}" } },
	  .code = ERR_NOT_FOUND, .effect = EFFECT_NONE },
	{ "instance_type.get", "{\"id\":\"d\"}",
	  { { "GET /types?fields=all", 200, "{\"types\":[],\"next\":\"m1\"}" },
	    { "GET /types?fields=all&marker=m1", 200, "{\"types\":[],\"next\":\"m1\"}" } },
	  .code = ERR_CLOUD_BAD_ANSWER, .effect = EFFECT_NONE, .why = "circle" },
};

static void test_pages(void **state)
{
	(void)state;
	RUN(pages);
	assert_int_equal(call.fault.code, ERR_CLOUD_BAD_ANSWER);
}

#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
