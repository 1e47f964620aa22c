/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP server share: http_port.c (connections come in),
 * http_greet.c (handshakes of TLS), http.c (requests come in), http_reply.c
 * (answers go out), http_watch.c (who is too slow, who is gone).
 */
#ifndef SKYCLUST_API_HTTP_SERVER_H
#define SKYCLUST_API_HTTP_SERVER_H

#include <microhttpd.h>

#include "base/loop.h"
#include "http.h"
#include "listen.h"

/* A listening socket and the daemon that serves it. */
struct http_port {
	struct http_server *server;
	struct MHD_Daemon *daemon; /* NULL: not started */
	ev_io readable;		   /* the daemon's epoll descriptor */
	struct loop_task task;	   /* runs the daemon */
	struct timer timer;	   /* the daemon's own time-outs */
	bool local;		   /* the unix socket */
};

struct http_server {
	struct http_options options;
	struct http_port network, local;
	struct tls *tls; /* of the network; NULL: plain */
	char url[LISTEN_URL];
	char *socket;	       /* path, or NULL: none */
	struct timer watch;    /* ours */
	struct list requests;  /* struct request, oldest first */
	struct list receiving; /* struct http_client, longest first */
	struct list silent;    /* of these: in the middle of a handshake */
	size_t request_count, client_count;
	size_t most_clients;    /* since memory was last given back */
	int64_t look_at_idle;   /* clock_ms() when `receiving` is looked at */
	struct cond quiet; /* the last request has ended */
	bool stopping;	   /* takes no new connections */
	bool stopped;	   /* is being freed */
};

#define HTTP_SOURCE_SIZE 46 /* INET6_ADDRSTRLEN */

/* A connection. */
struct http_client {
	struct list link; /* in `receiving`, while a request may come */
	int64_t since;	  /* clock_ms() */
	int fd;		  /* borrowed */
	bool refused;	  /* it may not ask anything */
	struct request *request; /* that it is asking, or NULL */
	/* With TLS. */
	struct tls_identity *identity; /* of its session; NULL: plain */
	char *peer;		       /* http_client_peer() */
	struct http_port *port;
	struct MHD_Connection *connection; /* suspended while silent */
	struct list silent; /* in server.silent: nothing to read for now */
	ev_io readable;	    /* started while it is */
	bool greeted;	    /* it has sent a request */
	char source[HTTP_SOURCE_SIZE];
};

/* ---- where connections come in (http_port.c) ----------------------------- */

/* Serve what comes in on the listening @fd, which is the daemon's from now on,
 * also on failure. */
bool http_port_start(struct http_port *port, int fd, struct error *err);
/* Take no new connections. */
void http_port_quiesce(struct http_port *port);
/* Close all connections; none may be suspended. */
void http_port_stop(struct http_port *port);
/* Let the daemon go on before the loop waits. */
void http_port_kick(struct http_port *port);

struct http_client *http_client_of(struct MHD_Connection *c);
/* The subject of the certificate that it has shown, after the handshake, or
 * NULL; borrowed. */
const char *http_client_peer(struct http_client *client,
			     struct MHD_Connection *c);

void http_kick(struct http_server *server); /* both daemons */

int http_fd(struct request *req); /* of its connection; borrowed */

/* Suspend and resume a request's connection. */
void http_suspend(struct request *req);
void http_resume(struct request *req);

/* ---- handshakes (http_greet.c) ------------------------------------------- */

/* @client has a session that has not begun its handshake. */
void http_greet_begin(struct http_client *client, gnutls_session_t session);
/* Connections may not be suspended when their daemon stops. */
void http_greet_end_all(struct http_server *server);

/* ---- where requests come in (http.c): what the daemon calls -------------- */

void *http_on_uri(void *port, const char *uri, struct MHD_Connection *c);
enum MHD_Result http_on_request(void *port, struct MHD_Connection *c,
				const char *url, const char *method,
				const char *version, const char *data,
				size_t *size, void **context);
void http_on_completed(void *port, struct MHD_Connection *c, void **context,
		       enum MHD_RequestTerminationCode why);

/* The daemon knows @req no longer: it ends now, or when its fiber does. */
void http_request_over(struct request *req);

/* ---- a request's record (http_request.c) --------------------------------- */

#define HTTP_DISCARD_MAX (64 << 20) /* bytes read of a body that is too large */

struct request *http_request_new(struct http_server *server);
/* It is over: tell http_options.done, and keep the memory for another. */
void http_request_free(struct request *req);
void http_request_empty_pool(void);

enum http_method http_method_of(const char *name);
void http_make_id(char id[HTTP_ID_SIZE]);
/* Take the client's own id, if it has sent a harmless one. */
void http_take_id(struct request *req);

/* Where the path of a request's target begins; borrowed. */
const char *http_target_path(const char *target);

/* What can be seen from the request line and the headers: limits, and what
 * must be there once. */
bool http_check_headers(struct request *req, const char *version,
			struct error *err);
/* The body's announced length; one that is too large is marked, and refused
 * here only if it shall not even be read. */
bool http_check_length(struct request *req, struct error *err);
void http_fail_too_large(struct request *req, struct error *err);

/* ---- its answer (http_reply.c) ------------------------------------------- */

/* Give the answer of @req to the daemon, whose handler called. */
enum MHD_Result http_queue(struct request *req);
/* Answer without a fiber: what is wrong, before any handler was asked. */
void http_refuse(struct request *req, const struct error *err);
/* The fiber has returned: end what it left open. */
void http_settle(struct request *req);

/* ---- who is too slow, who is gone (http_watch.c) ------------------------ */

/* The connection waits for a (next) request from now on. */
void http_watch_receiving(struct http_server *server, struct http_client *c);
/* A request has arrived whole. */
void http_watch_received(struct http_client *c);
/* Run while there are connections. */
void http_watch_start(struct http_server *server);

#endif
