/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs of crypto.h.  Private keys pass through memory of libcrypto's,
 * which it overwrites before it frees it.
 */
#include "keys/crypto.h"

#include <limits.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/auto.h"

#define RSA_BITS 3072 /* 128 bits of security: NIST SP 800-57 part 1, table 2 */
#define RSA_BITS_MIN 2048 /* RFC 7518, 3.3 */

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_pair(EVP_PKEY **pair)
{
	EVP_PKEY_free(*pair);
}

static void free_context(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static BIO *bio_of(struct slice text)
{
	return text.n <= INT_MAX ? BIO_new_mem_buf(text.p, (int)text.n) : NULL;
}

static void take_bio(BIO *bio, struct buf *out)
{
	char *text;
	long n = BIO_get_mem_data(bio, &text);

	buf_add(out, text, (size_t)n);
}

/* An encrypted key is none of ours; without this libcrypto would ask the
 * terminal. */
static int no_passphrase(char *buf UNUSED, int size UNUSED, int writes UNUSED,
			 void *arg UNUSED)
{
	return -1;
}

static EVP_PKEY *make_pair(const char *algorithm)
{
	if (!strcmp(algorithm, "RS256"))
		return EVP_RSA_gen(RSA_BITS);
	if (!strcmp(algorithm, "ES256"))
		return EVP_EC_gen("P-256");
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

void crypto_pair_new(const char *algorithm, struct buf *pem)
{
	AUTO(free_pair) EVP_PKEY *pair = make_pair(algorithm);
	AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());

	if (!pair || !bio ||
	    PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL) != 1)
		mem_oom();
	take_bio(bio, pem);
}

static bool is_of(const EVP_PKEY *pair, const char *algorithm)
{
	char curve[16];

	if (!strcmp(algorithm, "RS256"))
		return EVP_PKEY_is_a(pair, "RSA") &&
		       EVP_PKEY_get_bits(pair) >= RSA_BITS_MIN;
	if (!strcmp(algorithm, "ES256"))
		return EVP_PKEY_is_a(pair, "EC") &&
		       EVP_PKEY_get_group_name(pair, curve, sizeof(curve),
					       NULL) == 1 &&
		       !strcmp(curve, "prime256v1");
	return EVP_PKEY_is_a(pair, "ED25519");
}

static EVP_PKEY *read_private(struct slice pem)
{
	AUTO(free_bio) BIO *bio = bio_of(pem);

	return bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
		   : NULL;
}

bool crypto_pair_public(const char *algorithm, struct slice pem,
			struct buf *public_pem)
{
	AUTO(free_pair) EVP_PKEY *pair = read_private(pem);
	AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());

	if (!pair || !bio || !is_of(pair, algorithm) ||
	    PEM_write_bio_PUBKEY(bio, pair) != 1)
		return false;
	take_bio(bio, public_pem);
	return true;
}

/* ---- Ed25519 ------------------------------------------------------------------ */

bool crypto_sign(struct slice private_pem, struct slice text,
		 unsigned char signature[CRYPTO_SIGNATURE])
{
	AUTO(free_pair) EVP_PKEY *pair = read_private(private_pem);
	AUTO(free_context) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = CRYPTO_SIGNATURE;

	return pair && ctx && is_of(pair, "Ed25519") &&
	       EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair) == 1 &&
	       EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text.p,
			      text.n) == 1 &&
	       n == CRYPTO_SIGNATURE;
}

/* It is libcrypto's object, under a name of ours. */
struct crypto_public *crypto_public_new(struct slice pem)
{
	AUTO(free_bio) BIO *bio = bio_of(pem);
	EVP_PKEY *pair =
		bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL)
		    : NULL;

	if (pair && !is_of(pair, "Ed25519")) {
		EVP_PKEY_free(pair);
		pair = NULL;
	}
	return (struct crypto_public *)pair;
}

void crypto_public_free(struct crypto_public *key)
{
	EVP_PKEY_free((EVP_PKEY *)key);
}

bool crypto_verify(const struct crypto_public *key, struct slice text,
		   struct slice signature)
{
	AUTO(free_context) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	return ctx && signature.n == CRYPTO_SIGNATURE &&
	       EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, (EVP_PKEY *)key) ==
		       1 &&
	       EVP_DigestVerify(ctx, (const unsigned char *)signature.p,
				signature.n, (const unsigned char *)text.p,
				text.n) == 1;
}
