/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each secret has pages of its own: locked (mlock), left out of core dumps
 * (MADV_DONTDUMP), not given to children (MADV_WIPEONFORK), wiped when freed.
 * Where the limit on locked memory is reached the secret is kept unlocked;
 * that is weaker, and better than not starting.
 */
#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"

struct secret {
	size_t pages;           /* bytes mapped */
	size_t n;
	char bytes[];
};

struct secret *secret_new(const char *bytes, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(struct secret) + n + 1 + page - 1) / page * page;
	struct secret *s = sys_mmap_anon(size, PROT_READ | PROT_WRITE, 0);

	if (s == MAP_FAILED)
		return NULL;
	if (mlock(s, size) < 0)
		log_debug("secret is not locked in memory", LOG_INT("bytes", (long long)n));
	madvise(s, size, MADV_DONTDUMP);
	madvise(s, size, MADV_WIPEONFORK);
	s->pages = size;
	s->n = n;
	memcpy(s->bytes, bytes, n);
	return s;
}

void secret_free(struct secret *s)
{
	size_t size;

	if (!s)
		return;
	size = s->pages;
	mem_wipe(s, size);
	munmap(s, size);
}

const char *secret_reveal(const struct secret *s)
{
	return s->bytes;
}

size_t secret_length(const struct secret *s)
{
	return s->n;
}

/* Takes the same time wherever the first difference is. */
bool secret_equal(const struct secret *s, const char *bytes, size_t n)
{
	volatile unsigned char difference = s->n != n;

	for (size_t i = 0; i < n; i++)
		difference |= (unsigned char)(bytes[i] ^ s->bytes[i < s->n ? i : 0]);
	return !difference;
}

struct secret *secret_random_hex(size_t n)
{
	unsigned char raw[128];
	char hex[2 * sizeof(raw) + 1];
	struct secret *s;

	if (n > sizeof(raw) || getrandom(raw, n, 0) != (ssize_t)n)
		return NULL;
	text_hex(raw, n, hex);
	s = secret_new(hex, 2 * n);
	mem_wipe(raw, sizeof(raw));
	mem_wipe(hex, sizeof(hex));
	return s;
}

/* json_read() limits the depth, so the recursion is bounded. */
void json_wipe(json_t *v)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(v)) {
		mem_wipe((char *)json_string_value(v), json_string_length(v));
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, child)
			json_wipe(child);
	} else if (json_is_object(v)) {
		json_object_foreach(v, key, child)
			json_wipe(child);
	}
}
