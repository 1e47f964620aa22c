/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "store_run.h"

static struct tx *begin(void)
{
	return tx_begin(store, NULL);
}

static void put_key(struct tx *tx, const char *key, int64_t n)
{
	tx_put(tx,
	       "INSERT INTO login_failures (account, source, failures,"
	       " last_at, locked_until) VALUES ($1, 'here', $2, 0, 0)",
	       P_TEXT(key), P_INT(n));
}

static void commit_and_read(void)
{
	struct tx *tx = begin();

	put_key(tx, "a", 1);
	put_key(tx, "b", 2);
	assert_true(tx_commit(tx, &store_err));
	assert_int_equal(
		store_number("SELECT sum(failures) AS n FROM login_failures"),
		3);
}

STORE_DEFINE(commit_and_read)

int main(void)
{
	const struct CMUnitTest tests[] = { STORE_ROW(commit_and_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
