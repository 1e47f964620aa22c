/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring in memory.  A change is made in a list, written to the disk, and
 * only then used.  Hosts that share the file take turns by a lock beside it,
 * and begin each change with what the file says now.
 */
#include "keys/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/file.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "keys/ring.h"

struct keyring {
	char *file;
	char algorithm[16]; /* of a new token key */
	struct list keys;   /* struct ring_key */
};

/* ---- finding ------------------------------------------------------------------- */

static struct ring_key *find(const struct list *keys, const char *id)
{
	struct ring_key *k;

	list_each (k, keys, struct ring_key, link)
		if (!strcmp(k->key.id, id))
			return k;
	return NULL;
}

static struct ring_key *active(const struct list *keys, enum key_use use)
{
	struct ring_key *k;

	list_each (k, keys, struct ring_key, link)
		if (k->key.use == use && k->active)
			return k;
	return NULL;
}

const struct key *keyring_active(const struct keyring *ring, enum key_use use)
{
	return &active(&ring->keys, use)->key;
}

const struct key *keyring_find(const struct keyring *ring, enum key_use use,
			       long long version)
{
	const struct ring_key *k;

	list_each (k, &ring->keys, struct ring_key, link)
		if (k->key.use == use && k->key.version == version)
			return &k->key;
	return NULL;
}

const struct key *keyring_find_id(const struct keyring *ring, const char *id)
{
	const struct ring_key *k = id ? find(&ring->keys, id) : NULL;

	return k ? &k->key : NULL;
}

/* ---- the file ------------------------------------------------------------------ */

/* Ours until it is closed; -1 with @err. */
static int lock(const struct keyring *ring, struct error *err)
{
	AUTO_FREE char *file = mem_printf("%s.lock", ring->file);
	int fd = sys_open(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	if (fd >= 0 && TEMP_FAILURE_RETRY(flock(fd, LOCK_EX)) == 0)
		return fd;
	fail(err, ERR_INTERNAL, "the key file's lock %s cannot be taken: %s",
	     file, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool same_secret(const struct ring_key *a, const struct ring_key *b)
{
	return a->key.algorithm == b->key.algorithm &&
	       secret_equal(a->secret, b->key.secret, b->key.secret_length);
}

/* Whether what @read says can be what became of the ring. */
static bool continues(const struct keyring *ring, const struct list *read,
		      struct error *err)
{
	const struct ring_key *k, *other;

	list_each (k, read, struct ring_key, link) {
		other = find(&ring->keys, k->key.id);
		if (other && !same_secret(k, other))
			return fail(err, ERR_CONFLICT,
				    "%s of the key file %s is not the %s that "
				    "is in use: it is another installation's "
				    "file",
				    k->key.id, ring->file, k->key.id);
	}
	return true;
}

/* Make the ring what @read says; keys that are in both stay where they are. */
static void merge(struct keyring *ring, struct list *read)
{
	struct ring_key *k, *next, *other;

	list_each_safe (k, next, &ring->keys, struct ring_key, link) {
		other = find(read, k->key.id);
		if (!other) {
			ring_key_free(k);
			continue;
		}
		k->active = other->active;
		ring_key_free(other);
	}
	list_each_safe (k, next, read, struct ring_key, link) {
		list_del(&k->link);
		list_add_tail(&ring->keys, &k->link);
	}
}

bool keyring_reload(struct keyring *ring, struct error *err)
{
	struct list read = LIST_INIT(read);

	if (!ring_read(ring->file, &read, err))
		return false;
	if (!continues(ring, &read, err)) {
		ring_clear(&read);
		return false;
	}
	merge(ring, &read);
	return true;
}

/* ---- changes; the lock is held ------------------------------------------------- */

static long long next_version(const struct keyring *ring, enum key_use use)
{
	const struct ring_key *k;
	long long last = 0;

	list_each (k, &ring->keys, struct ring_key, link)
		if (k->key.use == use && k->key.version > last)
			last = k->key.version;
	return last + 1;
}

static const char *algorithm_of(const struct keyring *ring, enum key_use use)
{
	switch (use) {
	case KEY_WRAP:
		return "A256GCM";
	case KEY_MAC:
		return "HS256";
	case KEY_TOKEN:
		return ring->algorithm;
	case KEY_AUDIT:
	case KEY_USES:
		break;
	}
	return "Ed25519";
}

/* Put a new active key in the list; the one that was active, or NULL. */
static struct ring_key *add(struct keyring *ring, enum key_use use)
{
	struct ring_key *old = active(&ring->keys, use);
	struct ring_key *k = ring_key_make(use, next_version(ring, use),
					   algorithm_of(ring, use));

	k->active = true;
	list_add_tail(&ring->keys, &k->link);
	if (old)
		old->active = false;
	return old;
}

static bool rotate(struct keyring *ring, enum key_use use, struct error *err)
{
	struct ring_key *old = add(ring, use);

	if (ring_write(ring->file, &ring->keys, err))
		return true;
	ring_key_free(active(&ring->keys, use));
	old->active = true;
	return false;
}

bool keyring_rotate(struct keyring *ring, enum key_use use, struct error *err)
{
	AUTO_FD int fd = lock(ring, err);

	return fd >= 0 && keyring_reload(ring, err) && rotate(ring, use, err);
}

static bool take_out(struct keyring *ring, struct ring_key *k,
		     struct error *err)
{
	struct list *place = k->link.next;

	list_del(&k->link);
	if (!ring_write(ring->file, &ring->keys, err)) {
		list_insert_before(place, &k->link);
		return false;
	}
	ring_key_free(k);
	return true;
}

bool keyring_remove(struct keyring *ring, enum key_use use, long long version,
		    struct error *err)
{
	AUTO_FD int fd = lock(ring, err);
	const struct key *key;
	struct ring_key *k;

	if (fd < 0 || !keyring_reload(ring, err))
		return false;
	key = keyring_find(ring, use, version);
	if (!key)
		return fail(err, ERR_NOT_FOUND, "there is no %s key %lld",
			    key_use_name(use), version);
	k = find(&ring->keys, key->id);
	if (k->active)
		return fail(err, ERR_CONFLICT,
			    "%s is the active key; rotate first", key->id);
	return take_out(ring, k, err);
}

/* ---- opening ------------------------------------------------------------------- */

static bool make_first(struct keyring *ring, struct error *err)
{
	for (int use = 0; use < KEY_USES; use++)
		add(ring, (enum key_use)use);
	return ring_write(ring->file, &ring->keys, err);
}

/* What a process that was killed while it wrote has left holds keys, too, maybe
 * such as were removed since. */
static void remove_leftovers(const struct keyring *ring)
{
	AUTO_FREE char *pattern = mem_printf("%s.*.tmp", ring->file);
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
}

/* Read the file, make it, or bring it to the algorithm that is wanted now. */
static bool load(struct keyring *ring, struct error *err)
{
	AUTO_FD int fd = lock(ring, err);
	struct error why = { 0 };

	if (fd < 0)
		return false;
	remove_leftovers(ring);
	if (!keyring_reload(ring, &why)) {
		if (why.code == ERR_NOT_FOUND)
			return make_first(ring, err);
		if (err)
			*err = why;
		return false;
	}
	return !strcmp(keyring_active(ring, KEY_TOKEN)->algorithm,
		       ring->algorithm) ||
	       rotate(ring, KEY_TOKEN, err);
}

struct keyring *keyring_open(const char *file, const char *algorithm,
			     struct error *err)
{
	struct keyring *ring;

	if (strcmp(algorithm, "HS256") != 0 &&
	    strcmp(algorithm, "RS256") != 0 &&
	    strcmp(algorithm, "ES256") != 0) {
		fail(err, ERR_INVALID,
		     "tokens are signed by HS256, RS256 or ES256, not by %s",
		     algorithm);
		return NULL;
	}
	ring = mem_alloc(sizeof(*ring));
	ring->file = mem_strdup(file);
	memcpy(ring->algorithm, algorithm, strlen(algorithm) + 1);
	list_init(&ring->keys);
	if (load(ring, err))
		return ring;
	keyring_free(ring);
	return NULL;
}

void keyring_free(struct keyring *ring)
{
	if (!ring)
		return;
	ring_clear(&ring->keys);
	mem_free(ring->file);
	mem_free(ring);
}

/* ---- showing ------------------------------------------------------------------- */

json_t *keyring_list(const struct keyring *ring)
{
	json_t *list = json_array();
	const struct ring_key *k;
	char at[CLOCK_TEXT];

	list_each (k, &ring->keys, struct ring_key, link)
		json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "use",
				  key_use_name(k->key.use), "version",
				  (json_int_t)k->key.version, "id", k->key.id,
				  "state", k->active ? "active" : "old",
				  "algorithm", k->key.algorithm, "created_at",
				  clock_format(k->key.created_at, at)));
	return list;
}
