/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: libmicrohttpd in our loop, a fiber for each request.
 *
 * It knows HTTP and nothing of SkyClust.  A request arrives whole (within the
 * limits), then `handle` runs in a fiber of its own and answers by
 *
 *	http_reply(req, 200, "application/json", body);
 *
 * or in pieces, which wait while the client is slow:
 *
 *	http_begin(req, 200, "application/json");
 *	while (more)
 *		if (!http_write(req, piece))
 *			return;
 *	http_end(req);
 *
 * When the client goes away, or half-closes its connection, the fiber is
 * cancelled: each of its waits then ends with WAIT_CANCELLED.
 */
#ifndef SKYCLUST_API_HTTP_H
#define SKYCLUST_API_HTTP_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fiber.h"
#include "base/list.h"
#include "tls/tls.h"

struct http_server;
struct request;
struct route;
struct actor;
struct MHD_Connection;

enum http_method {
	HTTP_GET = 1 << 0,
	HTTP_HEAD = 1 << 1,
	HTTP_POST = 1 << 2,
	HTTP_PUT = 1 << 3,
	HTTP_PATCH = 1 << 4,
	HTTP_DELETE = 1 << 5,
	HTTP_OPTIONS = 1 << 6,
	HTTP_OTHER = 1 << 7,
};
const char *http_method_name(enum http_method method); /* "GET"; "other" */

#define HTTP_MAX_URI 8192     /* bytes; more is 414 */
#define HTTP_MAX_HEADERS 8192 /* bytes of names and values; more is 431 */
#define HTTP_MAX_PARAMS 4     /* {parameters} in one path */
#define HTTP_ID_SIZE 65

/* The texts are copied or done with when http_new() returns. */
struct http_options {
	const char *listen; /* "127.0.0.1:8080"; port 0: any free */
	const char *socket; /* path of a unix socket, or NULL: none */
	struct tls_files tls; /* of the network; all empty: plain HTTP */
	size_t max_body;    /* bytes; more is 413 */
	unsigned max_connections;
	int64_t request_timeout_ms; /* to send a request, or the next one */
	void *owner;
	/* Answer @req; runs in a fiber. */
	WAITS void (*handle)(struct request *req);
	/* Answer @req with what is wrong; no fiber, must not wait. */
	void (*refuse)(struct request *req, const struct error *err);
	/* It is over, @req is about to be freed; no fiber, must not wait. */
	void (*done)(struct request *req);
};

struct http_header {
	const char *name, *value;
	struct http_header *next;
};

enum http_phase {
	HTTP_HEADERS,	/* they are on their way */
	HTTP_RECEIVING, /* its body is on its way */
	HTTP_WORKING,	/* its fiber runs, the connection is suspended */
	HTTP_READY,	/* there is an answer, or the start of one */
	HTTP_SENDING,	/* the answer was given to the server */
};

struct request {
	/* What came in; all of it lives as long as the request. */
	enum http_method method;
	const char *path;      /* as it was sent, still encoded */
	const char *query;     /* the same, after the '?', or "" */
	char id[HTTP_ID_SIZE]; /* X-Request-Id: theirs or ours */
	struct buf body;
	struct arena arena;
	int64_t began_us; /* clock_us() at the request line */
	const char *source; /* the client's address, or "unix" */
	bool local;	    /* by the socket: root, or the host's own user */
	const char *peer;   /* subject of the client's certificate, or NULL */

	/* For the handlers. */
	void *owner;			    /* http_options.owner */
	const struct route *route;	    /* NULL: none matched */
	const char *param[HTTP_MAX_PARAMS]; /* decoded, in the route's order */
	const char *provider;		    /* for the log, or NULL */
	struct actor *who;		    /* who asks; of the arena */
	json_t *args; /* what is asked, an object, or NULL; freed with it */
	const char *workspace_id, *credential_id; /* that it names, or NULL */

	/* What went out, for the log. */
	unsigned status;
	uint64_t sent; /* bytes of the body */

	/* The server's own. */
	struct http_server *server;
	struct http_port *port;
	struct MHD_Connection *connection;
	struct fiber *fiber; /* NULL: not started, or ended */
	struct list link;    /* in the server's requests, by age */
	enum http_phase phase;
	bool suspended; /* the connection is */
	bool gone;	/* the server has closed it */
	bool too_large;
	bool has_stream;	     /* the answer is sent in pieces */
	bool ended, broken;	     /* of a stream */
	bool wants_room;	     /* http_write() waits */
	const char *type;	     /* content type of the answer */
	struct http_header *headers; /* of the answer */
	struct buf out;		     /* the answer's body, from out_at on */
	size_t out_at;
	struct slice fixed; /* or this, elsewhere */
	struct buf kept;
};

/* ---- a request ---------------------------------------------------------- */

/* A header's value, or NULL; borrowed until the request is answered. */
const char *http_header(struct request *req, const char *name);

/* An identifier that no other has: random per process, then counted. */
char *http_new_id(struct arena *arena);

/* ---- the answer: http_reply(), or http_begin() … http_end() ------------- */

/* Add a header to the answer, before it is begun; copies both. */
void http_add_header(struct request *req, const char *name, const char *value);

/* The whole answer.  @body must live as long as the request: constant, from
 * its arena, or in a buffer given to http_keep().  @type NULL: no body. */
void http_reply(struct request *req, unsigned status, const char *type,
		struct slice body);
/* The same, copied. */
void http_reply_copy(struct request *req, unsigned status, const char *type,
		     struct slice body);
/* Steals @b, whose bytes then live as long as the request. */
void http_keep(struct request *req, struct buf *b);

/* Begin an answer in pieces; nothing is sent before HTTP_STREAM_AT bytes are
 * there, so a short one has a Content-Length, and http_drop() can take it
 * back. */
#define HTTP_STREAM_AT (48 * 1024)
void http_begin(struct request *req, unsigned status, const char *type);
/* The next piece; copies.  Waits while the client is slow.  False when the
 * client is gone or the fiber was cancelled. */
WAITS bool http_write(struct request *req, struct slice piece);
void http_end(struct request *req);
/* Give up an answer in pieces.  True: nothing was sent yet, another answer can
 * be given.  False: the connection will be broken off without the end mark of
 * chunked coding, so nobody takes the part for the whole. */
bool http_drop(struct request *req);

/* ---- the server --------------------------------------------------------- */

/* Bind and listen, and on the socket, whose clients must be root or the user
 * that this process runs as: others are hung up on.  New, or NULL with @err of
 * listen.h or tls.h. */
struct http_server *http_new(const struct http_options *options,
			     struct error *err);
/* "http://…", "https://…" */
const char *http_address(const struct http_server *server);
/* Connections from now on use @files; false with @err: nothing has changed.
 * TLS itself is switched on and off by a new server only. */
bool http_reload(struct http_server *server, const struct tls_files *files,
		 struct error *err);
size_t http_connections(const struct http_server *server);
size_t http_requests(const struct http_server *server); /* being worked on */

/* Stop accepting; wait until every request is answered, from @deadline on by
 * cancelling their fibers. */
WAITS void http_stop(struct http_server *server, int64_t deadline);
void http_free(struct http_server *server);

#endif
