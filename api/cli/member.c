/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways into a JSON value, written with dots.
 */
#include "member.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"

static json_t *in_object(const json_t *object, const char *path)
{
	json_t *value = json_object_get(object, path);

	if (value)
		return json_incref(value);
	for (const char *dot = strchr(path, '.'); dot;
	     dot = strchr(dot + 1, '.')) {
		value = json_object_getn(object, path, (size_t)(dot - path));
		if (value && (value = member_at(value, dot + 1)))
			return value;
	}
	return NULL;
}

static json_t *in_items(const json_t *list, const char *path)
{
	AUTO_JSON json_t *found = json_array();
	json_t *item, *value;
	size_t i;

	json_array_foreach (list, i, item) {
		value = member_at(item, path);
		if (value)
			json_array_append_new(found, value);
	}
	return json_array_size(found) ? json_incref(found) : NULL;
}

static json_t *in_list(const json_t *list, const char *path)
{
	size_t n = strcspn(path, ".");
	AUTO_FREE char *first = mem_strndup(path, n);
	long long index;
	json_t *item;

	if (!text_to_int(first, 0, (long long)json_array_size(list), &index))
		return in_items(list, path);
	item = json_array_get(list, (size_t)index);
	return path[n] ? member_at(item, path + n + 1) : json_incref(item);
}

json_t *member_at(const json_t *value, const char *path)
{
	if (json_is_object(value))
		return in_object(value, path);
	return json_is_array(value) ? in_list(value, path) : NULL;
}

const struct cat_field *member_field(const struct cat_record *record,
				     const char *path)
{
	return record ? cat_field_find(record->fields, path) : NULL;
}

void member_names(struct buf *out, const json_t *items, const char *member)
{
	json_t *item;
	size_t i;

	json_array_foreach (items, i, item)
		buf_printf(out, "%s%s", i ? ", " : "",
			   member ? json_str(item, member, "")
				  : json_string_value(item));
}

#define NAMES_MAX 64

bool member_check(const struct cat_record *record, const char *path,
		  struct error *err)
{
	AUTO_FREE char *first = mem_strndup(path, strcspn(path, "."));
	const char *names[NAMES_MAX], *nearest;
	size_t n = 0;

	if (!*first)
		return fail(err, ERR_INVALID, "a field without a name");
	if (!record || cat_field_find(record->fields, first))
		return true;
	for (; n < NAMES_MAX && record->fields[n].name; n++)
		names[n] = record->fields[n].name;
	nearest = text_nearest(first, names, n);
	if (nearest)
		return fail(err, ERR_INVALID,
			    "%s has no field \"%.64s\"; did you mean \"%s\"?",
			    record->name, first, nearest);
	return fail(err, ERR_INVALID, "%s has no field \"%.64s\"", record->name,
		    first);
}
