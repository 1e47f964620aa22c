/* SPDX-License-Identifier: Apache-2.0 */
#include "limit/tenant.h"

#include <arpa/inet.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define MILLION 1000000LL
#define NAME_MAX_SIZE 128

/* ---- buckets ------------------------------------------------------------- */

void bucket_init(struct bucket *b, const struct bucket_size *size)
{
	b->level = size->burst * MILLION;
	b->at = clock_us();
}

/* A token a second is a millionth of one each microsecond. */
void bucket_fill(struct bucket *b, const struct bucket_size *size)
{
	int64_t full = size->burst * MILLION;
	int64_t now = clock_us(), passed = now - b->at;

	if (passed > (full - b->level) / size->rate)
		b->level = full;
	else
		b->level += passed * size->rate;
	b->at = now;
}

bool bucket_take(struct bucket *b)
{
	if (b->level < MILLION)
		return false;
	b->level -= MILLION;
	return true;
}

void bucket_owe(struct bucket *b, unsigned tokens, long long most)
{
	b->level -= tokens * MILLION;
	if (b->level < -most * MILLION)
		b->level = -most * MILLION;
}

int bucket_wait(const struct bucket *b, const struct bucket_size *size,
		unsigned tokens)
{
	int64_t missing = tokens * MILLION - b->level;
	int64_t us = (missing + size->rate - 1) / size->rate;

	return us < 1000 ? 1 : (int)((us + 999) / 1000);
}

/* ---- names --------------------------------------------------------------- */

/* An IPv6 address as the network it is in; others as they are. */
static const char *key_of(const char *name, char text[NAME_MAX_SIZE])
{
	struct in6_addr a;

	if (!strchr(name, ':') || inet_pton(AF_INET6, name, &a) != 1)
		return name;
	text_hex(&a, 8, text);
	return text;
}

/* FNV-1a from a random start, so that nobody outside can fill one chain. */
static uint64_t hash_of(const struct tenants *all, const char *name)
{
	uint64_t hash = all->seed;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

static struct tenant **chain_of(struct tenants *all, uint64_t hash)
{
	return &all->chain[hash % TENANT_CHAINS];
}

static struct tenant *find(struct tenants *all, const char *name, uint64_t hash)
{
	struct tenant *t = *chain_of(all, hash);

	while (t && (t->hash != hash || strcmp(t->name, name)))
		t = t->next;
	return t;
}

/* ---- coming and going ---------------------------------------------------- */

static void forget(struct tenants *all, struct tenant *t)
{
	struct tenant **at = chain_of(all, t->hash);

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	list_del(&t->quiet);
	all->quiet_count--;
	all->count--;
	mem_free(t);
}

/* A few at a time: each that comes or goes quiet takes two others with it. */
static void forget_quiet(struct tenants *all)
{
	int64_t old = clock_us() - all->forget_us;
	struct tenant *t;

	for (int i = 0; i < 2; i++) {
		t = list_first(&all->quiet, struct tenant, quiet);
		if (!t ||
		    (t->requests.at > old && all->quiet_count <= TENANTS_MAX))
			return;
		forget(all, t);
	}
}

static struct tenant *hold(struct tenants *all, struct tenant *t)
{
	if (t && !t->users++) {
		list_del(&t->quiet);
		all->quiet_count--;
	}
	return t;
}

struct tenant *tenant_find(struct tenants *all, const char *name)
{
	char text[NAME_MAX_SIZE];

	name = key_of(name, text);
	return hold(all, find(all, name, hash_of(all, name)));
}

static struct tenant *add(struct tenants *all, const char *name, uint64_t hash)
{
	size_t size = strlen(name) + 1;
	struct tenant *t = mem_alloc(sizeof(*t) + size);

	memcpy(t->name, name, size);
	t->hash = hash;
	t->next = *chain_of(all, hash);
	*chain_of(all, hash) = t;
	list_init(&t->quiet);
	list_init(&t->turn);
	list_init(&t->waiters);
	all->count++;
	all->quiet_count++;
	return t;
}

struct tenant *tenant_get(struct tenants *all, const char *name,
			  const struct bucket_size *requests,
			  const struct bucket_size *refusals)
{
	char text[NAME_MAX_SIZE];
	struct tenant *t;
	uint64_t hash;

	name = key_of(name, text);
	hash = hash_of(all, name);
	t = find(all, name, hash);
	if (t)
		return hold(all, t);
	forget_quiet(all);
	t = add(all, name, hash);
	bucket_init(&t->requests, requests);
	bucket_init(&t->refusals, refusals);
	return hold(all, t);
}

void tenant_drop(struct tenants *all, struct tenant *t)
{
	if (--t->users)
		return;
	list_add_tail(&all->quiet, &t->quiet);
	all->quiet_count++;
	forget_quiet(all);
}

void tenants_init(struct tenants *all)
{
	list_init(&all->quiet);
	if (getrandom(&all->seed, sizeof(all->seed), 0) < 0)
		all->seed = (uint64_t)clock_us();
}

void tenants_done(struct tenants *all)
{
	struct tenant *t;

	while ((t = list_first(&all->quiet, struct tenant, quiet)))
		forget(all, t);
}
