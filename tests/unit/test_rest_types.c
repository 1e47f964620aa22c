/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/rest_types.h"

/* clang-format off: tables */
/* ---- types --------------------------------------------------------------- */

static const struct {
	enum cat_type type;
	const char *from, *to;  /* NULL: it is not of this type */
} types[] = {
	{ CAT_STRING, "\"x\"", "\"x\"" },
	{ CAT_STRING, "5", "\"5\"" },
	{ CAT_STRING, "true", "\"true\"" },
	{ CAT_STRING, "{}", NULL },
	{ CAT_IP, "\"::1\"", "\"::1\"" },
	{ CAT_INT, "7", "7" },
	{ CAT_INT, "7.0", "7" },
	{ CAT_INT, "7.5", NULL },
	{ CAT_INT, "1e300", NULL },
	{ CAT_INT, "\"-12\"", "-12" },
	{ CAT_INT, "\"12x\"", NULL },
	{ CAT_INT, "true", NULL },
	{ CAT_BOOL, "true", "true" },
	{ CAT_BOOL, "\"True\"", "true" },
	{ CAT_BOOL, "\"FALSE\"", "false" },
	{ CAT_BOOL, "0", "false" },
	{ CAT_BOOL, "2", "true" },
	{ CAT_BOOL, "\"yes\"", NULL },
	{ CAT_DECIMAL, "\"0.0104\"", "\"0.0104\"" },
	{ CAT_DECIMAL, "\"-3\"", "\"-3\"" },
	{ CAT_DECIMAL, "\"1e5\"", NULL },
	{ CAT_DECIMAL, "\"1.\"", NULL },
	{ CAT_DECIMAL, "\"\"", NULL },
	{ CAT_DECIMAL, "3", "\"3\"" },
	{ CAT_DECIMAL, "0.25", "\"0.25\"" },
	{ CAT_DECIMAL, "2.0", "\"2\"" },
	{ CAT_DECIMAL, "1e20", NULL },
	{ CAT_DECIMAL, "[]", NULL },
	{ CAT_TIME, "\"2026-01-02T03:04:05Z\"", "\"2026-01-02T03:04:05.000Z\"" },
	{ CAT_TIME, "\"2026-01-02T03:04:05.123456\"", "\"2026-01-02T03:04:05.123Z\"" },
	{ CAT_TIME, "\"2026-01-02 03:04:05\"", "\"2026-01-02T03:04:05.000Z\"" },
	{ CAT_TIME, "\"2026-01-02T03:04:05+02:00\"", "\"2026-01-02T01:04:05.000Z\"" },
	{ CAT_TIME, "1767225600", "\"2026-01-01T00:00:00.000Z\"" },
	{ CAT_TIME, "-1", NULL },
	{ CAT_TIME, "999999999999999", NULL },
	{ CAT_TIME, "\"2026-01-02\"", NULL },
	{ CAT_TIME, "\"yesterday, at about three o'clock\"", NULL },
	{ CAT_TIME, "true", NULL },
	{ CAT_DATE, "\"2026-01-02\"", "\"2026-01-02\"" },
	{ CAT_DATE, "\"2026-01-02T03:04:05Z\"", "\"2026-01-02\"" },
	{ CAT_DATE, "\"2026-13-02\"", NULL },
	{ CAT_DATE, "5", NULL },
	{ CAT_TAGS, "{\"a\":\"b\",\"n\":5,\"z\":null}", "{\"a\":\"b\",\"n\":\"5\",\"z\":\"\"}" },
	{ CAT_TAGS, "[{\"Key\":\"a\",\"Value\":\"b\"},{\"key\":\"c\"},{\"x\":1},"
	      "{\"value\":\"v\"}]",
	  "{\"a\":\"b\",\"c\":\"\"}" },
	{ CAT_TAGS, "[{\"output_key\":\"a\",\"output_value\":[1,\"b\"]},"
	      "{\"ParameterKey\":\"c\",\"ParameterValue\":\"d\"}]",
	  "{\"a\":\"[1,\\\"b\\\"]\",\"c\":\"d\"}" },
	{ CAT_TAGS, "[\"a\",\"b\"]", "{\"a\":\"\",\"b\":\"\"}" },
	{ CAT_TAGS, "{\"skyclust-op\":\"op-1\",\"a\":\"b\"}", "{\"a\":\"b\"}" },
	{ CAT_TAGS, "[{\"Key\":\"skyclust-op\",\"Value\":\"op-1\"}]", "{}" },
	{ CAT_TAGS, "\"a\"", NULL },
	{ CAT_OBJECT, "{}", "{}" },
	{ CAT_OBJECT, "[]", NULL },
	{ CAT_ANY, "[1]", "[1]" },
};

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		json_t *v = json_read(types[i].from, strlen(types[i].from), NULL);
		AUTO_JSON json_t *made = rest_typed(types[i].type, v);
		AUTO(buf_done) struct buf text = { 0 };

		if (made)
			json_write(made, &text);
		if (!made != !types[i].to ||
		    (made && strcmp(text.p, types[i].to)))
			fail_msg("%d %s: %s", types[i].type, types[i].from,
				 made ? text.p : "(none)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
