/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view of one record.  Every value is first made into lines of text, then
 * put beside its name.
 */
#include "record_view.h"

#include <string.h>

#include "base/auto.h"
#include "cell.h"
#include "member.h"
#include "table.h"
#include "yaml_write.h"

#define GAP 2
#define LIST_WIDTH 72  /* a longer list has a line for each item */
#define TABLE_LEAST 30 /* columns below which a table within is not cut */

static void end_line(struct buf *out)
{
	if (!out->n || out->p[out->n - 1] != '\n')
		buf_add_char(out, '\n');
}

/* ---- values as lines ----------------------------------------------------- */

static bool all_objects(const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (!json_object_size(item))
			return false;
	return json_array_size(list) > 0;
}

static bool all_of(const json_t *value, bool (*is)(const json_t *))
{
	const char *name;
	json_t *item;
	size_t i;

	json_array_foreach (value, i, item)
		if (!is(item))
			return false;
	json_object_foreach ((json_t *)value, name, item)
		if (!is(item))
			return false;
	return true;
}

static void add_items(const json_t *list, const struct cat_field *f,
		      struct buf *out)
{
	struct buf line = { 0 };
	json_t *item;
	size_t i;

	cell_add(&line, list, f, CELL_FULL);
	if (cell_width(buf_slice(&line)) <= LIST_WIDTH) {
		buf_add_slice(out, buf_slice(&line));
	} else {
		json_array_foreach (list, i, item) {
			cell_add(out, item, f, CELL_FULL);
			buf_add_char(out, '\n');
		}
	}
	buf_done(&line);
}

static void add_pairs(const json_t *object, struct buf *out)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		cell_add_safe(out, slice_of(name), false);
		buf_add_char(out, '=');
		cell_add(out, value, NULL, CELL_FULL);
		buf_add_char(out, '\n');
	}
}

static void add_table(const json_t *list, const struct cat_field *f,
		      size_t terminal, struct buf *out)
{
	struct output o = { .record = f ? f->of : NULL };
	struct columns c = columns_choose(&o, list, COLUMNS_FULL);

	table_write(&c, list, terminal, false, true, out);
	columns_done(&c);
}

void record_view_value(const json_t *value, const struct cat_field *f,
		       size_t terminal, struct buf *out)
{
	if (all_objects(value))
		add_table(value, f, terminal, out);
	else if (json_array_size(value) && all_of(value, cell_is_scalar))
		add_items(value, f, out);
	else if (json_object_size(value) && all_of(value, cell_is_scalar))
		add_pairs(value, out);
	else if (!cell_is_scalar(value) && cell_has_value(value))
		yaml_write(value, out);
	else if (json_is_string(value) &&
		 strchr(json_string_value(value), '\n'))
		cell_add_safe(out, slice_of(json_string_value(value)), true);
	else
		cell_add(out, value, f, CELL_FULL);
	end_line(out);
}

/* ---- beside their names -------------------------------------------------- */

static char *label(const char *path)
{
	struct buf text = { 0 };

	cell_add_safe(&text, slice_of(path), false);
	return text.p ? buf_steal(&text, NULL) : mem_strdup("");
}

static size_t label_width(const struct columns *c)
{
	size_t most = 0;

	for (size_t i = 0; i < c->n; i++) {
		AUTO_FREE char *text = label(c->list[i].path);
		size_t width = cell_width(slice_of(text));

		if (width > most)
			most = width;
	}
	return most;
}

static void add_row(const char *name, struct slice lines, size_t width,
		    struct buf *out)
{
	size_t used = cell_width(slice_of(name));

	buf_add_str(out, name);
	while (lines.n) {
		const char *end = memchr(lines.p, '\n', lines.n);
		size_t n = (size_t)(end - lines.p);

		if (n)
			buf_printf(out, "%*s", (int)(width - used), "");
		buf_add(out, lines.p, n + 1);
		lines.p += n + 1;
		lines.n -= n + 1;
		used = 0;
	}
}

void record_view(const struct columns *c, const json_t *record, size_t terminal,
		 struct buf *out)
{
	size_t width = label_width(c) + GAP;
	size_t room = terminal > width + TABLE_LEAST ? terminal - width : 0;

	for (size_t i = 0; i < c->n; i++) {
		AUTO_JSON json_t *value = member_at(record, c->list[i].path);
		AUTO_FREE char *name = label(c->list[i].path);
		struct buf lines = { 0 };

		record_view_value(value, c->list[i].field, room, &lines);
		add_row(name, buf_slice(&lines), width, out);
		buf_done(&lines);
	}
}
