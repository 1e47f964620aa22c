/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which members of records are shown, in which order.
 */
#ifndef SKYCLUST_CLI_COLUMNS_H
#define SKYCLUST_CLI_COLUMNS_H

#include "cli/output.h"

struct column {
	char *path;		       /* "status", "tags.team" */
	const struct cat_field *field; /* NULL: not in the catalogue */
};

struct columns {
	struct column *list;
	size_t n;
};

enum columns_want {
	COLUMNS_BEST,  /* by importance, those that have a value */
	COLUMNS_FULL,  /* all that have a value */
	COLUMNS_EVERY, /* all that the record can have: programs want the same
			* columns each time */
};

/* Columns for @items (an array): @o->fields when given, else as @want says.
 * New; columns_done() frees them. */
struct columns columns_choose(const struct output *o, const json_t *items,
			      enum columns_want want);
void columns_done(struct columns *c);

/* The one member that says it all ("kubeconfig"), or NULL. */
const char *columns_document(const struct cat_record *record);

/* Only these members of @item, as an object (new). */
json_t *columns_project(const struct columns *c, const json_t *item);

#endif
