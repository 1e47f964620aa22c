/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the open objects stand on one stack, those of the innermost
 * last.  An object of few names is searched in a row, and only when one bit
 * of 64 says that it may be worth it; beyond NAMES_IN_A_ROW a hash table over
 * the stack serves, so that an object of a million names stays linear.
 *
 * Hashes are keyed with what the kernel gave this process: nobody can prepare
 * names that collide.
 */
#include "rpc/scan_names.h"

#include <sys/auxv.h>

#include "base/mem.h"

uint64_t names_keys[2];

/* 16 random bytes that every process has from execve(2). */
static void read_keys(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	if (random)
		memcpy(names_keys, random, sizeof(names_keys));
	names_keys[0] |= 1;
}

void names_init(struct scan_names *names)
{
	if (UNLIKELY(!names_keys[0]))
		read_keys();
	names->entry = names->near;
	names->n = 0;
	names->cap = SCAN_NEAR_NAMES;
	names->index = NULL;
	names->index_size = names->index_used = 0;
}

void names_done(struct scan_names *names)
{
	if (names->entry != names->near)
		mem_free(names->entry);
	mem_free(names->index);
	names_init(names);
}

/* ---- hashing ------------------------------------------------------------- */

/* More than 8 bytes; the last 8 may overlap those before. */
uint64_t names_hash_long(const char *p, size_t n)
{
	uint64_t h = names_keys[0] ^ 0x9E3779B97F4A7C15u;

	for (; n > 8; p += 8, n -= 8)
		h = names_mix(h ^ names_load(p, 8, 8), names_keys[1]);
	return h ^ names_load(p + n - 8, 8, 8);
}

/* ---- comparing ----------------------------------------------------------- */

/* The name that begins at @p, which was passed before, so it ends. */
static struct slice name_at(const char *p)
{
	const char *end = p;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	return (struct slice){ p, (size_t)(end - p) };
}

static bool same_unescaped(struct slice a, struct slice b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	scan_unescape(a, &x);
	scan_unescape(b, &y);
	same = x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);
	buf_done(&x);
	buf_done(&y);
	return same;
}

/* Called only when the hashes agree, so mostly to find that they are equal. */
static bool same_name(const struct scan *s, struct scan_name old,
		      struct slice raw)
{
	struct slice other = name_at(s->start + old.at);

	if (other.n == raw.n && memcmp(other.p, raw.p, raw.n) == 0)
		return true;
	return (memchr(other.p, '\\', other.n) || memchr(raw.p, '\\', raw.n)) &&
	       same_unescaped(other, raw);
}

/* ---- the stack ----------------------------------------------------------- */

static void push(struct scan_names *names, struct scan_name name)
{
	if (UNLIKELY(names->n == names->cap)) {
		size_t size = names->cap * sizeof(name);
		bool near = names->entry == names->near;

		names->entry =
			mem_realloc(near ? NULL : names->entry, 2 * size);
		if (near)
			memcpy(names->entry, names->near, size);
		names->cap *= 2;
	}
	names->entry[names->n++] = name;
}

static bool in_row(const struct scan *s, uint32_t base, uint32_t hash,
		   struct slice raw)
{
	const struct scan_names *names = &s->names;

	for (uint32_t i = base; i < names->n; i++)
		if (names->entry[i].hash == hash &&
		    same_name(s, names->entry[i], raw))
			return true;
	return false;
}

/* ---- the hash table ------------------------------------------------------
 *
 * Linear probing over numbers of stack entries, plus one.  Entries leave in
 * the reverse order of their coming, so a slot can simply be emptied.  Equal
 * names of nested objects share a chain, at most one per level.
 */

static uint32_t first_slot(const struct scan_names *names, uint32_t hash)
{
	return hash & (names->index_size - 1);
}

static uint32_t next_slot(const struct scan_names *names, uint32_t slot)
{
	return (slot + 1) & (names->index_size - 1);
}

static void index_put(struct scan_names *names, uint32_t i)
{
	uint32_t slot = first_slot(names, names->entry[i].hash);

	while (names->index[slot])
		slot = next_slot(names, slot);
	names->index[slot] = i + 1;
	names->index_used++;
}

static void index_drop(struct scan_names *names, uint32_t i)
{
	uint32_t slot = first_slot(names, names->entry[i].hash);

	while (names->index[slot] != i + 1)
		slot = next_slot(names, slot);
	names->index[slot] = 0;
	names->index_used--;
}

/* Where the names of the object at @level end. */
static uint32_t names_end(const struct scan *s, unsigned level)
{
	while (++level < s->depth)
		if (s->level[level].base != SCAN_IS_ARRAY)
			return s->level[level].base;
	return s->names.n;
}

/* Put every object that is beyond a row into a table of @size slots. */
static void index_rebuild(struct scan *s, uint32_t size)
{
	struct scan_names *names = &s->names;

	mem_free(names->index);
	names->index = mem_alloc(size * sizeof(*names->index));
	names->index_size = size;
	names->index_used = 0;
	for (unsigned level = 0; level < s->depth; level++) {
		uint32_t base = s->level[level].base;
		uint32_t end = names_end(s, level);

		if (base == SCAN_IS_ARRAY || end - base <= NAMES_IN_A_ROW)
			continue;
		for (uint32_t i = base; i < end; i++)
			index_put(names, i);
	}
}

/* Note the newest entry, which lifts its object at @base beyond a row. */
static void index_newest(struct scan *s, uint32_t base)
{
	struct scan_names *names = &s->names;
	uint32_t last = names->n - 1, first = last;

	if (names->n - base == NAMES_IN_A_ROW + 1)
		first = base;
	if ((names->index_used + NAMES_IN_A_ROW + 1) * 2 > names->index_size) {
		index_rebuild(s,
			      names->index_size ? names->index_size * 2 : 512);
		return;
	}
	for (uint32_t i = first; i <= last; i++)
		index_put(names, i);
}

static bool in_index(const struct scan *s, uint32_t base, uint32_t hash,
		     struct slice raw)
{
	const struct scan_names *names = &s->names;
	uint32_t slot = first_slot(names, hash);

	for (; names->index[slot]; slot = next_slot(names, slot)) {
		uint32_t i = names->index[slot] - 1;

		if (i >= base && names->entry[i].hash == hash &&
		    same_name(s, names->entry[i], raw))
			return true;
	}
	return false;
}

/* ---- entry points -------------------------------------------------------- */

static uint32_t hash_escaped(struct slice raw)
{
	struct buf plain = { 0 };
	uint32_t hash;

	scan_unescape(raw, &plain);
	hash = names_hash(plain.p ? plain.p : "", plain.n, plain.n);
	buf_done(&plain);
	return hash;
}

bool names_add_slow(struct scan *s, struct slice raw, uint32_t hash,
		    bool escaped)
{
	struct scan_level *level = &s->level[s->depth - 1];
	bool wide = s->names.n - level->base > NAMES_IN_A_ROW;
	uint64_t bit;

	if (escaped)
		hash = hash_escaped(raw);
	bit = UINT64_C(1) << (hash & 63);
	if ((level->seen & bit) && (wide ? in_index(s, level->base, hash, raw)
					 : in_row(s, level->base, hash, raw)))
		return false;
	level->seen |= bit;
	push(&s->names,
	     (struct scan_name){ hash, (uint32_t)(raw.p - s->start) });
	if (s->names.n - level->base > NAMES_IN_A_ROW)
		index_newest(s, level->base);
	return true;
}

void names_close(struct scan *s)
{
	struct scan_names *names = &s->names;
	uint32_t base = s->level[s->depth - 1].base;

	if (names->n - base > NAMES_IN_A_ROW)
		for (uint32_t i = names->n; i-- > base;)
			index_drop(names, i);
	names->n = base;
}
