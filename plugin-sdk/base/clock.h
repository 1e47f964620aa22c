/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one clock.  Deadlines and durations are int64_t milliseconds of the
 * monotonic clock; a deadline of 0 means none.  Tests make the clock virtual:
 * it then moves only by clock_advance(), and timers fire by it.
 */
#ifndef SKYCLUST_BASE_CLOCK_H
#define SKYCLUST_BASE_CLOCK_H

#include "base/base.h"

int64_t clock_ms(void);         /* monotonic */
int64_t clock_us(void);         /* monotonic, microseconds, for measuring */
int64_t clock_wall_ms(void);    /* since 1970-01-01 UTC */

/* Milliseconds from now until @deadline: 0 if passed, -1 if there is none. */
int64_t clock_left(int64_t deadline);

/* RFC 3339 in UTC with milliseconds, "2026-11-21T09:41:59.120Z". */
#define CLOCK_TEXT 32
const char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT]);

/* RFC 3339 section 5.6 only, any offset; finer than a millisecond is dropped,
 * a leap second counts as the next second.  False when malformed. */
bool clock_parse(const char *text, int64_t *wall_ms);

/* Tests.  With the virtual clock the wall shows CLOCK_VIRTUAL_EPOCH (the start
 * of 2026, UTC) plus clock_ms().  After clock_advance() due timers fire in the
 * loop's next turn. */
#define CLOCK_VIRTUAL_EPOCH 1767225600000LL
void clock_set_virtual(int64_t ms);
void clock_advance(int64_t ms);
void clock_set_real(void);
bool clock_is_virtual(void);

#endif
