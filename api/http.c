/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * How a request comes in.  libmicrohttpd runs in our loop (http_port.c): its
 * epoll descriptor is watched, and it runs once at the end of a turn in which
 * something happened.  It calls http_on_uri() at the request line, then
 * http_on_request() several times:
 *
 *	headers are there       begin(): limits, or a refusal
 *	a part of the body      receive()
 *	all is there            start(): suspend the connection, start a fiber
 *	after http_resume()     http_queue(): hand over the fiber's answer
 *
 * A suspended connection cannot be answered: it is resumed first, and the
 * daemon then asks again.  And whenever the daemon has run, its own time-out
 * must be looked at: 0 means that it has more to do at once.
 */
#include "http_server.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define BODY_FIRST 4096

/* ---- a request arrives --------------------------------------------------- */

void http_suspend(struct request *req)
{
	req->suspended = true;
	MHD_suspend_connection(req->connection);
}

void http_resume(struct request *req)
{
	req->suspended = false;
	MHD_resume_connection(req->connection);
	http_port_kick(req->port);
}

void *http_on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct http_port *port = cls;
	struct http_client *client = http_client_of(c);
	struct request *req = http_request_new(port->server);
	size_t path;

	uri = http_target_path(uri);
	path = strcspn(uri, "?");
	req->port = port;
	req->connection = c;
	req->method = HTTP_OTHER;
	http_make_id(req->id);
	req->local = port->local;
	req->source = arena_strdup(&req->arena, client->source);
	client->greeted = true;
	client->request = req;
	if (http_client_peer(client, c))
		req->peer = arena_strdup(&req->arena, client->peer);
	req->path = arena_strndup(&req->arena, uri, path);
	req->query = uri[path] ? arena_strdup(&req->arena, uri + path + 1) : "";
	return req;
}

static enum MHD_Result begin(struct request *req, const char *method,
			     const char *version)
{
	struct error err;

	if (http_client_of(req->connection)->refused)
		return MHD_NO;
	req->method = http_method_of(method);
	http_take_id(req);
	if (http_check_headers(req, version, &err) &&
	    http_check_length(req, &err)) {
		req->phase = HTTP_RECEIVING;
		return MHD_YES;
	}
	http_refuse(req, &err);
	return http_queue(req);
}

static enum MHD_Result receive(struct request *req, const char *p, size_t n)
{
	size_t max = req->server->options.max_body;

	req->sent += n; /* until there is an answer: what came in */
	if (req->too_large || n > max - req->body.n) {
		req->too_large = true;
		buf_wipe(&req->body);
		return req->sent > HTTP_DISCARD_MAX ? MHD_NO : MHD_YES;
	}
	if (!req->body.n)
		buf_reserve(&req->body, n > BODY_FIRST ? n : BODY_FIRST);
	buf_add(&req->body, p, n);
	return MHD_YES;
}

/* ---- the fiber ----------------------------------------------------------- */

static void run(void *arg)
{
	struct request *req = arg;

	log_set_context("request", req->id);
	req->server->options.handle(req);
	http_settle(req);
	log_set_context(NULL, NULL);
	req->fiber = NULL;
	if (req->gone)
		http_request_free(req);
}

static enum MHD_Result start(struct request *req)
{
	struct error err;

	req->sent = 0;
	http_watch_received(http_client_of(req->connection));
	if (req->too_large) {
		http_fail_too_large(req, &err);
		http_refuse(req, &err);
		return http_queue(req);
	}
	req->fiber = fiber_spawn("request", run, req);
	if (!req->fiber) {
		fail(&err, ERR_BUSY, "too many requests at once; try again");
		http_refuse(req, &err);
		return http_queue(req);
	}
	req->phase = HTTP_WORKING;
	http_suspend(req);
	return MHD_YES;
}

enum MHD_Result http_on_request(void *cls UNUSED,
				struct MHD_Connection *c UNUSED,
				const char *url UNUSED, const char *method,
				const char *version, const char *data,
				size_t *size, void **context)
{
	struct request *req = *context;
	size_t n = *size;

	*size = 0;
	switch (req->phase) {
	case HTTP_HEADERS:
		return begin(req, method, version);
	case HTTP_RECEIVING:
		return n ? receive(req, data, n) : start(req);
	case HTTP_READY:
		return http_queue(req);
	case HTTP_WORKING:
	case HTTP_SENDING:
		break;
	}
	return MHD_YES;
}

void http_request_over(struct request *req)
{
	http_client_of(req->connection)->request = NULL;
	if (!req->fiber) {
		http_request_free(req);
		return;
	}
	req->gone = true;
	fiber_cancel(req->fiber);
}

/* The answer was sent, or the connection is lost. */
void http_on_completed(void *cls, struct MHD_Connection *c, void **context,
		       enum MHD_RequestTerminationCode why UNUSED)
{
	struct http_server *server = ((struct http_port *)cls)->server;
	struct request *req = *context;

	*context = NULL;
	if (!server->stopped)
		http_watch_receiving(server, http_client_of(c));
	if (req)
		http_request_over(req);
}

/* ---- the server ---------------------------------------------------------- */

static bool listen_all(struct http_server *server,
		       const struct http_options *options, struct error *err)
{
	bool tls = tls_is_set(&options->tls);
	int fd;

	if (tls && !(server->tls = tls_new(&options->tls, err)))
		return false;
	fd = listen_tcp(options->listen, tls, server->url, err);
	if (fd < 0 || !http_port_start(&server->network, fd, err))
		return false;
	if (!options->socket)
		return true;
	fd = listen_unix(options->socket, err);
	if (fd < 0)
		return false;
	server->socket = mem_strdup(options->socket);
	return http_port_start(&server->local, fd, err);
}

struct http_server *http_new(const struct http_options *options,
			     struct error *err)
{
	struct http_server *server = mem_alloc(sizeof(*server));

	server->options = *options;
	server->network.server = server->local.server = server;
	server->local.local = true;
	list_init(&server->requests);
	list_init(&server->receiving);
	list_init(&server->silent);
	cond_init(&server->quiet);
	if (listen_all(server, options, err))
		return server;
	http_free(server);
	return NULL;
}

const char *http_address(const struct http_server *server)
{
	return server->url;
}

bool http_reload(struct http_server *server, const struct tls_files *files,
		 struct error *err)
{
	if (tls_is_set(files) != !!server->tls)
		return fail(err, ERR_INVALID,
			    "TLS is switched on and off by a restart only");
	return !server->tls || tls_reload(server->tls, files, err);
}

size_t http_connections(const struct http_server *server)
{
	return server->client_count;
}

size_t http_requests(const struct http_server *server)
{
	return server->request_count;
}

static void cancel_all(struct http_server *server)
{
	struct request *req;

	list_each (req, &server->requests, struct request, link)
		if (req->fiber)
			fiber_cancel(req->fiber);
}

/* Requests whose body has not come, or whose client does not read. */
static void close_all(struct http_server *server)
{
	struct request *req;

	list_each (req, &server->requests, struct request, link)
		if (!req->fiber && !req->gone)
			shutdown(http_fd(req), SHUT_RDWR);
}

#define AFTER_CANCEL_MS 5000

/* The file goes first: once nobody listens, it may become another's. */
static void quiesce(struct http_server *server)
{
	server->stopping = true;
	if (server->socket)
		unlink(server->socket);
	http_port_quiesce(&server->network);
	http_port_quiesce(&server->local);
}

void http_kick(struct http_server *server)
{
	http_port_kick(&server->network);
	http_port_kick(&server->local);
}

WAITS void http_stop(struct http_server *server, int64_t deadline)
{
	if (server->stopping)
		return;
	quiesce(server);
	while (server->request_count && clock_left(deadline) &&
	       cond_wait(&server->quiet, deadline) == WAIT_WOKEN)
		;
	if (!server->request_count)
		return;
	cancel_all(server);
	close_all(server);
	http_kick(server);
	deadline = clock_ms() + AFTER_CANCEL_MS;
	while (server->request_count &&
	       cond_wait(&server->quiet, deadline) == WAIT_WOKEN)
		;
}

/* Suspended connections may not be there when the daemon stops. */
static void resume_all(struct http_server *server)
{
	struct request *req;

	list_each (req, &server->requests, struct request, link)
		if (req->suspended)
			http_resume(req);
}

void http_free(struct http_server *server)
{
	if (!server)
		return;
	if (!server->stopping)
		quiesce(server);
	resume_all(server);
	http_greet_end_all(server);
	timer_stop(&server->watch);
	server->stopped = true;
	http_port_stop(&server->network);
	http_port_stop(&server->local);
	http_request_empty_pool();
	tls_free(server->tls);
	mem_free(server->socket);
	mem_free(server);
}
