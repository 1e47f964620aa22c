/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP: what is sent, how often, and what is read of the answer. */
#include "cloud/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/text.h"
#include "cloud/record.h"
#include "cloud/transport.h"

/* ---- URLs (RFC 3986) -------------------------------------------------------
 */

struct origin {
	struct slice scheme, host;
	long long port;
};

static bool is_clean(const char *url)
{
	for (; *url; url++)
		if ((unsigned char)*url <= ' ' || *url == 0x7f || *url == '\\')
			return false;
	return true;
}

/* "host:port" or "[v6]:port". */
static bool read_authority(const char *p, size_t n, struct origin *o)
{
	const char *end = p + n, *colon;
	char port[8] = "";

	if (memchr(p, '@', n))
		return false;
	colon = *p == '[' ? memchr(p, ']', n) : p;
	if (!colon)
		return false;
	colon = memchr(colon, ':', (size_t)(end - colon));
	if (!colon) {
		o->host = (struct slice){ p, n };
		return n > 0;
	}
	o->host = (struct slice){ p, (size_t)(colon - p) };
	if ((size_t)(end - colon) > sizeof(port))
		return false;
	memcpy(port, colon + 1, (size_t)(end - colon - 1));
	return o->host.n > 0 && text_to_int(port, 1, 65535, &o->port);
}

static bool read_origin(const char *url, struct origin *o, struct slice *whole)
{
	const char *authority;
	size_t n;

	*o = (struct origin){ .port = 80 };
	if (!strncasecmp(url, "http://", 7)) {
		o->scheme = (struct slice){ "http", 4 };
	} else if (!strncasecmp(url, "https://", 8)) {
		o->scheme = (struct slice){ "https", 5 };
		o->port = 443;
	} else {
		return false;
	}
	authority = url + o->scheme.n + 3;
	n = strcspn(authority, "/?#");
	if (whole)
		*whole = (struct slice){ url, (size_t)(authority - url) + n };
	return read_authority(authority, n, o) && is_clean(url);
}

bool http_origin(const char *url, struct slice *origin)
{
	struct origin o;

	return read_origin(url, &o, origin);
}

bool http_same_origin(const char *a, const char *b)
{
	struct origin x, y;

	return read_origin(a, &x, NULL) && read_origin(b, &y, NULL) &&
	       x.scheme.n == y.scheme.n && x.port == y.port &&
	       x.host.n == y.host.n &&
	       !strncasecmp(x.host.p, y.host.p, x.host.n);
}

/* ---- what may be sent --------------------------------------------------- */

static bool is_header(const char *h)
{
	const char *colon = strchr(h, ':');

	if (!colon || colon == h)
		return false;
	for (const char *p = h; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f ||
		    (p < colon && *p == ' '))
			return false;
	return true;
}

static bool is_method(const char *m)
{
	size_t n = strspn(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && n < 16 && !m[n];
}

static bool check(const struct http_request *rq, struct error *err)
{
	struct slice origin;

	if (!is_method(rq->method))
		return fail(err, ERR_INVALID, "bad HTTP method \"%s\"",
			    rq->method);
	if (!http_origin(rq->url, &origin))
		return fail(err, ERR_INVALID, "not an http(s) URL: \"%.*s\"",
			    (int)strcspn(rq->url, "?"), rq->url);
	for (const char *const *h = rq->headers; h && *h; h++)
		if (!is_header(*h))
			return fail(err, ERR_INVALID,
				    "header \"%.*s\" is not "
				    "well-formed or has a control character",
				    (int)strcspn(*h, ":\r\n"), *h);
	return true;
}

bool http_is_read(const char *method)
{
	return !strcmp(method, "GET") || !strcmp(method, "HEAD") ||
	       !strcmp(method, "OPTIONS");
}

/* ---- answers ------------------------------------------------------------ */

void http_answer_done(struct http_answer *a)
{
	buf_wipe(&a->headers);
	buf_wipe(&a->body);
	a->status = 0;
}

const char *http_next_header(const struct http_answer *a, const char *name,
			     const char **value)
{
	const char *next = a->headers.p;

	if (name) {
		next = name + strlen(name) + 1;
		next += strlen(next) + 1;
	}
	if (!next || next >= a->headers.p + a->headers.n)
		return NULL;
	*value = next + strlen(next) + 1;
	return next;
}

const char *http_header(const struct http_answer *a, const char *name)
{
	const char *h = NULL, *value;

	while ((h = http_next_header(a, h, &value)))
		if (!strcasecmp(h, name))
			return value;
	return NULL;
}

/* An HTTP-date (RFC 9110 section 5.6.7) in seconds since 1970, -1: none. */
static time_t read_date(const char *text)
{
	static const char *const formats[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
		"%a %b %e %H:%M:%S %Y",	     /* asctime() */
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct tm t = { 0 };
		const char *end = strptime(text, formats[i], &t);

		if (end && !*end)
			return timegm(&t);
	}
	return -1;
}

int64_t http_retry_after(const struct http_answer *a)
{
	const char *text = http_header(a, "Retry-After");
	long long seconds;
	time_t date;

	if (!text)
		return -1;
	if (text_to_int(text, 0, 86400LL * 365, &seconds))
		return seconds * 1000;
	date = read_date(text);
	if (date < 0)
		return -1;
	seconds = (long long)date * 1000 - clock_wall_ms();
	return seconds > 0 ? seconds : 0;
}

/* ---- again and again ---------------------------------------------------- */

/* Between half of @ms and all of it, so that many callers spread. */
static int64_t jittered(int64_t ms)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		r = (uint32_t)clock_us();
	return ms / 2 + r % (uint32_t)(ms / 2 + 1);
}

/* Retry-After is a floor, so jitter goes on top of it. */
static int64_t pause_before(int attempt, int64_t retry_after)
{
	int64_t backoff = jittered((int64_t)HTTP_BACKOFF_MS << attempt);

	return retry_after > 0 ? retry_after + backoff / 4 : backoff;
}

static bool is_worth_repeating(const struct http_request *rq, bool answered,
			       const struct http_answer *answer,
			       const struct attempt *attempt,
			       const struct error *err)
{
	if (answered)
		return rq->is_read &&
		       (answer->status == 429 || answer->status == 502 ||
			answer->status == 503);
	return err->code == ERR_CLOUD_UNAVAILABLE && !attempt->hopeless &&
	       (rq->is_read || !attempt->sent);
}

static int64_t time_for_pauses(const struct http_request *rq)
{
	int64_t left = clock_left(rq->deadline);

	return left < 0 ? HTTP_TIMEOUT_MS : left;
}

static int64_t end_of_attempt(const struct http_request *rq)
{
	int64_t end = clock_ms() + HTTP_TIMEOUT_MS;

	return rq->deadline && rq->deadline < end ? rq->deadline : end;
}

static void log_attempt(const struct http_request *rq, int attempt,
			int64_t began, const struct http_answer *answer)
{
	log_debug("cloud request", LOG_STR("method", rq->method),
		  LOG_SLICE("url",
			    ((struct slice){ rq->url, strcspn(rq->url, "?") })),
		  LOG_INT("attempt", attempt + 1),
		  LOG_INT("status", answer->status),
		  LOG_INT("ms", clock_ms() - began));
}

static bool settle_effect(const struct http_request *rq,
			  const struct attempt *attempt, struct error *err)
{
	err->effect =
		rq->is_read || !attempt->sent ? EFFECT_NONE : EFFECT_UNKNOWN;
	return false;
}

WAITS static bool send_with_retries(const struct http_request *rq,
				    struct http_answer *answer,
				    struct error *err)
{
	for (int n = 0;; n++) {
		struct attempt attempt = { 0 };
		int64_t began = clock_ms(), pause;
		bool ok;

		http_answer_done(answer);
		ok = transport_run(rq, end_of_attempt(rq), answer, &attempt,
				   err);
		log_attempt(rq, n, began, answer);
		pause = pause_before(n, ok ? http_retry_after(answer) : -1);
		if (n + 1 >= HTTP_ATTEMPTS || pause >= time_for_pauses(rq) ||
		    !is_worth_repeating(rq, ok, answer, &attempt, err))
			return ok || settle_effect(rq, &attempt, err);
		if (fiber_sleep(pause) == WAIT_CANCELLED) {
			fail(err, ERR_CANCELLED,
			     "cancelled while waiting to "
			     "send %s again",
			     rq->method);
			return settle_effect(rq, &attempt, err);
		}
	}
}

bool http_send(const struct http_request *rq, struct http_answer *answer,
	       struct error *err)
{
	*answer = (struct http_answer){ 0 };
	if (!check(rq, err))
		return false;
	if (replay_active())
		return replay_answer(rq, answer, err);
	if (!send_with_retries(rq, answer, err)) {
		http_answer_done(answer);
		return false;
	}
	record_exchange(rq, answer);
	return true;
}

void http_done(void)
{
	transport_done();
}
