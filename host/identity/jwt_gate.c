/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A token is text from anybody.  What it says about itself is believed only as
 * far as it agrees with our key ring: `kid` chooses the key, and the key, not
 * the token, chooses the algorithm.  Header and payload hold exactly the
 * members that we write, so there is nothing in them that libjwt could take
 * otherwise than we did.
 */
#include "identity/jwt_gate.h"

#include <jwt.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64url.h"
#include "base/json.h"

#define SECOND 1000
#define SKEW_MS (30 * SECOND) /* by which clocks of two hosts may differ */
#define TYPE "JWT"	      /* libjwt writes and takes no other */

#define HEADER_MEMBERS 3
#define PAYLOAD_MEMBERS 8

enum { HEADER, PAYLOAD, SIGNATURE, SEGMENTS };

/* One message for all that is wrong with a token: it helps nobody who has an
 * honest one to know more. */
static bool refuse(struct error *err)
{
	return fail(err, ERR_UNAUTHORIZED,
		    "the access token is not valid; log in again");
}

static bool refuse_expired(struct error *err)
{
	return fail(err, ERR_UNAUTHORIZED,
		    "the access token has expired; get another one with the "
		    "refresh token (POST /api/v1/auth/refresh)");
}

/* ---- signing ------------------------------------------------------------- */

static bool add_members(jwt_t *jwt, const struct key *key,
			const struct jwt_claims *c)
{
	const long from = (long)(c->issued_at / SECOND);

	return !jwt_add_header(jwt, "kid", key->id) &&
	       !jwt_add_grant(jwt, "iss", JWT_ISSUER) &&
	       !jwt_add_grant(jwt, "aud", JWT_AUDIENCE) &&
	       !jwt_add_grant(jwt, "sub", c->subject) &&
	       !jwt_add_grant(jwt, "sid", c->session) &&
	       !jwt_add_grant(jwt, "jti", c->id) &&
	       !jwt_add_grant_int(jwt, "iat", from) &&
	       !jwt_add_grant_int(jwt, "nbf", from) &&
	       !jwt_add_grant_int(jwt, "exp", (long)(c->expires_at / SECOND));
}

/* To a stream over our own memory: the text never belongs to libjwt. */
static bool encode(jwt_t *jwt, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");
	bool ok;

	if (!out)
		return false;
	ok = jwt_encode_fp(jwt, out) == 0;
	return fclose(out) == 0 && ok;
}

bool jwt_gate_sign(const struct keyring *ring, const struct jwt_claims *claims,
		   struct buf *out, struct error *err)
{
	const struct key *key = keyring_active(ring, KEY_TOKEN);
	char text[JWT_MAX + 2] = "";
	jwt_t *jwt = NULL;
	bool ok;

	ok = jwt_new(&jwt) == 0 &&
	     !jwt_set_alg(jwt, jwt_str_alg(key->algorithm),
			  (const unsigned char *)key->secret,
			  (int)key->secret_length) &&
	     add_members(jwt, key, claims) && encode(jwt, text, sizeof(text));
	jwt_free(jwt);
	if (!ok || strlen(text) > JWT_MAX)
		return fail(err, ERR_INTERNAL,
			    "no access token can be signed with key %s",
			    key->id);
	buf_add_str(out, text);
	mem_wipe(text, sizeof(text));
	return true;
}

/* ---- reading ------------------------------------------------------------- */

/* Exactly three parts, none of them empty. */
static bool split(struct slice token, struct slice part[SEGMENTS])
{
	for (int i = 0; i < SEGMENTS; i++) {
		const char *dot = memchr(token.p, '.', token.n);
		size_t n = dot ? (size_t)(dot - token.p) : token.n;

		if (n == 0 || !dot != (i == SEGMENTS - 1))
			return false;
		part[i] = (struct slice){ token.p, n };
		if (dot)
			token = (struct slice){ dot + 1, token.n - n - 1 };
	}
	return true;
}

/* The object in @part, if it has @n members; new, or NULL. */
static json_t *read_object(struct slice part, size_t n)
{
	struct buf text = { 0 };
	json_t *v = NULL;

	if (base64url_read(&text, part))
		v = json_read(text.p, text.n, NULL);
	buf_wipe(&text);
	if (v && json_is_object(v) && json_object_size(v) == n)
		return v;
	json_decref(v);
	return NULL;
}

/* Member @name is the string @value. */
static bool says(const json_t *object, const char *name, const char *value)
{
	const char *text = json_str(object, name, NULL);

	return text && !strcmp(text, value);
}

/* The key that the header names, if all of the header agrees with it. */
static const struct key *find_key(const struct keyring *ring,
				  struct slice header)
{
	AUTO_JSON json_t *head = read_object(header, HEADER_MEMBERS);
	const char *id = json_str(head, "kid", NULL);
	const struct key *key = id ? keyring_find_id(ring, id) : NULL;

	return key && key->use == KEY_TOKEN && says(head, "typ", TYPE) &&
			       says(head, "alg", key->algorithm)
		       ? key
		       : NULL;
}

static bool copy_text(const json_t *payload, const char *name, char *to,
		      size_t size)
{
	const char *text = json_str(payload, name, "");
	size_t n = strlen(text);

	if (n == 0 || n >= size)
		return false;
	memcpy(to, text, n + 1);
	return true;
}

/* Seconds since 1970, whole and not before it, as milliseconds. */
static bool copy_time(const json_t *payload, const char *name, int64_t *to)
{
	const json_t *v = json_object_get(payload, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*to = json_integer_value(v) * SECOND;
	return true;
}

static bool read_claims(struct slice part, struct jwt_claims *c,
			int64_t *not_before)
{
	AUTO_JSON json_t *payload = read_object(part, PAYLOAD_MEMBERS);

	return payload && says(payload, "iss", JWT_ISSUER) &&
	       says(payload, "aud", JWT_AUDIENCE) &&
	       copy_text(payload, "sub", c->subject, sizeof(c->subject)) &&
	       copy_text(payload, "sid", c->session, sizeof(c->session)) &&
	       copy_text(payload, "jti", c->id, sizeof(c->id)) &&
	       copy_time(payload, "iat", &c->issued_at) &&
	       copy_time(payload, "nbf", not_before) &&
	       copy_time(payload, "exp", &c->expires_at);
}

/* ---- verifying ----------------------------------------------------------- */

#define ES256_SIGNATURE 64 /* R and S, RFC 7518 section 3.4 */

/* The signature's spelling; whether it is right, libjwt finds. */
static bool is_signature(struct slice part, const struct key *key)
{
	struct buf bytes = { 0 };
	bool ok = base64url_read(&bytes, part) &&
		  (strcmp(key->algorithm, "ES256") != 0 ||
		   bytes.n == ES256_SIGNATURE);

	buf_done(&bytes);
	return ok;
}

static bool is_signed(struct slice token, const struct key *key)
{
	const bool pair = key->public_pem != NULL;
	const char *secret = pair ? key->public_pem : key->secret;
	const size_t n = pair ? strlen(secret) : key->secret_length;
	char text[JWT_MAX + 1];
	jwt_t *jwt = NULL;
	bool ok;

	if (n == 0)
		return false;
	memcpy(text, token.p, token.n);
	text[token.n] = 0;
	ok = jwt_decode(&jwt, text, (const unsigned char *)secret, (int)n) ==
		     0 &&
	     jwt_get_alg(jwt) == jwt_str_alg(key->algorithm);
	jwt_free(jwt);
	mem_wipe(text, token.n);
	return ok;
}

static bool is_in_time(const struct jwt_claims *c, int64_t not_before,
		       int64_t now)
{
	return c->issued_at <= now + SKEW_MS && not_before <= now + SKEW_MS &&
	       c->expires_at > c->issued_at &&
	       c->expires_at - c->issued_at <= JWT_MAX_LIFETIME_MS;
}

bool jwt_gate_verify(const struct keyring *ring, struct slice token,
		     int64_t now, struct jwt_claims *claims, struct error *err)
{
	struct slice part[SEGMENTS];
	const struct key *key;
	struct jwt_claims c;
	int64_t not_before;

	if (token.n > JWT_MAX || !split(token, part) ||
	    !(key = find_key(ring, part[HEADER])) ||
	    !is_signature(part[SIGNATURE], key) ||
	    !read_claims(part[PAYLOAD], &c, &not_before) ||
	    !is_signed(token, key) || !is_in_time(&c, not_before, now))
		return refuse(err);
	if (c.expires_at <= now)
		return refuse_expired(err);
	*claims = c;
	return true;
}
