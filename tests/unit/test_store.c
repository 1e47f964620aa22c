/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every engine of the store does; what only SQLite does is in
 * test_sqlite.c.
 */
#include "unit.h"

#include "store/backend.h"
#include "store_run.h"

#define FIBERS 64

static struct tx *begin(void)
{
	return tx_begin(store, NULL);
}

/* A table with a unique key and a number, and one that refers to users. */
static void put(struct tx *tx, const char *key, int64_t n)
{
	tx_put(tx,
	       "INSERT INTO login_failures (account, source, failures,"
	       " last_at, locked_until) VALUES ($1, 'here', $2, 0, 0)",
	       P_TEXT(key), P_INT(n));
}

static void put_session(struct tx *tx, const char *user)
{
	tx_put(tx,
	       "INSERT INTO sessions (id, user_id, refresh, generation, method,"
	       " created_at, used_at, expires_at)"
	       " VALUES ('ses_1', $1, $2, 1, 'password', 0, 0, 0)",
	       P_TEXT(user), P_BLOB(SLICE("x")));
}

static int64_t count(void)
{
	return store_number("SELECT count(*) AS n FROM login_failures");
}

static void commit(struct tx *tx)
{
	if (!tx_commit(tx, &store_err))
		fail_msg("%s", store_err.message);
}

static void commit_fails(struct tx *tx, enum err_code code, const char *words)
{
	memset(&store_err, 0, sizeof(store_err));
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.code, code);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	if (!strstr(store_err.message, words))
		fail_msg("\"%s\" lacks \"%s\"", store_err.message, words);
}

#define SELECT_FAILURE "SELECT failures, account FROM login_failures"

/* ---- transactions --------------------------------------------------------- */

static void nothing_is_a_transaction(void)
{
	commit(begin());
	tx_abort(begin());
	tx_abort(NULL);
}

STORE_DEFINE(nothing_is_a_transaction)

/* The caller's text and bytes may change once they were put. */
static void what_is_put_is_copied(void)
{
	char sql[200], key[] = "key";
	struct tx *tx = begin();

	snprintf(sql, sizeof(sql), "%s",
		 "INSERT INTO login_failures (account, source, failures,"
		 " last_at, locked_until) VALUES ($1, $1, 1, 0, 0)");
	tx_put(tx, sql, P_TEXT(key));
	memset(sql, 'x', sizeof(sql) - 1);
	memset(key, 'x', sizeof(key) - 1);
	commit(tx);
	assert_int_equal(store_number("SELECT count(*) AS n FROM login_failures"
				      " WHERE account = 'key'"),
			 1);
}

STORE_DEFINE(what_is_put_is_copied)

static void aborted_is_never_there(void)
{
	struct tx *tx = begin();
	struct rows rows;

	put(tx, "a", 1);
	tx_abort(tx);
	tx = begin();
	put(tx, "b", 1);
	assert_true(tx_query(tx, SELECT_FAILURE, &rows, &store_err));
	assert_int_equal(rows.n, 1);
	rows_done(&rows);
	put(tx, "c", 1);
	tx_abort(tx);
	store_exec("UPDATE revision SET n = n"); /* behind it */
	assert_int_equal(count(), 0);
}

STORE_DEFINE(aborted_is_never_there)

static void query_sees_its_own(void)
{
	struct tx *tx = begin();
	struct rows rows;

	put(tx, "a", 41);
	assert_true(tx_query(tx,
			     "UPDATE login_failures SET failures = failures + 1"
			     " WHERE account = $1 RETURNING failures",
			     &rows, &store_err, P_TEXT("a")));
	assert_int_equal(row_int(&rows, 0, "failures"), 42);
	rows_done(&rows);
	put(tx, "b", 1);
	assert_true(tx_query(tx, SELECT_FAILURE, &rows, &store_err));
	assert_int_equal(rows.n, 2);
	rows_done(&rows);
	assert_int_equal(count(), 0); /* nobody else does */
	commit(tx);
	assert_int_equal(count(), 2);
}

STORE_DEFINE(query_sees_its_own)

static void one_bad_statement_undoes_all(void)
{
	struct tx *tx = begin();

	put(tx, "a", 1);
	put(tx, "a", 2);
	put(tx, "b", 3);
	commit_fails(tx, ERR_CONFLICT, "account, source");
	assert_int_equal(count(), 0);
	assert_true(store_is_up(store));
}

STORE_DEFINE(one_bad_statement_undoes_all)

static void foreign_key_is_a_conflict(void)
{
	struct tx *tx = begin();

	put_session(tx, "usr_nobody");
	commit_fails(tx, ERR_CONFLICT, "belongs");
}

STORE_DEFINE(foreign_key_is_a_conflict)

static void query_that_fails_ends_it(void)
{
	struct tx *tx = begin();
	struct rows rows;

	put(tx, "a", 1);
	assert_true(tx_query(tx, SELECT_FAILURE, &rows, &store_err));
	rows_done(&rows);
	put(tx, "a", 1);
	assert_false(tx_query(tx, SELECT_FAILURE, &rows, &store_err));
	assert_int_equal(store_err.code, ERR_CONFLICT);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	rows_done(&rows); /* as good as empty */
	put(tx, "b", 1);
	assert_false(tx_query(tx, SELECT_FAILURE, &rows, NULL));
	commit_fails(tx, ERR_CONFLICT, "account, source");
	assert_int_equal(count(), 0);
}

STORE_DEFINE(query_that_fails_ends_it)

/* A wrong statement is our own fault; it harms nobody else. */
static void wrong_statements(void)
{
	static const char *const wrong[] = { "SELEKT", "SELECT \"nonesuch\"",
					     "SELECT nonesuch FROM users",
					     "SELECT $1",
					     "SELECT 1; SELECT 2" };
	struct rows rows;
	struct tx *tx;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		tx = begin();
		put(tx, "a", 1);
		tx_put(tx, wrong[i]);
		commit_fails(tx, ERR_INTERNAL, "statement");
		assert_false(
			store_read(store, NULL, wrong[i], &rows, &store_err));
		assert_int_equal(store_err.code, ERR_INTERNAL);
	}
	tx = begin();
	tx_put(tx, "UPDATE revision SET n = $1", P_INT(1), P_INT(2));
	commit_fails(tx, ERR_INTERNAL, "statement");
	assert_int_equal(count(), 0);
	assert_true(store_is_up(store));
}

STORE_DEFINE(wrong_statements)

/* ---- demands -------------------------------------------------------------- */

#define RAISE \
	"UPDATE login_failures SET failures = failures + 1 WHERE account = $1"

static void must_change_a_row(void)
{
	struct tx *tx = begin();

	put(tx, "a", 1);
	tx_put(tx, RAISE, P_TEXT("a"));
	tx_must(tx, ERR_NOT_FOUND, "no %s", "a");
	commit(tx);
	tx = begin();
	put(tx, "b", 1);
	tx_put(tx, RAISE, P_TEXT("nobody"));
	tx_must(tx, ERR_PRECONDITION_FAILED, "no %s", "nobody");
	put(tx, "c", 1);
	commit_fails(tx, ERR_PRECONDITION_FAILED, "no nobody");
	assert_int_equal(count(), 1);
}

STORE_DEFINE(must_change_a_row)

static void must_return_a_row(void)
{
	struct tx *tx = begin();

	put(tx, "a", 1);
	tx_put(tx, SELECT_FAILURE " WHERE account = 'a'");
	tx_must(tx, ERR_NOT_FOUND, "no a");
	tx_put(tx, SELECT_FAILURE " WHERE account = 'b'");
	tx_must_not(tx, ERR_QUOTA, "there is b");
	commit(tx);
	tx = begin();
	put(tx, "b", 1);
	tx_put(tx, SELECT_FAILURE " WHERE account = 'a'");
	tx_must_not(tx, ERR_QUOTA, "there is a");
	commit_fails(tx, ERR_QUOTA, "there is a");
	tx = begin();
	tx_put(tx, SELECT_FAILURE " WHERE account = 'b'");
	tx_must(tx, ERR_NOT_FOUND, "no b");
	commit_fails(tx, ERR_NOT_FOUND, "no b");
	assert_int_equal(count(), 1);
}

STORE_DEFINE(must_return_a_row)

static void insert_or_nothing(void)
{
	static const char sql[] =
		"INSERT INTO login_failures (account, source, failures,"
		" last_at, locked_until) VALUES ('a', 'here', 1, 0, 0)"
		" ON CONFLICT DO NOTHING";
	struct tx *tx = begin();

	tx_put(tx, sql);
	tx_must(tx, ERR_CONFLICT, "a is taken");
	commit(tx);
	tx = begin();
	tx_put(tx, sql);
	tx_must(tx, ERR_CONFLICT, "a is taken");
	commit_fails(tx, ERR_CONFLICT, "a is taken");
}

STORE_DEFINE(insert_or_nothing)

/* ---- many at once --------------------------------------------------------- */

static size_t failed;

/* Each writes two rows; the second of every eighth is there already. */
static void write_two(void *index)
{
	size_t i = (size_t)index;
	struct error err;
	struct tx *tx = begin();
	char key[32];

	snprintf(key, sizeof(key), "first %zu", i);
	put(tx, key, 1);
	snprintf(key, sizeof(key), "second %zu", i);
	put(tx, i % 8 ? key : "taken", 1);
	if (tx_commit(tx, &err))
		return;
	failed++;
	assert_int_equal(err.code, ERR_CONFLICT);
}

static void some_of_many_fail(void)
{
	struct tx *tx = begin();

	put(tx, "taken", 1);
	commit(tx);
	failed = 0;
	store_in_fibers(FIBERS, write_two);
	assert_int_equal(failed, FIBERS / 8);
	assert_int_equal(count(), 1 + 2 * (FIBERS - FIBERS / 8));
}

STORE_DEFINE(some_of_many_fail)

/* Read, then write what was read plus one: no update may be lost. */
static void count_up(void *index UNUSED)
{
	struct tx *tx = begin();
	struct rows rows;
	int64_t n;

	assert_true(tx_query(tx,
			     "UPDATE revision SET n = n WHERE id = 1"
			     " RETURNING n",
			     &rows, &store_err));
	n = row_int(&rows, 0, "n");
	rows_done(&rows);
	fiber_yield();
	tx_put(tx, "UPDATE revision SET n = $1 WHERE id = 1", P_INT(n + 1));
	commit(tx);
}

static void transactions_are_isolated(void)
{
	store_in_fibers(FIBERS, count_up);
	assert_int_equal(store_number("SELECT n FROM revision"), 1 + FIBERS);
}

STORE_DEFINE(transactions_are_isolated)

static bool written;

static void write_only(void *arg UNUSED)
{
	struct tx *tx = begin();

	put(tx, "a", 1);
	commit(tx);
	written = true;
}

static bool is_written(void *arg UNUSED)
{
	return written;
}

/* Who asks may think for long: those before it do not wait for that. */
static void asking_delays_nobody_before(void)
{
	struct tx *tx = begin();
	struct rows rows;

	written = false;
	assert_non_null(fiber_spawn("before", write_only, NULL));
	fiber_yield(); /* now it has asked to commit */
	assert_true(tx_query(tx, "SELECT n FROM revision", &rows, &store_err));
	rows_done(&rows);
	host_await(is_written, NULL);
	commit(tx);
}

STORE_DEFINE(asking_delays_nobody_before)

static void read_numbers(void *index UNUSED)
{
	assert_true(store_number("SELECT n FROM revision") > 0);
}

static void many_readers(void)
{
	store_in_fibers(FIBERS, read_numbers);
}

STORE_DEFINE(many_readers)

/* ---- ends ----------------------------------------------------------------- */

static struct fiber *writer;
static bool committed, was_cancelled;

static void write_cancelled(void *arg UNUSED)
{
	struct tx *tx = begin();
	struct rows rows;

	put(tx, "a", 1);
	assert_true(tx_query(tx, SELECT_FAILURE, &rows, &store_err));
	rows_done(&rows);
	committed = tx_commit(tx, &store_err);
	was_cancelled = fiber_cancelled();
}

/* Whoever is cancelled still learns what became of his transaction. */
static void cancel_does_not_cut_short(void)
{
	committed = was_cancelled = false;
	writer = fiber_spawn("cancelled", write_cancelled, NULL);
	fiber_yield();
	fiber_cancel(writer);
	host_await(store_is_alone, NULL);
	assert_true(committed);
	assert_true(was_cancelled);
	assert_int_equal(count(), 1);
}

STORE_DEFINE(cancel_does_not_cut_short)

static struct {
	struct cond cond;
	bool done, told;
} event;

static void wait_for_event(void *arg UNUSED)
{
	event.told = store_wait(&event.cond, &event.done, 0);
	was_cancelled = fiber_cancelled();
}

/* A cancel and the event at once: a cancelled fiber is not signalled. */
static void cancel_does_not_hide_the_end(void)
{
	struct fiber *waiting;

	cond_init(&event.cond);
	event.done = event.told = was_cancelled = false;
	waiting = fiber_spawn("waiting", wait_for_event, NULL);
	fiber_yield();
	fiber_cancel(waiting);
	event.done = true;
	cond_signal(&event.cond);
	host_await(store_is_alone, NULL);
	assert_true(event.told);
	assert_true(was_cancelled);
}

STORE_DEFINE(cancel_does_not_hide_the_end)

static struct store *closing;

static void close_store(void *arg UNUSED)
{
	store_close(closing);
	closing = NULL;
}

/* store_close() lets what was begun come to its end. */
static void close_waits(void)
{
	struct tx *tx = begin();

	put(tx, "a", 1);
	closing = store;
	assert_non_null(fiber_spawn("closing", close_store, NULL));
	for (int i = 0; i < 8; i++)
		assert_int_equal(store_number("SELECT 1 AS n"), 1);
	assert_non_null(closing);
	commit(tx);
	host_await(store_is_alone, NULL);
	assert_null(closing);
	store_begin();
	assert_int_equal(count(), 1);
}

STORE_DEFINE(close_waits)

static void lock_row(struct tx *tx)
{
	struct rows rows;

	assert_true(tx_query(tx, "UPDATE revision SET n = n RETURNING n", &rows,
			     &store_err));
	rows_done(&rows);
}

static bool set_revision(void)
{
	struct tx *tx = begin();

	tx_put(tx, "UPDATE revision SET n = 2");
	return tx_commit(tx, &store_err);
}

static bool up(void *arg UNUSED)
{
	return store_is_up(store);
}

/* One that is never ended is, so that those behind it go on. */
static void must_end_in_time(void)
{
	struct rows rows;
	struct tx *tx;

	store_end();
	store_begin_ms(500);
	tx = begin();
	put(tx, "a", 1);
	lock_row(tx);
	while (!set_revision()) /* which waits for the row */
		assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	host_await(up, NULL);
	assert_int_equal(store_number("SELECT n FROM revision"), 2);
	assert_false(tx_query(tx, SELECT_FAILURE, &rows, &store_err));
	commit_fails(tx, ERR_STORE_UNAVAILABLE, "500 ms");
	assert_int_equal(count(), 0);
}

STORE_DEFINE(must_end_in_time)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(nothing_is_a_transaction)
		STORE_ROW(what_is_put_is_copied)
		STORE_ROW(aborted_is_never_there)
		STORE_ROW(query_sees_its_own)
		STORE_ROW(one_bad_statement_undoes_all)
		STORE_ROW(foreign_key_is_a_conflict)
		STORE_ROW(query_that_fails_ends_it)
		STORE_ROW(wrong_statements)
		STORE_ROW(must_change_a_row)
		STORE_ROW(must_return_a_row)
		STORE_ROW(insert_or_nothing)
		STORE_ROW(some_of_many_fail)
		STORE_ROW(transactions_are_isolated)
		STORE_ROW(asking_delays_nobody_before)
		STORE_ROW(many_readers)
		STORE_ROW(cancel_does_not_cut_short)
		STORE_ROW(cancel_does_not_hide_the_end)
		STORE_ROW(close_waits)
		STORE_ROW(must_end_in_time)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
