/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/api_token.h"

#include <stdio.h>
#include <string.h>

#include "access/access.h"
#include "access/permission.h"
#include "act.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/identity_impl.h"
#include "identity/self.h"
#include "identity/token_mac.h"

#define ID_PREFIX "tok_"
#define ID_RANDOM 26 /* characters, trust_new_id() */
#define TOKEN_SIZE 112

/* ---- the token and its row --------------------------------------------------- */

struct token {
	const char *id, *user_id, *name;
	const char *workspace;		/* "": all of the user's */
	const char *permissions;	/* JSON, or NULL: all of the user's */
	int64_t created_at, expires_at; /* 0: never */
};

static void add_part(struct buf *out, const char *text)
{
	buf_printf(out, "%zu:%s,", strlen(text), text);
}

/* What is bound to the token; each part has its length before it. */
static void add_row(struct buf *out, const struct token *token)
{
	add_part(out, "api_tokens");
	add_part(out, token->id);
	add_part(out, token->user_id);
	add_part(out, token->workspace);
	add_part(out, token->permissions ? token->permissions : "");
	buf_printf(out, "%d,%lld", token->permissions != NULL,
		   (long long)token->expires_at);
}

bool api_token_is_good(struct trust *t, const struct rows *rows, size_t i,
		       const char *token, int64_t now)
{
	const struct token row = {
		.id = row_text(rows, i, "id"),
		.user_id = row_text(rows, i, "user_id"),
		.workspace = row_text(rows, i, "workspace_id"),
		.permissions = row_text(rows, i, "permissions"),
		.expires_at = row_int(rows, i, "expires_at"),
	};
	struct slice kept = row_blob(rows, i, "mac");
	struct buf text = { 0 };
	bool ok;

	if (!row_is_null(rows, i, "revoked_at") ||
	    (row.expires_at && row.expires_at <= now))
		return false;
	add_row(&text, &row);
	ok = token ? token_mac_is(t->keyring, kept, slice_of(token),
				  buf_slice(&text))
		   : token_mac_fits(t->keyring, kept, buf_slice(&text));
	buf_done(&text);
	return ok;
}

/* What the secret of a token is of. */
static const char *secret_place(const char *id, char text[64])
{
	snprintf(text, 64, "api_token:%s", id);
	return text;
}

bool api_token_read_id(const char *token, char id[TRUST_ID_SIZE])
{
	const size_t head = strlen(API_TOKEN_PREFIX) + ID_RANDOM;

	if (!text_starts(token, API_TOKEN_PREFIX) ||
	    strlen(token) != head + 1 + TOKEN_SECRET || token[head] != '_')
		return false;
	snprintf(id, TRUST_ID_SIZE, ID_PREFIX "%.*s", ID_RANDOM,
		 token + strlen(API_TOKEN_PREFIX));
	return true;
}

/* ---- listing ------------------------------------------------------------------- */

#define COLUMNS \
	"id, user_id, name, workspace_id, permissions, created_at," \
	" expires_at, used_at"

static json_t *make_record(const struct rows *rows, size_t i)
{
	const char *workspace = row_text(rows, i, "workspace_id");
	const char *permissions = row_text(rows, i, "permissions");
	json_t *list =
		permissions ? json_read(permissions, strlen(permissions), NULL)
			    : NULL;

	return json_pack(
		"{ss ss ss so so so so so}", "id", row_text(rows, i, "id"),
		"user_id", row_text(rows, i, "user_id"), "name",
		row_text(rows, i, "name"), "workspace_id",
		act_text(*workspace ? workspace : NULL), "permissions",
		list ? list : json_null(), "created_at",
		trust_time(row_int(rows, i, "created_at")), "expires_at",
		trust_time(row_int(rows, i, "expires_at")), "used_at",
		trust_time(row_int(rows, i, "used_at")));
}

WAITS json_t *api_token_list(struct trust *t, const struct actor *who,
			     json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	json_t *records;
	const char *user;

	if (!self_or_other(t, who, args, "skyclust_user:get", &user, err) ||
	    !store_read(t->store, NULL,
			"SELECT " COLUMNS " FROM api_tokens"
			" WHERE user_id = $1 AND id > $2"
			" ORDER BY id LIMIT $3",
			&rows, err, P_TEXT(user), P_TEXT(act_after(args)),
			P_INT(act_limit(args) + 1)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, make_record(&rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

/* ---- making ---------------------------------------------------------------------- */

/* One's own, or those of a service account whose role one could give: a token
 * of another person would be that person. */
WAITS static bool may_make(struct trust *t, const struct actor *who,
			   const char *user_id, struct error *err)
{
	const struct identity_user *user;
	bool service;
	char role[128];

	if (self_is(who, user_id))
		return true;
	user = identity_user(t, user_id, err);
	if (!user)
		return false;
	service = !strcmp(user->kind, "service");
	text_copy(role, sizeof(role), user->role);
	if (!service)
		return fail(err, ERR_FORBIDDEN,
			    "API tokens of a person are made by that person");
	return access_may_take(t, who, NULL, role, err);
}

WAITS static bool is_member(struct trust *t, const char *user_id,
			    const char *workspace, struct error *err)
{
	const struct identity_user *user = identity_user(t, user_id, err);

	if (!user)
		return false;
	for (size_t i = 0; i < user->n; i++)
		if (!strcmp(user->grants[i].workspace, workspace))
			return true;
	return fail_at(err, ERR_INVALID, "/workspace_id",
		       "the token's user is no member of a workspace %s",
		       workspace);
}

static bool read_expiry(const json_t *args, int64_t now, int64_t *expires_at,
			struct error *err)
{
	const char *text = json_str(args, "expires_at", NULL);

	*expires_at = 0;
	if (!text)
		return true;
	if (!clock_parse(text, expires_at) || *expires_at <= now)
		return fail_at(
			err, ERR_INVALID, "/expires_at",
			"the token would have expired before it is made");
	return true;
}

WAITS static bool check_new(struct trust *t, const struct actor *who,
			    const json_t *args, struct token *token,
			    struct error *err)
{
	const json_t *permissions = json_object_get(args, "permissions");

	return self_or_other(t, who, args, "skyclust_user:update",
			     &token->user_id, err) &&
	       may_make(t, who, token->user_id, err) &&
	       read_expiry(args, token->created_at, &token->expires_at, err) &&
	       (!permissions ||
		permission_check_list(permissions, "/permissions", err)) &&
	       (!*token->workspace ||
		is_member(t, token->user_id, token->workspace, err));
}

static void make_text(struct trust *t, const struct token *token,
		      char text[TOKEN_SIZE], struct buf *kept)
{
	char secret[TOKEN_SECRET + 1], place[64];
	struct buf row = { 0 };

	token_secret_make(t->keyring, secret_place(token->id, place), secret);
	snprintf(text, TOKEN_SIZE, API_TOKEN_PREFIX "%s_%s",
		 token->id + strlen(ID_PREFIX), secret);
	add_row(&row, token);
	token_mac_make(t->keyring, slice_of(text), buf_slice(&row), kept);
	buf_done(&row);
	mem_wipe(secret, sizeof(secret));
}

WAITS static bool add_token(struct trust *t, const struct actor *who,
			    const struct token *token, struct slice kept,
			    const json_t *args, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	tx_put(tx,
	       "INSERT INTO api_tokens (id, user_id, name, mac, workspace_id,"
	       " permissions, created_at, expires_at)"
	       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	       " ON CONFLICT (user_id, name) DO NOTHING",
	       P_TEXT(token->id), P_TEXT(token->user_id), P_TEXT(token->name),
	       P_BLOB(kept), P_TEXT(token->workspace),
	       P_TEXT(token->permissions), P_INT(token->created_at),
	       token->expires_at ? P_INT(token->expires_at) : P_NULL);
	tx_must(tx, ERR_CONFLICT, "there is an API token named %s already",
		token->name);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "api_token.create", "succeeded",
				 token->id, .effect = "applied", .more = args));
	return tx_commit(tx, err);
}

/* The record of a token, new; its text is shown this once. */
WAITS static json_t *find_token(struct trust *t, const char *id,
				const char *text, struct error *err)
{
	struct rows rows = { 0 };
	json_t *v = NULL;

	if (!store_read(t->store, NULL,
			"SELECT " COLUMNS " FROM api_tokens WHERE id = $1",
			&rows, err, P_TEXT(id)))
		return NULL;
	if (rows.n) {
		v = make_record(&rows, 0);
		json_object_set_new(v, "token", json_string(text));
	} else {
		fail(err, ERR_NOT_FOUND, "API token %s is gone again", id);
	}
	rows_done(&rows);
	return v;
}

WAITS json_t *api_token_create(struct trust *t, const struct actor *who,
			       json_t *args, struct error *err)
{
	AUTO(buf_done) struct buf permissions = { 0 }, kept = { 0 };
	char id[TRUST_ID_SIZE], text[TOKEN_SIZE];
	struct token token = {
		.id = id,
		.name = json_str(args, "name", ""),
		.workspace = json_str(args, "workspace_id", ""),
		.created_at = clock_wall_ms(),
	};
	json_t *v = NULL;

	if (!check_new(t, who, args, &token, err))
		return NULL;
	if (json_object_get(args, "permissions")) {
		json_write(json_object_get(args, "permissions"), &permissions);
		token.permissions = permissions.p;
	}
	trust_new_id(ID_PREFIX, id);
	make_text(t, &token, text, &kept);
	if (add_token(t, who, &token, buf_slice(&kept), args, err))
		v = find_token(t, id, text, err);
	mem_wipe(text, sizeof(text));
	return v;
}

/* ---- deleting -------------------------------------------------------------------- */

WAITS json_t *api_token_delete(struct trust *t, const struct actor *who,
			       json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", ""), *user;
	struct tx *tx;

	if (!self_or_other(t, who, args, "skyclust_user:update", &user, err))
		return NULL;
	tx = tx_begin(t->store, NULL);
	tx_put(tx, "DELETE FROM api_tokens WHERE id = $1 AND user_id = $2",
	       P_TEXT(id), P_TEXT(user));
	tx_must(tx, ERR_NOT_FOUND, "there is no API token %s", id);
	identity_touch(tx);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "api_token.delete", "succeeded", id,
				 .effect = "applied"));
	return identity_commit(t, tx, err) ? json_null() : NULL;
}
