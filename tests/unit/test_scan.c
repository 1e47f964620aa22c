/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: what is JSON and what is not (a table by RFC 8259, in the
 * manner of JSONTestSuite), pulling, names that come twice, limits.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "rpc/scan.h"
#include "scan_cases.h"

/* ---- what is JSON -------------------------------------------------------- */

static bool valid(const char *text, size_t n)
{
	char *copy = exact(text, n);
	struct error err;
	bool ok = scan_valid(copy, n, &err);

	if (!ok) {
		assert_int_equal(err.code, ERR_INVALID);
		assert_non_null(strstr(err.message, "at byte "));
	}
	mem_free(copy);
	return ok;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (valid(cases[i].text, cases[i].n) != cases[i].valid)
			fail_msg("%s is said to be %s", cases[i].text,
				 cases[i].valid ? "invalid" : "valid");
}

static bool is_blank(size_t i)
{
	return strspn(cases[i].text, " \n") == cases[i].n;
}

/* Every valid case stays valid inside of others, every invalid one invalid,
 * but for those that are empty. */
static void test_cases_nested(void **state)
{
	static const char *const around[][2] = {
		{ "[", "]" },
		{ "{\"k\":", "}" },
		{ "[1,{\"k\":[0,", ",2]}]" },
		{ "                                      [", "\n]\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t a = 0; !is_blank(i) && a < ARRAY_LEN(around); a++) {
			struct buf b = { 0 };

			buf_add_str(&b, around[a][0]);
			buf_add(&b, cases[i].text, cases[i].n);
			buf_add_str(&b, around[a][1]);
			if (valid(b.p, b.n) != cases[i].valid)
				fail_msg("%s is misjudged", b.p);
			buf_done(&b);
		}
	}
}

/* Cutting any valid object or array anywhere makes it invalid. */
static void test_every_cut_is_invalid(void **state)
{
	static const char text[] =
		"{\"id\":\"1.2\",\"n\":[-1.5e3,true,null,\"\\u20ac "
		"\xe2\x82\xac\"],"
		"\"o\":{\"x\":{},\"y\":[[]]},\"last\":false}";

	(void)state;
	assert_true(valid(text, sizeof(text) - 1));
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_false(valid(text, n));
}

/* Special bytes are found at every place within and around a vector. */
static void test_string_at_every_offset(void **state)
{
	static const char *const good[] = { "\\n", "\xc3\xa9", "\\u20ac", "" };
	static const char *const bad[] = { "\n", "\xff", "\\x", "\x1f" };

	(void)state;
	for (size_t before = 0; before < 40; before++) {
		for (size_t i = 0; i < ARRAY_LEN(good); i++) {
			char text[128], pad[64];

			memset(pad, 'a', sizeof(pad));
			snprintf(text, sizeof(text), "\"%.*s%s%.*s\"",
				 (int)before, pad, good[i], (int)(40 - before),
				 pad);
			assert_true(valid(text, strlen(text)));
			snprintf(text, sizeof(text), "\"%.*s%s%.*s\"",
				 (int)before, pad, bad[i], (int)(40 - before),
				 pad);
			assert_false(valid(text, strlen(text)));
		}
	}
}

static void test_fault_names_the_byte(void **state)
{
	struct error err;

	(void)state;
	assert_false(scan_valid("[1,2,x]", 7, &err));
	assert_string_equal(err.message,
			    "not valid JSON at byte 5: a value is missing");
	assert_false(scan_valid("{\"a\":1,\"a\":2}", 13, &err));
	assert_string_equal(
		err.message,
		"not valid JSON at byte 7: a member name comes twice");
	assert_false(scan_valid("[1", 2, NULL));
}

/* ---- limits -------------------------------------------------------------- */

static bool nested(char open, char close, size_t depth)
{
	struct buf b = { 0 };
	bool ok;

	for (size_t i = 0; i < depth; i++)
		buf_add_str(&b, open == '{' ? "{\"a\":" : "[");
	buf_add_char(&b, '1');
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&b, close);
	ok = valid(b.p, b.n);
	buf_done(&b);
	return ok;
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(nested('[', ']', SCAN_MAX_DEPTH));
	assert_false(nested('[', ']', SCAN_MAX_DEPTH + 1));
	assert_true(nested('{', '}', SCAN_MAX_DEPTH));
	assert_false(nested('{', '}', SCAN_MAX_DEPTH + 1));
	assert_false(nested('[', ']', 1000000));
}

static void test_long_numbers(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add_str(&b, "0.");
	for (int i = 0; i < SCAN_MAX_NUMBER - 2; i++)
		buf_add_char(&b, '1');
	assert_true(valid(b.p, b.n));
	buf_add_char(&b, '1');
	assert_false(valid(b.p, b.n));
	buf_clear(&b);
	for (int i = 0; i < 400; i++)
		buf_add_char(&b, '1');
	buf_add_str(&b, ".0");
	assert_false(valid(b.p, b.n));
	buf_done(&b);
}

/* An object with the names k0, k1 …; @twice is put again at the end. */
static void add_object(struct buf *b, unsigned n, int twice)
{
	buf_add_char(b, '{');
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s\"k%u\":%u", i ? "," : "", i, i);
	if (twice >= 0)
		buf_printf(b, ",\"k%d\":0", twice);
	buf_add_char(b, '}');
}

static void test_many_names(void **state)
{
	static const unsigned counts[] = { 1,  2,  63,	64,  65,   66,	95,
					   96, 97, 128, 300, 1000, 5000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int n = (int)counts[i];
		int twice[] = { -1, 0, n / 2, n - 1 };

		for (size_t t = 0; t < ARRAY_LEN(twice); t++) {
			struct buf b = { 0 };

			add_object(&b, counts[i], twice[t]);
			assert_int_equal(valid(b.p, b.n), twice[t] < 0);
			buf_done(&b);
		}
	}
}

/* Wide objects within wide objects: each level keeps names of its own. */
static void add_nested_wide(struct buf *b, unsigned width, unsigned depth,
			    bool twice)
{
	buf_add_char(b, '{');
	for (unsigned i = 0; i < width; i++)
		buf_printf(b, "\"k%u\":%u,", i, i);
	buf_add_str(b, "\"deeper\":[");
	if (depth > 1)
		add_nested_wide(b, width, depth - 1, twice);
	buf_add_str(b, "]");
	for (unsigned i = 0; i < width; i++)
		buf_printf(b, ",\"m%u\":%u", i, i);
	if (twice && depth == 2)
		buf_add_str(b, ",\"k7\":1");
	buf_add_char(b, '}');
}

static void test_wide_within_wide(void **state)
{
	static const unsigned widths[] = { 10, 40, 70, 300 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		struct buf b = { 0 };

		add_nested_wide(&b, widths[i], 6, false);
		assert_true(valid(b.p, b.n));
		buf_clear(&b);
		add_nested_wide(&b, widths[i], 6, true);
		assert_false(valid(b.p, b.n));
		buf_done(&b);
	}
}

/* Were it not linear, this would take hours. */
static void test_a_million_names(void **state)
{
	struct buf b = { 0 };

	(void)state;
	add_object(&b, 1000000, -1);
	assert_true(scan_valid(b.p, b.n, NULL));
	buf_clear(&b);
	add_object(&b, 1000000, 999999);
	assert_false(scan_valid(b.p, b.n, NULL));
	buf_done(&b);
}

/* ---- pulling ------------------------------------------------------------- */

static bool slice_is(struct slice s, const char *text)
{
	return slice_eq(s, text);
}

static void test_pull(void **state)
{
	static const char text[] =
		" {\"id\" : \"a\\nb\", \"n\": -42, \"yes\":true,\"no\":false,"
		"\"raw\": {\"x\":[1, 2]} , \"list\":[ 1 , [2], \"3\" ],"
		"\"none\":null,\"empty\":[],\"nothing\":{}} ";
	struct scan s;
	struct slice key, id = { 0 }, raw = { 0 };
	long long n = 0;
	bool yes = false, no = true;
	size_t items = 0, keys = 0;
	enum scan_type none = SCAN_NONE;

	(void)state;
	scan_init(&s, text, sizeof(text) - 1);
	assert_int_equal(scan_peek(&s), SCAN_OBJECT);
	assert_true(scan_object(&s));
	for (; scan_member(&s, &key); keys++) {
		if (slice_is(key, "id")) {
			assert_true(scan_string(&s, &id));
		} else if (slice_is(key, "n")) {
			assert_true(scan_int(&s, &n));
		} else if (slice_is(key, "yes")) {
			assert_true(scan_bool(&s, &yes));
		} else if (slice_is(key, "no")) {
			assert_true(scan_bool(&s, &no));
		} else if (slice_is(key, "raw")) {
			assert_true(scan_skip(&s, &raw));
		} else if (slice_is(key, "list") || slice_is(key, "empty")) {
			assert_true(scan_array(&s));
			for (; scan_item(&s); items++)
				assert_true(scan_skip(&s, NULL));
		} else if (slice_is(key, "nothing")) {
			assert_true(scan_object(&s));
			assert_false(scan_member(&s, &key));
		} else {
			none = scan_peek(&s);
			assert_true(scan_skip(&s, NULL));
		}
	}
	assert_true(scan_end(&s, NULL));
	assert_true(slice_is(id, "a\\nb"));
	assert_true(slice_is(raw, "{\"x\":[1, 2]}"));
	assert_int_equal(n, -42);
	assert_true(yes && !no);
	assert_int_equal(items, 3);
	assert_int_equal(keys, 9);
	assert_int_equal(none, SCAN_NULL);
}

/* Pulling finds the same faults as passing over. */
static void pull_all(struct scan *s)
{
	struct slice x;
	long long n;
	bool b;

	switch (scan_peek(s)) {
	case SCAN_OBJECT:
		for (scan_object(s); scan_member(s, &x);)
			pull_all(s);
		break;
	case SCAN_ARRAY:
		for (scan_array(s); scan_item(s);)
			pull_all(s);
		break;
	case SCAN_STRING:
		scan_string(s, &x);
		break;
	case SCAN_BOOL:
		scan_bool(s, &b);
		break;
	case SCAN_NULL:
	case SCAN_NUMBER:
	case SCAN_NONE:
		if (s->p < s->end && memchr("123456789", *s->p, 9) &&
		    !memchr(s->p, '.', (size_t)(s->end - s->p)) &&
		    !memchr(s->p, 'e', (size_t)(s->end - s->p)) &&
		    !memchr(s->p, 'E', (size_t)(s->end - s->p)))
			scan_int(s, &n);
		else
			scan_skip(s, &x);
		break;
	}
}

static void test_pull_agrees_with_skip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *copy = exact(cases[i].text, cases[i].n);
		struct scan s;

		scan_init(&s, copy, cases[i].n);
		pull_all(&s);
		if (scan_end(&s, NULL) != cases[i].valid)
			fail_msg("pulling disagrees on %s", cases[i].text);
		mem_free(copy);
	}
}

static void test_pull_finds_names_twice(void **state)
{
	struct buf b = { 0 };
	struct slice key;
	struct scan s;

	(void)state;
	add_object(&b, 2000, 5);
	scan_init(&s, b.p, b.n);
	scan_object(&s);
	while (scan_member(&s, &key))
		scan_skip(&s, NULL);
	assert_false(scan_end(&s, NULL));
	buf_done(&b);
}

/* After a fault nothing moves, and the first fault is the one that is told. */
static void test_fault_sticks(void **state)
{
	struct slice x = { 0 };
	struct error err;
	struct scan s;
	long long n;
	bool b;

	(void)state;
	scan_init(&s, "{\"a\":[1,{\"b\":2}]}", 17);
	assert_true(scan_object(&s) && scan_member(&s, &x));
	assert_false(scan_string(&s, &x));
	assert_false(scan_object(&s) || scan_array(&s) || scan_item(&s) ||
		     scan_member(&s, &x) || scan_skip(&s, &x) ||
		     scan_string(&s, &x) || scan_int(&s, &n) ||
		     scan_bool(&s, &b));
	assert_int_equal(scan_peek(&s), SCAN_NONE);
	assert_false(scan_end(&s, &err));
	assert_string_equal(err.message,
			    "not valid JSON at byte 5: a string is expected");
	assert_false(scan_end(&s, &err));
}

/* Text that was scanned before is pulled the same, without its names. */
static void test_valid_before(void **state)
{
	struct buf b = { 0 };
	struct slice key;
	struct scan s;
	size_t n = 0;

	(void)state;
	add_object(&b, 1000, -1);
	scan_init_valid(&s, b.p, b.n);
	scan_object(&s);
	for (; scan_member(&s, &key); n++) {
		assert_int_equal(s.names.n, 0);
		scan_skip(&s, NULL);
	}
	assert_true(scan_end(&s, NULL));
	assert_int_equal(n, 1000);
	buf_done(&b);
}

static void test_wrong_pulls(void **state)
{
	struct slice x;
	struct scan s;
	long long n;

	(void)state;
	scan_init(&s, "[1]", 3);
	assert_false(scan_member(&s, &x));
	assert_false(scan_end(&s, NULL));
	scan_init(&s, "[1]", 3);
	assert_true(scan_array(&s));
	assert_false(scan_member(&s, &x));
	assert_false(scan_end(&s, NULL));
	scan_init(&s, "{\"a\":1}", 7);
	assert_true(scan_object(&s));
	assert_false(scan_item(&s));
	assert_false(scan_end(&s, NULL));
	scan_init(&s, "1.0", 3);
	assert_false(scan_int(&s, &n));
	assert_false(scan_end(&s, NULL));
	scan_init(&s, "[1,2]", 5);
	assert_true(scan_array(&s) && scan_item(&s));
	assert_false(scan_end(&s, NULL));
}

/* A caller who leaves early has only scan_end() to do, and at a fault not
 * even that. */
static void test_no_memory_stays(void **state)
{
	size_t before = mem_live();
	struct buf b = { 0 };
	struct slice key;
	struct scan s;

	(void)state;
	add_object(&b, 1000, -1);
	scan_init(&s, b.p, b.n);
	scan_object(&s);
	for (int i = 0; i < 500 && scan_member(&s, &key); i++)
		scan_skip(&s, NULL);
	assert_true(mem_live() > before + 1);
	assert_false(scan_end(&s, NULL));
	b.p[b.n / 2] = '\1';
	scan_init(&s, b.p, b.n);
	assert_false(scan_skip(&s, NULL));
	buf_done(&b);
	assert_int_equal(mem_live(), before);
}

static void test_int_range(void **state)
{
	static const struct {
		const char *text;
		long long value;
	} ints[] = { { "0", 0 },
		     { "-0", 0 },
		     { "7", 7 },
		     { "-7", -7 },
		     { "9007199254740992", SCAN_MAX_INT },
		     { "-9007199254740992", -SCAN_MAX_INT } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
		struct scan s;
		long long n = 1;

		scan_init(&s, ints[i].text, strlen(ints[i].text));
		assert_true(scan_int(&s, &n));
		assert_true(scan_end(&s, NULL));
		assert_int_equal(n, ints[i].value);
	}
}

/* ---- counting ------------------------------------------------------------ */

static void test_count_items(void **state)
{
	(void)state;
	assert_int_equal(scan_count_items(SLICE("[]")), 0);
	assert_int_equal(scan_count_items(SLICE("[1]")), 1);
	assert_int_equal(
		scan_count_items(SLICE(" [ {\"a\":[1,2]}, [3,4], \"5,6\" ]")),
		3);
	assert_int_equal(scan_count_items(SLICE("{}")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cases_nested),
		cmocka_unit_test(test_every_cut_is_invalid),
		cmocka_unit_test(test_string_at_every_offset),
		cmocka_unit_test(test_fault_names_the_byte),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long_numbers),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_wide_within_wide),
		cmocka_unit_test(test_a_million_names),
		cmocka_unit_test(test_pull),
		cmocka_unit_test(test_pull_agrees_with_skip),
		cmocka_unit_test(test_pull_finds_names_twice),
		cmocka_unit_test(test_fault_sticks),
		cmocka_unit_test(test_valid_before),
		cmocka_unit_test(test_wrong_pulls),
		cmocka_unit_test(test_no_memory_stays),
		cmocka_unit_test(test_int_range),
		cmocka_unit_test(test_count_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
