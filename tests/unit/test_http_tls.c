/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server over TLS: whatever a client may do to a connection, and
 * certificates that change meanwhile.  What is agreed on with clients, and what
 * is said of bad files, is for tests/api/test_tls.py.
 */
#include "tls_run.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/loop.h"
#include "http.h"

#define LONG (4 << 20)
#define TEXT "text/plain"
#define PATIENCE_MS 10000

static struct http_server *server;
static struct tls_files files;
static bool cancelled;

/* ---- the server ------------------------------------------------------------ */

WAITS static void wait_for_ever(void)
{
	while (fiber_park(0) != WAIT_CANCELLED)
		;
	cancelled = true;
}

WAITS static void stream(struct request *req)
{
	static const char piece[10000] = "x";

	http_begin(req, 200, TEXT);
	for (size_t sent = 0; sent < LONG; sent += sizeof(piece))
		if (!http_write(req, (struct slice){ piece, sizeof(piece) }))
			return;
	http_end(req);
}

WAITS static void handle(struct request *req)
{
	if (!strcmp(req->path, "/wait"))
		wait_for_ever();
	else if (!strcmp(req->path, "/stream"))
		stream(req);
	else if (!strcmp(req->path, "/source"))
		http_reply_copy(req, 200, TEXT, slice_of(req->source));
	else if (!strcmp(req->path, "/echo"))
		http_reply_copy(req, 200, TEXT, buf_slice(&req->body));
	else
		http_reply_copy(req, 200, TEXT,
				slice_of(req->peer ? req->peer : "nobody"));
}

static void refuse(struct request *req, const struct error *err)
{
	http_reply_copy(req, 400, TEXT, slice_of(err->message));
}

static void done(struct request *req UNUSED)
{
}

static int start(const char *listen, const char *client_ca)
{
	struct http_options options = {
		.listen = listen,
		.max_body = 100000,
		.max_connections = 100,
		.request_timeout_ms = 30000,
		.handle = handle,
		.refuse = refuse,
		.done = done,
	};
	struct error err;

	loop_init();
	tls_make("server", 1);
	tls_make("client", 2);
	files = (struct tls_files){ tls_path("server.pem"),
				    tls_path("server.key"),
				    client_ca ? tls_path(client_ca) : NULL };
	options.tls = files;
	server = http_new(&options, &err);
	cancelled = false;
	return server ? 0 : -1;
}

static int setup(void **state UNUSED)
{
	return start("127.0.0.1:0", NULL);
}

static int setup_with_clients(void **state UNUSED)
{
	return start("127.0.0.1:0", "client.pem");
}

/* Without IPv6 there is no server. */
static int setup_everywhere(void **state UNUSED)
{
	start("[::]:0", NULL);
	return 0;
}

/* ---- tests run in a fiber ---------------------------------------------------- */

struct run {
	WAITS void (*test)(void);
	bool finished;
};

static void run_fiber(void *arg)
{
	struct run *run = arg;

	run->test();
	run->finished = true;
}

static bool has_finished(void *arg)
{
	return ((struct run *)arg)->finished;
}

static void in_fiber(WAITS void (*test)(void))
{
	struct run run = { .test = test };

	assert_non_null(fiber_spawn("test", run_fiber, &run));
	assert_true(loop_run_until(has_finished, &run, clock_ms() + 30000));
}

static void stop_now(void)
{
	http_stop(server, clock_ms());
}

static int teardown(void **state UNUSED)
{
	if (server)
		in_fiber(stop_now);
	http_free(server);
	loop_done();
	fiber_done();
	return 0;
}

/* ---- clients ----------------------------------------------------------------- */

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

WAITS static void greet(struct tls_client *c, const char *name)
{
	tls_client_init(c, dial(), name);
	assert_int_equal(tls_client_greet(c), 0);
}

WAITS static void ask(struct tls_client *c, const char *path)
{
	AUTO(buf_done) struct buf text = { 0 };

	buf_printf(&text, "GET %s HTTP/1.1\r\nHost: x\r\n"
		   "Connection: close\r\n\r\n", path);
	tls_client_send(c, text.p);
}

/* The answer to GET @path on a connection of its own ends with @end. */
WAITS static void check_get(const char *name, const char *path,
			    const char *end)
{
	AUTO(buf_done) struct buf answer = { 0 };
	struct tls_client c;
	size_t n = strlen(end);

	greet(&c, name);
	ask(&c, path);
	tls_client_read(&c, &answer);
	assert_true(answer.n > n);
	assert_string_equal(answer.p + answer.n - n, end);
	tls_client_done(&c);
}

static void until(size_t connections)
{
	int64_t end = clock_ms() + PATIENCE_MS;

	while (http_connections(server) != connections && clock_ms() < end)
		fiber_sleep(1);
	assert_int_equal(http_connections(server), connections);
}

/* ---- answers --------------------------------------------------------------- */

WAITS static void answers(void)
{
	AUTO(buf_done) struct buf answer = { 0 };
	struct tls_client c;

	check_get(NULL, "/", "\r\n\r\nnobody");
	greet(&c, NULL);
	ask(&c, "/stream");
	tls_client_read(&c, &answer);
	assert_true(answer.n > LONG);
	assert_memory_equal(answer.p + answer.n - 5, "0\r\n\r\n", 5);
	tls_client_done(&c);
}

static void test_answers(void **state UNUSED)
{
	in_fiber(answers);
}

/* A body of many records, of which the server reads several at once. */
WAITS static void send_body(void)
{
	AUTO(buf_done) struct buf text = { 0 }, answer = { 0 };
	struct tls_client c;

	buf_add_str(&text, "POST /echo HTTP/1.1\r\nHost: x\r\n"
		    "Connection: close\r\nContent-Length: 90000\r\n\r\n");
	for (int i = 0; i < 9000; i++)
		buf_printf(&text, "%09d\n", i);
	greet(&c, NULL);
	tls_client_send(&c, text.p);
	tls_client_read(&c, &answer);
	assert_true(answer.n > 90000);
	assert_string_equal(answer.p + answer.n - 10, "000008999\n");
	tls_client_done(&c);
}

static void test_body(void **state UNUSED)
{
	in_fiber(send_body);
}

/* An IPv4 client of an IPv6 socket is what it is. */
WAITS static void mapped(void)
{
	check_get(NULL, "/source", "\r\n\r\n127.0.0.1");
}

static void test_source(void **state UNUSED)
{
	if (!server)
		skip();
	in_fiber(mapped);
}

/* ---- clients that leave, or never come -------------------------------------- */

WAITS static void leave_early(void)
{
	struct tls_client c;

	greet(&c, NULL);
	ask(&c, "/wait");
	while (!http_requests(server))
		fiber_sleep(1);
	tls_client_done(&c);
	until(0);
	assert_true(cancelled);
}

static void test_client_gone(void **state UNUSED)
{
	in_fiber(leave_early);
}

/* It says goodbye and ends its side, together with the end of its words. */
WAITS static void leave_politely(void)
{
	AUTO(buf_done) struct buf rest = { 0 };
	struct tls_client c;

	greet(&c, NULL);
	tls_client_send(&c, "GET / HT");
	gnutls_bye(c.session, GNUTLS_SHUT_WR);
	shutdown(c.fd, SHUT_WR);
	until(0);
	tls_client_done(&c);
}

static void test_half_a_request(void **state UNUSED)
{
	in_fiber(leave_politely);
}

WAITS static void leave_politely_while_it_works(void)
{
	struct tls_client c;

	greet(&c, NULL);
	ask(&c, "/wait");
	gnutls_bye(c.session, GNUTLS_SHUT_WR);
	shutdown(c.fd, SHUT_WR);
	until(0);
	assert_true(cancelled);
	tls_client_done(&c);
}

static void test_half_closed(void **state UNUSED)
{
	in_fiber(leave_politely_while_it_works);
}

/* Nothing but the connection, then byte by byte: neither lives longer than a
 * request may take. */
WAITS static void dawdle(void)
{
	struct tls_client c;
	int silent = dial();

	greet(&c, NULL);
	until(2);
	tls_client_send(&c, "GET /");
	for (int i = 0; i < 40; i++) {
		clock_advance(1000);
		tls_client_send(&c, "o");
		fiber_yield();
	}
	while (http_connections(server))
		fiber_yield();
	close(silent);
	tls_client_done(&c);
}

static void test_slow_clients(void **state UNUSED)
{
	clock_set_virtual(1000000);
	in_fiber(dawdle);
	clock_set_real();
}

/* A client that stops in the middle of its handshake, and one that stops after
 * it, cost nothing: the loop sleeps. */
WAITS static void stop_half_way(void)
{
	static const char begin[] = "\x16\x03\x01\x02\x00\x01"; /* of a ClientHello */
	struct tls_client idle;
	int half = dial();
	unsigned turns;

	greet(&idle, NULL);
	until(2);
	assert_int_equal(send(half, begin, sizeof(begin) - 1, 0), 6);
	fiber_sleep(20);
	turns = ev_iteration(loop_ev());
	fiber_sleep(200);
	assert_in_range(ev_iteration(loop_ev()) - turns, 1, 8);
	close(half);
	until(1);
	ask(&idle, "/");
	until(0);
	tls_client_done(&idle);
}

static void test_silent_clients(void **state UNUSED)
{
	in_fiber(stop_half_way);
}

/* Nor does one that does not read its answer. */
WAITS static void stop_reading(void)
{
	struct tls_client c;
	unsigned turns;

	greet(&c, NULL);
	ask(&c, "/stream");
	fiber_sleep(100);
	turns = ev_iteration(loop_ev());
	fiber_sleep(200);
	assert_in_range(ev_iteration(loop_ev()) - turns, 1, 8);
	assert_int_equal(http_requests(server), 1);
	tls_client_done(&c);
	until(0);
}

static void test_client_that_does_not_read(void **state UNUSED)
{
	in_fiber(stop_reading);
}

/* The server stops while a client is in the middle of its handshake. */
WAITS static void leave_half_way(void)
{
	int fd = dial();

	until(1);
	fiber_sleep(20);
	http_free(server);
	server = NULL;
	close(fd);
}

static void test_stop_in_a_handshake(void **state UNUSED)
{
	in_fiber(leave_half_way);
}

/* ---- certificates ------------------------------------------------------------ */

/* The serial number of the certificate that a new client sees. */
WAITS static int serial(void)
{
	struct tls_client c;
	gnutls_x509_crt_t crt;
	unsigned char number[4];
	size_t n = sizeof(number);
	unsigned count;

	greet(&c, NULL);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_import(
		crt, gnutls_certificate_get_peers(c.session, &count),
		GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_get_serial(crt, number, &n);
	gnutls_x509_crt_deinit(crt);
	tls_client_done(&c);
	return number[n - 1];
}

static void replace(const char *kind)
{
	char from[16], to[16];

	snprintf(from, sizeof(from), "next.%s", kind);
	snprintf(to, sizeof(to), "server.%s", kind);
	assert_int_equal(rename(tls_path(from), tls_path(to)), 0);
}

/* The files are looked at by connections, once a second. */
WAITS static void change_files(void)
{
	assert_int_equal(serial(), 1);
	tls_make("next", 3);
	replace("key");
	assert_int_equal(serial(), 1);
	clock_advance(1000);
	assert_int_equal(serial(), 1); /* they do not fit */
	replace("pem");
	assert_int_equal(serial(), 1);
	clock_advance(1000);
	assert_int_equal(serial(), 3);
}

static void test_changed_files(void **state UNUSED)
{
	clock_set_virtual(clock_wall_ms() - CLOCK_VIRTUAL_EPOCH);
	in_fiber(change_files);
	clock_set_real();
}

/* A session in the middle of its handshake keeps what it began with. */
WAITS static void change_under_a_handshake(void)
{
	struct tls_client c;
	struct error err;

	tls_client_init(&c, dial(), NULL);
	until(1);
	tls_make("server", 4);
	assert_true(http_reload(server, &files, &err));
	assert_int_equal(tls_client_greet(&c), 0);
	ask(&c, "/");
	assert_int_equal(serial(), 4);
	tls_client_done(&c);
}

static void test_change_under_a_handshake(void **state UNUSED)
{
	in_fiber(change_under_a_handshake);
}

WAITS static void reload_badly(void)
{
	struct tls_files bad = files;
	struct error err;

	bad.key = tls_path("client.key");
	assert_false(http_reload(server, &bad, &err));
	assert_int_equal(err.code, ERR_INVALID);
	bad = (struct tls_files){ 0 };
	assert_false(http_reload(server, &bad, &err));
	assert_int_equal(serial(), 1);
}

static void test_bad_reload(void **state UNUSED)
{
	in_fiber(reload_badly);
}

/* ---- clients with certificates ---------------------------------------------- */

WAITS static void show(void)
{
	AUTO(buf_done) struct buf answer = { 0 };
	struct tls_client c;

	check_get("client", "/", "\r\n\r\nCN=client,O=SkyClust");
	tls_client_init(&c, dial(), "server"); /* not of that authority */
	tls_client_greet(&c);
	ask(&c, "/");
	tls_client_read(&c, &answer);
	assert_int_equal(answer.n, 0);
	tls_client_done(&c);
	until(0);
}

static void test_peer(void **state UNUSED)
{
	in_fiber(show);
}

int main(void)
{
#define SERVED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		SERVED(test_answers),
		SERVED(test_body),
		cmocka_unit_test_setup_teardown(test_source, setup_everywhere,
						teardown),
		SERVED(test_client_gone),
		SERVED(test_half_a_request),
		SERVED(test_half_closed),
		SERVED(test_slow_clients),
		SERVED(test_silent_clients),
		SERVED(test_client_that_does_not_read),
		SERVED(test_stop_in_a_handshake),
		SERVED(test_changed_files),
		SERVED(test_change_under_a_handshake),
		SERVED(test_bad_reload),
		cmocka_unit_test_setup_teardown(test_peer, setup_with_clients,
						teardown),
	};

	return cmocka_run_group_tests(tests, tls_make_folder,
				      tls_remove_folder);
}
