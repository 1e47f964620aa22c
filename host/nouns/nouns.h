/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * SkyClust's own nouns: workspaces, users, credentials, operations … as tables
 * of the same form as the catalogue's (catalog/catalog.h), so that routes,
 * validation, OpenAPI, help and the command line come from them, too.  Each row
 * of `ops` is joined to the function that does it by its name (api/acts.c).
 * The cloud's own users and roles are the catalogue's `user` and `role`; ours
 * are called skyclust_user and skyclust_role.
 */
#ifndef SKYCLUST_HOST_NOUNS_NOUNS_H
#define SKYCLUST_HOST_NOUNS_NOUNS_H

#include "catalog/catalog.h"

/* Who a route is for. */
enum access_scope {
	ACCESS_NONE,	  /* nobody: a row that says nothing */
	ACCESS_OPEN,	  /* everybody, without a token */
	ACCESS_SELF,	  /* whoever is logged in, about himself; what he may
			   * see of it the act itself decides */
	ACCESS_SYSTEM,	  /* by the system role */
	ACCESS_WORKSPACE, /* by the role in the workspace that the path names */
	ACCESS_NAMED,	  /* by the role in the workspace that the argument
			   * workspace_id or credential_id names; without
			   * either by the system role */
};
const char *access_scope_name(enum access_scope scope); /* "workspace" */

struct noun {
	const struct cat_kind *kind;
	const char *path; /* "/api/v1/workspaces/{workspace_id}/members" */
	enum access_scope scope;
	/* Verbs with another scope; each ends with NULL, or is NULL. */
	const char *const *open, *const *self, *const *system;
};

/* All of them, in the order of the documents; ends with a NULL kind. */
const struct noun *const *nouns_all(void);
const struct noun *noun_find(const char *kind);	      /* "member", or NULL */
const struct cat_op *noun_op_find(const char *name);  /* "member.create" */
enum access_scope noun_scope(const struct noun *noun, const struct cat_op *op);

/* One table for each file of this folder; each ends with a NULL kind. */
extern const struct noun nouns_identity[], nouns_access[], nouns_tenancy[],
	nouns_credential[], nouns_operation[], nouns_audit[];

#endif
