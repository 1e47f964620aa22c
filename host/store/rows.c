/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a result: cells row by row, their text in an arena of its own, which
 * is wiped, for a cell may be a secret.  An engine's thread may build them.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/backend.h"

struct cell {
	enum { CELL_NULL, CELL_INT, CELL_BYTES } type;
	int64_t number;
	struct slice bytes; /* NUL-terminated */
};

struct rows_impl {
	struct arena arena;
	const char **names;
	unsigned columns, named;
	struct cell *cells;
	size_t n, room;
};

/* ---- building ------------------------------------------------------------- */

void rows_begin(struct rows *rows, unsigned columns)
{
	struct rows_impl *impl = mem_alloc(sizeof(*impl));

	impl->columns = columns;
	impl->names =
		arena_alloc(&impl->arena, (columns + 1) * sizeof(*impl->names));
	*rows = (struct rows){ .impl = impl };
}

void rows_name(struct rows *rows, const char *name)
{
	struct rows_impl *impl = rows->impl;

	impl->names[impl->named++] = arena_strdup(&impl->arena, name);
}

static struct cell *add_cell(struct rows *rows)
{
	struct rows_impl *impl = rows->impl;

	if (impl->n == impl->room) {
		impl->room = impl->room ? 2 * impl->room : impl->columns;
		impl->cells = mem_realloc(impl->cells,
					  impl->room * sizeof(*impl->cells));
	}
	return &impl->cells[impl->n++];
}

void rows_add_null(struct rows *rows)
{
	*add_cell(rows) = (struct cell){ .type = CELL_NULL };
}

void rows_add_int(struct rows *rows, int64_t n)
{
	*add_cell(rows) = (struct cell){ .type = CELL_INT, .number = n };
}

void rows_add_blob(struct rows *rows, const void *p, size_t n)
{
	char *copy = arena_alloc(&rows->impl->arena, n + 1);

	if (n)
		memcpy(copy, p, n);
	*add_cell(rows) =
		(struct cell){ .type = CELL_BYTES, .bytes = { copy, n } };
}

void rows_add_text(struct rows *rows, const char *text, size_t n)
{
	rows_add_blob(rows, text, n);
}

void rows_end_row(struct rows *rows)
{
	rows->n++;
}

/* ---- reading -------------------------------------------------------------- */

static struct cell *cell_at(const struct rows *rows, size_t i, const char *name)
{
	struct rows_impl *impl = rows->impl;

	for (unsigned c = 0; impl && i < rows->n && c < impl->columns; c++)
		if (strcmp(impl->names[c], name) == 0)
			return &impl->cells[i * impl->columns + c];
	log_error("a result of the database has no such value, ending",
		  LOG_STR("column", name), LOG_INT("row", (long long)i),
		  LOG_INT("rows", (long long)rows->n));
	abort();
}

const char *row_text(const struct rows *rows, size_t i, const char *name)
{
	const struct cell *cell = cell_at(rows, i, name);

	if (cell->type == CELL_INT)
		return arena_printf(&rows->impl->arena, "%" PRId64,
				    cell->number);
	return cell->bytes.p;
}

int64_t row_int(const struct rows *rows, size_t i, const char *name)
{
	const struct cell *cell = cell_at(rows, i, name);
	long long n = 0;

	if (cell->type == CELL_INT)
		return cell->number;
	if (cell->type == CELL_BYTES)
		text_to_int(cell->bytes.p, INT64_MIN, INT64_MAX, &n);
	return n;
}

struct slice row_blob(const struct rows *rows, size_t i, const char *name)
{
	return cell_at(rows, i, name)->bytes;
}

bool row_is_null(const struct rows *rows, size_t i, const char *name)
{
	return cell_at(rows, i, name)->type == CELL_NULL;
}

void rows_done(struct rows *rows)
{
	struct rows_impl *impl = rows->impl;

	if (impl) {
		arena_wipe(&impl->arena);
		mem_free(impl->cells);
		mem_free(impl);
	}
	*rows = (struct rows){ 0 };
}
