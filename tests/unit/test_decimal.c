/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/decimal.h"

/* clang-format off: a table */
static const struct {
	const char *text;
	int128 n;
	int64_t by;
	const char *made; /* NULL: refused */
} rows[] = {
	{ "0.02", 1, 1, "0.02" },
	{ "7", 1, 1, "7.00" },
	{ "-1.5", 3, 1, "-4.50" },
	{ "0.0104", 730, 1, "7.592" },
	{ "0.10", 100 * 24, 730, "0.328767123" },
	{ "0.000000001", 1, 2, "0.000000001" },
	{ "0.000000001", 1, 3, "0.00" },
	{ "-0.000000001", 1, 2, "-0.000000001" },
	{ "0.1", 10, 1, "1.00" },
	{ "9223372036854775807", 1, 1, "9223372036854775807.00" },
	{ "9223372036854775807", 2, 1, NULL },
	{ "9223372036854775807", INT64_MAX, 1, NULL },
	{ "9223372036854775808", 1, 1, NULL },
	{ "0.000000001", (int128)INT64_MAX * 1000, 1000, "9223372036.854775807" },
	{ "9223372036854775807", (int128)INT64_MAX * INT64_MAX, 1, NULL },
	{ "1", 1, 0, NULL },
	{ "1", 1, -1, NULL },
	{ "", 1, 1, NULL },
	{ "-", 1, 1, NULL },
	{ ".5", 1, 1, NULL },
	{ "5.", 1, 1, NULL },
	{ "1.2.3", 1, 1, NULL },
	{ "1e3", 1, 1, NULL },
	{ "+1", 1, 1, NULL },
	{ "0.0000000001", 1, 1, NULL },
	{ "99999999999999999999999999999999999999999", 1, 1, NULL },
};
/* clang-format on */

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[DECIMAL_TEXT] = "";
		decimal d;
		bool ok = decimal_parse(rows[i].text, &d) &&
			  decimal_times(&d, rows[i].n, rows[i].by);

		if (ok)
			decimal_format(d, text);
		if (ok != (rows[i].made != NULL) ||
		    (ok && strcmp(text, rows[i].made) != 0))
			fail_msg("%s * %lld / %lld: %s, not %s", rows[i].text,
				 (long long)rows[i].n, (long long)rows[i].by,
				 ok ? text : "refused",
				 rows[i].made ? rows[i].made : "refused");
	}
}

static void test_sums_that_do_not_fit_are_refused(void **state UNUSED)
{
	char text[DECIMAL_TEXT];
	decimal most, sum = 0;

	assert_true(decimal_parse("9223372036854775807", &most));
	assert_true(decimal_add(&sum, most));
	assert_string_equal(decimal_format(sum, text),
			    "9223372036854775807.00");
	assert_false(decimal_add(&sum, 1));
	sum = -most;
	assert_false(decimal_add(&sum, -1));
	assert_true(decimal_add(&sum, most + 1));
	assert_string_equal(decimal_format(sum, text), "0.00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sums_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
