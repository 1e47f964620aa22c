/* SPDX-License-Identifier: Apache-2.0 */
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

static const char *at(const char *path)
{
	snprintf(url, sizeof(url), "%s%s", fake.base, path);
	return url;
}

static bool get(const char *path)
{
	return http_send(&(struct http_request){ .method = "GET",
						 .url = at(path),
						 .is_read = true },
			 &answer, &err);
}

static bool post(const char *path, const char *body)
{
	return http_send(&(struct http_request){ .method = "POST",
						 .url = at(path),
						 .body = slice_of(body) },
			 &answer, &err);
}

static int set_up(void **state)
{
	(void)state;
	loop_init();
	fake_start();
	return 0;
}

static int tear_down(void **state)
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

/* ---- the plain way ------------------------------------------------------ */

static enum fake_end echo(const struct fake_request *rq, struct buf *out)
{
	struct buf body = { 0 };

	buf_printf(&body, "%s|%s", rq->head, rq->body);
	fake_reply(out, 200, "X-One: 1\r\nx-two:  two \r\nX-One: again\r\n",
		   body.p);
	buf_done(&body);
	return FAKE_KEEP;
}

static void check_get(void)
{
	const char *const headers[] = { "X-Mine: yes", "Accept: a/b", NULL };

	assert_true(http_send(&(struct http_request){ .method = "GET",
						      .url = at("/a?b=c"),
						      .headers = headers,
						      .is_read = true },
			      &answer, &err));
	assert_int_equal(answer.status, 200);
	assert_non_null(strstr(answer.body.p, "GET /a?b=c HTTP/1.1\r\n"));
	assert_non_null(strstr(answer.body.p, "X-Mine: yes\r\n"));
	assert_non_null(strstr(answer.body.p, "Accept: a/b\r\n"));
	assert_null(strstr(answer.body.p, "Content-Type"));
	assert_string_equal(http_header(&answer, "x-ONE"), "1");
	assert_string_equal(http_header(&answer, "X-Two"), "two");
	assert_null(http_header(&answer, "X-Three"));
}

static void check_post(void)
{
	const char *const headers[] = { "Content-Type: application/json",
					NULL };
	struct http_request rq = { .method = "POST",
				   .url = at("/p"),
				   .headers = headers,
				   .body = SLICE("{\"a\":1}") };

	assert_true(http_send(&rq, &answer, &err));
	assert_non_null(strstr(answer.body.p, "POST /p HTTP/1.1\r\n"));
	assert_non_null(
		strstr(answer.body.p, "Content-Type: application/json\r"));
	assert_non_null(strstr(answer.body.p, "Content-Length: 7\r\n"));
	assert_non_null(strstr(answer.body.p, "|{\"a\":1}"));
	assert_null(strstr(answer.body.p, "Expect"));
	http_answer_done(&answer);
	assert_true(post("/empty", NULL));
	assert_non_null(strstr(answer.body.p, "Content-Length: 0\r\n"));
	assert_null(strstr(answer.body.p, "Content-Type"));
}

static void check_methods(void)
{
	struct http_request rq = { .method = "DELETE", .url = at("/d") };

	assert_true(http_send(&rq, &answer, &err));
	assert_non_null(strstr(answer.body.p, "DELETE /d"));
	http_answer_done(&answer);
	rq.method = "PUT";
	assert_true(http_send(&rq, &answer, &err));
	assert_non_null(strstr(answer.body.p, "Content-Length: 0"));
	http_answer_done(&answer);
	rq.method = "HEAD";
	rq.is_read = true;
	assert_true(http_send(&rq, &answer, &err));
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body.n, 0);
	assert_true(http_is_read("GET") && http_is_read("HEAD"));
	assert_false(http_is_read("POST"));
}

static void test_exchange(void **state)
{
	(void)state;
	fake.answer = echo;
	in_fiber(check_get);
	http_answer_done(&answer);
	in_fiber(check_post);
	http_answer_done(&answer);
	in_fiber(check_methods);
}

/* A reused connection that turns out dead would be tried again by libcurl
 * without a word; what changes something must not be. */
static void check_reuse(void)
{
	assert_true(get("/1"));
	http_answer_done(&answer);
	assert_true(get("/2"));
	http_answer_done(&answer);
	assert_int_equal(fake.connections, 1);
	assert_true(post("/3", "x"));
	assert_int_equal(fake.connections, 2);
}

static void test_reuse(void **state)
{
	(void)state;
	fake.answer = echo;
	in_fiber(check_reuse);
}

static enum fake_end interim(const struct fake_request *rq, struct buf *out)
{
	(void)rq;
	buf_add_str(out, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
	fake_reply(out, 302, "Location: /elsewhere\r\n", "moved");
	return FAKE_KEEP;
}

static void check_redirect(void)
{
	assert_true(get("/"));
	assert_int_equal(answer.status, 302);
	assert_null(http_header(&answer, "X-Early"));
	assert_int_equal(fake.requests, 1);
}

static void test_redirect_is_not_followed(void **state)
{
	(void)state;
	fake.answer = interim;
	in_fiber(check_redirect);
}

/* ---- again and again ---------------------------------------------------- */

static const char *retry_after;
static int busy_status, busy_times;

static enum fake_end busy(const struct fake_request *rq, struct buf *out)
{
	if (rq->number <= busy_times)
		fake_reply(out, busy_status, retry_after, "busy");
	else
		fake_reply(out, 200, "", "done");
	return FAKE_KEEP;
}

static int64_t waited;

static void check_busy(void)
{
	int64_t began = clock_ms();

	assert_true(
		http_send(&(struct http_request){ .method = "GET",
						  .url = at("/"),
						  .is_read = true,
						  .deadline = began + 300000 },
			  &answer, &err));
	waited = clock_ms() - began;
}

static void ask_busy(int status, int times, const char *after)
{
	fake.answer = busy;
	fake.requests = 0;
	busy_status = status;
	busy_times = times;
	retry_after = after;
	http_answer_done(&answer);
	virtual_time(true);
	in_fiber(check_busy);
	virtual_time(false);
}

static void test_retry_after(void **state)
{
	(void)state;
	ask_busy(503, 1, "Retry-After: 120\r\n");
	assert_int_equal(answer.status, 200);
	assert_int_equal(fake.requests, 2);
	assert_in_range(waited, 120000, 135000);

	/* The virtual wall begins with 2026 and stands at 1000 s. */
	ask_busy(429, 1, "Retry-After: Thu, 01 Jan 2026 00:18:20 GMT\r\n");
	assert_int_equal(answer.status, 200);
	assert_in_range(waited, 98000, 115000);

	/* Beyond the deadline: the answer itself, at once. */
	ask_busy(503, 1, "Retry-After: 1000\r\n");
	assert_int_equal(answer.status, 503);
	assert_int_equal(fake.requests, 1);
	assert_in_range(waited, 0, 15000);
	assert_int_equal(http_retry_after(&answer), 1000000);
}

static void test_back_off(void **state)
{
	(void)state;
	ask_busy(502, 2, "");
	assert_int_equal(answer.status, 200);
	assert_int_equal(fake.requests, 3);
	assert_true(waited >= HTTP_BACKOFF_MS / 2 + HTTP_BACKOFF_MS);
	ask_busy(503, 100, "Retry-After: soon\r\n");
	assert_int_equal(answer.status, 503);
	assert_int_equal(fake.requests, HTTP_ATTEMPTS);
	assert_int_equal(http_retry_after(&answer), -1);
	ask_busy(500, 1, "");
	assert_int_equal(answer.status, 500);
	assert_int_equal(fake.requests, 1);
}

static void check_mutation(void)
{
	assert_true(post("/", "x"));
	assert_int_equal(answer.status, 503);
	assert_int_equal(fake.requests, 1);
}

static void test_mutation_is_not_repeated(void **state)
{
	(void)state;
	fake.answer = busy;
	busy_status = 503;
	busy_times = 100;
	retry_after = "Retry-After: 0\r\n";
	in_fiber(check_mutation);
}

static int lost_times;

static enum fake_end lose(const struct fake_request *rq, struct buf *out)
{
	if (rq->number > lost_times)
		fake_reply(out, 200, "", "found");
	return rq->number > lost_times ? FAKE_KEEP : FAKE_CLOSE;
}

static void check_lost(void)
{
	lost_times = 2;
	assert_true(get("/"));
	assert_string_equal(answer.body.p, "found");
	assert_int_equal(fake.requests, 3);
	http_answer_done(&answer);

	lost_times = 1000;
	assert_false(get("/"));
	assert_int_equal(err.code, ERR_CLOUD_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_NONE);
	fake.requests = 0;
	assert_false(post("/?secret=1", "x"));
	assert_int_equal(err.code, ERR_CLOUD_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_UNKNOWN);
	assert_int_equal(fake.requests, 1);
	assert_null(strstr(err.message, "secret"));
}

static void test_lost_connection(void **state)
{
	(void)state;
	fake.answer = lose;
	virtual_time(true);
	in_fiber(check_lost);
	virtual_time(false);
}

/* A port where nobody listens: it was ours a moment ago. */
static void check_refused(void)
{
	int64_t began = clock_ms();

	assert_false(post("/", "x"));
	assert_int_equal(err.code, ERR_CLOUD_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_true(clock_ms() - began >= HTTP_BACKOFF_MS * 7 / 2);
}

static void test_connection_refused(void **state)
{
	(void)state;
	ev_io_stop(loop_ev(), &fake_io);
	close(fake.fd);
	virtual_time(true);
	in_fiber(check_refused);
	virtual_time(false);
	fake.fd = dup(0);
	ev_io_set(&fake_io, fake.fd, EV_READ);
	ev_io_start(loop_ev(), &fake_io);
}

/* ---- limits ------------------------------------------------------------- */

static enum fake_end large(const struct fake_request *rq, struct buf *out)
{
	/* gzip's beginning of 1 MiB of zeros; the rest are zeros, too. */
	static const unsigned char head[] = {
		0x1f, 0x8b, 8,	  0,	0, 0,	 0,    0, 2,
		3,    0xed, 0xc1, 0x31, 1, 0,	 0,    0, 0xc2,
		0xa0, 0xf5, 0x4f, 0x6d, 8, 0x5f, 0xa0,
	};

	if (!strcmp(rq->target, "/length")) {
		buf_add_str(out,
			    "HTTP/1.1 200 X\r\nContent-Length: 2000\r\n\r\n");
		for (int i = 0; i < 200; i++)
			buf_add_str(out, "0123456789");
	} else if (!strcmp(rq->target, "/gzip")) {
		buf_add_str(out, "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n"
				 "Content-Length: 1041\r\n\r\n");
		buf_add(out, head, sizeof(head));
		for (int i = 0; i < 1016; i++)
			buf_add_char(out, '\0');
	} else {
		buf_add_str(out, "HTTP/1.1 200 X\r\n");
		for (int i = 0; i < 5000; i++)
			buf_printf(out, "X-%d: 0123456789\r\n", i);
		buf_add_str(out, "Content-Length: 0\r\n\r\n");
	}
	return FAKE_KEEP;
}

static void check_large(void)
{
	static const char *const paths[] = { "/length", "/gzip", "/headers" };
	struct http_request rq = { .method = "GET",
				   .is_read = true,
				   .answer_max = 1999 };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		fake.requests = 0;
		rq.url = at(paths[i]);
		assert_false(http_send(&rq, &answer, &err));
		assert_int_equal(err.code, ERR_CLOUD_BAD_ANSWER);
		assert_non_null(strstr(err.message, "too large"));
		assert_int_equal(fake.requests, 1);
	}
	rq.url = at("/length");
	rq.answer_max = 2000;
	assert_true(http_send(&rq, &answer, &err));
	assert_int_equal(answer.body.n, 2000);
}

static void test_large_answers(void **state)
{
	(void)state;
	fake.answer = large;
	in_fiber(check_large);
}

static enum fake_end babble(const struct fake_request *rq, struct buf *out)
{
	buf_add_str(out,
		    rq->target[1] == 'g'
			    ? "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n"
			      "Content-Length: 5\r\n\r\nhello"
			    : "220 mail.test ESMTP\r\n");
	return FAKE_CLOSE;
}

static void check_babble(void)
{
	assert_false(get("/"));
	assert_int_equal(err.code, ERR_CLOUD_BAD_ANSWER);
	assert_false(get("/gzip"));
	assert_int_equal(err.code, ERR_CLOUD_BAD_ANSWER);
	assert_int_equal(fake.requests, 2);
}

static void test_not_http(void **state)
{
	(void)state;
	fake.answer = babble;
	in_fiber(check_babble);
}

/* Plain HTTP where TLS was asked for: trying again would not help. */
static void check_tls(void)
{
	char text[64];

	snprintf(text, sizeof(text), "https://127.0.0.1:%d/", fake.port);
	assert_false(http_send(
		&(struct http_request){ .method = "POST", .url = text },
		&answer, &err));
	assert_int_equal(err.code, ERR_CLOUD_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_non_null(strstr(err.message, "TLS"));
	assert_int_equal(fake.connections, 1);
}

static void test_tls_fault(void **state)
{
	(void)state;
	in_fiber(check_tls);
}

/* ---- giving up ---------------------------------------------------------- */

static enum fake_end never(const struct fake_request *rq, struct buf *out)
{
	(void)rq;
	(void)out;
	return FAKE_HANG;
}

static struct fiber *asking;

static void ask_for_ever(void *arg)
{
	(void)arg;
	asking = fiber_self();
	assert_false(get("/slow"));
	assert_int_equal(err.code, ERR_CANCELLED);
	assert_int_equal(err.effect, EFFECT_NONE);
	fake_over = true;
}

static bool has_request(void *arg)
{
	(void)arg;
	return fake.requests > 0;
}

static bool has_hung_up(void *arg)
{
	(void)arg;
	return fake.hung_up > 0;
}

static void test_cancel(void **state)
{
	(void)state;
	fake.answer = never;
	fake_over = false;
	assert_non_null(fiber_spawn("asking", ask_for_ever, NULL));
	assert_true(loop_run_until(has_request, NULL, clock_ms() + 10000));
	fiber_cancel(asking);
	assert_true(loop_run_until(fake_is_over, NULL, clock_ms() + 10000));
	assert_true(loop_run_until(has_hung_up, NULL, clock_ms() + 10000));
	assert_int_equal(fake.requests, 1);
}

static void ask_busy_for_ever(void *arg)
{
	(void)arg;
	asking = fiber_self();
	assert_false(get("/"));
	assert_int_equal(err.code, ERR_CANCELLED);
	fake_over = true;
}

static void test_cancel_between_attempts(void **state)
{
	(void)state;
	fake.answer = busy;
	busy_status = 503;
	busy_times = 100;
	retry_after = "Retry-After: 20\r\n";
	fake_over = false;
	assert_non_null(fiber_spawn("asking", ask_busy_for_ever, NULL));
	assert_true(loop_run_until(has_request, NULL, clock_ms() + 10000));
	fiber_cancel(asking);
	assert_true(loop_run_until(fake_is_over, NULL, clock_ms() + 10000));
}

static void check_deadline(void)
{
	struct http_request rq = { .method = "POST",
				   .url = at("/"),
				   .deadline = clock_ms() + 5000 };

	assert_false(http_send(&rq, &answer, &err));
	assert_int_equal(err.code, ERR_DEADLINE);
	assert_int_equal(err.effect, EFFECT_UNKNOWN);
	assert_in_range(clock_ms(), rq.deadline, rq.deadline + 2000);

	rq.deadline = 0;
	assert_false(http_send(&rq, &answer, &err));
	assert_int_equal(err.code, ERR_CLOUD_UNAVAILABLE);
	assert_int_equal(fake.requests, 2);
}

static void test_deadline(void **state)
{
	(void)state;
	fake.answer = never;
	virtual_time(true);
	in_fiber(check_deadline);
	virtual_time(false);
}

/* ---- many at once ------------------------------------------------------- */

static int finished;

static void ask_once(void *arg)
{
	struct http_answer mine;
	struct error why;
	struct http_request rq = { .method = "GET",
				   .is_read = true,
				   .url = arg };

	assert_true(http_send(&rq, &mine, &why));
	http_answer_done(&mine);
	finished++;
}

static bool all_finished(void *arg)
{
	(void)arg;
	return finished == 40;
}

static void test_many(void **state)
{
	char text[sizeof(fake.base) + 8];

	(void)state;
	fake.answer = echo;
	finished = 0;
	snprintf(text, sizeof(text), "%s/many", fake.base);
	for (int i = 0; i < 40; i++)
		assert_non_null(fiber_spawn("many", ask_once, text));
	assert_true(loop_run_until(all_finished, NULL, clock_ms() + 20000));
	assert_int_equal(fake.requests, 40);
	assert_in_range(fake.connections, 2, HTTP_PER_HOST);
}

/* ---- what is refused before it is sent ---------------------------------- */

static void check_refusals(void)
{
	static const char *const urls[] = {
		"",
		"ftp://h/",
		"file:///etc/passwd",
		"http://",
		"http:///x",
		"http://u:p@h/",
		"http://h/a b",
		"http://h/\r\nX: y",
		"http://h:0/",
		"http://h:99999/",
		"http://h:x/",
		"http://h\\x/",
		"http://[::1",
		"//h/x",
		"http://:80/",
	};
	static const char *const headers[] = {
		"X: a\r\nY: b", "X: a\nb", "no colon", ": x",
		"A B: x",	"X: \x7f", "X: \x01",
	};
	static const char *const methods[] = { "", "get", "GET /", "G\r\n" };
	struct http_request rq = { .method = "GET" };

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		rq.url = urls[i];
		if (http_send(&rq, &answer, &err))
			fail_msg("sent %s", urls[i]);
		assert_int_equal(err.code, ERR_INVALID);
	}
	rq.url = at("/");
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		rq.headers = (const char *const[]){ headers[i], NULL };
		if (http_send(&rq, &answer, &err))
			fail_msg("sent %s", headers[i]);
		assert_int_equal(err.code, ERR_INVALID);
	}
	rq.headers = NULL;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		rq.method = methods[i];
		assert_false(http_send(&rq, &answer, &err));
	}
	assert_int_equal(fake.connections, 0);
}

static void test_refusals(void **state)
{
	(void)state;
	fake.answer = echo;
	in_fiber(check_refusals);
}

static void test_origins(void **state)
{
	struct slice o;

	(void)state;
	assert_true(http_origin("https://h.test:8443/x?y", &o));
	assert_true(slice_eq(o, "https://h.test:8443"));
	assert_true(http_origin("http://[::1]:80", &o));
	assert_true(slice_eq(o, "http://[::1]:80"));
	assert_true(http_same_origin("http://h/a", "HTTP://H:80/b?c"));
	assert_true(http_same_origin("https://h", "https://h:443/"));
	assert_true(http_same_origin("http://[::1]:5/", "http://[::1]:5?x"));
	assert_false(http_same_origin("http://h/", "https://h/"));
	assert_false(http_same_origin("http://h/", "http://h.evil/"));
	assert_false(http_same_origin("http://h/", "http://h:81/"));
	assert_false(http_same_origin("http://h/", "http://h@evil/"));
	assert_false(http_same_origin("http://h/", "/x"));
	assert_false(http_same_origin("http://h/", "http://evil\\@h/"));
}

#define WITH_CLOUD(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_exchange),
		WITH_CLOUD(test_reuse),
		WITH_CLOUD(test_redirect_is_not_followed),
		WITH_CLOUD(test_retry_after),
		WITH_CLOUD(test_back_off),
		WITH_CLOUD(test_mutation_is_not_repeated),
		WITH_CLOUD(test_lost_connection),
		WITH_CLOUD(test_connection_refused),
		WITH_CLOUD(test_large_answers),
		WITH_CLOUD(test_not_http),
		WITH_CLOUD(test_tls_fault),
		WITH_CLOUD(test_cancel),
		WITH_CLOUD(test_cancel_between_attempts),
		WITH_CLOUD(test_deadline),
		WITH_CLOUD(test_many),
		WITH_CLOUD(test_refusals),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
