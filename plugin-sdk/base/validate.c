/* SPDX-License-Identifier: Apache-2.0 */
/* A validator as small as the schemas that drivers write. */
#include "base/validate.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define POINTER_MAX 128

struct place {
	char pointer[POINTER_MAX];
	struct error *err;
};

static bool check(json_t *schema, json_t *value, const struct place *at);

static bool bad(const struct place *at, const char *what)
{
	return fail_at(at->err, ERR_INVALID, at->pointer, "%s %s",
		       at->pointer[0] ? at->pointer : "the value", what);
}

static struct place below(const struct place *at, const char *name)
{
	struct place to = *at;

	json_pointer_add(to.pointer, sizeof(to.pointer), name);
	return to;
}

/* ---- keywords --------------------------------------------------------- */

static bool is_type(const char *type, const json_t *value)
{
	static const struct {
		const char *name;
		json_type type;
	} names[] = {
		{ "object", JSON_OBJECT }, { "array", JSON_ARRAY },
		{ "string", JSON_STRING }, { "integer", JSON_INTEGER },
		{ "null", JSON_NULL },
	};

	if (!strcmp(type, "boolean"))
		return json_is_boolean(value);
	if (!strcmp(type, "number"))
		return json_is_number(value);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(type, names[i].name))
			return json_typeof(value) == names[i].type;
	return false;
}

static bool check_type(json_t *type, json_t *value, const struct place *at)
{
	char what[64];
	json_t *one;
	size_t i;

	if (json_is_string(type)) {
		if (is_type(json_string_value(type), value))
			return true;
		snprintf(what, sizeof(what), "must be of type %s",
			 json_string_value(type));
		return bad(at, what);
	}
	json_array_foreach (type, i, one)
		if (json_is_string(one) &&
		    is_type(json_string_value(one), value))
			return true;
	return bad(at, "has none of the allowed types");
}

static bool check_required(json_t *names, json_t *value, const struct place *at)
{
	json_t *name;
	size_t i;

	if (!json_is_object(value))
		return true;
	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);
		struct place member;

		if (!text || json_object_get(value, text))
			continue;
		member = below(at, text);
		return bad(&member, "is missing");
	}
	return true;
}

static bool check_properties(json_t *properties, json_t *value,
			     const struct place *at)
{
	const char *name;
	json_t *schema;

	json_object_foreach (properties, name, schema) {
		json_t *member = json_object_get(value, name);
		struct place to;

		if (!member)
			continue;
		to = below(at, name);
		if (!check(schema, member, &to))
			return false;
	}
	return true;
}

static const char *nearest_of(json_t *properties, const char *name)
{
	const char *names[64], *key;
	json_t *unused;
	size_t n = 0;

	json_object_foreach (properties, key, unused) {
		(void)unused;
		if (n < ARRAY_LEN(names))
			names[n++] = key;
	}
	return text_nearest(name, names, n);
}

static bool check_no_others(json_t *schema, json_t *value,
			    const struct place *at)
{
	json_t *properties = json_object_get(schema, "properties"), *unused;
	const char *name;

	json_object_foreach (value, name, unused) {
		const char *nearest;
		struct place to;
		char what[128];

		(void)unused;
		if (json_object_get(properties, name))
			continue;
		to = below(at, name);
		nearest = nearest_of(properties, name);
		snprintf(what, sizeof(what), "is not known%s%s%s",
			 nearest ? "; did you mean " : "",
			 nearest ? nearest : "", nearest ? "?" : "");
		return bad(&to, what);
	}
	return true;
}

static bool check_items(json_t *schema, json_t *value, const struct place *at)
{
	json_t *item;
	size_t i;

	json_array_foreach (value, i, item) {
		struct place to = *at;

		json_pointer_add_index(to.pointer, sizeof(to.pointer), i);
		if (!check(schema, item, &to))
			return false;
	}
	return true;
}

static bool check_enum(json_t *words, json_t *value, const struct place *at)
{
	char what[256] = "must be one of:";
	json_t *word;
	size_t i;

	json_array_foreach (words, i, word)
		if (json_equal(word, value))
			return true;
	json_array_foreach (words, i, word) {
		size_t n = strlen(what);

		if (json_is_string(word))
			snprintf(what + n, sizeof(what) - n, " %s",
				 json_string_value(word));
	}
	return bad(at, what);
}

static bool check_length(json_t *schema, json_t *value, const struct place *at)
{
	long long n = (long long)json_string_length(value);
	char what[96];

	if (!json_is_string(value))
		return true;
	if (n < json_int(schema, "minLength", 0))
		return bad(at, n ? "is too short" : "must not be empty");
	if (n <= json_int(schema, "maxLength", JSON_MAX_INT))
		return true;
	snprintf(what, sizeof(what), "is longer than %lld bytes",
		 json_int(schema, "maxLength", 0));
	return bad(at, what);
}

static bool check_range(json_t *schema, json_t *value, const struct place *at)
{
	json_t *min = json_object_get(schema, "minimum");
	json_t *max = json_object_get(schema, "maximum");
	double v = json_number_value(value);
	char what[96];

	if (!json_is_number(value))
		return true;
	if ((!min || v >= json_number_value(min)) &&
	    (!max || v <= json_number_value(max)))
		return true;
	if (min && max)
		snprintf(what, sizeof(what), "must be between %g and %g",
			 json_number_value(min), json_number_value(max));
	else
		snprintf(what, sizeof(what), "must be %s %g",
			 min ? "at least" : "at most",
			 json_number_value(min ? min : max));
	return bad(at, what);
}

/* How many of @schemas hold; of several forms of login one must be whole. */
static size_t count_matching(json_t *schemas, json_t *value,
			     const struct place *at, struct error *first)
{
	size_t i, n = 0;
	json_t *schema;

	json_array_foreach (schemas, i, schema) {
		struct error err;
		struct place quiet = *at;

		quiet.err = &err;
		if (check(schema, value, &quiet))
			n++;
		else if (i == 0)
			*first = err;
	}
	return n;
}

static bool check_alternatives(json_t *schema, json_t *value,
			       const struct place *at)
{
	json_t *any = json_object_get(schema, "anyOf");
	json_t *one = json_object_get(schema, "oneOf");
	struct error first = { 0 };
	char what[400];
	size_t n;

	if (any && count_matching(any, value, at, &first) == 0) {
		snprintf(
			what, sizeof(what),
			"fits none of the allowed forms; the first one: %.300s",
			first.message);
		return bad(at, what);
	}
	n = one ? count_matching(one, value, at, &first) : 1;
	if (n == 1)
		return true;
	return bad(at, n ? "fits more than one of the forms that exclude "
			   "each other"
			 : "fits none of the forms that exclude each other");
}

/* ---- the walk --------------------------------------------------------- */

static bool check_shape(json_t *schema, json_t *value, const struct place *at)
{
	json_t *k;

	k = json_object_get(schema, "type");
	if (k && !check_type(k, value, at))
		return false;
	k = json_object_get(schema, "required");
	if (k && !check_required(k, value, at))
		return false;
	k = json_object_get(schema, "properties");
	if (k && !check_properties(k, value, at))
		return false;
	if (json_is_false(json_object_get(schema, "additionalProperties")) &&
	    !check_no_others(schema, value, at))
		return false;
	k = json_object_get(schema, "items");
	return !k || check_items(k, value, at);
}

static bool check_value(json_t *schema, json_t *value, const struct place *at)
{
	json_t *k = json_object_get(schema, "enum");

	if (k && !check_enum(k, value, at))
		return false;
	k = json_object_get(schema, "const");
	if (k && !json_equal(k, value))
		return bad(at, "has not the one allowed value");
	return check_length(schema, value, at) &&
	       check_range(schema, value, at);
}

static bool check(json_t *schema, json_t *value, const struct place *at)
{
	return check_shape(schema, value, at) &&
	       check_value(schema, value, at) &&
	       check_alternatives(schema, value, at);
}

bool validate_value(json_t *schema, json_t *value, const char *pointer,
		    struct error *err)
{
	struct place at = { .err = err };

	text_copy(at.pointer, sizeof(at.pointer), pointer);
	return check(schema, value, &at);
}

/* ---- the schema itself ------------------------------------------------ */

static bool is_known(const char *keyword)
{
	static const char *const known[] = {
		"type",	       "properties",
		"required",    "additionalProperties",
		"items",       "enum",
		"const",       "minLength",
		"maxLength",   "minimum",
		"maximum",     "oneOf",
		"anyOf",       "title",
		"description", "default",
		"examples",    "format",
		"writeOnly",   "readOnly",
		"deprecated",  "$schema",
		"$id",	       "$comment",
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(keyword, known[i]))
			return true;
	return text_starts(keyword, "x-");
}

static bool lint_array(json_t *schemas, const struct place *at)
{
	json_t *schema;
	size_t i;

	json_array_foreach (schemas, i, schema) {
		struct place to = *at;

		json_pointer_add_index(to.pointer, sizeof(to.pointer), i);
		if (!validate_schema(schema, to.pointer, at->err))
			return false;
	}
	return true;
}

static bool lint_below(const char *keyword, json_t *value,
		       const struct place *at)
{
	const char *name;
	json_t *schema;

	if (!strcmp(keyword, "items"))
		return validate_schema(value, at->pointer, at->err);
	if (!strcmp(keyword, "oneOf") || !strcmp(keyword, "anyOf"))
		return lint_array(value, at);
	if (strcmp(keyword, "properties"))
		return true;
	json_object_foreach (value, name, schema) {
		struct place to = below(at, name);

		if (!validate_schema(schema, to.pointer, at->err))
			return false;
	}
	return true;
}

bool validate_schema(json_t *schema, const char *pointer, struct error *err)
{
	struct place at = { .err = err };
	const char *keyword;
	json_t *value;

	text_copy(at.pointer, sizeof(at.pointer), pointer);
	if (!json_is_object(schema))
		return bad(&at, "is not a schema object");
	json_object_foreach (schema, keyword, value) {
		struct place to = below(&at, keyword);

		if (!is_known(keyword))
			return bad(&to, "is a keyword that is not checked");
		if (!lint_below(keyword, value, &to))
			return false;
	}
	return true;
}
