/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three things that libmicrohttpd does not see.  A client that sends its
 * request byte by byte is never idle, so it would hold its connection for
 * ever: ours have a time for the whole request.  A suspended connection is not
 * looked at, so the client of a long call could be gone for minutes while the
 * driver works for nobody.  And an end of the connection that comes together
 * with the last bytes is one event of an edge-triggered epoll(7), of which
 * only the bytes are read.  For both we ask the kernel, by one poll(2) for all.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http_server.h"

#define WATCH_MS 200 /* how soon a client that is gone is noticed */
#define IDLE_MS 1000 /* the same while it owes us a request */

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

/* ---- ends that came with the last bytes ---------------------------------- */

/* Nothing is left to be read, and nothing will come. */
static bool is_at_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static size_t gather_idle(struct http_server *server, struct pollfd *fds)
{
	int64_t young = clock_ms() - IDLE_MS;
	struct http_client *c;
	size_t n = 0;

	list_each (c, &server->receiving, struct http_client, link) {
		if (c->since > young)
			break;
		fds[n++] = (struct pollfd){ .fd = c->fd, .events = POLLRDHUP };
	}
	return n;
}

static void end_idle(struct http_server *server)
{
	struct pollfd *fds;
	size_t n;

	if (!server->client_count || clock_ms() < server->look_at_idle)
		return;
	server->look_at_idle = clock_ms() + IDLE_MS;
	fds = mem_alloc(server->client_count * sizeof(*fds));
	n = gather_idle(server, fds);
	if (n && poll(fds, n, 0) > 0)
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents && is_at_end(fds[i].fd))
				shutdown(fds[i].fd, SHUT_RDWR);
	mem_free(fds);
}

/* ---- after a flood ------------------------------------------------------- */

#define MANY 1000

/* What very many connections took goes back to the kernel once half of them
 * are gone; the allocator would keep it. */
static void give_back(struct http_server *server)
{
	if (server->client_count > server->most_clients)
		server->most_clients = server->client_count;
	if (server->most_clients < MANY ||
	    server->client_count > server->most_clients / 2)
		return;
	server->most_clients = server->client_count;
	malloc_trim(0);
}

static void watch(struct timer *timer)
{
	struct http_server *server =
		container_of(timer, struct http_server, watch);

	end_slow(server);
	end_idle(server);
	cancel_gone(server);
	give_back(server);
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
