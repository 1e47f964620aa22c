/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The engine for PostgreSQL: libpq without blocking, on our loop, from fibers.
 *
 * A transaction that never asks is one message to the server (postgres_run.c):
 * BEGIN, whose rows it may see, its statements, COMMIT; so it holds its locks
 * only as long as the server works.  One that asks keeps its connection until
 * it ends.  Transactions run beside each other, at READ COMMITTED: what must
 * hold is demanded in the statement that relies on it (WHERE version = $1 …
 * tx_must()), of unique keys, or of a row that all who compete update first.
 *
 * Which rows a transaction may touch, the tables' row-level security takes from
 * the setting skyclust.workspace.  A connection that writes audit records holds
 * a lane (store.h) by an advisory lock of its session: when the session ends,
 * however it ends, the lane is free, and not before.
 *
 * Time is limited on both sides: the server gives up a statement after
 * three quarters of store.timeout (statement_timeout), and a transaction that
 * does nothing after all of it; when nothing comes back within store.timeout,
 * we give up the connection.
 */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/postgres.h"

#define ATTEMPTS 8	       /* of a transaction that others disturb */
#define SCRIPT_MS (10 * 60000) /* a migration may rewrite tables */

/* clang-format off */
static const char workspace_sql[] =
	"SELECT set_config('skyclust.workspace', $1, true)";

/* One after the other, until one is free. */
static const char lane_sql[] =
	"WITH RECURSIVE lanes (n, free) AS ("
	"SELECT 0, pg_try_advisory_lock(" PG_LOCKS ", 0)"
	" UNION ALL SELECT n + 1, pg_try_advisory_lock(" PG_LOCKS ", n + 1)"
	" FROM lanes WHERE NOT free AND n < 1023)"
	" SELECT n FROM lanes WHERE free";

static const char head_sql[] = "SELECT seq, hash FROM audit_heads WHERE lane = $1";

static const char script_head[] =
	"BEGIN;"
	" SET LOCAL statement_timeout = 0;"
	" SET LOCAL skyclust.workspace = '*';"
	" SELECT pg_advisory_xact_lock(" PG_LOCKS ", " PG_LOCK_SCHEMA ");"
	" DO $$ BEGIN IF to_regtype('blob') IS NULL THEN"
	" CREATE DOMAIN blob AS bytea; END IF; END $$;\n";

/* The columns of a unique key. */
static const char columns_sql[] =
	"SELECT string_agg(a.attname, ', ' ORDER BY k.n) AS columns"
	" FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, n),"
	" pg_attribute a WHERE i.indexrelid = to_regclass(quote_ident($1))"
	" AND a.attrelid = i.indrelid AND a.attnum = k.attnum";

/* What makes row-level security void. */
static const char void_sql[] =
	"SELECT current_user AS role, rolsuper OR rolbypassrls AS above,"
	" (SELECT string_agg(DISTINCT c.relname, ' ') FROM pg_class c"
	"  JOIN pg_policy p ON p.polrelid = c.oid WHERE pg_table_is_visible(c.oid)"
	"  AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS tables"
	" FROM pg_roles WHERE rolname = current_user";
/* clang-format on */

/* ---- one batch ------------------------------------------------------------ */

static void begin(struct pg_conn *c, struct arena *a, const char *workspace)
{
	pg_add_sql(c, a, workspace_sql, NULL,
		   STORE_PARAMS(P_TEXT(workspace ? workspace : "*")));
}

/* A batch outside of transactions; the connection is kept. */
static WAITS bool ask(struct pg *pg, struct pg_conn *c, int64_t deadline,
		      struct error *err)
{
	struct pg_refusal why;

	switch (pg_run(c, deadline, &why)) {
	case PG_DONE:
		return true;
	case PG_REFUSED:
		return pg_refuse(pg, &why, err);
	case PG_LOST:
		break;
	}
	return pg_lose(pg, c, false, err);
}

/* ---- lanes ---------------------------------------------------------------- */

static bool wants_lane(const struct tx *tx)
{
	const struct statement *st;

	list_each (st, &tx->pending, struct statement, link)
		if (st->fill)
			return true;
	return false;
}

static void set_lane(struct pg_conn *c, int64_t number, const struct rows *head)
{
	struct store_lane lane = { .number = number };
	struct slice hash;

	if (head->n) {
		hash = row_blob(head, 0, "hash");
		lane.seq = row_int(head, 0, "seq");
		memcpy(lane.hash, hash.p,
		       hash.n < STORE_HASH ? hash.n : STORE_HASH);
	}
	c->lane = c->committed = lane;
}

/* The head is read by a statement of its own, which sees what the session that
 * had the lane before has committed. */
static WAITS bool take_lane(struct pg *pg, struct pg_conn *c, int64_t deadline,
			    struct error *err)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(rows_done) struct rows lane = { 0 }, head = { 0 };
	int64_t number;

	pg_add_sql(c, &arena, lane_sql, &lane, NULL);
	if (!ask(pg, c, deadline, err))
		return false;
	if (!lane.n)
		return fail(err, ERR_STORE_UNAVAILABLE,
			    "all lanes of the audit log are taken");
	number = row_int(&lane, 0, "n");
	pg_add_sql(c, &arena, head_sql, &head, STORE_PARAMS(P_INT(number)));
	if (!ask(pg, c, deadline, err))
		return false;
	set_lane(c, number, &head);
	return true;
}

/* ---- transactions --------------------------------------------------------- */

static void add_head(struct pg_conn *c, struct arena *a)
{
	struct slice hash = { arena_alloc(a, STORE_HASH), STORE_HASH };

	if (c->lane.seq == c->committed.seq)
		return;
	memcpy((char *)hash.p, c->lane.hash, STORE_HASH);
	pg_add_sql(c, a, store_put_head, NULL,
		   STORE_PARAMS(P_INT(c->lane.number), P_INT(c->lane.seq),
				P_BLOB(hash)));
}

static void add_all(struct pg_conn *c, struct tx *tx, bool commit)
{
	struct statement *st;

	if (!tx->engine) {
		pg_add_sql(c, &tx->arena, "BEGIN", NULL, NULL);
		begin(c, &tx->arena, tx->workspace);
	}
	list_each (st, &tx->pending, struct statement, link) {
		if (st->fill)
			store_fill_params(st, &c->lane);
		pg_add(c, &tx->arena, st);
	}
	if (!commit)
		return;
	add_head(c, &tx->arena);
	pg_add_commit(c, &tx->arena);
}

/* Who made a key a second time is told its columns, not the key's name. */
static WAITS void name_columns(struct pg_conn *c, int64_t deadline,
			       struct pg_refusal *why)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(rows_done) struct rows rows = { 0 };
	struct pg_refusal unheard;
	const char *names = NULL;

	pg_add_sql(c, &arena, columns_sql, &rows,
		   STORE_PARAMS(P_TEXT(why->where)));
	if (pg_run(c, deadline, &unheard) == PG_DONE && rows.n)
		names = row_text(&rows, 0, "columns");
	text_copy(why->where, sizeof(why->where), names ? names : "key");
}

/* The server said no, as @why says; @c is given back. */
static WAITS void refused(struct pg *pg, struct pg_conn *c, int64_t deadline,
			  struct pg_refusal *why, struct error *err)
{
	enum pg_left left = pg_what_is_left(why);

	if (left != PG_NO_DATABASE)
		pg_answered(pg);
	if (left == PG_SESSION)
		pg_rollback(c);
	if (!strcmp(why->state, PG_UNIQUE) && pg_settle(c, deadline))
		name_columns(c, deadline, why);
	pg_refuse(pg, why, err);
	if (left == PG_SESSION)
		pg_put(pg, c);
	else
		pg_drop(pg, c, left == PG_NO_DATABASE ? err : NULL);
}

static void after_batch(struct pg *pg, struct tx *tx, struct pg_conn *c,
			bool commit)
{
	pg_answered(pg);
	list_init(&tx->pending);
	tx->engine = commit ? NULL : c;
	if (!commit) { /* a long one does not keep what it sent */
		arena_wipe(&tx->arena);
		tx->workspace = NULL;
		return;
	}
	c->committed = c->lane;
	pg_put(pg, c);
}

/* On @c, which is given back unless the transaction goes on. */
static WAITS bool run_batch(struct pg *pg, struct tx *tx, struct pg_conn *c,
			    bool commit, int64_t deadline,
			    struct pg_refusal *why, struct error *err)
{
	add_all(c, tx, commit);
	switch (pg_run(c, deadline, why)) {
	case PG_DONE:
		after_batch(pg, tx, c, commit);
		return true;
	case PG_REFUSED:
		refused(pg, c, deadline, why, err);
		break;
	case PG_LOST:
		pg_lose(pg, c, commit, err);
		pg_drop(pg, c, err);
		break;
	}
	tx->engine = NULL;
	return false;
}

static WAITS bool run_once(struct pg *pg, struct tx *tx, bool commit,
			   int64_t deadline, struct pg_refusal *why,
			   struct error *err)
{
	struct pg_conn *c = tx->engine;

	*why = (struct pg_refusal){ 0 };
	if (!c)
		c = pg_get(pg, true, deadline, err);
	if (!c)
		return false;
	if (!wants_lane(tx) || c->lane.number >= 0 ||
	    take_lane(pg, c, deadline, err))
		return run_batch(pg, tx, c, commit, deadline, why, err);
	err->effect = EFFECT_NONE;
	pg_drop(pg, c, err);
	tx->engine = NULL;
	return false;
}

/* Long enough for the others to come through. */
static WAITS void step_aside(int attempt)
{
	fiber_sleep(attempt * (1 + clock_us() % 8));
}

static WAITS bool run(void *state, struct tx *tx, bool commit,
		      struct error *err)
{
	struct pg *pg = state;
	int64_t deadline = clock_ms() + pg->timeout_ms;
	bool whole = commit && !tx->engine;
	struct pg_refusal why;

	for (int attempt = 1; !run_once(pg, tx, commit, deadline, &why, err);
	     attempt++) {
		if (!whole || !pg_is_transient(&why) || attempt == ATTEMPTS ||
		    clock_ms() >= deadline)
			return false;
		step_aside(attempt);
	}
	return true;
}

static void abort_tx(void *state, struct tx *tx)
{
	struct pg_conn *c = tx->engine;

	pg_rollback(c);
	pg_put(state, c);
}

/* Without BEGIN the statements up to the sync point are one transaction. */
static WAITS bool read_one(void *state, struct tx *tx, struct error *err)
{
	struct pg *pg = state;
	int64_t deadline = clock_ms() + pg->timeout_ms;
	struct pg_conn *c = pg_get(pg, false, deadline, err);
	struct pg_refusal why;

	if (!c)
		return false;
	begin(c, &tx->arena, tx->workspace);
	pg_add(c, &tx->arena, list_first(&tx->pending, struct statement, link));
	list_init(&tx->pending);
	switch (pg_run(c, deadline, &why)) {
	case PG_DONE:
		pg_answered(pg);
		pg_put(pg, c);
		return true;
	case PG_REFUSED:
		refused(pg, c, deadline, &why, err);
		return false;
	case PG_LOST:
		break;
	}
	pg_lose(pg, c, false, err);
	pg_drop(pg, c, err);
	return false;
}

/* ---- scripts -------------------------------------------------------------- */

static WAITS bool script(void *state, const char *sql, struct error *err)
{
	struct pg *pg = state;
	struct pg_conn *c = pg_get(pg, true, clock_ms() + pg->timeout_ms, err);
	struct buf text = { 0 };
	struct pg_refusal why;
	enum pg_end end;

	if (!c)
		return false;
	buf_printf(&text, "%s%s;\nCOMMIT", script_head, sql);
	end = pg_run_script(c, text.p, clock_ms() + SCRIPT_MS, &why);
	buf_done(&text);
	if (end == PG_DONE) {
		pg_put(pg, c);
		return true;
	}
	if (end == PG_LOST) {
		pg_lose(pg, c, true, err);
		pg_drop(pg, c, err);
		return false;
	}
	refused(pg, c, clock_ms() + pg->timeout_ms, &why, err);
	/* Whoever makes the schema reads why it cannot be made. */
	return err->code != ERR_INTERNAL
		       ? false
		       : fail(err, ERR_INVALID,
			      "the schema cannot be made: %s (SQLSTATE %s)",
			      why.text, why.state);
}

/* ---- opening -------------------------------------------------------------- */

static void warn_void(const struct rows *rows)
{
	if (row_int(rows, 0, "above"))
		log_warn("the database's role is above row-level security: "
			 "only SkyClust itself keeps tenants apart; use a role "
			 "without SUPERUSER and BYPASSRLS",
			 LOG_STR("role", row_text(rows, 0, "role")));
	if (row_text(rows, 0, "tables"))
		log_warn("row-level security is off for the owner of tables",
			 LOG_STR("tables", row_text(rows, 0, "tables")));
}

static WAITS bool look_around(struct pg *pg, struct pg_conn *c,
			      int64_t deadline, struct error *err)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(rows_done) struct rows rows = { 0 };
	const char *encoding = PQparameterStatus(c->pq, "server_encoding");

	if (!encoding || strcmp(encoding, "UTF8") != 0)
		return fail(err, ERR_INVALID,
			    "the database's encoding is %s; create it WITH "
			    "ENCODING 'UTF8'",
			    encoding ? encoding : "unknown");
	snprintf(pg->version, sizeof(pg->version), "PostgreSQL %s",
		 PQparameterStatus(c->pq, "server_version"));
	pg_add_sql(c, &arena, void_sql, &rows, NULL);
	if (!ask(pg, c, deadline, err))
		return false;
	if (rows.n)
		warn_void(&rows);
	return true;
}

static WAITS void close_state(void *state)
{
	struct pg *pg = state;

	pg_pool_close(pg);
	secret_free(pg->url);
	mem_free(pg);
}

static WAITS bool first_connection(struct pg *pg, struct error *err)
{
	int64_t deadline = clock_ms() + pg->timeout_ms;
	struct pg_conn *c = pg_get(pg, false, deadline, err);

	if (!c)
		return false;
	if (look_around(pg, c, deadline, err)) {
		pg_put(pg, c);
		return true;
	}
	pg_drop(pg, c, err);
	return false;
}

static WAITS void *open_state(const struct store_options *options,
			      struct error *err)
{
	struct error unheard;
	struct pg *pg;

	err = err ? err : &unheard;
	if (!pg_check_url(options->url, err))
		return NULL;
	pg = mem_alloc(sizeof(*pg));
	pg->url = secret_new(options->url, strlen(options->url));
	pg->alone = options->alone;
	pg->max = pg->alone ? 1 : options->pool > 2 ? options->pool : 2;
	pg->timeout_ms = options->timeout_ms;
	pg_pool_init(pg);
	if (first_connection(pg, err))
		return pg;
	close_state(pg);
	return NULL;
}

static bool is_up(const void *state)
{
	return ((const struct pg *)state)->up;
}

static const char *version(const void *state)
{
	return ((const struct pg *)state)->version;
}

/* ---- the engine ----------------------------------------------------------- */

const struct store_engine store_postgres = {
	.scheme = "postgresql",
	.open = open_state,
	.close = close_state,
	.run = run,
	.abort = abort_tx,
	.read = read_one,
	.script = script,
	.is_up = is_up,
	.version = version,
};
