/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets.  Short ones share slabs of slots, long ones have a mapping each:
 * locked pages are scarce (RLIMIT_MEMLOCK).  A slab's own record is its slot 0.
 * In a forked child all of it reads as zeros (MADV_WIPEONFORK), which is an
 * empty slab.
 */
#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"

#define SLOT_BYTES 256
#define SLOTS 64
#define SLAB_BYTES (SLOTS * SLOT_BYTES)
#define ALL_BUT_RECORD (UINT64_MAX << 1)

struct secret {
	size_t n;
	char bytes[]; /* NUL-terminated */
};

struct slab {
	struct slab *next;
	uint64_t used; /* by slot; that of slot 0 is not kept */
};

static struct slab *slabs;

/* Fresh zeroed pages, locked if the limit allows.  Ends the process when
 * there are none. */
static void *map_locked(size_t size)
{
	static bool told;
	void *p = sys_mmap_anon(size, PROT_READ | PROT_WRITE, 0);

	if (p == MAP_FAILED)
		mem_oom();
	madvise(p, size, MADV_DONTDUMP);
	madvise(p, size, MADV_WIPEONFORK);
	if (mlock2(p, size, MLOCK_ONFAULT) != 0 && !told) {
		told = true;
		log_debug("secrets may be swapped to disk: RLIMIT_MEMLOCK is "
			  "too low", LOG_INT("bytes", (long long)size));
	}
	return p;
}

static size_t total_size(size_t n)
{
	return sizeof(struct secret) + n + 1;
}

static size_t own_mapping_size(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (total_size(n) + page - 1) & ~(page - 1);
}

static struct secret *slot_take(struct slab *slab)
{
	int slot = __builtin_ctzll(~slab->used & ALL_BUT_RECORD);

	slab->used |= 1ULL << slot;
	return (struct secret *)((char *)slab + slot * SLOT_BYTES);
}

static struct secret *slot_get(void)
{
	struct slab *slab;

	for (slab = slabs; slab; slab = slab->next)
		if (~slab->used & ALL_BUT_RECORD)
			return slot_take(slab);
	slab = map_locked(SLAB_BYTES);
	slab->next = slabs;
	slabs = slab;
	return slot_take(slab);
}

static void slot_put(struct secret *s)
{
	struct slab **p = &slabs, *slab;
	size_t offset;

	while ((char *)s < (char *)*p || (char *)s >= (char *)*p + SLAB_BYTES)
		p = &(*p)->next;
	slab = *p;
	offset = (size_t)((char *)s - (char *)slab);
	slab->used &= ~(1ULL << (offset / SLOT_BYTES));
	if (slab->used || (slabs == slab && !slab->next))
		return; /* the last slab stays */
	*p = slab->next;
	munmap(slab, SLAB_BYTES);
}

/* Of @n zero bytes. */
static struct secret *make(size_t n)
{
	struct secret *s;

	if (n > SIZE_MAX / 4)
		mem_oom();
	s = total_size(n) <= SLOT_BYTES ? slot_get()
					: map_locked(own_mapping_size(n));
	s->n = n;
	return s;
}

struct secret *secret_new(const char *bytes, size_t n)
{
	struct secret *s = make(n);

	if (n)
		memcpy(s->bytes, bytes, n);
	return s;
}

void secret_free(struct secret *s)
{
	size_t n;

	if (!s)
		return;
	n = s->n;
	mem_wipe(s, total_size(n));
	if (total_size(n) <= SLOT_BYTES)
		slot_put(s);
	else
		munmap(s, own_mapping_size(n));
}

const char *secret_reveal(const struct secret *s)
{
	return s->bytes;
}

size_t secret_length(const struct secret *s)
{
	return s->n;
}

bool secret_equal(const struct secret *s, const char *bytes, size_t n)
{
	volatile unsigned char differs = s->n != n;

	/* As long as what the asker brought: tells nothing about ours. */
	for (size_t i = 0; i < n; i++) {
		size_t at = i < s->n ? i : s->n; /* the NUL */

		differs |= (unsigned char)(bytes[i] ^ s->bytes[at]);
	}
	return !differs;
}

static void random_bytes(char *p, size_t n)
{
	while (n) {
		ssize_t got = TEMP_FAILURE_RETRY(getrandom(p, n, 0));

		if (got < 0) {
			log_error("the kernel gives no random bytes, ending");
			abort();
		}
		p += got;
		n -= (size_t)got;
	}
}

struct secret *secret_random_hex(size_t n)
{
	struct secret *s = make(2 * n);

	random_bytes(s->bytes + n, n);
	text_hex(s->bytes + n, n, s->bytes);
	return s;
}

/* Recursion is fine: json_read() bounds the depth, and jansson frees values
 * by recursion, too. */
void json_wipe(json_t *v)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_string(v))
		mem_wipe((char *)json_string_value(v), json_string_length(v));
	json_array_foreach(v, i, member)
		json_wipe(member);
	json_object_foreach(v, name, member)
		json_wipe(member);
}
