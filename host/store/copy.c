/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are read page by page along the primary key and written as they are, so
 * that what is sealed or chained stays byte for byte the same.  The lanes of the
 * audit log go on where they are: a lane that the other engine does not use
 * only ends.
 */
#include "store/copy.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "data_dir.h"
#include "store/backend.h"

#define PAGE 200
#define COLUMNS 40			      /* no table has more */
#define COPY_MS (4 * 60 * 60 * INT64_C(1000)) /* one transaction */

/* clang-format off */
const struct copy_table copy_tables[] = {
	{ "revision", 1, "id:i n:i", .filled = true },
	{ "users", 1,
	  "id:t name:t display_name:t email:t kind:t role:t state:t password:b issuer:t subject:t"
	  " version:i created_at:i updated_at:i password_changed_at:i" },
	{ "sessions", 1,
	  "id:t user_id:t refresh:b generation:i method:t source:t agent:t created_at:i used_at:i"
	  " expires_at:i revoked_at:i" },
	{ "api_tokens", 1,
	  "id:t user_id:t name:t mac:b workspace_id:t permissions:t created_at:i expires_at:i"
	  " used_at:i revoked_at:i" },
	{ "login_failures", 2, "account:t source:t failures:i last_at:i locked_until:i" },
	{ "workspaces", 1,
	  "id:t name:t description:t settings:t created_by:t named_by:t version:i created_at:i"
	  " updated_at:i" },
	{ "roles", 1,
	  "id:t workspace_id:t name:t description:t permissions:t version:i created_at:i"
	  " updated_at:i" },
	{ "members", 2, "workspace_id:t user_id:t role:t created_at:i updated_at:i" },
	{ "quotas", 2, "workspace_id:t name:t most:i" },
	{ "credentials", 1,
	  "id:t workspace_id:t provider:t name:t sealed:b key_version:i public:t is_default:i"
	  " state:t last_error:t expires_at:i verified_at:i warned_at:i created_by:t version:i"
	  " created_at:i updated_at:i" },
	{ "operations", 1,
	  "id:t workspace_id:t user_id:t credential_id:t provider:t method:t region:t zone:t"
	  " state:t effect:t args:b result:b checkpoint:b handle:b error:t progress:t"
	  " resource_id:t attempt:i cancel_requested:i owner:t lease_until:i request_id:t trace:t"
	  " created_at:i updated_at:i finished_at:i version:i" },
	{ "idempotency_keys", 3,
	  "user_id:t route:t key:t body:b operation_id:t status:i response:b created_at:i"
	  " expires_at:i" },
	{ "resources", 4,
	  "workspace_id:t provider:t kind:t id:t credential_id:t operation_id:t created_at:i" },
	{ "audit", 2,
	  "lane:i seq:i before:b hash:b record:t at:i workspace_id:t actor:t action:t outcome:t"
	  " target:t provider:t" },
	{ "audit_heads", 1, "lane:i seq:i hash:b" },
	{ "audit_checkpoints", 1, "id:i at:i body:t key_id:t signature:b" },
	{ NULL },
};
/* clang-format on */

/* ---- one table ------------------------------------------------------------ */

struct column {
	char name[40];
	char type;
};

struct copy {
	const struct copy_table *table;
	struct column columns[COLUMNS];
	unsigned n;
	struct tx *from, *to;
	struct buf first, next, insert;	  /* SQL */
	struct store_param last[COLUMNS]; /* the key of the last row */
	struct arena arena;		  /* of `last` */
	int64_t rows;
};

static void read_columns(struct copy *c)
{
	const char *words = c->table->columns;
	struct slice word;

	while (c->n < COLUMNS && text_next_word(&words, &word)) {
		struct column *column = &c->columns[c->n++];

		snprintf(column->name, sizeof(column->name), "%.*s",
			 (int)word.n - 2, word.p);
		column->type = word.p[word.n - 1];
	}
}

static void add_names(const struct copy *c, unsigned n, struct buf *sql)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(sql, "%s%s", i ? ", " : "", c->columns[i].name);
}

static void add_params(unsigned n, struct buf *sql)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(sql, "%s$%u", i ? ", " : "", i + 1);
}

static void write_select(const struct copy *c, bool first, struct buf *sql)
{
	buf_add_str(sql, "SELECT ");
	add_names(c, c->n, sql);
	buf_printf(sql, " FROM %s", c->table->name);
	if (!first) {
		buf_add_str(sql, " WHERE (");
		add_names(c, c->table->keys, sql);
		buf_add_str(sql, ") > (");
		add_params(c->table->keys, sql);
		buf_add_str(sql, ")");
	}
	buf_add_str(sql, " ORDER BY ");
	add_names(c, c->table->keys, sql);
	buf_printf(sql, " LIMIT %d", PAGE);
}

static void write_insert(const struct copy *c, struct buf *sql)
{
	buf_printf(sql, "INSERT INTO %s (", c->table->name);
	add_names(c, c->n, sql);
	buf_add_str(sql, ") VALUES (");
	add_params(c->n, sql);
	buf_add_str(sql, ")");
}

static struct store_param value_of(const struct copy *c, unsigned column,
				   const struct rows *rows, size_t row)
{
	const struct column *col = &c->columns[column];

	if (row_is_null(rows, row, col->name))
		return P_NULL;
	if (col->type == 'i')
		return P_INT(row_int(rows, row, col->name));
	if (col->type == 'b')
		return P_BLOB(row_blob(rows, row, col->name));
	return P_TEXT(row_text(rows, row, col->name));
}

static void keep_key(struct copy *c, const struct rows *rows)
{
	struct store_param p;

	arena_wipe(&c->arena);
	for (unsigned i = 0; i < c->table->keys; i++) {
		p = value_of(c, i, rows, rows->n - 1);
		if (p.type == PARAM_TEXT)
			p.text = arena_strdup(&c->arena, p.text);
		c->last[i] = p;
	}
	c->last[c->table->keys] = (struct store_param){ PARAM_END };
}

static void put_page(struct copy *c, const struct rows *rows)
{
	struct store_param values[COLUMNS + 1];

	for (size_t row = 0; row < rows->n; row++) {
		for (unsigned i = 0; i < c->n; i++)
			values[i] = value_of(c, i, rows, row);
		values[c->n] = (struct store_param){ PARAM_END };
		tx_put_params(c->to, c->insert.p, values);
	}
	c->rows += (int64_t)rows->n;
}

static WAITS bool number_of(struct tx *tx, const char *sql, int64_t *n,
			    struct error *err)
{
	struct rows rows;

	if (!tx_query(tx, sql, &rows, err))
		return false;
	*n = row_int(&rows, 0, "n");
	rows_done(&rows);
	return true;
}

/* One page; *@more: there may be another. */
static WAITS bool copy_page(struct copy *c, bool *more, struct error *err)
{
	struct rows rows;
	int64_t one;

	if (!tx_query_params(c->from, c->rows ? c->next.p : c->first.p, &rows,
			     err, c->rows ? c->last : NULL))
		return false;
	*more = rows.n == PAGE;
	put_page(c, &rows);
	if (*more)
		keep_key(c, &rows);
	rows_done(&rows);
	return number_of(c->to, "SELECT 1 AS n", &one, err); /* send it */
}

static WAITS bool same_count(struct copy *c, struct error *err)
{
	AUTO_FREE char *sql =
		mem_printf("SELECT count(*) AS n FROM %s", c->table->name);
	int64_t from, to;

	if (!number_of(c->from, sql, &from, err) ||
	    !number_of(c->to, sql, &to, err))
		return false;
	return (from == c->rows && to == c->rows) ||
	       fail(err, ERR_INTERNAL,
		    "%s had %" PRId64 " rows, %" PRId64 " were copied, "
		    "%" PRId64 " are there; nothing was changed",
		    c->table->name, from, c->rows, to);
}

static WAITS bool copy_rows(struct copy *c, struct error *err)
{
	bool more = true;

	if (c->table->filled) {
		AUTO_FREE char *sql =
			mem_printf("DELETE FROM %s", c->table->name);

		tx_put(c->to, sql);
	}
	while (more)
		if (!copy_page(c, &more, err))
			return fail_within(err, "table %s", c->table->name);
	return same_count(c, err);
}

static WAITS bool copy_table(struct tx *from, struct tx *to,
			     const struct copy_table *table, int64_t *rows,
			     struct error *err)
{
	struct copy c = { .table = table, .from = from, .to = to };
	bool ok;

	read_columns(&c);
	write_select(&c, true, &c.first);
	write_select(&c, false, &c.next);
	write_insert(&c, &c.insert);
	ok = copy_rows(&c, err);
	*rows = c.rows;
	buf_done(&c.first);
	buf_done(&c.next);
	buf_done(&c.insert);
	arena_wipe(&c.arena);
	return ok;
}

/* ---- all tables ----------------------------------------------------------- */

static WAITS bool is_empty(struct tx *to, struct error *err)
{
	const struct copy_table *t;
	int64_t n;

	for (t = copy_tables; t->name; t++) {
		AUTO_FREE char *sql =
			mem_printf("SELECT count(*) AS n FROM %s", t->name);

		if (!number_of(to, sql, &n, err))
			return false;
		if (n && !t->filled)
			return fail(err, ERR_CONFLICT,
				    "the database to copy to is not empty: "
				    "%s has %" PRId64 " rows",
				    t->name, n);
	}
	return true;
}

static WAITS bool copy_all(struct tx *from, struct tx *to,
			   void (*told)(const char *table, int64_t rows),
			   struct error *err)
{
	const struct copy_table *t;
	int64_t rows;

	if (!is_empty(to, err))
		return false;
	for (t = copy_tables; t->name; t++) {
		if (!copy_table(from, to, t, &rows, err))
			return false;
		if (told)
			told(t->name, rows);
	}
	return true;
}

static WAITS bool copy_between(struct store *from, struct store *to,
			       void (*told)(const char *table, int64_t rows),
			       struct error *err)
{
	struct tx *in = tx_begin(from, NULL), *out = tx_begin(to, NULL);
	bool ok = copy_all(in, out, told, err);

	tx_abort(in);
	if (ok)
		return tx_commit(out, err);
	tx_abort(out);
	return false;
}

/* ---- being alone ---------------------------------------------------------- */

/* One of the two databases. */
struct end {
	const char *url;
	struct store *store;
	int lock; /* of the data directory, -1: none */
};

static const char *sqlite_path(const char *url)
{
	return text_starts(url, "sqlite:") ? url + strlen("sqlite:") : NULL;
}

/* In WAL mode everybody who has it open holds a shared lock on it, which the
 * exclusive mode does not get along with (https://sqlite.org/wal.html,
 * "Use of WAL without shared memory"). */
static bool nobody_has(const char *path, struct error *err)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
				  "PRAGMA locking_mode = EXCLUSIVE;"
				  "BEGIN IMMEDIATE; ROLLBACK",
				  NULL, NULL, NULL);
	sqlite3_close(db);
	if (rc == SQLITE_BUSY)
		return fail(err, ERR_CONFLICT,
			    "%s is in use; stop skyclustd first", path);
	return rc == SQLITE_OK ||
	       fail(err, ERR_INVALID, "%s cannot be opened: %s", path,
		    sqlite3_errstr(rc));
}

static bool lock_folder(struct end *end, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash ? mem_strndup(path, slash - path + !*slash)
				    : mem_strdup(".");

	end->lock = data_dir_lock(*dir ? dir : "/", err);
	return end->lock >= 0;
}

static bool claim_sqlite(struct end *end, const char *path, bool must_exist,
			 struct error *err)
{
	bool there = access(path, F_OK) == 0;

	if (!there && must_exist)
		return fail(err, ERR_NOT_FOUND, "there is no database at %s",
			    path);
	return lock_folder(end, path, err) && (!there || nobody_has(path, err));
}

static WAITS bool open_end(struct end *end, bool must_exist, struct error *err)
{
	const struct store_options options = {
		.url = end->url, .pool = 2, .timeout_ms = COPY_MS, .alone = true
	};
	const char *path = sqlite_path(end->url);

	if (path && !claim_sqlite(end, path, must_exist, err))
		return false;
	end->store = store_open(&options, err);
	return end->store;
}

static WAITS void close_end(struct end *end)
{
	store_close(end->store);
	if (end->lock >= 0)
		close(end->lock);
}

WAITS bool store_copy(const char *from, const char *to,
		      void (*told)(const char *table, int64_t rows),
		      struct error *err)
{
	struct end in = { .url = from, .lock = -1 };
	struct end out = { .url = to, .lock = -1 };
	bool ok =
		(open_end(&in, true, err) || fail_within(err, "the source")) &&
		(open_end(&out, false, err) ||
		 fail_within(err, "the target")) &&
		copy_between(in.store, out.store, told, err);

	close_end(&out);
	close_end(&in);
	return ok;
}
