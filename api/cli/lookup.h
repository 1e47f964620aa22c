/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names where the server wants identifiers.
 */
#ifndef SKYCLUST_CLI_LOOKUP_H
#define SKYCLUST_CLI_LOOKUP_H

#include "cli/session.h"

/*
 * The one resource of @kind that @word means: the one with this identifier,
 * else the one with this name.  @args may hold what a list of the kind needs
 * (cluster_id); NULL: nothing.  New: the resource, at least with its `id`; NULL
 * with @err: ERR_NOT_FOUND, or ERR_CONFLICT that lists the identifiers when
 * several have the name.
 */
json_t *lookup_one(struct session *s, const struct cat_kind *kind,
		   const char *word, const json_t *args, struct error *err);

/* The one with identifier @id, by the kind's get (which it must have); new, or
 * NULL with @err. */
json_t *lookup_get(struct session *s, const struct cat_kind *kind,
		   const char *id, const json_t *args, struct error *err);

/* All that the words of s->command mean, new; NULL: @err of the first one that
 * means nothing. */
json_t *lookup_words(struct session *s, struct error *err);

/* In @args of @op: names that stand where identifiers of other resources are
 * expected (network_id) become identifiers.  What is not found is left for the
 * server to judge. */
bool lookup_references(struct session *s, const struct cat_op *op, json_t *args,
		       struct error *err);

#endif
