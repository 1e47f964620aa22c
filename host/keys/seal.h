/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing: a secret becomes bytes that only this installation can open, and
 * only in the place they were made for.  AES-256-GCM (NIST SP 800-38D) with a
 * fresh data key and nonce for each; the data key is wrapped by the ring's
 * active wrap key.  The place (@aad) is authenticated with it: table, row,
 * workspace, version of the row.  Moving, rolling back or changing any of it
 * makes it unreadable.
 */
#ifndef SKYCLUST_HOST_KEYS_SEAL_H
#define SKYCLUST_HOST_KEYS_SEAL_H

#include "keys/keyring.h"

/* Append to @out: format, key version, wrapped key, nonces, text, tags. */
void seal(const struct keyring *ring, const char *aad, struct slice plain,
	  struct buf *out);

/* Open @sealed; appends to @out, which the caller wipes (buf_wipe()).  A key
 * that @ring has not is looked for in its file: a host that shares it may have
 * made it just now.  ERR_INTERNAL: it was altered or moved, or its key is gone;
 * says which. */
bool unseal(struct keyring *ring, const char *aad, struct slice sealed,
	    struct buf *out, struct error *err);

/* What all texts that wrap key @version wraps begin with, to look for them. */
#define SEAL_HEAD 9
void seal_head(long long version, char head[SEAL_HEAD]);

/* The version of the wrap key that @sealed needs; 0: it is no sealed text. */
long long seal_key_version(struct slice sealed);

/* The same secret with its data key wrapped by the active wrap key; appends. */
bool seal_rewrap(const struct keyring *ring, const char *aad,
		 struct slice sealed, struct buf *out, struct error *err);

/* HMAC-SHA-256 (RFC 2104) of @text by MAC key @version (0: the active one);
 * false: there is no such key. */
#define MAC_SIZE 32
bool keyed_mac(const struct keyring *ring, long long version, struct slice text,
	       unsigned char mac[MAC_SIZE]);

#endif
