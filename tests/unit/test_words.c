/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/buf.h"
#include "cloud/words.h"

/* Every pair as "ours=theirs;", and what was left. */
static const struct {
	const char *text, *pairs, *left;
} reads[] = {
	{ "", "", "" },
	{ "  a=b ", "a=b;", "" },
	{ "a=b|c d=e", "a=b;a=c;d=e;", "" },
	{ "none= any=*", "none=;any=*;", "" },
	{ "a=b| c=", "a=b;a=;c=;", "" },
	{ "a=b=c -=*", "a=b=c;-=*;", "" },
	{ "a=b c", "a=b;c=c;", "" },
	{ "a b=c", "a=a;b=c;", "" },
	{ "=b", "", "=b" },
	{ "a|b", "", "a|b" },
};

static void test_reads(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
		struct words w = { .p = reads[i].text };
		struct buf out = { 0 };

		while (words_next(&w))
			buf_printf(&out, "%.*s=%.*s;", (int)w.ours.n, w.ours.p,
				   (int)w.theirs.n, w.theirs.p);
		assert_string_equal(out.n ? out.p : "", reads[i].pairs);
		assert_string_equal(w.p, reads[i].left);
		buf_done(&out);
	}
}

static void test_find(void **state UNUSED)
{
	const char *text = "running=ON|UP none= -=odd unknown=*";
	struct slice ours;

	assert_true(words_find(text, "UP", &ours) && slice_eq(ours, "running"));
	assert_true(words_find(text, "", &ours) && slice_eq(ours, "none"));
	assert_true(words_find(text, "odd", &ours) && slice_eq(ours, "-"));
	assert_true(words_find(text, "up", &ours) && slice_eq(ours, "unknown"));
	assert_false(words_find("a=b", "a", &ours));
	assert_true(words_find("a=x b=*_OFF|UP_* c=*", "X_OFF", &ours) &&
		    slice_eq(ours, "b"));
	assert_true(words_find("b=*_OFF|UP_* c=*", "UP_", &ours) &&
		    slice_eq(ours, "b"));
	assert_true(words_find("b=*_OFF|UP_* c=*", "X_OFF_", &ours) &&
		    slice_eq(ours, "c"));
	assert_true(words_may_say_nothing(text));
	assert_false(words_may_say_nothing("a=-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
