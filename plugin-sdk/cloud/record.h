/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded exchanges: a driver's test data.  `--record DIR` writes what a
 * driver said to a real cloud, `--replay FILE` answers from it without any
 * network, so a CTest of a driver is one line and one file:
 *
 *	add_test(NAME driver.openstack.instance-list COMMAND driver-openstack
 *		--call instance.list "{}" --replay instance-list.json …)
 *
 * A recording is a directory with one file an exchange, 0001.json, 0002.json,
 * … in order, or one file that holds a JSON array of exchanges.  One exchange:
 *
 *	{ "request": { "method": "POST",
 *	               "url": "http://cloud.test:8774/v2.1/servers?x=1",
 *	               "headers": { "X-Auth-Token": "***" },
 *	               "body": { "server": { "name": "web-1" } } },
 *	  "answer":  { "status": 202,
 *	               "headers": { "Content-Type": "application/json" },
 *	               "body": { "server": { "id": "6d3f…" } } } }
 *
 * `body` is the decoded JSON, a string when it was something else, or absent.
 * Secrets are "***" (redact.h).  The host of every URL is "cloud.test", in
 * bodies too, so a recording names no real machine; ports and paths stay.
 * Anyone may write or shorten recordings by hand; headers of requests and the
 * host and port of URLs play no part in matching.
 *
 * Replay: a request gets the first unused answer whose method, path, query
 * (parameters in any order) and body (compared as JSON; a recorded "***"
 * matches any string) are equal.  Without one the request fails with
 * ERR_INTERNAL, and the message names the nearest recorded request.
 */
#ifndef SKYCLUST_CLOUD_RECORD_H
#define SKYCLUST_CLOUD_RECORD_H

#include "cloud/http.h"

/* From now on write every exchange into @dir, after those that are there; it
 * is made when absent.  NULL ends it. */
bool record_to(const char *dir, struct error *err);

/* From now on answer from @path, a file or a directory; NULL ends it.
 * ERR_INVALID names the file and what is wrong in it. */
bool replay_from(const char *path, struct error *err);
bool replay_active(void);

/* How many recorded answers were not asked for (a test may insist on 0). */
size_t replay_unused(void);

/* Do exchanges matter to a recording, so that http_request.redact is needed? */
bool record_wanted(void);

/* For http.c: an answer out of the recording, and one to be written down. */
bool replay_answer(const struct http_request *rq, struct http_answer *answer,
		   struct error *err);
void record_exchange(const struct http_request *rq,
		     const struct http_answer *answer);

/* For replay.c.  The body as a recording has it, new, NULL for an empty one;
 * the URL with "cloud.test" as its host and without secrets, mem_free(). */
json_t *record_body(const struct redact *redact, struct slice body);
char *record_url(const struct redact *redact, const char *url);

#endif
