/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/vendor.h"

#include <string.h>

#include "base/json.h"

/* The verbs that are no actions, and what they are. */
static const struct {
	const char *verb;
	unsigned flags;
} shapes[] = {
	{ "list", 0 },
	{ "get", CAT_BY_ID },
	{ "create", CAT_MUTATES },
	{ "update", CAT_MUTATES | CAT_BY_ID },
	{ "delete", CAT_MUTATES | CAT_BY_ID | CAT_DESTROYS },
};

static unsigned flags_of(const char *verb, const json_t *operation)
{
	unsigned flags = json_bool(operation, "paged", false) ? CAT_PAGED : 0;

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (!strcmp(verb, shapes[i].verb))
			return flags | shapes[i].flags;
	flags |= CAT_ACTION | CAT_BY_ID;
	return json_bool(operation, "mutates", true) ? flags | CAT_MUTATES
						     : flags;
}

/* ---- arguments, from JSON Schema ------------------------------------------------ */

static enum cat_type type_of(const json_t *schema)
{
	static const struct {
		const char *name;
		enum cat_type type;
	} types[] = {
		{ "string", CAT_STRING },
		{ "integer", CAT_INT },
		{ "boolean", CAT_BOOL },
	};
	const char *name = json_str(schema, "type", "");

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (!strcmp(name, types[i].name))
			return types[i].type;
	return CAT_ANY;
}

static const char *const *words_of(struct arena *arena, const json_t *schema)
{
	const json_t *list = json_object_get(schema, "enum");
	size_t n = json_array_size(list), i;
	const char **words;
	json_t *word;

	if (!n || type_of(schema) != CAT_STRING)
		return NULL;
	words = arena_alloc(arena, (n + 1) * sizeof(*words));
	json_array_foreach (list, i, word)
		words[i] = arena_strdup(arena, json_string_value(word)
						       ? json_string_value(word)
						       : "");
	return words;
}

static bool is_required(const json_t *args, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(args, "required"), i, item)
		if (json_is_string(item) &&
		    !strcmp(json_string_value(item), name))
			return true;
	return false;
}

static struct cat_field field_of(struct arena *arena, const char *name,
				 const json_t *schema, bool required)
{
	bool list = !strcmp(json_str(schema, "type", ""), "array");
	const json_t *item = list ? json_object_get(schema, "items") : schema;
	bool secret = json_bool(schema, "writeOnly", false) ||
		      json_bool(schema, "x-secret", false);

	return (struct cat_field){
		.name = arena_strdup(arena, name),
		.type = type_of(item),
		.flags = (list ? CAT_LIST : 0) | (secret ? CAT_SECRET : 0) |
			 (required ? CAT_REQUIRED : 0),
		.help = arena_strdup(arena,
				     json_str(schema, "description", "")),
		.words = words_of(arena, item),
	};
}

static const struct cat_field *fields_of(struct arena *arena,
					 const json_t *args)
{
	const json_t *properties = json_object_get(args, "properties");
	struct cat_field *fields = arena_alloc(
		arena, (json_object_size(properties) + 1) * sizeof(*fields));
	const char *name;
	json_t *schema;
	size_t n = 0;

	json_object_foreach ((json_t *)properties, name, schema)
		if (strcmp(name, "id") != 0) /* a word of the command line */
			fields[n++] = field_of(arena, name, schema,
					       is_required(args, name));
	return fields;
}

/* ---- the kind --------------------------------------------------------------------- */

const struct cat_kind *vendor_kind(struct arena *arena, const char *name,
				   const json_t *description)
{
	const json_t *operations = json_object_get(description, "operations");
	struct cat_kind *kind = arena_alloc(arena, sizeof(*kind));
	struct cat_op *ops = arena_alloc(
		arena, (json_object_size(operations) + 1) * sizeof(*ops));
	const char *verb;
	json_t *operation;
	size_t n = 0;

	kind->name = kind->collection = arena_strdup(arena, name);
	kind->title = arena_strdup(arena, json_str(description, "title", name));
	kind->help =
		arena_strdup(arena, json_str(description, "description", ""));
	kind->ops = ops;
	json_object_foreach ((json_t *)operations, verb, operation)
		ops[n++] = (struct cat_op){
			.name = arena_printf(arena, "%s.%s", name, verb),
			.verb = arena_strdup(arena, verb),
			.flags = flags_of(verb, operation),
			.help = arena_strdup(
				arena, json_str(operation, "description", "")),
			.args = fields_of(arena,
					  json_object_get(operation, "args")),
			.kind = kind,
		};
	return kind;
}
