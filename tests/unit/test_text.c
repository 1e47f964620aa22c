/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

static void test_utf8_edges(void **state UNUSED)
{
	static const char *const good[] = {
		"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "h\xc3\xa9llo",
	};
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", /* overlong */
		"\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80", "\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
		"\xc3", "\xe2\x82", "\xf0\x9f\x98", /* cut short */
		"\xc3(", "\xe2(\x82", "\xe2\x82(", "\xf0\x9f\x98(", "a\xc3",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_int_equal(utf8_char("\xe2\x82\xac!", 4), 3);
	assert_int_equal(utf8_char("\xe2\x82\xac", 2), 0);
	assert_int_equal(utf8_char("", 0), 0);
	assert_int_equal(utf8_code("\x7f", 1), 0x7f);
	assert_int_equal(utf8_code("\xc2\x80", 2), 0x80);
	assert_int_equal(utf8_code("\xe2\x82\xac", 3), 0x20ac);
	assert_int_equal(utf8_code("\xf4\x8f\xbf\xbf", 4), 0x10ffff);
}

static void test_utf8_count(void **state UNUSED)
{
	assert_int_equal(utf8_count("", 0), 0);
	assert_int_equal(utf8_count("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x80", 10),
			 4);
}

static void test_utf8_cut(void **state UNUSED)
{
	static const char text[] = "a\xe2\x82\xac\xf0\x9f\x98\x80";
	static const size_t expected[] = { 0, 1, 1, 1, 4, 4, 4, 4, 8, 8 };

	for (size_t max = 0; max < ARRAY_LEN(expected); max++)
		assert_int_equal(utf8_cut(text, sizeof(text) - 1, max),
				 expected[max]);
	/* Not UTF-8: cut somewhere, never before three bytes of the limit. */
	assert_true(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5) >= 2);
}

static void test_to_int(void **state UNUSED)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1.0",
		"0x1", "1e3", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "--1", "a" };
	long long v = 77;

	assert_true(text_to_int("0", 0, 9, &v));
	assert_int_equal(v, 0);
	assert_true(text_to_int("-12", -12, 0, &v));
	assert_int_equal(v, -12);
	assert_true(text_to_int("9223372036854775807", LLONG_MIN, LLONG_MAX, &v));
	assert_true(v == LLONG_MAX);
	assert_true(text_to_int("-9223372036854775808", LLONG_MIN, LLONG_MAX, &v));
	assert_true(v == LLONG_MIN);
	v = 77;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(text_to_int(bad[i], LLONG_MIN, LLONG_MAX, &v));
	assert_false(text_to_int("10", 0, 9, &v));
	assert_false(text_to_int("-1", 0, 9, &v));
	assert_int_equal(v, 77);
}

static void test_copy(void **state UNUSED)
{
	char small[5] = "????", none = 'x';

	text_copy(small, sizeof(small), "abc\xc3\xa9");
	assert_string_equal(small, "abc");
	text_copy(small, sizeof(small), "ab\xc3\xa9");
	assert_string_equal(small, "ab\xc3\xa9");
	text_copy(small, 1, "abc");
	assert_string_equal(small, "");
	text_copy(&none, 0, "abc");
	assert_int_equal(none, 'x');
}

static void test_starts_ends(void **state UNUSED)
{
	assert_true(text_starts("instance.list", "instance."));
	assert_true(text_starts("x", ""));
	assert_false(text_starts("inst", "instance"));
	assert_true(text_ends("instance.list", ".list"));
	assert_true(text_ends("x", ""));
	assert_false(text_ends("list", "instance.list"));
	assert_false(text_ends("abc", "abd"));
}

static void test_words(void **state UNUSED)
{
	const char *p = "  a bc d ";
	struct slice word;

	assert_true(text_next_word(&p, &word) && slice_eq(word, "a"));
	assert_true(text_next_word(&p, &word) && slice_eq(word, "bc"));
	assert_true(text_next_word(&p, &word) && slice_eq(word, "d"));
	assert_false(text_next_word(&p, &word));
	assert_true(text_has_word("a bc d", "bc"));
	assert_true(text_has_word("bc", "bc"));
	assert_false(text_has_word("abc bcd b", "bc"));
	assert_false(text_has_word("a", ""));
	assert_false(text_has_word("", "a"));
}

static void check_encoded(const char *plain, size_t n, const char *keep,
			  const char *expected)
{
	struct buf encoded = { 0 }, decoded = { 0 };

	text_percent_encode(&encoded, (struct slice){ plain, n }, keep);
	assert_true(slice_eq(buf_slice(&encoded), expected));
	if (!memchr(plain, 0, n)) {
		assert_true(text_percent_decode(&decoded, buf_slice(&encoded)));
		assert_int_equal(decoded.n, n);
		assert_memory_equal(buf_slice(&decoded).p, plain, n);
	}
	buf_done(&encoded);
	buf_done(&decoded);
}

static void test_percent_encode(void **state UNUSED)
{
	check_encoded("", 0, NULL, "");
	check_encoded("aZ09-._~", 8, NULL, "aZ09-._~");
	check_encoded("a b/c?d=\xc3\xa9%", 11, NULL, "a%20b%2Fc%3Fd%3D%C3%A9%25");
	check_encoded("a/b:c", 5, "/:", "a/b:c");
	check_encoded("a\0b", 3, "/", "a%00b");
}

static void test_percent_decode(void **state UNUSED)
{
	static const char *const bad[] = { "%", "%4", "%4g", "%g4", "%00",
					   "a%", "%%41" };
	struct buf out = { 0 };

	assert_true(text_percent_decode(&out, SLICE("a+b%41%c3%A9")));
	assert_string_equal(out.p, "a+bA\xc3\xa9");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(text_percent_decode(&out, slice_of(bad[i])));
	buf_done(&out);
}

static void test_hex(void **state UNUSED)
{
	char out[9];

	text_hex("\x00\xff\x1a\x90", 4, out);
	assert_string_equal(out, "00ff1a90");
	text_hex("", 0, out);
	assert_string_equal(out, "");
}

static void test_nearest(void **state UNUSED)
{
	static const char *const names[] = { "listen", "data_dir", "log.level" };
	char long_word[100];

	assert_string_equal(text_nearest("lisen", names, 3), "listen");
	assert_string_equal(text_nearest("data-dir", names, 3), "data_dir");
	assert_null(text_nearest("colour", names, 3));
	assert_null(text_nearest("ls", names, 3));
	assert_null(text_nearest("", names, 3));
	memset(long_word, 'l', sizeof(long_word));
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(text_nearest(long_word, names, 3));
	assert_null(text_nearest("list", (const char *[]){ long_word }, 1));
}

static void test_slices(void **state UNUSED)
{
	assert_int_equal(slice_of(NULL).n, 0);
	assert_non_null(slice_of(NULL).p);
	assert_true(slice_eq(SLICE("abc"), "abc"));
	assert_false(slice_eq(SLICE("abc"), "ab"));
	assert_false(slice_eq(SLICE("ab"), "abc"));
	assert_true(slice_eq((struct slice){ NULL, 0 }, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_edges),
		cmocka_unit_test(test_utf8_count),
		cmocka_unit_test(test_utf8_cut),
		cmocka_unit_test(test_to_int),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_starts_ends),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_percent_encode),
		cmocka_unit_test(test_percent_decode),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
