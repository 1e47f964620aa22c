/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"

static json_t *read_text(const char *text, struct error *err)
{
	return json_read(text, strlen(text), err);
}

static void check_round_trip(const char *text)
{
	struct error err;
	AUTO_JSON json_t *v = read_text(text, &err);
	struct buf b = { 0 };

	assert_non_null(v);
	json_write(v, &b);
	assert_string_equal(b.p, text);
	buf_done(&b);
}

static void test_round_trip(void **state UNUSED)
{
	check_round_trip("{\"z\":1,\"a\":[true,false,null],\"m\":{}}");
	check_round_trip("\"text \xe2\x82\xac \\n \\\" \\\\ \"");
	check_round_trip("9007199254740992");
	check_round_trip("-9007199254740992");
	check_round_trip("null");
	check_round_trip("[]");
	check_round_trip("0");
	check_round_trip("1.5");
}

static void check_refused(const char *text, const char *said)
{
	struct error err = { 0 };

	assert_null(read_text(text, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_true(text_starts(err.message, "JSON: "));
	if (!strstr(err.message, said))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.message, said);
}

static void test_refused(void **state UNUSED)
{
	check_refused("", "line 1");
	check_refused("{", "line 1");
	check_refused("[1,]", "column 4");
	check_refused("{\"a\":1,\n \"a\":2}", "duplicate object key (line 2");
	check_refused("9007199254740993", "integer beyond 2^53 (line 1, column 1)");
	check_refused("[0,\n -9007199254740993]", "(line 2, column 3)");
	check_refused("99999999999999999999999999999999999", "beyond 2^53");
	check_refused("1e999", "line 1");
	check_refused("[01]", "line 1");
	check_refused("[1] x", "line 1");
	check_refused("\"\\u0000\"", "line 1");
	check_refused("\"\xff\"", "line 1");
	check_refused("\"\\ud800\"", "line 1");
	check_refused("\"open", "line 1");
	check_refused("\"open\\", "line 1");
	check_refused("\"tab\there\"", "line 1");
	check_refused("nul", "line 1");
	check_refused("NaN", "line 1");
	check_refused("]", "line 1");
	assert_null(json_read("[1\0]", 4, NULL));
}

/* What stands near a fault may be a password. */
static void test_errors_quote_nothing(void **state UNUSED)
{
	struct error err;

	assert_null(read_text("{\"password\": hunter2}", &err));
	assert_null(strstr(err.message, "hunter2"));
	assert_null(read_text("{\"hunter2\": 1, \"hunter2\": 2}", &err));
	assert_null(strstr(err.message, "hunter2"));
}

static void test_large_reals_and_strings_pass(void **state UNUSED)
{
	static const char *const good[] = {
		"12345678901234567890.5", "12345678901234567890e3",
		"\"12345678901234567890\"", "\"[[[[\\\"[[[\"", "1e5",
		" [ 1 , 2 ] ",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct error err;
		AUTO_JSON json_t *v = read_text(good[i], &err);

		assert_non_null(v);
	}
}

static char *nested(size_t depth)
{
	char *text = mem_alloc(2 * depth + 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return text;
}

static void test_depth(void **state UNUSED)
{
	AUTO_FREE char *most = nested(JSON_MAX_DEPTH);
	AUTO_FREE char *more = nested(JSON_MAX_DEPTH + 1);
	AUTO_FREE char *absurd = nested(1000000);
	struct error err;
	AUTO_JSON json_t *v = read_text(most, &err);

	assert_non_null(v);
	check_refused(more, "nested too deeply (line 1, column 65)");
	check_refused(absurd, "nested too deeply");
}

static void test_write_of_a_circle(void **state UNUSED)
{
	json_t *a = json_array(), *b = json_array();
	struct buf out = { 0 };

	json_array_append_new(a, b);
	json_array_append(b, a);
	buf_add_str(&out, "v=");
	json_write(a, &out);
	assert_string_equal(out.p, "v=null");
	json_array_clear(b);
	json_decref(a);
	buf_done(&out);
}

/* The examples of RFC 6901 section 5, and what it forbids. */
static void test_pointers(void **state UNUSED)
{
	static const char text[] =
		"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,"
		"\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,"
		"\"m~n\":8,\"~1\":9}";
	static const struct {
		const char *pointer;
		int value;
	} good[] = {
		{ "/", 0 }, { "/a~1b", 1 }, { "/c%d", 2 }, { "/e^f", 3 },
		{ "/g|h", 4 }, { "/i\\j", 5 }, { "/k\"l", 6 }, { "/ ", 7 },
		{ "/m~0n", 8 }, { "/~01", 9 },
	};
	static const char *const absent[] = {
		"foo", "/nope", "/foo/2", "/foo/00", "/foo/01", "/foo/-",
		"/foo/-0", "/foo/1x", "/foo/", "/foo/0/x", "/m~n", "/m~2n",
		"/m~", "/foo/99999999999999999999",
	};
	AUTO_JSON json_t *root = json_read(text, sizeof(text) - 1, NULL);

	assert_ptr_equal(json_at(root, ""), root);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(json_integer_value(json_at(root, good[i].pointer)),
				 good[i].value);
	assert_string_equal(json_string_value(json_at(root, "/foo/1")), "baz");
	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		assert_null(json_at(root, absent[i]));
	assert_null(json_at(NULL, "/a"));
}

static void test_pointer_add(void **state UNUSED)
{
	char pointer[64] = "", small[8] = "";

	json_pointer_add(pointer, sizeof(pointer), "a/b");
	json_pointer_add(pointer, sizeof(pointer), "m~n");
	json_pointer_add_index(pointer, sizeof(pointer), 12);
	json_pointer_add(pointer, sizeof(pointer), "");
	json_pointer_add(pointer, sizeof(pointer), "\xc3\xa9");
	assert_string_equal(pointer, "/a~1b/m~0n/12//\xc3\xa9");
	json_pointer_add(small, sizeof(small), "abcd~~");
	assert_string_equal(small, "/abcd~0");
	json_pointer_add(small, sizeof(small), "more");
	assert_string_equal(small, "/abcd~0");
	small[0] = '\0';
	json_pointer_add(small, sizeof(small), "abcd\xe2\x82\xac");
	assert_string_equal(small, "/abcd");
	small[0] = '\0';
	json_pointer_add(small, sizeof(small), "\xff/");
	assert_string_equal(small, "/\xff~1");
}

/* Whichever allocation fails: all of the value, or none and a reason. */
static void test_out_of_memory(void **state UNUSED)
{
	const char text[] = "{\"a\":[1,2.5,\"s\",{\"b\":null}],\"c\":{}}";
	struct error err;
	json_t *v = NULL;
	int n;

	mem_use_for_jansson();
	for (n = 1; !v; n++) {
		mem_fail_after(n);
		v = json_read(text, sizeof(text) - 1, &err);
		if (!v)
			assert_int_equal(err.code, ERR_INTERNAL);
	}
	mem_fail_after(0);
	assert_in_range(n, 10, 100);
	assert_int_equal(json_array_size(json_object_get(v, "a")), 4);
	assert_int_equal(json_object_size(v), 2);
	json_decref(v);
}

static void test_accessors(void **state UNUSED)
{
	AUTO_JSON json_t *o = json_pack("{s:s, s:i, s:b, s:n}", "s", "text",
					"i", 5, "b", 1, "n");

	assert_string_equal(json_str(o, "s", "x"), "text");
	assert_string_equal(json_str(o, "i", "x"), "x");
	assert_null(json_str(o, "nope", NULL));
	assert_int_equal(json_int(o, "i", 9), 5);
	assert_int_equal(json_int(o, "s", 9), 9);
	assert_true(json_bool(o, "b", false));
	assert_true(json_bool(o, "n", true));
	assert_false(json_bool(o, "i", false));
	assert_int_equal(json_int(NULL, "i", 9), 9);
	assert_int_equal(json_int(json_object_get(o, "s"), "i", 9), 9);
}

static void test_quoted(void **state UNUSED)
{
	AUTO_JSON json_t *single = json_read_quoted("{'a': 'it\\'s'}", NULL);
	AUTO_JSON json_t *usual = json_read_quoted("{\"a\": \"it's\"}", NULL);
	struct error err;

	assert_string_equal(json_str(single, "a", ""), "it's");
	assert_true(json_equal(single, usual));
	assert_null(json_read_quoted(NULL, NULL));
	assert_null(json_read_quoted("{'a'", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_errors_quote_nothing),
		cmocka_unit_test(test_large_reals_and_strings_pass),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_write_of_a_circle),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_pointer_add),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_accessors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
