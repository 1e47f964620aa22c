/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to libjwt, which in the version we build with accepts an HS256
 * token forged with an RSA public key, does not look at `exp`, and takes
 * `alg: none` with a NULL key.  So the header is parsed here first: strict JSON
 * without duplicates, `alg` exactly the algorithm of the key that `kid` names,
 * `typ` "JWT", and nothing else (no jku, x5u, jwk, crit …); then the signature;
 * then iss, aud, sub, sid, jti, iat, nbf, exp, all required and nothing else
 * (RFC 7519, RFC 8725).  `typ` cannot be the "at+jwt" of RFC 9068: that libjwt
 * neither writes nor takes it.  No other kind of token is signed by these keys,
 * and issuer and audience are our own.
 */
#ifndef SKYCLUST_HOST_IDENTITY_JWT_GATE_H
#define SKYCLUST_HOST_IDENTITY_JWT_GATE_H

#include <jansson.h>

#include "keys/keyring.h"

#define JWT_MAX 4096 /* bytes of a token */
/* The longest that can be configured (auth.access_lifetime). */
#define JWT_MAX_LIFETIME_MS (24LL * 3600 * 1000)
#define JWT_ISSUER "skyclust"
#define JWT_AUDIENCE "skyclust-api"

struct jwt_claims {
	char subject[64], session[64], id[64];
	int64_t issued_at, expires_at; /* wall clock, ms */
};

/* Sign @claims by the active token key; appends the compact form to @out. */
bool jwt_gate_sign(const struct keyring *ring, const struct jwt_claims *claims,
		   struct buf *out, struct error *err);

/* Verify @token at the time @now (wall clock, ms).  ERR_UNAUTHORIZED; the
 * message tells an expired token from a bad one, and nothing else. */
bool jwt_gate_verify(const struct keyring *ring, struct slice token,
		     int64_t now, struct jwt_claims *claims, struct error *err);

#endif
