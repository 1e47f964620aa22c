/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP client of the fake cloud: what the tests of http.c and transport.c
 * share. */
#ifndef SKYCLUST_TESTS_UNIT_HTTP_CLIENT_H
#define SKYCLUST_TESTS_UNIT_HTTP_CLIENT_H

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/auto.h"
#include "cloud/http.h"
#include "fake_cloud.h"

static struct http_answer answer;
static struct error err;
static char url[256];

static inline const char *at(const char *path)
{
	snprintf(url, sizeof(url), "%s%s", fake.base, path);
	return url;
}

static inline bool get(const char *path)
{
	return http_send(&(struct http_request){ .method = "GET",
						 .url = at(path),
						 .is_read = true },
			 &answer, &err);
}

static inline bool post(const char *path, const char *body)
{
	return http_send(&(struct http_request){ .method = "POST",
						 .url = at(path),
						 .body = slice_of(body) },
			 &answer, &err);
}

static inline int set_up(void **state)
{
	(void)state;
	loop_init();
	fake_start();
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_answer_done(&answer);
	http_done();
	fake_stop();
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
	loop_done();
	fiber_done();
	return 0;
}

/* Answers with what it was sent. */
static inline enum fake_end echo(const struct fake_request *rq, struct buf *out)
{
	struct buf body = { 0 };

	buf_printf(&body, "%s|%s", rq->head, rq->body);
	fake_reply(out, 200, "X-One: 1\r\nx-two:  two \r\nX-One: again\r\n",
		   body.p);
	buf_done(&body);
	return FAKE_KEEP;
}

#endif
