/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/oidc.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "identity/fetch.h"
#include "identity/jwks.h"
#include "identity/oidc_user.h"
#include "keys/crypto.h"
#include "keys/seal.h"

#define ATTEMPT_MS (10 * 60 * 1000) /* between the two steps */
#define FRESH_MS (3600 * 1000)	    /* discovery, keys */
#define SKEW_S 60		    /* clocks differ */
#define RANDOM 32		    /* bytes of nonce, verifier, cookie */

/* ---- what is known of a provider ------------------------------------------ */

struct known {
	struct list link;
	char *issuer;
	json_t *discovery, *keys;
	int64_t discovery_at, keys_at; /* clock_ms() */
};

static struct list all = LIST_INIT(all);

static struct known *known_of(const char *issuer)
{
	struct known *k;

	list_each (k, &all, struct known, link)
		if (!strcmp(k->issuer, issuer))
			return k;
	k = mem_alloc(sizeof(*k));
	k->issuer = mem_strdup(issuer);
	list_add_tail(&all, &k->link);
	return k;
}

void oidc_done(void)
{
	struct known *k, *tmp;

	list_each_safe (k, tmp, &all, struct known, link) {
		list_del(&k->link);
		json_decref(k->discovery);
		json_decref(k->keys);
		mem_free(k->issuer);
		mem_free(k);
	}
}

/* Discovery 1.0, section 4.3: the document must be its issuer's own. */
static bool check_discovery(const json_t *d, const char *issuer,
			    struct error *err)
{
	static const char *const needed[] = { "authorization_endpoint",
					      "token_endpoint", "jwks_uri" };

	if (strcmp(json_str(d, "issuer", ""), issuer) != 0)
		return fail(err, ERR_CLOUD_BAD_ANSWER,
			    "the discovery document of %s is issued by \"%s\"",
			    issuer, json_str(d, "issuer", ""));
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		const char *url = json_str(d, needed[i], "");

		/* No step down to plain HTTP. */
		if (!text_starts(url, "https://") &&
		    !(text_starts(issuer, "http://") &&
		      text_starts(url, "http://")))
			return fail(err, ERR_CLOUD_BAD_ANSWER,
				    "the discovery document of %s has no good "
				    "%s",
				    issuer, needed[i]);
	}
	return true;
}

/* Borrowed until the next look; NULL with @err. */
WAITS static const json_t *discover(const char *issuer, struct error *err)
{
	struct known *k = known_of(issuer);
	size_t n = strlen(issuer);
	AUTO_FREE char *url = NULL;
	json_t *fresh;

	if (k->discovery && clock_ms() - k->discovery_at < FRESH_MS)
		return k->discovery;
	url = mem_printf("%.*s/.well-known/openid-configuration",
			 (int)(n && issuer[n - 1] == '/' ? n - 1 : n), issuer);
	fresh = fetch_json(url, err);
	if (!fresh || !check_discovery(fresh, issuer, err)) {
		json_decref(fresh);
		return NULL;
	}
	json_decref(k->discovery);
	k->discovery = fresh;
	k->discovery_at = clock_ms();
	return k->discovery;
}

/* The issuer's keys; @anew: those that we have are not enough.  Whoever gets so
 * far had a code that the provider took, so he cannot make us ask it often. */
WAITS static const json_t *keys_of(const char *issuer, bool anew,
				   struct error *err)
{
	struct known *k = known_of(issuer);
	int64_t age = clock_ms() - k->keys_at;
	const json_t *d;
	json_t *fresh;

	if (k->keys && !anew && age < FRESH_MS)
		return k->keys;
	d = discover(issuer, err);
	fresh = d ? fetch_json(json_str(d, "jwks_uri", ""), err) : NULL;
	if (!fresh)
		return NULL;
	json_decref(k->keys);
	k->keys = fresh;
	k->keys_at = clock_ms();
	return k->keys;
}

static const json_t *find(struct trust *t, const char *provider,
			  struct error *err)
{
	const json_t *p = json_object_get(t->config->oidc, provider);

	if (!p)
		fail(err, ERR_NOT_FOUND,
		     "there is no OpenID provider %s; the configuration's "
		     "section oidc names them",
		     provider);
	return p;
}

/* ---- there ---------------------------------------------------------------- */

static void random_text(struct buf *out)
{
	unsigned char bytes[RANDOM];

	crypto_random(bytes, sizeof(bytes));
	base64url_add(out, (struct slice){ (char *)bytes, sizeof(bytes) });
}

static char *new_random(void)
{
	struct buf text = { 0 };

	random_text(&text);
	return buf_steal(&text, NULL);
}

/* RFC 7636, section 4.2: S256. */
static void add_challenge(struct buf *out, const char *verifier)
{
	unsigned char digest[CRYPTO_DIGEST];

	crypto_sha256(slice_of(verifier), digest);
	base64url_add(out, (struct slice){ (char *)digest, sizeof(digest) });
}

static void add_member(struct buf *out, const char *name, const char *value)
{
	if (out->n && out->p[out->n - 1] != '?')
		buf_add_char(out, '&');
	buf_add_str(out, name);
	buf_add_char(out, '=');
	text_percent_encode(out, slice_of(value), "");
}

static char *aad_of(const char *provider)
{
	return mem_printf("oidc:%s:state", provider);
}

/* The attempt as one opaque text. */
static void add_state(struct trust *t, const char *provider,
		      const json_t *attempt, struct buf *out)
{
	AUTO_FREE char *aad = aad_of(provider);
	struct buf text = { 0 };
	AUTO(buf_done) struct buf sealed = { 0 };

	json_write(attempt, &text);
	seal(t->keyring, aad, buf_slice(&text), &sealed);
	base64url_add(out, buf_slice(&sealed));
	buf_wipe(&text);
}

static void add_url(struct buf *url, const json_t *p, const char *endpoint,
		    const char *redirect_uri, const json_t *attempt,
		    const char *state)
{
	AUTO(buf_done) struct buf challenge = { 0 };

	add_challenge(&challenge, json_str(attempt, "verifier", ""));
	buf_add_str(url, endpoint);
	if (!strchr(endpoint, '?'))
		buf_add_char(url, '?');
	add_member(url, "response_type", "code");
	add_member(url, "client_id", json_str(p, "client_id", ""));
	add_member(url, "redirect_uri", redirect_uri);
	add_member(url, "scope", json_str(p, "scopes", ""));
	add_member(url, "state", state);
	add_member(url, "nonce", json_str(attempt, "nonce", ""));
	add_member(url, "code_challenge", challenge.p);
	add_member(url, "code_challenge_method", "S256");
}

WAITS bool oidc_begin(struct trust *t, const char *provider,
		      const char *redirect_uri, struct buf *url,
		      char cookie[OIDC_COOKIE_SIZE], struct error *err)
{
	const json_t *p = find(t, provider, err);
	AUTO_JSON json_t *settings = json_incref((json_t *)p);
	const json_t *d = p ? discover(json_str(p, "issuer", ""), err) : NULL;
	AUTO_FREE char *nonce = new_random();
	AUTO_FREE char *verifier = new_random();
	AUTO_FREE char *bound = new_random();
	AUTO_JSON json_t *attempt = NULL;
	AUTO(buf_done) struct buf state = { 0 };

	if (!d)
		return false;
	attempt = json_pack("{ss ss ss sI}", "nonce", nonce, "verifier",
			    verifier, "cookie", bound, "until",
			    (json_int_t)(clock_wall_ms() + ATTEMPT_MS));
	add_state(t, provider, attempt, &state);
	add_url(url, settings, json_str(d, "authorization_endpoint", ""),
		redirect_uri, attempt, state.p);
	text_copy(cookie, OIDC_COOKIE_SIZE, bound);
	return true;
}

/* ---- and back -------------------------------------------------------------- */

static bool refuse(struct error *err)
{
	return fail(err, ERR_UNAUTHORIZED,
		    "this is no answer to a sign-in that was begun here in the "
		    "last 10 minutes with this browser; begin again");
}

/* What add_state() wrote, new, or NULL. */
static json_t *read_state(struct trust *t, const char *provider,
			  const char *state)
{
	AUTO_FREE char *aad = aad_of(provider);
	AUTO(buf_done) struct buf sealed = { 0 };
	struct buf text = { 0 };
	json_t *attempt = NULL;

	if (state && base64url_read(&sealed, slice_of(state)) &&
	    unseal(t->keyring, aad, buf_slice(&sealed), &text, NULL))
		attempt = json_read(text.p, text.n, NULL);
	buf_wipe(&text);
	return attempt;
}

static bool check_attempt(const json_t *attempt, const char *cookie,
			  struct error *err)
{
	const char *bound = json_str(attempt, "cookie", "");

	if (!attempt || !cookie || strlen(cookie) != strlen(bound) ||
	    CRYPTO_memcmp(cookie, bound, strlen(bound)) ||
	    json_int(attempt, "until", 0) < clock_wall_ms())
		return refuse(err);
	return true;
}

/* Exchange the code (RFC 6749, section 4.1.3); the ID token, new. */
WAITS static json_t *redeem(const json_t *p, const struct oidc_return *back,
			    const json_t *attempt, struct error *err)
{
	const char *secret = json_str(p, "client_secret", "");
	const char *client = json_str(p, "client_id", "");
	const json_t *d = discover(json_str(p, "issuer", ""), err);
	AUTO_FREE char *endpoint = NULL;
	struct buf form = { 0 };
	json_t *answer;
	long status;

	if (!d)
		return NULL;
	endpoint = mem_strdup(json_str(d, "token_endpoint", ""));
	add_member(&form, "grant_type", "authorization_code");
	add_member(&form, "code", back->code);
	add_member(&form, "redirect_uri", back->redirect_uri);
	add_member(&form, "code_verifier", json_str(attempt, "verifier", ""));
	if (!*secret)
		add_member(&form, "client_id", client);
	answer = fetch_form(endpoint, form.p, *secret ? client : NULL, secret,
			    &status, err);
	buf_wipe(&form);
	if (!answer || (status == 200 && json_str(answer, "id_token", NULL)))
		return answer;
	fail(err, ERR_UNAUTHORIZED,
	     "the OpenID provider refused the sign-in: %s",
	     json_str(answer, "error", "no ID token"));
	json_wipe(answer);
	json_decref(answer);
	return NULL;
}

static bool is_for_us(const json_t *claims, const char *client)
{
	const json_t *aud = json_object_get(claims, "aud");
	const char *azp = json_str(claims, "azp", NULL);
	json_t *one;
	size_t i;

	if (azp && strcmp(azp, client))
		return false;
	if (json_is_string(aud))
		return !strcmp(json_string_value(aud), client);
	if (json_array_size(aud) > 1 && !azp)
		return false;
	json_array_foreach (aud, i, one)
		if (json_is_string(one) &&
		    !strcmp(json_string_value(one), client))
			return true;
	return false;
}

/* OpenID Connect Core, section 3.1.3.7. */
static bool check_claims(const json_t *claims, const json_t *p,
			 const json_t *attempt, struct error *err)
{
	long long now = clock_wall_ms() / 1000;
	const char *nonce = json_str(claims, "nonce", "");

	if (strcmp(json_str(claims, "iss", ""), json_str(p, "issuer", "-")) ||
	    !is_for_us(claims, json_str(p, "client_id", "")) ||
	    json_int(claims, "exp", 0) < now - SKEW_S ||
	    json_int(claims, "iat", 0) > now + SKEW_S ||
	    json_int(claims, "nbf", 0) > now + SKEW_S ||
	    strcmp(nonce, json_str(attempt, "nonce", "-")) ||
	    !*json_str(claims, "sub", ""))
		return fail(err, ERR_UNAUTHORIZED,
			    "the OpenID provider's ID token is not for this "
			    "sign-in");
	return true;
}

/* The claims of a good ID token, new; keys that were changed are looked at
 * once more. */
WAITS static json_t *verify(const json_t *p, const char *id_token,
			    struct error *err)
{
	const char *issuer = json_str(p, "issuer", "");
	json_t *claims = NULL;

	for (int anew = 0; anew < 2; anew++) {
		const json_t *keys = keys_of(issuer, anew, err);
		enum jwks_result result;

		if (!keys)
			return NULL;
		result = jwks_verify(keys, slice_of(id_token), &claims);
		if (result == JWKS_GOOD)
			return claims;
		if (result == JWKS_BAD)
			break;
	}
	fail(err, ERR_UNAUTHORIZED,
	     "the OpenID provider's ID token has no good signature");
	return NULL;
}

WAITS static json_t *sign_in(struct trust *t, const struct actor *who,
			     const char *provider, const json_t *p,
			     const struct oidc_return *back,
			     const json_t *attempt, struct error *err)
{
	AUTO_JSON json_t *answer = redeem(p, back, attempt, err);
	AUTO_JSON json_t *claims =
		answer ? verify(p, json_str(answer, "id_token", ""), err)
		       : NULL;

	json_wipe(answer);
	if (!claims || !check_claims(claims, p, attempt, err))
		return NULL;
	return oidc_user_sign_in(t, who, provider, p, claims, err);
}

WAITS json_t *oidc_finish(struct trust *t, const struct actor *who,
			  const char *provider, const struct oidc_return *back,
			  struct error *err)
{
	AUTO_JSON json_t *p = json_incref((json_t *)find(t, provider, err));
	AUTO_JSON json_t *attempt = NULL;

	if (!p)
		return NULL;
	attempt = read_state(t, provider, back->state);
	if (!check_attempt(attempt, back->cookie, err))
		return NULL;
	if (!back->code) {
		fail(err, ERR_UNAUTHORIZED,
		     "the OpenID provider did not sign you in: %s",
		     back->error_description ? back->error_description
		     : back->error	     ? back->error
					     : "it says not why");
		return NULL;
	}
	return sign_in(t, who, provider, p, back, attempt, err);
}
