/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/token_mac.h"

#include <openssl/crypto.h>

#include "base/mem.h"
#include "base/text.h"
#include "keys/crypto.h"
#include "keys/seal.h"

#define VERSION 8 /* bytes */
#define KEPT (VERSION + 2 * MAC_SIZE)
#define HALF (TOKEN_SECRET / 2) /* characters of nonce and of tag */

/* Two texts cannot be mistaken for two others: the first one's length is in. */
static bool mac_pair(const struct keyring *ring, long long version,
		     struct slice first, struct slice second,
		     unsigned char mac[MAC_SIZE])
{
	struct buf text = { 0 };
	bool ok;

	buf_printf(&text, "%zu:", first.n);
	buf_add_slice(&text, first);
	buf_add_slice(&text, second);
	ok = keyed_mac(ring, version, buf_slice(&text), mac);
	buf_wipe(&text);
	return ok;
}

static struct slice mac_slice(const unsigned char *mac)
{
	return (struct slice){ (const char *)mac, MAC_SIZE };
}

void token_mac_make(const struct keyring *ring, struct slice token,
		    struct slice row, struct buf *out)
{
	const long long version = keyring_active(ring, KEY_MAC)->version;
	unsigned char mac[MAC_SIZE], both[MAC_SIZE];

	keyed_mac(ring, version, token, mac);
	mac_pair(ring, version, row, mac_slice(mac), both);
	for (int shift = 8 * (VERSION - 1); shift >= 0; shift -= 8)
		buf_add_char(out, (char)(version >> shift));
	buf_add(out, mac, sizeof(mac));
	buf_add(out, both, sizeof(both));
}

static long long read_version(struct slice kept)
{
	unsigned long long version = 0;

	for (size_t i = 0; i < VERSION; i++)
		version = version << 8 | (unsigned char)kept.p[i];
	return (long long)version;
}

bool token_mac_fits(const struct keyring *ring, struct slice kept,
		    struct slice row)
{
	unsigned char both[MAC_SIZE];
	long long version;

	if (kept.n != KEPT || (version = read_version(kept)) < 1)
		return false;
	return mac_pair(ring, version, row,
			(struct slice){ kept.p + VERSION, MAC_SIZE }, both) &&
	       !CRYPTO_memcmp(both, kept.p + VERSION + MAC_SIZE, MAC_SIZE);
}

bool token_mac_is(const struct keyring *ring, struct slice kept,
		  struct slice token, struct slice row)
{
	unsigned char mac[MAC_SIZE];

	return token_mac_fits(ring, kept, row) &&
	       keyed_mac(ring, read_version(kept), token, mac) &&
	       !CRYPTO_memcmp(mac, kept.p + VERSION, MAC_SIZE);
}

/* ---- secrets ------------------------------------------------------------- */

/* The second half of a secret that begins with @nonce. */
static bool make_tag(const struct keyring *ring, long long version,
		     const char *place, const char *nonce, char tag[HALF + 1])
{
	unsigned char mac[MAC_SIZE];

	if (!mac_pair(ring, version, slice_of(place),
		      (struct slice){ nonce, HALF }, mac))
		return false;
	text_hex(mac, HALF / 2, tag);
	return true;
}

void token_secret_make(const struct keyring *ring, const char *place,
		       char secret[TOKEN_SECRET + 1])
{
	unsigned char nonce[HALF / 2];

	crypto_random(nonce, sizeof(nonce));
	text_hex(nonce, sizeof(nonce), secret);
	make_tag(ring, keyring_active(ring, KEY_MAC)->version, place, secret,
		 secret + HALF);
	mem_wipe(nonce, sizeof(nonce));
}

bool token_secret_is_ours(const struct keyring *ring, const char *place,
			  const char *secret)
{
	long long version = keyring_active(ring, KEY_MAC)->version;
	char tag[HALF + 1];

	if (strlen(secret) != TOKEN_SECRET)
		return false;
	for (; version > 0; version--)
		if (make_tag(ring, version, place, secret, tag) &&
		    !CRYPTO_memcmp(tag, secret + HALF, HALF))
			return true;
	return false;
}
