/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving roles, and taking them away: nobody can raise himself, or another
 * above himself.
 */
#include <string.h>

#include "access/access.h"
#include "access/standing.h"
#include "base/auto.h"
#include "base/text.h"
#include "identity/identity.h"

/* Who may give members from outside, may give what his system role holds. */
static bool may_give(const struct standing *s, const char *workspace,
		     const char *permission)
{
	if (!workspace || role_holds(&s->system, "member:create"))
		return role_holds(&s->system, permission) ||
		       standing_holds(s, workspace, permission);
	return role_holds(&s->workspace, permission);
}

struct grant {
	const struct standing *giver;
	const char *workspace; /* or NULL */
	const json_t *limits;  /* of the giver's token, or NULL */
	const struct role *role;
};

static bool check_one(const struct grant *g, const char *permission,
		      struct error *err)
{
	if (!role_holds(g->role, permission))
		return true;
	if (may_give(g->giver, g->workspace, permission) &&
	    (!g->limits || role_patterns_hold(g->limits, permission)))
		return true;
	return fail(err, ERR_FORBIDDEN,
		    "nobody can give or take what he does not hold: this holds "
		    "%s, you do not",
		    permission);
}

static bool is_granted(const struct permission *p, const char *workspace)
{
	if (workspace)
		return permission_is_of_workspace(p);
	return p->scope != ACCESS_OPEN && p->scope != ACCESS_SELF;
}

/* Vendor kinds are without number; patterns stand for them. */
static bool check_vendor(const struct grant *g, struct error *err)
{
	static const char *const wide[] = { "x.*.*:*", "x.*.*:list",
					    "x.*.*:get" };
	json_t *pattern;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wide); i++)
		if (!check_one(g, wide[i], err))
			return false;
	json_array_foreach (g->role->patterns, i, pattern)
		if (text_starts(json_string_value(pattern), "x.") &&
		    !check_one(g, json_string_value(pattern), err))
			return false;
	return true;
}

static bool check_grant(const struct grant *g, struct error *err)
{
	size_t n;
	const struct permission *all = permission_all(&n);

	for (size_t i = 0; i < n; i++)
		if (is_granted(&all[i], g->workspace) &&
		    !check_one(g, all[i].name, err))
			return false;
	return check_vendor(g, err);
}

WAITS static bool may_give_role(struct trust *t, const struct actor *who,
				const char *workspace, const struct role *role,
				struct error *err)
{
	struct standing s;
	struct grant grant = { &s, workspace, NULL, role };
	const char *only = NULL;
	bool may;

	if (who->kind == ACTOR_HOST)
		return true;
	may = standing_find(t, who, workspace, &s, err);
	if (may && who->kind == ACTOR_TOKEN)
		may = identity_token_limits(t, who->token_id, &only,
					    &grant.limits, err);
	may = may && check_grant(&grant, err);
	standing_done(&s);
	return may;
}

static bool fail_no_role(const char *role, bool of_workspace, struct error *err)
{
	const struct role_builtin *builtin;
	const char *names[8];
	size_t n = 0;
	const char *meant;

	for (size_t i = 0; (builtin = role_builtin_at(i)); i++)
		if (builtin->of_workspace == of_workspace)
			names[n++] = builtin->name;
	meant = text_nearest(role, names, n);
	return fail_at(err, ERR_INVALID, "/role",
		       "there is no role \"%.64s\"%s%s%s", role,
		       meant ? ", did you mean \"" : "", meant ? meant : "",
		       meant ? "\"" : "");
}

WAITS static bool may_give_named(struct trust *t, const struct actor *who,
				 const char *workspace, const char *role,
				 bool must_exist, struct error *err)
{
	struct role found;
	bool may = role_find(t, workspace, role, &found, err);

	if (may && must_exist && role_is_empty(&found))
		may = fail_no_role(role, workspace != NULL, err);
	may = may && may_give_role(t, who, workspace, &found, err);
	role_done(&found);
	return may;
}

WAITS bool access_may_grant(struct trust *t, const struct actor *who,
			    const char *workspace, const char *role,
			    struct error *err)
{
	return may_give_named(t, who, workspace, role, true, err);
}

WAITS bool access_may_take(struct trust *t, const struct actor *who,
			   const char *workspace, const char *role,
			   struct error *err)
{
	return may_give_named(t, who, workspace, role, false, err);
}

WAITS bool access_may_grant_patterns(struct trust *t, const struct actor *who,
				     const char *workspace,
				     const json_t *patterns, struct error *err)
{
	AUTO_JSON json_t *copy = json_deep_copy(patterns);

	return may_give_role(t, who, workspace,
			     &(struct role){ .patterns = copy }, err);
}
