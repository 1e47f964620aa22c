/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists as tables: a heading, a line for each item, columns two blanks apart.
 */
#ifndef SKYCLUST_CLI_TABLE_H
#define SKYCLUST_CLI_TABLE_H

#include "cli/columns.h"

/*
 * Append @items (an array) as a table with columns @c.  @terminal: columns to
 * fit in, 0: any.  @keep: all of @c are wanted; else the last ones are dropped
 * before anything is cut (with "…").
 */
void table_write(const struct columns *c, const json_t *items, size_t terminal,
		 bool keep, bool header, struct buf *out);

/*
 * Widths for @n columns that would like to be @natural wide, two blanks
 * between them, within @terminal: how many of them are shown.
 */
size_t table_fit(const size_t *natural, size_t n, size_t terminal, bool keep,
		 size_t *width);

#endif
