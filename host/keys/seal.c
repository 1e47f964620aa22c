/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed text, version 1; numbers are big-endian:
 *
 *	format 1 | key version 8 | nonce 12 | wrapped data key 32 | tag 16
 *	nonce 12 | text n | tag 16
 *
 * The first line is bound to format, key version and place; the second to
 * format and place only, so that another key can wrap the data key while the
 * text stays as it is.
 */
#include "keys/seal.h"

#include "base/auto.h"
#include "base/mem.h"
#include "keys/crypto.h"

#define FORMAT 1
#define AT_NONCE SEAL_HEAD
#define AT_KEY (AT_NONCE + CRYPTO_NONCE)
#define AT_TAG (AT_KEY + CRYPTO_KEY)
#define HEAD (AT_TAG + CRYPTO_TAG)
#define AROUND (HEAD + CRYPTO_NONCE + CRYPTO_TAG) /* all but the text */

static const unsigned char *bytes(struct slice s)
{
	return (const unsigned char *)s.p;
}

static unsigned char *room(struct buf *out, size_t n)
{
	buf_reserve(out, n);
	out->n += n;
	out->p[out->n] = '\0';
	return (unsigned char *)out->p + out->n - n;
}

/* ---- the data key ---------------------------------------------------------------- */

void seal_head(long long version, char head[SEAL_HEAD])
{
	head[0] = FORMAT;
	for (int i = 0; i < 8; i++)
		head[1 + i] = (char)(version >> (56 - 8 * i));
}

/* What the wrapped key is bound to: format and version as they stand in the
 * head, and the place. */
static void wrap_place(const unsigned char *head, const char *aad,
		       struct buf *place)
{
	buf_add(place, head, AT_NONCE);
	buf_add_str(place, aad);
}

/* Append the first line. */
static void wrap(const struct key *key, const char *aad,
		 const unsigned char data_key[CRYPTO_KEY], struct buf *out)
{
	AUTO(buf_done) struct buf place = { 0 };
	unsigned char *head = room(out, HEAD);

	seal_head(key->version, (char *)head);
	wrap_place(head, aad, &place);
	crypto_random(head + AT_NONCE, CRYPTO_NONCE);
	crypto_gcm_seal((const unsigned char *)key->secret, head + AT_NONCE,
			buf_slice(&place),
			(struct slice){ (const char *)data_key, CRYPTO_KEY },
			head + AT_KEY, head + AT_TAG);
}

static bool unwrap(const struct keyring *ring, const char *aad,
		   struct slice sealed, unsigned char data_key[CRYPTO_KEY],
		   struct error *err)
{
	AUTO(buf_done) struct buf place = { 0 };
	long long version = seal_key_version(sealed);
	const struct key *key = keyring_find(ring, KEY_WRAP, version);

	if (!version)
		return fail(err, ERR_INTERNAL,
			    "a stored secret is damaged: it is no sealed text");
	if (!key)
		return fail(err, ERR_INTERNAL,
			    "a stored secret needs wrap key %lld, which is not "
			    "in the key file",
			    version);
	wrap_place(bytes(sealed), aad, &place);
	return crypto_gcm_open((const unsigned char *)key->secret,
			       bytes(sealed) + AT_NONCE, buf_slice(&place),
			       (struct slice){ sealed.p + AT_KEY, CRYPTO_KEY },
			       bytes(sealed) + AT_TAG, data_key) ||
	       fail(err, ERR_INTERNAL,
		    "a stored secret was altered, moved or rolled back: its "
		    "data key does not belong to %s",
		    aad);
}

/* ---- the text -------------------------------------------------------------------- */

static void text_place(const char *aad, struct buf *place)
{
	buf_add_char(place, FORMAT);
	buf_add_str(place, aad);
}

void seal(const struct keyring *ring, const char *aad, struct slice plain,
	  struct buf *out)
{
	AUTO(buf_done) struct buf place = { 0 };
	unsigned char data_key[CRYPTO_KEY], *at;

	crypto_random(data_key, sizeof(data_key));
	wrap(keyring_active(ring, KEY_WRAP), aad, data_key, out);
	text_place(aad, &place);
	at = room(out, CRYPTO_NONCE + plain.n + CRYPTO_TAG);
	crypto_random(at, CRYPTO_NONCE);
	crypto_gcm_seal(data_key, at, buf_slice(&place), plain,
			at + CRYPTO_NONCE, at + CRYPTO_NONCE + plain.n);
	mem_wipe(data_key, sizeof(data_key));
}

/* Decrypt into @plain, which has room for all but AROUND. */
static bool open_text(const unsigned char data_key[CRYPTO_KEY], const char *aad,
		      struct slice sealed, unsigned char *plain,
		      struct error *err)
{
	AUTO(buf_done) struct buf place = { 0 };
	struct slice text = { sealed.p + HEAD + CRYPTO_NONCE,
			      sealed.n - AROUND };

	text_place(aad, &place);
	return crypto_gcm_open(data_key, bytes(sealed) + HEAD,
			       buf_slice(&place), text, bytes(text) + text.n,
			       plain) ||
	       fail(err, ERR_INTERNAL, "a stored secret was altered: %s", aad);
}

static void find_key(struct keyring *ring, struct slice sealed)
{
	long long version = seal_key_version(sealed);

	if (version && !keyring_find(ring, KEY_WRAP, version))
		keyring_reload(ring, NULL);
}

bool unseal(struct keyring *ring, const char *aad, struct slice sealed,
	    struct buf *out, struct error *err)
{
	unsigned char data_key[CRYPTO_KEY];
	size_t before = out->n;
	bool good;

	find_key(ring, sealed);
	good = unwrap(ring, aad, sealed, data_key, err);
	if (good)
		good = open_text(data_key, aad, sealed,
				 room(out, sealed.n - AROUND), err);
	if (!good)
		buf_truncate(out, before);
	mem_wipe(data_key, sizeof(data_key));
	return good;
}

long long seal_key_version(struct slice sealed)
{
	unsigned long long version = 0;

	if (sealed.n < AROUND || sealed.p[0] != FORMAT)
		return 0;
	for (int i = 0; i < 8; i++)
		version = version << 8 | bytes(sealed)[1 + i];
	return version <= INT64_MAX ? (long long)version : 0;
}

bool seal_rewrap(const struct keyring *ring, const char *aad,
		 struct slice sealed, struct buf *out, struct error *err)
{
	unsigned char data_key[CRYPTO_KEY];
	AUTO(buf_wipe) struct buf plain = { 0 };
	bool good = unwrap(ring, aad, sealed, data_key, err) &&
		    open_text(data_key, aad, sealed,
			      room(&plain, sealed.n - AROUND), err);

	if (good) {
		wrap(keyring_active(ring, KEY_WRAP), aad, data_key, out);
		buf_add(out, sealed.p + HEAD, sealed.n - HEAD);
	}
	mem_wipe(data_key, sizeof(data_key));
	return good;
}

/* ---- MACs ------------------------------------------------------------------------ */

bool keyed_mac(const struct keyring *ring, long long version, struct slice text,
	       unsigned char mac[MAC_SIZE])
{
	const struct key *key = version ? keyring_find(ring, KEY_MAC, version)
					: keyring_active(ring, KEY_MAC);

	if (!key)
		return false;
	crypto_hmac((struct slice){ key->secret, key->secret_length }, text,
		    mac);
	return true;
}
