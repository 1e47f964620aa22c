/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the PostgreSQL engine share, over store_run.h: rows to
 * count, and another client of the same database.
 */
#ifndef SKYCLUST_TESTS_UNIT_POSTGRES_RUN_H
#define SKYCLUST_TESTS_UNIT_POSTGRES_RUN_H

#include "store_run.h"

static inline void put(struct tx *tx, const char *account, int64_t n)
{
	tx_put(tx,
	       "INSERT INTO login_failures (account, source, failures,"
	       " last_at, locked_until) VALUES ($1, 'here', $2, 0, 0)"
	       " ON CONFLICT (account, source) DO UPDATE"
	       " SET failures = login_failures.failures + excluded.failures",
	       P_TEXT(account), P_INT(n));
}

static inline void commit(struct tx *tx)
{
	if (!tx_commit(tx, &store_err))
		fail_msg("%s", store_err.message);
}

static inline void put_one(const char *account, int64_t n)
{
	struct tx *tx = tx_begin(store, NULL);

	put(tx, account, n);
	commit(tx);
}

static inline int64_t failures_of(const char *account)
{
	struct rows rows;
	int64_t n;

	if (!store_read(store, NULL,
			"SELECT failures FROM login_failures"
			" WHERE account = $1",
			&rows, &store_err, P_TEXT(account)))
		fail_msg("%s", store_err.message);
	n = rows.n ? row_int(&rows, 0, "failures") : -1;
	rows_done(&rows);
	return n;
}

/* The session that @tx has. */
static inline int64_t session_of(struct tx *tx)
{
	struct rows rows;
	int64_t pid;

	if (!tx_query(tx, "SELECT pg_backend_pid() AS pid", &rows, &store_err))
		fail_msg("%s", store_err.message);
	pid = row_int(&rows, 0, "pid");
	rows_done(&rows);
	return pid;
}

/* As another client of the database would, beside the store. */
static inline void meanwhile(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline void meanwhile(const char *fmt, ...)
{
	va_list ap;
	char *sql;
	PGconn *pq = PQconnectdb(store_url);
	PGresult *r;

	va_start(ap, fmt);
	sql = mem_vprintf(fmt, ap);
	va_end(ap);
	r = PQexec(pq, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK &&
	    PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(pq));
	mem_free(sql);
	PQclear(r);
	PQfinish(pq);
}

/* Ends when the session is gone, not only told to go. */
static inline void break_session(int64_t pid)
{
	meanwhile("SELECT pg_terminate_backend(%lld, 10000)", (long long)pid);
}

static inline void break_idle_sessions(void)
{
	meanwhile("SELECT pg_terminate_backend(pid, 10000)"
		  " FROM pg_stat_activity WHERE datname = current_database()"
		  " AND pid <> pg_backend_pid()");
}

#endif
