/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any path and query from a client: the first byte of the input chooses the
 * method, the rest is the request target.
 *
 * Beside memory faults it finds a match whose parameters are not pieces of the
 * path, a route of another method, a path that is both there and not, and
 * arguments that are no valid JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct router *table(void)
{
	static struct router *router;
	const struct route *const *routes;
	size_t n;

	if (!router) {
		routes = routes_all(&n);
		router = router_new(routes, n);
	}
	return router;
}

static void check_match(const struct route_match *m, enum http_method method,
			struct slice path)
{
	must(m->route->method == method ||
	     (method == HTTP_HEAD && m->route->method == HTTP_GET));
	must(m->allowed & method);
	must(m->params <= HTTP_MAX_PARAMS);
	for (unsigned i = 0; i < m->params; i++) {
		struct slice s = m->param[i];

		must(s.n > 0 && s.p >= path.p && s.p + s.n <= path.p + path.n);
		must(!memchr(s.p, '/', s.n));
		must(m->route->param[i] != NULL);
	}
	for (unsigned i = m->params; i < HTTP_MAX_PARAMS; i++)
		must(m->route->param[i] == NULL);
}

/* As api.c does it. */
static void take_params(struct request *req, const struct route_match *m)
{
	for (unsigned i = 0; i < m->params; i++) {
		struct buf text = { 0 };

		if (text_percent_decode(&text, m->param[i]) &&
		    utf8_valid(text.p, text.n))
			req->param[i] = arena_strndup(&req->arena, text.p, text.n);
		else
			req->param[i] = "x";
		buf_done(&text);
	}
}

static void read_arguments(struct request *req)
{
	struct error err = { 0 };
	struct buf text = { 0 };
	AUTO_JSON json_t *again = NULL;
	AUTO_JSON json_t *args = args_read(req, &err);

	if (!args) {
		must(err.code == ERR_BAD_REQUEST || err.code == ERR_INVALID);
		return;
	}
	json_write(args, &text);
	again = json_read(text.p, text.n, &err);
	must(json_equal(args, again));
	buf_done(&text);
	if (req->route->op)
		cat_check_args(req->route->op, args, true, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request req = { 0 };
	struct route_match m;
	char *target;
	size_t n;

	if (size < 2 || memchr(data + 1, 0, size - 1))
		return 0;
	target = mem_strndup((const char *)data + 1, size - 1);
	n = strcspn(target, "?");
	req.method = 1u << (data[0] % 8);
	req.query = target[n] ? target + n + 1 : "";
	if (router_match(table(), req.method, (struct slice){ target, n }, &m)) {
		check_match(&m, req.method, (struct slice){ target, n });
		req.route = m.route;
		take_params(&req, &m);
		read_arguments(&req);
	} else {
		must(!(m.allowed & req.method & ~(unsigned)HTTP_OPTIONS));
	}
	arena_done(&req.arena);
	mem_free(target);
	return 0;
}
