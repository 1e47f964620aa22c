/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Circuit breakers, in time that the test makes up.
 */
#include "unit.h"

#include <stdio.h>

#include "supervise/breaker.h"

static struct breakers all;
static struct error err;

static int setup(void **state)
{
	(void)state;
	breakers_init(&all);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	breakers_done(&all);
	return 0;
}

static void call(struct breaker *b, int64_t now, enum err_code code)
{
	assert_true(breaker_pass(b, now, &err));
	breaker_report(b, now, code);
}

static void open_it(struct breaker *b)
{
	for (int i = 0; i < BREAKER_THRESHOLD; i++)
		call(b, 100, ERR_CLOUD_UNAVAILABLE);
	assert_true(breakers_any_open(&all));
}

static void test_opens_after_failures_in_a_row(void **state)
{
	struct breaker *b = breaker_of(&all, NULL, NULL);

	(void)state;
	for (int i = 0; i < BREAKER_THRESHOLD - 1; i++)
		call(b, 100, ERR_DEADLINE);
	call(b, 100, ERR_NONE);
	assert_false(breakers_any_open(&all));
	open_it(b);
	assert_false(breaker_pass(b, 101, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_true(err.retry_after_ms > 1000);
}

static void test_answers_of_the_cloud_do_not_count(void **state)
{
	static const enum err_code codes[] = {
		ERR_NOT_FOUND, ERR_QUOTA,     ERR_UNAUTHENTICATED,
		ERR_BUSY,      ERR_CANCELLED, ERR_INVALID
	};
	struct breaker *b = breaker_of(&all, "r", NULL);

	(void)state;
	for (size_t i = 0; i < 100; i++)
		call(b, 1, codes[i % ARRAY_LEN(codes)]);
	assert_false(breakers_any_open(&all));
}

static void test_one_call_tries(void **state)
{
	struct breaker *b = breaker_of(&all, "r", NULL);
	int64_t later = 100 + BREAKER_OPEN_MS;

	(void)state;
	open_it(b);
	assert_false(breaker_pass(b, later - 1, &err));
	assert_true(breaker_pass(b, later, &err));
	assert_false(breaker_pass(b, later, &err)); /* one, not two */
	breaker_report(b, later, ERR_NONE);
	assert_false(breakers_any_open(&all));
	assert_true(breaker_pass(b, later, &err));
}

static void test_opens_longer_and_longer(void **state)
{
	struct breaker *b = breaker_of(&all, "r", NULL);
	int64_t now = 100, open = BREAKER_OPEN_MS;

	(void)state;
	open_it(b);
	for (int i = 0; i < 10; i++) {
		now += open;
		assert_false(breaker_pass(b, now - 1, &err));
		call(b, now, ERR_CLOUD_UNAVAILABLE);
		open = open * 2 < BREAKER_OPEN_MAX_MS ? open * 2
						      : BREAKER_OPEN_MAX_MS;
	}
	/* A try that says nothing leaves the next one its turn. */
	now += open;
	call(b, now, ERR_CANCELLED);
	assert_true(breaker_pass(b, now, &err));
}

static void test_regions_are_apart(void **state)
{
	struct breaker *a = breaker_of(&all, "a", NULL);
	char name[32];

	(void)state;
	open_it(a);
	assert_true(breaker_pass(breaker_of(&all, "b", NULL), 100, &err));
	assert_ptr_equal(breaker_of(&all, "a", NULL), a);
	for (int i = 0; i < 2 * BREAKERS_MAX; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		breaker_of(&all, name, NULL);
	}
	assert_int_equal(all.n, BREAKERS_MAX);
	/* What is open is remembered longer than what knows nothing. */
	assert_false(breaker_pass(breaker_of(&all, "a", NULL), 100, &err));
}

static void test_credentials_are_apart(void **state)
{
	struct breaker *one = breaker_of(&all, "a", "crd_1");

	(void)state;
	open_it(one);
	assert_false(breaker_pass(one, 100, &err));
	call(breaker_of(&all, "a", "crd_2"), 100, ERR_NONE);
	call(breaker_of(&all, "a", NULL), 100, ERR_NONE);
	assert_ptr_equal(breaker_of(&all, "a", "crd_1"), one);
}

/* However many come after it, a call's breaker is there when it ends. */
static void test_stays_while_it_is_needed(void **state)
{
	struct breaker *used = breaker_of(&all, "a", "crd_1");
	char name[32];

	(void)state;
	assert_true(breaker_pass(used, 100, &err));
	for (int i = 0; i < 2 * BREAKERS_MAX; i++) {
		snprintf(name, sizeof(name), "crd%d", i);
		breaker_of(&all, "a", name);
	}
	assert_ptr_equal(breaker_of(&all, "a", "crd_1"), used);
	breaker_report(used, 100, ERR_NONE);
	assert_int_equal(all.n, BREAKERS_MAX);
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_opens_after_failures_in_a_row),
		ROW(test_answers_of_the_cloud_do_not_count),
		ROW(test_one_call_tries),
		ROW(test_opens_longer_and_longer),
		ROW(test_regions_are_apart),
		ROW(test_credentials_are_apart),
		ROW(test_stays_while_it_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
