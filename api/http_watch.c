/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two things that libmicrohttpd does not see.  A client that sends its request
 * byte by byte is never idle, so it would hold its connection for ever: ours
 * have a time for the whole request.  And a suspended connection is not
 * looked at, so the client of a long call could be gone for minutes while the
 * driver works for nobody: we ask the kernel, for all of them by one poll(2).
 */
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http_server.h"

#define WATCH_MS 200 /* how soon it is noticed */

void http_watch_receiving(struct http_server *server, struct http_client *c)
{
	c->since = clock_ms();
	list_del(&c->link);
	list_add_tail(&server->receiving, &c->link);
}

void http_watch_received(struct http_client *c)
{
	list_del(&c->link);
}

/* The daemon sees the end of its socket and closes the connection. */
static void end_slow(struct http_server *server)
{
	int64_t limit = clock_ms() - server->options.request_timeout_ms;
	struct http_client *c;

	while ((c = list_first(&server->receiving, struct http_client, link)) &&
	       c->since <= limit) {
		list_del(&c->link);
		shutdown(c->fd, SHUT_RDWR);
	}
}

int http_fd(struct request *req)
{
	return MHD_get_connection_info(req->connection,
				       MHD_CONNECTION_INFO_CONNECTION_FD)
		->connect_fd;
}

static bool is_waiting(const struct request *req)
{
	return req->suspended && req->fiber;
}

/* Half-closed counts as gone: nobody who still wants an answer closes the
 * sending side of an HTTP connection (nginx sees it the same way). */
static size_t gather(struct http_server *server, struct pollfd *fds,
		     struct request **of)
{
	int64_t young = clock_us() - WATCH_MS * 1000;
	struct request *req;
	size_t n = 0;

	list_each (req, &server->requests, struct request, link) {
		if (req->began_us > young)
			break;
		if (!is_waiting(req))
			continue;
		fds[n] = (struct pollfd){ .fd = http_fd(req),
					  .events = POLLRDHUP };
		of[n++] = req;
	}
	return n;
}

static void cancel_gone(struct http_server *server)
{
	size_t most = server->request_count, n;
	struct pollfd *fds;
	struct request **of;

	if (!most)
		return;
	fds = mem_alloc(most * sizeof(*fds));
	of = mem_alloc(most * sizeof(struct request *));
	n = gather(server, fds, of);
	if (n && poll(fds, n, 0) > 0)
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents)
				fiber_cancel(of[i]->fiber);
	mem_free(of);
	mem_free(fds);
}

static void watch(struct timer *timer)
{
	struct http_server *server =
		container_of(timer, struct http_server, watch);

	end_slow(server);
	cancel_gone(server);
	http_kick(server);
	if (server->client_count)
		timer_arm(timer, clock_ms() + WATCH_MS);
}

void http_watch_start(struct http_server *server)
{
	server->watch.run = watch;
	if (!server->watch.slot)
		timer_arm(&server->watch, clock_ms() + WATCH_MS);
}
