/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refusal means is told by its SQLSTATE only (PostgreSQL's manual,
 * appendix A); texts depend on language and version.
 */
#include <ctype.h>

#include "base/log.h"
#include "base/text.h"
#include "store/postgres.h"

/* clang-format off */
static const struct state_row {
	const char *state; /* or the class: its first two characters */
	enum err_code code;
	bool transient;    /* run again, it may go through */
	bool session;      /* this session is of no use any more */
	bool down;         /* nor would another one be */
	bool timed;        /* store.timeout was not enough */
	const char *text;
} states[] = {
	{ PG_UNIQUE, ERR_CONFLICT, .text = "there is one already with the same " },
	{ "23503", ERR_CONFLICT,
	  .text = "what it belongs to is not there, or something still belongs to it" },
	{ "22021", ERR_INVALID, .text = "text is not UTF-8, or contains a NUL" },
	{ "40001", ERR_STORE_UNAVAILABLE, .transient = true,
	  .text = "others changed the same at the same time" },
	{ "40P01", ERR_STORE_UNAVAILABLE, .transient = true,
	  .text = "others waited for each other (a deadlock)" },
	{ "57014", ERR_STORE_UNAVAILABLE, .timed = true, .text = "the statement did not end" },
	{ "25P03", ERR_STORE_UNAVAILABLE, .timed = true, .session = true,
	  .text = "the transaction did not go on" },
	{ "25006", ERR_STORE_UNAVAILABLE, .down = true, .text = "the database is read-only" },
	{ "08P01", ERR_INTERNAL, .text = "the database refuses a statement" },
	{ "08", ERR_STORE_UNAVAILABLE, .down = true, .text = "the connection broke" },
	{ "53", ERR_STORE_UNAVAILABLE, .text = "the database has no room, or no resources" },
	{ "55", ERR_STORE_UNAVAILABLE, .text = "the database is not ready for it" },
	{ "57", ERR_STORE_UNAVAILABLE, .down = true, .text = "the database is being stopped" },
	{ "58", ERR_STORE_UNAVAILABLE, .down = true, .text = "the database's disk fails" },
	/* Prepared statements are not what we think; a new session has none. */
	{ "0A000", ERR_INTERNAL, .session = true, .text = "the database refuses a statement" },
	{ "26", ERR_INTERNAL, .session = true, .text = "the database refuses a statement" },
	{ "42P05", ERR_INTERNAL, .session = true, .text = "the database refuses a statement" },
	/* A mistake of ours, or of whoever keeps the database. */
	{ "", ERR_INTERNAL, .text = "the database refuses a statement" },
};
/* clang-format on */

static const struct state_row *row_of(const struct pg_refusal *why)
{
	const struct state_row *row = states;

	while (!text_starts(why->state, row->state))
		row++;
	return row;
}

static void take(const PGresult *r, int field, char *to, size_t size)
{
	const char *text = PQresultErrorField(r, field);

	text_copy(to, size, text ? text : "");
}

void pg_read_refusal(const PGresult *r, struct pg_refusal *why)
{
	char severity[8];

	take(r, PG_DIAG_SQLSTATE, why->state, sizeof(why->state));
	take(r, PG_DIAG_CONSTRAINT_NAME, why->where, sizeof(why->where));
	if (!*why->where)
		take(r, PG_DIAG_TABLE_NAME, why->where, sizeof(why->where));
	take(r, PG_DIAG_MESSAGE_PRIMARY, why->text, sizeof(why->text));
	/* In English whatever the server speaks. */
	take(r, PG_DIAG_SEVERITY_NONLOCALIZED, severity, sizeof(severity));
	why->fatal = strcmp(severity, "ERROR") != 0;
}

bool pg_is_transient(const struct pg_refusal *why)
{
	return row_of(why)->transient;
}

enum pg_left pg_what_is_left(const struct pg_refusal *why)
{
	const struct state_row *row = row_of(why);

	if (row->session)
		return PG_NO_SESSION;
	return row->down || why->fatal ? PG_NO_DATABASE : PG_SESSION;
}

/* A message of class 42 (syntax, names, rights) names what we wrote; others
 * may quote values, which belong to tenants. */
static const char *quotable(const struct pg_refusal *why)
{
	return text_starts(why->state, "42") ? why->text : "";
}

/* What is wrong with a statement is for the log only: a client is told nothing
 * of our tables. */
static bool refuse_statement(const struct pg_refusal *why, const char *text,
			     struct error *err)
{
	log_error("the database refuses a statement",
		  LOG_STR("sqlstate", why->state), LOG_STR("at", why->where),
		  LOG_STR("error", quotable(why)),
		  LOG_STR("sql", why->st ? why->st->sql : ""));
	return fail(err, ERR_INTERNAL, "%s", text);
}

static bool refuse(const struct pg *pg, const struct pg_refusal *why,
		   struct error *err)
{
	const struct state_row *row = row_of(why);

	/* postgres_run.c: what a demand that is not met looks like. */
	if (why->st && why->st->demand && !strcmp(why->state, "22012"))
		return fail(err, why->st->code, "%s", why->st->message);
	if (row->code == ERR_INTERNAL)
		return refuse_statement(why, row->text, err);
	if (row->code == ERR_CONFLICT)
		return fail(err, row->code, "%s%s", row->text,
			    !strcmp(why->state, PG_UNIQUE) ? why->where : "");
	if (row->timed)
		return fail(err, row->code, "%s within %lld ms (SQLSTATE %s)",
			    row->text, (long long)pg->timeout_ms, why->state);
	return fail(err, row->code, "%s (SQLSTATE %s)", row->text, why->state);
}

bool pg_refuse(const struct pg *pg, const struct pg_refusal *why,
	       struct error *err)
{
	refuse(pg, why, err);
	/* Who ended the session during a commit has not said how it ended. */
	if (err && !(why->commit && why->fatal))
		err->effect = EFFECT_NONE;
	return false;
}

bool pg_lose(const struct pg *pg, const struct pg_conn *c, bool committing,
	     struct error *err)
{
	if (PQstatus(c->pq) == CONNECTION_BAD)
		store_unavailable(err, "the connection to the database broke");
	else
		store_unavailable(err,
				  "the database did not answer within "
				  "%lld ms",
				  (long long)pg->timeout_ms);
	if (err && committing)
		err->effect = EFFECT_UNKNOWN;
	return false;
}
