/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a member name that an object has twice.  Private to scan*.c.
 */
#ifndef SKYCLUST_RPC_SCAN_NAMES_H
#define SKYCLUST_RPC_SCAN_NAMES_H

#include <string.h>

#include "rpc/scan.h"

/* An object of at most this many names is searched in a row. */
#define NAMES_IN_A_ROW 64

extern uint64_t names_keys[2]; /* the first is 0 until names_init() */

void names_init(struct scan_names *names);
void names_done(struct scan_names *names); /* may be called twice */

/* Forget the names of the innermost level, an object. */
void names_close(struct scan *s);

/* The rest of names_add(): anything but a short new name in a small object. */
bool names_add_slow(struct scan *s, struct slice raw, uint32_t hash,
		    bool escaped);
uint64_t names_hash_long(const char *p, size_t n);

static inline uint64_t names_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to 8 bytes of @p as a number; @room bytes may be read. */
static inline uint64_t names_load(const char *p, size_t n, size_t room)
{
	uint64_t v = 0;

	if (LIKELY(room >= 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)) {
		memcpy(&v, p, 8);
		return n < 8 ? v & ((UINT64_C(1) << (8 * n)) - 1) : v;
	}
	memcpy(&v, p, n);
	return v;
}

static inline uint32_t names_hash(const char *p, size_t n, size_t room)
{
	uint64_t h;

	if (LIKELY(n <= 8))
		h = names_load(p, n, room);
	else
		h = names_hash_long(p, n);
	h = names_mix(h ^ names_keys[0], names_keys[1] ^ n);
	return (uint32_t)h ^ (uint32_t)(h >> 32);
}

/* Note the name @raw (inside of its quotes, still escaped, in the scan's
 * text) for the innermost level.  False: it is there already. */
static inline bool names_add(struct scan *s, struct slice raw, bool escaped)
{
	struct scan_level *level = &s->level[s->depth - 1];
	struct scan_names *names = &s->names;
	uint32_t hash = names_hash(raw.p, raw.n, (size_t)(s->end - raw.p));
	uint64_t bit = UINT64_C(1) << (hash & 63);

	if (UNLIKELY(escaped || (level->seen & bit) ||
		     names->n - level->base >= NAMES_IN_A_ROW ||
		     names->n == names->cap))
		return names_add_slow(s, raw, hash, escaped);
	level->seen |= bit;
	names->entry[names->n++] =
		(struct scan_name){ hash, (uint32_t)(raw.p - s->start) };
	return true;
}

#endif
