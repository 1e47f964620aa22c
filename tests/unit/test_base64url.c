/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/base64url.h"

static const struct {
	struct slice bytes;
	const char *text;
} pairs[] = {
	/* RFC 4648 section 10, without the padding */
	{ SLICE(""), "" },
	{ SLICE("f"), "Zg" },
	{ SLICE("fo"), "Zm8" },
	{ SLICE("foo"), "Zm9v" },
	{ SLICE("foob"), "Zm9vYg" },
	{ SLICE("fooba"), "Zm9vYmE" },
	{ SLICE("foobar"), "Zm9vYmFy" },
	/* RFC 7515 appendix C */
	{ SLICE("\x03\xec\xff\xe0\xc1"), "A-z_4ME" },
	{ SLICE("\0\0\0\0"), "AAAAAA" },
};

static void test_both_ways(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf text = { 0 }, bytes = { 0 };

		base64url_add(&text, pairs[i].bytes);
		assert_true(slice_eq(buf_slice(&text), pairs[i].text));
		assert_true(base64url_read(&bytes, slice_of(pairs[i].text)));
		assert_int_equal(bytes.n, pairs[i].bytes.n);
		if (bytes.n)
			assert_memory_equal(bytes.p, pairs[i].bytes.p, bytes.n);
		buf_done(&text);
		buf_done(&bytes);
	}
}

static void test_wrong(void **state UNUSED)
{
	static const char *const wrong[] = {
		"A",	 "Zm9vY", "Zg==",   "Zm8=",	  "Zm9v\n",
		" Zm9v", "Zm+v",  "Zm/v",   "Zm.v",	  "Zm9v=",
		"Zh",	 "Zm9",	  "Zm9vYh", "\xc3\xa4Zg",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf bytes = { 0 };

		if (base64url_read(&bytes, slice_of(wrong[i])))
			fail_msg("taken: %s", wrong[i]);
		buf_done(&bytes);
	}
	assert_false(base64url_read(&(struct buf){ 0 }, SLICE("\0\0\0\0")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
