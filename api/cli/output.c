/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing answers, in the format that was asked for.
 */
#include "output.h"

#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cell.h"
#include "columns.h"
#include "csv.h"
#include "member.h"
#include "record_view.h"
#include "table.h"
#include "yaml_write.h"

static const char *const names[] = {
	[OUTPUT_TABLE] = "table", [OUTPUT_WIDE] = "wide",
	[OUTPUT_JSON] = "json",	  [OUTPUT_YAML] = "yaml",
	[OUTPUT_CSV] = "csv",	  [OUTPUT_NAME] = "name",
};

bool output_parse(const char *name, enum output_format *format,
		  struct error *err)
{
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(name, names[i])) {
			*format = (enum output_format)i;
			return true;
		}
	return fail(err, ERR_INVALID,
		    "no output format \"%.32s\"; there are table, wide, json, "
		    "yaml, csv and name",
		    name);
}

bool output_check(const struct output *o, struct error *err)
{
	static const json_t *const nothing;
	struct columns c;
	bool ok = true;

	if (!o->fields)
		return true;
	c = columns_choose(o, nothing, COLUMNS_BEST);
	for (size_t i = 0; ok && i < c.n; i++)
		ok = member_check(o->record, c.list[i].path, err);
	if (ok && !c.n)
		ok = fail(err, ERR_INVALID, "no field is named");
	columns_done(&c);
	return ok || fail_within(err, "--fields");
}

/* ---- JSON ---------------------------------------------------------------- */

static int add_bytes(const char *bytes, size_t n, void *out)
{
	buf_add(out, bytes, n);
	return 0;
}

/* JSON escapes controls up to U+001F; those from U+007F to U+009F can harm a
 * terminal as well.  They stand in strings only. */
static void json_pretty(const json_t *value, struct buf *out)
{
	struct buf text = { 0 };
	const char *p, *end;

	json_dump_callback(value, add_bytes, &text,
			   JSON_INDENT(2) | JSON_ENCODE_ANY);
	for (p = text.p, end = text.p + text.n; p < end; p++) {
		unsigned char c = (unsigned char)p[0], d = (unsigned char)p[1];

		if (c == 0x7f)
			buf_add_str(out, "\\u007f");
		else if (c == 0xc2 && d >= 0x80 && d < 0xa0)
			buf_printf(out, "\\u%04x", (unsigned char)*++p);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '\n');
	buf_done(&text);
}

/* ---- names --------------------------------------------------------------- */

/* An identifier with a line end would be two for whoever reads them. */
static void add_name(const json_t *item, const char *path, struct buf *out)
{
	AUTO_JSON json_t *value = member_at(item, path);

	if (!cell_has_value(value))
		return;
	cell_add(out, value, NULL, CELL_FULL);
	buf_add_char(out, '\n');
}

static void add_names(const struct output *o, const json_t *items,
		      struct buf *out)
{
	struct columns c = { 0 };
	json_t *item;
	size_t i;

	if (o->fields)
		c = columns_choose(o, items, COLUMNS_BEST);
	json_array_foreach (items, i, item) {
		bool has_id = cell_has_value(json_object_get(item, "id"));

		add_name(item,
			 c.n	  ? c.list[0].path
			 : has_id ? "id"
				  : "name",
			 out);
	}
	columns_done(&c);
}

/* ---- rows ---------------------------------------------------------------- */

static void add_table(const struct output *o, const json_t *items,
		      struct buf *out)
{
	bool wide = o->format == OUTPUT_WIDE;
	struct columns c =
		columns_choose(o, items, wide ? COLUMNS_FULL : COLUMNS_BEST);
	size_t terminal = wide || o->columns < 0 ? 0 : (size_t)o->columns;

	table_write(&c, items, terminal, o->fields != NULL, o->header, out);
	columns_done(&c);
}

/* On a terminal the reader of CSV is no program. */
static void add_for_eyes(struct slice text, struct buf *out)
{
	struct buf lines = { 0 };

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r' || text.p[i + 1] != '\n')
			buf_add_char(&lines, text.p[i]);
	cell_add_safe(out, buf_slice(&lines), true);
	buf_done(&lines);
}

static void add_csv(const struct output *o, const json_t *items,
		    struct buf *out)
{
	struct columns c = columns_choose(o, items, COLUMNS_EVERY);
	struct buf text = { 0 };

	csv_write(&c, items, o->header, &text);
	if (o->columns)
		add_for_eyes(buf_slice(&text), out);
	else
		buf_add_slice(out, buf_slice(&text));
	buf_done(&text);
	columns_done(&c);
}

/* ---- one record ---------------------------------------------------------- */

/* Text alone goes to a file or a pipe as it is. */
static void add_alone(const struct output *o, const json_t *record,
		      const char *path, struct buf *out)
{
	AUTO_JSON json_t *value = member_at(record, path);

	if (!json_is_string(value) || o->columns) {
		record_view_value(value, member_field(o->record, path),
				  (size_t)o->columns, out);
		return;
	}
	buf_add(out, json_string_value(value), json_string_length(value));
	if (!text_ends(json_string_value(value), "\n"))
		buf_add_char(out, '\n');
}

static void add_record(const struct output *o, const json_t *record,
		       struct buf *out)
{
	AUTO_JSON json_t *items = json_pack("[O]", record);
	struct columns c = columns_choose(o, items, COLUMNS_FULL);
	const char *document = columns_document(o->record);

	if (o->fields && c.n == 1)
		add_alone(o, record, c.list[0].path, out);
	else if (!o->fields && document)
		add_alone(o, record, document, out);
	else
		record_view(&c, record, (size_t)o->columns, out);
	columns_done(&c);
}

/* ---- public -------------------------------------------------------------- */

/* What is no object is one with a single member, so that it can be shown. */
static json_t *as_objects(const json_t *items)
{
	json_t *list = json_array(), *item;
	size_t i;

	json_array_foreach (items, i, item)
		if (json_is_object(item))
			json_array_append(list, item);
		else
			json_array_append_new(list,
					      json_pack("{sO}", "value", item));
	return list;
}

static json_t *project(const struct output *o, const json_t *items)
{
	struct columns c;
	json_t *list, *item;
	size_t i;

	if (!o->fields)
		return json_incref((json_t *)items);
	c = columns_choose(o, items, COLUMNS_EVERY);
	list = json_array();
	json_array_foreach (items, i, item)
		json_array_append_new(list, columns_project(&c, item));
	columns_done(&c);
	return list;
}

static bool flush(const struct output *o, struct buf *text)
{
	bool ok = fwrite(text->p ? text->p : "", 1, text->n, o->to) == text->n;

	buf_done(text);
	return fflush(o->to) == 0 && ok;
}

static void add_list(const struct output *o, const json_t *items,
		     struct buf *out)
{
	AUTO_JSON json_t *objects = as_objects(items);
	AUTO_JSON json_t *chosen = project(o, items);

	switch (o->format) {
	case OUTPUT_TABLE:
	case OUTPUT_WIDE:
		add_table(o, objects, out);
		break;
	case OUTPUT_JSON:
		json_pretty(chosen, out);
		break;
	case OUTPUT_YAML:
		yaml_write(chosen, out);
		break;
	case OUTPUT_CSV:
		add_csv(o, objects, out);
		break;
	case OUTPUT_NAME:
		add_names(o, objects, out);
		break;
	}
}

bool output_list(const struct output *o, const json_t *items)
{
	struct buf out = { 0 };

	add_list(o, items, &out);
	return flush(o, &out);
}

static void add_value(const struct output *o, const json_t *value,
		      struct buf *out)
{
	AUTO_JSON json_t *items = json_pack("[O]", value);
	AUTO_JSON json_t *chosen = NULL;

	if (json_is_object(value))
		chosen = project(o, items);
	if (o->format == OUTPUT_JSON)
		json_pretty(chosen ? json_array_get(chosen, 0) : value, out);
	else if (o->format == OUTPUT_YAML)
		yaml_write(chosen ? json_array_get(chosen, 0) : value, out);
	else if (o->format == OUTPUT_CSV || o->format == OUTPUT_NAME)
		add_list(o, items, out);
	else if (json_is_object(value))
		add_record(o, value, out);
	else
		record_view_value(value, NULL, (size_t)o->columns, out);
}

bool output_value(const struct output *o, const json_t *value)
{
	struct buf out = { 0 };

	if (json_is_array(value))
		return output_list(o, value);
	if (value && !json_is_null(value))
		add_value(o, value, &out);
	return flush(o, &out);
}
