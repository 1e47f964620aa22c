/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Circuit breakers: when a cloud does not answer, its callers are told so at
 * once instead of waiting one by one.  One breaker for each use of a driver:
 * provider, region and credential; what one tenant's account cannot reach
 * closes no other's way.
 *
 * Closed, it counts failures in a row; at the threshold it opens.  Open, it
 * refuses until its time is over, then lets one call through: success closes
 * it, failure opens it for twice as long.
 */
#ifndef SKYCLUST_SUPERVISE_BREAKER_H
#define SKYCLUST_SUPERVISE_BREAKER_H

#include "base/error.h"
#include "base/list.h"

#define BREAKER_THRESHOLD 10 /* failures in a row */
#define BREAKER_OPEN_MS 2000 /* the first time */
#define BREAKER_OPEN_MAX_MS 60000
#define BREAKERS_MAX 256 /* of one provider; then the oldest is forgotten */

struct breaker {
	struct list link;       /* longest unused first */
	char *region, *credential;
	unsigned calls;         /* that passed and are not reported yet */
	unsigned failures;      /* in a row */
	int64_t open_until;     /* clock_ms, 0: closed */
	int64_t open_ms;        /* how long it was opened the last time */
	bool probing;           /* the one call is under way */
};

struct breakers {
	struct list all;
	size_t n;
};

void breakers_init(struct breakers *all);
void breakers_done(struct breakers *all);
bool breakers_any_open(const struct breakers *all);

/* The breaker of @region (NULL: the default one) and @credential (NULL: the
 * provider's own); made at first use.  It stays until the call that passed it
 * was reported. */
struct breaker *breaker_of(struct breakers *all, const char *region,
			   const char *credential);

/* May a call pass at @now?  False: ERR_DRIVER_UNAVAILABLE with
 * retry_after_ms and effect none.  A call that passed must be reported. */
bool breaker_pass(struct breaker *b, int64_t now, struct error *err);

/* How it ended: @code of the answer, ERR_NONE for success. */
void breaker_report(struct breaker *b, int64_t now, enum err_code code);

#endif
