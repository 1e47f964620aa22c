/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring's file.  It is read by the pull scanner and written front to back
 * into room that is there from the start, so that no copy of a key stays
 * behind in freed memory.
 */
#include "keys/ring.h"

#include <errno.h>
#include <fcntl.h>

#include <openssl/crypto.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"
#include "keys/crypto.h"
#include "rpc/scan.h"

#define FORMAT 1
#define FILE_MAX (256 * 1024)
#define KEY_ROOM 16384 /* of one key in the file; that of RSA takes 2,600 */
#define CHECK 8	       /* bytes of SHA-256 */

/* A key as it stands in the file. */
struct row {
	char use[8], state[8], algorithm[16], created_at[CLOCK_TEXT];
	char check[2 * CHECK + 1];
	long long version;
	struct buf secret; /* hex or PEM */
};

static void row_done(struct row *row)
{
	buf_wipe(&row->secret);
}

/* ---- the sum ------------------------------------------------------------------ */

static void row_check(const struct row *row, char check[2 * CHECK + 1])
{
	AUTO(buf_wipe) struct buf text = { 0 };
	unsigned char digest[CRYPTO_DIGEST];

	buf_reserve(&text, row->secret.n + 256);
	buf_printf(&text, "%s %lld %s %s %s ", row->use, row->version,
		   row->state, row->algorithm, row->created_at);
	buf_add_slice(&text, buf_slice(&row->secret));
	crypto_sha256(buf_slice(&text), digest);
	text_hex(digest, CHECK, check);
}

/* ---- reading ------------------------------------------------------------------- */

/* Open, and look at what was opened. */
static int open_private(const char *file, off_t *size, struct error *err)
{
	int fd = sys_open(file, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0) {
		fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID,
		     "the key file %s cannot be opened: %s", file,
		     strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_MAX)
		fail(err, ERR_INVALID, "%s is no key file", file);
	else if (st.st_mode & 077)
		fail(err, ERR_INVALID,
		     "the key file %s may be used by others (mode %03o): "
		     "nobody but the host's user may read it, chmod 600 it",
		     file, st.st_mode & 0777);
	else {
		*size = st.st_size;
		return fd;
	}
	close(fd);
	return -1;
}

static bool read_text(const char *file, struct buf *text, struct error *err)
{
	off_t size = 0;
	AUTO_FD int fd = open_private(file, &size, err);
	ssize_t n = 1;

	if (fd < 0)
		return false;
	buf_reserve(text, (size_t)size);
	while (text->n < (size_t)size && n > 0) {
		n = sys_read(fd, text->p + text->n, (size_t)size - text->n);
		text->n += n > 0 ? (size_t)n : 0;
	}
	return n >= 0 ||
	       fail(err, ERR_INVALID, "the key file %s cannot be read: %s",
		    file, strerror(errno));
}

static bool take(struct slice inside, char *to, size_t size)
{
	if (inside.n >= size || memchr(inside.p, '\\', inside.n))
		return false;
	memcpy(to, inside.p, inside.n);
	to[inside.n] = '\0';
	return true;
}

static bool scan_field(struct scan *s, struct slice key, struct row *row)
{
	struct slice text;

	if (slice_eq(key, "version"))
		return scan_int(s, &row->version);
	if (!scan_string(s, &text))
		return false;
	if (slice_eq(key, "secret")) {
		buf_wipe(&row->secret);
		buf_reserve(&row->secret, text.n);
		return scan_unescape(text, &row->secret);
	}
	if (slice_eq(key, "use"))
		return take(text, row->use, sizeof(row->use));
	if (slice_eq(key, "state"))
		return take(text, row->state, sizeof(row->state));
	if (slice_eq(key, "algorithm"))
		return take(text, row->algorithm, sizeof(row->algorithm));
	if (slice_eq(key, "created_at"))
		return take(text, row->created_at, sizeof(row->created_at));
	return slice_eq(key, "check") &&
	       take(text, row->check, sizeof(row->check));
}

static bool use_from_name(const char *name, enum key_use *use)
{
	for (int i = 0; i < KEY_USES; i++)
		if (!strcmp(key_use_name((enum key_use)i), name)) {
			*use = (enum key_use)i;
			return true;
		}
	return false;
}

/* The bytes of what was written as hex digits, or as PEM. */
static struct secret *secret_of(const struct buf *text)
{
	unsigned char bytes[CRYPTO_KEY];
	struct secret *secret;
	size_t n;

	if (text->n && text->p[0] == '-')
		return secret_new(text->p, text->n);
	if (text->n != 2 * CRYPTO_KEY ||
	    OPENSSL_hexstr2buf_ex(bytes, sizeof(bytes), &n, text->p, '\0') != 1)
		return NULL;
	secret = secret_new((const char *)bytes, n);
	mem_wipe(bytes, sizeof(bytes));
	return secret;
}

static struct ring_key *key_of(const struct row *row)
{
	bool active = !strcmp(row->state, "active");
	char check[2 * CHECK + 1];
	struct secret *secret;
	struct ring_key *k;
	enum key_use use;
	int64_t at;

	row_check(row, check);
	if (strcmp(check, row->check) != 0 || !use_from_name(row->use, &use) ||
	    row->version < 1 || (!active && strcmp(row->state, "old") != 0) ||
	    !clock_parse(row->created_at, &at))
		return NULL;
	secret = secret_of(&row->secret);
	k = secret ? ring_key_new(use, row->version, row->algorithm, secret)
		   : NULL;
	if (k) {
		k->active = active;
		k->key.created_at = at;
	}
	return k;
}

/* False: there is a fault that the scanner does not know of. */
static bool scan_key(struct scan *s, struct list *keys)
{
	AUTO(row_done) struct row row = { 0 };
	struct ring_key *k;
	struct slice name;
	bool known = true;

	scan_object(s);
	while (known && scan_member(s, &name))
		known = scan_field(s, name, &row);
	k = known ? key_of(&row) : NULL;
	if (k)
		list_add_tail(keys, &k->link);
	return k != NULL;
}

static bool scan_keys(struct scan *s, struct list *keys)
{
	bool good = scan_array(s);

	while (good && scan_item(s))
		good = scan_key(s, keys);
	return good;
}

static bool scan_ring(struct scan *s, struct list *keys, struct error *err)
{
	long long format = 0;
	struct slice name;
	bool good = scan_object(s);

	while (good && scan_member(s, &name)) {
		if (slice_eq(name, "format"))
			good = scan_int(s, &format);
		else
			good = slice_eq(name, "keys") && scan_keys(s, keys);
	}
	return scan_end(s, err) && good && format == FORMAT;
}

/* Exactly one key of each use makes new things, no version is there twice. */
static bool is_whole(const struct list *keys)
{
	unsigned active[KEY_USES] = { 0 };
	const struct ring_key *a, *b;

	list_each (a, keys, struct ring_key, link) {
		active[a->key.use] += a->active;
		list_each (b, keys, struct ring_key, link)
			if (a != b && !strcmp(a->key.id, b->key.id))
				return false;
	}
	for (int i = 0; i < KEY_USES; i++)
		if (active[i] != 1)
			return false;
	return true;
}

bool ring_read(const char *file, struct list *keys, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	struct scan s;

	if (!read_text(file, &text, err))
		return false;
	scan_init(&s, text.p, text.n);
	if (scan_ring(&s, keys, NULL) && is_whole(keys))
		return true;
	ring_clear(keys);
	return fail(err, ERR_INVALID,
		    "the key file %s is damaged: take it back from a copy; "
		    "without it no stored secret can be read",
		    file);
}

/* ---- writing ------------------------------------------------------------------- */

static void fill_row(const struct ring_key *k, struct row *row)
{
	char hex[2 * CRYPTO_KEY + 1];

	text_copy(row->use, sizeof(row->use), key_use_name(k->key.use));
	text_copy(row->state, sizeof(row->state), k->active ? "active" : "old");
	text_copy(row->algorithm, sizeof(row->algorithm), k->key.algorithm);
	clock_format(k->key.created_at, row->created_at);
	row->version = k->key.version;
	buf_reserve(&row->secret, KEY_ROOM);
	if (k->key.public_pem) {
		buf_add(&row->secret, k->key.secret, k->key.secret_length);
	} else {
		text_hex(k->key.secret, CRYPTO_KEY, hex);
		buf_add(&row->secret, hex, 2 * CRYPTO_KEY);
		mem_wipe(hex, sizeof(hex));
	}
	row_check(row, row->check);
}

static void write_key(const struct ring_key *k, struct buf *out)
{
	AUTO(row_done) struct row row = { 0 };

	fill_row(k, &row);
	buf_printf(out,
		   "\n  { \"use\": \"%s\", \"version\": %lld, "
		   "\"state\": \"%s\", \"algorithm\": \"%s\",\n"
		   "    \"created_at\": \"%s\", \"check\": \"%s\",\n"
		   "    \"secret\": \"",
		   row.use, row.version, row.state, row.algorithm,
		   row.created_at, row.check);
	buf_add_json_escaped(out, buf_slice(&row.secret));
	buf_add_str(out, "\" }");
}

bool ring_write(const char *file, const struct list *keys, struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	const struct ring_key *k;
	size_t n = 1;

	list_each (k, keys, struct ring_key, link)
		n++;
	buf_reserve(&text, n * KEY_ROOM);
	buf_printf(&text, "{ \"format\": %d, \"keys\": [", FORMAT);
	list_each (k, keys, struct ring_key, link) {
		if (k->link.prev != keys)
			buf_add_char(&text, ',');
		write_key(k, &text);
	}
	buf_add_str(&text, "\n] }\n");
	return sys_replace_file(file, text.p, text.n, 0600) == 0 ||
	       fail(err, ERR_INTERNAL,
		    "the key file %s cannot be written: %s; nothing was "
		    "changed",
		    file, strerror(errno));
}
