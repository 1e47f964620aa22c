/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanned text as trees, and strings without their escapes.
 */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "rpc/scan.h"
#include "scan_cases.h"

/* The tree is the one that jansson reads. */
static void test_tree_is_that_of_jansson(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON json_t *theirs = NULL, *ours = NULL;
		char *copy = exact(cases[i].text, cases[i].n);
		struct scan s;
		bool ok;

		theirs = json_read(copy, cases[i].n, NULL);
		scan_init(&s, copy, cases[i].n);
		ours = scan_json(&s);
		ok = scan_end(&s, NULL);
		if (ok != cases[i].valid || (ok && !json_equal(ours, theirs)))
			fail_msg("misread: %s", cases[i].text);
		mem_free(copy);
	}
}

/* A part of a text that was scanned before. */
static void test_known_text(void **state)
{
	static const char text[] =
		"{\"a\\n\":[1,-2.5e1,true,null,\"\\u20ac\"]}";
	AUTO_JSON json_t *v = NULL;
	struct scan s;

	(void)state;
	scan_init_valid(&s, text, sizeof(text) - 1);
	v = scan_json(&s);
	assert_true(scan_end(&s, NULL));
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(v, "a\n"), 4)),
		"\xe2\x82\xac");
	assert_true(json_real_value(json_array_get(json_object_get(v, "a\n"),
						   1)) == -25.0);
}

static void test_unescape(void **state)
{
	static const struct {
		const char *from, *to;
	} good[] = {
		{ "", "" },
		{ "abc", "abc" },
		{ "a\\nb", "a\nb" },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
		{ "\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac" },
		{ "x\\ud83d\\ude00y", "x\xf0\x9f\x98\x80y" },
	};
	static const char *const bad[] = { "\\",
					   "\\x",
					   "\\u12",
					   "\\u0000",
					   "\\ud83d",
					   "\\ud83dx",
					   "\\udc00",
					   "\\ud83d\\u0041",
					   "\\ud83d\\n12345",
					   "\\ud83d\\ud83d",
					   "a\\" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf b = { 0 };

		assert_true(scan_unescape(slice_of(good[i].from), &b));
		assert_true(slice_eq(buf_slice(&b), good[i].to));
		buf_done(&b);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf b = { 0 };

		assert_false(scan_unescape(slice_of(bad[i]), &b));
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_is_that_of_jansson),
		cmocka_unit_test(test_known_text),
		cmocka_unit_test(test_unescape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
