/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broken disks: every waiter is told the truth in time, and all goes on when
 * the disk does.
 */
#include "unit.h"

#include <sys/wait.h>

#include "sqlite_run.h"
#include "store/backend.h"

static bool was_tried(void *arg UNUSED)
{
	return atomic_load(&refused) > 0;
}

static void disk_is_full(void)
{
	must_write("before");
	atomic_store(&disk_full, true);
	store_in_fibers(FIBERS, write_one);
	assert_int_equal(sum(lost), FIBERS);
	write_fails("x", EFFECT_NONE, "disk is full");
	assert_false(store_is_up(store));
	assert_int_equal(count(), 1); /* reads go on */
	atomic_store(&refused, 0);
	host_await(was_tried, NULL);
	assert_false(store_is_up(store));
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

static bool migrated;

static void run_script(void *arg UNUSED)
{
	migrated = store->engine->script(store->state,
					 "UPDATE revision SET n = 99;"
					 "UPDATE revision SET n = n + 1;",
					 &store_err);
}

/* A migration may take longer than anybody else would wait. */
static void script_is_slow(void)
{
	store_end();
	store_begin_ms(SHORT_MS);
	set_gate(true);
	assert_non_null(fiber_spawn("script", run_script, NULL));
	host_await(is_hanging, NULL);
	write_fails("a", EFFECT_NONE, "300 ms");
	set_gate(false);
	host_await(store_is_alone, NULL);
	assert_true(migrated);
	assert_int_equal(store_number("SELECT n FROM revision"), 100);
}

STORE_DEFINE(script_is_slow)

/* So large that it is written before its commit. */
static void put_large(struct tx *tx)
{
	static const char large[8 << 20] = "large";

	tx_put(tx,
	       "INSERT INTO audit_checkpoints (id, at, body, key_id, signature)"
	       " VALUES (1, 0, '', '', $1)",
	       P_BLOB(((struct slice){ large, sizeof(large) })));
}

static void write_large(void *asks)
{
	struct tx *tx = tx_begin(store, NULL);
	struct rows rows;

	put_large(tx);
	if (asks)
		assert_false(tx_query(tx, "SELECT n FROM revision", &rows,
				      &store_err));
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(store_err.effect, EFFECT_NONE);
}

/* Whom nobody waits for any more is not committed, and lets the writer go. */
static void statement_hangs(void)
{
	store_end();
	store_begin_ms(SHORT_MS);
	atomic_store(&writes_hang, true);
	for (size_t asks = 0; asks <= 1; asks++) {
		set_gate(true);
		assert_non_null(
			fiber_spawn("hangs", write_large, (void *)asks));
		host_await(is_hanging, NULL);
		host_await(store_is_alone, NULL);
		set_gate(false);
		host_await(is_up, NULL);
		must_write(asks ? "a" : "b");
		assert_int_equal(store_number("SELECT count(*) AS n"
					      " FROM audit_checkpoints"),
				 0);
	}
	atomic_store(&writes_hang, false);
}

STORE_DEFINE(statement_hangs)

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

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(disk_is_full)
		STORE_ROW(sync_failed)
		STORE_ROW(disk_hangs)
		STORE_ROW(statement_hangs)
		STORE_ROW(script_is_slow)
		STORE_ROW(close_on_hanging_disk)
	};
	/* clang-format on */

	unsetenv("SKYCLUST_TEST_STORE");
	return cmocka_run_group_tests(tests, replace_pwrite, NULL);
}
