/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-off, in time that the test makes up.
 */
#include "unit.h"

#include "supervise/backoff.h"

#define NO_JITTER 0
#define MOST_JITTER 1023

static struct backoff b;

static int setup(void **state)
{
	(void)state;
	backoff_init(&b, 5, 30000, 1000, 120000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	backoff_done(&b);
	return 0;
}

static void test_five_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(backoff_died(&b, 1000 * i, NO_JITTER), 0);
	assert_int_equal(backoff_died(&b, 5000, NO_JITTER), 1000);
}

static void test_window_slides(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(backoff_died(&b, 7000 * i, NO_JITTER), 0);
	assert_int_equal(backoff_died(&b, 693001, NO_JITTER), 1000);
}

static void test_doubles_up_to_the_limit(void **state)
{
	static const int64_t delays[] = { 1000,	 2000,	4000,	8000,  16000,
					  32000, 64000, 120000, 120000 };
	int64_t now = 0;

	(void)state;
	backoff_done(&b);
	backoff_init(&b, 0, 30000, 1000, 120000);
	for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
		assert_int_equal(backoff_died(&b, now, NO_JITTER), delays[i]);
		now += delays[i];
	}
	backoff_settled(&b);
	assert_int_equal(backoff_died(&b, now, NO_JITTER), 1000);
}

static void test_jitter(void **state)
{
	(void)state;
	backoff_done(&b);
	backoff_init(&b, 0, 30000, 1000, 120000);
	for (int i = 0; i < 7; i++) {
		int64_t whole = 1000LL << i;
		int64_t delay = backoff_died(&b, 0, MOST_JITTER);

		assert_true(delay <= whole && delay >= whole - whole / 5);
		assert_true(delay < whole);
	}
}

static void test_gives_up(void **state)
{
	(void)state;
	backoff_done(&b);
	backoff_init(&b, 0, 30000, 60000, 1000); /* a smaller limit counts */
	for (int i = 0; i < BACKOFF_HOPELESS; i++)
		assert_int_equal(backoff_died(&b, i, NO_JITTER), 1000);
	assert_int_equal(backoff_died(&b, 20, NO_JITTER), -1);
	backoff_settled(&b);
	assert_int_equal(backoff_died(&b, 30, NO_JITTER), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_five_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_window_slides, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_doubles_up_to_the_limit,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_jitter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gives_up, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
