/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server in a loop of its own, with clients in fibers beside it: one
 * handler for each thing that can happen to an answer.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "http.h"

#define LONG (4 << 20)  /* bytes of a long answer */
#define TEXT "text/plain"

static struct http_server *server;
static char folder[] = "/tmp/skyclust-http-XXXXXX";
static struct sockaddr_un local = { .sun_family = AF_UNIX };
static unsigned done_count, done_status;
static bool cancelled;

/* ---- handlers, by path ----------------------------------------------------- */

static void echo(struct request *req)
{
	http_reply_copy(req, 200, TEXT, buf_slice(&req->body));
}

static void say_nothing(struct request *req UNUSED)
{
}

WAITS static void wait_for_ever(struct request *req)
{
	while (fiber_park(0) != WAIT_CANCELLED)
		;
	cancelled = true;
	http_reply(req, 499, TEXT, SLICE("gone"));
}

WAITS static bool write_long(struct request *req)
{
	static char piece[10000];
	size_t left = LONG;

	memset(piece, 'x', sizeof(piece));
	if (!req->has_stream)
		http_begin(req, 200, TEXT);
	while (left) {
		size_t n = left < sizeof(piece) ? left : sizeof(piece);

		if (!http_write(req, (struct slice){ piece, n }))
			return false;
		assert_true(req->out.n < 512 * 1024);
		left -= n;
	}
	return true;
}

WAITS static void stream(struct request *req)
{
	if (write_long(req))
		http_end(req);
}

WAITS static void never_end(struct request *req)
{
	while (write_long(req))
		;
	cancelled = true;
}

WAITS static void stream_short(struct request *req)
{
	http_begin(req, 200, TEXT);
	http_write(req, SLICE("a"));
	http_write(req, SLICE("b"));
	http_end(req);
}

/* Begun, taken back, answered otherwise. */
WAITS static void take_back(struct request *req)
{
	http_begin(req, 200, TEXT);
	http_write(req, SLICE("never seen"));
	assert_true(http_drop(req));
	http_reply(req, 500, TEXT, SLICE("sorry"));
}

WAITS static void break_off(struct request *req)
{
	write_long(req);
	assert_false(http_drop(req));
}

WAITS static void forget_end(struct request *req)
{
	write_long(req);
}

static void answer_twice(struct request *req)
{
	http_add_header(req, "X-Mine", "1");
	http_reply(req, 200, TEXT, SLICE("first"));
	http_reply(req, 500, TEXT, SLICE("second"));
}

static void tell_source(struct request *req)
{
	http_reply_copy(req, 200, TEXT, slice_of(req->source));
	assert_int_equal(req->local, !strcmp(req->source, "unix"));
}

static const struct {
	const char *path;
	WAITS void (*handle)(struct request *req);
} handlers[] = {
	{ "/echo", echo },		{ "/nothing", say_nothing },
	{ "/wait", wait_for_ever },	{ "/stream", stream },
	{ "/short", stream_short },	{ "/back", take_back },
	{ "/break", break_off },	{ "/forget", forget_end },
	{ "/endless", never_end },
	{ "/twice", answer_twice },	{ "/source", tell_source },
};

WAITS static void handle(struct request *req)
{
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++)
		if (!strcmp(req->path, handlers[i].path)) {
			handlers[i].handle(req);
			return;
		}
	http_reply(req, 404, TEXT, SLICE("none"));
}

static void refuse(struct request *req, const struct error *err)
{
	http_reply_copy(req, (unsigned)err_info(err->code)->http, TEXT,
			slice_of(err->message));
}

static void done(struct request *req)
{
	done_count++;
	done_status = req->status;
}

/* ---- clients --------------------------------------------------------------- */

static int dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)strtol(
		strrchr(http_address(server), ':') + 1, NULL, 10));
	assert_true(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ||
		    errno == EINPROGRESS);
	return fd;
}

WAITS static void send_text(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != ENOTCONN)
			return;
		if (sent < 0) {
			fiber_wait_fd(fd, EV_WRITE, clock_ms() + 10000);
			continue;
		}
		text += sent;
		n -= (size_t)sent;
	}
}

/* Read until the server closes. */
WAITS static void read_all(int fd, struct buf *out)
{
	char piece[65536];
	ssize_t n;

	while ((n = recv(fd, piece, sizeof(piece), 0)) != 0) {
		if (n > 0)
			buf_add(out, piece, (size_t)n);
		else if (errno != EAGAIN)
			return;
		else if (fiber_wait_fd(fd, EV_READ, clock_ms() + 10000) ==
			 WAIT_TIMEOUT)
			return;
	}
}

static int dial_local(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&local, sizeof(local)),
			 0);
	return fd;
}

/* What GET @path answers on @fd, up to the end of the connection. */
WAITS static struct buf get_from(int fd, const char *path)
{
	struct buf text = { 0 }, answer = { 0 };

	buf_printf(&text, "GET %s HTTP/1.1\r\nHost: x\r\n"
		   "Connection: close\r\n\r\n", path);
	send_text(fd, text.p);
	read_all(fd, &answer);
	buf_done(&text);
	close(fd);
	return answer;
}

WAITS static struct buf get(const char *path)
{
	return get_from(dial(), path);
}

/* ---- tests run in a fiber --------------------------------------------------- */

static bool finished(void *arg)
{
	return *(bool *)arg;
}

struct run {
	void (*test)(void);
	bool finished;
};

static void run_fiber(void *arg)
{
	struct run *run = arg;

	run->test();
	run->finished = true;
}

static void in_fiber(void (*test)(void))
{
	struct run run = { .test = test };

	assert_non_null(fiber_spawn("test", run_fiber, &run));
	assert_true(loop_run_until(finished, &run.finished, clock_ms() + 30000));
}

static int setup(void **state UNUSED)
{
	const struct http_options options = {
		.listen = "127.0.0.1:0", .socket = local.sun_path,
		.max_body = 1000,
		.max_connections = 100, .request_timeout_ms = 30000,
		.handle = handle, .refuse = refuse, .done = done,
	};
	struct error err;

	loop_init();
	server = http_new(&options, &err);
	done_count = 0;
	cancelled = false;
	return server ? 0 : -1;
}

static void stop_now(void)
{
	http_stop(server, clock_ms());
}

static int teardown(void **state UNUSED)
{
	in_fiber(stop_now);
	assert_int_equal(http_requests(server), 0);
	assert_int_equal(access(local.sun_path, F_OK), -1);
	http_free(server);
	loop_done();
	fiber_done();
	return 0;
}

static int make_folder(void **state UNUSED)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(local.sun_path, sizeof(local.sun_path), "%s/socket", folder);
	return 0;
}

static int remove_folder(void **state UNUSED)
{
	return rmdir(folder);
}

static void check_contains(struct buf *answer, const char *part)
{
	if (!strstr(answer->p ? answer->p : "", part))
		fail_msg("\"%s\" is not in: %.300s", part,
			 answer->p ? answer->p : "");
}

/* The answer of @path begins with @head and ends with @tail. */
WAITS static void check_get(const char *path, const char *head,
			    const char *part)
{
	struct buf answer = get(path);

	assert_int_equal(strncmp(answer.p, head, strlen(head)), 0);
	check_contains(&answer, part);
	buf_done(&answer);
}

static void answers(void)
{
	check_get("/none", "HTTP/1.1 404 ", "\r\n\r\nnone");
	check_get("/twice", "HTTP/1.1 200 ", "\r\n\r\nfirst");
	check_get("/twice", "HTTP/1.1 200 ", "X-Mine: 1\r\n");
	check_get("/nothing", "HTTP/1.1 500 ", "gave no answer");
	check_get("/short", "HTTP/1.1 200 ", "Content-Length: 2\r\n");
	check_get("/short", "HTTP/1.1 200 ", "\r\n\r\nab");
	check_get("/back", "HTTP/1.1 500 ", "\r\n\r\nsorry");
	assert_int_equal(done_count, 7);
	assert_int_equal(done_status, 500);
}

static void test_answers(void **state UNUSED)
{
	in_fiber(answers);
}

static void streams(void)
{
	struct buf answer = get("/stream");

	check_contains(&answer, "Transfer-Encoding: chunked\r\n");
	assert_true(answer.n > LONG);
	assert_memory_equal(answer.p + answer.n - 5, "0\r\n\r\n", 5);
	buf_done(&answer);
}

static void test_stream(void **state UNUSED)
{
	in_fiber(streams);
}

/* A part of an answer never ends as a whole one does. */
static void broken_streams(void)
{
	static const char *const paths[] = { "/break", "/forget" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct buf answer = get(paths[i]);

		check_contains(&answer, "Transfer-Encoding: chunked\r\n");
		assert_memory_not_equal(answer.p + answer.n - 5, "0\r\n\r\n", 5);
		buf_done(&answer);
	}
}

static void test_broken_stream(void **state UNUSED)
{
	in_fiber(broken_streams);
}

static bool was_cancelled(void *arg UNUSED)
{
	return cancelled && done_count;
}

static void leave_early(void)
{
	int fd = dial();

	send_text(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!http_requests(server))
		fiber_sleep(1);
	close(fd);
}

static void test_client_gone(void **state UNUSED)
{
	in_fiber(leave_early);
	assert_true(loop_run_until(was_cancelled, NULL, clock_ms() + 5000));
}

static void leave_stream(void)
{
	char piece[4096];
	int fd = dial();

	send_text(fd, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
	while (recv(fd, piece, sizeof(piece), 0) <= 0)
		fiber_wait_fd(fd, EV_READ, clock_ms() + 5000);
	close(fd);
}

static void test_client_gone_from_stream(void **state UNUSED)
{
	in_fiber(leave_stream);
	assert_true(loop_run_until(was_cancelled, NULL, clock_ms() + 5000));
}

/* @text in one go; the status of the answer. */
WAITS static long status_of(const char *text)
{
	struct buf answer = { 0 };
	int fd = dial();
	long status;

	send_text(fd, text);
	shutdown(fd, SHUT_WR);
	read_all(fd, &answer);
	status = answer.n > 9 ? strtol(answer.p + 9, NULL, 10) : 0;
	buf_done(&answer);
	close(fd);
	return status;
}

#define POST "POST /echo HTTP/1.1\r\nHost: x\r\n"

static void limits(void)
{
	struct buf text = { 0 };

	assert_int_equal(status_of(POST "Content-Length: 1001\r\n"
				   "Expect: 100-continue\r\n\r\n"), 413);
	assert_int_equal(status_of(POST "Content-Length: 1\r\n"
				   "Content-Length: 1\r\n\r\nx"), 400);
	assert_int_equal(status_of(POST "Host: y\r\n\r\n"), 400);
	buf_add_str(&text, "GET /");
	for (int i = 0; i < HTTP_MAX_URI; i++)
		buf_add_char(&text, 'u');
	buf_add_str(&text, " HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(status_of(text.p), 414);
	buf_done(&text);
}

static void test_limits(void **state UNUSED)
{
	in_fiber(limits);
}

/* A client that sends byte by byte is never idle, and still has no more than
 * its time. */
static void dawdle(void)
{
	struct buf answer = { 0 };
	int fd = dial();

	send_text(fd, "GET /ec");
	while (!http_connections(server))
		fiber_yield();
	for (int i = 0; i < 40; i++) {
		clock_advance(1000);
		send_text(fd, "o");
		fiber_yield();
	}
	read_all(fd, &answer);
	assert_int_equal(answer.n, 0);
	close(fd);
}

static void test_slow_request(void **state UNUSED)
{
	clock_set_virtual(1000000);
	in_fiber(dawdle);
	clock_set_real();
}

static void sources_locally(void)
{
	struct buf answer = get_from(dial_local(), "/source");

	check_contains(&answer, "\r\n\r\nunix");
	buf_done(&answer);
}

static void sources(void)
{
	sources_locally();
	check_get("/source", "HTTP/1.1 200 ", "\r\n\r\n127.0.0.1");
}

static void test_sources(void **state UNUSED)
{
	struct stat st;

	in_fiber(sources);
	assert_int_equal(stat(local.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Long calls and streams by the unix socket end with their client, too. */
static void leave_locally(void)
{
	int fd = dial_local();

	send_text(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!http_requests(server))
		fiber_sleep(1);
	close(fd);
}

static void test_local_client_gone(void **state UNUSED)
{
	in_fiber(leave_locally);
	assert_true(loop_run_until(was_cancelled, NULL, clock_ms() + 5000));
}

/* Until the server has so many connections. */
WAITS static void await_connections(size_t n)
{
	while (http_connections(server) != n)
		fiber_sleep(1);
}

/* The administrator gets in when the network has taken all there is. */
static void crowd(void)
{
	int clients[101];

	for (size_t i = 0; i < 100; i++)
		clients[i] = dial();
	await_connections(100);
	clients[100] = dial();
	sources_locally();
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
	await_connections(0);
}

static void test_shared_limit(void **state UNUSED)
{
	in_fiber(crowd);
}

static void test_addresses(void **state UNUSED)
{
	static const char *const refused[] = {
		"0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.org:80",
		"127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:65536",
		"127.0.0.1:-1", "[127.0.0.1:80", "::1:80x", "",
	};
	struct http_options options = { .max_connections = 1 };
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		options.listen = refused[i];
		assert_null(http_new(&options, &err));
		assert_int_equal(err.code, ERR_INVALID);
	}
	options.listen = strstr(http_address(server), "127.");
	assert_null(http_new(&options, &err));
	assert_int_equal(err.code, ERR_CONFLICT);
}

int main(void)
{
#define SERVED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		SERVED(test_answers),
		SERVED(test_stream),
		SERVED(test_broken_stream),
		SERVED(test_client_gone),
		SERVED(test_client_gone_from_stream),
		SERVED(test_limits),
		SERVED(test_slow_request),
		SERVED(test_sources),
		SERVED(test_local_client_gone),
		SERVED(test_shared_limit),
		SERVED(test_addresses),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
