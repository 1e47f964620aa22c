/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only PostgreSQL does with transactions: sessions that break, time,
 * turns, statements.  test_store.c has what both engines do.
 */
#include "unit.h"

#include "postgres_run.h"

/* Let the others run until all of them wait for something. */
static void let_run(void)
{
	for (int i = 0; i < 10; i++)
		fiber_yield();
}

/* ---- sessions ------------------------------------------------------------- */

static void version_is_told(void)
{
	print_message("on %s\n", store_engine(store));
	assert_true(strncmp(store_engine(store), "PostgreSQL 1", 12) == 0);
	assert_true(store_is_up(store));
}

STORE_DEFINE(version_is_told)

/* A transaction whose session breaks has done nothing, and says so. */
static void session_breaks_in_transaction(void)
{
	struct tx *tx = tx_begin(store, NULL);

	put(tx, "a", 1);
	break_session(session_of(tx));
	put(tx, "a", 1);
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	assert_int_equal(failures_of("a"), -1);
	assert_true(store_is_up(store));
}

STORE_DEFINE(session_breaks_in_transaction)

static void session_breaks_before_query(void)
{
	struct tx *tx = tx_begin(store, NULL);
	struct rows rows;

	break_session(session_of(tx));
	assert_false(tx_query(tx, "SELECT 1 AS n", &rows, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.effect, EFFECT_NONE);
}

STORE_DEFINE(session_breaks_before_query)

/* Idle sessions that broke are found before they are used. */
static void idle_sessions_break(void)
{
	for (int i = 0; i < 4; i++) {
		put_one("a", 1);
		break_idle_sessions();
	}
	assert_int_equal(failures_of("a"), 4);
}

STORE_DEFINE(idle_sessions_break)

/* A session that ends while it commits: nobody knows. */
static void session_breaks_in_commit(void)
{
	struct tx *tx;

	meanwhile("CREATE FUNCTION go() RETURNS trigger LANGUAGE plpgsql AS"
		  " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid());"
		  " RETURN NULL; END';"
		  "CREATE CONSTRAINT TRIGGER go AFTER INSERT ON revision"
		  " DEFERRABLE INITIALLY DEFERRED"
		  " FOR EACH ROW EXECUTE FUNCTION go()");
	tx = tx_begin(store, NULL);
	tx_put(tx, "INSERT INTO revision (id, n) VALUES (2, 2)");
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_UNKNOWN);
	assert_int_equal(store_number("SELECT count(*) AS n FROM revision"), 1);
}

STORE_DEFINE(session_breaks_in_commit)

/* What a constraint refuses at the commit itself is refused, not unknown. */
static void commit_is_refused(void)
{
	struct tx *tx;

	meanwhile("ALTER TABLE revision ADD CONSTRAINT one UNIQUE (n)"
		  " DEFERRABLE INITIALLY DEFERRED");
	tx = tx_begin(store, NULL);
	tx_put(tx, "INSERT INTO revision (id, n) VALUES (2, 1)");
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.code, ERR_CONFLICT);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	assert_non_null(strstr(store_err.message, "one"));
	assert_int_equal(store_number("SELECT count(*) AS n FROM revision"), 1);
}

STORE_DEFINE(commit_is_refused)

/* ---- time ----------------------------------------------------------------- */

static void waiting_for_a_lock_ends(void)
{
	struct tx *first, *second;

	put_one("a", 1);
	store_end();
	store_begin_ms(1200);
	first = tx_begin(store, NULL);
	put(first, "a", 1);
	session_of(first);
	second = tx_begin(store, NULL);
	put(second, "a", 1);
	assert_false(tx_commit(second, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	assert_non_null(strstr(store_err.message, "57014"));
	assert_true(store_is_up(store));
	tx_abort(first);
	put_one("a", 1);
	assert_int_equal(failures_of("a"), 2);
}

STORE_DEFINE(waiting_for_a_lock_ends)

/* Two who lock the same rows in opposite order: the server ends one of them,
 * which is run again. */
static void cross(void *index)
{
	bool odd = (size_t)index % 2;
	struct tx *tx = tx_begin(store, NULL);
	struct error err;

	put(tx, odd ? "a" : "b", 1);
	tx_put(tx, "SELECT pg_sleep(0.05)"); /* the other has begun */
	put(tx, odd ? "b" : "a", 1);
	if (!tx_commit(tx, &err))
		fail_msg("%s", err.message);
}

static void deadlocks_are_run_again(void)
{
	put_one("a", 0);
	put_one("b", 0);
	store_in_fibers(2, cross);
	assert_int_equal(failures_of("a"), 2);
	assert_int_equal(failures_of("b"), 2);
	assert_true(store_number("SELECT deadlocks AS n FROM pg_stat_database"
				 " WHERE datname = current_database()") >= 0);
}

STORE_DEFINE(deadlocks_are_run_again)

/* A cancel does not leave a transaction half-way; it is remembered. */
static struct {
	struct fiber *fiber;
	bool committed, cancelled;
} cancelled;

static void commit_slowly(void *arg UNUSED)
{
	struct tx *tx = tx_begin(store, NULL);
	struct error err;

	tx_put(tx, "SELECT pg_sleep(0.05)");
	put(tx, "a", 1);
	cancelled.committed = tx_commit(tx, &err);
	cancelled.cancelled = fiber_cancelled();
}

static void cancel_is_remembered(void)
{
	put_one("a", 0);
	cancelled.fiber = fiber_spawn("cancelled", commit_slowly, NULL);
	let_run();
	fiber_cancel(cancelled.fiber);
	host_await(store_is_alone, NULL);
	assert_true(cancelled.committed);
	assert_true(cancelled.cancelled);
	assert_int_equal(failures_of("a"), 1);
}

STORE_DEFINE(cancel_is_remembered)

/* ---- turns ---------------------------------------------------------------- */

static size_t order[8], ordered;

static void take_turn(void *index)
{
	put_one("turn", 1);
	order[ordered++] = (size_t)index;
}

/* Three of the four connections can write; who came first is first. */
static void turns_are_fair(void)
{
	struct tx *held[3];

	ordered = 0;
	for (size_t i = 0; i < 3; i++) {
		held[i] = tx_begin(store, NULL);
		session_of(held[i]);
	}
	for (size_t i = 0; i < 8; i++)
		assert_non_null(fiber_spawn("turn", take_turn, (void *)i));
	let_run();
	assert_int_equal(failures_of("turn"), -1); /* reads go on */
	assert_int_equal(ordered, 0);
	tx_abort(held[0]);
	host_await(store_is_alone, NULL);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(order[i], i);
	tx_abort(held[1]);
	tx_abort(held[2]);
}

STORE_DEFINE(turns_are_fair)

/* Each holds a transaction and reads beside it: nobody waits for ever. */
static void read_within(void *index UNUSED)
{
	struct tx *tx = tx_begin(store, NULL);

	session_of(tx);
	assert_int_equal(store_number("SELECT count(*) AS n FROM revision"), 1);
	put(tx, "within", 1);
	commit(tx);
}

static void reads_within_transactions(void)
{
	store_in_fibers(32, read_within);
	assert_int_equal(failures_of("within"), 32);
}

STORE_DEFINE(reads_within_transactions)

static void nobody_waits_longer_than_the_timeout(void)
{
	struct tx *held[3], *late;

	store_end();
	store_begin_ms(200);
	for (size_t i = 0; i < 3; i++) {
		held[i] = tx_begin(store, NULL);
		session_of(held[i]);
	}
	late = tx_begin(store, NULL);
	put(late, "late", 1);
	assert_false(tx_commit(late, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	assert_non_null(strstr(store_err.message, "store.pool"));
	for (size_t i = 0; i < 3; i++)
		tx_abort(held[i]);
}

STORE_DEFINE(nobody_waits_longer_than_the_timeout)

/* ---- statements ----------------------------------------------------------- */

/* More than a connection keeps, then the first ones again. */
static void many_statements(void)
{
	char sql[64];

	for (int i = 0; i < 1200; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d AS n", i % 600);
		assert_int_equal(store_number(sql), i % 600);
	}
	assert_true(store_number("SELECT count(*) AS n"
				 " FROM pg_prepared_statements") <= 256);
}

STORE_DEFINE(many_statements)

/* A statement that does not parse is not taken for prepared. */
static void wrong_statement_again(void)
{
	struct rows rows;

	for (int i = 0; i < 3; i++) {
		assert_false(store_read(store, NULL, "SELECT nonsense", &rows,
					&store_err));
		assert_int_equal(store_err.code, ERR_INTERNAL);
	}
	assert_true(store_is_up(store));
	put_one("a", 1);
}

STORE_DEFINE(wrong_statement_again)

/* More than any socket holds, in both directions at once. */
static void large_batches(void)
{
	char *text = mem_alloc(200001);
	struct tx *tx = tx_begin(store, NULL);
	struct rows rows;

	memset(text, 'x', 200000);
	for (int i = 0; i < 40; i++)
		tx_put(tx, "SELECT repeat($1, 4) AS text", P_TEXT(text));
	if (!tx_query(tx, "SELECT repeat($1, 20) AS text", &rows, &store_err,
		      P_TEXT(text)))
		fail_msg("%s", store_err.message);
	assert_int_equal(strlen(row_text(&rows, 0, "text")), 4000000);
	rows_done(&rows);
	commit(tx);
	mem_free(text);
}

STORE_DEFINE(large_batches)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(version_is_told)
		STORE_ROW(session_breaks_in_transaction)
		STORE_ROW(session_breaks_before_query)
		STORE_ROW(idle_sessions_break)
		STORE_ROW(session_breaks_in_commit)
		STORE_ROW(commit_is_refused)
		STORE_ROW(waiting_for_a_lock_ends)
		STORE_ROW(deadlocks_are_run_again)
		STORE_ROW(cancel_is_remembered)
		STORE_ROW(turns_are_fair)
		STORE_ROW(reads_within_transactions)
		STORE_ROW(nobody_waits_longer_than_the_timeout)
		STORE_ROW(many_statements)
		STORE_ROW(wrong_statement_again)
		STORE_ROW(large_batches)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
