/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The key ring: every key the host has, in one file that only it can read
 * (0600), made at the first start.  Nothing else in the data directory or the
 * database can be used without it; losing it loses every stored secret.
 *
 * A key has a use, a version that counts from 1, and a state.  The active key
 * of a use makes new things; older ones still open, verify and compare until
 * they are removed.  Keys live in locked memory (base/secret.h's kind).
 */
#ifndef SKYCLUST_HOST_KEYS_KEYRING_H
#define SKYCLUST_HOST_KEYS_KEYRING_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

struct keyring;

enum key_use {
	KEY_WRAP,  /* AES-256: wraps the data keys of sealed secrets */
	KEY_MAC,   /* HMAC-SHA-256: API and refresh tokens, secrets in audit */
	KEY_TOKEN, /* access tokens: HS256, or an RS256 or ES256 pair */
	KEY_AUDIT, /* Ed25519: checkpoints of the audit log */
	KEY_USES
};
const char *key_use_name(enum key_use use); /* "wrap" */

/* Borrowed from the ring, which keeps it in its place until it is removed;
 * `secret` is raw bytes, or PEM (PKCS #8) of a pair. */
struct key {
	enum key_use use;
	long long version;
	char id[24];	       /* "token-3": a JWT's kid, a checkpoint's key */
	const char *algorithm; /* "A256GCM", "HS256", "RS256", "ES256",
				* "Ed25519" */
	const char *secret;
	size_t secret_length;
	const char *public_pem; /* of a pair, else NULL */
	int64_t created_at;	/* wall clock */
};

/*
 * Read the ring in @file, or make it with one key of each use; @algorithm is
 * that of a new token key: "HS256", "RS256" or "ES256".  When the active token
 * key has another one, a new version is added.  New, or NULL with @err:
 * unreadable, readable by others, damaged.
 */
struct keyring *keyring_open(const char *file, const char *algorithm,
			     struct error *err);
void keyring_free(struct keyring *ring);

const struct key *keyring_active(const struct keyring *ring, enum key_use use);
const struct key *keyring_find(const struct keyring *ring, enum key_use use,
			       long long version); /* or NULL */
const struct key *keyring_find_id(const struct keyring *ring,
				  const char *id); /* or NULL */

/* A new active version of @use, on the disk before this returns; the others
 * stay.  Of a token key the file is written first, so that a host that shares
 * it can read it (keyring_reload()). */
bool keyring_rotate(struct keyring *ring, enum key_use use, struct error *err);
/* Forget version @version of @use for ever; ERR_CONFLICT: it is the active
 * one. */
bool keyring_remove(struct keyring *ring, enum key_use use, long long version,
		    struct error *err);
/* Read the file again; keys that are there already stay as they are, those that
 * are no longer in it are forgotten.  ERR_CONFLICT: it is the file of another
 * installation.  After false nothing has changed. */
bool keyring_reload(struct keyring *ring, struct error *err);

/* [{"use", "version", "id", "state": "active" or "old", "algorithm",
 * "created_at"}]; no key.  New. */
json_t *keyring_list(const struct keyring *ring);

#endif
