/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key ring is made of, and its file.  Private to host/keys.
 *
 *	{ "format": 1, "keys": [
 *	  { "use": "wrap", "version": 1, "state": "active",
 *	    "algorithm": "A256GCM", "created_at": "2026-11-21T09:41:59.120Z",
 *	    "secret": "64 hex digits, or PEM", "check": "…" }, … ] }
 *
 * `check` is the start of the SHA-256 of the other members: a bit that flipped
 * on the disk must not become another key.
 */
#ifndef SKYCLUST_HOST_KEYS_RING_H
#define SKYCLUST_HOST_KEYS_RING_H

#include "base/list.h"
#include "base/secret.h"
#include "keys/keyring.h"

struct ring_key {
	struct list link;
	struct key key; /* its pointers: into those two, and a literal */
	struct secret *secret;
	char *public_pem; /* or NULL */
	bool active;
};

/* The key @secret (stolen) of @use; NULL: it is no key of @algorithm, which
 * is no one for that use.  New. */
struct ring_key *ring_key_new(enum key_use use, long long version,
			      const char *algorithm, struct secret *secret);
/* The same with a fresh secret; @algorithm is one for that use. */
struct ring_key *ring_key_make(enum key_use use, long long version,
			       const char *algorithm);
void ring_key_free(struct ring_key *k); /* also takes it off its list */
void ring_clear(struct list *keys);

/* Read @file onto @keys; ERR_NOT_FOUND: there is none.  After false @keys is
 * empty. */
bool ring_read(const char *file, struct list *keys, struct error *err);
/* Replace @file as a whole. */
bool ring_write(const char *file, const struct list *keys, struct error *err);

#endif
