/* SPDX-License-Identifier: Apache-2.0 */
/* The validator of settings and credentials: cases as data. */
#include "base/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "base/json.h"

static json_t *parse(const char *text)
{
	struct error err;
	json_t *v = json_read(text, strlen(text), &err);

	if (!v)
		fail_msg("%s: %s", text, err.message);
	return v;
}

struct sample {
	const char *schema, *value;
	const char *path; /* of the fault; NULL: the value is sound */
	const char *says; /* part of the message */
};

static const struct sample samples[] = {
	{ "{}", "1", NULL, NULL },
	{ "{\"type\":\"object\"}", "{}", NULL, NULL },
	{ "{\"type\":\"object\"}", "[]", "/config", "of type object" },
	{ "{\"type\":\"array\"}", "[]", NULL, NULL },
	{ "{\"type\":\"string\"}", "\"x\"", NULL, NULL },
	{ "{\"type\":\"string\"}", "1", "/config", "of type string" },
	{ "{\"type\":\"integer\"}", "1", NULL, NULL },
	{ "{\"type\":\"integer\"}", "1.5", "/config", "of type integer" },
	{ "{\"type\":\"number\"}", "1.5", NULL, NULL },
	{ "{\"type\":\"number\"}", "7", NULL, NULL },
	{ "{\"type\":\"boolean\"}", "false", NULL, NULL },
	{ "{\"type\":\"boolean\"}", "0", "/config", "of type boolean" },
	{ "{\"type\":\"null\"}", "null", NULL, NULL },
	{ "{\"type\":\"nonsense\"}", "null", "/config", "of type nonsense" },
	{ "{\"type\":[\"string\",\"null\"]}", "null", NULL, NULL },
	{ "{\"type\":[\"string\",\"null\"]}", "1", "/config", "none of the" },

	{ "{\"required\":[\"a\"]}", "{\"a\":1}", NULL, NULL },
	{ "{\"required\":[\"a\"]}", "{\"A\":1}", "/config/a", "is missing" },
	{ "{\"required\":[\"a\"]}", "[]", NULL, NULL },
	{ "{\"required\":[\"a/b\"]}", "{}", "/config/a~1b", "is missing" },

	{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"b\":1}", NULL,
	  NULL },
	{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}",
	  "/config/a", "of type string" },
	{ "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"enum\":[1]}}}}}",
	  "{\"a\":{\"b\":2}}", "/config/a/b", "must be one of" },

	{ "{\"properties\":{\"endpoint\":{}},\"additionalProperties\":false}",
	  "{\"endpiont\":1}", "/config/endpiont", "did you mean endpoint?" },
	{ "{\"additionalProperties\":false}", "{\"zzz\":1}", "/config/zzz",
	  "is not known" },
	{ "{\"additionalProperties\":true}", "{\"zzz\":1}", NULL, NULL },

	{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",\"b\"]", NULL, NULL },
	{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",2]", "/config/1",
	  "of type string" },

	{ "{\"enum\":[\"a\",\"b\"]}", "\"b\"", NULL, NULL },
	{ "{\"enum\":[\"a\",\"b\"]}", "\"c\"", "/config", "one of: a b" },
	{ "{\"const\":3}", "3", NULL, NULL },
	{ "{\"const\":3}", "4", "/config", "one allowed value" },

	{ "{\"minLength\":1}", "\"\"", "/config", "must not be empty" },
	{ "{\"minLength\":3}", "\"ab\"", "/config", "too short" },
	{ "{\"minLength\":3}", "7", NULL, NULL },
	{ "{\"maxLength\":2}", "\"ab\"", NULL, NULL },
	{ "{\"maxLength\":2}", "\"abc\"", "/config", "longer than 2 bytes" },

	{ "{\"minimum\":1,\"maximum\":9}", "9", NULL, NULL },
	{ "{\"minimum\":1,\"maximum\":9}", "10", "/config", "between 1 and 9" },
	{ "{\"minimum\":1}", "0", "/config", "at least 1" },
	{ "{\"maximum\":9}", "9.5", "/config", "at most 9" },
	{ "{\"minimum\":1}", "\"0\"", NULL, NULL },

	{ "{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
	  "{\"b\":1}", NULL, NULL },
	{ "{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", "{}",
	  "/config", "none of the allowed forms; the first one: /config/a" },
	{ "{\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
	  "{\"a\":1}", NULL, NULL },
	{ "{\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
	  "{\"a\":1,\"b\":1}", "/config", "more than one" },
	{ "{\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", "{}",
	  "/config", "none of the forms" },

	{ "{\"title\":\"t\",\"format\":\"uri\",\"writeOnly\":true}", "1", NULL,
	  NULL },
};

static void values_are_held_to_schemas(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *s = &samples[i];
		AUTO_JSON json_t *schema = parse(s->schema);
		AUTO_JSON json_t *value = parse(s->value);
		struct error err = { 0 };
		bool ok = validate_value(schema, value, "/config", &err);

		if (ok != !s->path)
			fail_msg("%s with %s: %s", s->schema, s->value,
				 ok ? "passes" : err.message);
		if (ok)
			continue;
		assert_int_equal(err.code, ERR_INVALID);
		assert_string_equal(err.path, s->path);
		if (!strstr(err.message, s->says))
			fail_msg("\"%s\" lacks \"%s\"", err.message, s->says);
	}
}

static void values_are_never_shown(void **state)
{
	static const char *const schemas[] = {
		"{\"type\":\"integer\"}",
		"{\"enum\":[\"a\"]}",
		"{\"const\":\"a\"}",
		"{\"maxLength\":2}",
		"{\"anyOf\":[{\"type\":\"integer\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		AUTO_JSON json_t *schema = parse(schemas[i]);
		AUTO_JSON json_t *value = json_string("hush-hush");
		struct error err;

		assert_false(validate_value(schema, value, "", &err));
		assert_null(strstr(err.message, "hush"));
	}
}

static void unknown_keywords_are_found(void **state)
{
	static const struct {
		const char *schema, *path;
	} rows[] = {
		{ "{\"type\":\"object\",\"x-order\":1}", NULL },
		{ "{\"pattern\":\"^a\"}", "/pattern" },
		{ "{\"properties\":{\"a\":{\"minimun\":1}}}",
		  "/properties/a/minimun" },
		{ "{\"items\":{\"not\":{}}}", "/items/not" },
		{ "{\"anyOf\":[{},{\"allOf\":[]}]}", "/anyOf/1/allOf" },
		{ "{\"properties\":{\"a\":7}}", "/properties/a" },
		{ "[]", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_JSON json_t *schema = parse(rows[i].schema);
		struct error err = { 0 };
		bool ok = validate_schema(schema, "", &err);

		assert_int_equal(ok, !rows[i].path);
		if (!ok)
			assert_string_equal(err.path, rows[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_held_to_schemas),
		cmocka_unit_test(values_are_never_shown),
		cmocka_unit_test(unknown_keywords_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
