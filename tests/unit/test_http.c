/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts, cancels, deadlines; what is not even tried. */
#include "http_client.h"

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

static void test_retry_after_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },
		{ "120", 120000 },
		{ "Thu, 01 Jan 2026 00:01:00 GMT", 50000 },
		{ "Thursday, 01-Jan-26 00:01:00 GMT", 50000 },
		{ "Thu Jan  1 00:01:00 2026", 50000 },
		{ "Thu, 01 Jan 2015 00:00:00 GMT", 0 }, /* over */
		{ "Thu, 01 Jan 2026 00:01:00 CET", -1 },
		{ "-5", -1 },
		{ "1.5", -1 },
		{ "99999999999", -1 },
		{ "", -1 },
	};
	struct http_answer a = { 0 };

	(void)state;
	clock_set_virtual(10000); /* its wall begins with 2026 */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_add(&a.headers, "Retry-After", 12);
		buf_add(&a.headers, rows[i].text, strlen(rows[i].text) + 1);
		if (http_retry_after(&a) != rows[i].ms)
			fail_msg("%s: %lld", rows[i].text,
				 (long long)http_retry_after(&a));
		http_answer_done(&a);
	}
	clock_set_real();
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
		WITH_CLOUD(test_retry_after),
		WITH_CLOUD(test_back_off),
		WITH_CLOUD(test_mutation_is_not_repeated),
		WITH_CLOUD(test_lost_connection),
		WITH_CLOUD(test_connection_refused),
		WITH_CLOUD(test_cancel),
		WITH_CLOUD(test_cancel_between_attempts),
		WITH_CLOUD(test_deadline),
		WITH_CLOUD(test_refusals),
		cmocka_unit_test(test_retry_after_forms),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
