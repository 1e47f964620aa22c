/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a store: its URL, and the schema's versions.
 */
#include "unit.h"

#include "store/backend.h"
#include "store/migrate.h"
#include "store_run.h"

static int64_t versions(void)
{
	return store_number("SELECT count(*) AS n FROM schema_versions");
}

static void migrated_once(void)
{
	int64_t n = (int64_t)store_migrations_count;

	assert_true(n > 0);
	assert_int_equal(versions(), n);
	store_exec("UPDATE revision SET n = 7");
	store_end();
	store_begin();
	assert_int_equal(versions(), n);
	assert_int_equal(store_number("SELECT max(version) AS n"
				      " FROM schema_versions"),
			 n);
	assert_int_equal(store_number("SELECT n FROM revision"), 7);
}

STORE_DEFINE(migrated_once)

static void open_fails(const char *url, enum err_code code, const char *words)
{
	struct store_options options = { .url = url,
					 .pool = 2,
					 .timeout_ms = STORE_TEST_TIMEOUT_MS };

	memset(&store_err, 0, sizeof(store_err));
	assert_null(store_open(&options, &store_err));
	assert_int_equal(store_err.code, code);
	if (!strstr(store_err.message, words))
		fail_msg("\"%s\" lacks \"%s\"", store_err.message, words);
}

/* A program never writes to a schema that it does not know. */
static void newer_is_refused(void)
{
	char newest[32];

	store_exec("INSERT INTO schema_versions (version, applied_at)"
		   " VALUES (9917, 0)");
	store_end();
	snprintf(newest, sizeof(newest), "knows %zu", store_migrations_count);
	open_fails(store_url, ERR_INVALID, "9917");
	open_fails(store_url, ERR_INVALID, newest);
	assert_null(store_open(&(struct store_options){ .url = store_url,
							.pool = 2,
							.timeout_ms = 1000 },
			       NULL));
}

STORE_DEFINE(newer_is_refused)

/* What was half done is done again: a step is a transaction. */
static void step_that_fails_leaves_nothing(void)
{
	store_exec("DELETE FROM schema_versions");
	store_exec("DROP TABLE audit_checkpoints");
	store_end();
	/* Version 1 makes tables that are there already. */
	open_fails(store_url, ERR_INVALID, "the schema");
	open_fails(store_url, ERR_INVALID, "the schema");
}

STORE_DEFINE(step_that_fails_leaves_nothing)

/* Several hosts that start at once on an empty database. */
#define HOSTS 4

static struct store *hosts[HOSTS];

static void open_host(void *index)
{
	struct error err;

	hosts[(size_t)index] = store_open(
		&(struct store_options){ .url = store_url,
					 .pool = 2,
					 .timeout_ms = STORE_TEST_TIMEOUT_MS },
		&err);
	if (!hosts[(size_t)index])
		fail_msg("%s", err.message);
}

static void started_at_once(void)
{
	store_in_fibers(HOSTS, open_host);
	for (size_t i = 0; i < HOSTS; i++) {
		store = hosts[i];
		assert_int_equal(versions(), store_migrations_count);
		store_end();
	}
}

static void test_started_at_once(void **state UNUSED)
{
	host_run(started_at_once);
}

static const struct store_engine *engine;

/* Another host does each step a moment before us. */
static WAITS bool second_script(void *state, const char *sql, struct error *err)
{
	if (!engine->script(state, sql, err))
		fail_msg("%s", err->message);
	return engine->script(state, sql, err);
}

/* A step that is in conflict with what is there, whoever does it. */
static WAITS bool script_in_conflict(void *state, const char *sql,
				     struct error *err)
{
	return strstr(sql, "INSERT") ? fail(err, ERR_CONFLICT, "again")
				     : engine->script(state, sql, err);
}

static bool migrate_with(WAITS bool (*script)(void *, const char *,
					      struct error *))
{
	struct store_options options = { .url = store_url,
					 .pool = 2,
					 .timeout_ms = STORE_TEST_TIMEOUT_MS };
	struct store_engine slow;
	struct store s = { .engine = &slow };
	bool ok;

	engine = store_postgres_url() ? &store_postgres : &store_sqlite;
	slow = *engine;
	slow.script = script;
	s.state = engine->open(&options, &store_err);
	assert_non_null(s.state);
	cond_init(&s.quiet);
	ok = store_migrate(&s, &store_err);
	engine->close(s.state);
	return ok;
}

static void another_was_faster(void)
{
	assert_false(migrate_with(script_in_conflict));
	assert_int_equal(store_err.code, ERR_CONFLICT);
	assert_true(migrate_with(second_script));
	store_begin();
	assert_int_equal(versions(), store_migrations_count);
	store_end();
}

static void test_another_was_faster(void **state UNUSED)
{
	host_run(another_was_faster);
}

static void wrong_urls(void)
{
	static const char *const urls[] = { "",
					    "sqlite",
					    "sqlite:",
					    "sqlite::memory:",
					    "oracle://host/db",
					    ":",
					    "SQLITE:x" };

	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		open_fails(urls[i], ERR_INVALID, "store.url");
	/* A password may be in it. */
	assert_null(strstr(store_err.message, "SQLITE"));
}

static void test_wrong_urls(void **state UNUSED)
{
	host_run(wrong_urls);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(migrated_once)
		STORE_ROW(newer_is_refused)
		STORE_ROW(step_that_fails_leaves_nothing)
		STORE_ROW(started_at_once)
		STORE_ROW(another_was_faster)
		STORE_ROW(wrong_urls)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
