/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/crypto.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/log.h"
#include "base/mem.h"

/* What only fails when the machine does. */
static void must(bool worked)
{
	if (LIKELY(worked))
		return;
	log_error("libcrypto has no memory or no random numbers, ending");
	abort();
}

void crypto_random(void *bytes, size_t n)
{
	must(n <= INT_MAX && RAND_bytes(bytes, (int)n) == 1);
}

/* ---- AES-256-GCM ------------------------------------------------------------ */

/* A direction of it, with everything given to it that goes before the text. */
static EVP_CIPHER_CTX *gcm_begin(bool encrypts, const unsigned char *key,
				 const unsigned char *nonce, struct slice aad)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	must(ctx && aad.n <= INT_MAX &&
	     EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce,
			       encrypts) == 1 &&
	     EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)aad.p,
			      (int)aad.n) == 1);
	return ctx;
}

static void gcm_text(EVP_CIPHER_CTX *ctx, struct slice text, unsigned char *out)
{
	int n;

	if (!text.n)
		return; /* NULL bytes would mean something else */
	must(text.n <= INT_MAX &&
	     EVP_CipherUpdate(ctx, out, &n, (const unsigned char *)text.p,
			      (int)text.n) == 1);
}

void crypto_gcm_seal(const unsigned char key[CRYPTO_KEY],
		     const unsigned char nonce[CRYPTO_NONCE], struct slice aad,
		     struct slice plain, unsigned char *out,
		     unsigned char tag[CRYPTO_TAG])
{
	EVP_CIPHER_CTX *ctx = gcm_begin(true, key, nonce, aad);
	unsigned char rest[CRYPTO_TAG];
	int n;

	gcm_text(ctx, plain, out);
	must(EVP_CipherFinal_ex(ctx, rest, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG, tag) ==
		     1);
	EVP_CIPHER_CTX_free(ctx);
}

bool crypto_gcm_open(const unsigned char key[CRYPTO_KEY],
		     const unsigned char nonce[CRYPTO_NONCE], struct slice aad,
		     struct slice sealed, const unsigned char tag[CRYPTO_TAG],
		     unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = gcm_begin(false, key, nonce, aad);
	unsigned char rest[CRYPTO_TAG];
	bool right;
	int n;

	gcm_text(ctx, sealed, out);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG,
				 (void *)tag) == 1);
	right = EVP_CipherFinal_ex(ctx, rest, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!right)
		mem_wipe(out, sealed.n);
	return right;
}

/* ---- digests ----------------------------------------------------------------- */

void crypto_hmac(struct slice key, struct slice text,
		 unsigned char mac[CRYPTO_DIGEST])
{
	must(key.n <= INT_MAX &&
	     HMAC(EVP_sha256(), key.p, (int)key.n,
		  (const unsigned char *)text.p, text.n, mac, NULL) != NULL);
}

/* Found once: EVP_sha256() is looked up again for each text, which takes longer
 * than the digest of a token does (crypto(7), "Performance"). */
static EVP_MD *sha256;

static void find_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256 != NULL);
}

void crypto_sha256(struct slice text, unsigned char digest[CRYPTO_DIGEST])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_sha256);
	must(EVP_Digest(text.p, text.n, digest, NULL, sha256, NULL) == 1);
}
