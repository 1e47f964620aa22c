/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forged tokens, each with one fault; and honest ones, so that it is the fault
 * that is refused.  Everything but the fault is right, also the signature.
 */
#include "unit.h"

#include "host.h"
#include "jwt_cases.h"
#include "jwt_signatures.h"

#define AT_LEAST 60

static const char *const algorithms[] = { "HS256", "RS256", "ES256" };
static struct keyring *rings[ARRAY_LEN(algorithms)];
static unsigned refused; /* different forgeries, in any algorithm */

static int open_rings(void **state)
{
	struct error err;

	host_setup(state);
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		char file[128];

		snprintf(file, sizeof(file), "%s/%s.json", host_dir,
			 algorithms[i]);
		rings[i] = keyring_open(file, algorithms[i], &err);
		if (!rings[i])
			return -1;
	}
	return 0;
}

static int close_rings(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		keyring_free(rings[i]);
	return host_teardown(state);
}

static bool verify(const struct keyring *ring, struct slice token, int64_t now,
		   struct error *err)
{
	struct jwt_claims claims;

	return jwt_gate_verify(ring, token, now, &claims, err);
}

static void must_refuse(const struct keyring *ring, const char *name,
			struct slice token)
{
	struct error err = { 0 };

	if (verify(ring, token, FORGE_NOW, &err))
		fail_msg("accepted: %s", name);
	if (err.code != ERR_UNAUTHORIZED)
		fail_msg("%s: %s", name, err.message);
}

static void must_accept(const struct keyring *ring, const char *name,
			struct slice token)
{
	struct error err = { 0 };

	if (!verify(ring, token, FORGE_NOW, &err))
		fail_msg("refused: %s: %s", name, err.message);
}

/* A token with @header and @payload (NULL: honest ones), rightly signed. */
static void make(struct buf *token, const struct key *key, const char *header,
		 const char *payload)
{
	struct buf head = { 0 }, body = { 0 };

	forge_header(&head, header ? header : FORGE_HEADER, key);
	if (payload)
		buf_add_str(&body, payload);
	else
		forge_payload(&body, NULL, NULL);
	forge_token(token, key, buf_slice(&head), buf_slice(&body));
	buf_done(&head);
	buf_done(&body);
}

/* ---- by the tables ------------------------------------------------------- */

static void test_headers(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(headers); i++, refused++)
		for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
			struct buf token = { 0 };

			make(&token, keyring_active(rings[r], KEY_TOKEN),
			     headers[i].header, NULL);
			must_refuse(rings[r], headers[i].name,
				    buf_slice(&token));
			buf_done(&token);
		}
}

static void test_payloads(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(payloads); i++, refused++)
		for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
			struct buf token = { 0 }, body = { 0 };

			forge_payload(&body, payloads[i].member,
				      payloads[i].value);
			make(&token, keyring_active(rings[r], KEY_TOKEN), NULL,
			     body.p);
			must_refuse(rings[r], payloads[i].name,
				    buf_slice(&token));
			buf_done(&token);
			buf_done(&body);
		}
}

/* ---- signatures ------------------------------------------------------------ */

static void forge_one(const struct keyring *ring, const struct key *stranger,
		      const char *name, void (*forge)(struct forgery *f))
{
	const struct key *key = keyring_active(ring, KEY_TOKEN);
	struct buf token = { 0 }, head = { 0 }, body = { 0 }, signature = { 0 };
	struct forgery f = { key, stranger, { NULL, 0 }, &signature };

	forge_header(&head, FORGE_HEADER, key);
	forge_payload(&body, NULL, NULL);
	forge_parts(&token, buf_slice(&head), buf_slice(&body));
	f.text = buf_slice(&token);
	forge_signature(key, f.text, &signature);
	forge(&f);
	forge_add_signature(&token, buf_slice(&signature));
	must_refuse(ring, name, buf_slice(&token));
	buf_done(&token);
	buf_done(&head);
	buf_done(&body);
	buf_done(&signature);
}

static void test_signatures(void **state UNUSED)
{
	for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
		char file[128];
		struct keyring *other;

		snprintf(file, sizeof(file), "%s/other%zu.json", host_dir, r);
		other = keyring_open(file, algorithms[r], NULL);
		assert_non_null(other);
		for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
			forge_one(rings[r], keyring_active(other, KEY_TOKEN),
				  signatures[i].name, signatures[i].forge);
		keyring_free(other);
	}
	refused += ARRAY_LEN(signatures);
}

/* ---- whole texts: an honest token, spelt otherwise ------------------------------ */

static void spell(struct buf *out, const char *form, const char *token)
{
	const char *payload = strchr(token, '.') + 1;
	const char *signature = strchr(payload, '.') + 1;

	for (; *form; form++)
		if (*form == 'H')
			buf_add(out, token, (size_t)(payload - token - 1));
		else if (*form == 'P')
			buf_add(out, payload,
				(size_t)(signature - payload - 1));
		else if (*form == 'S')
			buf_add_str(out, signature);
		else if (*form == 'T')
			base64url_add(out, slice_of(token));
		else
			buf_add_char(out, *form);
}

static void test_texts(void **state UNUSED)
{
	for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
		struct buf honest = { 0 };

		make(&honest, keyring_active(rings[r], KEY_TOKEN), NULL, NULL);
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			struct buf token = { 0 };

			spell(&token, texts[i].form, honest.p);
			must_refuse(rings[r], texts[i].name, buf_slice(&token));
			buf_done(&token);
		}
		buf_done(&honest);
	}
	refused += ARRAY_LEN(texts);
}

/* Of base64's last character some bits stand for nothing: with others in their
 * place it is the same signature, but another text. */
static void test_left_over_bits(void **state UNUSED)
{
	for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
		struct buf token = { 0 };
		char *last;

		make(&token, keyring_active(rings[r], KEY_TOKEN), NULL, NULL);
		last = &token.p[token.n - 1];
		if (strcmp(algorithms[r], "RS256") == 0) {
			buf_done(&token); /* 384 bytes: nothing is left over */
			continue;
		}
		++*last; /* these end in A, E, I, …, 8 or A, Q, g, w */
		must_refuse(rings[r], "left-over bits", buf_slice(&token));
		buf_done(&token);
	}
	refused++;
}

static void test_bytes(void **state UNUSED)
{
	struct buf token = { 0 };

	for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
		make(&token, keyring_active(rings[r], KEY_TOKEN), NULL, NULL);
		must_accept(rings[r], "honest", buf_slice(&token));
		/* What libjwt would not see of it, as text. */
		buf_add(&token, "\0x", 2);
		must_refuse(rings[r], "a NUL behind", buf_slice(&token));
		buf_drop_front(&token, 1);
		token.p[0] = 0;
		must_refuse(rings[r], "a NUL before", buf_slice(&token));
		buf_clear(&token);
	}
	for (size_t n = 0; n < 70000; n++)
		buf_add_char(&token, n % 3 ? 'A' : '.');
	must_refuse(rings[0], "huge", buf_slice(&token));
	memset(token.p, 'A', token.n);
	must_refuse(rings[0], "huge, without a dot", buf_slice(&token));
	buf_done(&token);
	refused += 4;
}

/* A right one that is only too long. */
static void test_too_long(void **state UNUSED)
{
	struct buf header = { 0 }, token = { 0 };

	buf_add_str(&header, FORGE_HEADER);
	while (header.n < JWT_MAX)
		buf_add_char(&header, ' ');
	make(&token, keyring_active(rings[0], KEY_TOKEN), header.p, NULL);
	must_refuse(rings[0], "too long", buf_slice(&token));
	buf_clear(&token);
	buf_truncate(&header, 100);
	make(&token, keyring_active(rings[0], KEY_TOKEN), header.p, NULL);
	must_accept(rings[0], "with spaces in its header", buf_slice(&token));
	buf_done(&header);
	buf_done(&token);
	refused++;
}

/* ---- one algorithm for a key ------------------------------------------------ */

/* Header says HS256, the key is the text of the public key. */
static void confuse(const struct keyring *ring, const char *name, size_t cut)
{
	const struct key *key = keyring_active(ring, KEY_TOKEN);
	struct slice pem = slice_of(key->public_pem);
	struct key liar = *key;
	struct buf token = { 0 };

	liar.algorithm = "HS256";
	liar.public_pem = NULL;
	liar.secret = pem.p;
	liar.secret_length = pem.n - cut;
	make(&token, &liar, NULL, NULL);
	must_refuse(ring, name, buf_slice(&token));
	buf_done(&token);
	refused++;
}

static void test_public_key_as_secret(void **state UNUSED)
{
	confuse(rings[1], "HS256 by the RSA public key", 0);
	confuse(rings[1], "HS256 by the RSA public key, last newline cut", 1);
	confuse(rings[2], "HS256 by the EC public key", 0);
	confuse(rings[2], "HS256 by the EC public key, last newline cut", 1);
}

/* Keys of other uses are good HMAC keys; they sign nothing here. */
static void test_other_uses(void **state UNUSED)
{
	static const enum key_use uses[] = { KEY_WRAP, KEY_MAC };

	for (size_t i = 0; i < ARRAY_LEN(uses); i++, refused++) {
		struct key key = *keyring_active(rings[0], uses[i]);
		struct buf token = { 0 };

		make(&token, &key, NULL, NULL);
		must_refuse(rings[0], key.id, buf_slice(&token));
		buf_clear(&token);
		key.algorithm = "HS256";
		make(&token, &key, NULL, NULL);
		must_refuse(rings[0], key.id, buf_slice(&token));
		buf_done(&token);
	}
}

/* Two keys of two algorithms: each only with its own. */
static void test_two_algorithms(void **state UNUSED)
{
	char file[128];
	struct keyring *ring;
	struct key hs, es;
	struct buf token = { 0 };

	snprintf(file, sizeof(file), "%s/two.json", host_dir);
	keyring_free(keyring_open(file, "HS256", NULL));
	ring = keyring_open(file, "ES256", NULL);
	assert_non_null(ring);
	hs = *keyring_find_id(ring, "token-1");
	es = *keyring_active(ring, KEY_TOKEN);
	assert_string_equal(hs.algorithm, "HS256");
	assert_string_equal(es.algorithm, "ES256");
	make(&token, &hs, NULL, NULL);
	must_accept(ring, "of the first", buf_slice(&token));
	buf_clear(&token);
	make(&token, &hs,
	     "{\"alg\":\"ALG\",\"kid\":\"token-2\",\"typ\":\"JWT\"}", NULL);
	must_refuse(ring, "kid of the other", buf_slice(&token));
	buf_clear(&token);
	make(&token, &es,
	     "{\"alg\":\"ALG\",\"kid\":\"token-1\",\"typ\":\"JWT\"}", NULL);
	must_refuse(ring, "kid of the other", buf_slice(&token));
	buf_done(&token);
	keyring_free(ring);
	refused += 2;
}

static void test_removed_key(void **state UNUSED)
{
	for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
		struct buf token = { 0 };
		const struct key *key = keyring_active(rings[r], KEY_TOKEN);
		long long version = key->version;
		char id[24];

		memcpy(id, key->id, sizeof(id));
		make(&token, key, NULL, NULL);
		assert_true(keyring_rotate(rings[r], KEY_TOKEN, NULL));
		assert_string_not_equal(keyring_active(rings[r], KEY_TOKEN)->id,
					id);
		must_accept(rings[r], "of the key before", buf_slice(&token));
		assert_true(keyring_remove(rings[r], KEY_TOKEN, version, NULL));
		must_refuse(rings[r], "of a removed key", buf_slice(&token));
		buf_done(&token);
	}
	refused++;
}

/* ---- honest ones ------------------------------------------------------------ */

static const struct jwt_claims honest = {
	.subject = "usr_alice",
	.session = "ses_one",
	.id = "jti_one",
	.issued_at = FORGE_NOW + 999,
	.expires_at = FORGE_NOW + 900999,
};

static void test_round_trip(void **state UNUSED)
{
	for (size_t r = 0; r < ARRAY_LEN(rings); r++) {
		struct buf token = { 0 };
		struct jwt_claims claims = { 0 };
		struct error err = { 0 };

		assert_true(jwt_gate_sign(rings[r], &honest, &token, &err));
		assert_true(jwt_gate_verify(rings[r], buf_slice(&token),
					    FORGE_NOW, &claims, &err));
		assert_string_equal(claims.subject, "usr_alice");
		assert_string_equal(claims.session, "ses_one");
		assert_string_equal(claims.id, "jti_one");
		assert_int_equal(claims.issued_at, FORGE_NOW);
		assert_int_equal(claims.expires_at, FORGE_NOW + 900000);
		must_accept(rings[r], "signed", buf_slice(&token));
		buf_done(&token);
	}
}

/* One signature in 128 of ES256 has a short R or S. */
static void test_many_signatures(void **state UNUSED)
{
	for (int i = 0; i < 500; i++) {
		struct buf token = { 0 };

		assert_true(jwt_gate_sign(rings[2], &honest, &token, NULL));
		must_accept(rings[2], "signed", buf_slice(&token));
		buf_done(&token);
	}
}

static void test_expiry(void **state UNUSED)
{
	struct buf token = { 0 };
	struct error err = { 0 };

	assert_true(jwt_gate_sign(rings[0], &honest, &token, NULL));
	assert_true(
		verify(rings[0], buf_slice(&token), FORGE_NOW + 899999, &err));
	assert_false(
		verify(rings[0], buf_slice(&token), FORGE_NOW + 900000, &err));
	assert_int_equal(err.code, ERR_UNAUTHORIZED);
	assert_non_null(strstr(err.message, "expired"));
	/* The clocks of two hosts need not agree to the second. */
	assert_true(
		verify(rings[0], buf_slice(&token), FORGE_NOW - 30000, &err));
	assert_false(
		verify(rings[0], buf_slice(&token), FORGE_NOW - 30001, &err));
	assert_null(strstr(err.message, "expired"));
	/* Only who holds a token of ours is told that it has expired. */
	token.p[token.n - 10] ^= 1;
	assert_false(
		verify(rings[0], buf_slice(&token), FORGE_NOW + 900000, &err));
	assert_null(strstr(err.message, "expired"));
	buf_done(&token);
}

static void test_enough(void **state UNUSED)
{
	print_message("%u forged tokens, none accepted\n", refused);
	assert_true(refused >= AT_LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_many_signatures),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_left_over_bits),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_public_key_as_secret),
		cmocka_unit_test(test_other_uses),
		cmocka_unit_test(test_two_algorithms),
		cmocka_unit_test(test_removed_key),
		cmocka_unit_test(test_enough),
	};

	return cmocka_run_group_tests(tests, open_rings, close_rings);
}
