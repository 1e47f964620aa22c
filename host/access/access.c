/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"

#include <string.h>

#include "access/role.h"
#include "access/standing.h"
#include "audit/audit.h"
#include "base/auto.h"
#include "base/mem.h"
#include "identity/identity.h"

bool access_start(struct trust *t, struct error *err)
{
	(void)err;
	t->access = mem_alloc(sizeof(*t->access));
	t->access->roles = json_object();
	return true;
}

void access_stop(struct trust *t)
{
	if (!t->access)
		return;
	json_decref(t->access->roles);
	mem_free(t->access);
	t->access = NULL;
	permission_done();
}

/* ---- refusals ------------------------------------------------------------- */

/* The same words for what is another's and for what is not. */
static bool fail_unseen(struct error *err)
{
	return fail(err, ERR_NOT_FOUND,
		    "there is no such workspace, or nothing of this "
		    "identifier in any of yours");
}

/* "owner, admin" of the built-in roles that hold @permission. */
static void list_holders(const char *permission, bool of_workspace,
			 struct buf *out)
{
	const struct role_builtin *builtin;

	for (size_t i = 0; (builtin = role_builtin_at(i)); i++) {
		struct role role = { .builtin = builtin };

		if (builtin->of_workspace == of_workspace &&
		    role_holds(&role, permission))
			buf_printf(out, "%s%s", out->n ? ", " : "",
				   builtin->name);
	}
}

static bool fail_held(const struct standing *s, const char *workspace,
		      const char *permission, struct error *err)
{
	struct buf holders = { 0 };

	list_holders(permission, workspace != NULL, &holders);
	fail(err, ERR_FORBIDDEN,
	     "this needs %s, which your role %s %s does not hold%s%s%s",
	     permission, workspace ? s->workspace_name : s->system_name,
	     workspace ? "in this workspace" : "in the system",
	     holders.n ? "; it is held by: " : "", holders.n ? holders.p : "",
	     holders.n && workspace ? " (of the workspace)" : "");
	buf_done(&holders);
	return false;
}

static bool refuse(const struct standing *s, const char *workspace,
		   const char *permission, struct error *err)
{
	if (!workspace || *s->workspace_name)
		return fail_held(s, workspace, permission, err);
	if (role_holds(&s->system, "workspace:get"))
		return fail(err, ERR_FORBIDDEN,
			    "%s is for members of the workspace; you manage "
			    "workspaces, so you can make yourself one",
			    permission);
	return fail_unseen(err);
}

/* ---- the decision --------------------------------------------------------- */

/* What an API token is limited to can be left only for reads about oneself, and
 * where the act finds the workspace and asks again. */
WAITS static bool token_allows(struct trust *t, const struct actor *who,
			       enum access_scope scope, const char *permission,
			       const char *workspace, struct error *err)
{
	const struct permission *known = permission_find(permission);
	const json_t *limits = NULL;
	const char *only = NULL;

	if (who->kind != ACTOR_TOKEN)
		return true;
	if (!identity_token_limits(t, who->token_id, &only, &limits, err))
		return false;
	if (limits && !role_patterns_hold(limits, permission))
		return fail(err, ERR_FORBIDDEN,
			    "this API token is not good for %s", permission);
	if (!only || !*only || (workspace && !strcmp(workspace, only)) ||
	    (scope == ACCESS_SELF && known &&
	     (known->reads || known->scope == ACCESS_NAMED)))
		return true;
	if (workspace)
		return fail_unseen(err);
	return fail(err, ERR_FORBIDDEN,
		    "this API token is good in one workspace only; %s is not "
		    "about it",
		    permission);
}

static bool is_permission(const char *name, struct error *err)
{
	if (name && (permission_find(name) || permission_is_vendor(name)))
		return true;
	return fail(err, ERR_FORBIDDEN, "nobody may do %s",
		    name ? name : "this");
}

/* By where he stands. */
WAITS static bool weigh(struct trust *t, const struct actor *who,
			const struct standing *s, enum access_scope scope,
			const char *permission, const char *workspace,
			struct error *err)
{
	/* What has no name is for whoever is logged in. */
	if (scope == ACCESS_SELF && !permission)
		return true;
	if (!is_permission(permission, err) ||
	    !token_allows(t, who, scope, permission, workspace, err))
		return false;
	if (scope == ACCESS_SELF)
		return true;
	if (workspace && !*workspace)
		return fail_unseen(err);
	return standing_holds(s, workspace, permission) ||
	       refuse(s, workspace, permission, err);
}

WAITS static bool judge(struct trust *t, const struct actor *who,
			enum access_scope scope, const char *permission,
			const char *workspace, struct error *err)
{
	struct standing s;
	bool may;

	if (who->kind == ACTOR_HOST)
		return is_permission(permission, err);
	may = standing_find(t, who, workspace, &s, err) &&
	      weigh(t, who, &s, scope, permission, workspace, err);
	standing_done(&s);
	return may;
}

/* The workspace by which @scope is decided; NULL: by the system role. */
static const char *decisive(enum access_scope scope, const char *workspace)
{
	switch (scope) {
	case ACCESS_WORKSPACE:
		return workspace ? workspace : "";
	case ACCESS_NAMED:
		return workspace;
	case ACCESS_NONE:
	case ACCESS_OPEN:
	case ACCESS_SELF:
	case ACCESS_SYSTEM:
		break;
	}
	return NULL;
}

WAITS static bool decide(struct trust *t, const struct actor *who,
			 enum access_scope scope, const char *permission,
			 const char *workspace, struct error *err)
{
	switch (scope) {
	case ACCESS_OPEN:
		return true;
	case ACCESS_SELF:
	case ACCESS_SYSTEM:
	case ACCESS_WORKSPACE:
	case ACCESS_NAMED:
		return judge(t, who, scope, permission,
			     decisive(scope, workspace), err);
	case ACCESS_NONE:
		break;
	}
	return fail(err, ERR_FORBIDDEN, "nobody may use this");
}

/* What a stranger tried is not told in the log of the workspace he named. */
static void note(struct trust *t, const struct actor *who, bool may,
		 const char *action, const char *workspace, const char *target,
		 const struct error *err)
{
	bool stranger = !may && err->code == ERR_NOT_FOUND;
	json_t *more =
		stranger ? json_pack("{ss}", "asked_for", workspace) : NULL;

	audit_note(t,
		   &(struct audit_event){
			   .who = who,
			   .action = action,
			   .outcome = may ? "allowed" : "denied",
			   .reason = may ? NULL : err_info(err->code)->name,
			   .workspace = stranger || !workspace ? "" : workspace,
			   .target = target,
			   .more = more,
		   });
	json_decref(more);
}

WAITS bool access_decide(struct trust *t, struct actor *who,
			 enum access_scope scope, const char *permission,
			 const char *workspace, const char *action,
			 const char *target, struct error *err)
{
	bool may = decide(t, who, scope, permission, workspace, err);

	who->workspace = NULL;
	if (may && workspace && *workspace)
		who->workspace = who->arena
					 ? arena_strdup(who->arena, workspace)
					 : workspace;
	if (scope != ACCESS_OPEN)
		note(t, who, may, action, workspace, target, err);
	return may;
}

WAITS bool access_may(struct trust *t, const struct actor *who,
		      const char *permission, const char *workspace,
		      struct error *err)
{
	const struct permission *known = permission_find(permission);
	bool of_oneself = known && (known->scope == ACCESS_SELF ||
				    known->scope == ACCESS_OPEN);

	if (workspace)
		return decide(t, who, ACCESS_WORKSPACE, permission, workspace,
			      err);
	return decide(t, who, of_oneself ? ACCESS_SELF : ACCESS_SYSTEM,
		      permission, NULL, err);
}

WAITS bool access_would(struct trust *t, const struct actor *who,
			const char *permission, const char *workspace)
{
	struct error err;

	return access_may(t, who, permission, workspace, &err);
}

WAITS bool access_require(struct trust *t, const struct actor *who,
			  const char *permission, const char *workspace,
			  const char *target, struct error *err)
{
	bool may = access_may(t, who, permission, workspace, err);
	AUTO_FREE char *action = mem_strdup(permission);
	char *colon = strchr(action, ':');

	if (colon)
		*colon = '.';
	note(t, who, may, action, workspace, target, err);
	return may;
}
