/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: the text that Prometheus reads.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "metrics.h"

static struct buf out;

static const char *print(void)
{
	buf_clear(&out);
	metrics_print(&out);
	return out.p ? out.p : "";
}

static int teardown(void **state)
{
	(void)state;
	metrics_done();
	metric_on_print(NULL, NULL);
	buf_done(&out);
	return 0;
}

static void test_counters_and_gauges(void **state)
{
	(void)state;
	assert_string_equal(print(), "");
	metric_add("calls_total", "provider", "b", "code", "ok", 1);
	metric_add("calls_total", "provider", "b", "code", "ok", 2);
	metric_add("calls_total", "provider", "a\"\\\n", "code", NULL, 1);
	metric_set("up", NULL, NULL, NULL, NULL, 1);
	metric_set("up", NULL, NULL, NULL, NULL, 0.25);
	assert_string_equal(
		print(), "# TYPE calls_total counter\n"
			 "calls_total{provider=\"a\\\"\\\\\\n\",code=\"\"} 1\n"
			 "calls_total{provider=\"b\",code=\"ok\"} 3\n"
			 "# TYPE up gauge\nup 0.25\n");
}

static void test_histogram(void **state)
{
	(void)state;
	metric_observe("seconds", "p", "x", NULL, NULL, 0.0005);
	metric_observe("seconds", "p", "x", NULL, NULL, 0.2);
	metric_observe("seconds", "p", "x", NULL, NULL, 1000);
	print();
	assert_non_null(strstr(out.p, "# TYPE seconds histogram\n"));
	assert_non_null(
		strstr(out.p, "seconds_bucket{p=\"x\",le=\"0.001\"} 1\n"));
	assert_non_null(
		strstr(out.p, "seconds_bucket{p=\"x\",le=\"0.1\"} 1\n"));
	assert_non_null(
		strstr(out.p, "seconds_bucket{p=\"x\",le=\"0.25\"} 2\n"));
	assert_non_null(strstr(out.p, "seconds_bucket{p=\"x\",le=\"60\"} 2\n"));
	assert_non_null(
		strstr(out.p, "seconds_bucket{p=\"x\",le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(out.p, "seconds_sum{p=\"x\"} 1000.2005\n"));
	assert_non_null(strstr(out.p, "seconds_count{p=\"x\"} 3\n"));
}

static void test_is_bounded(void **state)
{
	char value[32];
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		snprintf(value, sizeof(value), "v%d", i);
		metric_add("many", "label", value, NULL, NULL, 1);
	}
	print();
	for (size_t i = 0; i < out.n; i++)
		lines += out.p[i] == '\n';
	assert_true(lines <= 10003);
	assert_non_null(strstr(out.p, "many{label=\"other\"} 20000\n"));
}

static void test_a_name_has_one_type(void **state)
{
	(void)state;
	metric_add("x", NULL, NULL, NULL, NULL, 1);
	metric_set("x", NULL, NULL, NULL, NULL, 7);
	metric_observe("x", NULL, NULL, NULL, NULL, 7);
	assert_string_equal(print(), "# TYPE x counter\nx 1\n");
}

static void set_it(void *arg)
{
	metric_set("seen", NULL, NULL, NULL, NULL, ++*(int *)arg);
}

static void test_hook(void **state)
{
	int n = 0;

	(void)state;
	metric_on_print(set_it, &n);
	print();
	assert_string_equal(print(), "# TYPE seen gauge\nseen 2\n");
}

#define ROW(t) cmocka_unit_test_teardown(t, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_counters_and_gauges),
		ROW(test_histogram),
		ROW(test_is_bounded),
		ROW(test_a_name_has_one_type),
		ROW(test_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
