/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 4180.  Cells that a spreadsheet would take for a formula ("=1+1") are
 * left as they are: this is data for programs.
 */
#include "csv.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "member.h"

static bool needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(",\"\r\n", s.p[i]))
			return true;
	return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static void add_text(struct buf *out, struct slice s)
{
	if (!needs_quotes(s)) {
		buf_add_slice(out, s);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, s.p[i]);
	}
	buf_add_char(out, '"');
}

static void add_cell(struct buf *out, const json_t *value)
{
	struct buf text = { 0 };

	if (json_is_string(value)) {
		add_text(out, (struct slice){ json_string_value(value),
					      json_string_length(value) });
	} else if (value && !json_is_null(value)) {
		json_write(value, &text);
		add_text(out, buf_slice(&text));
	}
	buf_done(&text);
}

/* A line with nothing in it would be no record for most readers. */
static void end_line(struct buf *out, size_t start)
{
	if (out->n == start)
		buf_add_str(out, "\"\"");
	buf_add_str(out, "\r\n");
}

static void add_heading(const struct columns *c, struct buf *out)
{
	size_t start = out->n;

	for (size_t i = 0; i < c->n; i++) {
		buf_add_str(out, i ? "," : "");
		add_text(out, slice_of(c->list[i].path));
	}
	end_line(out, start);
}

void csv_write(const struct columns *c, const json_t *items, bool header,
	       struct buf *out)
{
	json_t *item;
	size_t row;

	if (!c->n)
		return;
	if (header)
		add_heading(c, out);
	json_array_foreach (items, row, item) {
		size_t start = out->n;

		for (size_t i = 0; i < c->n; i++) {
			AUTO_JSON json_t *value =
				member_at(item, c->list[i].path);

			buf_add_str(out, i ? "," : "");
			add_cell(out, value);
		}
		end_line(out, start);
	}
}
