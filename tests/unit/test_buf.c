/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"

static void test_grows_and_terminates(void **state UNUSED)
{
	struct buf b = { 0 };

	assert_string_equal(buf_slice(&b).p, "");
	for (int i = 0; i < 1000; i++) {
		buf_add_char(&b, 'x');
		assert_int_equal(b.p[b.n], '\0');
	}
	assert_int_equal(b.n, 1000);
	buf_add_str(&b, "end");
	buf_add_slice(&b, SLICE("!"));
	buf_add(&b, NULL, 0);
	assert_string_equal(b.p + 1000, "end!");
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	assert_string_equal(b.p, "");
	assert_true(b.cap > 1000);
	buf_done(&b);
	assert_null(b.p);
	buf_done(NULL);
}

static void test_printf(void **state UNUSED)
{
	char text[500];
	struct buf b = { 0 };

	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	buf_printf(&b, "%d-", 5);
	buf_printf(&b, "%s", text);
	buf_printf(&b, "%s", "");
	assert_int_equal(b.n, 2 + 499);
	assert_memory_equal(b.p, "5-yyy", 5);
	buf_done(&b);
}

static void test_drop_and_truncate(void **state UNUSED)
{
	struct buf b = { 0 };

	buf_drop_front(&b, 3);
	buf_truncate(&b, 0);
	buf_add_str(&b, "0123456789");
	buf_drop_front(&b, 4);
	assert_string_equal(b.p, "456789");
	buf_truncate(&b, 2);
	assert_string_equal(b.p, "45");
	buf_truncate(&b, 100);
	assert_string_equal(b.p, "45");
	buf_drop_front(&b, 100);
	assert_int_equal(b.n, 0);
	buf_done(&b);
}

static void test_steal(void **state UNUSED)
{
	struct buf b = { 0 };
	size_t n = 7;
	char *p = buf_steal(&b, &n);

	assert_string_equal(p, "");
	assert_int_equal(n, 0);
	mem_free(p);
	buf_add_str(&b, "abc");
	p = buf_steal(&b, NULL);
	assert_string_equal(p, "abc");
	assert_null(b.p);
	mem_free(p);
}

static void test_wipe(void **state UNUSED)
{
	size_t before = mem_live();
	struct buf b = { 0 };

	buf_wipe(&b);
	buf_wipe(NULL);
	buf_add_str(&b, "secret");
	buf_wipe(&b);
	assert_null(b.p);
	assert_int_equal(mem_live(), before);
}

static jmp_buf out_of_memory;

static void jump(void)
{
	longjmp(out_of_memory, 1);
}

static void test_absurd_size_is_out_of_memory(void **state UNUSED)
{
	struct buf b = { 0 };

	mem_on_oom(jump);
	if (!setjmp(out_of_memory)) {
		buf_reserve(&b, SIZE_MAX - 10);
		fail_msg("buf_reserve() came back");
	}
	mem_on_oom(NULL);
	assert_null(b.p);
}

/* Every byte below 0x80 survives the way through a JSON reader. */
static void test_json_escapes(void **state UNUSED)
{
	char all[127];
	struct buf b = { 0 };
	json_t *v;

	buf_add_json_escaped(&b, SLICE("a\"\\/\b\f\n\r\t\x01\x1f\xc3\xa4"));
	assert_string_equal(b.p,
		"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\xc3\xa4");
	buf_clear(&b);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	buf_add_char(&b, '"');
	buf_add_json_escaped(&b, (struct slice){ all, sizeof(all) });
	buf_add_char(&b, '"');
	v = json_loadb(b.p, b.n, JSON_DECODE_ANY, NULL);
	assert_non_null(v);
	assert_int_equal(json_string_length(v), sizeof(all));
	assert_memory_equal(json_string_value(v), all, sizeof(all));
	json_decref(v);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_terminates),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_drop_and_truncate),
		cmocka_unit_test(test_steal),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_absurd_size_is_out_of_memory),
		cmocka_unit_test(test_json_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
