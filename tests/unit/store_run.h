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
 * a PostgreSQL whose user may create databases, it is a new database there.
 */
#ifndef SKYCLUST_TESTS_UNIT_STORE_RUN_H
#define SKYCLUST_TESTS_UNIT_STORE_RUN_H

#include "base/offload.h"
#include "host.h"
#include "store/store.h"

#define STORE_TEST_TIMEOUT_MS 10000

static struct store *store;
static struct error store_err;

/* The URL of this test's database; "sqlite:DIR/store.db". */
static inline const char *store_test_url(void)
{
	static char url[128];

	snprintf(url, sizeof(url), "sqlite:%s/store.db", host_dir);
	return url;
}

/* Open it (again); `store`. */
static inline void store_begin_ms(int64_t timeout_ms)
{
	store = store_open(&(struct store_options){ .url = store_test_url(),
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

static inline int store_teardown(void **state)
{
	offload_done();
	return host_teardown(state);
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

#define STORE_DEFINE(name)                           \
	static void test_##name(void **state UNUSED) \
	{                                            \
		store_run(name);                     \
	}
#define STORE_ROW(name)                                        \
	cmocka_unit_test_setup_teardown(test_##name, host_setup, \
					store_teardown),

#endif
