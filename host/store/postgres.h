/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the PostgreSQL engine share.
 *
 *	postgres.c		the engine: transactions over batches
 *	postgres_pool.c		who gets which connection, outages
 *	postgres_connect.c	one connection: URL, names, session
 *	postgres_run.c		one batch: statements out, results back
 *	postgres_error.c	SQLSTATE to our errors
 */
#ifndef SKYCLUST_HOST_STORE_POSTGRES_H
#define SKYCLUST_HOST_STORE_POSTGRES_H

#include <libpq-fe.h>

#include "base/loop.h"
#include "base/secret.h"
#include "store/backend.h"
#include "supervise/backoff.h"

/* The first number of our advisory locks; the second is a lane's, or one of
 * these: the schema is made; it is in use (shared), or one has it alone. */
#define PG_LOCKS "1397442382" /* "SKYN" */
#define PG_LOCK_SCHEMA "-1"
#define PG_LOCK_USE "-2"

/* Statements that a connection keeps prepared; the one that was not used for
 * longest goes. */
#define PG_PREPARED 256

struct pg_prepared {
	uint64_t hash; /* of both texts */
	char *sql, *types;
	uint64_t number; /* its name is "s" and this */
	uint64_t used;	 /* when, by the connection's count of statements */
	bool ready;	 /* the server has it, or will when the batch is run */
};

/* One answer that is awaited. */
struct pg_item {
	enum { PG_PREPARE, PG_RUN, PG_COMMIT, PG_SYNC } what;
	const struct statement *st; /* that it is for, or NULL */
	struct pg_prepared *prepared;
};

struct pg_conn {
	struct list link; /* among the idle ones */
	PGconn *pq;
	ev_io io;
	struct cond event;
	bool ready;	/* the event has happened */
	bool broken;	/* its answers are no longer those to our questions */
	bool writes;	/* whoever has it is counted as a writer */
	bool owes;	/* a ROLLBACK went out, its answers are still to come */
	uint64_t count; /* of statements sent */
	struct pg_prepared prepared[PG_PREPARED];
	struct pg_item *items; /* of the batch */
	size_t n, room;
	/* The lane as far as the transaction has come, and as it is on the
	 * disk; number -1: it has none. */
	struct store_lane lane, committed;
};

/* Why a batch did not go through. */
struct pg_refusal {
	char state[6];		    /* SQLSTATE, or "" */
	const struct statement *st; /* at which statement, or NULL */
	bool commit;		    /* it was the commit */
	bool committed;		    /* it came after the commit was confirmed */
	bool fatal;		    /* the server ended the session */
	char where[128];	    /* the constraint, or the table, or "" */
	char text[256];		    /* primary message */
};

struct pg {
	struct secret *url;
	unsigned max; /* connections */
	bool alone;   /* with one connection */
	int64_t timeout_ms;
	char version[64];
	/* Connections: idle ones, last used first; all that are there or being
	 * made; those that transactions have. */
	struct list idle, waiters;
	unsigned live, writing;
	bool up;
	int64_t down_at; /* clock_ms */
	char reason[256];
	struct backoff backoff;
	bool closing, at_rest;	   /* no fiber heals */
	struct cond stop, stopped; /* of the fiber that heals */
};

/* ---- postgres_pool.c ------------------------------------------------------ */

void pg_pool_init(struct pg *pg);
WAITS void pg_pool_close(struct pg *pg);

/* A connection that is ready for a batch, in turn; NULL with
 * ERR_STORE_UNAVAILABLE.  One less than all can have @writes: while every
 * transaction waits for a read of its own there is one left to read. */
WAITS struct pg_conn *pg_get(struct pg *pg, bool writes, int64_t deadline,
			     struct error *err);
/* The database has answered: an outage is over. */
void pg_answered(struct pg *pg);
/* Give it back: it is in no transaction. */
void pg_put(struct pg *pg, struct pg_conn *c);
/* Close it.  When it tells of an outage, @err (or NULL) says which. */
void pg_drop(struct pg *pg, struct pg_conn *c, const struct error *err);

/* ---- postgres_connect.c --------------------------------------------------- */

/* Is it a connection URI that we can use?  ERR_INVALID does not quote it. */
bool pg_check_url(const char *url, struct error *err);
/* New, with its session set up; or NULL with ERR_STORE_UNAVAILABLE. */
WAITS struct pg_conn *pg_connect(struct pg *pg, int64_t deadline,
				 struct error *err);
void pg_conn_free(struct pg_conn *c);

/* ---- postgres_run.c ------------------------------------------------------- */

enum pg_end {
	PG_DONE,    /* all of it */
	PG_REFUSED, /* the server said no; what follows it was not run */
	PG_LOST,    /* no answer: the connection cannot be used any more */
};

/* Wait for the socket: EV_READ, EV_WRITE.  False: not until @deadline. */
WAITS bool pg_wait_socket(struct pg_conn *c, int events, int64_t deadline);

/* Add a statement to the batch; what it needs is of @arena until it has run.
 * What goes wrong is seen by pg_run(). */
void pg_add(struct pg_conn *c, struct arena *arena, const struct statement *st);
void pg_add_sql(struct pg_conn *c, struct arena *arena, const char *sql,
		struct rows *rows, const struct store_param *params);
void pg_add_commit(struct pg_conn *c, struct arena *arena);

/* Send the batch, wait for its results, and hand out the rows. */
WAITS enum pg_end pg_run(struct pg_conn *c, int64_t deadline,
			 struct pg_refusal *why);
/* Have the transaction rolled back, without waiting: pg_get() does. */
void pg_rollback(struct pg_conn *c);
/* Read what a connection still owes. */
WAITS bool pg_settle(struct pg_conn *c, int64_t deadline);
/* Several statements by the simple protocol. */
WAITS enum pg_end pg_run_script(struct pg_conn *c, const char *sql,
				int64_t deadline, struct pg_refusal *why);
void pg_run_done(struct pg_conn *c); /* frees what the connection keeps */

/* ---- postgres_error.c ----------------------------------------------------- */

/* SQLSTATEs: a unique key is violated; a lock was not to be had in time. */
#define PG_UNIQUE "23505"
#define PG_LOCKED "55P03"

/* Fill in @why from a result that is an error. */
void pg_read_refusal(const PGresult *r, struct pg_refusal *why);
/* A transaction that may go through when it is run again. */
bool pg_is_transient(const struct pg_refusal *why);
/* What is of use after it. */
enum pg_left { PG_SESSION, PG_NO_SESSION, PG_NO_DATABASE };
enum pg_left pg_what_is_left(const struct pg_refusal *why);
/* As fail(), from @why; always false. */
bool pg_refuse(const struct pg *pg, const struct pg_refusal *why,
	       struct error *err);
/* As fail(): nothing came back.  With EFFECT_UNKNOWN when @committing. */
bool pg_lose(const struct pg *pg, const struct pg_conn *c, bool committing,
	     struct error *err);

#endif
