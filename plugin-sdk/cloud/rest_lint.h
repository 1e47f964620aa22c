/* SPDX-License-Identifier: Apache-2.0 */
/* What rest_lint.c and rest_lint_map.c share. */
#ifndef SKYCLUST_CLOUD_REST_LINT_H
#define SKYCLUST_CLOUD_REST_LINT_H

#include "cloud/rest_run.h"

/* The row under inspection. */
struct lint {
	const struct sc_driver *driver;
	const char *name;       /* what findings begin with */
	const struct sc_rest *row;      /* NULL: a service */
	const struct cat_op *op;        /* NULL: a private row */
	json_t *credential, *config;    /* properties of the schemas, or NULL */
	json_t *findings;
	bool is_path;           /* the template at hand is a URL's path */
	bool is_body;
	bool is_optional;       /* the hole at hand */
	bool is_map;            /* {x} is of the record, {arg.x} of the row */
	bool is_page;           /* a service's .page */
};

void lint_find(struct lint *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void lint_path(struct lint *l, const char *what, const char *path);
/* The same of a path whose selectors may have holes. */
void lint_open_path(struct lint *l, const char *what, const char *path);
/* @what is put before what is malformed; of holes the row and the catalogue
 * say whether they can be filled. */
void lint_template(struct lint *l, const char *what, const char *text,
		   enum template_kind kind);

/* What a row says beside its request (rest_lint_row.c). */
void lint_extras(struct lint *l);

/* Items, map and next of a row against the catalogue's record. */
void lint_records(struct lint *l);

#endif
