/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving an installation to another database: all rows of all tables, in one
 * transaction.  Both must be at rest: no host may use either.
 */
#ifndef SKYCLUST_HOST_STORE_COPY_H
#define SKYCLUST_HOST_STORE_COPY_H

#include "store/store.h"

/* A table, in an order in which each comes after those it refers to. */
struct copy_table {
	const char *name;
	unsigned keys;	     /* so many columns are the primary key */
	const char *columns; /* "id:t n:i mac:b": t text, i bigint, b blob */
	bool filled;	     /* the schema itself puts rows there */
};

extern const struct copy_table copy_tables[]; /* ends with a NULL name */

/*
 * Copy everything from the database @from to @to (URLs as store_options has
 * them), which gets the schema and must be empty.  @told (or NULL) hears of
 * each table that is done.  False, and nothing is copied: ERR_NOT_FOUND (no
 * database at @from), ERR_CONFLICT (in use, or @to is not empty), or what the
 * databases say.
 */
WAITS bool store_copy(const char *from, const char *to,
		      void (*told)(const char *table, int64_t rows),
		      struct error *err);

#endif
