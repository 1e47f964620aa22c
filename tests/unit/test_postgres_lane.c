/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes of many connections and of several hosts; test_store_lane.c has what
 * both engines do.
 */
#include "unit.h"

#include "postgres_run.h"

/* ---- lanes ---------------------------------------------------------------- */

/* The digest of a record here: the sequence number, and the text's length. */
static void fill(struct store_lane *lane, struct slice text,
		 unsigned char hash[STORE_HASH])
{
	memset(lane->hash, 0, STORE_HASH);
	lane->seq++;
	memcpy(lane->hash, &lane->seq, sizeof(lane->seq));
	lane->hash[STORE_HASH - 1] = (unsigned char)text.n;
	memcpy(hash, lane->hash, STORE_HASH);
}

static void append(struct tx *tx, const char *text)
{
	tx_append(tx,
		  "INSERT INTO audit (lane, seq, before, hash, record, at,"
		  " workspace_id, actor, action, outcome)"
		  " VALUES ($1, $2, $3, $4, $5, $6, '', '', '', '')",
		  fill, slice_of(text), STORE_PARAMS(P_INT(1)));
}

#define RECORDS 200

static void append_some(void *index)
{
	struct tx *tx = tx_begin(store, NULL);
	struct error err;

	append(tx, "one");
	if ((size_t)index % 4 == 1) { /* is rolled back */
		put(tx, "a", 1);
		tx_must_not(tx, ERR_QUOTA, "none of these");
	}
	if ((size_t)index % 4 == 2)
		session_of(tx);
	append(tx, "two");
	if ((size_t)index % 4 == 3)
		tx_abort(tx);
	else
		assert_int_equal(tx_commit(tx, &err), (size_t)index % 4 != 1);
}

/* Every record has the digest of the one before it, and the head the last. */
static void check_lanes(int64_t records)
{
	assert_int_equal(store_number("SELECT count(*) AS n FROM audit"),
			 records);
	assert_int_equal(
		store_number(
			"SELECT count(*) AS n FROM audit a LEFT JOIN audit b"
			" ON b.lane = a.lane AND b.seq = a.seq - 1"
			" WHERE a.before <> coalesce(b.hash,"
			" decode(repeat('00', 32), 'hex'))"),
		0);
	assert_int_equal(
		store_number(
			"SELECT count(*) AS n FROM (SELECT lane, max(seq) AS"
			" seq, count(*) AS records FROM audit GROUP BY lane) l"
			" LEFT JOIN audit a USING (lane, seq)"
			" LEFT JOIN audit_heads h USING (lane, seq)"
			" WHERE l.records <> l.seq OR h.hash IS DISTINCT FROM"
			" a.hash"),
		0);
}

static void lanes_have_no_gaps(void)
{
	store_in_fibers(RECORDS, append_some);
	check_lanes(RECORDS); /* two of each that was committed: half of them */
	assert_in_range(store_number("SELECT count(*) AS n FROM audit_heads"),
			1, 3);
}

STORE_DEFINE(lanes_have_no_gaps)

static void append_one(void *index UNUSED)
{
	struct tx *tx = tx_begin(store, NULL);

	append(tx, "one");
	commit(tx);
}

/* Two hosts at one database never write the same lane; what one leaves, the
 * next takes up where it ended. */
static void lanes_of_two_hosts(void)
{
	struct store *first = store;

	store_in_fibers(20, append_one);
	store_begin();
	store_in_fibers(20, append_one);
	check_lanes(40);
	assert_in_range(store_number("SELECT count(*) AS n FROM audit_heads"),
			4, 6);
	store_close(first);
	store_in_fibers(20, append_one);
	store_end();
	store_begin();
	store_in_fibers(20, append_one);
	check_lanes(80);
	assert_in_range(store_number("SELECT count(*) AS n FROM audit_heads"),
			4, 6);
}

STORE_DEFINE(lanes_of_two_hosts)

/* A lane is not trusted after its session broke. */
static void lane_of_a_broken_session(void)
{
	struct tx *tx;

	store_in_fibers(8, append_one);
	tx = tx_begin(store, NULL);
	append(tx, "never");
	break_session(session_of(tx));
	assert_false(tx_commit(tx, &store_err));
	store_in_fibers(8, append_one);
	check_lanes(16);
}

STORE_DEFINE(lane_of_a_broken_session)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(lanes_have_no_gaps)
		STORE_ROW(lanes_of_two_hosts)
		STORE_ROW(lane_of_a_broken_session)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
