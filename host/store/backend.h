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
	store_fill fill; /* store_fill_params() before it runs; or NULL */
	enum store_demand demand;
	enum err_code code; /* when the demand is not met, with ... */
	const char *message;
	struct rows *rows; /* to be filled in, or NULL */
};

struct tx {
	struct store *store;
	struct arena arena;    /* an engine may take it, leaving an empty one;
				* then it sets workspace to NULL */
	const char *workspace; /* of the arena, or NULL */
	struct list pending;   /* struct statement, not sent yet */
	bool begun;	       /* the engine holds a transaction for it;
				* set by store.c after run() */
	bool failed;
	struct error err; /* why */
	union {
		void *engine; /* the engine's own; starts as NULL */
		uint64_t number;
	};
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
	 * Empties the list.  False: rolled back, nothing of it is held; with
	 * ERR_STORE_UNAVAILABLE of a commit err->effect says EFFECT_UNKNOWN or
	 * EFFECT_NONE, all else is store.c's to say.  A prepared statement is
	 * known by its text, not by its address.
	 */
	WAITS bool (*run)(void *state, struct tx *tx, bool commit,
			  struct error *err);
	void (*abort)(void *state, struct tx *tx); /* tx->begun */
	/* The one statement of tx->pending, outside of transactions.  Empties
	 * the list. */
	WAITS bool (*read)(void *state, struct tx *tx, struct error *err);
	/* A script of several statements, in one transaction; for migrations.
	 * One at a time in the whole installation (SQLite: BEGIN IMMEDIATE;
	 * PostgreSQL: an advisory lock of the transaction).  A unique key that
	 * is violated is ERR_CONFLICT here, too. */
	WAITS bool (*script)(void *state, const char *sql, struct error *err);
	bool (*is_up)(const void *state);
	const char *(*version)(const void *state);
};

extern const struct store_engine store_sqlite, store_postgres;

struct store {
	const struct store_engine *engine;
	void *state;
	size_t open; /* transactions */
	bool idle;   /* there are none */
	struct cond quiet;
};

/* ERR_STORE_UNAVAILABLE, and it is sure that nothing was done. */
bool store_unavailable(struct error *err, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* cond_wait() until @done, which is set before the signal; false: not until
 * @deadline (0: none).  A cancel does not end it, but is remembered. */
WAITS bool store_wait(struct cond *c, const bool *done, int64_t deadline);

/* Of a statement with `fill`: compute the record, advance @lane, and set the
 * first four parameters.  Allocates nothing.  Whoever rolls back puts his lane
 * back. */
void store_fill_params(const struct statement *st, struct store_lane *lane);

/* Whether @st's demand is met by the number of rows it changed or returned;
 * false with its error. */
bool store_demand_met(const struct statement *st, int64_t rows,
		      struct error *err);

/* What audit_heads is told of a lane: number, seq, hash. */
extern const char store_put_head[];

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
