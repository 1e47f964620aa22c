/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few primitives that the host needs, over libcrypto (EVP).  What cannot
 * fail for a reason of the caller's does not fail: without memory or random
 * numbers the process ends.
 */
#ifndef SKYCLUST_HOST_KEYS_CRYPTO_H
#define SKYCLUST_HOST_KEYS_CRYPTO_H

#include "base/base.h"
#include "base/buf.h"

#define CRYPTO_KEY 32 /* bytes of an AES-256 or HMAC key */
#define CRYPTO_NONCE \
	12 /* of GCM; random, so at most 2^32 texts for a key
			 * (NIST SP 800-38D, 8.3) */
#define CRYPTO_TAG 16
#define CRYPTO_DIGEST 32 /* SHA-256 */

void crypto_random(void *bytes, size_t n);

/* AES-256-GCM (NIST SP 800-38D).  @out has room for @plain.n bytes. */
void crypto_gcm_seal(const unsigned char key[CRYPTO_KEY],
		     const unsigned char nonce[CRYPTO_NONCE], struct slice aad,
		     struct slice plain, unsigned char *out,
		     unsigned char tag[CRYPTO_TAG]);
/* False: the tag is wrong, and @out is wiped. */
bool crypto_gcm_open(const unsigned char key[CRYPTO_KEY],
		     const unsigned char nonce[CRYPTO_NONCE], struct slice aad,
		     struct slice sealed, const unsigned char tag[CRYPTO_TAG],
		     unsigned char *out);

/* HMAC-SHA-256 (RFC 2104), SHA-256 (FIPS 180-4); may be called on any thread. */
void crypto_hmac(struct slice key, struct slice text,
		 unsigned char mac[CRYPTO_DIGEST]);
void crypto_sha256(struct slice text, unsigned char digest[CRYPTO_DIGEST]);

/* ---- key pairs, as PEM (RFC 7468) ----------------------------------------- */

/* A new private key (PKCS #8) of @algorithm: "RS256" (3072 bits), "ES256",
 * "Ed25519"; appends. */
void crypto_pair_new(const char *algorithm, struct buf *pem);
/* Its public key; appends.  False: @pem is no private key of @algorithm. */
bool crypto_pair_public(const char *algorithm, struct slice pem,
			struct buf *public_pem);

/* Ed25519 (RFC 8032).  False: @private_pem is no such key. */
#define CRYPTO_SIGNATURE 64
bool crypto_sign(struct slice private_pem, struct slice text,
		 unsigned char signature[CRYPTO_SIGNATURE]);

/* A public key that was read once, for it takes long.  New, or NULL: @pem is no
 * Ed25519 key. */
struct crypto_public;
struct crypto_public *crypto_public_new(struct slice pem);
void crypto_public_free(struct crypto_public *key);
/* False: @signature is not the owner's, of this @text. */
bool crypto_verify(const struct crypto_public *key, struct slice text,
		   struct slice signature);

#endif
