/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of tables.
 */
#include "table.h"

#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "cell.h"
#include "member.h"

#define GAP 2	/* blanks between columns */
#define KEPT 2	/* columns that are never dropped: which one it is */
#define FAIR 20 /* a longer text does not push other columns out */

static const char dots[] = "…";

/* The texts of a table, row by row, the heading first. */
struct grid {
	size_t rows, columns;
	char **cell;
	size_t *natural; /* of each column */
	bool *number;
};

static char **cell_at(const struct grid *g, size_t row, size_t column)
{
	return &g->cell[row * g->columns + column];
}

/* ---- texts --------------------------------------------------------------- */

static char *heading(const char *path)
{
	struct buf text = { 0 };

	cell_add_safe(&text, slice_of(path), false);
	for (size_t i = 0; i < text.n; i++)
		text.p[i] = (char)toupper((unsigned char)text.p[i]);
	return buf_steal(&text, NULL);
}

static char *text_of(const json_t *item, const struct column *c)
{
	AUTO_JSON json_t *value = member_at(item, c->path);
	struct buf text = { 0 };

	cell_add(&text, value, c->field, CELL_SHORT);
	return buf_steal(&text, NULL);
}

static bool is_number(const struct column *c, const json_t *items)
{
	size_t i, numbers = 0;
	json_t *item;

	if (c->field)
		return !(c->field->flags & CAT_LIST) &&
		       (c->field->type == CAT_INT ||
			c->field->type == CAT_DECIMAL);
	json_array_foreach (items, i, item) {
		AUTO_JSON json_t *value = member_at(item, c->path);

		if (cell_has_value(value) && !json_is_number(value))
			return false;
		numbers += json_is_number(value);
	}
	return numbers > 0;
}

static struct grid grid_new(const struct columns *c, const json_t *items,
			    bool header)
{
	size_t rows = json_array_size(items) + 1;
	struct grid g = {
		.rows = rows,
		.columns = c->n,
		.cell = mem_alloc(rows * c->n * sizeof(*g.cell)),
		.natural = mem_alloc(c->n * sizeof(*g.natural)),
		.number = mem_alloc(c->n * sizeof(*g.number)),
	};

	for (size_t col = 0; col < c->n; col++) {
		g.number[col] = is_number(&c->list[col], items);
		for (size_t row = 0; row < rows; row++) {
			const json_t *item =
				row ? json_array_get(items, row - 1) : NULL;
			char *text = row ? text_of(item, &c->list[col])
					 : heading(c->list[col].path);
			size_t width = cell_width(slice_of(text));

			*cell_at(&g, row, col) = text;
			if (width > g.natural[col] && (row || header))
				g.natural[col] = width;
		}
	}
	return g;
}

static void grid_done(struct grid *g)
{
	for (size_t i = 0; i < g->rows * g->columns; i++)
		mem_free(g->cell[i]);
	mem_free(g->cell);
	mem_free(g->natural);
	mem_free(g->number);
}

/* ---- widths -------------------------------------------------------------- */

static size_t sum(const size_t *width, size_t n)
{
	size_t total = n ? (n - 1) * GAP : 0;

	for (size_t i = 0; i < n; i++)
		total += width[i];
	return total;
}

static size_t widest(const size_t *width, size_t n)
{
	size_t found = 0;

	for (size_t i = 1; i < n; i++)
		if (width[i] >= width[found])
			found = i;
	return found;
}

size_t table_fit(const size_t *natural, size_t n, size_t terminal, bool keep,
		 size_t *width)
{
	for (size_t i = 0; i < n; i++)
		width[i] =
			i && terminal && natural[i] > FAIR ? FAIR : natural[i];
	if (!terminal)
		return n;
	while (n > KEPT && !keep && sum(width, n) > terminal)
		n--;
	while (sum(width, n) > terminal) {
		size_t *most = &width[widest(width, n)];

		if (*most == 1)
			break; /* more columns than the terminal has room for */
		--*most;
	}
	for (size_t i = 0; i < n && sum(width, n) < terminal; i++) {
		size_t room = terminal - sum(width, n);
		size_t wish = natural[i] - width[i];

		width[i] += wish < room ? wish : room;
	}
	return n;
}

/* ---- lines --------------------------------------------------------------- */

static void add_blanks(struct buf *out, size_t n)
{
	while (n--)
		buf_add_char(out, ' ');
}

static void add_cut(struct buf *out, const char *text, size_t width, bool right,
		    bool at_end)
{
	struct slice all = slice_of(text);
	size_t used = cell_width(all);
	bool cut = used > width;

	if (cut) {
		all.n = cell_cut(all, width - 1);
		used = cell_width(all) + 1;
	}
	if (right)
		add_blanks(out, width - used);
	buf_add_slice(out, all);
	if (cut)
		buf_add_str(out, dots);
	if (!right && !at_end)
		add_blanks(out, width - used);
}

void table_write(const struct columns *c, const json_t *items, size_t terminal,
		 bool keep, bool header, struct buf *out)
{
	struct grid g;
	size_t *width, n;

	if (!c->n)
		return;
	g = grid_new(c, items, header);
	width = mem_alloc(c->n * sizeof(*width));
	n = table_fit(g.natural, c->n, terminal, keep, width);
	for (size_t row = header ? 0 : 1; row < g.rows; row++) {
		for (size_t col = 0; col < n; col++) {
			add_blanks(out, col ? GAP : 0);
			add_cut(out, *cell_at(&g, row, col), width[col],
				g.number[col], col + 1 == n);
		}
		buf_add_char(out, '\n');
	}
	mem_free(width);
	grid_done(&g);
}
