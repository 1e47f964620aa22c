/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only SQLite does: its files, its one writer, its threads.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "sqlite_run.h"
#include "store/sqlite_queue.h"

/* ---- its files ------------------------------------------------------------ */

static unsigned mode_of(const char *suffix)
{
	AUTO_FREE char *name = mem_printf("%s%s", path(), suffix);
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 0777;
}

static void files_are_private(void)
{
	must_write("a");
	assert_int_equal(mode_of(""), 0600);
	assert_int_equal(mode_of("-wal"), 0600);
	assert_int_equal(mode_of("-shm"), 0600);
	store_end();
	assert_int_equal(chmod(path(), 0644), 0);
	store_begin();
	must_write("b");
	assert_int_equal(mode_of(""), 0600);
	assert_int_equal(mode_of("-wal"), 0600);
	assert_true(strncmp(store_engine(store), "SQLite 3.", 9) == 0);
}

STORE_DEFINE(files_are_private)

static void open_fails(const char *url, enum err_code code, const char *words)
{
	struct store_options options = { .url = url,
					 .timeout_ms = STORE_TEST_TIMEOUT_MS };

	memset(&store_err, 0, sizeof(store_err));
	assert_null(store_open(&options, &store_err));
	assert_int_equal(store_err.code, code);
	if (!strstr(store_err.message, words))
		fail_msg("\"%s\" lacks \"%s\"", store_err.message, words);
}

static void make_foreign_database(void)
{
	sqlite3 *s;

	assert_int_equal(sqlite3_open(path(), &s), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(s, "CREATE TABLE users (id)", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(s);
}

/* What lies there is left as it is. */
static void not_our_database(void)
{
	static char page[4096] = "a letter to my aunt";
	AUTO_FREE char *missing = mem_printf("sqlite:%s/no/store.db", host_dir);
	AUTO_FREE char *folder = mem_printf("sqlite:%s", host_dir);
	struct buf after = { 0 };

	open_fails(missing, ERR_STORE_UNAVAILABLE, "No such file");
	open_fails(folder, ERR_STORE_UNAVAILABLE, host_dir);
	sys_replace_file(path(), page, sizeof(page), 0600);
	open_fails(store_url, ERR_INVALID, "no SQLite database");
	sys_read_file(path(), sizeof(page), &after);
	assert_memory_equal(after.p, page, sizeof(page));
	buf_done(&after);
	unlink(path());
	make_foreign_database();
	open_fails(store_url, ERR_INVALID, "another program");
}

static void test_not_our_database(void **state UNUSED)
{
	host_run(not_our_database);
}

static void damaged(void)
{
	static const char noise[64] = "noise";
	int fd;

	store_end();
	fd = sys_open(path(), O_RDWR, 0);
	assert_int_equal(pwrite(fd, noise, sizeof(noise), 100), sizeof(noise));
	close(fd);
	open_fails(store_url, ERR_INVALID, "damaged");
	unlink(path());
	store_begin();
}

STORE_DEFINE(damaged)

/* What is written to a file without a name is lost. */
static void file_is_gone(void)
{
	AUTO_FREE char *aside = mem_printf("%s.aside", path());

	must_write("a");
	assert_int_equal(rename(path(), aside), 0);
	write_fails("b", EFFECT_NONE, "moved or removed");
	assert_false(store_is_up(store));
	assert_int_equal(rename(aside, path()), 0);
	host_await(is_up, NULL);
	must_write("c");
	assert_int_equal(count(), 2);
}

STORE_DEFINE(file_is_gone)

static void held_by_another(void)
{
	sqlite3 *other;

	store_end();
	store_begin_ms(SHORT_MS);
	assert_int_equal(sqlite3_open(path(), &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
		SQLITE_OK);
	write_fails("a", EFFECT_NONE, "another program");
	assert_int_equal(count(), 0); /* reads go on */
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	host_await(is_up, NULL);
	must_write("b");
	assert_int_equal(count(), 1);
}

STORE_DEFINE(held_by_another)

/* Whoever wants to write takes a transaction. */
static void reads_only_read(void)
{
	struct rows rows;

	assert_false(store_read(store, NULL, "DELETE FROM revision RETURNING n",
				&rows, &store_err));
	assert_int_equal(store_number("SELECT count(*) AS n FROM revision"), 1);
}

STORE_DEFINE(reads_only_read)

/* ---- group commit --------------------------------------------------------- */

static void one_sync_for_many(void)
{
	int before = atomic_load(&syncs);

	store_in_fibers(FIBERS, write_one);
	assert_int_equal(sum(wrote), FIBERS);
	assert_int_equal(atomic_load(&syncs) - before, 1);
	assert_int_equal(count(), FIBERS);
}

STORE_DEFINE(one_sync_for_many)

/* ---- long statements ------------------------------------------------------ */

#define FOR_EVER \
	"WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)" \
	" SELECT count(*) AS n FROM r"

static void statement_for_ever(void)
{
	struct rows rows;
	struct tx *tx;

	store_end();
	store_begin_ms(SHORT_MS);
	assert_false(store_read(store, NULL, FOR_EVER, &rows, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	tx = tx_begin(store, NULL);
	put(tx, "a");
	tx_put(tx, FOR_EVER);
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_NONE);
	host_await(is_up, NULL);
	must_write("b");
	assert_int_equal(count(), 1);
}

STORE_DEFINE(statement_for_ever)

/* ---- giving up before a thread has looked --------------------------------- */

static void ask_nobody(struct queue *q, bool continues, bool still_there)
{
	struct job *job = job_new(JOB_RUN);

	job->continues = continues;
	assert_false(worker_ask(&q->writer, job, 10, &store_err));
	assert_int_equal(store_err.effect, EFFECT_NONE);
	job = worker_next(&q->writer, false, 0, false);
	assert_int_equal(job != NULL, still_there);
	if (!job)
		return;
	assert_int_equal(job->type, JOB_ABORT);
	job_finish(job);
}

/* A transaction that was not begun never is; one that holds the writer lets it
 * go. */
static void given_up_unseen(void)
{
	struct queue q = { 0 };

	queue_init(&q);
	ask_nobody(&q, false, false);
	ask_nobody(&q, true, true);
	queue_done(&q);
}

static void test_given_up_unseen(void **state UNUSED)
{
	host_run(given_up_unseen);
}

/* ---- power ---------------------------------------------------------------- */

static int told[2];
static size_t next_key;

/* Tell each key once it is committed, until we are killed. */
static void write_and_tell(void *index UNUSED)
{
	char key[32];

	for (;;) {
		size_t n = next_key++;

		snprintf(key, sizeof(key), "key %zu", n);
		must_write(key);
		assert_int_equal(write(told[1], &n, sizeof(n)), sizeof(n));
	}
}

static void write_until_killed(void)
{
	store_begin();
	store_in_fibers(FIBERS, write_and_tell);
}

static void must_have(size_t n)
{
	struct rows rows;
	char key[32];

	snprintf(key, sizeof(key), "key %zu", n);
	assert_true(store_read(store, NULL,
			       "SELECT 1 AS n FROM login_failures"
			       " WHERE account = $1",
			       &rows, &store_err, P_TEXT(key)));
	assert_int_equal(rows.n, 1);
	rows_done(&rows);
}

#define ENOUGH 500

static struct {
	size_t key[100000], n;
} acknowledged;

static void all_are_there(void)
{
	for (size_t i = 0; i < acknowledged.n; i++)
		must_have(acknowledged.key[i]);
}

static bool hear(int fd)
{
	size_t *next = &acknowledged.key[acknowledged.n];

	if (acknowledged.n == ARRAY_LEN(acknowledged.key) ||
	    read(fd, next, sizeof(*next)) != sizeof(*next))
		return false;
	acknowledged.n++;
	return true;
}

/* Whatever was acknowledged is there after SIGKILL. */
static void test_killed(void **state UNUSED)
{
	pid_t pid;

	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0)
		host_run(write_until_killed);
	close(told[1]);
	while (hear(told[0]))
		if (acknowledged.n == ENOUGH)
			kill(pid, SIGKILL);
	close(told[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(acknowledged.n >= ENOUGH);
	store_run(all_are_there);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(files_are_private)
		STORE_ROW(not_our_database)
		STORE_ROW(damaged)
		STORE_ROW(file_is_gone)
		STORE_ROW(held_by_another)
		STORE_ROW(reads_only_read)
		STORE_ROW(one_sync_for_many)
		STORE_ROW(statement_for_ever)
		STORE_ROW(given_up_unseen)
		STORE_ROW(killed)
	};
	/* clang-format on */

	unsetenv("SKYCLUST_TEST_STORE");
	return cmocka_run_group_tests(tests, replace_pwrite, NULL);
}
