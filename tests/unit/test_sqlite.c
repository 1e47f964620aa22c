/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only SQLite does: its files, its one writer, and disks that are full,
 * fail, or hang.  The faults come in below SQLite: it lets its pwrite() be
 * replaced, and takes the fdatasync() of this program.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/sqlite_queue.h"
#include "store_run.h"

#define FIBERS 64
#define SHORT_MS 300 /* store.timeout where it must run out */

/* ---- faults --------------------------------------------------------------- */

static atomic_bool disk_full, sync_fails;
static atomic_int syncs;

/* A sync that does not come back until it is let. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed, waiting;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };

static void wait_at_gate(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.waiting = gate.closed;
	while (gate.closed)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.waiting = false;
	pthread_mutex_unlock(&gate.lock);
}

static void set_gate(bool closed)
{
	pthread_mutex_lock(&gate.lock);
	gate.closed = closed;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static bool is_hanging(void *arg UNUSED)
{
	bool waiting;

	pthread_mutex_lock(&gate.lock);
	waiting = gate.waiting;
	pthread_mutex_unlock(&gate.lock);
	return waiting;
}

int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	wait_at_gate();
	if (atomic_load(&sync_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static ssize_t write_at(int fd, const void *p, size_t n, off_t at)
{
	if (atomic_load(&disk_full)) {
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, p, n, at);
}

static int replace_pwrite(void **state UNUSED)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	sqlite3_syscall_ptr fn = (sqlite3_syscall_ptr)write_at;

	return vfs->xSetSystemCall(vfs, "pwrite", fn) == SQLITE_OK &&
			       vfs->xSetSystemCall(vfs, "pwrite64", fn) ==
				       SQLITE_OK
		       ? 0
		       : -1;
}

/* ---- helpers -------------------------------------------------------------- */

static const char *path(void)
{
	return store_url + strlen("sqlite:");
}

static void put(struct tx *tx, const char *key)
{
	tx_put(tx,
	       "INSERT INTO login_failures (account, source, failures,"
	       " last_at, locked_until) VALUES ($1, 'here', 1, 0, 0)",
	       P_TEXT(key));
}

static bool write_key(const char *key, struct error *err)
{
	struct tx *tx = tx_begin(store, NULL);

	put(tx, key);
	return tx_commit(tx, err);
}

static void must_write(const char *key)
{
	if (!write_key(key, &store_err))
		fail_msg("%s", store_err.message);
}

static void write_fails(const char *key, enum err_effect effect,
			const char *words)
{
	memset(&store_err, 0, sizeof(store_err));
	assert_false(write_key(key, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, effect);
	assert_true(store_err.retryable);
	if (!strstr(store_err.message, words))
		fail_msg("\"%s\" lacks \"%s\"", store_err.message, words);
}

static int64_t count(void)
{
	return store_number("SELECT count(*) AS n FROM login_failures");
}

static bool is_up(void *arg UNUSED)
{
	return store_is_up(store);
}

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

/* ---- group commit --------------------------------------------------------- */

static int wrote[FIBERS], lost[FIBERS], unknown[FIBERS];

static void write_one(void *index)
{
	size_t i = (size_t)index;
	struct error err = { 0 };
	char key[32];

	snprintf(key, sizeof(key), "key %zu", i);
	wrote[i] = write_key(key, &err);
	unknown[i] = !wrote[i] && err.effect == EFFECT_UNKNOWN;
	lost[i] = !wrote[i] && err.effect == EFFECT_NONE;
}

static int sum(const int *flags)
{
	int n = 0;

	for (size_t i = 0; i < FIBERS; i++)
		n += flags[i];
	return n;
}

static void one_sync_for_many(void)
{
	int before = atomic_load(&syncs);

	store_in_fibers(FIBERS, write_one);
	assert_int_equal(sum(wrote), FIBERS);
	assert_int_equal(atomic_load(&syncs) - before, 1);
	assert_int_equal(count(), FIBERS);
}

STORE_DEFINE(one_sync_for_many)

/* ---- disks ---------------------------------------------------------------- */

static void disk_is_full(void)
{
	must_write("before");
	atomic_store(&disk_full, true);
	store_in_fibers(FIBERS, write_one);
	assert_int_equal(sum(lost), FIBERS);
	write_fails("x", EFFECT_NONE, "disk is full");
	assert_false(store_is_up(store));
	assert_int_equal(count(), 1); /* reads go on */
	atomic_store(&disk_full, false);
	host_await(is_up, NULL); /* by itself */
	assert_int_equal(count(), 1);
	store_in_fibers(FIBERS, write_one);
	assert_int_equal(count(), 1 + FIBERS);
}

STORE_DEFINE(disk_is_full)

/* Nobody can say what is on the disk after a sync that failed. */
static void sync_failed(void)
{
	must_write("before");
	atomic_store(&sync_fails, true);
	store_in_fibers(FIBERS, write_one);
	assert_int_equal(sum(unknown), FIBERS);
	assert_false(store_is_up(store));
	atomic_store(&sync_fails, false);
	host_await(is_up, NULL);
	assert_int_equal(count(), 1);
	must_write("after");
	store_end();
	store_begin();
	assert_int_equal(count(), 2);
}

STORE_DEFINE(sync_failed)

static void question(void *index UNUSED)
{
	struct tx *tx = tx_begin(store, NULL);
	struct rows rows;

	put(tx, "question");
	assert_false(tx_query(tx, "SELECT n FROM revision", &rows, &store_err));
	assert_int_equal(store_err.effect, EFFECT_NONE);
	tx_abort(tx);
}

/* The first hangs in its commit, those behind it are never begun. */
static void disk_hangs(void)
{
	store_end();
	store_begin_ms(SHORT_MS);
	set_gate(true);
	assert_non_null(fiber_spawn("hangs", write_one, NULL));
	host_await(is_hanging, NULL);
	assert_non_null(fiber_spawn("waits", write_one, (void *)1));
	assert_non_null(fiber_spawn("asks", question, NULL));
	host_await(store_is_alone, NULL);
	assert_int_equal(unknown[0], 1);
	assert_int_equal(lost[1], 1);
	assert_false(store_is_up(store));
	assert_int_equal(count(), 0); /* reads go on */
	set_gate(false);
	host_await(is_up, NULL);
	assert_int_equal(count(), 1); /* it was committed in the end */
	must_write("key 1");
}

STORE_DEFINE(disk_hangs)

/* In a process of its own, as it leaves a thread behind. */
static void close_on_hanging_disk(void)
{
	store_begin_ms(SHORT_MS);
	set_gate(true);
	assert_non_null(fiber_spawn("hangs", write_one, NULL));
	host_await(is_hanging, NULL);
	host_await(store_is_alone, NULL);
	store_close(store);
	fiber_sleep(1);
	_exit(7);
}

static void test_close_on_hanging_disk(void **state UNUSED)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		host_run(close_on_hanging_disk);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

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
	assert_false(worker_ask(&q->writer, job, &store_err));
	assert_int_equal(store_err.effect, EFFECT_NONE);
	job = worker_next(&q->writer, false, 0, false);
	assert_int_equal(job != NULL, still_there);
	if (!job)
		return;
	assert_int_equal(job->type, JOB_ABORT);
	assert_false(job_finish(job));
}

/* A transaction that was not begun never is; one that holds the writer lets it
 * go. */
static void given_up_unseen(void)
{
	struct queue q = { 0 };

	queue_init(&q, 10);
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
		STORE_ROW(one_sync_for_many)
		STORE_ROW(disk_is_full)
		STORE_ROW(sync_failed)
		STORE_ROW(disk_hangs)
		STORE_ROW(close_on_hanging_disk)
		STORE_ROW(statement_for_ever)
		STORE_ROW(given_up_unseen)
		STORE_ROW(killed)
	};
	/* clang-format on */

	unsetenv("SKYCLUST_TEST_STORE");
	return cmocka_run_group_tests(tests, replace_pwrite, NULL);
}
