/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Identity: who somebody is.  Users and service accounts, their passwords
 * (Argon2id, RFC 9106), sessions (15-minute access tokens, rotating refresh
 * tokens with reuse detection) and API tokens.  What they may do is access/'s.
 *
 *	access token	a JWT; verified by jwt_gate.h, then by its session
 *	refresh token	"skr_" SESSION "_" GENERATION "_" SECRET, good once
 *	API token	"skt_" TOKEN "_" SECRET
 *	bootstrap token	in DATA_DIR/bootstrap.token until the first admin exists
 */
#ifndef SKYCLUST_HOST_IDENTITY_IDENTITY_H
#define SKYCLUST_HOST_IDENTITY_IDENTITY_H

#include "store/store.h"
#include "trust.h"

/*
 * Who has @token (without "Bearer ")?  Fills in the first part of @who, by text
 * in who->arena.  Verified tokens are remembered by digest until they expire or
 * anything about them is revoked, so this seldom waits.  ERR_UNAUTHORIZED with
 * what to do about it (an expired access token: refresh).
 */
WAITS bool identity_authenticate(struct trust *t, const char *token,
				 struct actor *who, struct error *err);

/* What access/ needs to know of a user. */
struct identity_grant {
	const char *workspace, *role;
};
struct identity_user {
	const char *id, *name, *role, *kind;
	bool active;
	size_t n;
	const struct identity_grant *grants; /* memberships */
};
/* Borrowed from the cache until the next WAITS; NULL: no such user. */
WAITS const struct identity_user *identity_user(struct trust *t, const char *id,
						struct error *err);
/* What an API token is limited to: workspace ("" none) and permissions (array,
 * or NULL).  False: the token is gone. */
WAITS bool identity_token_limits(struct trust *t, const char *token_id,
				 const char **workspace,
				 const json_t **permissions, struct error *err);

/* Put "the revision is raised" into @tx; after its commit call
 * identity_changed(), so that this host forgets at once what it remembers; the
 * other hosts of the installation do within half a second. */
void identity_touch(struct tx *tx);
void identity_changed(struct trust *t);
/* The revision this host knows of: another number means that what anybody
 * remembers of users, members and roles is to be forgotten. */
int64_t identity_revision(const struct trust *t);

/* The one-time token for the first administrator, to be told once; NULL: there
 * is one.  Borrowed until the next WAITS. */
const char *identity_bootstrap_token(const struct trust *t);

WAITS bool identity_start(struct trust *t, struct error *err);
WAITS void identity_stop(struct trust *t); /* NULL identity: nothing */

/* ---- acts (trust.h) ------------------------------------------------------ */

trust_act auth_bootstrap, auth_login, auth_refresh, auth_logout, auth_me,
	auth_change_password;
trust_act auth_session_list, auth_session_delete;
trust_act api_token_list, api_token_create, api_token_delete;
trust_act user_list, user_get, user_create, user_update, user_delete;
trust_act signing_key_list, signing_key_rotate;

#endif
