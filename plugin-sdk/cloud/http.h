/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * HTTP to clouds.  One libcurl multi handle, driven by our loop, serves all
 * fibers: http_send() looks like a call that blocks and lets others run.
 *
 * Connections are kept for reuse (HTTP_IDLE_MAX of them, HTTP_IDLE_SECONDS).
 * Requests that change something get a connection of their own, because
 * libcurl silently sends a request again when a reused connection turns out
 * to be dead, and then nobody knows how often it was carried out.
 *
 * Sent again here, with back-off and jitter, within the deadline:
 *   - anything of which not a byte left (no connection was made),
 *   - reads that were lost on the way or answered 429, 502, 503; Retry-After
 *     (RFC 9110 section 10.2.3) is honoured, and when it lies beyond the
 *     deadline the answer is passed on at once.
 *
 * Where a connection may go is checked when it is made, after the name was
 * resolved, and again when it is reused (base/address.h).  TLS is verified,
 * redirects are not followed, only http and https are spoken, answers are
 * limited in size after decompression.
 */
#ifndef SKYCLUST_CLOUD_HTTP_H
#define SKYCLUST_CLOUD_HTTP_H

#include "base/address.h"
#include "base/buf.h"
#include "base/error.h"
#include "cloud/redact.h"

#define HTTP_IDLE_MAX 100L              /* connections kept */
#define HTTP_PER_HOST 10L               /* connections to one host */
#define HTTP_IDLE_SECONDS 90L
#define HTTP_TIMEOUT_MS 30000           /* one attempt */
#define HTTP_CONNECT_TIMEOUT_MS 10000
#define HTTP_ANSWER_MAX (16u << 20)     /* bytes of body */
#define HTTP_HEADERS_MAX (64u << 10)
#define HTTP_ATTEMPTS 4
#define HTTP_BACKOFF_MS 250             /* before the second attempt; doubles */

struct http_request {
	const char *method;             /* "GET" */
	const char *url;                /* absolute */
	const char *const *headers;     /* "Name: value", NULL ends; or NULL */
	struct slice body;              /* p NULL: none */
	bool is_read;                   /* changes nothing: may be sent again */
	int64_t deadline;               /* clock_ms, 0: none but HTTP_TIMEOUT_MS
					 * for each attempt */
	size_t answer_max;              /* bytes, 0: HTTP_ANSWER_MAX */
	enum egress egress;             /* where it may go */
	const char *ca_file;            /* PEM, NULL: the system's */
	const struct redact *redact;    /* secrets for recordings, may be NULL */
};

struct http_answer {
	int status;
	struct buf headers;             /* "Name\0value\0"… as they came */
	struct buf body;
};

/*
 * Send @rq, wait for the answer.  True with any answer, whatever its status.
 * False: ERR_CANCELLED, ERR_DEADLINE, ERR_CLOUD_UNAVAILABLE (no connection,
 * connection lost, TLS refused), ERR_CLOUD_BAD_ANSWER (too large, not HTTP),
 * ERR_INVALID (URL or header with control characters, scheme, or an address
 * that @rq may not go to).  err->effect is
 * EFFECT_NONE when nothing was sent or @rq is a read, else EFFECT_UNKNOWN.
 * A cancelled fiber's transfer is aborted at once.  Needs a fiber.
 */
WAITS bool http_send(const struct http_request *rq, struct http_answer *answer,
		     struct error *err);
void http_answer_done(struct http_answer *answer);

/* The first value of header @name (any case); borrowed, or NULL. */
const char *http_header(const struct http_answer *answer, const char *name);

/* The header after the one called @name, NULL: the first; *@value is its
 * value.  Borrowed; NULL at the end. */
const char *http_next_header(const struct http_answer *answer, const char *name,
			     const char **value);

/* Is @method one that changes nothing (GET, HEAD, OPTIONS)? */
bool http_is_read(const char *method);

/* Retry-After in ms from now: seconds or an HTTP-date; -1: none or malformed. */
int64_t http_retry_after(const struct http_answer *answer);

/* Scheme, host and port of @url ("https://h:1"), borrowed; false when it is
 * not an absolute http(s) URL, has a user part, blanks or control characters. */
bool http_origin(const char *url, struct slice *origin);

/* Do two URLs have the same scheme, host and port?  The scheme's own port is
 * the same as none. */
bool http_same_origin(const char *a, const char *b);

/* Close connections, free everything (at exit, for leak checks). */
void http_done(void);

#endif
