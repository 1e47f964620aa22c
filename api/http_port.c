/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where connections come in: a listening socket, and a daemon of
 * libmicrohttpd that accepts from it.  The server has two, one for the network
 * and one for the unix socket, which share the limit on connections.
 *
 * Whoever comes by the unix socket is known by the kernel's word (SO_PEERCRED,
 * unix(7)): the user that this process runs as, or root.  Its file is open to
 * no others, but modes can be changed; so others are hung up on.
 */
#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "http_server.h"

#define RUNS_PER_TURN 16	      /* of the daemon, before others */
#define IDLE_TIMEOUT_S 60	      /* without a byte in or out */
#define CONNECTION_MEMORY (24 * 1024) /* the daemon's, each */
/* More that may come by the unix socket when the network has taken all: a
 * flood does not lock the administrator out. */
#define LOCAL_CONNECTIONS 32

/* ---- running the daemon -------------------------------------------------- */

void http_port_kick(struct http_port *port)
{
	if (port->daemon)
		loop_defer(&port->task);
}

static void on_timer(struct timer *timer)
{
	http_port_kick(container_of(timer, struct http_port, timer));
}

static void on_readable(struct ev_loop *loop UNUSED, ev_io *w,
			int events UNUSED)
{
	http_port_kick(container_of(w, struct http_port, readable));
}

/* Arm the timer by the daemon's wish; true when it wants to run at once. */
static bool more_to_do(struct http_port *port)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(port->daemon, &ms) != MHD_YES) {
		timer_stop(&port->timer);
		return false;
	}
	if (!ms)
		return true;
	timer_arm(&port->timer, clock_ms() + (int64_t)ms);
	return false;
}

static void run_daemon(struct loop_task *task)
{
	struct http_port *port = container_of(task, struct http_port, task);

	for (int i = 0; i < RUNS_PER_TURN; i++) {
		MHD_run(port->daemon);
		if (!more_to_do(port))
			return;
	}
	http_port_kick(port);
}

/* ---- who comes ----------------------------------------------------------- */

static unsigned limit_of(const struct http_port *port)
{
	unsigned most = port->server->options.max_connections;

	return port->local ? most + LOCAL_CONNECTIONS : most;
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *a UNUSED,
				 socklen_t size UNUSED)
{
	const struct http_port *port = cls;

	return port->server->client_count < limit_of(port) ? MHD_YES : MHD_NO;
}

/* As RFC 5952 writes it; an IPv4 client of an IPv6 socket as what it is. */
static void write_source(const struct sockaddr *a, char text[HTTP_SOURCE_SIZE])
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;

	if (a->sa_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, HTTP_SOURCE_SIZE);
	else if (a->sa_family == AF_INET6 &&
		 IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text,
			  HTTP_SOURCE_SIZE);
	else if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, text, HTTP_SOURCE_SIZE);
}

static bool is_administrator(int fd)
{
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return false;
	if (who.uid == geteuid() || who.uid == 0)
		return true;
	log_warn("another user at the unix socket was hung up on",
		 LOG_INT("uid", who.uid), LOG_INT("pid", who.pid));
	return false;
}

static void identify(struct http_port *port, struct http_client *client,
		     struct MHD_Connection *c)
{
	if (!port->local) {
		write_source(MHD_get_connection_info(
				     c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				     ->client_addr,
			     client->source);
		return;
	}
	text_copy(client->source, sizeof(client->source), "unix");
	client->refused = !is_administrator(client->fd);
	if (client->refused)
		shutdown(client->fd, SHUT_RDWR);
}

/* ---- connections --------------------------------------------------------- */

struct http_client *http_client_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static bool has_tls(const struct http_port *port)
{
	return port->server->tls && !port->local;
}

static gnutls_session_t session_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION)
		->tls_session;
}

const char *http_client_peer(struct http_client *client,
			     struct MHD_Connection *c)
{
	if (client->identity && !client->peer)
		client->peer = tls_peer(session_of(c));
	return client->peer;
}

static void client_open(struct http_port *port, struct MHD_Connection *c,
			void **context)
{
	struct http_client *client = mem_alloc(sizeof(*client));
	struct http_server *server = port->server;

	list_init(&client->link);
	list_init(&client->silent);
	client->port = port;
	client->connection = c;
	client->fd =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)
			->connect_fd;
	*context = client;
	server->client_count++;
	identify(port, client, c);
	if (has_tls(port)) {
		client->identity = tls_attach(server->tls, session_of(c));
		http_greet_begin(client, session_of(c));
	}
	http_watch_receiving(server, client);
	http_watch_start(server);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_port *port = cls;
	struct http_client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		client_open(port, c, context);
		return;
	}
	/* Of a request whose arguments take more memory than it has, the daemon
	 * tells the beginning but no end. */
	if (client->request)
		http_request_over(client->request);
	list_del(&client->link);
	tls_detach(client->identity);
	mem_free(client->peer);
	mem_free(client);
	port->server->client_count--;
}

/* ---- life ---------------------------------------------------------------- */

static void on_log(void *cls UNUSED, const char *fmt, va_list ap)
{
	AUTO_FREE char *text = mem_vprintf(fmt, ap);

	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd", LOG_STR("says", text));
}

/* Paths and queries are decoded by us, once, after they were split. */
static size_t keep_encoded(void *cls UNUSED, struct MHD_Connection *c UNUSED,
			   char *text)
{
	return strlen(text);
}

/* The daemon wants to be told of a certificate; the sessions have their own
 * (http_client.identity), so this is never called. */
static int no_certificate(gnutls_session_t session UNUSED,
			  const gnutls_datum_t *issuers UNUSED,
			  int issuer_count UNUSED,
			  const gnutls_pk_algorithm_t *algorithms UNUSED,
			  int algorithm_count UNUSED,
			  gnutls_pcert_st **certificates UNUSED,
			  unsigned *count UNUSED, gnutls_privkey_t *key UNUSED)
{
	return -1;
}

static struct MHD_Daemon *start_daemon(struct http_port *port, int fd)
{
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, no_certificate },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)tls_priorities },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned flags =
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	if (has_tls(port))
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(
		flags, 0, on_accept, port, http_on_request, port,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
		http_on_uri, port, MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded,
		NULL, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, port,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, port,
		MHD_OPTION_CONNECTION_LIMIT, limit_of(port),
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
}

bool http_port_start(struct http_port *port, int fd, struct error *err)
{
	port->daemon = start_daemon(port, fd);
	if (!port->daemon) {
		close(fd);
		return fail(err, ERR_INTERNAL,
			    "the HTTP server does not start on %s",
			    port->local ? port->server->socket
					: port->server->url);
	}
	port->task.run = run_daemon;
	port->timer.run = on_timer;
	ev_io_init(&port->readable, on_readable,
		   MHD_get_daemon_info(port->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			   ->epoll_fd,
		   EV_READ);
	ev_io_start(loop_ev(), &port->readable);
	return true;
}

void http_port_quiesce(struct http_port *port)
{
	int fd = port->daemon ? MHD_quiesce_daemon(port->daemon) : -1;

	if (fd >= 0)
		close(fd);
}

void http_port_stop(struct http_port *port)
{
	if (!port->daemon)
		return;
	ev_io_stop(loop_ev(), &port->readable);
	timer_stop(&port->timer);
	MHD_stop_daemon(port->daemon);
	loop_undefer(&port->task);
}
