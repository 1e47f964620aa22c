/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: how much of the host one tenant may have.  A bucket of requests per
 * second and a number of requests at once for each tenant (a workspace, or a
 * user without one; before anybody is known: a source address); where many
 * wait, each tenant gets its turn.
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
 * ratelimit-headers). */
struct limit_state {
	long long quota, window_s, remaining, reset_s;
};

/*
 * Take one request from @tenant's bucket, then wait for its turn among those
 * at work.  ERR_LIMITED with retry_after_ms: the bucket is empty, or too many
 * of this tenant wait already.  Every success is ended by limit_leave().
 */
WAITS bool limit_enter(struct limits *l, const char *tenant, int64_t deadline,
		       struct limit_state *state, struct error *err);
void limit_leave(struct limits *l, const char *tenant);

#endif
