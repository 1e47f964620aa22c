/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange: what goes over the wire, and its limits. */
#include "http_client.h"

/* ---- the plain way ------------------------------------------------------ */

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

/* ---- where it may go ------------------------------------------------------ */

static bool go(const char *method, const char *host, enum egress egress)
{
	snprintf(url, sizeof(url), "http://%s:%d/x", host, fake.port);
	http_answer_done(&answer);
	return http_send(
		&(struct http_request){ .method = method,
					.url = url,
					.egress = egress,
					.is_read = http_is_read(method) },
		&answer, &err);
}

static void refused(const char *host, enum egress egress, const char *why)
{
	static const char *const methods[] = { "GET", "POST" };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		assert_false(go(methods[i], host, egress));
		if (err.code != ERR_INVALID || !strstr(err.message, why))
			fail_msg("%s: %s", host, err.message);
		assert_int_equal(err.effect, EFFECT_NONE);
	}
}

/* Names and odd spellings lead where they lead: one that was public when it was
 * checked and is loopback now is refused, too. */
static void check_refuses(void)
{
	static const char *const hosts[] = {
		"127.0.0.1",  "localhost", "2130706433",	 "0x7f.1",
		"0177.0.0.1", "127.1",	   "[::ffff:127.0.0.1]", "0.0.0.0",
		"[::1]",      "[::]",
	};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		refused(hosts[i], EGRESS_PUBLIC, "private_networks");
	refused("10.0.0.1", EGRESS_PUBLIC, "10.0.0.1 (private)");
	refused("169.254.169.254", EGRESS_PUBLIC, "(link-local)");
	refused("169.254.169.254", EGRESS_ANY, "own endpoint");
	refused("[::ffff:a9fe:a9fe]", EGRESS_ANY, "(link-local)");
	refused("100.100.100.200", EGRESS_ANY, "(of a metadata service)");
	refused("[fd00:ec2::254]", EGRESS_ANY, "(of a metadata service)");
	assert_int_equal(fake.connections, 0);
	assert_true(go("GET", "127.0.0.1", EGRESS_ANY));
	assert_true(go("GET", "localhost", EGRESS_FREE));
	assert_int_equal(fake.requests, 2);
}

static void test_refuses_addresses(void **state)
{
	(void)state;
	fake.answer = echo;
	in_fiber(check_refuses);
}

/* A connection that another call has made is no way around. */
static void check_kept_connection(void)
{
	assert_true(go("GET", "127.0.0.1", EGRESS_FREE));
	refused("127.0.0.1", EGRESS_PUBLIC, "(loopback)");
	assert_int_equal(fake.requests, 1);
	assert_true(go("GET", "127.0.0.1", EGRESS_FREE));
	assert_int_equal(fake.requests, 2);
}

static void test_refuses_kept_connections(void **state)
{
	(void)state;
	fake.answer = echo;
	in_fiber(check_kept_connection);
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

#define WITH_CLOUD(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_exchange),
		WITH_CLOUD(test_reuse),
		WITH_CLOUD(test_redirect_is_not_followed),
		WITH_CLOUD(test_refuses_addresses),
		WITH_CLOUD(test_refuses_kept_connections),
		WITH_CLOUD(test_large_answers),
		WITH_CLOUD(test_not_http),
		WITH_CLOUD(test_tls_fault),
		WITH_CLOUD(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
