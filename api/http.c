/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * How a request comes in.  libmicrohttpd runs in our loop: its epoll
 * descriptor is watched, and it runs once at the end of a turn in which
 * something happened.  It calls on_uri() at the request line, then
 * on_request() several times:
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

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define POOLED 256		      /* struct request kept for reuse */
#define RUNS_PER_TURN 16	      /* of the daemon, before others */
#define IDLE_TIMEOUT_S 60	      /* without a byte in or out */
#define CONNECTION_MEMORY (24 * 1024) /* the daemon's, each */
#define HTTP_DISCARD_MAX (64 << 20)   /* of a body that is too large */
#define BODY_FIRST 4096

/* ---- running the daemon -------------------------------------------------- */

void http_kick(struct http_server *server)
{
	loop_defer(&server->task);
}

static void on_timer(struct timer *timer)
{
	http_kick(container_of(timer, struct http_server, timer));
}

static void on_readable(struct ev_loop *loop UNUSED, ev_io *w,
			int events UNUSED)
{
	http_kick(container_of(w, struct http_server, readable));
}

/* Arm the timer by the daemon's wish; true when it wants to run at once. */
static bool more_to_do(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(server->daemon, &ms) != MHD_YES) {
		timer_stop(&server->timer);
		return false;
	}
	if (!ms)
		return true;
	timer_arm(&server->timer, clock_ms() + (int64_t)ms);
	return false;
}

static void run_daemon(struct loop_task *task)
{
	struct http_server *server =
		container_of(task, struct http_server, task);

	for (int i = 0; i < RUNS_PER_TURN; i++) {
		MHD_run(server->daemon);
		if (!more_to_do(server))
			return;
	}
	http_kick(server);
}

void http_suspend(struct request *req)
{
	req->suspended = true;
	MHD_suspend_connection(req->connection);
}

void http_resume(struct request *req)
{
	req->suspended = false;
	MHD_resume_connection(req->connection);
	http_kick(req->server);
}

/* ---- a request arrives --------------------------------------------------- */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct request *req = http_request_new(cls);
	size_t path;

	uri = http_target_path(uri);
	path = strcspn(uri, "?");
	req->connection = c;
	req->method = HTTP_OTHER;
	http_make_id(req->id);
	req->path = arena_strndup(&req->arena, uri, path);
	req->query = uri[path] ? arena_strdup(&req->arena, uri + path + 1) : "";
	return req;
}

static enum MHD_Result begin(struct request *req, const char *method,
			     const char *version)
{
	struct error err;

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

static struct http_client *client_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static enum MHD_Result start(struct request *req)
{
	struct error err;

	req->sent = 0;
	http_watch_received(client_of(req->connection));
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

static enum MHD_Result on_request(void *cls UNUSED,
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

/* The answer was sent, or the connection is lost. */
static void on_completed(void *cls, struct MHD_Connection *c, void **context,
			 enum MHD_RequestTerminationCode why UNUSED)
{
	struct http_server *server = cls;
	struct request *req = *context;

	*context = NULL;
	if (!server->stopped)
		http_watch_receiving(server, client_of(c));
	if (!req)
		return;
	if (!req->fiber) {
		http_request_free(req);
		return;
	}
	req->gone = true;
	fiber_cancel(req->fiber);
}

/* ---- connections --------------------------------------------------------- */

static void client_open(struct http_server *server, struct MHD_Connection *c,
			void **context)
{
	struct http_client *client = mem_alloc(sizeof(*client));

	list_init(&client->link);
	client->fd =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)
			->connect_fd;
	*context = client;
	server->client_count++;
	http_watch_receiving(server, client);
	http_watch_start(server);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = cls;
	struct http_client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		client_open(server, c, context);
		return;
	}
	list_del(&client->link);
	mem_free(client);
	server->client_count--;
}

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

/* ---- the server ---------------------------------------------------------- */

static bool start_daemon(struct http_server *server, int fd, struct error *err)
{
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER,
		on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, server->options.max_connections,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (server->daemon)
		return true;
	close(fd);
	return fail(err, ERR_INTERNAL, "the HTTP server does not start on %s",
		    server->url);
}

static void watch_daemon(struct http_server *server)
{
	int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			 ->epoll_fd;

	server->task.run = run_daemon;
	server->timer.run = on_timer;
	ev_io_init(&server->readable, on_readable, fd, EV_READ);
	ev_io_start(loop_ev(), &server->readable);
}

struct http_server *http_new(const struct http_options *options,
			     struct error *err)
{
	struct http_server *server = mem_alloc(sizeof(*server));
	int fd;

	server->options = *options;
	list_init(&server->requests);
	list_init(&server->receiving);
	cond_init(&server->quiet);
	fd = listen_loopback(options->listen, server->url, err);
	if (fd < 0 || !start_daemon(server, fd, err)) {
		mem_free(server);
		return NULL;
	}
	watch_daemon(server);
	return server;
}

const char *http_address(const struct http_server *server)
{
	return server->url;
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

WAITS void http_stop(struct http_server *server, int64_t deadline)
{
	int fd;

	if (server->stopping)
		return;
	server->stopping = true;
	fd = MHD_quiesce_daemon(server->daemon);
	if (fd >= 0)
		close(fd);
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
	resume_all(server);
	ev_io_stop(loop_ev(), &server->readable);
	timer_stop(&server->timer);
	timer_stop(&server->watch);
	server->stopped = true;
	MHD_stop_daemon(server->daemon);
	loop_undefer(&server->task);
	http_request_empty_pool();
	mem_free(server);
}
