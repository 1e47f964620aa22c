/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Signing in with an OpenID provider of the operator's choice (OpenID Connect
 * Core 1.0, the code flow with PKCE, RFC 7636; discovery 1.0):
 *
 *	browser ── GET /auth/oidc/NAME ──► us ── 302 ──► provider
 *	provider ── 302 ?code&state ──► us ── code, verifier ──► provider
 *	us ◄── ID token ── provider	    us ── our own tokens ──► browser
 *
 * Between the two steps nothing is kept here: `state` is sealed (keys/seal.h)
 * and holds nonce, verifier and end of the attempt; a cookie of the same
 * browser must come back with it.  Users are found by issuer and subject, so
 * no provider can speak for another's.
 */
#ifndef SKYCLUST_HOST_IDENTITY_OIDC_H
#define SKYCLUST_HOST_IDENTITY_OIDC_H

#include "trust.h"

#define OIDC_COOKIE "skyclust_oidc"
#define OIDC_COOKIE_SIZE 44 /* base64url of 32 bytes, and NUL */

/* Begin to sign in with @provider, which will send the browser back to
 * @redirect_uri: appends the URL to go to, and fills in the cookie to set.
 * ERR_NOT_FOUND: there is no such provider; ERR_CLOUD_*: it does not work. */
WAITS bool oidc_begin(struct trust *t, const char *provider,
		      const char *redirect_uri, struct buf *url,
		      char cookie[OIDC_COOKIE_SIZE], struct error *err);

/* What came back; the text is borrowed and may be NULL. */
struct oidc_return {
	const char *redirect_uri, *code, *state, *cookie;
	const char *error, *error_description;
};

/* The answer of a login, new, or NULL: ERR_UNAUTHORIZED (the attempt is not
 * ours, too old, or refused), ERR_FORBIDDEN (not known here). */
WAITS json_t *oidc_finish(struct trust *t, const struct actor *who,
			  const char *provider, const struct oidc_return *back,
			  struct error *err);

/* What was learnt of the providers is forgotten; at the end. */
void oidc_done(void);

#endif
