/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The store: one database behind one interface, SQLite (embedded, the default)
 * or PostgreSQL.  The SQL text is the same for both: parameters are $1, $2 …,
 * each used once or more; types are TEXT, BIGINT and BLOB; RETURNING and
 * ON CONFLICT are there, what only one engine has is not used.
 *
 * A transaction is a list of statements.  tx_put() only adds to the list; the
 * first tx_query(), or tx_commit(), sends it.  A transaction that never asks
 * is one message to the engine, and many of them share one sync of the disk:
 *
 *	struct tx *tx = tx_begin(store, workspace);
 *
 *	tx_put(tx, "UPDATE workspaces SET name = $1, version = version + 1"
 *	           " WHERE id = $2 AND version = $3", P_TEXT(name), P_TEXT(id),
 *	       P_INT(version));
 *	tx_must(tx, ERR_PRECONDITION_FAILED, "%s was changed meanwhile", id);
 *	audit_put(tx, …);
 *	return tx_commit(tx, err);
 *
 * Every wait ends: with the result, or with ERR_STORE_UNAVAILABLE (retryable)
 * within store.timeout.  After a commit that ended so the transaction may have
 * been committed or not: err->effect is EFFECT_UNKNOWN; else EFFECT_NONE.  A
 * cancel of the fiber does not end a wait here: what was begun comes to a known
 * end, then the fiber's next wait says that it is cancelled.
 *
 * A transaction that asks holds what it touched (SQLite: the one writer) from
 * its first tx_query() on.  It must end within store.timeout of that, else it
 * is rolled back.  What it read, others may change meanwhile (PostgreSQL, READ
 * COMMITTED): rely on a WHERE of the statement that writes, with tx_must(), on
 * a unique key, or on a row that all who compete update first.
 */
#ifndef SKYCLUST_HOST_STORE_STORE_H
#define SKYCLUST_HOST_STORE_STORE_H

#include "base/buf.h"
#include "base/error.h"

struct store;
struct tx;

struct store_options {
	const char *url;	/* "sqlite:PATH" or "postgresql://…" (libpq's
				 * connection URI) */
	unsigned pool;		/* PostgreSQL: connections */
	int64_t timeout_ms;	/* most for one statement or commit */
	bool alone;		/* PostgreSQL: no other host may use it now, else
				 * ERR_CONFLICT; meanwhile none can begin to */
};

/*
 * Open @options->url and bring its schema up to date, under a lock.  New, or
 * NULL with ERR_INVALID (the URL, or a schema newer than this program) or
 * ERR_STORE_UNAVAILABLE.
 */
WAITS struct store *store_open(const struct store_options *options,
			       struct error *err);
/* Ends when all transactions have. */
WAITS void store_close(struct store *s);

/* False from when the database itself failed until it could be written again;
 * it tries that by itself.  Reads may work meanwhile. */
bool store_is_up(const struct store *s);
const char *store_engine(const struct store *s); /* "SQLite 3.40.1" */

/* ---- parameters ----------------------------------------------------------- */

struct store_param {
	enum { PARAM_END, PARAM_NULL, PARAM_TEXT, PARAM_INT, PARAM_BLOB } type;
	const char *text;
	int64_t number;
	struct slice blob;
};

/* A NULL text, and a slice with NULL bytes, is SQL's NULL. */
#define P_TEXT(t) ((struct store_param){ .type = PARAM_TEXT, .text = (t) })
#define P_INT(n) ((struct store_param){ .type = PARAM_INT, .number = (n) })
#define P_BLOB(s) ((struct store_param){ .type = PARAM_BLOB, .blob = (s) })
#define P_NULL ((struct store_param){ .type = PARAM_NULL })
#define STORE_PARAMS(...) \
	((const struct store_param[]){ __VA_ARGS__ __VA_OPT__(, ) \
				       { PARAM_END } })

/* ---- results -------------------------------------------------------------- */

/* Rows as they came, all of them; to be freed by rows_done(). */
struct rows {
	size_t n;
	struct rows_impl *impl;
};

/* The value in row @i, column @name (as the statement spells it).  A column
 * that is not there ends the process: statements are ours.  A value of another
 * type is converted, as the database may hold anything: a number to its text,
 * what is no number to 0. */
const char *row_text(const struct rows *rows, size_t i,
		     const char *name); /* NULL for NULL; borrowed */
int64_t row_int(const struct rows *rows, size_t i,
		const char *name); /* 0 for NULL */
struct slice row_blob(const struct rows *rows, size_t i, const char *name);
bool row_is_null(const struct rows *rows, size_t i, const char *name);
void rows_done(struct rows *rows); /* wipes */

/* ---- transactions ---------------------------------------------------------- */

/*
 * Begin; never waits, never fails.  @workspace (copied) is the only one whose
 * rows can be seen and changed: on PostgreSQL row-level security says so again.
 * NULL: all of them, for what the installation does itself.  Every transaction
 * is ended by tx_commit() or tx_abort(), in the fiber that began it.
 */
struct tx *tx_begin(struct store *s, const char *workspace);

/* Add a statement; @sql and the parameters are copied. */
#define tx_put(tx, sql, ...) \
	tx_put_params(tx, sql, STORE_PARAMS(__VA_ARGS__))
void tx_put_params(struct tx *tx, const char *sql,
		   const struct store_param *params);

/* The statement put last must change, or return, at least one row; else the
 * transaction is rolled back and its next wait fails with this. */
void tx_must(struct tx *tx, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* The same, when it did change or return one. */
void tx_must_not(struct tx *tx, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Send what was put, then @sql, and wait for its rows.  False: the transaction
 * is rolled back, its commit fails with the same error.  A unique or foreign
 * key that is violated is ERR_CONFLICT. */
#define tx_query(tx, sql, rows, err, ...) \
	tx_query_params(tx, sql, rows, err, STORE_PARAMS(__VA_ARGS__))
WAITS bool tx_query_params(struct tx *tx, const char *sql, struct rows *rows,
			   struct error *err, const struct store_param *params);

/* All of it is on the disk when this returns true.  Frees @tx either way. */
WAITS bool tx_commit(struct tx *tx, struct error *err);
void tx_abort(struct tx *tx); /* frees; NULL does nothing */

/* One statement that only reads, outside of any transaction of ours: it sees
 * what was committed, and never waits for a writer. */
#define store_read(s, workspace, sql, rows, err, ...) \
	store_read_params(s, workspace, sql, rows, err, \
			  STORE_PARAMS(__VA_ARGS__))
WAITS bool store_read_params(struct store *s, const char *workspace,
			     const char *sql, struct rows *rows,
			     struct error *err,
			     const struct store_param *params);

/* ---- lanes ------------------------------------------------------------------ */

/*~
 * A log in which each record holds the digest of the one before needs an order.
 * To let transactions run side by side there are several such chains: each
 * connection that writes holds one, its lane, alone.  SQLite has lane 0 only.
 * The head of a lane is a row of audit_heads, written in the same transaction;
 * when that is rolled back, the lane is where it was.
 */
#define STORE_HASH 32
struct store_lane {
	int64_t number;
	int64_t seq;			/* of the last record; 0: none yet */
	unsigned char hash[STORE_HASH]; /* of the last record; zeros: none */
};

/*
 * Add a record to the lane: @fill gets the lane as it is when the statement's
 * turn has come, advances it, and writes into the first three parameters of
 * @sql: lane number, seq, and hash before; and the fourth: the hash.  It runs on
 * the engine's thread and must only compute; @text (copied) is what it computes
 * over, @sql's fifth parameter.  @params follow from the sixth on.
 */
typedef void (*store_fill)(struct store_lane *lane, struct slice text,
			   unsigned char hash[STORE_HASH]);
void tx_append(struct tx *tx, const char *sql, store_fill fill,
	       struct slice text, const struct store_param *params);

#endif
