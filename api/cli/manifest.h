/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of resources: YAML with one or more documents, or JSON; each document
 * a resource or a list of them.  A resource is what its create takes, and
 * beside it `kind` and, where it is not the program's own, `provider`:
 *
 *	kind: instance
 *	name: web
 *	instance_type: small
 *	image_id: ubuntu-22.04
 *	network_id: ${network.web-net.id}
 *
 * Pure: the whole file is read and checked against the catalogue before
 * anybody is asked.
 */
#ifndef SKYCLUST_CLI_MANIFEST_H
#define SKYCLUST_CLI_MANIFEST_H

#include <jansson.h>

#include "base/error.h"
#include "catalog/catalog.h"

struct yaml_node;

struct resource {
	const struct cat_kind *kind;
	const struct cat_op *op; /* what makes it: create, or import */
	const char *name, *provider, *region; /* borrowed; the last two may be
					       * NULL: the program's own */
	json_t *given;		      /* counted: the arguments as written */
	const struct yaml_node *node; /* borrowed; NULL: of a JSON file */
	int line;
	size_t *needs, n_needs; /* those it refers to, by place */
	bool needed;		/* another one refers to it */
};

struct manifest {
	const char *file; /* for people; borrowed */
	struct resource *list;
	size_t n;
	size_t *order;	/* places, what is needed first */
	json_t *faults; /* [{"line", "pointer", "detail"}, …] */
	struct yaml_node *tree;
	json_t *values;
};

/*
 * Read @n bytes of @text.  @provider and @region are the program's own (or
 * NULL), borrowed for the manifest's life.  False: `faults` has all that was
 * found, and @err (ERR_INVALID) the only one of them, or their number.
 * manifest_done() in both cases.
 */
bool manifest_read(struct manifest *m, const char *file, const char *text,
		   size_t n, const char *provider, const char *region,
		   struct error *err);
void manifest_done(struct manifest *m);

/*
 * The resource that @reference ("network.web-net.id") of @from means, and in
 * @path the member of it; NULL with @err.  One of the same provider and region
 * goes before others of that name.
 */
struct resource *manifest_target(const struct manifest *m,
				 const struct resource *from,
				 const char *reference, const char **path,
				 struct error *err);

/* The line of what @pointer (RFC 6901) into the arguments leads to, or of the
 * last of it that is there. */
int manifest_line(const struct resource *r, const char *pointer);

/* "instance/web"; new. */
char *resource_label(const struct resource *r);

#endif
