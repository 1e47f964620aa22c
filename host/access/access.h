/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Access: the one place where it is decided who may do what; what is not
 * allowed here is forbidden.
 *
 * A permission is "<kind>:<verb>", "instance:create".  Permissions come from
 * roles: the user's system role (for what belongs to no workspace) and his role
 * in the workspace that is asked for.  An API token can only take away.
 *
 *	system roles	  admin (all), user (may make workspaces), viewer (reads)
 *	workspace roles	  owner, admin, member, viewer
 *	custom roles	  sets of permissions, rows of `roles`
 *
 * Somebody who is no member of a workspace learns nothing of it: what is in it
 * is not found (404), whether it exists or not.
 */
#ifndef SKYCLUST_HOST_ACCESS_ACCESS_H
#define SKYCLUST_HOST_ACCESS_ACCESS_H

#include "nouns/nouns.h"
#include "trust.h"

/*
 * May @who do @permission?  @workspace is the one concerned, or NULL; it becomes
 * who->workspace.  Each decision, either way, is noted in the audit log with
 * @action and @target (what the request is about).
 * ERR_UNAUTHORIZED: nobody is logged in.  ERR_NOT_FOUND: no member.
 * ERR_FORBIDDEN: the role does not hold the permission; says which would do.
 */
WAITS bool access_decide(struct trust *t, struct actor *who,
			 enum access_scope scope, const char *permission,
			 const char *workspace, const char *action,
			 const char *target, struct error *err);

/* The same question without a trace in the log: for `check`, and for lists
 * that leave out what is not to be seen. */
WAITS bool access_would(struct trust *t, const struct actor *who,
			const char *permission, const char *workspace);

bool access_start(struct trust *t, struct error *err);
void access_stop(struct trust *t);

/* ---- acts (trust.h) ------------------------------------------------------ */

trust_act role_list, role_get, role_create, role_update, role_delete;
trust_act access_check, access_permissions; /* of oneself, or of a user */

#endif
