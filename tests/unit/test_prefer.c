/* SPDX-License-Identifier: Apache-2.0 */
/* The header Prefer: what is understood of it, and what is not. */
#include "unit.h"

#include "prefer.h"

#define MOST 30000

static const struct {
	const char *header;
	int64_t ms;
	const char *applied;
} cases[] = {
	{ NULL, MOST, "" },
	{ "", MOST, "" },
	{ "wait=5", 5000, "wait=5" },
	{ "wait=0", 0, "wait=0" },
	{ "wait=30", MOST, "wait=30" },
	{ "wait=31", MOST, "wait=30" },
	{ "wait=99999999999", MOST, "wait=30" },
	{ "WAIT=5", 5000, "wait=5" },
	{ "wait = 5 ", 5000, "wait=5" },
	{ "wait=\"5\"", 5000, "wait=5" },
	{ "wait=5; foo=bar", 5000, "wait=5" },
	{ "foo; wait=7, wait=5", 5000, "wait=5" },
	{ "foo=\"a, wait=7\", wait=5", 5000, "wait=5" },
	{ "foo=\"a\\\", wait=7\", wait=5", 5000, "wait=5" },
	{ "wait=5, wait=7", 5000, "wait=5" },
	{ "respond-async", 0, "respond-async" },
	{ "respond-async, wait=10", 10000, "respond-async, wait=10" },
	{ "wait=10,respond-async", 10000, "respond-async, wait=10" },
	{ ",, ,wait=5", 5000, "wait=5" },
	{ "wait", MOST, "" },
	{ "wait=", MOST, "" },
	{ "wait=-1", MOST, "" },
	{ "wait=+1", MOST, "" },
	{ "wait=1.5", MOST, "" },
	{ "wait=1s", MOST, "" },
	{ "wait=x, wait=3", 3000, "wait=3" },
	{ "waits=5", MOST, "" },
	{ "return=minimal", MOST, "" },
	{ "foo=\"wait=5", MOST, "" },
	{ "\"", MOST, "" },
	{ "=5", MOST, "" },
	{ ";wait=5", MOST, "" },
};

static void test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char applied[PREFER_APPLIED];
		int64_t ms = prefer_wait(cases[i].header, MOST, applied);

		if (ms != cases[i].ms || strcmp(applied, cases[i].applied))
			fail_msg("%s: %lld ms, \"%s\"", cases[i].header,
				 (long long)ms, applied);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
