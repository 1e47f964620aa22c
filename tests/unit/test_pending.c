/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of pending calls.
 */
#include "unit.h"

#include "rpc/pending.h"

/* What was never answered must not be remembered for ever. */
static void test_forgotten_calls(void **state)
{
	struct pending t;
	struct rpc_call *call = (struct rpc_call *)&t; /* never looked into */
	uint64_t first, last = 0;

	(void)state;
	pending_init(&t);
	first = pending_add(&t, call);
	for (int i = 0; i < 10 * PENDING_ABANDONED_MAX; i++) {
		uint64_t n = pending_add(&t, call);

		assert_true(n > last);
		last = n;
		pending_abandon(&t, pending_find(&t, n));
	}
	assert_int_equal(t.open, 1);
	assert_true(t.size <= 4 * PENDING_ABANDONED_MAX);
	assert_ptr_equal(pending_find(&t, first)->call, call);
	assert_null(pending_find(&t, 0));
	pending_done(&t);
}

/* A call of hours keeps its slot; its neighbours go on around it. */
static void test_numbers_are_unique(void **state)
{
	struct pending t;
	struct rpc_call *call = (struct rpc_call *)&t; /* never looked into */
	uint64_t kept, last = 0;

	(void)state;
	pending_init(&t);
	kept = pending_add(&t, call);
	for (int i = 0; i < 1000; i++) {
		uint64_t n = pending_add(&t, call);

		assert_true(n > last && n != kept);
		last = n;
		pending_remove(&t, pending_find(&t, n));
		assert_null(pending_find(&t, n));
	}
	assert_int_equal(t.size, 64);
	assert_non_null(pending_find(&t, kept));
	pending_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgotten_calls),
		cmocka_unit_test(test_numbers_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
