/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS handshakes.  Once a client has sent something, libmicrohttpd asks its
 * session again and again until the handshake is done, as only the reading of
 * requests tells it that there is nothing more to read: a client that stops in
 * the middle would keep the host busy.  So we read for the session, and while
 * there is nothing, the connection is suspended and we wait for the client.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "http_server.h"

static void go_on(struct http_client *client)
{
	ev_io_stop(loop_ev(), &client->readable);
	list_del(&client->silent);
	MHD_resume_connection(client->connection);
	http_port_kick(client->port);
}

static void on_readable(struct ev_loop *loop UNUSED, ev_io *w,
			int events UNUSED)
{
	go_on(container_of(w, struct http_client, readable));
}

/* The client's end of the handshake is acknowledged at once: many clients hold
 * back their request until it is (RFC 896), and we have nothing to send. */
static void wait_for_client(struct http_client *client)
{
	int on = 1;

	setsockopt(client->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	list_add_tail(&client->port->server->silent, &client->silent);
	MHD_suspend_connection(client->connection);
	ev_io_start(loop_ev(), &client->readable);
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *to, size_t n)
{
	struct http_client *client = ptr;
	ssize_t got = recv(client->fd, to, n, 0);
	int reason = errno;

	if (got < 0 && reason == EAGAIN && !client->greeted &&
	    list_empty(&client->silent))
		wait_for_client(client);
	errno = reason;
	return got;
}

/* Would pull() give something within @ms? */
static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
	struct pollfd fd = { .fd = ((struct http_client *)ptr)->fd,
			     .events = POLLIN };

	return poll(&fd, 1, ms == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (int)ms);
}

void http_greet_begin(struct http_client *client, gnutls_session_t session)
{
	ev_io_init(&client->readable, on_readable, client->fd, EV_READ);
	gnutls_transport_set_ptr2(session, client,
				  (gnutls_transport_ptr_t)(intptr_t)client->fd);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
}

void http_greet_end_all(struct http_server *server)
{
	struct http_client *client;

	while ((client = list_first(&server->silent, struct http_client,
				    silent)))
		go_on(client);
}
