/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table: the whole REST surface, one row per route.  What can be
 * asked of a cloud is not written out: its rows are made from the catalogue's
 * operations, one per operation and spelling.
 */
#ifndef SKYCLUST_API_ROUTES_H
#define SKYCLUST_API_ROUTES_H

#include "catalog/catalog.h"
#include "http.h"

/* What a caller must be allowed to do.  Zero is none of them, so a row that
 * names no permission lets nobody in (and a test looks for it). */
enum permission {
	PERM_NONE,
	PERM_OPEN,    /* everybody, without a token */
	PERM_READ,    /* see what there is */
	PERM_WRITE,   /* make and change */
	PERM_DESTROY, /* delete */
};
const char *permission_name(enum permission permission);

struct route {
	enum http_method method;
	const char *pattern;
	enum permission permission;
	WAITS void (*handle)(struct request *req);
	const char *id; /* operationId in the OpenAPI document */
	const char *tag;
	const char *summary;	 /* one sentence */
	const char *type;	 /* content type of the answer */
	const struct cat_op *op; /* or NULL */
	const char *verb;	 /* of a vendor kind, or NULL */
	const char
		*param[HTTP_MAX_PARAMS]; /* names, in the order of the path */
};

/* All routes, made at the first call; the array lives until routes_done(). */
const struct route *const *routes_all(size_t *n);
void routes_done(void);

#endif
