/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas: valid JSON Schema, and at one with the checker. */
#include <regex.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/catalog.h"

/* After ours: it defines a macro fail(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PREFIX "#/components/schemas/"

/* ---- valid JSON Schema: every word known and of its type ---------------------- */

static void check_schema(const char *where, json_t *schema);

static bool known_type(const char *name)
{
	static const char *const types[] = { "object", "array", "string", "integer",
					     "boolean", "null" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (!strcmp(types[i], name))
			return true;
	return false;
}

static void check_type(const char *where, json_t *v)
{
	json_t *item;
	size_t i;

	if (json_is_string(v)) {
		if (!known_type(json_string_value(v)))
			fail_msg("%s: type %s", where, json_string_value(v));
		return;
	}
	assert_true(json_is_array(v));
	json_array_foreach(v, i, item)
		check_type(where, item);
}

static void check_ref(const char *where, json_t *v)
{
	const char *ref = json_string_value(v);

	assert_non_null(ref);
	assert_true(text_starts(ref, PREFIX));
	for (const struct cat_record *const *r = cat_records(); *r; r++)
		if (!strcmp((*r)->name, ref + strlen(PREFIX)))
			return;
	fail_msg("%s: refers to %s", where, ref);
}

static void check_pattern(const char *where, json_t *v)
{
	regex_t re;

	if (regcomp(&re, json_string_value(v), REG_EXTENDED | REG_NOSUB))
		fail_msg("%s: pattern %s", where, json_string_value(v));
	regfree(&re);
}

static void check_each(const char *where, json_t *list)
{
	json_t *item;
	size_t i;

	assert_true(json_is_array(list) && json_array_size(list));
	json_array_foreach(list, i, item)
		check_schema(where, item);
}

static void check_properties(const char *where, json_t *properties)
{
	const char *name;
	json_t *v;

	assert_true(json_is_object(properties));
	json_object_foreach(properties, name, v)
		check_schema(where, v);
}

static void check_strings(const char *where, json_t *v)
{
	json_t *item;
	size_t i;

	(void)where;
	assert_true(json_is_array(v) && json_array_size(v));
	json_array_foreach(v, i, item)
		assert_true(json_is_string(item));
}

static void check_text(const char *where, json_t *v)
{
	(void)where;
	assert_true(json_is_string(v));
}

static void check_number(const char *where, json_t *v)
{
	(void)where;
	assert_true(json_is_integer(v));
}

static void check_true(const char *where, json_t *v)
{
	(void)where;
	assert_true(json_is_true(v));
}

static void check_closed(const char *where, json_t *v)
{
	if (!json_is_false(v))
		check_schema(where, v);
}

static void check_examples(const char *where, json_t *v)
{
	(void)where;
	assert_true(json_is_array(v) && json_array_size(v));
}

static const struct {
	const char *word;
	void (*check)(const char *where, json_t *v);
} words[] = {
	{ "$ref", check_ref }, { "type", check_type }, { "title", check_text },
	{ "description", check_text }, { "properties", check_properties },
	{ "required", check_strings }, { "additionalProperties", check_closed },
	{ "items", check_schema }, { "anyOf", check_each }, { "allOf", check_each },
	{ "enum", check_strings }, { "examples", check_examples },
	{ "format", check_text }, { "pattern", check_pattern },
	{ "minimum", check_number }, { "maximum", check_number },
	{ "minLength", check_number }, { "maxLength", check_number },
	{ "deprecated", check_true }, { "x-unit", check_text },
	{ "x-secret", check_true }, { "x-immutable", check_true },
};

static void check_schema(const char *where, json_t *schema)
{
	const char *word;
	json_t *v;

	assert_true(json_is_object(schema));
	json_object_foreach(schema, word, v) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && strcmp(words[i].word, word))
			i++;
		if (i == ARRAY_LEN(words))
			fail_msg("%s: %s is no word of JSON Schema", where, word);
		words[i].check(where, v);
	}
}

static void required_ones_are_properties(json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *name;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
		assert_non_null(json_object_get(properties, json_string_value(name)));
}

static void every_record_has_a_valid_schema(void **state)
{
	(void)state;
	for (const struct cat_record *const *r = cat_records(); *r; r++) {
		AUTO_JSON json_t *schema = cat_record_schema(*r, PREFIX);

		check_schema((*r)->name, schema);
		required_ones_are_properties(schema);
		assert_string_equal(json_str(schema, "title", ""), (*r)->name);
	}
}

static void every_operation_has_a_valid_schema(void **state)
{
	(void)state;
	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
		for (const struct cat_op *op = (*k)->ops; op->name; op++) {
			AUTO_JSON json_t *schema = cat_args_schema(op, PREFIX);

			check_schema(op->name, schema);
			required_ones_are_properties(schema);
			assert_true(json_is_false(
				json_object_get(schema, "additionalProperties")));
		}
}

/* ---- what single ones say ------------------------------------------------------ */

static json_t *args_at(const char *op, const char *pointer, json_t **schema)
{
	*schema = cat_args_schema(cat_op_find(op), PREFIX);
	return json_at(*schema, pointer);
}

static void assert_args(const char *op, const char *pointer, const char *text)
{
	AUTO_JSON json_t *schema = NULL;
	json_t *got = args_at(op, pointer, &schema);
	AUTO_JSON json_t *wanted = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(wanted);
	if (!got || !json_equal(got, wanted))
		fail_msg("%s %s is not %s", op, pointer, text);
}

static void arguments_carry_their_limits(void **state)
{
	(void)state;
	assert_args("instance.list", "/properties/limit/maximum", "1000");
	assert_args("instance.list", "/properties/limit/minimum", "1");
	assert_args("instance.list", "/properties/fields/type", "\"array\"");
	assert_args("instance.create", "/properties/name/maxLength", "255");
	assert_args("instance.console", "/properties/type/enum",
		    "[\"vnc\",\"spice\",\"serial\",\"log\"]");
	assert_args("user.create", "/properties/password/x-secret", "true");
	assert_args("volume.resize", "/properties/size_gib/x-unit", "\"GiB\"");
	assert_args("instance.get", "/required", "[\"id\"]");
	assert_args("security_group.set_rules", "/properties/rules/items/$ref",
		    "\"" PREFIX "security_rule\"");
}

static void aliases_are_accepted_by_the_schema(void **state)
{
	(void)state;
	assert_args("instance.create", "/properties/spec_id/deprecated", "true");
	assert_args("instance.create", "/allOf/0/anyOf",
		    "[{\"required\":[\"instance_type\"]},{\"required\":[\"type\"]},"
		    "{\"required\":[\"spec_id\"]}]");
	assert_args("cluster.create", "/properties/cluster/deprecated", "true");
	assert_args("cluster.create", "/allOf/0/anyOf",
		    "[{\"required\":[\"name\"]},{\"required\":[\"cluster\"]}]");
}

static void assert_record(const char *name, const char *pointer, const char *text)
{
	AUTO_JSON json_t *schema = NULL;
	AUTO_JSON json_t *wanted = json_loads(text, JSON_DECODE_ANY, NULL);

	for (const struct cat_record *const *r = cat_records(); *r; r++)
		if (!strcmp((*r)->name, name))
			schema = cat_record_schema(*r, PREFIX);
	assert_non_null(wanted);
	if (!json_equal(json_at(schema, pointer), wanted))
		fail_msg("%s %s is not %s", name, pointer, text);
}

static void answers_are_open_and_may_hold_null(void **state)
{
	(void)state;
	assert_record("instance", "/required", "[\"id\",\"name\",\"status\"]");
	assert_record("instance", "/properties/public_ip/type", "[\"string\",\"null\"]");
	assert_record("instance", "/properties/id/type", "\"string\"");
	assert_record("instance", "/properties/status/examples/1", "\"running\"");
	assert_record("instance", "/properties/native",
		      "{\"description\":\"The cloud's own object, on request only.\"}");
	assert_record("quota", "/properties/limit/type", "[\"integer\",\"null\"]");
	assert_record("cluster", "/properties/is_private/type", "[\"boolean\",\"null\"]");
	assert_record("instance_type", "/properties/price/pattern",
		      "\"^-?[0-9]+(\\\\.[0-9]+)?$\"");
	assert_record("key_pair", "/properties/private_key/x-secret", "true");
	assert_record("key_pair", "/properties/private_key/x-immutable", "true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_has_a_valid_schema),
		cmocka_unit_test(every_operation_has_a_valid_schema),
		cmocka_unit_test(arguments_carry_their_limits),
		cmocka_unit_test(aliases_are_accepted_by_the_schema),
		cmocka_unit_test(answers_are_open_and_may_hold_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
