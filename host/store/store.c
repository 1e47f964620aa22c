/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions as lists of statements, in front of an engine.  All memory of a
 * transaction is its arena's, and is wiped: parameters may be secrets.
 */
#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "store/backend.h"
#include "store/migrate.h"

static const struct store_engine *const engines[] = {
	&store_sqlite,
	&store_postgres,
};

const char store_put_head[] =
	"INSERT INTO audit_heads (lane, seq, hash) VALUES ($1, $2, $3)"
	" ON CONFLICT (lane) DO UPDATE SET seq = excluded.seq,"
	" hash = excluded.hash";

/* ---- opening and closing -------------------------------------------------- */

static const struct store_engine *engine_of(const char *url, struct error *err)
{
	size_t n = strcspn(url, ":");

	for (size_t i = 0; url[n] && i < ARRAY_LEN(engines); i++)
		if (slice_eq((struct slice){ url, n }, engines[i]->scheme))
			return engines[i];
	/* Not the URL itself: it may hold a password. */
	fail(err, ERR_INVALID,
	     "store.url must be \"sqlite:PATH\" or \"postgresql://…\"");
	return NULL;
}

WAITS struct store *store_open(const struct store_options *options,
			       struct error *err)
{
	const struct store_engine *engine = engine_of(options->url, err);
	void *state = engine ? engine->open(options, err) : NULL;
	struct store *s;

	if (!state)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->engine = engine;
	s->state = state;
	s->idle = true;
	cond_init(&s->quiet);
	if (store_migrate(s, err))
		return s;
	store_close(s);
	return NULL;
}

/* A fiber that was cancelled and has not run yet is not signalled: @done is what
 * counts. */
WAITS bool store_wait(struct cond *c, const bool *done, int64_t deadline)
{
	enum fiber_wait result = WAIT_WOKEN;
	bool cancelled = false;

	while (!*done && result != WAIT_TIMEOUT) {
		result = cond_wait(c, deadline);
		if (result != WAIT_CANCELLED)
			continue;
		cancelled = true;
		fiber_clear_cancel();
	}
	if (cancelled)
		fiber_cancel(fiber_self());
	return *done;
}

WAITS void store_close(struct store *s)
{
	if (!s)
		return;
	store_wait(&s->quiet, &s->idle, 0);
	s->engine->close(s->state);
	mem_free(s);
}

bool store_is_up(const struct store *s)
{
	return s->engine->is_up(s->state);
}

const char *store_engine(const struct store *s)
{
	return s->engine->version(s->state);
}

bool store_unavailable(struct error *err, const char *fmt, ...)
{
	char text[sizeof(err->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail(err, ERR_STORE_UNAVAILABLE, "%s", text);
	if (err)
		err->effect = EFFECT_NONE;
	return false;
}

/* ---- statements ----------------------------------------------------------- */

/* The lane's parameters of tx_append(), then the text. */
enum { AT_LANE, AT_SEQ, AT_BEFORE, AT_HASH, AT_TEXT, APPEND_PARAMS };

static struct store_param copy_param(struct arena *a, struct store_param p)
{
	char *bytes;

	if (p.type == PARAM_TEXT && p.text)
		return P_TEXT(arena_strdup(a, p.text));
	if (p.type == PARAM_INT)
		return p;
	if (p.type != PARAM_BLOB || !p.blob.p)
		return P_NULL;
	bytes = arena_alloc(a, p.blob.n + 1);
	memcpy(bytes, p.blob.p, p.blob.n);
	return P_BLOB(((struct slice){ bytes, p.blob.n }));
}

/* @reserved parameters come before @params. */
static struct statement *put(struct tx *tx, const char *sql, unsigned reserved,
			     const struct store_param *params)
{
	struct statement *st = arena_alloc(&tx->arena, sizeof(*st));
	unsigned n = 0;

	while (params && params[n].type != PARAM_END)
		n++;
	st->sql = arena_strdup(&tx->arena, sql);
	st->n = reserved + n;
	st->params = arena_alloc(&tx->arena, st->n * sizeof(*st->params) + 1);
	while (n--)
		st->params[reserved + n] = copy_param(&tx->arena, params[n]);
	list_add_tail(&tx->pending, &st->link);
	return st;
}

void tx_put_params(struct tx *tx, const char *sql,
		   const struct store_param *params)
{
	put(tx, sql, 0, params);
}

static struct slice digest_room(struct tx *tx)
{
	return (struct slice){ arena_alloc(&tx->arena, STORE_HASH),
			       STORE_HASH };
}

void tx_append(struct tx *tx, const char *sql, store_fill fill,
	       struct slice text, const struct store_param *params)
{
	struct statement *st = put(tx, sql, APPEND_PARAMS, params);

	st->fill = fill;
	st->params[AT_BEFORE] = P_BLOB(digest_room(tx));
	st->params[AT_HASH] = P_BLOB(digest_room(tx));
	st->params[AT_TEXT] = P_TEXT(arena_strndup(&tx->arena, text.p, text.n));
}

void store_fill_params(const struct statement *st, struct store_lane *lane)
{
	struct store_param *params = st->params;
	const char *text = params[AT_TEXT].text;

	memcpy((char *)params[AT_BEFORE].blob.p, lane->hash, STORE_HASH);
	st->fill(lane, slice_of(text), (unsigned char *)params[AT_HASH].blob.p);
	params[AT_LANE] = P_INT(lane->number);
	params[AT_SEQ] = P_INT(lane->seq);
}

/* The demand is of the statement put last. */
static void demand(struct tx *tx, enum store_demand what, enum err_code code,
		   const char *fmt, va_list ap)
{
	struct statement *st =
		container_of(tx->pending.prev, struct statement, link);
	char text[sizeof(tx->err.message)];

	if (list_empty(&tx->pending))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	st->demand = what;
	st->code = code;
	st->message = arena_strdup(&tx->arena, text);
}

void tx_must(struct tx *tx, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	demand(tx, DEMAND_SOME, code, fmt, ap);
	va_end(ap);
}

void tx_must_not(struct tx *tx, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	demand(tx, DEMAND_NOTHING, code, fmt, ap);
	va_end(ap);
}

bool store_demand_met(const struct statement *st, int64_t rows,
		      struct error *err)
{
	if (st->demand == DEMAND_NONE ||
	    (rows > 0) == (st->demand == DEMAND_SOME))
		return true;
	return fail(err, st->code, "%s", st->message);
}

/* ---- transactions --------------------------------------------------------- */

static void tx_init(struct tx *tx, struct store *s, const char *workspace)
{
	*tx = (struct tx){ .store = s };
	list_init(&tx->pending);
	tx->workspace = arena_strdup(&tx->arena, workspace);
	s->open++;
	s->idle = false;
}

static void tx_done(struct tx *tx)
{
	struct store *s = tx->store;

	arena_wipe(&tx->arena);
	s->idle = --s->open == 0;
	if (s->idle)
		cond_broadcast(&s->quiet);
}

struct tx *tx_begin(struct store *s, const char *workspace)
{
	struct tx *tx = mem_alloc(sizeof(*tx));

	tx_init(tx, s, workspace);
	return tx;
}

static void tx_free(struct tx *tx)
{
	tx_done(tx);
	mem_free(tx);
}

/* Only a commit can end so that nobody knows. */
static bool tx_fail(struct tx *tx, bool commit)
{
	struct error *err = &tx->err;

	if (!commit || err->code != ERR_STORE_UNAVAILABLE)
		err->effect = EFFECT_NONE;
	tx->failed = true;
	tx->begun = false;
	list_init(&tx->pending);
	return false;
}

static WAITS bool tx_run(struct tx *tx, bool commit)
{
	struct store *s = tx->store;

	if (tx->failed)
		return false;
	if (!s->engine->run(s->state, tx, commit, &tx->err))
		return tx_fail(tx, commit);
	tx->begun = !commit;
	return true;
}

WAITS bool tx_query_params(struct tx *tx, const char *sql, struct rows *rows,
			   struct error *err, const struct store_param *params)
{
	*rows = (struct rows){ 0 };
	put(tx, sql, 0, params)->rows = rows;
	if (tx_run(tx, false))
		return true;
	if (err)
		*err = tx->err;
	return false;
}

WAITS bool tx_commit(struct tx *tx, struct error *err)
{
	bool nothing = !tx->begun && !tx->failed && list_empty(&tx->pending);
	bool ok = nothing || tx_run(tx, true);

	if (!ok && err)
		*err = tx->err;
	tx_free(tx);
	return ok;
}

void tx_abort(struct tx *tx)
{
	if (!tx)
		return;
	if (tx->begun)
		tx->store->engine->abort(tx->store->state, tx);
	tx_free(tx);
}

WAITS bool store_read_params(struct store *s, const char *workspace,
			     const char *sql, struct rows *rows,
			     struct error *err,
			     const struct store_param *params)
{
	struct tx tx;
	bool ok;

	tx_init(&tx, s, workspace);
	*rows = (struct rows){ 0 };
	put(&tx, sql, 0, params)->rows = rows;
	ok = s->engine->read(s->state, &tx, &tx.err);
	if (!ok && err) {
		tx_fail(&tx, false);
		*err = tx.err;
	}
	tx_done(&tx);
	return ok;
}
