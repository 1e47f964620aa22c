/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which databases can be used, what is said of those that cannot, and whose
 * rows can be seen in one.
 */
#include "unit.h"

#include <fcntl.h>

#include "postgres_run.h"

/* Everything between is in @text: what the log said. */
static int catch_log(void)
{
	int old = dup(STDERR_FILENO);
	int fd = open(host_file("log", ""), O_WRONLY | O_TRUNC);

	dup2(fd, STDERR_FILENO);
	close(fd);
	return old;
}

static void caught_log(int old, struct buf *text)
{
	char path[128];

	dup2(old, STDERR_FILENO);
	close(old);
	snprintf(path, sizeof(path), "%s/log", host_dir);
	assert_int_equal(sys_read_file(path, 1 << 20, text), 0);
	buf_add_char(text, '\0');
}

/* ---- row-level security --------------------------------------------------- */

static void put_operation(struct tx *tx, const char *id, const char *workspace)
{
	tx_put(tx,
	       "INSERT INTO operations (id, workspace_id, user_id, provider,"
	       " method, state, effect, args, attempt, cancel_requested, owner,"
	       " lease_until, created_at, updated_at, version) VALUES"
	       " ($1, $2, 'u', 'p', 'm', 's', 'none', $3, 0, 0, '', 0, 0, 0, "
	       "1)",
	       P_TEXT(id), P_TEXT(workspace), P_BLOB(SLICE("x")));
}

static int64_t operations_seen_by(const char *workspace)
{
	struct rows rows;
	int64_t n;

	assert_true(store_read(store, workspace,
			       "SELECT count(*) AS n FROM operations", &rows,
			       &store_err));
	n = row_int(&rows, 0, "n");
	rows_done(&rows);
	return n;
}

static void tenants_see_their_own_rows(void)
{
	struct tx *tx = tx_begin(store, "ws_a");
	struct rows rows;

	put_operation(tx, "op_a", "ws_a");
	commit(tx);
	tx = tx_begin(store, NULL);
	put_operation(tx, "op_b", "ws_b");
	commit(tx);
	assert_int_equal(operations_seen_by("ws_a"), 1);
	assert_int_equal(operations_seen_by("ws_b"), 1);
	assert_int_equal(operations_seen_by("ws_c"), 0);
	assert_int_equal(operations_seen_by(""), 0);
	assert_int_equal(operations_seen_by(NULL), 2);
	tx = tx_begin(store, "ws_b");
	assert_true(
		tx_query(tx, "SELECT id FROM operations", &rows, &store_err));
	assert_int_equal(rows.n, 1);
	assert_string_equal(row_text(&rows, 0, "id"), "op_b");
	rows_done(&rows);
	tx_put(tx, "UPDATE operations SET state = 't'");
	tx_put(tx, "DELETE FROM operations WHERE id = 'op_a'");
	tx_must_not(tx, ERR_CONFLICT, "another tenant's");
	commit(tx);
	assert_int_equal(store_number("SELECT count(*) AS n FROM operations"
				      " WHERE state = 't'"),
			 1);
}

STORE_DEFINE(tenants_see_their_own_rows)

static void tenants_write_their_own_rows(void)
{
	struct tx *tx = tx_begin(store, "ws_a");

	put_operation(tx, "op_1", "ws_b");
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(operations_seen_by(NULL), 0);
	tx = tx_begin(store, "ws_a");
	put_operation(tx, "op_1", "ws_a");
	tx_put(tx, "UPDATE operations SET workspace_id = 'ws_b'");
	assert_false(tx_commit(tx, &store_err));
	assert_int_equal(operations_seen_by(NULL), 0);
}

STORE_DEFINE(tenants_write_their_own_rows)

/* ---- opening -------------------------------------------------------------- */

static struct store *open_url(const char *url)
{
	return store_open(&(struct store_options){ .url = url,
						   .pool = 2,
						   .timeout_ms = 5000 },
			  &store_err);
}

static void open_again(void *index)
{
	struct error err;
	struct store *s = store_open(
		&(struct store_options){
			.url = store_url, .pool = 2, .timeout_ms = 10000 },
		&err);

	if (!s)
		fail_msg("host %zu: %s", (size_t)index, err.message);
	store_close(s);
}

/* Hosts that start at once make one schema. */
static void hosts_start_at_once(void)
{
	store_end();
	meanwhile("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
	store_in_fibers(8, open_again);
	store_begin();
	assert_int_equal(store_number("SELECT max(version) AS n"
				      " FROM schema_versions"),
			 store_number("SELECT count(*) AS n"
				      " FROM schema_versions"));
}

STORE_DEFINE(hosts_start_at_once)

/* A name that no resolver needs to be asked for: its label is too long. */
#define NO_NAME \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* @url cannot be opened; nothing that is said names @secret. */
static void cannot_open(const char *url, enum err_code code, const char *words,
			const char *secret)
{
	struct buf text = { 0 };
	int old = catch_log();
	struct store *s = open_url(url);

	caught_log(old, &text);
	assert_null(s);
	assert_int_equal(store_err.code, code);
	if (!strstr(store_err.message, words))
		fail_msg("%s: not \"%s\"", store_err.message, words);
	assert_null(strstr(store_err.message, secret));
	assert_null(strstr(text.p, secret));
	buf_done(&text);
}

static void what_cannot_be_opened(void)
{
	const char *host = strchr(store_url, '?');
	AUTO_FREE char *wrong = mem_printf("postgresql://skyclust:wrongpass@"
					   "/postgres%s",
					   host);
	AUTO_FREE char *nobody =
		mem_printf("postgresql://nobody:wrongpass@/none%s", host);

	cannot_open(wrong, ERR_STORE_UNAVAILABLE, "skyclust", "wrongpass");
	cannot_open(nobody, ERR_STORE_UNAVAILABLE, "nobody", "wrongpass");
	cannot_open("postgresql://u:wrongpass%zz@/db", ERR_INVALID, "store.url",
		    "wrongpass");
	cannot_open("postgresql://u:wrongpass@/db?nosuch=1", ERR_INVALID,
		    "store.url", "wrongpass");
	cannot_open("postgresql:///db?service=wrongpass", ERR_INVALID,
		    "service", "wrongpass");
	cannot_open("postgresql://u:wrongpass@127.0.0.1:1/db",
		    ERR_STORE_UNAVAILABLE, "127.0.0.1", "wrongpass");
	cannot_open("postgresql://u:wrongpass@" NO_NAME ",/db",
		    ERR_STORE_UNAVAILABLE, "", "wrongpass");
	cannot_open("postgresql://u:wrongpass@" NO_NAME "/db",
		    ERR_STORE_UNAVAILABLE, NO_NAME, "wrongpass");
	cannot_open("postgresql://u:wrongpass@localhost:1/db",
		    ERR_STORE_UNAVAILABLE, "reached", "wrongpass");
}

STORE_DEFINE(what_cannot_be_opened)

/* A name with an address that does not answer comes before one that does. */
static void names_are_looked_up(void)
{
	const char *url = getenv("SKYCLUST_TEST_STORE_TCP");
	const char *at = strstr(url, "@localhost:");
	AUTO_FREE char *two =
		mem_printf("%.*s@127.0.0.1:1,localhost:%s", (int)(at - url),
			   url, at + strlen("@localhost:"));
	struct store *s;

	assert_non_null(at);
	s = open_url(url);
	if (!s)
		fail_msg("%s", store_err.message);
	store_close(s);
	s = open_url(two);
	if (!s)
		fail_msg("%s", store_err.message);
	store_close(s);
}

STORE_DEFINE(names_are_looked_up)

/* The administrator of the peer's server, in @database. */
static const char *administrator_url(const char *database)
{
	static char url[512];

	snprintf(url, sizeof(url), "postgresql://postgres@/%s%s", database,
		 strchr(store_url, '?'));
	return url;
}

/* What stands in postgresql://WHO@/DATABASE?MORE. */
static const char *database_name(void)
{
	static char name[64];
	const char *at = strstr(store_url, "@/") + 2;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "?"), at);
	return name;
}

static void superuser_is_warned_of(void)
{
	struct buf text = { 0 };
	int old = catch_log();
	struct store *s = open_url(administrator_url(database_name()));

	caught_log(old, &text);
	assert_non_null(s);
	store_close(s);
	assert_non_null(strstr(text.p, "row-level security"));
	assert_non_null(strstr(text.p, "role=postgres"));
	buf_done(&text);
	old = catch_log();
	s = open_url(store_url);
	caught_log(old, &text);
	assert_null(strstr(text.p, "row-level security"));
	buf_done(&text);
	meanwhile("ALTER TABLE operations NO FORCE ROW LEVEL SECURITY");
	old = catch_log();
	store_close(s);
	s = open_url(store_url);
	caught_log(old, &text);
	assert_non_null(strstr(text.p, "tables=operations"));
	store_close(s);
	buf_done(&text);
}

STORE_DEFINE(superuser_is_warned_of)

static void encoding_must_be_utf8(void)
{
	char url[512];

	meanwhile("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
	snprintf(url, sizeof(url), "%s", administrator_url("latin"));
	assert_null(open_url(url));
	assert_int_equal(store_err.code, ERR_INVALID);
	assert_non_null(strstr(store_err.message, "LATIN1"));
	meanwhile("DROP DATABASE latin WITH (FORCE)");
}

STORE_DEFINE(encoding_must_be_utf8)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(tenants_see_their_own_rows)
		STORE_ROW(tenants_write_their_own_rows)
		STORE_ROW(hosts_start_at_once)
		STORE_ROW(what_cannot_be_opened)
		STORE_ROW(names_are_looked_up)
		STORE_ROW(superuser_is_warned_of)
		STORE_ROW(encoding_must_be_utf8)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
