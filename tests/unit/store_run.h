/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store for unit tests: each test runs in a fiber, with a fresh database that
 * is removed afterwards:
 *
 *	static void name_is_unique(void)
 *	{
 *		struct tx *tx = tx_begin(store, NULL);
 *		…
 *	}
 *	STORE_DEFINE(name_is_unique)
 *
 *	int main(void)
 *	{
 *		const struct CMUnitTest tests[] = {
 *			STORE_ROW(name_is_unique)
 *		};
 *
 * It is SQLite in the folder `host_dir`.  When SKYCLUST_TEST_STORE is the URL of
 * an empty PostgreSQL database that its user owns, it is that one, which each
 * test leaves empty: to make one for each would take longer than the test.
 */
#ifndef SKYCLUST_TESTS_UNIT_STORE_RUN_H
#define SKYCLUST_TESTS_UNIT_STORE_RUN_H

#include <libpq-fe.h>

#include "base/offload.h"
#include "host.h"
#include "store/store.h"

#define STORE_TEST_TIMEOUT_MS 10000

static struct store *store;
static struct error store_err;
static char store_url[512]; /* of this test's database */

/* ---- databases ------------------------------------------------------------ */

static inline const char *store_postgres_url(void)
{
	const char *url = getenv("SKYCLUST_TEST_STORE");

	return url && strncmp(url, "postgresql:", 11) == 0 ? url : NULL;
}

/* Remove all that is in the database, and whoever still uses it. */
static inline void store_empty_postgres(void)
{
	static const char sql[] =
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
		" WHERE datname = current_database() AND usename = current_user"
		" AND pid <> pg_backend_pid();"
		"DROP SCHEMA public CASCADE; CREATE SCHEMA public";
	PGconn *pg = PQconnectdb(store_postgres_url());
	PGresult *result = PQexec(pg, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
}

static inline int store_setup(void **state)
{
	const char *postgres = store_postgres_url();

	host_setup(state);
	if (postgres)
		snprintf(store_url, sizeof(store_url), "%s", postgres);
	else
		snprintf(store_url, sizeof(store_url), "sqlite:%s/store.db",
			 host_dir);
	return 0;
}

static inline int store_teardown(void **state)
{
	offload_done();
	if (store_postgres_url())
		store_empty_postgres();
	return host_teardown(state);
}

/* ---- the store ------------------------------------------------------------ */

/* Open it (again); `store`. */
static inline void store_begin_ms(int64_t timeout_ms)
{
	store = store_open(&(struct store_options){ .url = store_url,
						    .pool = 4,
						    .timeout_ms = timeout_ms },
			   &store_err);
	if (!store)
		fail_msg("%s", store_err.message);
}

static inline void store_begin(void)
{
	store_begin_ms(STORE_TEST_TIMEOUT_MS);
}

static inline void store_end(void)
{
	store_close(store);
	store = NULL;
}

/* The body of the test that is under way; a failed assertion leaves the fiber
 * by longjmp, and with it the store open. */
static void (*store_test_body)(void);

static inline void store_test_main(void)
{
	store_begin();
	store_test_body();
	store_end();
}

static inline void store_run(void (*body)(void))
{
	store_test_body = body;
	host_run(store_test_main);
}

static inline bool store_is_alone(void *arg UNUSED)
{
	return fiber_count() == 1;
}

/* Run @fn(0) to @fn(n - 1), each in a fiber, until all have ended. */
static inline void store_in_fibers(size_t n, void (*fn)(void *index))
{
	for (size_t i = 0; i < n; i++)
		assert_non_null(fiber_spawn("one of many", fn, (void *)i));
	host_await(store_is_alone, NULL);
}

/* The one number that @sql gives. */
static inline int64_t store_number(const char *sql)
{
	struct rows rows;
	int64_t n;

	if (!store_read(store, NULL, sql, &rows, &store_err))
		fail_msg("%s: %s", sql, store_err.message);
	assert_int_equal(rows.n, 1);
	n = row_int(&rows, 0, "n");
	rows_done(&rows);
	return n;
}

/* One statement, committed. */
static inline void store_exec(const char *sql)
{
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx, sql);
	if (!tx_commit(tx, &store_err))
		fail_msg("%s: %s", sql, store_err.message);
}

#define STORE_DEFINE(name) \
	static void test_##name(void **state UNUSED) \
	{ \
		store_run(name); \
	}
#define STORE_ROW(name) \
	cmocka_unit_test_setup_teardown(test_##name, store_setup, \
					store_teardown),

#endif
