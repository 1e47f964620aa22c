/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told of its limits: RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10), lists of structured fields
 * (RFC 9651):
 *
 *	RateLimit-Policy: "requests";q=2000;w=2
 *	RateLimit: "requests";r=1999;t=1
 *
 * Retry-After of a 429 comes from the error (reply.h).
 */
#ifndef SKYCLUST_API_LIMIT_HEADERS_H
#define SKYCLUST_API_LIMIT_HEADERS_H

#include "http.h"
#include "limit/limit.h"

/* Before the answer is begun; whether limit_enter() has let it in or not. */
void limit_headers_add(struct request *req, const struct limit_state *state);

#endif
