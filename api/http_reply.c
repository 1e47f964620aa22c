/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: whole ones, and ones in pieces with back-pressure.
 *
 * A piece goes into `out`; the daemon takes it from there when the socket has
 * room.  With nothing to take, the connection is suspended until there is;
 * with too much in `out`, the fiber waits until there is less.
 */
#include <string.h>

#include "base/mem.h"
#include "http_server.h"

#define OUT_HIGH (256 * 1024) /* the fiber waits while more is queued … */
#define OUT_LOW (96 * 1024)   /* … until no more than this is */
#define BLOCK (64 * 1024)     /* most bytes the daemon asks for at once */

/* ---- headers ------------------------------------------------------------- */

void http_add_header(struct request *req, const char *name, const char *value)
{
	struct http_header *h = arena_alloc(&req->arena, sizeof(*h));

	h->name = arena_strdup(&req->arena, name);
	h->value = arena_strdup(&req->arena, value);
	h->next = req->headers;
	req->headers = h;
}

/* Why they are there: answers may hold secrets and must not be kept by
 * caches, nor be taken for something else than their type says. */
static void put_headers(struct request *req, struct MHD_Response *response)
{
	if (req->type)
		MHD_add_response_header(response, "Content-Type", req->type);
	MHD_add_response_header(response, "X-Request-Id", req->id);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (struct http_header *h = req->headers; h; h = h->next)
		MHD_add_response_header(response, h->name, h->value);
	if (req->server->stopping)
		MHD_add_response_header(response, "Connection", "close");
}

/* ---- pieces -------------------------------------------------------------- */

static size_t queued(const struct request *req)
{
	return req->out.n - req->out_at;
}

static size_t take(struct request *req, char *to, size_t max)
{
	size_t n = queued(req) < max ? queued(req) : max;

	memcpy(to, req->out.p + req->out_at, n);
	req->out_at += n;
	req->sent += n;
	if (req->wants_room && queued(req) <= OUT_LOW && req->fiber) {
		req->wants_room = false;
		fiber_wake(req->fiber);
	}
	return n;
}

/* The daemon asks for up to @max bytes of a stream. */
static ssize_t read_stream(void *cls, uint64_t at UNUSED, char *to, size_t max)
{
	struct request *req = cls;

	if (queued(req))
		return (ssize_t)take(req, to, max);
	if (req->broken)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (req->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	http_suspend(req);
	return 0;
}

/* The length of an answer to HEAD without its bytes. */
static ssize_t read_nothing(void *cls UNUSED, uint64_t at UNUSED,
			    char *to UNUSED, size_t max UNUSED)
{
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct request *req)
{
	struct slice body = req->fixed.n ? req->fixed : buf_slice(&req->out);

	if (req->has_stream)
		return MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, BLOCK, read_stream, req, NULL);
	if (req->method == HTTP_HEAD)
		return MHD_create_response_from_callback(
			body.n, BLOCK, read_nothing, req, NULL);
	req->sent = body.n;
	/* Not copied: it lives until the request is over. */
	return MHD_create_response_from_buffer(body.n, (void *)body.p,
					       MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result http_queue(struct request *req)
{
	struct MHD_Response *response = make_response(req);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	put_headers(req, response);
	req->phase = HTTP_SENDING;
	result = MHD_queue_response(req->connection, req->status, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- for the handlers ---------------------------------------------------- */

/* The answer, or the start of it, is there. */
static void ready(struct request *req)
{
	req->phase = HTTP_READY;
	if (req->suspended)
		http_resume(req);
}

void http_reply(struct request *req, unsigned status, const char *type,
		struct slice body)
{
	if (req->phase >= HTTP_READY)
		return;
	req->status = status;
	req->type = type;
	req->fixed = body;
	ready(req);
}

void http_reply_copy(struct request *req, unsigned status, const char *type,
		     struct slice body)
{
	buf_clear(&req->out);
	buf_add_slice(&req->out, body);
	http_reply(req, status, type, buf_slice(&req->out));
}

void http_keep(struct request *req, struct buf *b)
{
	buf_done(&req->kept);
	req->kept = *b;
	*b = (struct buf){ 0 };
}

void http_begin(struct request *req, unsigned status, const char *type)
{
	req->status = status;
	req->type = type;
	buf_clear(&req->out);
	req->out_at = 0;
}

static void add_piece(struct request *req, struct slice piece)
{
	if (req->out_at == req->out.n)
		buf_clear(&req->out);
	else if (req->out_at)
		buf_drop_front(&req->out, req->out_at);
	req->out_at = 0;
	buf_add_slice(&req->out, piece);
}

/* Wait until the client has taken most of what is queued. */
WAITS static bool wait_for_room(struct request *req)
{
	while (queued(req) > OUT_HIGH && !req->gone) {
		req->wants_room = true;
		if (fiber_park(0) == WAIT_CANCELLED)
			return false;
	}
	return !req->gone;
}

WAITS bool http_write(struct request *req, struct slice piece)
{
	if (req->gone || fiber_cancelled())
		return false;
	add_piece(req, piece);
	/* HEAD waits for the length that http_end() knows. */
	if (req->method == HTTP_HEAD) {
		req->sent += queued(req);
		buf_clear(&req->out);
		return true;
	}
	if (!req->has_stream && queued(req) < HTTP_STREAM_AT)
		return true;
	if (!req->has_stream) {
		req->has_stream = true;
		ready(req);
	} else if (req->suspended) {
		http_resume(req);
	}
	return wait_for_room(req);
}

void http_end(struct request *req)
{
	req->ended = true;
	if (req->has_stream) {
		if (req->suspended)
			http_resume(req);
		return;
	}
	if (req->method == HTTP_HEAD)
		req->fixed.n = req->sent;
	ready(req);
}

bool http_drop(struct request *req)
{
	if (!req->has_stream) {
		buf_clear(&req->out);
		req->sent = 0;
		return true;
	}
	req->broken = true;
	if (req->suspended)
		http_resume(req);
	return false;
}

/* ---- for http.c ---------------------------------------------------------- */

void http_refuse(struct request *req, const struct error *err)
{
	req->server->options.refuse(req, err);
}

void http_settle(struct request *req)
{
	struct error err;

	if (req->phase == HTTP_WORKING) {
		fail(&err, ERR_INTERNAL, "the handler gave no answer");
		http_refuse(req, &err);
	} else if (req->has_stream && !req->ended && !req->broken) {
		http_drop(req);
	}
}
