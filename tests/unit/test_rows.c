/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values on their way into a database and back.
 */
#include "unit.h"

#include <sys/wait.h>

#include "store_run.h"

static void every_type_comes_back(void)
{
	static const char bytes[] = "\0\1\xff'\0";
	struct slice blob = { bytes, sizeof(bytes) - 1 };
	struct tx *tx = tx_begin(store, NULL);
	struct rows rows;

	tx_put(tx,
	       "INSERT INTO idempotency_keys (user_id, route, key, body,"
	       " operation_id, status, response, created_at, expires_at)"
	       " VALUES ($1, $1, $7, $2, $3, $4, $6, $5, $5)",
	       P_TEXT("Grüße, 'O\"Neill' \\ $1"), P_BLOB(blob), P_TEXT(NULL),
	       P_INT(INT64_MIN), P_INT(INT64_MAX), P_BLOB(SLICE("")),
	       P_TEXT(""));
	assert_true(tx_commit(tx, &store_err));
	assert_true(store_read(store, NULL, "SELECT * FROM idempotency_keys",
			       &rows, &store_err));
	assert_int_equal(rows.n, 1);
	assert_string_equal(row_text(&rows, 0, "route"),
			    "Grüße, 'O\"Neill' \\ $1");
	assert_string_equal(row_text(&rows, 0, "key"), "");
	assert_int_equal(row_blob(&rows, 0, "body").n, blob.n);
	assert_memory_equal(row_blob(&rows, 0, "body").p, bytes, blob.n);
	assert_true(row_is_null(&rows, 0, "operation_id"));
	assert_null(row_text(&rows, 0, "operation_id"));
	assert_true(row_int(&rows, 0, "status") == INT64_MIN);
	assert_true(row_int(&rows, 0, "expires_at") == INT64_MAX);
	assert_int_equal(row_blob(&rows, 0, "response").n, 0);
	assert_false(row_is_null(&rows, 0, "response"));
	rows_done(&rows);
	rows_done(&rows);
}

STORE_DEFINE(every_type_comes_back)

static void null_params(void)
{
	struct slice none = { NULL, 0 };
	struct rows rows;
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx,
	       "INSERT INTO idempotency_keys (user_id, route, key, body,"
	       " status, response, created_at, expires_at)"
	       " VALUES ('u', 'r', 'k', 'b', $1, $2, 0, 0)",
	       P_NULL, P_BLOB(none));
	assert_true(tx_commit(tx, &store_err));
	assert_true(store_read(store, NULL,
			       "SELECT status, response FROM idempotency_keys",
			       &rows, &store_err));
	assert_true(row_is_null(&rows, 0, "status"));
	assert_int_equal(row_int(&rows, 0, "status"), 0);
	assert_null(row_blob(&rows, 0, "response").p);
	rows_done(&rows);
}

STORE_DEFINE(null_params)

/* A value of another type than was asked for is converted, never a fault. */
static void values_are_converted(void)
{
	struct rows rows;

	store_exec("INSERT INTO login_failures (account, source, failures,"
		   " last_at, locked_until)"
		   " VALUES ('12', '', -7, 0, 0), ('a', '', 0, 0, 0)");
	assert_true(store_read(store, NULL,
			       "SELECT failures, account FROM login_failures"
			       " ORDER BY account",
			       &rows, &store_err));
	assert_int_equal(rows.n, 2);
	assert_string_equal(row_text(&rows, 0, "failures"), "-7");
	assert_int_equal(row_int(&rows, 0, "account"), 12);
	assert_int_equal(row_int(&rows, 1, "account"), 0);
	assert_null(row_blob(&rows, 0, "failures").p);
	rows_done(&rows);
}

STORE_DEFINE(values_are_converted)

static int exit_of(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static struct rows wrong_rows;

static void ask_wrong_column(void)
{
	close(STDERR_FILENO); /* it says why */
	row_text(&wrong_rows, 0, "nonesuch");
}

static void ask_right_column(void)
{
	row_text(&wrong_rows, 0, "n");
}

static void unknown_column_ends_the_process(void)
{
	assert_true(store_read(store, NULL, "SELECT 1 AS n", &wrong_rows,
			       &store_err));
	assert_int_equal(exit_of(ask_right_column), 0);
	assert_int_not_equal(exit_of(ask_wrong_column), 0);
	rows_done(&wrong_rows);
}

STORE_DEFINE(unknown_column_ends_the_process)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(every_type_comes_back)
		STORE_ROW(null_params)
		STORE_ROW(values_are_converted)
		STORE_ROW(unknown_column_ends_the_process)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
