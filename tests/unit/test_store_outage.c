/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database goes away while 32 fibers write and read: it hangs (SIGSTOP), it
 * dies (SIGKILL), it is restarted.  No call may outlast store.timeout, nothing
 * that was acknowledged may be missing, nothing may be there twice, and all
 * goes on when the database does, without anybody's help.
 */
#include "unit.h"

#include <spawn.h>
#include <sys/wait.h>

#include "postgres_run.h"

#define FIBERS 32
#define TIMEOUT_MS 1000
#define SLACK_MS 10000 /* for a busy machine; a hang is longer */
#define OPS 100000     /* of one fiber, more than it can do */

extern char **environ;

/* ---- the server ----------------------------------------------------------- */

struct command {
	const char *word;
	int status;
};

/* On a thread. */
static void spawn(void *arg)
{
	struct command *c = arg;
	const char *argv[] = { "python3", POSTGRES_SCRIPT, c->word,
			       getenv("SKYCLUST_TEST_POSTGRES"), NULL };
	pid_t pid;

	c->status =
		posix_spawnp(&pid, argv[0], NULL, NULL, (char **)argv, environ);
	if (c->status == 0)
		waitpid(pid, &c->status, 0);
}

/* Tell the script; the other fibers go on meanwhile. */
static void server(const char *word)
{
	struct command c = { word, -1 };

	offload(spawn, &c);
	assert_int_equal(c.status, 0);
}

/* ---- the fibers ----------------------------------------------------------- */

/* What a fiber was told of each of its writes. */
enum told { TOLD_NOTHING, TOLD_DONE, TOLD_NOT_DONE, TOLD_UNKNOWN };

static struct worker {
	enum told told[OPS];
	unsigned char there[OPS]; /* how often, in the end */
	int n;
} workers[FIBERS];

static struct {
	bool stop;
	int done, failed, unknown, reads;
	int64_t longest_ms;
} load;

static void fill(struct store_lane *lane, struct slice text UNUSED,
		 unsigned char hash[STORE_HASH])
{
	lane->seq++;
	memcpy(lane->hash, &lane->seq, sizeof(lane->seq));
	memcpy(hash, lane->hash, STORE_HASH);
}

/* One more of the fiber's own count, and a record of which one it is. */
static bool write_one(size_t worker, int op, struct error *err)
{
	struct tx *tx = tx_begin(store, NULL);
	char account[16], record[32];

	snprintf(account, sizeof(account), "%zu", worker);
	snprintf(record, sizeof(record), "%zu:%d", worker, op);
	put(tx, account, 1);
	tx_append(tx,
		  "INSERT INTO audit (lane, seq, before, hash, record, at,"
		  " workspace_id, actor, action, outcome)"
		  " VALUES ($1, $2, $3, $4, $5, 1, '', '', '', '')",
		  fill, slice_of(record), NULL);
	return tx_commit(tx, err);
}

static enum told tell(bool ok, const struct error *err)
{
	if (ok)
		return TOLD_DONE;
	assert_int_equal(err->code, ERR_STORE_UNAVAILABLE);
	assert_true(err->retryable);
	return err->effect == EFFECT_NONE ? TOLD_NOT_DONE : TOLD_UNKNOWN;
}

static bool read_one(size_t worker, struct error *err)
{
	struct rows rows;
	char account[16];

	snprintf(account, sizeof(account), "%zu", worker);
	if (!store_read(store, NULL,
			"SELECT failures FROM login_failures"
			" WHERE account = $1",
			&rows, err, P_TEXT(account)))
		return false;
	rows_done(&rows);
	return true;
}

static void note_time(int64_t since)
{
	int64_t ms = clock_ms() - since;

	load.longest_ms = ms > load.longest_ms ? ms : load.longest_ms;
	if (ms > TIMEOUT_MS + SLACK_MS)
		fail_msg("a call took %lld ms", (long long)ms);
}

static void work(void *index)
{
	struct worker *w = &workers[(size_t)index];
	struct error err;
	int64_t since;
	bool ok;

	while (!load.stop && w->n < OPS) {
		since = clock_ms();
		ok = write_one((size_t)index, w->n, &err);
		note_time(since);
		w->told[w->n] = tell(ok, &err);
		load.unknown += w->told[w->n++] == TOLD_UNKNOWN;
		*(ok ? &load.done : &load.failed) += 1;
		since = clock_ms();
		load.reads += read_one((size_t)index, &err);
		note_time(since);
		if (!ok)
			fiber_sleep(20); /* as a client would */
	}
}

/* ---- what must be true ---------------------------------------------------- */

/* How often each write is there. */
static void count_rows(void)
{
	struct rows rows;
	size_t worker;
	int op;

	if (!store_read(store, NULL, "SELECT record FROM audit", &rows,
			&store_err))
		fail_msg("%s", store_err.message);
	for (size_t i = 0; i < rows.n; i++) {
		assert_int_equal(sscanf(row_text(&rows, i, "record"), "%zu:%d",
					&worker, &op),
				 2);
		workers[worker].there[op]++;
	}
	rows_done(&rows);
}

static void check_worker(size_t worker)
{
	const struct worker *w = &workers[worker];
	char account[16];
	int64_t sum = 0;

	for (int i = 0; i < w->n; i++) {
		int n = w->there[i];

		if (n > 1 || n < (w->told[i] == TOLD_DONE) ||
		    n > (w->told[i] != TOLD_NOT_DONE))
			fail_msg("%zu:%d is there %d times, told %d", worker, i,
				 n, w->told[i]);
		sum += n;
	}
	snprintf(account, sizeof(account), "%zu", worker);
	assert_int_equal(failures_of(account), sum);
}

static void check_lanes(void)
{
	assert_int_equal(
		store_number("SELECT count(*) AS n FROM audit a LEFT JOIN"
			     " audit b ON b.lane = a.lane AND b.seq = a.seq - 1"
			     " WHERE a.seq > 1 AND a.before IS DISTINCT FROM"
			     " b.hash"),
		0);
}

/* ---- tests ---------------------------------------------------------------- */

static bool reached(void *arg)
{
	return load.done >= *(int *)arg;
}

static bool is_failing(void *arg)
{
	return load.failed >= *(int *)arg;
}

static bool is_up(void *arg UNUSED)
{
	return store_is_up(store);
}

static void await_progress(void)
{
	int more = load.done + 4 * FIBERS;

	host_await(reached, &more);
	assert_true(store_is_up(store));
}

static void await_failures(void)
{
	int more = load.failed + 4 * FIBERS;

	host_await(is_failing, &more);
}

static void under_load(void)
{
	store_end();
	store_begin_ms(TIMEOUT_MS);
	for (size_t i = 0; i < FIBERS; i++)
		assert_non_null(fiber_spawn("load", work, (void *)i));
	await_progress();
	server("pause");
	await_failures();
	server("resume");
	await_progress();
	server("kill");
	await_failures();
	server("start");
	await_progress();
	server("restart");
	await_progress();
	load.stop = true;
	host_await(store_is_alone, NULL);
	print_message("done %d, failed %d, of these unknown %d, reads %d, "
		      "longest call %lld ms\n",
		      load.done, load.failed, load.unknown, load.reads,
		      (long long)load.longest_ms);
	count_rows();
	for (size_t i = 0; i < FIBERS; i++)
		check_worker(i);
	check_lanes();
}

STORE_DEFINE(under_load)

/* It heals though nobody asks it for anything. */
static void by_itself(void)
{
	put_one("a", 1);
	server("kill");
	assert_false(read_one(0, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_false(store_is_up(store));
	server("start");
	host_await(is_up, NULL);
	assert_int_equal(failures_of("a"), 1);
}

STORE_DEFINE(by_itself)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(under_load)
		STORE_ROW(by_itself)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
