/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection: opening it the safe way, prepared statements by their text,
 * values in and out, and SQLite's results as errors of ours.
 */
#include "store/sqlite_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"

#define CACHE_SLOTS 512 /* a power of two */
#define CACHE_PROBES 8
#define STEPS_PER_LOOK 10000 /* of the virtual machine, below a millisecond */

#define TEXT_OF(macro) TEXT_OF_(macro)
#define TEXT_OF_(tokens) #tokens

struct db {
	sqlite3 *sqlite;
	sqlite3_stmt *cache[CACHE_SLOTS];
	int64_t limit_ms, until; /* of what runs now */
	bool broken;
};

int64_t db_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- errors --------------------------------------------------------------- */

/* What ends a transaction as a whole: the engine, not the statement. */
static bool is_engine_fault(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_TOOBIG:
		return false;
	default:
		return true;
	}
}

static bool fail_engine(struct db *db, int rc, struct error *err)
{
	int error = sqlite3_system_errno(db->sqlite);

	db->broken = true;
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return store_unavailable(err, "the database cannot grow, the "
					      "disk is full; make room");
	case SQLITE_BUSY:
		return store_unavailable(err,
					 "another program holds the database");
	case SQLITE_INTERRUPT:
		return store_unavailable(err,
					 "the database took longer than "
					 "%lld ms",
					 (long long)db->limit_ms);
	default:
		return store_unavailable(err, "the database fails: %s%s%s",
					 sqlite3_errstr(rc), error ? ": " : "",
					 error ? strerror(error) : "");
	}
}

/* SQLite says "UNIQUE constraint failed: users.issuer, users.subject"; whoever
 * is told does not know our tables: "issuer, subject". */
static void name_columns(const char *said, char *to, size_t size)
{
	const char *columns = strchr(said, ':'), *end;
	struct buf text = { 0 };

	for (const char *at = columns; at && *at; at = end) {
		const char *dot = strchr(at, '.');

		if (!dot)
			break;
		end = dot + strcspn(dot, ",");
		buf_printf(&text, "%s%.*s", text.n ? ", " : "",
			   (int)(end - dot - 1), dot + 1);
	}
	text_copy(to, size, text.n ? text.p : "key");
	buf_done(&text);
}

static bool fail_key(struct db *db, int rc, struct error *err)
{
	char columns[128];

	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return fail(err, ERR_CONFLICT,
			    "what it belongs to is not there, or something "
			    "still belongs to it");
	name_columns(sqlite3_errmsg(db->sqlite), columns, sizeof(columns));
	return fail(err, ERR_CONFLICT, "there is one already with the same %s",
		    columns);
}

/* The text is for the log only: a client is told nothing of our tables. */
static bool refuse(const char *sql, const char *why, struct error *err)
{
	log_error("the database refuses a statement", LOG_STR("sql", sql),
		  LOG_STR("error", why));
	return fail(err, ERR_INTERNAL, "the database refuses a statement");
}

static bool fail_by(struct db *db, int rc, const char *sql, struct error *err)
{
	if (is_engine_fault(rc))
		return fail_engine(db, rc, err);
	if (rc == SQLITE_CONSTRAINT_UNIQUE ||
	    rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    rc == SQLITE_CONSTRAINT_ROWID || rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return fail_key(db, rc, err);
	return refuse(sql, sqlite3_errmsg(db->sqlite), err);
}

bool db_is_broken(const struct db *db)
{
	return db->broken;
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

bool db_is_there(struct db *db, struct error *err)
{
	int moved = 0;

	sqlite3_file_control(db->sqlite, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved ||
	       store_unavailable(err, "the database's file was moved or "
				      "removed; put it back");
}

/* ---- prepared statements -------------------------------------------------- */

/* FNV-1a. */
static size_t hash_of(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

/* Where @sql is, or shall be: the last of a full row makes room. */
static sqlite3_stmt **slot_of(struct db *db, const char *sql)
{
	size_t first = hash_of(sql);
	sqlite3_stmt **slot = NULL;

	for (size_t i = 0; i < CACHE_PROBES; i++) {
		slot = &db->cache[(first + i) & (CACHE_SLOTS - 1)];
		if (!*slot || strcmp(sqlite3_sql(*slot), sql) == 0)
			return slot;
	}
	sqlite3_finalize(*slot);
	*slot = NULL;
	return slot;
}

static sqlite3_stmt *prepared(struct db *db, const char *sql, struct error *err)
{
	sqlite3_stmt **slot = slot_of(db, sql);
	const char *rest = "";
	int rc;

	if (*slot)
		return *slot;
	rc = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
				slot, &rest);
	if (rc != SQLITE_OK) {
		fail_by(db, rc, sql, err);
	} else if (!*slot || rest[strspn(rest, "; \t\n")]) {
		sqlite3_finalize(*slot);
		*slot = NULL;
		refuse(sql, "it is not one statement", err);
	}
	return *slot;
}

/* ---- values in ------------------------------------------------------------ */

static int bind_one(sqlite3_stmt *stmt, int at, const struct store_param *p)
{
	switch (p->type) {
	case PARAM_END:
	case PARAM_NULL:
		return sqlite3_bind_null(stmt, at);
	case PARAM_TEXT:
		return sqlite3_bind_text(stmt, at, p->text, -1, SQLITE_STATIC);
	case PARAM_INT:
		return sqlite3_bind_int64(stmt, at, p->number);
	case PARAM_BLOB:
		return sqlite3_bind_blob64(stmt, at, p->blob.p, p->blob.n,
					   SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

/* SQLite takes "$2" for a name and numbers names as they come. */
static bool bind(struct db *db, sqlite3_stmt *stmt, const struct statement *st,
		 struct error *err)
{
	int n = sqlite3_bind_parameter_count(stmt), rc = SQLITE_OK;
	unsigned long most = 0;

	for (int i = 1; i <= n && rc == SQLITE_OK; i++) {
		const char *name = sqlite3_bind_parameter_name(stmt, i);
		unsigned long number = name ? strtoul(name + 1, NULL, 10) : 0;

		if (number < 1 || number > st->n)
			rc = SQLITE_RANGE;
		else
			rc = bind_one(stmt, i, &st->params[number - 1]);
		most = number > most ? number : most;
	}
	if (rc == SQLITE_OK && most == st->n)
		return true;
	if (is_engine_fault(rc) && rc != SQLITE_OK)
		return fail_engine(db, rc, err);
	return refuse(st->sql, "it has other parameters than were given", err);
}

/* ---- values out ----------------------------------------------------------- */

static void begin_rows(sqlite3_stmt *stmt, struct rows *rows)
{
	int n = sqlite3_column_count(stmt);

	rows_begin(rows, (unsigned)n);
	for (int i = 0; i < n; i++)
		rows_name(rows, sqlite3_column_name(stmt, i));
}

/* A float has no place in our tables; an expression's comes as text. */
static void add_value(sqlite3_stmt *stmt, int i, struct rows *rows)
{
	const void *bytes;

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_NULL:
		rows_add_null(rows);
		return;
	case SQLITE_INTEGER:
		rows_add_int(rows, sqlite3_column_int64(stmt, i));
		return;
	case SQLITE_BLOB:
		bytes = sqlite3_column_blob(stmt, i);
		rows_add_blob(rows, bytes,
			      (size_t)sqlite3_column_bytes(stmt, i));
		return;
	default:
		bytes = sqlite3_column_text(stmt, i);
		if (!bytes)
			mem_oom();
		rows_add_text(rows, bytes,
			      (size_t)sqlite3_column_bytes(stmt, i));
	}
}

static void add_row(sqlite3_stmt *stmt, struct rows *rows)
{
	int n = sqlite3_column_count(stmt);

	for (int i = 0; i < n; i++)
		add_value(stmt, i, rows);
	rows_end_row(rows);
}

/* ---- running -------------------------------------------------------------- */

/* @count: the rows returned, or else changed. */
static int step(struct db *db, sqlite3_stmt *stmt, struct rows *rows,
		int64_t *count)
{
	int rc;

	*count = 0;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		++*count;
		if (rows)
			add_row(stmt, rows);
	}
	if (rc == SQLITE_DONE && sqlite3_column_count(stmt) == 0)
		*count = sqlite3_changes64(db->sqlite);
	return rc;
}

bool db_run(struct db *db, const struct statement *st, struct rows *rows,
	    struct error *err)
{
	sqlite3_stmt *stmt;
	int64_t count = 0;
	bool ok;
	int rc;

	db->broken = false;
	stmt = prepared(db, st->sql, err);
	if (!stmt)
		return false;
	if (rows)
		begin_rows(stmt, rows);
	ok = bind(db, stmt, st, err);
	if (ok) {
		rc = step(db, stmt, rows, &count);
		ok = rc == SQLITE_DONE ? store_demand_met(st, count, err)
				       : fail_by(db, rc, st->sql, err);
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	if (!ok && rows)
		rows_done(rows);
	return ok;
}

bool db_do(struct db *db, const char *sql, struct error *err)
{
	struct statement st = { .sql = sql };

	return db_run(db, &st, NULL, err);
}

/* Without room the record of the commit was not written.  After a failed sync
 * it may be on the disk or not. */
bool db_commit(struct db *db, struct error *err)
{
	int code;

	if (db_do(db, "COMMIT", err))
		return true;
	code = sqlite3_errcode(db->sqlite) & 0xff;
	if (code != SQLITE_FULL && code != SQLITE_BUSY)
		err->effect = EFFECT_UNKNOWN;
	return false;
}

bool db_script(struct db *db, const char *sql, struct error *err)
{
	int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	db->broken = false;
	if (rc == SQLITE_OK)
		return true;
	fail_by(db, rc, "(a script)", err);
	/* Whoever makes the schema reads why it cannot be made. */
	if (err->code == ERR_INTERNAL)
		fail(err, ERR_INVALID, "the schema cannot be made: %s",
		     sqlite3_errmsg(db->sqlite));
	return false;
}

void db_start(struct db *db, int64_t ms)
{
	db->limit_ms = ms;
	db->until = db_now() + ms;
}

static int is_late(void *arg)
{
	return db_now() > ((struct db *)arg)->until;
}

/* ---- opening -------------------------------------------------------------- */

/* SQLite gives the files beside it the same rights. */
static bool make_private(const char *path, struct error *err)
{
	int fd = sys_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	/* Closing a descriptor of one that is in use would drop its locks. */
	if (errno == EEXIST && chmod(path, 0600) == 0)
		return true;
	return fail(err, ERR_STORE_UNAVAILABLE, "%s cannot be opened: %s", path,
		    strerror(errno));
}

static bool get_number(struct db *db, const char *sql, const char *name,
		       int64_t *n, struct error *err)
{
	struct statement st = { .sql = sql };
	struct rows rows;

	if (!db_run(db, &st, &rows, err))
		return false;
	*n = rows.n ? row_int(&rows, 0, name) : 0;
	rows_done(&rows);
	return true;
}

bool db_claim(struct db *db, struct error *err)
{
	return db_do(db, "PRAGMA application_id = " TEXT_OF(DB_APPLICATION_ID),
		     err);
}

/* It is, or is empty and becomes so. */
static bool make_ours(struct db *db, struct error *err)
{
	int64_t id, objects;

	if (!get_number(db, "PRAGMA application_id", "application_id", &id,
			err) ||
	    !get_number(db, "SELECT count(*) AS n FROM sqlite_schema", "n",
			&objects, err))
		return false;
	if (id == DB_APPLICATION_ID)
		return true;
	if (id || objects)
		return fail(err, ERR_INVALID,
			    "it is the database of another program");
	return db_claim(db, err);
}

/* SQLite stays with the mode it has when it cannot do this one. */
static bool use_wal(struct db *db, struct error *err)
{
	struct statement st = { .sql = "PRAGMA journal_mode = WAL" };
	struct rows rows;
	bool ok;

	if (!db_run(db, &st, &rows, err))
		return false;
	ok = rows.n && strcmp(row_text(&rows, 0, "journal_mode"), "wal") == 0;
	rows_done(&rows);
	return ok || fail(err, ERR_INVALID,
			  "its file system lacks what a write-ahead log needs "
			  "(shared memory, locks); use a local one");
}

/* clang-format off */
static const char settings[] =
	"PRAGMA synchronous = FULL;" /* each commit is on the disk */
	"PRAGMA foreign_keys = ON;"
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA temp_store = MEMORY;" /* nothing of ours in files of /tmp */
	"PRAGMA journal_size_limit = 67108864;" /* of the log, when it is empty */
	"PRAGMA cell_size_check = ON;";
/* clang-format on */

static bool configure(struct db *db, bool writer, int64_t timeout_ms,
		      struct error *err)
{
	sqlite3 *s = db->sqlite;

	sqlite3_extended_result_codes(s, 1);
	/* So that the answer comes before the asker has left. */
	sqlite3_busy_timeout(s, (int)(timeout_ms / 2));
	sqlite3_progress_handler(s, STEPS_PER_LOOK, is_late, db);
	sqlite3_db_config(s, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* "text" is a name here, as in PostgreSQL, never a string. */
	sqlite3_db_config(s, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(s, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (!db_script(db, settings, err))
		return false;
	if (!writer)
		return db_script(db, "PRAGMA query_only = ON", err);
	return make_ours(db, err) && use_wal(db, err);
}

static bool open_file(struct db *db, const char *path, struct error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(path, &db->sqlite, flags, NULL);

	if (!db->sqlite)
		mem_oom();
	return rc == SQLITE_OK || fail_engine(db, rc, err);
}

/* A damaged file does not get better by trying again. */
static bool fail_open(struct db *db, const char *path, struct error *err)
{
	int rc = sqlite3_errcode(db->sqlite) & 0xff;

	if (rc == SQLITE_NOTADB)
		fail(err, ERR_INVALID, "it is no SQLite database");
	else if (rc == SQLITE_CORRUPT)
		fail(err, ERR_INVALID,
		     "it is damaged; restore it from a backup");
	return fail_within(err, "the database %s", path);
}

struct db *db_open(const char *path, bool writer, int64_t timeout_ms,
		   struct error *err)
{
	struct db *db;

	if (writer && !make_private(path, err))
		return NULL;
	db = mem_alloc(sizeof(*db));
	db_start(db, DB_SLOW_MS);
	if (open_file(db, path, err) && configure(db, writer, timeout_ms, err))
		return db;
	fail_open(db, path, err);
	db_close(db);
	return NULL;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		sqlite3_finalize(db->cache[i]);
	sqlite3_close(db->sqlite);
	mem_free(db);
}
