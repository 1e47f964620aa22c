/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

static void test_fill(void **state UNUSED)
{
	struct error err;

	memset(&err, 'x', sizeof(err));
	assert_false(fail(&err, ERR_RATE_LIMITED, "cloud %s: %d", "c", 7));
	assert_int_equal(err.code, ERR_RATE_LIMITED);
	assert_string_equal(err.message, "cloud c: 7");
	assert_string_equal(err.path, "");
	assert_true(err.retryable);
	assert_int_equal(err.retry_after_ms, 0);
	assert_int_equal(err.effect, EFFECT_UNKNOWN);
	assert_int_equal(err.cloud.http, 0);
	assert_string_equal(err.cloud.code, "");
	assert_false(fail(NULL, ERR_INVALID, "nobody listens"));
	assert_false(fail_at(NULL, ERR_INVALID, "/a", "nobody listens"));
	assert_false(fail_within(NULL, "nobody"));
}

static void test_effect_of_early_faults(void **state UNUSED)
{
	static const enum err_code none[] = {
		ERR_INVALID, ERR_NOT_FOUND, ERR_UNSUPPORTED, ERR_BUSY,
		ERR_BAD_REQUEST, ERR_UNAUTHORIZED, ERR_TOO_LARGE,
	};
	static const enum err_code unknown[] = {
		ERR_INTERNAL, ERR_DEADLINE, ERR_CONFLICT, ERR_CANCELLED,
		ERR_DRIVER_UNAVAILABLE, ERR_DRIVER_BAD_ANSWER,
		ERR_CLOUD_UNAVAILABLE,
	};
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		fail(&err, none[i], "x");
		assert_int_equal(err.effect, EFFECT_NONE);
	}
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		fail(&err, unknown[i], "x");
		assert_int_equal(err.effect, EFFECT_UNKNOWN);
	}
}

static void test_path_and_prefix(void **state UNUSED)
{
	struct error err;

	fail_at(&err, ERR_INVALID, "/ports/0", "is not a number");
	assert_string_equal(err.path, "/ports/0");
	assert_false(fail_within(&err, "workspace %d", 3));
	assert_string_equal(err.message, "workspace 3: is not a number");
	assert_string_equal(err.path, "/ports/0");
	assert_int_equal(err.code, ERR_INVALID);
}

static void test_prefix_keeps_what_fits(void **state UNUSED)
{
	char text[sizeof(((struct error *)0)->message)];
	struct error err;

	memset(text, 'm', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fail(&err, ERR_INTERNAL, "%s", text);
	fail_within(&err, "prefix");
	assert_int_equal(strlen(err.message), sizeof(text) - 1);
	assert_true(text_starts(err.message, "prefix: mmm"));
}

/* 511 bytes are kept; "ä" has two, so the last of 256 is left out whole. */
static void test_cut_at_whole_characters(void **state UNUSED)
{
	char text[2 * 300 + 1] = "";
	struct error err;

	for (size_t i = 0; i < 300; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	fail(&err, ERR_INTERNAL, "%s", text);
	assert_int_equal(strlen(err.message), 510);
	assert_true(utf8_valid(err.message, 510));
}

static void test_message_is_made_clean(void **state UNUSED)
{
	struct error err;

	fail(&err, ERR_INTERNAL, "a%cb\n\x1b[31m\x7f|\xc3\xa4|\xc3", 0xff);
	assert_string_equal(err.message, "a?b  [31m |\xc3\xa4|?");
}

static void test_long_path_is_cut(void **state UNUSED)
{
	char path[400];
	struct error err;

	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	fail_at(&err, ERR_INVALID, path, "x");
	assert_int_equal(strlen(err.path), sizeof(err.path) - 1);
}

static void test_table(void **state UNUSED)
{
	for (int i = 0; i < ERR_COUNT; i++) {
		const struct err_info *info = err_info((enum err_code)i);

		assert_non_null(info->name);
		assert_non_null(info->title);
		assert_in_range(info->http, 200, 599);
		if (info->rpc)
			assert_int_equal(err_from_rpc(info->rpc), i);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(info->name,
				err_info((enum err_code)j)->name);
	}
	assert_int_equal(err_info(ERR_NOT_FOUND)->rpc, -31004);
	assert_int_equal(err_info(ERR_NOT_FOUND)->http, 404);
	assert_int_equal(err_from_rpc(-32601), ERR_UNSUPPORTED);
	assert_int_equal(err_from_rpc(0), ERR_INTERNAL);
	assert_int_equal(err_from_rpc(-1), ERR_INTERNAL);
	assert_ptr_equal(err_info((enum err_code)999), err_info(ERR_INTERNAL));
}

static void test_effect_names(void **state UNUSED)
{
	for (int i = EFFECT_UNKNOWN; i <= EFFECT_APPLIED; i++) {
		const char *name = effect_name((enum err_effect)i);

		assert_int_equal(effect_from_name(name, strlen(name)), i);
	}
	assert_int_equal(effect_from_name("nonesuch", 8), EFFECT_UNKNOWN);
	assert_int_equal(effect_from_name("nonesuch", 4), EFFECT_NONE);
	assert_string_equal(effect_name((enum err_effect)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_effect_of_early_faults),
		cmocka_unit_test(test_path_and_prefix),
		cmocka_unit_test(test_prefix_keeps_what_fits),
		cmocka_unit_test(test_cut_at_whole_characters),
		cmocka_unit_test(test_message_is_made_clean),
		cmocka_unit_test(test_long_path_is_cut),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_effect_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
