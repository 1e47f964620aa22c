/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Limits: how much of the host one tenant may have.  A bucket of requests per
 * second and a number of requests at once for each tenant (a workspace, or a
 * user without one; before anybody is known: a source address); where many
 * wait, each tenant gets its turn.
 *
 * All that is counted is counted here, in this process: with several hosts in
 * front of one database each gives a tenant its own bucket.
 */
#ifndef SKYCLUST_HOST_LIMIT_LIMIT_H
#define SKYCLUST_HOST_LIMIT_LIMIT_H

#include "base/error.h"
#include "config.h"

struct limits;

struct limits *limits_new(const struct config *config);
void limits_reload(struct limits *l, const struct config *config);
void limits_free(struct limits *l);

/* For the headers RateLimit-Policy and RateLimit (IETF draft
 * ratelimit-headers): tokens that the bucket holds when it is full, seconds in
 * which it fills up, tokens it holds, seconds until it is full. */
struct limit_state {
	long long quota, window_s, remaining, reset_s;
};

/*
 * Take one request from @tenant's bucket, then wait for its turn among those
 * at work.  Fills in @state in any case.  ERR_LIMITED with retry_after_ms: the
 * bucket is empty, or too many of this tenant are at work or wait already.
 * ERR_DEADLINE, ERR_CANCELLED: its turn had not come.  Every success is ended
 * by limit_leave() with the same name.  An IPv6 address counts as its /64,
 * which is what one host may have (RFC 7421).
 *
 * Who goes on asking faster than that is refused late, and one request after
 * the other, so that its refusals do not cost the others the time that the
 * limit was to save.
 */
WAITS bool limit_enter(struct limits *l, const char *tenant, int64_t deadline,
		       struct limit_state *state, struct error *err);
void limit_leave(struct limits *l, const char *tenant);

/* ---- before anybody is known --------------------------------------------- */

/* What a failed attempt costs: a wrong token, or a wrong password, whose check
 * is made slow on purpose. */
#define LIMIT_WRONG_TOKEN 1
#define LIMIT_WRONG_PASSWORD 50

/* May @source (request.source) try to say who it is?  ERR_LIMITED after too
 * many failures, late as above.  The unix socket always may. */
WAITS bool limit_attempt(struct limits *l, const char *source,
			 int64_t deadline, struct error *err);
/* It has failed, at a cost of LIMIT_WRONG_… */
void limit_failed(struct limits *l, const char *source, unsigned cost);

/* ---- for metrics and tests ----------------------------------------------- */

struct limit_counts {
	size_t tenants;		 /* that are known at the moment */
	size_t working, waiting; /* requests */
};
void limit_count(const struct limits *l, struct limit_counts *counts);

#endif
