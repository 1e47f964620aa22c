/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key of the ring: which algorithms there are, for what, and how long their
 * keys are.
 */
#include "keys/ring.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "keys/crypto.h"

#define FOR(use) (1u << (use))

static const struct algorithm {
	const char *name; /* RFC 7518, RFC 8037 */
	unsigned uses;
	bool is_pair;
} algorithms[] = {
	{ "A256GCM", FOR(KEY_WRAP), false },
	{ "HS256", FOR(KEY_MAC) | FOR(KEY_TOKEN), false },
	{ "RS256", FOR(KEY_TOKEN), true },
	{ "ES256", FOR(KEY_TOKEN), true },
	{ "Ed25519", FOR(KEY_AUDIT), true },
};

const char *key_use_name(enum key_use use)
{
	static const char *const names[KEY_USES] = {
		[KEY_WRAP] = "wrap",
		[KEY_MAC] = "mac",
		[KEY_TOKEN] = "token",
		[KEY_AUDIT] = "audit",
	};

	return use < KEY_USES ? names[use] : "unknown";
}

static const struct algorithm *find(enum key_use use, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].uses & FOR(use) &&
		    !strcmp(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

/* Whether the secret can be a key of @a; of a pair this finds the public key. */
static bool fits(const struct algorithm *a, struct ring_key *k)
{
	struct slice secret = { secret_reveal(k->secret),
				secret_length(k->secret) };
	struct buf pem = { 0 };

	if (!a->is_pair)
		return secret.n == CRYPTO_KEY;
	if (!crypto_pair_public(a->name, secret, &pem))
		return false;
	k->public_pem = buf_steal(&pem, NULL);
	return true;
}

struct ring_key *ring_key_new(enum key_use use, long long version,
			      const char *algorithm, struct secret *secret)
{
	const struct algorithm *a = find(use, algorithm);
	struct ring_key *k = mem_alloc(sizeof(*k));

	list_init(&k->link);
	k->secret = secret;
	if (!a || !fits(a, k)) {
		ring_key_free(k);
		return NULL;
	}
	k->key = (struct key){
		.use = use,
		.version = version,
		.algorithm = a->name,
		.secret = secret_reveal(secret),
		.secret_length = secret_length(secret),
		.public_pem = k->public_pem,
		.created_at = clock_wall_ms(),
	};
	snprintf(k->key.id, sizeof(k->key.id), "%s-%lld", key_use_name(use),
		 version);
	return k;
}

static struct secret *make_secret(const struct algorithm *a)
{
	unsigned char bytes[CRYPTO_KEY];
	struct buf pem = { 0 };
	struct secret *secret;

	if (a->is_pair) {
		crypto_pair_new(a->name, &pem);
		secret = secret_new(pem.p, pem.n);
		buf_wipe(&pem);
		return secret;
	}
	crypto_random(bytes, sizeof(bytes));
	secret = secret_new((const char *)bytes, sizeof(bytes));
	mem_wipe(bytes, sizeof(bytes));
	return secret;
}

struct ring_key *ring_key_make(enum key_use use, long long version,
			       const char *algorithm)
{
	const struct algorithm *a = find(use, algorithm);

	return a ? ring_key_new(use, version, algorithm, make_secret(a)) : NULL;
}

void ring_key_free(struct ring_key *k)
{
	if (!k)
		return;
	list_del(&k->link);
	secret_free(k->secret);
	mem_free(k->public_pem);
	mem_free(k);
}

void ring_clear(struct list *keys)
{
	struct ring_key *k, *next;

	list_each_safe (k, next, keys, struct ring_key, link)
		ring_key_free(k);
}
