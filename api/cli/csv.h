/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists as comma-separated values (RFC 4180), exactly as they came: text in
 * quotes where it must be, lists and objects as compact JSON, null as nothing.
 */
#ifndef SKYCLUST_CLI_CSV_H
#define SKYCLUST_CLI_CSV_H

#include "cli/columns.h"

/* Append @items (an array) with columns @c; lines end with CR and LF. */
void csv_write(const struct columns *c, const json_t *items, bool header,
	       struct buf *out);

#endif
