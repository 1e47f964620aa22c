/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/breaker.h"

#include <string.h>

#include "base/mem.h"

void breakers_init(struct breakers *all)
{
	list_init(&all->all);
	all->n = 0;
}

static void forget(struct breakers *all, struct breaker *b)
{
	list_del(&b->link);
	all->n--;
	mem_free(b->region);
	mem_free(b->credential);
	mem_free(b);
}

void breakers_done(struct breakers *all)
{
	struct breaker *b, *tmp;

	list_each_safe (b, tmp, &all->all, struct breaker, link)
		forget(all, b);
}

bool breakers_any_open(const struct breakers *all)
{
	const struct breaker *b;

	list_each (b, &all->all, struct breaker, link)
		if (b->open_until)
			return true;
	return false;
}

static struct breaker *find(struct breakers *all, const char *region,
			    const char *credential)
{
	struct breaker *b;

	list_each (b, &all->all, struct breaker, link)
		if (!strcmp(b->region, region) &&
		    !strcmp(b->credential, credential))
			return b;
	return NULL;
}

/* One that no call needs; rather a closed one, that knows nothing. */
static struct breaker *find_spare(struct breakers *all)
{
	struct breaker *b, *open = NULL;

	list_each (b, &all->all, struct breaker, link) {
		if (b->calls)
			continue;
		if (!b->open_until)
			return b;
		if (!open)
			open = b;
	}
	return open;
}

static struct breaker *make(struct breakers *all, const char *region,
			    const char *credential)
{
	struct breaker *b = all->n < BREAKERS_MAX ? NULL : find_spare(all);

	if (b)
		forget(all, b);
	b = mem_alloc(sizeof(*b));
	b->region = mem_strdup(region);
	b->credential = mem_strdup(credential);
	list_init(&b->link);
	all->n++;
	return b;
}

struct breaker *breaker_of(struct breakers *all, const char *region,
			   const char *credential)
{
	struct breaker *b;

	region = region ? region : "";
	credential = credential ? credential : "";
	b = find(all, region, credential);
	if (!b)
		b = make(all, region, credential);
	list_del(&b->link);
	list_add_tail(&all->all, &b->link);
	return b;
}

bool breaker_pass(struct breaker *b, int64_t now, struct error *err)
{
	int64_t left = b->open_until - now;
	bool probes = b->open_until && left <= 0 && !b->probing;

	if (!b->open_until || probes) {
		b->probing |= probes;
		b->calls++;
		return true;
	}
	fail(err, ERR_DRIVER_UNAVAILABLE,
	     "the last %u calls%s%s failed; the cloud is left alone for a "
	     "while",
	     b->failures, *b->region ? " in region " : "", b->region);
	if (err) {
		err->effect = EFFECT_NONE;
		err->retry_after_ms = left > 1000 ? (int)left : 1000;
	}
	return false;
}

/* Does this say that the other side is not there? */
static bool counts(enum err_code code)
{
	return code == ERR_CLOUD_UNAVAILABLE || code == ERR_DEADLINE ||
	       code == ERR_DRIVER_UNAVAILABLE;
}

static void trip(struct breaker *b, int64_t now)
{
	int64_t ms = b->open_ms ? b->open_ms * 2 : BREAKER_OPEN_MS;

	b->open_ms = ms < BREAKER_OPEN_MAX_MS ? ms : BREAKER_OPEN_MAX_MS;
	b->open_until = now + b->open_ms;
}

void breaker_report(struct breaker *b, int64_t now, enum err_code code)
{
	bool was_probe = b->probing;

	b->calls--;
	if (code == ERR_CANCELLED || code == ERR_BUSY) { /* says nothing */
		b->probing = false;
		return;
	}
	b->probing = false;
	if (!counts(code)) {
		b->failures = 0;
		b->open_until = b->open_ms = 0;
		return;
	}
	b->failures++;
	if (was_probe || (!b->open_until && b->failures >= BREAKER_THRESHOLD))
		trip(b, now);
}
