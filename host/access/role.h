/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: named sets of permissions.  The system's and the workspaces' built-in
 * ones are rules over the table of permissions, so a new kind or verb finds its
 * place by itself; custom ones are lists of patterns, rows of `roles`, and are
 * remembered until the revision changes (identity/identity.h).
 *
 *	system	   admin   everything
 *		   user	   makes workspaces, sees the providers
 *		   viewer  reads what belongs to the installation; no secrets
 *	workspace  owner   everything in it
 *		   admin   the same, but for deleting it
 *		   member  uses the clouds; sees credentials, members, quotas
 *		   viewer  what of a member's only reads; no secrets
 */
#ifndef SKYCLUST_HOST_ACCESS_ROLE_H
#define SKYCLUST_HOST_ACCESS_ROLE_H

#include <jansson.h>

#include "access/permission.h"
#include "trust.h"

#define ROLE_NAME_MAX 64
#define ROLE_OWNER "owner" /* of a workspace; it must keep one */

struct role_builtin {
	const char *name;
	bool of_workspace; /* else of the system */
	const char *help;  /* one sentence */
	bool (*holds)(const struct permission *permission);
	const char *const
		*vendor; /* what it may do with vendor kinds: patterns,
				    * ends with NULL */
};

/* One that was found; one that is empty holds nothing. */
struct role {
	const struct role_builtin *builtin; /* or NULL */
	json_t *patterns;		    /* of a custom one; counted */
};

/* Built-in ones in order; NULL at the end. */
const struct role_builtin *role_builtin_at(size_t i);
const struct role_builtin *role_builtin_find(const char *name,
					     bool of_workspace);
/* Whether any built-in role, of either kind, is called @name. */
bool role_is_reserved(const char *name);

/*
 * Role @name of @workspace, or (NULL) of the system; one that is not there is
 * empty.  Waits for the store only when the workspace's custom roles were not
 * remembered.  To be ended by role_done().
 */
WAITS bool role_find(struct trust *t, const char *workspace, const char *name,
		     struct role *role, struct error *err);
void role_done(struct role *role);
bool role_is_empty(const struct role *role);

/* @permission may be a vendor kind's, also as a pattern with "*". */
bool role_holds(const struct role *role, const char *permission);
/* Whether one of @patterns stands for @permission. */
bool role_patterns_hold(const json_t *patterns, const char *permission);

/* What is remembered of custom roles. */
struct access {
	json_t *roles;	  /* {workspace or "": {name: [pattern, …]}} */
	int64_t revision; /* when they were read */
};

#endif
