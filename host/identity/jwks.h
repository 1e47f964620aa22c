/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of others: an ID token (OpenID Connect Core, section 2), checked
 * against the keys its issuer publishes (JWK set, RFC 7517).  RS256 with RSA of
 * 2,048 bits or more and ES256 are taken, nothing else; the key, not the
 * token, says which.
 */
#ifndef SKYCLUST_HOST_IDENTITY_JWKS_H
#define SKYCLUST_HOST_IDENTITY_JWKS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum jwks_result {
	JWKS_GOOD,
	JWKS_NO_KEY, /* the set has no such key: it may be out of date */
	JWKS_BAD,
};

/* Verify @token's signature by @set; @claims gets its payload, new. */
enum jwks_result jwks_verify(const json_t *set, struct slice token,
			     json_t **claims);

#endif
