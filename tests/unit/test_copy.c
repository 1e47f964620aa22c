/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An installation moved from SQLite to PostgreSQL and back; the list of tables
 * against the schemas of both.
 */
#include "unit.h"

#include "base/text.h"
#include "data_dir.h"
#include "postgres_run.h"
#include "store/copy.h"

#define ROWS 450 /* of each table: more than two pages */

static char sqlite_url[128], back_url[128];

/* Each in a data directory of its own. */
static void set_urls(void)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/a", host_dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(sqlite_url, sizeof(sqlite_url), "sqlite:%s/a/store.db",
		 host_dir);
	snprintf(back_url, sizeof(back_url), "sqlite:%s/b/store.db", host_dir);
}

static struct store *open_url(const char *url)
{
	struct store *s = store_open(
		&(struct store_options){ .url = url,
					 .pool = 2,
					 .timeout_ms = STORE_TEST_TIMEOUT_MS },
		&store_err);

	if (!s)
		fail_msg("%s: %s", url, store_err.message);
	return s;
}

static void copy(const char *from, const char *to)
{
	if (!store_copy(from, to, NULL, &store_err))
		fail_msg("%s", store_err.message);
}

static void cannot_copy(const char *from, const char *to, enum err_code code,
			const char *words)
{
	assert_false(store_copy(from, to, NULL, &store_err));
	assert_int_equal(store_err.code, code);
	if (!strstr(store_err.message, words))
		fail_msg("\"%s\" lacks \"%s\"", store_err.message, words);
}

/* ---- the list of tables --------------------------------------------------- */

/* "table keys column:type …" of each, as the list has it. */
static void write_list(struct buf *out)
{
	const struct copy_table *t;

	for (t = copy_tables; t->name; t++)
		buf_printf(out, "%s %u %s\n", t->name, t->keys, t->columns);
}

/* The same of a schema, whose rows are table, column, type, key; in the order
 * of the list, what it lacks last. */
static void write_table(const struct rows *rows, const char *table,
			struct buf *out)
{
	unsigned keys = 0;

	for (size_t i = 0; i < rows->n; i++)
		keys += !strcmp(row_text(rows, i, "t"), table) &&
			row_int(rows, i, "k");
	buf_printf(out, "%s %u", table, keys);
	for (size_t i = 0; i < rows->n; i++)
		if (!strcmp(row_text(rows, i, "t"), table))
			buf_printf(out, " %s:%s", row_text(rows, i, "c"),
				   row_text(rows, i, "type"));
	buf_add_char(out, '\n');
}

static bool is_listed(const char *table)
{
	const struct copy_table *t = copy_tables;

	while (t->name && strcmp(t->name, table) != 0)
		t++;
	return t->name || !strcmp(table, "schema_versions");
}

static void check_schema(struct store *s, const char *sql)
{
	struct buf listed = { 0 }, there = { 0 };
	const struct copy_table *t;
	struct rows rows;

	if (!store_read(s, NULL, sql, &rows, &store_err))
		fail_msg("%s", store_err.message);
	for (size_t i = 0; i < rows.n; i++)
		if (!is_listed(row_text(&rows, i, "t")))
			fail_msg("table %s is not in copy_tables",
				 row_text(&rows, i, "t"));
	write_list(&listed);
	for (t = copy_tables; t->name; t++)
		write_table(&rows, t->name, &there);
	assert_string_equal(listed.p, there.p);
	rows_done(&rows);
	buf_done(&listed);
	buf_done(&there);
}

static void list_is_the_schema(void)
{
	struct store *s;

	set_urls();
	check_schema(
		store,
		"SELECT c.relname AS t, a.attname AS c, CASE"
		" format_type(a.atttypid, -1) WHEN 'text' THEN 't'"
		" WHEN 'bigint' THEN 'i' ELSE 'b' END AS type,"
		" a.attnum = ANY (i.indkey::int2[]) AS k"
		" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
		" LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
		" WHERE c.relkind = 'r' AND a.attnum > 0"
		" AND c.relnamespace = 'public'::regnamespace"
		" ORDER BY c.relname, a.attnum");
	s = open_url(sqlite_url);
	check_schema(s,
		     "SELECT m.name AS t, p.name AS c, CASE p.type WHEN 'TEXT'"
		     " THEN 't' WHEN 'BIGINT' THEN 'i' ELSE 'b' END AS type,"
		     " p.pk > 0 AS k FROM sqlite_master m,"
		     " pragma_table_info(m.name) p WHERE m.type = 'table'"
		     " ORDER BY m.name, p.cid");
	store_close(s);
}

STORE_DEFINE(list_is_the_schema)

/* ---- there and back ------------------------------------------------------- */

/* A value for each column; the same text everywhere, so that rows refer to
 * each other. */
static struct store_param value_for(char type, int row, char text[32])
{
	if (type == 'i')
		return P_INT((int64_t)row * 3000000000);
	snprintf(text, 32, "k%06d é%c", row, '\n');
	if (type == 'b') {
		text[0] = '\0';
		text[1] = (char)0xff;
		return P_BLOB(((struct slice){ text, strlen(text + 2) + 2 }));
	}
	return P_TEXT(text);
}

static bool may_be_null(struct store *s, const char *table, const char *column)
{
	struct rows rows;
	bool may;

	if (!store_read(s, NULL,
			"SELECT count(*) AS n FROM pragma_table_info($1) WHERE"
			" name = $2 AND \"notnull\" = 0 AND pk = 0",
			&rows, &store_err, P_TEXT(table), P_TEXT(column)))
		fail_msg("%s", store_err.message);
	may = row_int(&rows, 0, "n") == 1;
	rows_done(&rows);
	return may;
}

/* INSERT INTO table VALUES ($1, …) with every third value that may be, NULL. */
static void fill_table(struct store *s, const struct copy_table *t)
{
	struct store_param values[64];
	char texts[64][32], name[64], type[64];
	bool null[64];
	struct buf sql = { 0 };
	const char *words = t->columns;
	struct slice word;
	struct tx *tx = tx_begin(s, NULL);
	unsigned n = 0;

	buf_printf(&sql, "INSERT INTO %s VALUES (", t->name);
	while (text_next_word(&words, &word)) {
		snprintf(name, sizeof(name), "%.*s", (int)word.n - 2, word.p);
		type[n] = word.p[word.n - 1];
		null[n] = may_be_null(s, t->name, name);
		buf_printf(&sql, "%s$%u", n ? ", " : "", n + 1);
		n++;
	}
	buf_add_str(&sql, ")");
	for (int row = t->filled ? 1 : 0; row < ROWS; row++) {
		for (unsigned i = 0; i < n; i++)
			values[i] = null[i] && (row + (int)i) % 3 == 0
					    ? P_NULL
					    : value_for(type[i], row, texts[i]);
		values[n] = (struct store_param){ PARAM_END };
		tx_put_params(tx, sql.p, values);
	}
	if (!tx_commit(tx, &store_err))
		fail_msg("%s: %s", t->name, store_err.message);
	buf_done(&sql);
}

static struct store *filled(void)
{
	struct store *s;

	set_urls();
	s = open_url(sqlite_url);
	for (const struct copy_table *t = copy_tables; t->name; t++)
		fill_table(s, t);
	return s;
}

static void read_table(struct store *s, const struct copy_table *t,
		       struct rows *rows)
{
	struct buf sql = { 0 };
	const char *words = t->columns;
	struct slice word;

	buf_printf(&sql, "SELECT * FROM %s ORDER BY ", t->name);
	for (unsigned i = 0; i < t->keys && text_next_word(&words, &word); i++)
		buf_printf(&sql, "%s%.*s", i ? ", " : "", (int)word.n - 2,
			   word.p);
	if (!store_read(s, NULL, sql.p, rows, &store_err))
		fail_msg("%s", store_err.message);
	buf_done(&sql);
}

static void check_cell(const struct rows *a, const struct rows *b, size_t i,
		       const char *name, char type)
{
	assert_int_equal(row_is_null(a, i, name), row_is_null(b, i, name));
	if (row_is_null(a, i, name))
		return;
	if (type == 'i') {
		assert_int_equal(row_int(a, i, name), row_int(b, i, name));
		return;
	}
	assert_int_equal(row_blob(a, i, name).n, row_blob(b, i, name).n);
	assert_memory_equal(row_blob(a, i, name).p, row_blob(b, i, name).p,
			    row_blob(a, i, name).n);
}

static void check_table(struct store *a, struct store *b,
			const struct copy_table *t)
{
	struct rows before, after;
	const char *words = t->columns;
	struct slice word;
	char name[64];

	read_table(a, t, &before);
	read_table(b, t, &after);
	assert_int_equal(before.n, ROWS);
	assert_int_equal(before.n, after.n);
	while (text_next_word(&words, &word)) {
		snprintf(name, sizeof(name), "%.*s", (int)word.n - 2, word.p);
		for (size_t i = 0; i < before.n; i++)
			check_cell(&before, &after, i, name,
				   word.p[word.n - 1]);
	}
	rows_done(&before);
	rows_done(&after);
}

static void there_and_back(void)
{
	struct store *a, *b;

	store_end();
	store_close(filled());
	copy(sqlite_url, store_url);
	copy(store_url, back_url);
	a = open_url(sqlite_url);
	b = open_url(back_url);
	for (const struct copy_table *t = copy_tables; t->name; t++)
		check_table(a, b, t);
	store_close(a);
	store_close(b);
	store_begin();
}

STORE_DEFINE(there_and_back)

/* ---- refusals ------------------------------------------------------------- */

static void target_must_be_empty(void)
{
	store_end();
	set_urls();
	store_close(open_url(sqlite_url));
	store_begin();
	put_one("there", 1);
	store_end();
	cannot_copy(sqlite_url, store_url, ERR_CONFLICT, "login_failures");
	store_begin();
	assert_int_equal(failures_of("there"), 1);
}

STORE_DEFINE(target_must_be_empty)

static void source_must_be_there(void)
{
	struct stat st;

	set_urls();
	cannot_copy(sqlite_url, back_url, ERR_NOT_FOUND, "a/store.db");
	assert_int_equal(stat(sqlite_url + strlen("sqlite:"), &st), -1);
}

STORE_DEFINE(source_must_be_there)

/* A host holds its data directory; one with another holds the file. */
static void sqlite_must_be_at_rest(void)
{
	struct store *s;
	char dir[128];
	int lock;

	store_end();
	set_urls();
	snprintf(dir, sizeof(dir), "%s/a", host_dir);
	s = open_url(sqlite_url);
	cannot_copy(sqlite_url, store_url, ERR_CONFLICT, "stop skyclustd");
	store_close(s);
	lock = data_dir_lock(dir, &store_err);
	cannot_copy(sqlite_url, store_url, ERR_CONFLICT, "in use by another");
	close(lock);
	copy(sqlite_url, store_url);
	store_begin();
}

STORE_DEFINE(sqlite_must_be_at_rest)

static void postgres_must_be_at_rest(void)
{
	set_urls();
	cannot_copy(store_url, sqlite_url, ERR_CONFLICT, "in use");
	store_end();
	store_close(open_url(sqlite_url));
	store_begin();
	cannot_copy(sqlite_url, store_url, ERR_CONFLICT, "in use");
}

STORE_DEFINE(postgres_must_be_at_rest)

/* While it is copied no host can begin to use it. */
static void nobody_starts_meanwhile(void)
{
	struct store_options options = { .url = store_url,
					 .pool = 2,
					 .timeout_ms = 1000 };
	struct store *alone;

	store_end();
	options.alone = true;
	alone = store_open(&options, &store_err);
	assert_non_null(alone);
	options.alone = false;
	assert_null(store_open(&options, &store_err));
	assert_int_equal(store_err.code, ERR_STORE_UNAVAILABLE);
	assert_non_null(strstr(store_err.message, "copied"));
	store_close(alone);
	store_begin();
}

STORE_DEFINE(nobody_starts_meanwhile)

/* What the target cannot take leaves it empty. */
static void all_or_nothing(void)
{
	struct store *s = filled();
	struct tx *tx = tx_begin(s, NULL);

	tx_put(tx, "INSERT INTO audit_checkpoints (id, at, body, key_id,"
		   " signature) VALUES (1, 1, CAST(x'ff' AS TEXT), '', x'00')");
	assert_true(tx_commit(tx, &store_err));
	store_close(s);
	store_end();
	cannot_copy(sqlite_url, store_url, ERR_INVALID, "audit_checkpoints");
	store_begin();
	assert_int_equal(store_number("SELECT count(*) AS n FROM users"), 0);
	assert_int_equal(store_number("SELECT count(*) AS n FROM revision"), 1);
}

STORE_DEFINE(all_or_nothing)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(list_is_the_schema)
		STORE_ROW(there_and_back)
		STORE_ROW(target_must_be_empty)
		STORE_ROW(source_must_be_there)
		STORE_ROW(sqlite_must_be_at_rest)
		STORE_ROW(postgres_must_be_at_rest)
		STORE_ROW(nobody_starts_meanwhile)
		STORE_ROW(all_or_nothing)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
