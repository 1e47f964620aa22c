/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the database keeps a token it must not know, and notices when the row
 * around it is altered.  What is kept is
 *
 *	version of the MAC key (8 bytes, big-endian)
 *	HMAC(token)
 *	HMAC(row, HMAC(token))
 *
 * `row` is the text of the columns that the token is good for.  The second MAC
 * can be looked at without the token, the first one needs it.
 */
#ifndef SKYCLUST_HOST_IDENTITY_TOKEN_MAC_H
#define SKYCLUST_HOST_IDENTITY_TOKEN_MAC_H

#include "keys/keyring.h"

/* Append what is to be kept of @token in a row that says @row. */
void token_mac_make(const struct keyring *ring, struct slice token,
		    struct slice row, struct buf *out);

/* Was @kept made for a row that says @row?  False also for a key that is gone. */
bool token_mac_fits(const struct keyring *ring, struct slice kept,
		    struct slice row);

/* Was it made for @token, in such a row? */
bool token_mac_is(const struct keyring *ring, struct slice kept,
		  struct slice token, struct slice row);

/*
 * Secrets that are recognised as ours without the database: 32 hex digits at
 * random, and as many of the MAC of @place (what the secret is of) and them.
 * By any MAC key that is still there.
 */
#define TOKEN_SECRET 64 /* characters */
void token_secret_make(const struct keyring *ring, const char *place,
		       char secret[TOKEN_SECRET + 1]);
bool token_secret_is_ours(const struct keyring *ring, const char *place,
			  const char *secret);

#endif
