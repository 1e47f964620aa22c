/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt of one exchange: libcurl's multi interface on our loop.  The
 * policy (retries, recordings) is http.c's.
 */
#ifndef SKYCLUST_CLOUD_TRANSPORT_H
#define SKYCLUST_CLOUD_TRANSPORT_H

#include "cloud/http.h"

struct attempt {
	bool sent;      /* a connection was there: something may have left */
	bool hopeless;  /* a further attempt would fail the same way */
};

/* Send @rq, which was checked, once; at most until @until (clock_ms). */
WAITS bool transport_run(const struct http_request *rq, int64_t until,
			 struct http_answer *answer, struct attempt *attempt,
			 struct error *err);
void transport_done(void);

#endif
