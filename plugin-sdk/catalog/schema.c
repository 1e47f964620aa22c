/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema (draft 2020-12) out of the tables: what arguments are accepted
 * and what answers look like, for OpenAPI, the console and drivers' authors.
 */
#include "catalog/catalog.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"

struct schema {
	const char *ref_prefix;
	bool input; /* closed words, no null, aliases */
};

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *words_array(const char *const *words)
{
	json_t *list = json_array();

	for (; *words; words++)
		json_array_append_new(list, json_string(*words));
	return list;
}

/* ---- one value ----------------------------------------------------------- */

static json_t *string_schema(const struct schema *s, const struct cat_field *f)
{
	json_t *v = json_pack("{ss}", "type", "string");

	if (s->input && f->min)
		set(v, "minLength", json_integer(f->min));
	if (s->input && f->max)
		set(v, "maxLength", json_integer(f->max));
	if (f->words) /* open on output: a list of what to expect */
		set(v, s->input ? "enum" : "examples", words_array(f->words));
	return v;
}

static json_t *int_schema(const struct schema *s, const struct cat_field *f)
{
	json_t *v = json_pack("{ss}", "type", "integer");

	if (s->input && (f->min || f->max)) {
		set(v, "minimum", json_integer(f->min));
		set(v, "maximum", json_integer(f->max));
	}
	return v;
}

static json_t *ref_schema(const struct schema *s, const struct cat_record *of)
{
	AUTO_FREE char *ref = mem_printf("%s%s", s->ref_prefix, of->name);

	return json_pack("{ss}", "$ref", ref);
}

static json_t *value_schema(const struct schema *s, const struct cat_field *f)
{
	switch (f->type) {
	case CAT_STRING:
		return string_schema(s, f);
	case CAT_INT:
		return int_schema(s, f);
	case CAT_BOOL:
		return json_pack("{ss}", "type", "boolean");
	case CAT_DECIMAL:
		return json_pack("{ss ss}", "type", "string", "pattern",
				 "^-?[0-9]+(\\.[0-9]+)?$");
	case CAT_TIME:
		return json_pack("{ss ss}", "type", "string", "format",
				 "date-time");
	case CAT_DATE:
		return json_pack("{ss ss}", "type", "string", "format", "date");
	case CAT_CIDR:
		return json_pack("{ss ss}", "type", "string", "pattern",
				 "^[0-9a-fA-F:.]+/[0-9]{1,3}$");
	case CAT_IP:
		return json_pack("{ss s[{ss}{ss}]}", "type", "string", "anyOf",
				 "format", "ipv4", "format", "ipv6");
	case CAT_TAGS:
		return json_pack("{ss s{ss}}", "type", "object",
				 "additionalProperties", "type", "string");
	case CAT_OBJECT:
		return ref_schema(s, f->of);
	case CAT_ANY:
		return json_object();
	}
	return json_object();
}

/* ---- one member ---------------------------------------------------------- */

static bool may_be_null(const struct schema *s, const struct cat_field *f)
{
	return (f->flags & CAT_NULLABLE) ||
	       (!s->input && !(f->flags & CAT_REQUIRED) && f->type != CAT_ANY);
}

/* The schema of a value or null; steals @v. */
static json_t *or_null(json_t *v)
{
	json_t *type = json_object_get(v, "type");

	if (!type)
		return json_pack("{s[o{ss}]}", "anyOf", v, "type", "null");
	set(v, "type", json_pack("[Os]", type, "null"));
	return v;
}

static void describe(json_t *v, const struct cat_field *f)
{
	set(v, "description", json_string(f->help));
	if (f->unit)
		set(v, "x-unit", json_string(f->unit));
	if (f->flags & CAT_SECRET)
		set(v, "x-secret", json_true());
	if (f->flags & CAT_IMMUTABLE)
		set(v, "x-immutable", json_true());
	if (f->example)
		set(v, "examples",
		    json_pack("[o]",
			      json_loads(f->example, JSON_DECODE_ANY, NULL)));
}

static json_t *member_schema(const struct schema *s, const struct cat_field *f)
{
	json_t *v = value_schema(s, f);

	if (f->flags & CAT_LIST)
		v = json_pack("{ss so}", "type", "array", "items", v);
	if (may_be_null(s, f))
		v = or_null(v);
	describe(v, f);
	if (f->flags & CAT_MERGE)
		set(v, "deprecated", json_true());
	return v;
}

/* ---- arguments ----------------------------------------------------------- */

static void add_aliases(json_t *properties, const struct schema *s,
			const struct cat_field *f)
{
	for (size_t a = 0; f->aliases && f->aliases[a]; a++) {
		AUTO_FREE char *help =
			mem_printf("Another name of %s.", f->name);
		json_t *v = member_schema(s, f);

		set(v, "description", json_string(help));
		set(v, "deprecated", json_true());
		set(properties, f->aliases[a], v);
	}
}

static json_t *needs(const char *name)
{
	return json_pack("{s[s]}", "required", name);
}

/* Every way to give @f: its name, its aliases, objects that are merged. */
static json_t *ways_to_give(const struct cat_op *op, const struct cat_field *f)
{
	json_t *ways = json_pack("[o]", needs(f->name));

	for (size_t a = 0; f->aliases && f->aliases[a]; a++)
		json_array_append_new(ways, needs(f->aliases[a]));
	for (const struct cat_field *m = op->args; m && m->name; m++)
		if ((m->flags & CAT_MERGE) &&
		    cat_field_find(m->of->fields, f->name))
			json_array_append_new(ways, needs(m->name));
	return ways;
}

static void add_required(json_t *schema, const struct cat_op *op,
			 const struct cat_field *f)
{
	AUTO_JSON json_t *ways = ways_to_give(op, f);
	const char *where = json_array_size(ways) == 1 ? "required" : "allOf";
	json_t *list = json_object_get(schema, where);

	if (!list) {
		list = json_array();
		set(schema, where, list);
	}
	if (json_array_size(ways) == 1)
		json_array_append_new(list, json_string(f->name));
	else
		json_array_append_new(list, json_pack("{sO}", "anyOf", ways));
}

json_t *cat_args_schema(const struct cat_op *op, const char *ref_prefix)
{
	const struct schema s = { ref_prefix, .input = true };
	json_t *properties = json_object();
	json_t *schema = json_pack("{ss ss so sb}", "type", "object",
				   "description", op->help, "properties",
				   properties, "additionalProperties", 0);
	const struct cat_field *f;

	for (size_t i = 0; (f = cat_arg(op, i)); i++) {
		set(properties, f->name, member_schema(&s, f));
		add_aliases(properties, &s, f);
		if (f->flags & CAT_REQUIRED)
			add_required(schema, op, f);
	}
	return schema;
}

/* ---- records ------------------------------------------------------------- */

json_t *cat_record_schema(const struct cat_record *rec, const char *ref_prefix)
{
	const struct schema s = { ref_prefix, .input = false };
	json_t *properties = json_object(), *required = json_array();
	json_t *schema =
		json_pack("{ss ss ss so}", "type", "object", "title", rec->name,
			  "description", rec->help, "properties", properties);

	for (const struct cat_field *f = rec->fields; f->name; f++) {
		set(properties, f->name, member_schema(&s, f));
		if (f->flags & CAT_REQUIRED)
			json_array_append_new(required, json_string(f->name));
	}
	if (json_array_size(required))
		set(schema, "required", required);
	else
		json_decref(required);
	return schema;
}
