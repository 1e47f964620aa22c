/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When may a driver that died be started again?  At once, `burst` times in a
 * sliding window; then after a delay that doubles from `min` to `max`, with
 * jitter so that many drivers do not start in step; and after so many starts
 * at the longest delay that nobody was served by, not at all.
 */
#ifndef SKYCLUST_SUPERVISE_BACKOFF_H
#define SKYCLUST_SUPERVISE_BACKOFF_H

#include "base/base.h"

#define BACKOFF_HOPELESS 10 /* failed starts in a row at the longest delay */

struct backoff {
	long long burst, window_ms, min_ms, max_ms; /* set by the owner */
	int64_t *deaths; /* ring of the last `burst` times */
	uint64_t count; /* deaths so far */
	int64_t delay_ms; /* the last one, 0: none */
	unsigned at_max; /* in a row */
};

void backoff_init(struct backoff *b, long long burst, long long window_ms,
		  long long min_ms, long long max_ms);
void backoff_done(struct backoff *b);

/* It died at @now (clock_ms). Milliseconds until the next start: 0 at once,
 * -1 never (a person must look). @random is any number, for the jitter. */
int64_t backoff_died(struct backoff *b, int64_t now, uint32_t random);

/* It has served for a while: delays begin small again. */
void backoff_settled(struct backoff *b);

#endif
