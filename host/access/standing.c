/* SPDX-License-Identifier: Apache-2.0 */
#include "access/standing.h"

#include <string.h>

#include "base/text.h"
#include "identity/identity.h"

/* What a system role may do with a workspace from outside of it. */
static const char *const managed[] = {
	"workspace:list", "workspace:get", "workspace:delete",
	"member:list",	  "member:get",	   "member:create",
	"member:update",  "member:delete", "workspace_quota:*",
	"audit_record:*",
};

static bool is_host(const struct actor *who)
{
	return who->kind == ACTOR_LOCAL || who->kind == ACTOR_HOST;
}

/* A name too long for any role is cut, and then is nobody's. */
static void take_names(struct standing *s, const struct identity_user *user,
		       const char *workspace)
{
	text_copy(s->system_name, sizeof(s->system_name), user->role);
	for (size_t i = 0; workspace && i < user->n; i++)
		if (!strcmp(user->grants[i].workspace, workspace))
			text_copy(s->workspace_name, sizeof(s->workspace_name),
				  user->grants[i].role);
}

WAITS static bool find_names(struct trust *t, const struct actor *who,
			     const char *workspace, struct standing *s,
			     struct error *err)
{
	const struct identity_user *user;

	if (is_host(who)) {
		text_copy(s->system_name, sizeof(s->system_name), "admin");
		return true;
	}
	if (who->kind == ACTOR_NOBODY || !who->user_id)
		return fail(err, ERR_UNAUTHORIZED,
			    "this needs a login: send the header "
			    "\"Authorization: Bearer TOKEN\"");
	err->code = ERR_NONE;
	user = identity_user(t, who->user_id, err);
	if (!user && err->code == ERR_STORE_UNAVAILABLE)
		return false;
	if (!user || !user->active)
		return fail(err, ERR_UNAUTHORIZED,
			    "this account is disabled or deleted");
	take_names(s, user, workspace);
	return true;
}

WAITS bool standing_find(struct trust *t, const struct actor *who,
			 const char *workspace, struct standing *s,
			 struct error *err)
{
	*s = (struct standing){ 0 };
	if (!find_names(t, who, workspace, s, err) ||
	    !role_find(t, NULL, s->system_name, &s->system, err))
		return false;
	return !*s->workspace_name ||
	       role_find(t, workspace, s->workspace_name, &s->workspace, err);
}

void standing_done(struct standing *s)
{
	role_done(&s->system);
	role_done(&s->workspace);
}

static bool is_managed(const char *permission)
{
	for (size_t i = 0; i < ARRAY_LEN(managed); i++)
		if (permission_matches(managed[i], permission))
			return true;
	return false;
}

/* Whatever his role holds: nobody is kept. */
static bool is_everybodys(const char *permission)
{
	return !strcmp(permission, "member:leave");
}

bool standing_holds(const struct standing *s, const char *workspace,
		    const char *permission)
{
	const struct permission *known = permission_find(permission);

	if (!workspace)
		return role_holds(&s->system, permission);
	if (*s->workspace_name &&
	    (!known || permission_is_of_workspace(known)) &&
	    (role_holds(&s->workspace, permission) ||
	     is_everybodys(permission)))
		return true;
	return is_managed(permission) && role_holds(&s->system, permission);
}
