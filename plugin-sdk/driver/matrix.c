/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/matrix.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "driver/check.h"

void matrix_each(const struct runtime *rt,
		 void (*fn)(const struct runtime *rt, const char *op,
			    void *arg),
		 void *arg)
{
	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
		for (const struct cat_op *op = (*k)->ops; op->name; op++)
			fn(rt, op->name, arg);
	for (size_t i = 0; i < rt->handlers.n; i++)
		if (!rt->handlers.rows[i].op && !rt->handlers.rows[i].hidden)
			fn(rt, rt->handlers.rows[i].name, arg);
}

const char *matrix_reason(const struct runtime *rt, const char *op)
{
	const char *why = check_unsupported(rt->driver, op);

	return why ? why : "";
}

/* The member @name of @object: an array, made when there is none. */
static json_t *array_at(json_t *object, const char *name)
{
	json_t *array = json_object_get(object, name);

	if (!array) {
		array = json_array();
		json_object_set_new(object, name, array);
	}
	return array;
}

/* The row of @kind: they come in order, so it is the last or a new one. */
static json_t *row_of(json_t *rows, const char *kind)
{
	size_t n = json_array_size(rows);
	json_t *last = n ? json_array_get(rows, n - 1) : NULL;

	if (last && !strcmp(json_str(last, "kind", ""), kind))
		return last;
	last = json_pack("{s:s, s:[], s:{}}", "kind", kind, "can", "cannot");
	json_array_append_new(rows, last);
	return last;
}

static void add(const struct runtime *rt, const char *op, void *arg)
{
	const char *dot = strrchr(op, '.');
	AUTO_FREE char *kind = mem_strndup(op, (size_t)(dot - op));
	json_t *row, *verbs;

	if (text_starts(op, "op."))
		return; /* of the protocol, not of a resource */
	row = row_of(arg, kind);
	if (handlers_find(&rt->handlers, op))
		verbs = array_at(row, "can");
	else
		verbs = array_at(json_object_get(row, "cannot"),
				 matrix_reason(rt, op));
	json_array_append_new(verbs, json_string(dot + 1));
}

json_t *matrix_of(const struct runtime *rt)
{
	json_t *rows = json_array();

	matrix_each(rt, add, rows);
	return rows;
}

char *matrix_words(const json_t *words, const char *between)
{
	struct buf text = { 0 };
	json_t *word;
	size_t i;

	buf_add_str(&text, "");
	json_array_foreach (words, i, word)
		buf_printf(&text, "%s%s", i ? between : "",
			   json_string_value(word));
	return buf_steal(&text, NULL);
}
