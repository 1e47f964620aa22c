/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/breaker.h"

#include <string.h>

#include "base/mem.h"

void breakers_init(struct breakers *all)
{
	list_init(&all->all);
	all->n = 0;
}

void breakers_done(struct breakers *all)
{
	struct breaker *b, *tmp;

	list_each_safe (b, tmp, &all->all, struct breaker, link) {
		list_del(&b->link);
		mem_free(b->region);
		mem_free(b);
	}
}

bool breakers_any_open(const struct breakers *all)
{
	const struct breaker *b;

	list_each (b, &all->all, struct breaker, link)
		if (b->open_until)
			return true;
	return false;
}

struct breaker *breaker_of(struct breakers *all, const char *region)
{
	const char *wanted = region ? region : "";
	struct breaker *b;

	list_each (b, &all->all, struct breaker, link)
		if (!strcmp(b->region, wanted))
			return b;
	if (all->n >= BREAKERS_MAX)
		return list_first(&all->all, struct breaker, link);
	b = mem_alloc(sizeof(*b));
	b->region = mem_strdup(wanted);
	list_add_tail(&all->all, &b->link);
	all->n++;
	return b;
}

bool breaker_pass(struct breaker *b, int64_t now, struct error *err)
{
	int64_t left = b->open_until - now;

	if (!b->open_until)
		return true;
	if (left <= 0 && !b->probing) {
		b->probing = true;
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
