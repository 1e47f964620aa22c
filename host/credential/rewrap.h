/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every column of the database that holds sealed text (keys/seal.h), and how
 * the place that a text is bound to is told from its row.  A column that is
 * missing here would keep its old wrap key for ever.
 */
#ifndef SKYCLUST_HOST_CREDENTIAL_REWRAP_H
#define SKYCLUST_HOST_CREDENTIAL_REWRAP_H

#include "store/store.h"

struct rewrap_column {
	const char *name; /* "operations.args" */
	/* Rows after id $1 in order, at most $3 of them, whose text does not
	 * begin with $2: id, text, and what place() reads. */
	const char *select;
	/* $1, the new text, instead of $3, the old one, in row $2; of wrap key
	 * $4, where that has a column of its own. */
	const char *update;
	bool has_version;
	/* How many (n) begin with $1. */
	const char *count;
	char *(*place)(const struct rows *rows, size_t i); /* new */
};

extern const struct rewrap_column rewrap_columns[]; /* ends with a NULL name */

#endif
