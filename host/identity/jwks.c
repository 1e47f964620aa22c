/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64url.h"
#include "base/json.h"

#define TOKEN_MAX (16 * 1024)
#define RSA_LEAST_BITS 2048
#define EC_SIZE 32 /* bytes of a coordinate of P-256 */

/* ---- keys ---------------------------------------------------------------- */

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Member @name of @jwk, base64url, as bytes. */
static bool member(const json_t *jwk, const char *name, struct buf *out)
{
	const char *text = json_str(jwk, name, "");

	return base64url_read(out, slice_of(text)) && out->n;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
	AUTO(buf_done) struct buf n = { 0 };
	AUTO(buf_done) struct buf e = { 0 };
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = NULL, *exponent = NULL;
	EVP_PKEY *key = NULL;

	if (member(jwk, "n", &n) && member(jwk, "e", &e)) {
		modulus = BN_bin2bn((unsigned char *)n.p, (int)n.n, NULL);
		exponent = BN_bin2bn((unsigned char *)e.p, (int)e.n, NULL);
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
		key = make_key("RSA", build);
	}
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	if (key && EVP_PKEY_get_bits(key) >= RSA_LEAST_BITS)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* An uncompressed point, SEC 1 section 2.3.3. */
static EVP_PKEY *ec_key(const json_t *jwk)
{
	AUTO(buf_done) struct buf x = { 0 };
	AUTO(buf_done) struct buf y = { 0 };
	unsigned char point[1 + 2 * EC_SIZE] = { 4 };
	OSSL_PARAM_BLD *build;
	EVP_PKEY *key;

	if (strcmp(json_str(jwk, "crv", ""), "P-256") ||
	    !member(jwk, "x", &x) || !member(jwk, "y", &y) || x.n != EC_SIZE ||
	    y.n != EC_SIZE)
		return NULL;
	memcpy(point + 1, x.p, EC_SIZE);
	memcpy(point + 1 + EC_SIZE, y.p, EC_SIZE);
	build = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
					"prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
					 sizeof(point));
	key = make_key("EC", build);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static bool says(const json_t *object, const char *name, const char *value)
{
	const char *text = json_str(object, name, NULL);

	return text && !strcmp(text, value);
}

/* May @jwk check signatures of @alg? */
static bool is_for(const json_t *jwk, const char *alg)
{
	const char *type = !strcmp(alg, "RS256") ? "RSA" : "EC";

	return says(jwk, "kty", type) &&
	       (!json_object_get(jwk, "use") || says(jwk, "use", "sig")) &&
	       (!json_object_get(jwk, "alg") || says(jwk, "alg", alg));
}

/* The key that @head names; without a kid the only one that is for it. */
static const json_t *find_key(const json_t *set, const json_t *head,
			      const char *alg)
{
	const json_t *keys = json_object_get(set, "keys"), *found = NULL;
	const char *kid = json_str(head, "kid", NULL);
	json_t *jwk;
	size_t i;

	json_array_foreach (keys, i, jwk) {
		if (!is_for(jwk, alg) || (kid && !says(jwk, "kid", kid)))
			continue;
		if (found)
			return NULL;
		found = jwk;
	}
	return found;
}

/* ---- signatures ---------------------------------------------------------- */

/* r and s side by side (RFC 7518, section 3.4) as the DER that libcrypto
 * wants; false: not of that size. */
static bool to_der(struct buf *signature)
{
	ECDSA_SIG *sig;
	unsigned char *der = NULL;
	int n;

	if (signature->n != (size_t)2 * EC_SIZE)
		return false;
	sig = ECDSA_SIG_new();
	ECDSA_SIG_set0(sig,
		       BN_bin2bn((unsigned char *)signature->p, EC_SIZE, NULL),
		       BN_bin2bn((unsigned char *)signature->p + EC_SIZE,
				 EC_SIZE, NULL));
	n = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	buf_truncate(signature, 0);
	if (n > 0)
		buf_add(signature, der, (size_t)n);
	OPENSSL_free(der);
	return n > 0;
}

static bool check(EVP_PKEY *key, struct slice text, struct slice signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok =
		ctx &&
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(ctx, (const unsigned char *)signature.p,
				 signature.n, (const unsigned char *)text.p,
				 text.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* ---- the token ----------------------------------------------------------- */

static json_t *read_part(struct slice part)
{
	AUTO(buf_done) struct buf text = { 0 };
	json_t *v = NULL;

	if (base64url_read(&text, part))
		v = json_read(text.n ? text.p : "", text.n, NULL);
	if (v && !json_is_object(v)) {
		json_decref(v);
		v = NULL;
	}
	return v;
}

/* Three parts; @signed_n gets the length of the first two with their dot. */
static bool split(struct slice token, struct slice part[3], size_t *signed_n)
{
	const char *first = memchr(token.p, '.', token.n), *second;

	if (!first || token.n > TOKEN_MAX)
		return false;
	second =
		memchr(first + 1, '.', token.n - (size_t)(first + 1 - token.p));
	if (!second)
		return false;
	*signed_n = (size_t)(second - token.p);
	part[0] = (struct slice){ token.p, (size_t)(first - token.p) };
	part[1] = (struct slice){ first + 1, (size_t)(second - first - 1) };
	part[2] = (struct slice){ second + 1, token.n - *signed_n - 1 };
	return !memchr(part[2].p, '.', part[2].n);
}

static bool check_signature(const json_t *jwk, const char *alg,
			    struct slice text, struct slice encoded)
{
	AUTO(buf_done) struct buf signature = { 0 };
	bool rsa = !strcmp(alg, "RS256");
	EVP_PKEY *key;
	bool ok;

	if (!base64url_read(&signature, encoded) ||
	    (!rsa && !to_der(&signature)))
		return false;
	key = rsa ? rsa_key(jwk) : ec_key(jwk);
	ok = key && check(key, text, buf_slice(&signature));
	EVP_PKEY_free(key);
	return ok;
}

enum jwks_result jwks_verify(const json_t *set, struct slice token,
			     json_t **claims)
{
	struct slice part[3];
	size_t signed_n;
	const json_t *jwk;
	const char *alg;

	*claims = NULL;
	if (!split(token, part, &signed_n))
		return JWKS_BAD;
	AUTO_JSON json_t *head = read_part(part[0]);
	alg = json_str(head, "alg", "");
	if ((strcmp(alg, "RS256") && strcmp(alg, "ES256")) ||
	    json_object_get(head, "crit"))
		return JWKS_BAD;
	jwk = find_key(set, head, alg);
	if (!jwk)
		return JWKS_NO_KEY;
	if (!check_signature(jwk, alg, (struct slice){ token.p, signed_n },
			     part[2]))
		return JWKS_BAD;
	*claims = read_part(part[1]);
	return *claims ? JWKS_GOOD : JWKS_BAD;
}
