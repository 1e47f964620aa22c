/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at sessions, and ending them.
 */
#include <string.h>

#include "act.h"
#include "base/clock.h"
#include "base/json.h"
#include "identity/identity_impl.h"
#include "identity/self.h"

#define COLUMNS \
	"id, user_id, method, source, agent, created_at, used_at," \
	" expires_at"

static json_t *make_record(const struct actor *who, const struct rows *rows,
			   size_t i)
{
	const char *id = row_text(rows, i, "id");
	bool current = who->session_id && !strcmp(who->session_id, id);

	return json_pack("{ss ss ss so so sb so so so}", "id", id, "user_id",
			 row_text(rows, i, "user_id"), "method",
			 row_text(rows, i, "method"), "source",
			 act_text(row_text(rows, i, "source")), "agent",
			 act_text(row_text(rows, i, "agent")), "current",
			 current, "created_at",
			 trust_time(row_int(rows, i, "created_at")), "used_at",
			 trust_time(row_int(rows, i, "used_at")), "expires_at",
			 trust_time(row_int(rows, i, "expires_at")));
}

/* Those that are open. */
WAITS json_t *auth_session_list(struct trust *t, const struct actor *who,
			   json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	json_t *records;
	const char *user;

	if (!self_or_other(t, who, args, "skyclust_user:get", &user, err) ||
	    !store_read(t->store, NULL,
			"SELECT " COLUMNS " FROM sessions WHERE user_id = $1"
			" AND id > $2 AND revoked_at IS NULL"
			" AND expires_at > $3 ORDER BY id LIMIT $4",
			&rows, err, P_TEXT(user), P_TEXT(act_after(args)),
			P_INT(clock_wall_ms()), P_INT(act_limit(args) + 1)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, make_record(who, &rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

WAITS static json_t *end_session(struct trust *t, const struct actor *who,
				 const char *id, const char *user,
				 const char *action, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	tx_put(tx,
	       "UPDATE sessions SET revoked_at = $1"
	       " WHERE id = $2 AND user_id = $3 AND revoked_at IS NULL",
	       P_INT(clock_wall_ms()), P_TEXT(id), P_TEXT(user));
	tx_must(tx, ERR_NOT_FOUND, "there is no open session %s", id);
	identity_touch(tx);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, action, "succeeded", id,
				 .effect = "applied"));
	return identity_commit(t, tx, err) ? json_null() : NULL;
}

WAITS json_t *auth_session_delete(struct trust *t, const struct actor *who,
			     json_t *args, struct error *err)
{
	const char *user;

	if (!self_or_other(t, who, args, "skyclust_user:update", &user, err))
		return NULL;
	return end_session(t, who, json_str(args, "id", ""), user,
			   "session.delete", err);
}

WAITS json_t *auth_logout(struct trust *t, const struct actor *who,
			  json_t *args UNUSED, struct error *err)
{
	if (who->session_id)
		return end_session(t, who, who->session_id, who->user_id,
				   "auth.logout", err);
	fail(err, ERR_CONFLICT,
	     "there is no session to end: an API token is deleted instead "
	     "(DELETE /api/v1/auth/tokens/ID)");
	return NULL;
}

/* Of the unix socket there is no row. */
static json_t *local_record(const struct actor *who)
{
	return json_pack("{ss so sn sn ss so sn sn}", "id", who->user_id,
			 "name", act_text(who->name), "display_name", "email",
			 "kind", "local", "role", act_text(who->role),
			 "session_id", "token_id");
}

WAITS json_t *auth_me(struct trust *t, const struct actor *who,
		      json_t *args UNUSED, struct error *err)
{
	struct rows rows = { 0 };
	json_t *v = NULL;

	if (who->kind != ACTOR_USER && who->kind != ACTOR_TOKEN)
		return local_record(who);
	if (!store_read(t->store, NULL,
			"SELECT name, display_name, email, kind, role"
			" FROM users WHERE id = $1",
			&rows, err, P_TEXT(who->user_id)))
		return NULL;
	if (rows.n)
		v = json_pack("{ss ss so so ss ss so so}", "id", who->user_id,
			      "name", row_text(&rows, 0, "name"),
			      "display_name",
			      act_text(row_text(&rows, 0, "display_name")),
			      "email", act_text(row_text(&rows, 0, "email")),
			      "kind", row_text(&rows, 0, "kind"), "role",
			      row_text(&rows, 0, "role"), "session_id",
			      act_text(who->session_id), "token_id",
			      act_text(who->token_id));
	else
		fail(err, ERR_UNAUTHORIZED, "the account is gone");
	rows_done(&rows);
	return v;
}
