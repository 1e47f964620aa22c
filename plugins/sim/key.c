/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs: real Ed25519 keys in OpenSSH's formats (its PROTOCOL.key; RFC
 * 4253 section 6.6, RFC 8709), so that ssh-keygen and ssh accept them.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "members.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

#define KEY 32
#define TYPE "ssh-ed25519"
#define PUBLIC_BLOB (4 + 11 + 4 + KEY)

/* ---- the wire format: strings with their length before them -------------- */

struct blob {
	unsigned char p[512];
	size_t n;
};

static void add_bytes(struct blob *b, const void *p, size_t n)
{
	if (n > sizeof(b->p) - b->n)
		n = sizeof(b->p) - b->n;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void add_u32(struct blob *b, uint32_t v)
{
	unsigned char be[4] = { v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255 };

	add_bytes(b, be, sizeof(be));
}

static void add_string(struct blob *b, const void *p, size_t n)
{
	add_u32(b, (uint32_t)n);
	add_bytes(b, p, n);
}

static void public_blob(struct blob *b, const unsigned char public[KEY])
{
	add_string(b, TYPE, strlen(TYPE));
	add_string(b, public, KEY);
}

/* The part that a passphrase would encrypt; @seed is the private key. */
static void private_part(struct blob *b, const unsigned char seed[KEY],
			 const unsigned char public[KEY], uint32_t check,
			 const char *comment)
{
	unsigned char both[2 * KEY];

	memcpy(both, seed, KEY);
	memcpy(both + KEY, public, KEY);
	add_u32(b, check);
	add_u32(b, check);
	public_blob(b, public);
	add_string(b, both, sizeof(both));
	add_string(b, comment, strlen(comment));
	for (unsigned char pad = 1; b->n % 8; pad++)
		add_bytes(b, &pad, 1);
	OPENSSL_cleanse(both, sizeof(both));
}

/* ---- texts --------------------------------------------------------------- */

static json_t *public_text(const unsigned char public[KEY], const char *comment)
{
	unsigned char base64[128];
	struct blob b = { .n = 0 };
	char text[300];

	public_blob(&b, public);
	EVP_EncodeBlock(base64, b.p, (int)b.n);
	snprintf(text, sizeof(text), TYPE " %s %s", base64, comment);
	return json_string(text);
}

/* OpenSSH's: "SHA256:" and unpadded base64 (RFC 4648) of the blob's digest. */
static json_t *fingerprint(const void *blob, size_t n)
{
	unsigned char digest[32], base64[64];
	unsigned int size = 0;
	char text[80];

	EVP_Digest(blob, n, digest, &size, EVP_sha256(), NULL);
	EVP_EncodeBlock(base64, digest, sizeof(digest));
	snprintf(text, sizeof(text), "SHA256:%.43s", base64);
	return json_string(text);
}

/* PEM-like, lines of 70 as ssh-keygen has them. */
static json_t *armour(const struct blob *b)
{
	unsigned char base64[700];
	char text[1024] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	size_t at = strlen(text);
	int n = EVP_EncodeBlock(base64, b->p, (int)b->n);
	json_t *v;

	for (int i = 0; i < n; i += 70)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%.70s\n",
				       base64 + i);
	snprintf(text + at, sizeof(text) - at,
		 "-----END OPENSSH PRIVATE KEY-----\n");
	v = json_string(text);
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(base64, sizeof(base64));
	return v;
}

static json_t *private_text(const unsigned char seed[KEY],
			    const unsigned char public[KEY], uint32_t check,
			    const char *comment)
{
	static const char magic[] = "openssh-key-v1"; /* with its NUL */
	struct blob all = { .n = 0 }, part = { .n = 0 };
	json_t *text;

	add_bytes(&all, magic, sizeof(magic));
	add_string(&all, "none", 4); /* cipher */
	add_string(&all, "none", 4); /* key derivation */
	add_string(&all, "", 0);
	add_u32(&all, 1); /* keys */
	add_u32(&all, PUBLIC_BLOB);
	public_blob(&all, public);
	private_part(&part, seed, public, check, comment);
	add_string(&all, part.p, part.n);
	text = armour(&all);
	OPENSSL_cleanse(&all, sizeof(all));
	OPENSSL_cleanse(&part, sizeof(part));
	return text;
}

/* ---- create -------------------------------------------------------------- */

struct fresh {
	unsigned char seed[KEY], public[KEY];
	uint32_t check;
};

static bool generate(struct fresh *key)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	size_t n = KEY, m = KEY;
	bool ok = pkey &&
		  EVP_PKEY_get_raw_private_key(pkey, key->seed, &n) == 1 &&
		  EVP_PKEY_get_raw_public_key(pkey, key->public, &m) == 1 &&
		  RAND_bytes((unsigned char *)&key->check,
			     sizeof(key->check)) == 1;

	EVP_PKEY_free(pkey);
	return ok;
}

/* The private key goes into this answer, and nowhere else. */
bool run_key_create(struct request *req)
{
	const char *type = sc_str(req->call, "type");
	const char *name = sc_str(req->call, "name");
	char comment[65];
	struct fresh key;
	struct blob b = { .n = 0 };

	if (type && strcmp(type, "ed25519") != 0)
		return refuse(req, SC_INVALID, "/type",
			      "the fake cloud makes ed25519 keys only; use "
			      "key_pair.import for %s",
			      type);
	if (!run_create(req))
		return false;
	if (!generate(&key))
		return refuse(req, SC_INTERNAL, NULL, "no key could be made");
	snprintf(comment, sizeof(comment), "%s", name);
	public_blob(&b, key.public);
	set_str(req->value, "type", "ed25519");
	set(req->value, "public_key", public_text(key.public, comment));
	set(req->value, "fingerprint", fingerprint(b.p, b.n));
	req->once = json_pack(
		"{so}", "private_key",
		private_text(key.seed, key.public, key.check, comment));
	OPENSSL_cleanse(&key, sizeof(key));
	return true;
}

/* ---- import -------------------------------------------------------------- */

/* "ssh-rsa AAAA… comment": the type and the blob agree on the type. */
static int decode_public(const char *text, unsigned char *blob, size_t size)
{
	const char *base64 = strchr(text, ' ');
	size_t type = base64 ? (size_t)(base64 - text) : 0, n;
	int bytes;

	if (!base64)
		return -1;
	n = strcspn(++base64, " \r\n");
	if (n % 4 || n / 4 * 3 > size || n < 24)
		return -1;
	bytes = EVP_DecodeBlock(blob, (const unsigned char *)base64, (int)n);
	while (bytes > 0 && base64[n - 1] == '=') {
		bytes--;
		n--;
	}
	if (bytes < (int)(4 + type) || memcmp(blob + 4, text, type) != 0)
		return -1;
	return bytes;
}

bool prepare_key_pair(struct request *req, json_t *record)
{
	const char *text = get_str(record, "public_key");
	unsigned char blob[16384];
	int n;

	if (!text)
		return true; /* create: run_key_create() makes one */
	n = decode_public(text, blob, sizeof(blob));
	if (n < 0)
		return refuse(req, SC_INVALID, "/public_key",
			      "is no public key in OpenSSH's format");
	set_str(record, "type",
		strncmp(text, "ssh-rsa", 7) ? "ed25519" : "rsa");
	set(record, "fingerprint", fingerprint(blob, (size_t)n));
	return true;
}
