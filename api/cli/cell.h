/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value as text for people.  What a cloud sends must not reach a terminal
 * as it is: control characters and those that turn the direction of writing
 * are shown as escapes ("\x1b", "\u202e").  Widths are columns of a terminal
 * (Unicode UAX #11, as wcwidth(3) knows it).
 */
#ifndef SKYCLUST_CLI_CELL_H
#define SKYCLUST_CLI_CELL_H

#include <jansson.h>

#include "base/buf.h"
#include "catalog/catalog.h"

enum cell_style {
	CELL_SHORT, /* in a table: no unit that the heading says, short times */
	CELL_FULL,  /* alone: times to the second, always with its unit */
};

/* Append @text, well-formed UTF-8, made harmless; @lines keeps line ends. */
void cell_add_safe(struct buf *out, struct slice text, bool lines);

/* Columns that harmless text takes. */
size_t cell_width(struct slice text);
/* Bytes of the longest beginning of @text that fits in @columns. */
size_t cell_cut(struct slice text, size_t columns);

/* Append @value (NULL: none, "-") as harmless text of one line; @f tells its
 * type and unit, NULL: not in the catalogue. */
void cell_add(struct buf *out, const json_t *value, const struct cat_field *f,
	      enum cell_style style);

/* Anything but null, an empty text, list or object. */
bool cell_has_value(const json_t *value);

/* Neither a list nor an object. */
bool cell_is_scalar(const json_t *value);

#endif
