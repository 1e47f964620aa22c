/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation and its arguments as an HTTP request.  Sources: api/routes.c
 * and api/README.md, which make the server's paths from the same rows.
 */
#ifndef SKYCLUST_CLI_CALL_H
#define SKYCLUST_CLI_CALL_H

#include <jansson.h>

#include "base/error.h"
#include "catalog/catalog.h"

struct call {
	const char *method;   /* static */
	char *path;	      /* new, percent-encoded */
	json_t *query, *body; /* new; NULL: none */
	char *key;	      /* new: Idempotency-Key, or NULL */
	char *version;	      /* new: If-Match, or NULL */
};

/*
 * Fill in @r for @op of @provider (NULL: of SkyClust itself) with @args (an
 * object, `id` among them; borrowed).  The arguments are checked by the
 * catalogue: ERR_INVALID with the pointer to the faulty one.  call_done() also
 * after false.
 */
bool call_make(struct call *r, const char *provider, const struct cat_op *op,
	       const json_t *args, struct error *err);
void call_done(struct call *r);

#endif
