/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as text that cannot harm a terminal, and how wide it is there.
 */
#include "cell.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"

/* ---- characters ---------------------------------------------------------- */

/* wcwidth() knows a character only in a locale that has it, and the user's may
 * be "C"; the one asked here is part of the C library. */
static int width_of(uint32_t code)
{
	static locale_t unicode;
	locale_t before;
	int width;

	if (code < 0x7f)
		return code < 0x20 ? -1 : 1;
	if (!unicode)
		unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = uselocale(unicode);
	width = wcwidth((wchar_t)code);
	uselocale(before);
	return width;
}

/* Controls, what changes the direction of writing, what cannot be seen and
 * makes two different names look the same.  Joiners (U+200C, U+200D) are part
 * of scripts and of emoji. */
static bool is_harmless(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {
		{ 0x0000, 0x001f },   { 0x007f, 0x009f }, { 0x00ad, 0x00ad },
		{ 0x061c, 0x061c },   { 0x200b, 0x200b }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e },   { 0x2060, 0x2069 }, { 0xfeff, 0xfeff },
		{ 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (code >= bad[i].first && code <= bad[i].last)
			return false;
	return width_of(code) >= 0;
}

static void add_escape(struct buf *out, uint32_t code)
{
	if (code == '\n' || code == '\r' || code == '\t')
		buf_printf(out, "\\%c",
			   code == '\n'	  ? 'n'
			   : code == '\r' ? 'r'
					  : 't');
	else if (code < 0x100)
		buf_printf(out, "\\x%02x", code);
	else
		buf_printf(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

void cell_add_safe(struct buf *out, struct slice text, bool lines)
{
	while (text.n) {
		size_t n = utf8_char(text.p, text.n);
		uint32_t code = utf8_code(text.p, n ? n : 1);

		if (n && (is_harmless(code) || (lines && code == '\n')))
			buf_add(out, text.p, n);
		else
			add_escape(out, code);
		n = n ? n : 1;
		text.p += n;
		text.n -= n;
	}
}

/* ---- widths -------------------------------------------------------------- */

/* Columns of the character at the start of @text, and its bytes. */
static size_t step(struct slice text, size_t *bytes)
{
	size_t n = utf8_char(text.p, text.n);
	int width;

	*bytes = n ? n : 1;
	width = n ? width_of(utf8_code(text.p, n)) : 1;
	return width > 0 ? (size_t)width : 0;
}

size_t cell_width(struct slice text)
{
	size_t columns = 0, n;

	for (; text.n; text.p += n, text.n -= n)
		columns += step(text, &n);
	return columns;
}

size_t cell_cut(struct slice text, size_t columns)
{
	const char *start = text.p;
	size_t n;

	for (; text.n; text.p += n, text.n -= n) {
		size_t width = step(text, &n);

		if (width > columns)
			break;
		columns -= width;
	}
	return (size_t)(text.p - start);
}

/* ---- numbers with units -------------------------------------------------- */

static const char *const binary[] = { "bytes", "KiB", "MiB", "GiB",
				      "TiB",   "PiB", NULL };

static int binary_unit(const char *unit)
{
	for (int i = 0; binary[i]; i++)
		if (!strcmp(unit, binary[i]))
			return i;
	return -1;
}

/* "2 GiB" for 2048 MiB.  Bytes below a MiB stay what they are: a packet of
 * 9000 bytes is not one of 8.8 KiB. */
static void add_size(struct buf *out, long long n, int unit)
{
	double value = (double)n;

	if (unit || n >= 1 << 20)
		for (; value >= 1024 && binary[unit + 1]; unit++)
			value /= 1024;
	buf_printf(out, "%.*f %s", value == (double)(long long)value ? 0 : 1,
		   value, binary[unit]);
}

/* Does the heading say the unit already: "size_gib", "timeout_minutes"? */
static bool name_says_unit(const struct cat_field *f)
{
	const char *last = strrchr(f->name, '_');

	if (!last)
		return false;
	return !strcasecmp(last + 1, f->unit) ||
	       (!strcmp(last + 1, "mbps") && !strcmp(f->unit, "Mbit/s"));
}

static void add_integer(struct buf *out, long long n, const struct cat_field *f,
			enum cell_style style)
{
	const char *unit = f ? f->unit : NULL;

	if (!unit || (style == CELL_SHORT && name_says_unit(f)))
		buf_printf(out, "%lld", n);
	else if (!strcmp(unit, "percent"))
		buf_printf(out, "%lld%%", n);
	else if (binary_unit(unit) >= 0)
		add_size(out, n, binary_unit(unit));
	else
		buf_printf(out, "%lld %s", n, unit);
}

/* ---- values -------------------------------------------------------------- */

/* "2026-11-21T09:41:59.120Z" becomes "2026-11-21 09:41", or with seconds. */
static bool add_time(struct buf *out, const char *text, enum cell_style style)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t n = strlen(text);

	if (n < sizeof(form) || text[n - 1] != 'Z')
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	buf_printf(out, "%.10s %.*s", text, style == CELL_SHORT ? 5 : 8,
		   text + 11);
	return true;
}

static void add_text(struct buf *out, const json_t *value,
		     const struct cat_field *f, enum cell_style style)
{
	const char *text = json_string_value(value);
	size_t n = json_string_length(value);

	if (!n)
		buf_add_char(out, '-');
	else if (!f || f->type != CAT_TIME || !add_time(out, text, style))
		cell_add_safe(out, (struct slice){ text, n }, false);
}

bool cell_is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static void add_compact(struct buf *out, const json_t *value)
{
	struct buf text = { 0 };

	json_write(value, &text);
	cell_add_safe(out, buf_slice(&text), false);
	buf_done(&text);
}

static void add_list(struct buf *out, const json_t *list,
		     const struct cat_field *f, enum cell_style style)
{
	size_t i, n = json_array_size(list);
	json_t *item;

	if (json_is_object(json_array_get(list, 0))) {
		buf_printf(out, "%zu item%s", n, n == 1 ? "" : "s");
		return;
	}
	json_array_foreach (list, i, item) {
		if (i)
			buf_add_char(out, ',');
		if (cell_is_scalar(item))
			cell_add(out, item, f, style);
		else
			add_compact(out, item);
	}
}

static void add_pairs(struct buf *out, const json_t *object)
{
	const char *name, *between = "";
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		buf_add_str(out, between);
		cell_add_safe(out, slice_of(name), false);
		buf_add_char(out, '=');
		cell_add_safe(out, slice_of(json_string_value(value)), false);
		between = ",";
	}
}

/* Tags and the like: every member is a text. */
static bool is_pairs(const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value)
		if (!json_is_string(value))
			return false;
	return json_is_object(object);
}

void cell_add(struct buf *out, const json_t *value, const struct cat_field *f,
	      enum cell_style style)
{
	if (json_is_string(value))
		add_text(out, value, f, style);
	else if (!cell_has_value(value))
		buf_add_char(out, '-');
	else if (json_is_integer(value))
		add_integer(out, json_integer_value(value), f, style);
	else if (json_is_array(value))
		add_list(out, value, f, style);
	else if (is_pairs(value))
		add_pairs(out, value);
	else
		add_compact(out, value);
}

bool cell_has_value(const json_t *value)
{
	if (json_is_string(value))
		return json_string_length(value) > 0;
	if (json_is_array(value))
		return json_array_size(value) > 0;
	if (json_is_object(value))
		return json_object_size(value) > 0;
	return value && !json_is_null(value);
}
