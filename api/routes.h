/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table: the whole REST surface, one row per route.  What can be
 * asked of a cloud, or of SkyClust itself, is not written out: those rows are
 * made from the catalogue's operations and the nouns', one per operation and
 * spelling.
 */
#ifndef SKYCLUST_API_ROUTES_H
#define SKYCLUST_API_ROUTES_H

#include "catalog/catalog.h"
#include "http.h"
#include "nouns/nouns.h"
#include "trust.h"

struct route {
	enum http_method method;
	const char *pattern;
	/* Who it is for, and what he must be allowed to do; without a scope
	 * nobody gets in (and a test looks for it).  A permission is left out
	 * where there is nothing to decide (open, self), and of vendor kinds,
	 * whose names come with the request. */
	enum access_scope scope;
	const char *permission; /* "instance:create", or NULL */
	WAITS void (*handle)(struct request *req);
	const char *id; /* operationId in the OpenAPI document */
	const char *tag;
	const char *summary;	 /* one sentence */
	const char *type;	 /* content type of the answer */
	const struct cat_op *op; /* of the catalogue or of `noun`; or NULL */
	const char *verb;	 /* of a vendor kind, or NULL */
	const struct noun *noun; /* SkyClust's own, or NULL */
	trust_act *act;		 /* of a noun */
	const char
		*param[HTTP_MAX_PARAMS]; /* names, in the order of the path */
};

/* All routes, made at the first call; the array lives until routes_done(). */
const struct route *const *routes_all(size_t *n);
void routes_done(void);

#endif
