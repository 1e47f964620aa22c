/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permissions: what there is to be allowed.  One for each operation of the
 * catalogue and of SkyClust's own nouns ("instance:create", "member:list"), and
 * a few for routes that are no operation.  Kinds that only a driver knows have
 * "x.VENDOR.KIND:VERB"; which of them exist is known only to the driver.
 *
 * Custom roles and API tokens hold patterns: a permission, "*" (everything),
 * "KIND:*", "*:list" or "*:get".
 */
#ifndef SKYCLUST_HOST_ACCESS_PERMISSION_H
#define SKYCLUST_HOST_ACCESS_PERMISSION_H

#include <jansson.h>

#include "nouns/nouns.h"

#define PERMISSION_MAX 160  /* bytes of one pattern */
#define PERMISSIONS_MAX 256 /* patterns of one role */

struct permission {
	const char *name;	 /* "instance:create" */
	enum access_scope scope; /* by which role it is decided */
	const struct noun *noun; /* SkyClust's own; NULL: of a cloud, or of the
				  * installation itself ("system:read") */
	const struct cat_op *op; /* NULL: of the installation itself */
	bool reads; /* changes nothing, and gives no secret but what a list or
		     * a get of the kind gives */
};

/* By name; NULL: there is none, or it is a vendor kind's. */
const struct permission *permission_find(const char *name);
/* All but the vendor kinds', by name. */
const struct permission *permission_all(size_t *n);

/* Whether @name can be a vendor kind's, "x.acme.widget:list". */
bool permission_is_vendor(const char *name);

/* Does it belong to a workspace (else to the installation, or to everybody)? */
bool permission_is_of_workspace(const struct permission *permission);

/*
 * Whether @pattern stands for @name.  @name may be a pattern itself: a vendor
 * kind's pattern is matched by those that are at least as wide.
 */
bool permission_matches(const char *pattern, const char *name);

/* Check that @pattern means something.  ERR_INVALID, with the nearest name. */
bool permission_check(const char *pattern, struct error *err);
/* The same for each of an array of strings, at @pointer of the request, and
 * that there are at most PERMISSIONS_MAX of them. */
bool permission_check_list(const json_t *patterns, const char *pointer,
			   struct error *err);

/* Free what the first call made. */
void permission_done(void);

#endif
