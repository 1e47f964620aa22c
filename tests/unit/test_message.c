/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: envelopes good and bad, fields, errors there and back, ids.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "rpc/message.h"

/* clang-format off: a case a line */
#define V "\"jsonrpc\":\"2.0\","

static const struct {
	const char *frame;
	int type; /* of enum msg_type; -1: refused */
	const char *id;
} cases[] = {
	{ "{" V "\"id\":\"1.1\",\"method\":\"a.b\",\"params\":{}}", MSG_REQUEST,
	  "1.1" },
	{ "{" V "\"id\":\"1.1\",\"method\":\"a.b\"}", MSG_REQUEST, "1.1" },
	{ " {\"method\":\"$/x\",\"params\":{\"a\":[1]} , \"jsonrpc\":\"2.0\"} ",
	  MSG_NOTIFICATION, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":null}", MSG_RESULT, "1.1" },
	{ "{" V "\"id\":\"1.1\",\"result\":{\"type\":\"done\"}}", MSG_RESULT,
	  "1.1" },
	{ "{" V "\"id\":\"1.1\",\"error\":{}}", MSG_ERROR, "1.1" },
	{ "{" V "\"id\":null,\"error\":{\"code\":1}}", MSG_ERROR, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":1,\"more\":[{}]}", MSG_RESULT,
	  "1.1" },
	/* whole JSON, wrong envelope: the id is told */
	{ "{" V "\"id\":\"1.1\",\"result\":1,\"error\":{}}", -1, "1.1" },
	{ "{" V "\"id\":\"1.1\",\"method\":\"a\",\"result\":1}", -1, "1.1" },
	{ "{" V "\"id\":\"1.1\",\"method\":\"a\",\"error\":{}}", -1, "1.1" },
	{ "{" V "\"id\":\"1.1\"}", -1, "1.1" },
	{ "{" V "\"id\":\"1.1\",\"error\":\"no\"}", -1, "1.1" },
	{ "{" V "\"id\":\"1.1\",\"method\":\"a\",\"params\":[1]}", -1, "1.1" },
	{ "{\"jsonrpc\":\"1.0\",\"id\":\"1.1\",\"result\":1}", -1, "1.1" },
	{ "{\"id\":\"1.1\",\"result\":1}", -1, "1.1" },
	{ "{" V "\"result\":1}", -1, "" },
	{ "{" V "\"error\":{}}", -1, "" },
	{ "{" V "\"id\":null,\"result\":1}", -1, "" },
	{ "{" V "\"id\":null,\"method\":\"a\"}", -1, "" },
	/* no JSON, or none of ours */
	{ "{" V "\"id\":7,\"result\":1}", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"method\":7}", -1, "" },
	{ "{\"jsonrpc\":2.0,\"id\":\"1.1\",\"result\":1}", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"id\":\"1.2\",\"result\":1}", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":1,\"result\":2}", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":{\"a\":1,\"a\":2}}", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":[1,}", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":1", -1, "" },
	{ "{" V "\"id\":\"1.1\",\"result\":1}}", -1, "" },
	{ "[{" V "\"id\":\"1.1\",\"result\":1}]", -1, "" },
	{ "*** Welcome ***", -1, "" },
	{ "\"text\"", -1, "" },
	{ "", -1, "" },
};
/* clang-format on */

static void test_envelopes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message m;
		struct error err;
		bool ok = message_parse(slice_of(cases[i].frame), &m, &err);

		if (ok != (cases[i].type >= 0) || !slice_eq(m.id, cases[i].id))
			fail_msg("misjudged: %s", cases[i].frame);
		if (ok)
			assert_int_equal(m.type, cases[i].type);
		else
			assert_int_equal(err.code, ERR_INVALID);
	}
}

static struct message parse(const char *frame)
{
	struct message m;
	struct error err;

	if (!message_parse(slice_of(frame), &m, &err))
		fail_msg("%s: %s", frame, err.message);
	return m;
}

static void test_slices(void **state)
{
	struct message m = parse("{" V "\"id\":\"3.4\",\"method\":\"x.y\","
				 "\"params\": {\"a\" : [1, 2]} }");

	(void)state;
	assert_true(slice_eq(m.method, "x.y"));
	assert_true(slice_eq(m.params, "{\"a\" : [1, 2]}"));
	assert_int_equal(m.result.n, 0);
	m = parse("{" V "\"id\":\"3.4\",\"result\": [ 1 ] }");
	assert_true(slice_eq(m.result, "[ 1 ]"));
	m = parse("{" V "\"id\":\"3.4\",\"error\": {\"code\":1}}");
	assert_true(slice_eq(m.error, "{\"code\":1}"));
}

/* The first few members are kept, the others are found all the same. */
static void test_fields(void **state)
{
	static const char *const more[] = {
		"", "\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,"
		    "\"h\":8,"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		struct message_field field;
		struct message m;
		struct slice text;
		char frame[512];
		long long n = 0;

		snprintf(frame, sizeof(frame),
			 "{" V "\"id\":\"1.1\",\"result\":{%s\"type\":\"done\","
			 "\"n\":42,\"list\":[1,[2,3],{\"x\":4}],\"none\":[],"
			 "\"o\":{\"list\":1}}}",
			 more[i]);
		m = parse(frame);
		assert_true(message_string(&m, "type", &text));
		assert_true(slice_eq(text, "done"));
		assert_true(message_int(&m, "n", &n));
		assert_int_equal(n, 42);
		assert_true(message_field(&m, "list", &field));
		assert_true(slice_eq(field.raw, "[1,[2,3],{\"x\":4}]"));
		assert_int_equal(field.items, 3);
		assert_true(message_field(&m, "none", &field));
		assert_int_equal(field.items, 0);
		assert_false(message_field(&m, "x", &field));
		assert_false(message_string(&m, "n", &text));
		assert_false(message_string(&m, "absent", &text));
		assert_false(message_int(&m, "type", &n));
		assert_false(message_int(&m, "absent", &n));
	}
}

static void test_fields_of_params(void **state)
{
	struct message m = parse("{" V "\"method\":\"$/x\",\"params\":{\"n\":1,"
				 "\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,"
				 "\"6\":1,\"7\":1,\"8\":1,\"last\":2}}");
	long long n = 0;

	(void)state;
	assert_true(message_int(&m, "last", &n));
	assert_int_equal(n, 2);
	m = parse("{" V "\"id\":\"1.1\",\"result\":[1]}");
	assert_false(message_int(&m, "last", &n));
}

/* ---- errors -------------------------------------------------------------- */

static void test_error_there_and_back(void **state)
{
	struct error from = { .code = ERR_QUOTA,
			      .effect = EFFECT_PARTIAL,
			      .retryable = true,
			      .retry_after_ms = 1500,
			      .message = "no \"room\" left\xe2\x80\xa6",
			      .path = "/args/name",
			      .cloud = { 413, "OverQuota", "req-1" } };
	struct buf b = { 0 };
	struct error to;

	(void)state;
	message_write_error(&from, &b);
	message_error(buf_slice(&b), &to);
	assert_int_equal(to.code, ERR_QUOTA);
	assert_int_equal(to.effect, EFFECT_PARTIAL);
	assert_true(to.retryable);
	assert_int_equal(to.retry_after_ms, 1500);
	assert_string_equal(to.message, from.message);
	assert_string_equal(to.path, from.path);
	assert_int_equal(to.cloud.http, 413);
	assert_string_equal(to.cloud.code, "OverQuota");
	assert_string_equal(to.cloud.request_id, "req-1");
	buf_done(&b);
}

static void test_error_written(void **state)
{
	struct buf b = { 0 };
	struct error err;

	(void)state;
	fail(&err, ERR_NOT_FOUND, "no server %s", "x");
	message_write_error(&err, &b);
	assert_string_equal(b.p, "{\"code\":-31004,\"message\":\"no server x\","
				 "\"data\":{\"effect\":\"none\","
				 "\"retryable\":false}}");
	buf_clear(&b);
	fail(&err, ERR_URI_TOO_LONG, "host only");
	message_write_error(&err, &b);
	assert_non_null(strstr(b.p, "\"code\":-31099"));
	buf_done(&b);
}

/* clang-format off: a case a line */
static const struct {
	const char *raw;
	enum err_code code;
	enum err_effect effect;
	int retry_after_ms;
} errors[] = {
	{ "{\"code\":-31004,\"message\":\"x\"}", ERR_NOT_FOUND, EFFECT_UNKNOWN,
	  0 },
	{ "{\"code\":-31004,\"message\":\"x\",\"data\":{\"effect\":\"none\"}}",
	  ERR_NOT_FOUND, EFFECT_NONE, 0 },
	{ "{\"code\":-31009,\"message\":\"x\",\"data\":{\"retry_after_ms\":5}}",
	  ERR_RATE_LIMITED, EFFECT_UNKNOWN, 5 },
	{ "{\"code\":-31009,\"message\":\"x\",\"data\":{\"retry_after_ms\":-5}"
	  "}",
	  ERR_RATE_LIMITED, EFFECT_UNKNOWN, 0 },
	{ "{\"code\":-31009,\"message\":\"x\",\"data\":{\"retry_after_ms\":"
	  "9999999999}}",
	  ERR_RATE_LIMITED, EFFECT_UNKNOWN, 86400000 },
	{ "{\"code\":-31004,\"message\":\"x\",\"data\":[]}", ERR_NOT_FOUND,
	  EFFECT_UNKNOWN, 0 },
	{ "{\"code\":-31004,\"message\":\"x\",\"data\":{\"effect\":7,\"cloud\":"
	  "\"x\"}}",
	  ERR_NOT_FOUND, EFFECT_UNKNOWN, 0 },
	{ "{\"code\":-31004,\"message\":\"x\",\"data\":{\"cloud\":{\"http\":"
	  "99999}}}",
	  ERR_NOT_FOUND, EFFECT_UNKNOWN, 0 },
	{ "{\"code\":-32601,\"message\":\"x\"}", ERR_UNSUPPORTED,
	  EFFECT_UNKNOWN, 0 },
	{ "{\"code\":12345,\"message\":\"x\"}", ERR_INTERNAL, EFFECT_UNKNOWN,
	  0 },
	{ "{\"code\":0,\"message\":\"x\"}", ERR_INTERNAL, EFFECT_UNKNOWN, 0 },
	/* -31004 + 2^32 is not -31004 */
	{ "{\"code\":4294936292,\"message\":\"x\"}", ERR_DRIVER_BAD_ANSWER,
	  EFFECT_UNKNOWN, 0 },
	{ "{\"code\":\"-31004\",\"message\":\"x\"}", ERR_DRIVER_BAD_ANSWER,
	  EFFECT_UNKNOWN, 0 },
	{ "{\"code\":-31004}", ERR_DRIVER_BAD_ANSWER, EFFECT_UNKNOWN, 0 },
	{ "{\"message\":\"x\"}", ERR_DRIVER_BAD_ANSWER, EFFECT_UNKNOWN, 0 },
	{ "[]", ERR_DRIVER_BAD_ANSWER, EFFECT_UNKNOWN, 0 },
	{ "", ERR_DRIVER_BAD_ANSWER, EFFECT_UNKNOWN, 0 },
};
/* clang-format on */

static void test_errors_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct error err;

		message_error(slice_of(errors[i].raw), &err);
		if (err.code != errors[i].code ||
		    err.effect != errors[i].effect ||
		    err.retry_after_ms != errors[i].retry_after_ms)
			fail_msg("misread: %s", errors[i].raw);
		assert_int_equal(err.cloud.http, 0);
	}
}

/* ---- ids ----------------------------------------------------------------- */

static void test_ids(void **state)
{
	static const char *const bad[] = {
		"",	".",	 "1",	 "1.",
		".1",	"1.1.1", "1.1 ", " 1.1",
		"a.1",	"1.a",	 "-1.1", "1.-1",
		"01.1", "1.01",	 "1.+1", "1.18446744073709551616",
		"1,1"
	};
	uint64_t generation, sequence;

	(void)state;
	assert_true(message_id_parse(SLICE("7.1842"), &generation, &sequence));
	assert_int_equal(generation, 7);
	assert_int_equal(sequence, 1842);
	assert_true(message_id_parse(SLICE("0.0"), &generation, &sequence));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (message_id_parse(slice_of(bad[i]), &generation, &sequence))
			fail_msg("taken for an id: %s", bad[i]);
}

static void test_no_memory_stays(void **state)
{
	size_t before = mem_live();

	test_envelopes(state);
	test_errors_read(state);
	assert_int_equal(mem_live(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_fields_of_params),
		cmocka_unit_test(test_error_there_and_back),
		cmocka_unit_test(test_error_written),
		cmocka_unit_test(test_errors_read),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_no_memory_stays),
	};

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
