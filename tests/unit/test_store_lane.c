/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes: chains of records that have no gap and no fork, whatever becomes of
 * the transactions that append to them.
 */
#include "unit.h"

#include <openssl/sha.h>

#include "store_run.h"

#define FIBERS 64

/* Each record's digest is over the one before, its number and its text. */
static void fill(struct store_lane *lane, struct slice text,
		 unsigned char hash[STORE_HASH])
{
	struct buf all = { 0 };

	lane->seq++;
	buf_add(&all, lane->hash, STORE_HASH);
	buf_printf(&all, "%lld/%lld/", (long long)lane->number,
		   (long long)lane->seq);
	buf_add_slice(&all, text);
	SHA256((unsigned char *)all.p, all.n, hash);
	memcpy(lane->hash, hash, STORE_HASH);
	buf_done(&all);
}

static void append(struct tx *tx, const char *text)
{
	tx_append(tx,
		  "INSERT INTO audit (lane, seq, before, hash, record, at,"
		  " workspace_id, actor, action, outcome)"
		  " VALUES ($1, $2, $3, $4, $5, $6, $7, 'a', 'b', 'c')",
		  fill, slice_of(text),
		  STORE_PARAMS(P_INT(12), P_TEXT("ws_1")));
}

/* Each lane from its first record to its head. */
static void check_row(const struct rows *rows, size_t i,
		      struct store_lane *lane)
{
	unsigned char hash[STORE_HASH];

	if (row_int(rows, i, "lane") != lane->number)
		*lane = (struct store_lane){ row_int(rows, i, "lane"),
					     0,
					     { 0 } };
	assert_memory_equal(row_blob(rows, i, "before").p, lane->hash,
			    STORE_HASH);
	fill(lane, slice_of(row_text(rows, i, "record")), hash);
	assert_int_equal(row_int(rows, i, "seq"), lane->seq);
	assert_memory_equal(row_blob(rows, i, "hash").p, hash, STORE_HASH);
	assert_int_equal(row_int(rows, i, "at"), 12);
}

static void read_all(const char *sql, struct rows *rows)
{
	if (!store_read(store, NULL, sql, rows, &store_err))
		fail_msg("%s", store_err.message);
}

/* There are @n records, in chains that end where audit_heads says. */
static void assert_chains(size_t n)
{
	struct store_lane lane = { -1, 0, { 0 } };
	struct rows rows, heads;
	size_t head = 0;

	read_all("SELECT * FROM audit ORDER BY lane, seq", &rows);
	read_all("SELECT * FROM audit_heads WHERE seq > 0 ORDER BY lane",
		 &heads);
	assert_int_equal(rows.n, n);
	for (size_t i = 0; i < rows.n; i++) {
		check_row(&rows, i, &lane);
		if (i + 1 < rows.n &&
		    row_int(&rows, i + 1, "lane") == lane.number)
			continue;
		assert_int_equal(row_int(&heads, head, "lane"), lane.number);
		assert_int_equal(row_int(&heads, head, "seq"), lane.seq);
		assert_memory_equal(row_blob(&heads, head, "hash").p, lane.hash,
				    STORE_HASH);
		head++;
	}
	assert_int_equal(head, heads.n);
	rows_done(&rows);
	rows_done(&heads);
}

static struct tx *begin(void)
{
	return tx_begin(store, NULL);
}

static void several_in_one(void)
{
	struct tx *tx = begin();

	append(tx, "one");
	append(tx, "two");
	assert_true(tx_commit(tx, &store_err));
	tx = begin();
	append(tx, "three");
	assert_true(tx_commit(tx, &store_err));
	assert_chains(3);
	if (!store_postgres_url())
		assert_int_equal(store_number("SELECT max(lane) AS n"
					      " FROM audit"),
				 0);
}

STORE_DEFINE(several_in_one)

static void goes_on_when_opened_again(void)
{
	for (int i = 0; i < 3; i++) {
		struct tx *tx = begin();

		append(tx, "again");
		assert_true(tx_commit(tx, &store_err));
		store_end();
		store_begin();
	}
	assert_chains(3);
}

STORE_DEFINE(goes_on_when_opened_again)

/* Every way in which a transaction ends that is not committed. */
static void end_otherwise(int how)
{
	struct tx *tx = begin();
	struct rows rows;

	append(tx, "never");
	if (how == 1)
		tx_put(tx, "INSERT INTO revision (id, n) VALUES (1, 1)");
	if (how == 2)
		tx_put(tx, "UPDATE revision SET n = 1 WHERE id = 77");
	if (how == 2)
		tx_must(tx, ERR_NOT_FOUND, "no 77");
	if (how >= 3) {
		assert_true(tx_query(tx, "SELECT seq FROM audit", &rows,
				     &store_err));
		assert_true(rows.n > 0);
		rows_done(&rows);
		append(tx, "never, either");
	}
	if (how == 4)
		tx_put(tx, "INSERT INTO revision (id, n) VALUES (1, 1)");
	if (how == 1 || how == 2 || how == 4)
		assert_false(tx_commit(tx, &store_err));
	else
		tx_abort(tx);
}

static void rolled_back_leaves_no_gap(void)
{
	for (int how = 0; how <= 4; how++) {
		struct tx *tx;

		end_otherwise(how);
		tx = begin();
		append(tx, "kept");
		assert_true(tx_commit(tx, &store_err));
		assert_chains((size_t)how + 1);
	}
}

STORE_DEFINE(rolled_back_leaves_no_gap)

static size_t kept;

/* Some ask first, some fail. */
static void append_one(void *index)
{
	size_t i = (size_t)index;
	struct tx *tx = begin();
	struct rows rows;

	append(tx, "by one of many");
	if (i % 3 == 0) {
		assert_true(tx_query(tx, "SELECT n FROM revision", &rows,
				     &store_err));
		rows_done(&rows);
	}
	if (i % 4 == 0)
		tx_put(tx, "INSERT INTO revision (id, n) VALUES (1, 1)");
	kept += tx_commit(tx, &store_err);
}

static void many_at_once(void)
{
	kept = 0;
	store_in_fibers(FIBERS, append_one);
	assert_int_equal(kept, FIBERS - FIBERS / 4);
	assert_chains(kept);
}

STORE_DEFINE(many_at_once)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(several_in_one)
		STORE_ROW(goes_on_when_opened_again)
		STORE_ROW(rolled_back_leaves_no_gap)
		STORE_ROW(many_at_once)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
