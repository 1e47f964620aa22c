/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine of the store is: sqlite.c and postgres.c each end with one of
 * these.  store.c keeps transactions as lists of statements, an engine runs
 * them.
 */
#ifndef SKYCLUST_HOST_STORE_BACKEND_H
#define SKYCLUST_HOST_STORE_BACKEND_H

#include "base/arena.h"
#include "base/fiber.h"
#include "base/list.h"
#include "store/store.h"

/* What must be true of the number of rows of a statement. */
enum store_demand { DEMAND_NONE, DEMAND_SOME, DEMAND_NOTHING };

struct statement {
	struct list link;
	const char *sql;
	struct store_param *params; /* of the transaction's arena */
	unsigned n;
	store_fill fill; /* params 0…3 are the lane's, 4 the text; or NULL */
	enum store_demand demand;
	enum err_code code; /* when the demand is not met, with ... */
	const char *message;
	struct rows *rows; /* to be filled in, or NULL */
};

struct tx {
	struct store *store;
	struct arena arena;
	const char *workspace; /* or NULL */
	struct list pending;   /* struct statement, not sent yet */
	bool begun;	       /* the engine holds a transaction for it */
	bool failed;
	struct error err; /* why */
	void *engine;	  /* the engine's own */
};

struct store_engine {
	const char *scheme; /* "sqlite" */
	/* New state of the engine, or NULL. */
	WAITS void *(*open)(const struct store_options *options,
			    struct error *err);
	WAITS void (*close)(void *state);
	/*
	 * Run tx->pending in order, inside the transaction of @tx, beginning it
	 * first when !tx->begun, and committing it at the end when @commit.
	 * Empties the list.  False: rolled back, nothing of it is held.
	 */
	WAITS bool (*run)(void *state, struct tx *tx, bool commit,
			  struct error *err);
	void (*abort)(void *state, struct tx *tx); /* tx->begun */
	/* One statement, outside of transactions. */
	WAITS bool (*read)(void *state, const char *workspace,
			   const struct statement *st, struct error *err);
	/* A script of several statements, in one transaction; for migrations. */
	WAITS bool (*script)(void *state, const char *sql, struct error *err);
	bool (*is_up)(const void *state);
	const char *(*version)(const void *state);
};

extern const struct store_engine store_sqlite, store_postgres;

struct store {
	const struct store_engine *engine;
	void *state;
	size_t open; /* transactions */
	struct cond quiet;
};

/* Rows being built: columns first, then values row by row. */
struct rows_impl;
void rows_begin(struct rows *rows, unsigned columns);
void rows_name(struct rows *rows, const char *name); /* copies */
void rows_add_text(struct rows *rows, const char *text, size_t n);
void rows_add_int(struct rows *rows, int64_t n);
void rows_add_blob(struct rows *rows, const void *p, size_t n);
void rows_add_null(struct rows *rows);
void rows_end_row(struct rows *rows);

#endif
