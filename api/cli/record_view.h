/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record for people: a line for each field, its value beside it; what is
 * nested keeps its shape, what has lines keeps its lines.
 */
#ifndef SKYCLUST_CLI_RECORD_VIEW_H
#define SKYCLUST_CLI_RECORD_VIEW_H

#include "cli/columns.h"

/* Append @record (an object) with fields @c; @terminal: columns there are for
 * tables within, 0: any. */
void record_view(const struct columns *c, const json_t *record, size_t terminal,
		 struct buf *out);

/* Append one value alone, made harmless, as lines of text with their ends. */
void record_view_value(const json_t *value, const struct cat_field *f,
		       size_t terminal, struct buf *out);

#endif
