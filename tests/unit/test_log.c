/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"

#define NOW "2026-01-01T00:00:00.000Z "

static char last[8192];
static int lines;

static void keep(const char *line, size_t n)
{
	assert_true(n < sizeof(last));
	memcpy(last, line, n);
	last[n] = '\0';
	lines++;
}

static int setup(void **state UNUSED)
{
	clock_set_virtual(0);
	log_set_sink(keep);
	log_set_level(LOG_DEBUG);
	log_set_json(false);
	lines = 0;
	last[0] = '\0';
	return 0;
}

static int teardown(void **state UNUSED)
{
	log_set_sink(NULL);
	clock_set_real();
	return 0;
}

static void test_text(void **state UNUSED)
{
	log_info("driver started", LOG_STR("driver", "sim"),
		 LOG_INT("generation", 1));
	assert_string_equal(last,
		NOW "info  driver started driver=sim generation=1\n");
	log_error("x", LOG_BOOL("yes", true), LOG_BOOL("no", false),
		  LOG_DOUBLE("half", 0.5), LOG_DOUBLE("inf", INFINITY),
		  LOG_SLICE("cut", ((struct slice){ "abcdef", 3 })));
	assert_string_equal(last,
		NOW "error x yes=true no=false half=0.5 inf=null cut=abc\n");
	log_debug("nothing more");
	assert_string_equal(last, NOW "debug nothing more\n");
}

static void test_quotes(void **state UNUSED)
{
	log_warn("m", LOG_STR("a", "two words"), LOG_STR("b", "say \"hi\""),
		 LOG_STR("c", "back\\slash"), LOG_STR("d", ""),
		 LOG_STR("e", NULL), LOG_STR("f", "k=v"), LOG_STR("g", "a/b:c"));
	assert_string_equal(last, NOW "warn  m a=\"two words\" "
		"b=\"say \\\"hi\\\"\" c=\"back\\\\slash\" d=\"\" e=\"\" "
		"f=\"k=v\" g=a/b:c\n");
}

static void test_control_bytes_stay_out(void **state UNUSED)
{
	log_info("two\nlines", LOG_STR("v", "a\nb\x1b[31m\x7f\xff\xc3\xa4"));
	assert_string_equal(last, NOW "info  two\\u000alines "
		"v=\"a\\u000ab\\u001b[31m\\u007f?\xc3\xa4\"\n");
	for (const char *p = last; p[1]; p++)
		assert_true((unsigned char)*p >= 0x20);
}

static void test_error_field(void **state UNUSED)
{
	struct error err;

	fail_at(&err, ERR_INVALID, "/name", "is missing");
	log_warn("m", LOG_ERR(&err));
	assert_string_equal(last,
		NOW "warn  m error=\"invalid: is missing (at /name)\"\n");
	fail(&err, ERR_QUOTA, "no more servers");
	err.cloud.http = 403;
	text_copy(err.cloud.code, sizeof(err.cloud.code), "QuotaExceeded");
	text_copy(err.cloud.request_id, sizeof(err.cloud.request_id), "req-1");
	log_warn("m", LOG_ERR(&err));
	assert_string_equal(last, NOW "warn  m error=\"quota: no more servers "
		"(cloud: 403 QuotaExceeded req-1)\"\n");
}

static void test_json(void **state UNUSED)
{
	log_set_json(true);
	log_info("say \"hi\"", LOG_STR("s", "a\tb\\"), LOG_INT("i", -3),
		 LOG_BOOL("b", true), LOG_DOUBLE("d", 1e300));
	assert_string_equal(last,
		"{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\","
		"\"message\":\"say \\\"hi\\\"\",\"s\":\"a\\u0009b\\\\\",\"i\":-3,"
		"\"b\":true,\"d\":1e+300}\n");
}

static void test_level(void **state UNUSED)
{
	enum log_level level = LOG_DEBUG;

	log_set_level(LOG_WARN);
	log_info("too low");
	assert_int_equal(lines, 0);
	log_warn("enough");
	assert_int_equal(lines, 1);
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		assert_true(log_level_from_name(
			log_level_name((enum log_level)i), &level));
		assert_int_equal(level, i);
	}
	assert_false(log_level_from_name("loud", &level));
}

/* Each value is cut by itself; in JSON the line stays whole JSON. */
static void check_cut(const char *unit, size_t times)
{
	size_t n = strlen(unit);
	AUTO_FREE char *text = mem_alloc(n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(text + n * i, unit, n);
	log_info(text, LOG_STR("one", text), LOG_STR("two", text),
		 LOG_STR("three", text), LOG_STR("four", text),
		 LOG_STR("five", text), LOG_INT("six", 6));
	assert_true(strlen(last) <= 4096);
	assert_true(utf8_valid(last, strlen(last)));
	assert_true(text_ends(last, "\n"));
	assert_non_null(strstr(last, "\xe2\x80\xa6"));
}

static void test_long_values_are_cut(void **state UNUSED)
{
	static const char *const units[] = { "x", "\xe2\x82\xac", "\"", "\n",
					     "\xff", "a b" };
	json_t *v;

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		log_set_json(false);
		check_cut(units[i], 5000);
		log_set_json(true);
		check_cut(units[i], 5000);
		v = json_loads(last, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(v);
		json_decref(v);
	}
}

static void test_one_long_value_leaves_room(void **state UNUSED)
{
	AUTO_FREE char *text = mem_alloc(3001);

	memset(text, 'y', 3000);
	log_info("m", LOG_STR("long", text), LOG_INT("after", 1));
	assert_true(text_ends(last, "yyy\xe2\x80\xa6 after=1\n"));
	assert_int_equal(strlen(last), strlen(NOW "info  m long= after=1\n") +
				       1024 + 3);
}

static char from_fibers[2][256];

static void logging_fiber(void *arg)
{
	int i = *(int *)arg;

	log_set_context("request_id", i ? "r1" : "r0");
	fiber_yield();
	log_info("in a fiber");
	text_copy(from_fibers[i], sizeof(from_fibers[i]), last);
	if (!i)
		loop_stop();
}

static void test_context_is_the_fibers(void **state UNUSED)
{
	int numbers[2] = { 0, 1 };

	loop_init();
	log_set_context("program", "main");
	assert_non_null(fiber_spawn("a", logging_fiber, &numbers[0]));
	assert_non_null(fiber_spawn("b", logging_fiber, &numbers[1]));
	loop_run();
	assert_string_equal(from_fibers[0],
			    NOW "info  in a fiber request_id=r0\n");
	assert_string_equal(from_fibers[1],
			    NOW "info  in a fiber request_id=r1\n");
	log_info("outside");
	assert_string_equal(last, NOW "info  outside program=main\n");
	log_set_context(NULL, NULL);
	log_info("outside");
	assert_string_equal(last, NOW "info  outside\n");
	fiber_done();
	loop_done();
}

static void test_stderr(void **state UNUSED)
{
	char text[128] = "";
	int fds[2], saved = dup(STDERR_FILENO);

	log_set_sink(NULL);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_info("out there");
	close(STDERR_FILENO);
	log_info("nobody listens");
	dup2(saved, STDERR_FILENO);
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, NOW "info  out there\n");
	close(fds[0]);
	close(saved);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_quotes),
		TEST(test_control_bytes_stay_out),
		TEST(test_error_field),
		TEST(test_json),
		TEST(test_level),
		TEST(test_long_values_are_cut),
		TEST(test_one_long_value_leaves_room),
		TEST(test_context_is_the_fibers),
		TEST(test_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
