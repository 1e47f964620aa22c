/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/session.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/identity_impl.h"
#include "identity/jwt_gate.h"
#include "identity/token_mac.h"
#include "identity/user.h"

#define PREFIX "skr_"
#define ID_PREFIX "ses_"
#define ID_RANDOM 26 /* characters, trust_new_id() */
#define REFRESH_SIZE 128

struct session {
	char id[TRUST_ID_SIZE], user_id[TRUST_ID_SIZE];
	long long generation;
	int64_t expires_at;
};

static void write_row(const struct session *s, char text[SESSION_ROW])
{
	snprintf(text, SESSION_ROW, "sessions:%s:%s:%lld:%lld", s->id,
		 s->user_id, s->generation, (long long)s->expires_at);
}

static void read_row(const struct rows *rows, size_t i, struct session *s)
{
	text_copy(s->id, sizeof(s->id), row_text(rows, i, "id"));
	text_copy(s->user_id, sizeof(s->user_id), row_text(rows, i, "user_id"));
	s->generation = row_int(rows, i, "generation");
	s->expires_at = row_int(rows, i, "expires_at");
}

void session_row_text(const struct rows *rows, size_t i, char text[SESSION_ROW])
{
	struct session s;

	read_row(rows, i, &s);
	write_row(&s, text);
}

void session_put_revoke_all(struct tx *tx, const char *user_id, const char *but,
			    int64_t now)
{
	tx_put(tx,
	       "UPDATE sessions SET revoked_at = $1"
	       " WHERE user_id = $2 AND id <> $3 AND revoked_at IS NULL",
	       P_INT(now), P_TEXT(user_id), P_TEXT(but ? but : ""));
}

/* ---- the tokens ------------------------------------------------------------ */

/* What the secret of a refresh token is of. */
static const char *refresh_place(const struct session *s, char text[96])
{
	snprintf(text, 96, "refresh:%s:%lld", s->id, s->generation);
	return text;
}

static void make_refresh(struct trust *t, const struct session *s,
			 char token[REFRESH_SIZE], struct buf *kept)
{
	char secret[TOKEN_SECRET + 1], place[96], row[SESSION_ROW];

	token_secret_make(t->keyring, refresh_place(s, place), secret);
	snprintf(token, REFRESH_SIZE, PREFIX "%s_%lld_%s",
		 s->id + strlen(ID_PREFIX), s->generation, secret);
	write_row(s, row);
	token_mac_make(t->keyring, slice_of(token), slice_of(row), kept);
	mem_wipe(secret, sizeof(secret));
}

/* Session and generation in @token, if it is one of ours: that is known by its
 * secret, without the database. */
static bool read_refresh(struct trust *t, const char *token, struct session *s)
{
	const char *id = token + strlen(PREFIX), *number = id + ID_RANDOM + 1;
	char digits[20], place[96];
	const char *end;

	if (!text_starts(token, PREFIX) ||
	    strlen(id) < ID_RANDOM + 2 + TOKEN_SECRET || number[-1] != '_' ||
	    !(end = strchr(number, '_')) ||
	    (size_t)(end - number) >= sizeof(digits))
		return false;
	memcpy(digits, number, (size_t)(end - number));
	digits[end - number] = 0;
	snprintf(s->id, sizeof(s->id), ID_PREFIX "%.*s", ID_RANDOM, id);
	return text_to_int(digits, 1, INT64_MAX, &s->generation) &&
	       token_secret_is_ours(t->keyring, refresh_place(s, place),
				    end + 1);
}

static bool make_access(struct trust *t, const struct session *s, int64_t now,
			struct jwt_claims *claims, struct buf *token,
			struct error *err)
{
	*claims = (struct jwt_claims){
		.issued_at = now,
		.expires_at = now + t->config->access_lifetime_ms,
	};
	if (claims->expires_at > s->expires_at)
		claims->expires_at = s->expires_at;
	text_copy(claims->subject, sizeof(claims->subject), s->user_id);
	text_copy(claims->session, sizeof(claims->session), s->id);
	trust_new_id("jti_", claims->id);
	return jwt_gate_sign(t->keyring, claims, token, err);
}

/* The answer of a login or a refresh; new, or NULL. */
WAITS static json_t *answer(struct trust *t, const struct session *s,
			    const char *refresh, int64_t now, struct error *err)
{
	json_t *user = user_find(t, s->user_id, err), *v = NULL;
	struct buf access = { 0 };
	struct jwt_claims claims;

	if (user && make_access(t, s, now, &claims, &access, err))
		v = json_pack("{ss ss sI ss so sO}", "access_token", access.p,
			      "token_type", "Bearer", "expires_in",
			      (json_int_t)((claims.expires_at - now) / 1000),
			      "refresh_token", refresh, "refresh_expires_at",
			      trust_time(s->expires_at), "user", user);
	json_decref(user);
	buf_wipe(&access);
	return v;
}

/* ---- opening ----------------------------------------------------------------- */

static void put_session(struct tx *tx, const struct session *s,
			const struct session_for *to, const struct actor *who,
			struct slice refresh, int64_t now)
{
	tx_put(tx,
	       "INSERT INTO sessions (id, user_id, refresh, generation, method,"
	       " source, agent, created_at, used_at, expires_at)"
	       " SELECT $1, id, $2, 1, $3, $4, $5, $6, $6, $7 FROM users"
	       " WHERE id = $8 AND state = 'active'"
	       " AND version = COALESCE($9, version)",
	       P_TEXT(s->id), P_BLOB(refresh), P_TEXT(to->method),
	       P_TEXT(who->source), P_TEXT(who->agent), P_INT(now),
	       P_INT(s->expires_at), P_TEXT(s->user_id),
	       to->version ? P_INT(to->version) : P_NULL);
	tx_must(tx, ERR_UNAUTHORIZED, "the name or the password is not right");
}

/* @who, who has shown that he is the user of @s. */
static struct actor as_user(const struct actor *who, const struct session *s)
{
	struct actor user = *who;

	user.kind = ACTOR_USER;
	user.user_id = s->user_id;
	user.session_id = s->id;
	return user;
}

static void put_opened(struct trust *t, struct tx *tx, const struct actor *who,
		       const struct session *s, const char *method)
{
	AUTO_JSON json_t *more =
		json_pack("{ss ss}", "method", method, "session", s->id);
	const struct actor user = as_user(who, s);

	audit_put(t, tx,
		  IDENTITY_EVENT(&user, "auth.login", "succeeded", s->user_id,
				 .effect = "applied", .more = more));
}

WAITS json_t *session_open(struct trust *t, const struct actor *who,
			   const struct session_for *to, struct error *err)
{
	int64_t now = clock_wall_ms();
	struct session s = {
		.generation = 1,
		.expires_at = now + t->config->refresh_lifetime_ms,
	};
	struct tx *tx = tx_begin(t->store, NULL);
	char refresh[REFRESH_SIZE];
	struct buf kept = { 0 };
	json_t *v = NULL;

	trust_new_id(ID_PREFIX, s.id);
	text_copy(s.user_id, sizeof(s.user_id), to->user_id);
	make_refresh(t, &s, refresh, &kept);
	put_session(tx, &s, to, who, buf_slice(&kept), now);
	if (to->lockout)
		lockout_clear(tx, to->lockout);
	put_opened(t, tx, who, &s, to->method);
	if (tx_commit(tx, err))
		v = answer(t, &s, refresh, now, err);
	mem_wipe(refresh, sizeof(refresh));
	buf_done(&kept);
	return v;
}

/* ---- refreshing ---------------------------------------------------------------- */

/* One message for all: who guesses learns nothing. */
static json_t *refuse(struct error *err)
{
	fail(err, ERR_UNAUTHORIZED,
	     "the refresh token is not valid any more; log in again");
	return NULL;
}

/* Refused, and known whose it would be (or NULL). */
static json_t *refuse_noted(struct trust *t, const struct actor *who,
			    const struct session *s, const char *reason,
			    struct error *err)
{
	audit_note(t, IDENTITY_EVENT(who, "auth.refresh", "denied",
				     s ? s->id : NULL, .reason = reason));
	return refuse(err);
}

/* It came twice: the session ends. */
WAITS static json_t *end_stolen(struct trust *t, const struct actor *who,
				const struct session *s, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	tx_put(tx,
	       "UPDATE sessions SET revoked_at = $1"
	       " WHERE id = $2 AND revoked_at IS NULL",
	       P_INT(clock_wall_ms()), P_TEXT(s->id));
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "auth.refresh", "denied", s->id,
				 .reason = "reused", .effect = "applied"));
	identity_touch(tx);
	return identity_commit(t, tx, err) ? refuse(err) : NULL;
}

/* The session of the database; ERR_NOT_FOUND when it cannot be used. */
WAITS static bool find_open(struct trust *t, const struct session *named,
			    struct session *s, struct buf *kept,
			    struct error *err)
{
	struct rows rows = { 0 };
	bool found;

	if (!store_read(t->store, NULL,
			"SELECT s.id, s.user_id, s.generation, s.expires_at,"
			" s.refresh FROM sessions s JOIN users u"
			" ON u.id = s.user_id WHERE s.id = $1"
			" AND s.revoked_at IS NULL AND s.expires_at > $2"
			" AND u.state = 'active'",
			&rows, err, P_TEXT(named->id), P_INT(clock_wall_ms())))
		return false;
	found = rows.n > 0;
	if (found) {
		read_row(&rows, 0, s);
		buf_add_slice(kept, row_blob(&rows, 0, "refresh"));
	}
	rows_done(&rows);
	return found ||
	       fail(err, ERR_NOT_FOUND, "no session %s is open", named->id);
}

/* Put the next generation in the place of @s's, which becomes it. */
WAITS static bool advance(struct trust *t, const struct actor *who,
			  struct session *s, int64_t now,
			  char refresh[REFRESH_SIZE], struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);
	const struct actor user = as_user(who, s);
	struct buf kept = { 0 };

	s->generation++;
	s->expires_at = now + t->config->refresh_lifetime_ms;
	make_refresh(t, s, refresh, &kept);
	tx_put(tx,
	       "UPDATE sessions SET refresh = $1, generation = $2,"
	       " expires_at = $3, used_at = $4"
	       " WHERE id = $5 AND generation = $6 AND revoked_at IS NULL",
	       P_BLOB(buf_slice(&kept)), P_INT(s->generation),
	       P_INT(s->expires_at), P_INT(now), P_TEXT(s->id),
	       P_INT(s->generation - 1));
	tx_must(tx, ERR_CONFLICT, "session %s was refreshed meanwhile", s->id);
	audit_put(t, tx,
		  IDENTITY_EVENT(&user, "auth.refresh", "succeeded", s->id,
				 .effect = "applied"));
	buf_done(&kept);
	return tx_commit(tx, err);
}

WAITS static json_t *refresh_open(struct trust *t, const struct actor *who,
				  struct session *s, struct error *err)
{
	int64_t now = clock_wall_ms();
	char refresh[REFRESH_SIZE];
	json_t *v = NULL;

	if (advance(t, who, s, now, refresh, err))
		v = answer(t, s, refresh, now, err);
	else if (err->code == ERR_CONFLICT)
		v = end_stolen(t, who, s, err);
	mem_wipe(refresh, sizeof(refresh));
	return v;
}

WAITS json_t *auth_refresh(struct trust *t, const struct actor *who,
			   json_t *args, struct error *err)
{
	const char *token = json_str(args, "refresh_token", "");
	struct session named = { "" }, s;
	struct buf kept = { 0 };
	char row[SESSION_ROW];
	bool is_last, found;

	if (!read_refresh(t, token, &named))
		return refuse_noted(t, who, NULL, "unauthorized", err);
	found = find_open(t, &named, &s, &kept, err);
	if (!found && err->code != ERR_NOT_FOUND)
		return NULL;
	if (!found)
		return refuse_noted(t, who, &named, "ended", err);
	write_row(&s, row);
	is_last = token_mac_is(t->keyring, buf_slice(&kept), slice_of(token),
			       slice_of(row));
	buf_done(&kept);
	if (is_last)
		return refresh_open(t, who, &s, err);
	if (named.generation < s.generation)
		return end_stolen(t, who, &s, err);
	return refuse_noted(t, who, &named, "altered", err);
}
