/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a token to a user, and what is remembered of both.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "identity/api_token.h"
#include "identity/identity_impl.h"
#include "identity/jwt_gate.h"
#include "identity/session.h"
#include "identity/token_mac.h"

#define REMEMBER_MS (15 * 60 * 1000) /* of what ends later or never */
#define USE_MS 60000 /* a last use is written so often at most */
#define KEYS_MS 1000 /* as the key file is read again */

/* ---- what is found out ------------------------------------------------------ */

static bool refuse_token(struct error *err)
{
	return fail(err, ERR_UNAUTHORIZED,
		    "the token is not valid, or not any more; log in again");
}

static struct cached_token *remember(struct trust *t, struct cached_token *c,
				     const struct rows *rows, int64_t until,
				     int64_t now)
{
	c->user_id = mem_strdup(row_text(rows, 0, "user_id"));
	c->name = mem_strdup(row_text(rows, 0, "name"));
	c->role = mem_strdup(row_text(rows, 0, "role"));
	c->used_at = row_int(rows, 0, "used_at");
	c->until = now + REMEMBER_MS;
	if (until && until < c->until)
		c->until = until;
	cache_put_token(t->identity->cache, c);
	return c;
}

static bool is_active(const struct rows *rows)
{
	return rows->n == 1 && !strcmp(row_text(rows, 0, "state"), "active");
}

/* A token that nobody has seen yet of a key that another host made. */
static bool verify_jwt(struct trust *t, const char *token, int64_t now,
		       struct jwt_claims *claims, struct error *err)
{
	struct identity *id = t->identity;

	if (jwt_gate_verify(t->keyring, slice_of(token), now, claims, err))
		return true;
	if (!watch_has_others(t) || clock_ms() < id->keys_read_at + KEYS_MS)
		return false;
	id->keys_read_at = clock_ms();
	return keyring_reload(t->keyring, NULL) &&
	       jwt_gate_verify(t->keyring, slice_of(token), now, claims, err);
}

static bool is_open(struct trust *t, const struct rows *rows,
		    const struct jwt_claims *claims, int64_t now)
{
	char row[SESSION_ROW];

	if (!is_active(rows) || !row_is_null(rows, 0, "revoked_at") ||
	    row_int(rows, 0, "expires_at") <= now ||
	    strcmp(row_text(rows, 0, "user_id"), claims->subject) != 0)
		return false;
	session_row_text(rows, 0, row);
	return token_mac_fits(t->keyring, row_blob(rows, 0, "refresh"),
			      slice_of(row));
}

/* Borrowed until the next WAITS, or NULL. */
WAITS static struct cached_token *find_session(struct trust *t,
					       const char *token, int64_t now,
					       struct cached_token *fresh,
					       struct error *err)
{
	struct cached_token *found = NULL;
	struct jwt_claims claims;
	struct rows rows = { 0 };

	if (strlen(token) > JWT_MAX) {
		refuse_token(err);
		return NULL;
	}
	if (!verify_jwt(t, token, now, &claims, err) ||
	    !store_read(t->store, NULL,
			"SELECT s.id, s.user_id, s.generation, s.expires_at,"
			" s.revoked_at, s.used_at, s.refresh, u.name, u.role,"
			" u.state FROM sessions s JOIN users u"
			" ON u.id = s.user_id WHERE s.id = $1",
			&rows, err, P_TEXT(claims.session)))
		return NULL;
	if (is_open(t, &rows, &claims, now)) {
		fresh->kind = ACTOR_USER;
		fresh->session_id = mem_strdup(claims.session);
		found = remember(t, fresh, &rows, claims.expires_at, now);
	} else {
		refuse_token(err);
	}
	rows_done(&rows);
	return found;
}

/* ---- API tokens ---------------------------------------------------------------- */

static const struct cached_limits *remember_limits(struct trust *t,
						   const struct rows *rows,
						   int64_t epoch)
{
	const char *permissions = row_text(rows, 0, "permissions");
	struct cached_limits *limits = mem_alloc(sizeof(*limits));

	limits->epoch = epoch;
	limits->token_id = mem_strdup(row_text(rows, 0, "id"));
	limits->workspace = mem_strdup(row_text(rows, 0, "workspace_id"));
	if (permissions)
		limits->permissions =
			json_read(permissions, strlen(permissions), NULL);
	if (permissions && !limits->permissions)
		limits->permissions = json_array(); /* not all, but nothing */
	cache_put_limits(t->identity->cache, limits);
	return limits;
}

WAITS static bool read_api_token(struct trust *t, const char *id,
				 struct rows *rows, struct error *err)
{
	return store_read(t->store, NULL,
			  "SELECT " API_TOKEN_COLUMNS
			  ", t.used_at, u.name, u.role, u.state"
			  " FROM api_tokens t JOIN users u"
			  " ON u.id = t.user_id WHERE t.id = $1",
			  rows, err, P_TEXT(id));
}

WAITS static struct cached_token *find_api_token(struct trust *t,
						 const char *token, int64_t now,
						 struct cached_token *fresh,
						 struct error *err)
{
	struct cached_token *found = NULL;
	struct rows rows = { 0 };
	char id[TRUST_ID_SIZE];

	if (!api_token_read_id(token, id)) {
		refuse_token(err);
		return NULL;
	}
	if (!read_api_token(t, id, &rows, err))
		return NULL;
	if (is_active(&rows) && api_token_is_good(t, &rows, 0, token, now)) {
		fresh->kind = ACTOR_TOKEN;
		fresh->token_id = mem_strdup(id);
		remember_limits(t, &rows, fresh->epoch);
		found = remember(t, fresh, &rows,
				 row_int(&rows, 0, "expires_at"), now);
	} else {
		refuse_token(err);
	}
	rows_done(&rows);
	return found;
}

/* In force and as it was made; borrowed until the next WAITS, or NULL. */
WAITS static const struct cached_limits *read_limits(struct trust *t,
						     const char *token_id,
						     struct error *err)
{
	const int64_t epoch = t->identity->cache->epoch;
	const struct cached_limits *limits = NULL;
	struct rows rows = { 0 };

	if (!read_api_token(t, token_id, &rows, err))
		return NULL;
	if (is_active(&rows) &&
	    api_token_is_good(t, &rows, 0, NULL, clock_wall_ms()))
		limits = remember_limits(t, &rows, epoch);
	else
		refuse_token(err);
	rows_done(&rows);
	return limits;
}

WAITS bool identity_token_limits(struct trust *t, const char *token_id,
				 const char **workspace,
				 const json_t **permissions, struct error *err)
{
	const struct cached_limits *limits =
		cache_find_limits(t->identity->cache, token_id);

	if (!limits && !(limits = read_limits(t, token_id, err)))
		return false;
	*workspace = limits->workspace;
	*permissions = limits->permissions;
	return true;
}

/* ---- the question ---------------------------------------------------------------- */

static void fill_in(struct actor *who, const struct cached_token *c)
{
	struct arena *a = who->arena;

	who->kind = c->kind;
	who->user_id = arena_strdup(a, c->user_id);
	who->name = arena_strdup(a, c->name);
	who->role = arena_strdup(a, c->role);
	who->session_id = c->session_id ? arena_strdup(a, c->session_id) : NULL;
	who->token_id = c->token_id ? arena_strdup(a, c->token_id) : NULL;
}

static void note_use(struct identity *id, struct cached_token *c, int64_t now)
{
	if (now - c->used_at < USE_MS)
		return;
	c->used_at = now;
	watch_note_use(id, c->token_id != NULL,
		       c->token_id ? c->token_id : c->session_id, now);
}

WAITS static struct cached_token *find(struct trust *t, const char *token,
				       const unsigned char *digest, int64_t now,
				       struct error *err)
{
	struct cached_token *fresh = mem_alloc(sizeof(*fresh)), *found;

	fresh->epoch = t->identity->cache->epoch;
	memcpy(fresh->digest, digest, CRYPTO_DIGEST);
	found = text_starts(token, API_TOKEN_PREFIX)
			? find_api_token(t, token, now, fresh, err)
			: find_session(t, token, now, fresh, err);
	if (!found)
		mem_free(fresh);
	return found;
}

/* Once for each time that a token is verified; what is done with it then is
 * access/'s to tell. */
static void note_outcome(struct trust *t, const struct actor *who,
			 const struct error *err)
{
	bool denied = who->kind == ACTOR_NOBODY;

	audit_note(t, IDENTITY_EVENT(
			      who, "auth.authenticate",
			      denied ? "denied" : "succeeded",
			      who->token_id ? who->token_id : who->session_id,
			      .reason = denied ? err_info(err->code)->name
					       : NULL));
}

WAITS bool identity_authenticate(struct trust *t, const char *token,
				 struct actor *who, struct error *err)
{
	unsigned char digest[CRYPTO_DIGEST];
	const int64_t now = clock_wall_ms();
	struct cached_token *c;

	crypto_sha256(slice_of(token), digest);
	c = cache_find_token(t->identity->cache, digest, now);
	if (c) {
		fill_in(who, c);
		note_use(t->identity, c, now);
		return true;
	}
	c = find(t, token, digest, now, err);
	if (c) {
		fill_in(who, c);
		note_use(t->identity, c, now);
	}
	note_outcome(t, who, err);
	return c != NULL;
}
