/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation: what the headers Accept and Content-Type admit. */
#include "unit.h"

#include "accept.h"

static const struct {
	const char *accept, *type;
	bool ok;
} accepted[] = {
	{ NULL, "application/json", true },
	{ "", "application/json", true },
	{ "  ", "application/json", true },
	{ "*/*", "application/json", true },
	{ "application/json", "application/json", true },
	{ "APPLICATION/JSON", "application/json", true },
	{ "application/*", "application/json", true },
	{ "text/html , application/json ; q=0.5", "application/json", true },
	{ "text/html;q=0.1,*/*;q=0.001", "application/json", true },
	{ "text/*", "text/plain; version=0.0.4; charset=utf-8", true },
	{ "text/plain", "text/plain; charset=utf-8", true },
	{ "application/json;q=0, */*", "application/json", true },
	{ "text/html", "application/json", false },
	{ "text/*", "application/json", false },
	{ "app/*", "application/json", false },
	{ "application/jso", "application/json", false },
	{ "application/json;q=0", "application/json", false },
	{ "application/json; q=0.000", "application/json", false },
	{ "*", "application/json", false },
	{ ",,;,", "application/json", false },
};

static void test_accept(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
		struct error err = { 0 };
		bool ok = accept_allows(accepted[i].accept, accepted[i].type,
					&err);

		print_message("Accept: %s\n", accepted[i].accept ?
						      accepted[i].accept : "-");
		assert_int_equal(ok, accepted[i].ok);
		assert_int_equal(err.code, ok ? ERR_NONE : ERR_NOT_ACCEPTABLE);
	}
}

static const struct {
	const char *type;
	bool ok;
} json[] = {
	{ "application/json", true },
	{ " Application/Json ", true },
	{ "application/json;charset=utf-8", true },
	{ "application/json; charset=\"UTF-8\"", true },
	{ "application/json; profile=x", true },
	{ NULL, false },
	{ "", false },
	{ "text/json", false },
	{ "application/jsonp", false },
	{ "application/json-patch+json", false },
	{ "application/json; charset=utf-16", false },
	{ "application/json; charset=", false },
};

static void test_is_json(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(json); i++) {
		struct error err = { 0 };
		bool ok = accept_is_json(json[i].type, &err);

		print_message("Content-Type: %s\n",
			      json[i].type ? json[i].type : "-");
		assert_int_equal(ok, json[i].ok);
		assert_int_equal(err.code, ok ? ERR_NONE : ERR_MEDIA_TYPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
