/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/backoff.h"

#include "base/mem.h"

void backoff_init(struct backoff *b, long long burst, long long window_ms,
		  long long min_ms, long long max_ms)
{
	*b = (struct backoff){ .burst = burst,
			       .window_ms = window_ms,
			       .min_ms = min_ms,
			       .max_ms = max_ms };
	if (burst)
		b->deaths = mem_alloc((size_t)burst * sizeof(*b->deaths));
}

void backoff_done(struct backoff *b)
{
	mem_free(b->deaths);
	b->deaths = NULL;
}

/* Remember this death; were there fewer than `burst` before it in the window?
 */
static bool within_burst(struct backoff *b, int64_t now)
{
	int64_t *oldest;
	bool within;

	if (!b->burst)
		return false;
	oldest = &b->deaths[b->count % (uint64_t)b->burst];
	within = b->count < (uint64_t)b->burst || now - *oldest > b->window_ms;
	*oldest = now;
	b->count++;
	return within;
}

static int64_t grow(struct backoff *b)
{
	if (!b->delay_ms)
		return b->min_ms < b->max_ms ? b->min_ms : b->max_ms;
	return b->delay_ms < b->max_ms / 2 ? b->delay_ms * 2 : b->max_ms;
}

int64_t backoff_died(struct backoff *b, int64_t now, uint32_t random)
{
	if (within_burst(b, now))
		return 0;
	b->delay_ms = grow(b);
	b->at_max = b->delay_ms == b->max_ms ? b->at_max + 1 : 0;
	if (b->at_max > BACKOFF_HOPELESS)
		return -1;
	/* Up to a fifth less, never more: `max` is a promise. */
	return b->delay_ms - b->delay_ms / 5 * (random % 1024) / 1024;
}

void backoff_settled(struct backoff *b)
{
	b->delay_ms = 0;
	b->at_max = 0;
}
