/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Sessions: what somebody gets who has shown who he is.  A session is a row; its
 * access tokens live 15 minutes and name it, its refresh token is good once and
 * is replaced each time.  A refresh token that comes a second time was copied:
 * nobody can tell the thief from the owner, so the session ends for both.
 */
#ifndef SKYCLUST_HOST_IDENTITY_SESSION_H
#define SKYCLUST_HOST_IDENTITY_SESSION_H

#include "identity/lockout.h"
#include "trust.h"

/* For whom, and how he showed it. */
struct session_for {
	const char *user_id;
	int64_t version;    /* of the row he was checked by; 0: any */
	const char *method; /* "password", "oidc", "bootstrap" */
	const struct lockout *lockout; /* whose failures to forget, or NULL */
};

/*
 * Open one, with its record in the audit log.  The answer of a login, new:
 * access_token, token_type, expires_in (seconds), refresh_token, user.  NULL:
 * ERR_UNAUTHORIZED when the user is gone, disabled, or of another version.
 */
WAITS json_t *session_open(struct trust *t, const struct actor *who,
			   const struct session_for *to, struct error *err);

/* What is bound to the token of a session's row (token_mac.h); a session is
 * found by its row alone. */
#define SESSION_ROW 192
void session_row_text(const struct rows *rows, size_t i,
		      char text[SESSION_ROW]);

/* End all sessions of @user_id but @but (NULL: none is kept). */
void session_put_revoke_all(struct tx *tx, const char *user_id, const char *but,
			    int64_t now);

#endif
