/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's record, its name, and what is checked before its body is read.
 */
#include <endian.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "http_server.h"

#define POOLED 256 /* records kept for reuse */

static struct list pool = LIST_INIT(pool);
static size_t pooled;

/* ---- requests: birth and death ------------------------------------------- */

struct request *http_request_new(struct http_server *server)
{
	struct request *req = list_first(&pool, struct request, link);

	if (req) {
		list_del(&req->link);
		pooled--;
	} else {
		req = mem_alloc(sizeof(*req));
	}
	req->server = server;
	req->owner = server->options.owner;
	req->began_us = clock_us();
	list_add_tail(&server->requests, &req->link);
	server->request_count++;
	return req;
}

/* Clean for the next one; secrets of the body do not stay. */
static void request_recycle(struct request *req)
{
	buf_wipe(&req->body);
	buf_done(&req->out);
	buf_done(&req->kept);
	if (req->args && req->args->refcount == 1) /* nobody else's, too */
		json_wipe(req->args);
	json_decref(req->args);
	arena_done(&req->arena);
	*req = (struct request){ 0 };
	if (pooled >= POOLED) {
		mem_free(req);
		return;
	}
	list_init(&req->link);
	list_add_head(&pool, &req->link);
	pooled++;
}

void http_request_free(struct request *req)
{
	struct http_server *server = req->server;

	server->options.done(req);
	list_del(&req->link);
	request_recycle(req);
	if (!--server->request_count)
		cond_broadcast(&server->quiet);
}

void http_request_empty_pool(void)
{
	struct request *req;

	while ((req = list_first(&pool, struct request, link))) {
		list_del(&req->link);
		mem_free(req);
	}
	pooled = 0;
}

/* ---- what it says of itself ----------------------------------------------- */

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{ "GET", HTTP_GET },	     { "HEAD", HTTP_HEAD },
	{ "POST", HTTP_POST },	     { "PUT", HTTP_PUT },
	{ "PATCH", HTTP_PATCH },     { "DELETE", HTTP_DELETE },
	{ "OPTIONS", HTTP_OPTIONS },
};

enum http_method http_method_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (!strcmp(name, methods[i].name))
			return methods[i].method;
	return HTTP_OTHER;
}

const char *http_method_name(enum http_method method)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (method == methods[i].method)
			return methods[i].name;
	return "other";
}

const char *http_header(struct request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND,
					   name);
}

void http_make_id(char id[HTTP_ID_SIZE])
{
	static uint64_t bytes[2]; /* the process, and a count */

	if (!bytes[0] && getrandom(bytes, sizeof(bytes[0]), 0) < 0)
		bytes[0] = (uint64_t)clock_us();
	bytes[1] = htobe64(be64toh(bytes[1]) + 1);
	text_hex(bytes, sizeof(bytes), id);
}

char *http_new_id(struct arena *arena)
{
	char id[HTTP_ID_SIZE];

	http_make_id(id);
	return arena_strdup(arena, id);
}

/* The client's id replaces ours if it is harmless in logs and headers. */
void http_take_id(struct request *req)
{
	const char *theirs = http_header(req, "X-Request-Id");
	size_t n = theirs ? strlen(theirs) : 0;

	if (n && n < HTTP_ID_SIZE &&
	    strspn(theirs, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n)
		memcpy(req->id, theirs, n + 1);
}

/* RFC 9112 section 3.2.2: the target may be a whole URL; who is meant is us. */
const char *http_target_path(const char *target)
{
	const char *authority = strstr(target, "://");

	if (*target == '/' || !authority)
		return target;
	authority += 3;
	authority += strcspn(authority, "/?");
	return *authority == '/' ? authority : "/";
}

/* ---- limits -------------------------------------------------------------- */

struct header_sum {
	size_t bytes;
	unsigned hosts, lengths, codings, tokens;
};

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind UNUSED,
				  const char *name, const char *value)
{
	struct header_sum *sum = cls;

	sum->bytes += strlen(name) + (value ? strlen(value) : 0);
	sum->hosts += !strcasecmp(name, "Host");
	sum->lengths += !strcasecmp(name, "Content-Length");
	sum->codings += !strcasecmp(name, "Transfer-Encoding");
	sum->tokens += !strcasecmp(name, "Authorization");
	return MHD_YES;
}

/* What a proxy before us could read otherwise is refused: it would let one
 * client's bytes pass as another's request (RFC 9112 section 11.2). */
static bool check_once(const struct header_sum *sum, bool needs_host,
		       struct error *err)
{
	if (needs_host && !sum->hosts)
		return fail(err, ERR_BAD_REQUEST,
			    "HTTP/1.1 needs the header Host");
	if (sum->lengths + sum->codings > 1 || sum->hosts > 1 ||
	    sum->tokens > 1)
		return fail(err, ERR_BAD_REQUEST,
			    "Host and Authorization may come once, and one of "
			    "Content-Length and Transfer-Encoding");
	return true;
}

bool http_check_headers(struct request *req, const char *version,
			struct error *err)
{
	struct header_sum sum = { 0 };

	if (strlen(req->path) + strlen(req->query) > HTTP_MAX_URI)
		return fail(err, ERR_URI_TOO_LONG,
			    "the request target is longer than %d bytes",
			    HTTP_MAX_URI);
	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, add_header,
				  &sum);
	if (sum.bytes > HTTP_MAX_HEADERS)
		return fail(err, ERR_HEADERS_TOO_LARGE,
			    "the headers hold more than %d bytes",
			    HTTP_MAX_HEADERS);
	return check_once(&sum, !strcmp(version, "HTTP/1.1"), err);
}

void http_fail_too_large(struct request *req, struct error *err)
{
	fail(err, ERR_TOO_LARGE, "the body is larger than %zu bytes",
	     req->server->options.max_body);
}

/* A body that is a little too large is read and thrown away, so that the
 * client sees our answer instead of a reset connection; not a huge one, and
 * not of a client that asks first. */
bool http_check_length(struct request *req, struct error *err)
{
	const char *length = http_header(req, "Content-Length");
	long long n = 0;

	if (!length || !text_to_int(length, 0, INT64_MAX, &n) ||
	    (unsigned long long)n <= req->server->options.max_body)
		return true;
	req->too_large = true;
	if (n <= HTTP_DISCARD_MAX && !http_header(req, "Expect"))
		return true;
	http_fail_too_large(req, err);
	return false;
}
