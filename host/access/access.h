/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Access: the one place where it is decided who may do what; what is not
 * allowed here is forbidden.
 *
 * A permission is "<kind>:<verb>", "instance:create" (permission.h).
 * Permissions come from roles (role.h): the user's system role (for what belongs
 * to no workspace) and his role in the workspace that is asked for.  An API
 * token can only take away.
 *
 * What is in a workspace is its members': a system role counts there only for
 * managing it from outside, which is to see, to delete and to give it members
 * and quotas, and to read its audit log.  So a system administrator cannot
 * touch a tenant's clouds or see his credentials, unless he makes himself a
 * member; and that is on record.
 *
 * Somebody who is no member of a workspace learns nothing of it: what is in it
 * is not found (404), whether it exists or not.
 */
#ifndef SKYCLUST_HOST_ACCESS_ACCESS_H
#define SKYCLUST_HOST_ACCESS_ACCESS_H

#include "nouns/nouns.h"
#include "trust.h"

/*
 * May @who do @permission?  @workspace is the one concerned, NULL: none is, "":
 * the one of something that is not there.  When he may, it becomes
 * who->workspace.  Each decision but ACCESS_OPEN's, either way, is noted in the
 * audit log with @action and @target (what the request is about).
 * ERR_UNAUTHORIZED: nobody is logged in.  ERR_NOT_FOUND: no member; the message
 * is the same whether there is such a workspace or not.
 * ERR_FORBIDDEN: the role does not hold the permission; says which would do.
 */
WAITS bool access_decide(struct trust *t, struct actor *who,
			 enum access_scope scope, const char *permission,
			 const char *workspace, const char *action,
			 const char *target, struct error *err);

/* The same question without a trace in the log, about the system when
 * @workspace is NULL. */
WAITS bool access_may(struct trust *t, const struct actor *who,
		      const char *permission, const char *workspace,
		      struct error *err);
/* The same, noted in the log: for acts that find out by themselves whose thing
 * @target is (the route's own decision was ACCESS_SELF's). */
WAITS bool access_require(struct trust *t, const struct actor *who,
			  const char *permission, const char *workspace,
			  const char *target, struct error *err);
/* The same without telling why not. */
WAITS bool access_would(struct trust *t, const struct actor *who,
			const char *permission, const char *workspace);

/*
 * May @who give somebody role @role of @workspace (NULL: of the system)?  Only if
 * he holds all that it holds, so that nobody can raise himself or another above
 * himself.  ERR_INVALID: there is no such role, with the nearest name.
 * ERR_FORBIDDEN: names what he does not hold.
 */
WAITS bool access_may_grant(struct trust *t, const struct actor *who,
			    const char *workspace, const char *role,
			    struct error *err);
/* May he take it away?  The same; but a role that is gone holds nothing. */
WAITS bool access_may_take(struct trust *t, const struct actor *who,
			   const char *workspace, const char *role,
			   struct error *err);
/* May he make a role that holds @patterns (permission.h; checked), or an
 * API token that is limited to them? */
WAITS bool access_may_grant_patterns(struct trust *t, const struct actor *who,
				     const char *workspace,
				     const json_t *patterns, struct error *err);

bool access_start(struct trust *t, struct error *err);
void access_stop(struct trust *t);

/* ---- acts (trust.h) ------------------------------------------------------ */

trust_act role_list, role_get, role_create, role_update, role_delete;
trust_act access_check, access_permissions; /* of oneself, or of a user */

#endif
