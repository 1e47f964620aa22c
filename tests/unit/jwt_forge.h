/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens made by hand, to try what the gate does not make: any header, any
 * payload, signed rightly or not, without libjwt.
 */
#ifndef SKYCLUST_TESTS_UNIT_JWT_FORGE_H
#define SKYCLUST_TESTS_UNIT_JWT_FORGE_H

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/json.h"
#include "identity/jwt_gate.h"

#define FORGE_NOW 1767225600000LL
#define FORGE_HEADER "{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"}"

/* Issued by a host whose clock is ten seconds ahead. */
static const struct {
	const char *name, *value;
} forge_members[] = {
	{ "iss", "\"skyclust\"" },   { "aud", "\"skyclust-api\"" },
	{ "sub", "\"usr_forged\"" }, { "sid", "\"ses_forged\"" },
	{ "jti", "\"jti_forged\"" }, { "iat", "1767225610" },
	{ "nbf", "1767225600" },     { "exp", "1767226500" },
};

/* For cmocka and libFuzzer alike. */
static inline void forge_must(bool ok)
{
	if (!ok)
		abort();
}

/* Append @form with ALG and KID replaced by those of @key. */
static inline void forge_header(struct buf *out, const char *form,
				const struct key *key)
{
	for (; *form; form++) {
		bool alg = !strncmp(form, "ALG", 3);

		if (!alg && strncmp(form, "KID", 3) != 0) {
			buf_add_char(out, *form);
			continue;
		}
		buf_add_str(out, alg ? key->algorithm : key->id);
		form += 2;
	}
}

/* Append an honest payload but for @member (NULL: none), which has @value, or
 * is left out (NULL). */
static inline void forge_payload(struct buf *out, const char *member,
				 const char *value)
{
	const char *comma = "{";

	for (size_t i = 0; i < ARRAY_LEN(forge_members); i++) {
		bool other = member && !strcmp(member, forge_members[i].name);
		const char *v = other ? value : forge_members[i].value;

		if (v)
			buf_printf(out, "%s\"%s\":%s", comma,
				   forge_members[i].name, v);
		comma = v ? "," : comma;
	}
	buf_add_char(out, '}');
}

static inline void forge_hmac(struct slice key, struct slice text,
			      struct buf *signature)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	forge_must(HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n,
			(const unsigned char *)text.p, text.n, mac, &n));
	buf_add(signature, mac, n);
}

static inline EVP_PKEY *forge_read_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *pair = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	forge_must(pair);
	return pair;
}

/* As OpenSSL makes it: of ES256 that is DER. */
static inline void forge_pair_signature(const char *pem, struct slice text,
					struct buf *signature)
{
	EVP_PKEY *pair = forge_read_pem(pem);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char bytes[1024];
	size_t n = sizeof(bytes);

	forge_must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pair) ==
		   1);
	forge_must(EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)text.p,
				  text.n) == 1);
	buf_add(signature, bytes, n);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pair);
}

/* DER to R and S of 32 bytes each (RFC 7518 section 3.4). */
static inline void forge_raw(struct buf *signature)
{
	const unsigned char *p = (const unsigned char *)signature->p;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)signature->n);
	unsigned char raw[64];

	forge_must(pair);
	BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
	ECDSA_SIG_free(pair);
	buf_clear(signature);
	buf_add(signature, raw, sizeof(raw));
}

/* The right signature of @text. */
static inline void forge_signature(const struct key *key, struct slice text,
				   struct buf *signature)
{
	const struct slice secret = { key->secret, key->secret_length };

	if (!key->public_pem) {
		forge_hmac(secret, text, signature);
		return;
	}
	forge_pair_signature(key->secret, text, signature);
	if (!strcmp(key->algorithm, "ES256"))
		forge_raw(signature);
}

/* "HEADER.PAYLOAD", what is signed. */
static inline void forge_parts(struct buf *out, struct slice header,
			       struct slice payload)
{
	base64url_add(out, header);
	buf_add_char(out, '.');
	base64url_add(out, payload);
}

static inline void forge_add_signature(struct buf *out, struct slice signature)
{
	buf_add_char(out, '.');
	base64url_add(out, signature);
}

/* A whole token, signed rightly. */
static inline void forge_token(struct buf *out, const struct key *key,
			       struct slice header, struct slice payload)
{
	struct buf signature = { 0 };

	forge_parts(out, header, payload);
	forge_signature(key, buf_slice(out), &signature);
	forge_add_signature(out, buf_slice(&signature));
	buf_done(&signature);
}

#endif
