/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch: statements go out together in libpq's pipeline mode, and their
 * results are read in order up to the sync point at its end.  After a refusal
 * the server skips what follows it in the batch.
 *
 * A demand (tx_must()) has to be judged before the COMMIT in the same batch is
 * reached.  So the server does: the statement becomes a common table expression
 * and its rows are counted,
 *
 *	WITH demanded AS (UPDATE … RETURNING 1)
 *	SELECT 1 / (count(*) > 0)::int FROM demanded
 *
 * and a division by zero (22012) is the refusal.  Asking in a round trip of its
 * own instead costs a sixth of the transactions per second even on a unix socket
 * (tests/bench/bench_store.c), elsewhere one of the network with locks held.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/postgres.h"

/* pg_type.dat: these numbers never change. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_NUMERIC = 1700
};

/* ---- the socket ----------------------------------------------------------- */

static void socket_ready(struct ev_loop *ev, ev_io *io, int events UNUSED)
{
	struct pg_conn *c = io->data;

	ev_io_stop(ev, io);
	c->ready = true;
	cond_signal(&c->event);
}

WAITS bool pg_wait_socket(struct pg_conn *c, int events, int64_t deadline)
{
	bool ready;

	c->ready = false;
	ev_io_init(&c->io, socket_ready, PQsocket(c->pq), events);
	c->io.data = c;
	ev_io_start(loop_ev(), &c->io);
	ready = store_wait(&c->event, &c->ready, deadline);
	ev_io_stop(loop_ev(), &c->io);
	return ready;
}

/* Both sides may have more to say than the socket holds: read while writing. */
static WAITS bool flush(struct pg_conn *c, int64_t deadline)
{
	int left;

	while ((left = PQflush(c->pq)) == 1) {
		if (!pg_wait_socket(c, EV_READ | EV_WRITE, deadline) ||
		    !PQconsumeInput(c->pq))
			return false;
	}
	return left == 0;
}

/* False: nothing more will come.  *@r is NULL at the end of a statement. */
static WAITS bool next_result(struct pg_conn *c, int64_t deadline, PGresult **r)
{
	*r = NULL;
	while (PQisBusy(c->pq)) {
		if (!pg_wait_socket(c, EV_READ, deadline) ||
		    !PQconsumeInput(c->pq))
			return false;
	}
	*r = PQgetResult(c->pq);
	return true;
}

/* ---- prepared statements -------------------------------------------------- */

static uint64_t hash_text(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u; /* FNV-1a */
	return h;
}

static void forget(struct pg_prepared *p)
{
	mem_free(p->sql);
	mem_free(p->types);
	*p = (struct pg_prepared){ 0 };
}

static struct pg_item *add_item(struct pg_conn *c)
{
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 16;
		c->items = mem_realloc(c->items, c->room * sizeof(*c->items));
	}
	c->items[c->n] = (struct pg_item){ 0 };
	return &c->items[c->n++];
}

static void name_of(const struct pg_prepared *p, char name[24])
{
	snprintf(name, 24, "s%" PRIu64, p->number);
}

/* A place for one more; the server forgets what was there. */
static struct pg_prepared *make_place(struct pg_conn *c)
{
	struct pg_prepared *oldest = &c->prepared[0];
	char name[24], sql[40];

	for (size_t i = 0; i < PG_PREPARED && oldest->sql; i++)
		if (!c->prepared[i].sql || c->prepared[i].used < oldest->used)
			oldest = &c->prepared[i];
	if (oldest->ready) {
		name_of(oldest, name);
		snprintf(sql, sizeof(sql), "DEALLOCATE %s", name);
		PQsendQueryParams(c->pq, sql, 0, NULL, NULL, NULL, NULL, 0);
		add_item(c)->what = PG_RUN;
	}
	forget(oldest);
	return oldest;
}

static Oid type_of(char letter)
{
	return letter == 't'   ? OID_TEXT
	       : letter == 'i' ? OID_INT8
	       : letter == 'b' ? OID_BYTEA
			       : 0; /* it is inferred */
}

/* The highest N of the $N in @sql. */
static size_t params_in(const char *sql)
{
	size_t most = 0;

	while ((sql = strchr(sql, '$'))) {
		size_t n = strtoul(++sql, NULL, 10);

		most = n > most ? n : most;
	}
	return most;
}

/* The types are told, so that a statement means the same each time; of NULL,
 * the server infers it.  It cannot of a parameter that the statement does not
 * have, and so refuses what has too many. */
static void prepare(struct pg_conn *c, struct pg_prepared *p,
		    const struct statement *st)
{
	Oid types[64];
	char name[24];
	size_t n = strlen(p->types), known = params_in(p->sql);
	struct pg_item *item;

	n = n < ARRAY_LEN(types) ? n : ARRAY_LEN(types);
	for (size_t i = 0; i < n; i++)
		types[i] = i < known ? type_of(p->types[i]) : 0;
	name_of(p, name);
	PQsendPrepare(c->pq, name, p->sql, (int)n, types);
	item = add_item(c);
	item->what = PG_PREPARE;
	item->st = st;
	item->prepared = p;
	p->ready = true;
}

static struct pg_prepared *prepared_for(struct pg_conn *c, const char *sql,
					const char *types)
{
	uint64_t hash = hash_text(hash_text(14695981039346656037u, sql), types);
	struct pg_prepared *p;

	for (size_t i = 0; i < PG_PREPARED; i++) {
		p = &c->prepared[i];
		if (p->hash == hash && p->sql && !strcmp(p->sql, sql) &&
		    !strcmp(p->types, types))
			return p;
	}
	p = make_place(c);
	*p = (struct pg_prepared){ .hash = hash,
				   .sql = mem_strdup(sql),
				   .types = mem_strdup(types),
				   .number = ++c->count };
	return p;
}

/* ---- sending -------------------------------------------------------------- */

/* A statement that changes rows must return them to be counted. */
static bool wants_returning(const char *sql)
{
	return !strstr(sql, "RETURNING") && (!strncasecmp(sql, "INSERT", 6) ||
					     !strncasecmp(sql, "UPDATE", 6) ||
					     !strncasecmp(sql, "DELETE", 6));
}

static const char *with_demand(struct arena *a, const struct statement *st)
{
	if (!st->demand)
		return st->sql;
	return arena_printf(a,
			    "WITH demanded AS (%s%s) SELECT 1 / (count(*) %s 0)"
			    "::int FROM demanded",
			    st->sql,
			    wants_returning(st->sql) ? " RETURNING 1" : "",
			    st->demand == DEMAND_SOME ? ">" : "=");
}

static const char *types_of(struct arena *a, const struct statement *st)
{
	static const char letters[] = { [PARAM_NULL] = 'n',
					[PARAM_TEXT] = 't',
					[PARAM_INT] = 'i',
					[PARAM_BLOB] = 'b' };
	char *types = arena_alloc(a, st->n + 1);

	for (unsigned i = 0; i < st->n; i++)
		types[i] = letters[st->params[i].type];
	return types;
}

struct values {
	const char **values;
	int *lengths, *formats; /* 1: binary */
};

static void set_value(struct arena *a, struct values *v, unsigned i,
		      const struct store_param *p)
{
	if (p->type == PARAM_TEXT)
		v->values[i] = p->text;
	else if (p->type == PARAM_INT)
		v->values[i] = arena_printf(a, "%" PRId64, p->number);
	else if (p->type == PARAM_BLOB)
		v->values[i] = p->blob.p;
	v->formats[i] = p->type == PARAM_BLOB;
	v->lengths[i] = p->type == PARAM_BLOB ? (int)p->blob.n : 0;
}

static void send_prepared(struct pg_conn *c, struct arena *a,
			  const struct pg_prepared *p,
			  const struct statement *st)
{
	struct values v = {
		arena_alloc(a, (st->n + 1) * sizeof(*v.values)),
		arena_alloc(a, (st->n + 1) * sizeof(*v.lengths)),
		arena_alloc(a, (st->n + 1) * sizeof(*v.formats)),
	};
	char name[24];

	for (unsigned i = 0; i < st->n; i++)
		set_value(a, &v, i, &st->params[i]);
	name_of(p, name);
	PQsendQueryPrepared(c->pq, name, (int)st->n, v.values, v.lengths,
			    v.formats, 0);
}

void pg_add(struct pg_conn *c, struct arena *arena, const struct statement *st)
{
	struct pg_prepared *p =
		prepared_for(c, with_demand(arena, st), types_of(arena, st));
	struct pg_item *item;

	if (!p->ready)
		prepare(c, p, st);
	p->used = ++c->count;
	send_prepared(c, arena, p, st);
	item = add_item(c);
	item->what = PG_RUN;
	item->st = st;
}

void pg_add_sql(struct pg_conn *c, struct arena *arena, const char *sql,
		struct rows *rows, const struct store_param *params)
{
	struct statement *st = arena_alloc(arena, sizeof(*st));

	while (params && params[st->n].type != PARAM_END)
		st->n++;
	st->sql = sql;
	st->params = arena_alloc(arena, (st->n + 1) * sizeof(*params));
	if (st->n)
		memcpy(st->params, params, st->n * sizeof(*params));
	st->rows = rows;
	pg_add(c, arena, st);
}

void pg_add_commit(struct pg_conn *c, struct arena *arena)
{
	pg_add_sql(c, arena, "COMMIT", NULL, NULL);
	c->items[c->n - 1].what = PG_COMMIT;
}

/* ---- rows ----------------------------------------------------------------- */

static unsigned nibble(char hex)
{
	return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

/* "\x" and lower-case hex: bytea_output is ours. */
static void add_blob(struct rows *rows, const char *text, size_t n)
{
	struct buf bytes = { 0 };

	for (size_t i = 2; i + 1 < n; i += 2)
		buf_add_char(&bytes, (char)(nibble(text[i]) << 4 |
					    nibble(text[i + 1])));
	rows_add_blob(rows, bytes.p, bytes.n);
	buf_wipe(&bytes);
}

static void add_value(struct rows *rows, Oid type, const char *text, size_t n)
{
	long long number;

	switch (type) {
	case OID_BYTEA:
		add_blob(rows, text, n);
		return;
	case OID_BOOL:
		rows_add_int(rows, *text == 't');
		return;
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_NUMERIC: /* what sum() gives */
		if (text_to_int(text, INT64_MIN, INT64_MAX, &number)) {
			rows_add_int(rows, number);
			return;
		}
	}
	rows_add_text(rows, text, n);
}

static void take_rows(struct rows *rows, const PGresult *r)
{
	int columns = PQnfields(r);

	rows_begin(rows, (unsigned)columns);
	for (int c = 0; c < columns; c++)
		rows_name(rows, PQfname(r, c));
	for (int i = 0; i < PQntuples(r); i++) {
		for (int c = 0; c < columns; c++) {
			if (PQgetisnull(r, i, c))
				rows_add_null(rows);
			else
				add_value(rows, PQftype(r, c),
					  PQgetvalue(r, i, c),
					  (size_t)PQgetlength(r, i, c));
		}
		rows_end_row(rows);
	}
}

/* ---- results -------------------------------------------------------------- */

static void note_refusal(const struct pg_item *item, const PGresult *r,
			 struct pg_refusal *why)
{
	if (*why->state)
		return; /* the first one is the reason */
	pg_read_refusal(r, why);
	why->st = item->st;
	why->commit = item->what == PG_COMMIT;
}

/* False: this is not what the item asked for. */
static bool take_result(const struct pg_item *item, const PGresult *r,
			struct pg_refusal *why)
{
	ExecStatusType status = PQresultStatus(r);

	if (status == PGRES_PIPELINE_SYNC)
		return item->what == PG_SYNC;
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		if (item->what == PG_RUN && item->st && item->st->rows)
			take_rows(item->st->rows, r);
		why->committed = item->what == PG_COMMIT &&
				 !strcmp(PQcmdStatus((PGresult *)r), "COMMIT");
		return item->what != PG_COMMIT || why->committed;
	}
	if (item->prepared) /* the server does not have it */
		forget(item->prepared);
	if (status == PGRES_PIPELINE_ABORTED)
		return *why->state;
	note_refusal(item, r, why);
	return *why->state; /* without one it is libpq's: broken */
}

static WAITS bool read_item(struct pg_conn *c, const struct pg_item *item,
			    int64_t deadline, struct pg_refusal *why)
{
	PGresult *r;
	bool ok;

	if (!next_result(c, deadline, &r) || !r)
		return false;
	ok = take_result(item, r, why);
	PQclear(r);
	if (item->what == PG_SYNC)
		return ok;
	return next_result(c, deadline, &r) && !r && ok;
}

static void drop_rows(struct pg_conn *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].st && c->items[i].st->rows)
			rows_done(c->items[i].st->rows);
}

/* What happens after the commit was confirmed does not undo it. */
static enum pg_end end_of(const struct pg_conn *c, const struct pg_refusal *why)
{
	if (why->committed)
		return PG_DONE;
	if (*why->state)
		return PG_REFUSED;
	return c->broken ? PG_LOST : PG_DONE;
}

static WAITS enum pg_end read_items(struct pg_conn *c, int64_t deadline,
				    struct pg_refusal *why)
{
	enum pg_end end;
	size_t i = 0;

	while (i < c->n && read_item(c, &c->items[i], deadline, why))
		i++;
	c->broken = i < c->n || why->fatal;
	end = end_of(c, why);
	if (end != PG_DONE)
		drop_rows(c);
	c->n = 0;
	return end;
}

WAITS enum pg_end pg_run(struct pg_conn *c, int64_t deadline,
			 struct pg_refusal *why)
{
	*why = (struct pg_refusal){ 0 };
	PQpipelineSync(c->pq);
	add_item(c)->what = PG_SYNC;
	if (flush(c, deadline))
		return read_items(c, deadline, why);
	drop_rows(c);
	c->n = 0;
	return PG_LOST;
}

/* ---- rolling back --------------------------------------------------------- */

void pg_rollback(struct pg_conn *c)
{
	c->n = 0;
	PQsendQueryParams(c->pq, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0);
	add_item(c)->what = PG_RUN;
	PQpipelineSync(c->pq);
	add_item(c)->what = PG_SYNC;
	PQflush(c->pq); /* what is left goes out in pg_settle() */
	c->owes = true;
	c->lane = c->committed;
}

WAITS bool pg_settle(struct pg_conn *c, int64_t deadline)
{
	struct pg_refusal why = { 0 };

	if (!c->owes)
		return true;
	c->owes = false;
	return flush(c, deadline) && read_items(c, deadline, &why) == PG_DONE;
}

/* ---- scripts -------------------------------------------------------------- */

static WAITS bool read_script(struct pg_conn *c, int64_t deadline,
			      struct pg_refusal *why)
{
	const struct pg_item item = { 0 };
	PGresult *r;

	while (next_result(c, deadline, &r)) {
		if (!r)
			return true;
		if (PQresultStatus(r) == PGRES_FATAL_ERROR)
			note_refusal(&item, r, why);
		PQclear(r);
	}
	return false;
}

WAITS enum pg_end pg_run_script(struct pg_conn *c, const char *sql,
				int64_t deadline, struct pg_refusal *why)
{
	*why = (struct pg_refusal){ 0 };
	if (!PQexitPipelineMode(c->pq) || !PQsendQuery(c->pq, sql) ||
	    !flush(c, deadline) || !read_script(c, deadline, why) ||
	    PQstatus(c->pq) == CONNECTION_BAD || !PQenterPipelineMode(c->pq))
		return PG_LOST;
	return *why->state ? PG_REFUSED : PG_DONE;
}

void pg_run_done(struct pg_conn *c)
{
	for (size_t i = 0; i < PG_PREPARED; i++)
		forget(&c->prepared[i]);
	mem_free(c->items);
}
