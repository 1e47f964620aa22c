/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cloud for tests: an HTTP server in fibers on the test's own loop, at a
 * free port of the loopback.  Client and server take turns on one thread, so
 * nothing depends on time.  FAKE_TICK makes the virtual clock run.
 */
#ifndef SKYCLUST_TESTS_UNIT_FAKE_CLOUD_H
#define SKYCLUST_TESTS_UNIT_FAKE_CLOUD_H

#include <arpa/inet.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/sys.h"

#define FAKE_MAX (1 << 20)

struct fake_request {
	char method[16], target[2048];
	const char *head, *body; /* the whole head; the body's text */
	int number;		 /* of the request, from 1 */
	int connection;		 /* that it came on, from 1 */
};

enum fake_end { FAKE_KEEP, FAKE_CLOSE, FAKE_HANG };

static struct {
	int fd, port;
	int connections, open, requests, hung_up;
	char base[64];	 /* "http://127.0.0.1:PORT" */
	char log[65536]; /* "GET /x\n", a line a request */
	/* Put the raw answer into @out. */
	enum fake_end (*answer)(const struct fake_request *rq, struct buf *out);
} fake;

/* An answer with a body, and more headers ("A: b\r\n") or "". */
static inline void fake_reply(struct buf *out, int status, const char *headers,
			      const char *body)
{
	buf_printf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s",
		   status, strlen(body), headers, body);
}

static inline bool fake_send(int fd, const struct buf *out)
{
	size_t sent = 0;

	while (sent < out->n) {
		ssize_t n =
			send(fd, out->p + sent, out->n - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (fiber_wait_fd(fd, EV_WRITE, 0) != WAIT_WOKEN)
			return false;
		if (n < 0 && errno != EAGAIN)
			return false;
	}
	return true;
}

/* Read until @in has @n bytes (or, 0, a whole head); false at the end. */
static inline bool fake_fill(int fd, struct buf *in, size_t n)
{
	char piece[4096];

	while (n ? in->n < n : !in->p || !strstr(in->p, "\r\n\r\n")) {
		ssize_t got = recv(fd, piece, sizeof(piece), 0);

		if (got > 0)
			buf_add(in, piece, (size_t)got);
		else if (got == 0 || errno != EAGAIN)
			return false;
		else if (fiber_wait_fd(fd, EV_READ, 0) != WAIT_WOKEN)
			return false;
	}
	return true;
}

static inline enum fake_end fake_serve(int fd, struct buf *in, int connection)
{
	struct fake_request rq = { .connection = connection };
	enum fake_end end = FAKE_CLOSE;
	struct buf out = { 0 };
	const char *length;
	size_t head, body;

	if (!fake_fill(fd, in, 1))
		return FAKE_CLOSE;
	if (in->p[0] == 0x16) { /* TLS: a client's hello */
		fake_reply(&out, 400, "", "this is plain HTTP");
		fake_send(fd, &out);
		buf_done(&out);
		return FAKE_CLOSE;
	}
	if (!fake_fill(fd, in, 0))
		return FAKE_CLOSE;
	head = (size_t)(strstr(in->p, "\r\n\r\n") - in->p) + 4;
	length = strcasestr(in->p, "\r\nContent-Length:");
	body = length ? strtoul(length + 17, NULL, 10) : 0;
	if (!fake_fill(fd, in, head + body))
		return FAKE_CLOSE;
	sscanf(in->p, "%15s %2047s", rq.method, rq.target);
	in->p[head - 1] = '\0';
	rq.head = in->p;
	rq.body = in->p + head;
	rq.number = ++fake.requests;
	snprintf(fake.log + strlen(fake.log),
		 sizeof(fake.log) - strlen(fake.log), "%s %s\n", rq.method,
		 rq.target);
	end = fake.answer(&rq, &out);
	if (!fake_send(fd, &out))
		end = FAKE_CLOSE;
	buf_done(&out);
	buf_drop_front(in, head + body);
	return end;
}

static inline void fake_connection(void *arg)
{
	int fd = (int)(intptr_t)arg, number = ++fake.connections;
	enum fake_end end = FAKE_KEEP;
	struct buf in = { 0 };

	fake.open++;
	while (end == FAKE_KEEP)
		end = fake_serve(fd, &in, number);
	if (end == FAKE_HANG && !fake_fill(fd, &in, FAKE_MAX))
		fake.hung_up++;
	fake.open--;
	buf_done(&in);
	close(fd);
}

static inline void fake_accept(struct ev_loop *ev, ev_io *io, int events)
{
	int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)ev;
	(void)events;
	if (fd >= 0 &&
	    !fiber_spawn("cloud", fake_connection, (void *)(intptr_t)fd))
		close(fd);
}

static ev_io fake_io;

static inline void fake_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fake.fd =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fake.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fake.fd, 64), 0);
	assert_int_equal(getsockname(fake.fd, (struct sockaddr *)&at, &n), 0);
	fake.port = ntohs(at.sin_port);
	snprintf(fake.base, sizeof(fake.base), "http://127.0.0.1:%d",
		 fake.port);
	ev_io_init(&fake_io, fake_accept, fake.fd, EV_READ);
	ev_io_start(loop_ev(), &fake_io);
	ev_unref(loop_ev());
}

static inline void fake_stop(void)
{
	ev_ref(loop_ev());
	ev_io_stop(loop_ev(), &fake_io);
	close(fake.fd);
	memset(&fake, 0, sizeof(fake));
}

/* Has @text been logged as one request's line? */
static inline int fake_count(const char *line)
{
	const char *p = fake.log;
	int n = 0;

	while ((p = strstr(p, line))) {
		n += (p == fake.log || p[-1] == '\n') &&
		     p[strlen(line)] == '\n';
		p++;
	}
	return n;
}

/* ---- running ------------------------------------------------------------ */

static void (*fake_body)(void);
static bool fake_over;

static inline void fake_main(void *arg)
{
	(void)arg;
	fake_body();
	fake_over = true;
}

static inline bool fake_is_over(void *arg)
{
	(void)arg;
	return fake_over;
}

static inline bool fake_is_quiet(void *arg)
{
	(void)arg;
	return fiber_count() == 0;
}

/* Run @fn in a fiber until it returns.  The virtual clock runs away, so there
 * only the test's own time limit ends it. */
static inline void in_fiber(void (*fn)(void))
{
	int64_t limit = clock_is_virtual() ? 0 : clock_ms() + 60000;

	fake_body = fn;
	fake_over = false;
	assert_non_null(fiber_spawn("test", fake_main, NULL));
	assert_true(loop_run_until(fake_is_over, NULL, limit));
}

/* The virtual clock: at most one tick a turn of the loop, so an exchange, which
 * takes a few turns, is a few ticks long however slow the machine is. */
#define FAKE_TICK 250
static ev_timer fake_ticker;

static inline void fake_tick(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev;
	(void)w;
	(void)events;
	clock_advance(FAKE_TICK);
}

static inline void virtual_time(bool on)
{
	if (!on) {
		ev_timer_stop(loop_ev(), &fake_ticker);
		clock_set_real();
		return;
	}
	clock_set_virtual(1000000);
	ev_timer_init(&fake_ticker, fake_tick, .0005, .0005);
	ev_timer_start(loop_ev(), &fake_ticker);
}

#endif
