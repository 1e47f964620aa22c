/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/clock.h"

static void test_virtual(void **state UNUSED)
{
	clock_set_virtual(1000);
	assert_true(clock_is_virtual());
	assert_int_equal(clock_ms(), 1000);
	assert_int_equal(clock_ms(), 1000);
	clock_advance(250);
	assert_int_equal(clock_ms(), 1250);
	assert_int_equal(clock_us(), 1250000);
	assert_int_equal(clock_wall_ms(), CLOCK_VIRTUAL_EPOCH + 1250);
	assert_int_equal(clock_left(0), -1);
	assert_int_equal(clock_left(1300), 50);
	assert_int_equal(clock_left(1250), 0);
	assert_int_equal(clock_left(10), 0);
	clock_set_real();
	assert_false(clock_is_virtual());
}

static void test_real(void **state UNUSED)
{
	int64_t us = clock_us(), ms = clock_ms();

	assert_true(ms >= us / 1000);
	assert_true(clock_us() >= us);
	assert_true(clock_wall_ms() > CLOCK_VIRTUAL_EPOCH);
}

static const struct {
	const char *text;
	int64_t ms;
} times[] = {
	{ "1970-01-01T00:00:00.000Z", 0 },
	{ "2026-11-21T09:41:59.120Z", 1795254119120 },
	{ "1969-12-31T23:59:59.999Z", -1 },
	{ "2000-02-29T12:00:00.001Z", 951825600001 },
	{ "1900-03-01T00:00:00.000Z", -2203891200000 },
	{ "0000-01-01T00:00:00.000Z", -62167219200000 },
	{ "9999-12-31T23:59:59.999Z", 253402300799999 },
};

static void test_format_and_back(void **state UNUSED)
{
	char text[CLOCK_TEXT];
	int64_t ms;

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		assert_string_equal(clock_format(times[i].ms, text),
				    times[i].text);
		assert_true(clock_parse(times[i].text, &ms));
		assert_int_equal(ms, times[i].ms);
	}
	assert_string_equal(clock_format(INT64_MAX, text),
			    "9999-12-31T23:59:59.999Z");
	assert_string_equal(clock_format(INT64_MIN, text),
			    "0000-01-01T00:00:00.000Z");
}

/* Each day of four centuries is one more than the day before. */
static void test_calendar(void **state UNUSED)
{
	char text[CLOCK_TEXT];
	int64_t back;

	for (int64_t day = -146097; day < 146097; day += 13) {
		clock_format(day * 86400000, text);
		assert_true(clock_parse(text, &back));
		assert_int_equal(back, day * 86400000);
	}
}

static void test_spellings(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01T02:00:00+02:00", 0 },
		{ "1969-12-31T18:30:00-05:30", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T00:00:00.1239999999Z", 123 },
		{ "1970-01-01T00:00:00.00001Z", 0 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
	};
	int64_t ms;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(clock_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
}

static void test_malformed(void **state UNUSED)
{
	static const char *const bad[] = {
		"", "1970", "1970-01-01", "1970-01-01T00:00:00",
		"1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z",
		"1970-00-01T00:00:00Z", "1970-01-32T00:00:00Z",
		"1970-01-00T00:00:00Z", "1970-04-31T00:00:00Z",
		"1900-02-29T00:00:00Z", "2023-02-29T00:00:00Z",
		"1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
		"1970-01-01T00:00:61Z", "1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00+0200", "1970-01-01T00:00:00+24:00",
		"1970-01-01T00:00:00+02:60", "1970-01-01T00:00:00Z ",
		"1970-01-01T00:00:00*02:00", "170-01-01T00:00:00Z",
		"1970-1-01T00:00:00Z", "-970-01-01T00:00:00Z",
		"1970-01-01T00:00:00,5Z", "1970-01-01T0a:00:00Z",
	};
	int64_t ms = 42;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(clock_parse(bad[i], &ms));
	assert_int_equal(ms, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_virtual),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_format_and_back),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
