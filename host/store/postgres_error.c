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
	bool final;        /* with this connection nothing will go through */
	const char *text;
} states[] = {
	{ "23505", ERR_CONFLICT, .text = "it is there already" },
	{ "23503", ERR_CONFLICT, .text = "it is in use, or what it refers to is not there" },
	{ "22021", ERR_INVALID, .text = "text is not UTF-8, or contains a NUL" },
	{ "40001", ERR_STORE_UNAVAILABLE, .transient = true,
	  .text = "others changed the same at the same time" },
	{ "40P01", ERR_STORE_UNAVAILABLE, .transient = true,
	  .text = "others waited for each other (a deadlock)" },
	{ "57014", ERR_STORE_UNAVAILABLE, .text = "it took longer than store.timeout" },
	{ "25P03", ERR_STORE_UNAVAILABLE, .final = true,
	  .text = "the transaction took longer than store.timeout" },
	{ "25006", ERR_STORE_UNAVAILABLE, .final = true, .text = "the database is read-only" },
	{ "08", ERR_STORE_UNAVAILABLE, .final = true, .text = "the connection broke" },
	{ "53", ERR_STORE_UNAVAILABLE, .text = "the database has no room, or no resources" },
	{ "55", ERR_STORE_UNAVAILABLE, .text = "the database is not ready for it" },
	{ "57", ERR_STORE_UNAVAILABLE, .final = true, .text = "the database is being stopped" },
	{ "58", ERR_STORE_UNAVAILABLE, .final = true, .text = "the database's disk fails" },
	/* The rest is a mistake of ours, or of whoever keeps the database.  Should
	 * it be a prepared statement's, a new connection has none. */
	{ "", ERR_INTERNAL, .final = true, .text = "the database refuses the statement" },
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

bool pg_is_final(const struct pg_refusal *why)
{
	return why->fatal || row_of(why)->final;
}

/* A message of class 42 (syntax, names, rights) names what we wrote; others
 * may quote values, which belong to tenants. */
static const char *quotable(const struct pg_refusal *why)
{
	return text_starts(why->state, "42") ? why->text : "";
}

static bool refuse_demand(const struct statement *st, struct error *err)
{
	return fail(err, st->code, "%s", st->message);
}

bool pg_refuse(const struct pg_refusal *why, struct error *err)
{
	const struct state_row *row = row_of(why);

	/* postgres_run.c: what a demand that is not met looks like. */
	if (why->st && why->st->demand && !strcmp(why->state, "22012"))
		return refuse_demand(why->st, err);
	fail(err, row->code, "%s (SQLSTATE %s%s%s)", row->text, why->state,
	     *why->where ? ", " : "", why->where);
	if (row->code == ERR_INTERNAL)
		log_error("the database refuses a statement",
			  LOG_STR("sqlstate", why->state),
			  LOG_STR("message", quotable(why)),
			  LOG_STR("sql", why->st ? why->st->sql : ""));
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
