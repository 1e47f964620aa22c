/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records out of answers: which of an array, what fields are made of, words,
 * arguments in maps.
 */
#include "rest_play.h"

/* clang-format off: tables */

/* ---- the driver ---------------------------------------------------------- */

static const struct sc_map type_map[] = { { "id name" }, { "vcpus", "cpu" }, { NULL } };

static const struct sc_map odd_map[] = {
	{ "mine", "nics[net={arg.net}].ip" },
	{ "all", "nics[net={arg.net?}].ip", .list = true },
	{ "best", "nics[id|net={primary}].ip" },
	{ "others", "nics[net!={arg.net}].ip", .list = true },
	{ "text", "{id}@{arg.where.zone}" },
	{ "texts", "{id}@{arg.net}", .list = true },
	{ "either", "{label|id}" },
	{ "host", "fqdn", .until = "." },
	{ "state", "state", .until = " ", .words = "up=ON|on down= -=?" },
	{ "state", "backup", .words = "up=YES NO" },
	{ "hosts", "names[]", .until = ".", .list = true },
	{ NULL },
};

static const struct sc_map limit_map[] = {
	{ "name", "~" }, { "max" }, { "key", "{~}/{max}" }, { NULL },
};

static const struct sc_map inner_map[] = {
	{ "near", "x[k={k}].v" }, { "far", "x[k={arg.k}].v" }, { NULL },
};

static const struct sc_map outer_map[] = {
	{ "in", "inner", .map = inner_map }, { NULL },
};

/* What a row is given, and what comes beside the answer. */
static const struct sc_map beside_map[] = {
	{ "token", "{header.X-Token}" }, { "none", "{header.X-None}" },
	{ "nothing", "{header.X-Token}", .until = "t1" },
	{ "unasked", "{arg.unasked?}", .list = true },
	{ "ports", "{arg.ports}", .list = true },
	{ "kinds", "{arg.rules}", .map = (const struct sc_map[]){ { "kind", "k" }, { NULL } },
	  .list = true },
	{ "many", "{arg.many}" }, { NULL },
};

static const struct sc_rest rows[] = {
	{ "instance_type.get", "GET /types", .items = "types[id|name={id}]", .map = type_map },
	{ "instance_type.list", "GET /types", .items = "types[cpu={vcpus?}]", .map = type_map },
	{ "key_pair.list", "GET /limits", .items = "set.*", .map = limit_map },
	{ ".limits", "GET /limits", .items = "set.*?", .map = limit_map },
	{ ".only", "GET /pools", .items = "pools[only].name" },
	{ ".not", "GET /pools", .items = "pools[name!={name}].name" },
	{ ".odd", "GET /odd", .items = "", .map = odd_map },
	{ ".beside", "GET /odd", .items = "", .map = beside_map },
	{ ".nested", "GET /odd", .items = "", .map = outer_map },
	{ ".make", "POST /pools", .items = "pools[name={name}].id" },
	{ NULL },
};

static const struct sc_service services[] = { { "", "{config.url}" }, { NULL } };

static const struct sc_driver driver = {
	.name = "test", .version = "1.0", .services = services, .rest = rows,
};

#define RUN(table) run_rows(table, ARRAY_LEN(table))
#define TYPES "{\"types\":[{\"id\":\"1\",\"name\":\"a]b'|=\",\"cpu\":2},{\"id\":\"a\"," \
	"\"name\":\"b\",\"cpu\":4},{\"id\":3,\"name\":\"{id}\",\"cpu\":4}]}"
#define A "{\"id\":\"1\",\"name\":\"a]b'|=\",\"vcpus\":2}"
#define B "{\"id\":\"a\",\"name\":\"b\",\"vcpus\":4}"
#define C "{\"id\":\"3\",\"name\":\"{id}\",\"vcpus\":4}"

/* ---- which record -------------------------------------------------------- */

static const struct row chosen[] = {
	{ "instance_type.get", "{\"id\":\"a\"}", { { "GET /types", 200, TYPES } }, B },
	{ "instance_type.get", "{\"id\":\"b\"}", { { "GET /types", 200, TYPES } }, B },
	{ "instance_type.get", "{\"id\":\"3\"}", { { "GET /types", 200, TYPES } }, C },
	{ "instance_type.get", "{\"id\":3}", { { "GET /types", 200, TYPES } }, C },
	/* A value is only ever a value. */
	{ "instance_type.get", "{\"id\":\"a]b'|=\"}", { { "GET /types", 200, TYPES } }, A },
	{ "instance_type.get", "{\"id\":\"{id}\"}", { { "GET /types", 200, TYPES } }, C },
	{ "instance_type.get", "{\"id\":\"'\"}", { { "GET /types", 200, TYPES } },
	  NULL, ERR_NOT_FOUND, EFFECT_NONE, "none with this id" },
	{ "instance_type.get", "{\"id\":\"x]\"}", { { "GET /types", 200, TYPES } },
	  NULL, ERR_NOT_FOUND, EFFECT_NONE, "none with this id" },
	{ "instance_type.get", "{\"id\":\"\\n\\t]\"}", { { "GET /types", 200, TYPES } },
	  NULL, ERR_NOT_FOUND, EFFECT_NONE, "none with this id" },
	{ "instance_type.get", "{\"id\":\"a\"}", { { "GET /types", 200, "{}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no \"types[id|name='a']\"" },
	{ "instance_type.get", "{}", { { "GET /types", 200, TYPES } },
	  NULL, ERR_INVALID, EFFECT_NONE, "id is needed" },
	{ "instance_type.get", "{\"id\":{}}", { { "GET /types", 200, TYPES } },
	  NULL, ERR_INVALID, EFFECT_NONE, "plain value" },
	{ "instance_type.list", "{}", { { "GET /types", 200, TYPES } }, "[" A "," B "," C "]" },
	{ "instance_type.list", "{\"vcpus\":4}", { { "GET /types", 200, TYPES } },
	  "[" B "," C "]" },
	{ "instance_type.list", "{\"vcpus\":9}", { { "GET /types", 200, TYPES } }, "[]" },
	{ "instance_type.list", "{\"vcpus\":[1,{}]}", { { "GET /types", 200, TYPES } },
	  NULL, ERR_INVALID, EFFECT_NONE, "plain value" },
	{ ".not", "{\"name\":\"p\"}",
	  { { "GET /pools", 200, "{\"pools\":[{\"name\":\"p\"},{\"name\":\"q\"}]}" } }, "\"q\"" },
	{ ".only", "{}", { { "GET /pools", 200, "{\"pools\":[{\"name\":\"p\"}]}" } }, "\"p\"" },
	{ ".only", "{}", { { "GET /pools", 200, "{\"pools\":[{},{},{}]}" } },
	  NULL, ERR_INVALID, EFFECT_NONE, "the cloud has 3" },
	{ ".only", "{}", { { "GET /pools", 200, "{\"pools\":[]}" } },
	  NULL, ERR_INVALID, EFFECT_NONE, "the cloud has 0" },
	{ ".only", "{}", { { "GET /pools", 200, "{\"pools\":{}}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "pools[only]" },
	/* It was made, whatever we cannot find in the answer. */
	{ ".make", "{}", { { "POST /pools", 200, "{\"pools\":[]}" } },
	  NULL, ERR_INVALID, EFFECT_APPLIED, "name is needed" },
};

static void test_chosen(void **state)
{
	(void)state;
	RUN(chosen);
}

/* ---- records by name ----------------------------------------------------- */

static const struct row members[] = {
	{ ".limits", "{}",
	  { { "GET /limits", 200, "{\"set\":{\"id\":\"p\",\"cpu\":{\"max\":4},"
	      "\"ram\":{\"max\":8,\"~\":1}}}" } },
	  "[{\"name\":\"cpu\",\"max\":4,\"key\":\"cpu/4\"},"
	  "{\"name\":\"ram\",\"max\":8,\"key\":\"ram/8\"}]" },
	{ ".limits", "{}", { { "GET /limits", 200, "{}" } }, "[]" },
	{ "key_pair.list", "{}", { { "GET /limits", 200, "{\"set\":{}}" } }, "[]" },
	{ "key_pair.list", "{}", { { "GET /limits", 200, "{\"set\":[]}" } },
	  NULL, ERR_CLOUD_BAD_ANSWER, EFFECT_NONE, "no list at \"set.*\"" },
};

static void test_members(void **state)
{
	(void)state;
	RUN(members);
}

static void list_native(void)
{
	AUTO_JSON json_t *list = NULL;
	json_t *v;

	call.native = true;
	list = sc_rest_call(&call, ".limits", NULL);
	assert_int_equal(json_array_size(list), 1);
	v = json_array_get(list, 0);
	assert_string_equal(json_str(v, "name", ""), "cpu");
	assert_int_equal(json_object_size(json_object_get(v, "native")), 1);
}

/* The name is no part of the cloud's own object. */
static void test_native(void **state)
{
	static const struct turn script[] = {
		{ "GET /limits", 200, "{\"set\":{\"cpu\":{\"max\":4}}}" },
	};

	(void)state;
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	call.args = json_object();
	in_fiber(list_native);
	json_decref(call.args);
	call_done();
}

/* ---- fields -------------------------------------------------------------- */

#define NICS "\"id\":\"i\",\"primary\":\"n2\",\"nics\":[{\"id\":\"n1\",\"net\":\"a\"," \
	"\"ip\":\"1\"},{\"id\":\"n2\",\"net\":\"b]'\",\"ip\":\"2\"}]"

static const struct row fields[] = {
	{ ".odd", "{\"net\":\"b]'\",\"where\":{\"zone\":\"z\"}}",
	  { { "GET /odd", 200, "{" NICS ",\"label\":\"\",\"fqdn\":\"h.example.org\","
	      "\"state\":\"ON since May\",\"backup\":\"YES\",\"names\":[\"a.b\",\"c\",\".d\"]}" } },
	  "{\"mine\":\"2\",\"all\":[\"2\"],\"best\":\"2\",\"others\":[\"1\"],\"text\":\"i@z\","
	  "\"texts\":[\"i@b]'\"],\"either\":\"i\",\"host\":\"h\",\"state\":\"up\","
	  "\"hosts\":[\"a\",\"c\",\"\"]}" },
	/* Without the argument there is no value; an optional one takes all. */
	{ ".odd", "{}",
	  { { "GET /odd", 200, "{" NICS ",\"fqdn\":5,\"state\":\"?\",\"backup\":\"NO\"}" } },
	  "{\"mine\":null,\"all\":[\"1\",\"2\"],\"best\":\"2\",\"others\":[],\"text\":null,"
	  "\"texts\":[],\"either\":\"i\",\"host\":5,\"state\":\"NO\",\"hosts\":[]}" },
	{ ".beside", "{\"ports\":[80,443],\"rules\":[{\"k\":1},{\"k\":2}],\"many\":7}",
	  { { "GET /odd", 200, "{}", "x-TOKEN: t1\r\n" } },
	  "{\"token\":\"t1\",\"none\":null,\"nothing\":null,\"unasked\":null,\"ports\":[80,443],"
	  "\"kinds\":[{\"kind\":1},{\"kind\":2}],\"many\":7}" },
	{ ".nested", "{\"k\":\"a\"}",
	  { { "GET /odd", 200, "{\"k\":\"a\",\"inner\":{\"k\":\"b\",\"x\":[{\"k\":\"a\",\"v\":1},"
	      "{\"k\":\"b\",\"v\":2}]}}" } },
	  "{\"in\":{\"near\":2,\"far\":1}}" },
};

static void test_fields(void **state)
{
	(void)state;
	RUN(fields);
}

/* ---- explain ------------------------------------------------------------- */

static void test_explain(void **state)
{
	AUTO_JSON json_t *args = json_pack("{s:s}", "id", "it's");
	AUTO_JSON json_t *secret = json_pack("{s:s}", "id", "hunter22");
	AUTO_JSON json_t *none = json_object();
	const struct sc_rest *row = rest_find(&driver, "instance_type.get");
	AUTO(buf_done) struct buf out = { 0 };
	struct error err;

	(void)state;
	call_init();
	assert_true(rest_explain(&call, row, args, &out, &err));
	assert_non_null(strstr(out.p, "GET "));
	assert_non_null(strstr(out.p, "\nrecord: types[id|name='it''s']\n"));
	buf_clear(&out);
	assert_true(rest_explain(&call, row, secret, &out, &err));
	assert_non_null(strstr(out.p, "record: ***"));
	assert_null(strstr(out.p, "hunter22"));
	buf_clear(&out);
	assert_false(rest_explain(&call, row, none, &out, &err));
	assert_string_equal(err.path, "/id");
	assert_true(rest_explain(&call, rest_find(&driver, ".only"), none, &out,
				 &err));
	assert_null(strstr(out.p, "record:"));
	call_done();
}

#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_chosen),
		WITH_CLOUD(test_members),
		WITH_CLOUD(test_native),
		WITH_CLOUD(test_fields),
		WITH_CLOUD(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
