/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which route a path belongs to.  Patterns are compiled into a tree of path
 * segments, so a match costs a few comparisons for each segment.
 *
 *	/api/v1/providers/{provider}/instances/{id}
 *	/api/v1/providers/{provider}/x.{vendor_kind}
 *
 * A literal segment goes before one with a beginning ("x."), which goes before
 * a parameter; where the better one has no such route, the others are tried.
 */
#ifndef SKYCLUST_API_ROUTER_H
#define SKYCLUST_API_ROUTER_H

#include "http.h"
#include "routes.h"

struct router;

/* Compile @n routes, borrowed for the router's life.  The table is ours, so a
 * pattern given twice or with too many parameters ends the process. */
struct router *router_new(const struct route *const *routes, size_t n);
void router_free(struct router *r);

struct route_match {
	const struct route *route; /* NULL: none */
	unsigned allowed; /* methods that @path has: enum http_method */
	struct slice param[HTTP_MAX_PARAMS]; /* still percent-encoded */
	unsigned params;
};

/* Match @path (encoded, beginning with '/').  HEAD is matched as GET.  False:
 * @m->allowed is 0 when nobody has this path (404), else the methods that are
 * there instead (405). */
bool router_match(const struct router *r, enum http_method method,
		  struct slice path, struct route_match *m);

/* "GET, HEAD, OPTIONS" for @allowed, as the header Allow wants it. */
#define ROUTER_ALLOW 64
const char *router_allow(unsigned allowed, char text[ROUTER_ALLOW]);

#endif
