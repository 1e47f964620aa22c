/* SPDX-License-Identifier: Apache-2.0 */
#include "access/role.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/identity.h"
#include "store/store.h"

/* Workspaces whose roles are remembered at once. */
#define MOST_REMEMBERED 4096

/* ---- the built-in ones ---------------------------------------------------- */

static bool is_listed(const char *permission, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (permission_matches(*patterns, permission))
			return true;
	return false;
}

static bool everything(const struct permission *p)
{
	(void)p;
	return true;
}

static bool system_user(const struct permission *p)
{
	static const char *const held[] = { "workspace:create", "provider:list",
					    "provider:get", NULL };

	return is_listed(p->name, held);
}

/* Not what is inside of workspaces: a system role that holds such a permission
 * manages all of them (access.c). */
static bool system_viewer(const struct permission *p)
{
	return p->reads && p->scope != ACCESS_WORKSPACE;
}

static bool owner(const struct permission *p)
{
	return permission_is_of_workspace(p);
}

static bool admin(const struct permission *p)
{
	return owner(p) && strcmp(p->name, "workspace:delete") != 0;
}

static bool member(const struct permission *p)
{
	/* clang-format off */
	static const char *const held[] = {
		"workspace:get", "member:list", "member:get", "workspace_quota:list",
		"skyclust_role:list", "skyclust_role:get",
		"credential:list", "credential:get", "operation:*", NULL
	};
	/* clang-format on */
	bool of_a_cloud = p->op && !p->noun;

	return of_a_cloud || (owner(p) && is_listed(p->name, held));
}

static bool viewer(const struct permission *p)
{
	return member(p) && p->reads;
}

/* What a driver calls a list or a get is one; more is not known of its verbs. */
static const char *const all_kinds[] = { "*", NULL };
static const char *const reads_of_kinds[] = { "*:list", "*:get", NULL };
static const char *const no_kinds[] = { NULL };

/* clang-format off */
static const struct role_builtin builtins[] = {
	{ "admin", false, "May do everything that belongs to the installation, and "
	  "manage workspaces; uses none of their clouds without being a member.",
	  everything, all_kinds },
	{ "user", false, "May make workspaces, and see the providers.", system_user,
	  no_kinds },
	{ "viewer", false, "May read everything that belongs to the installation.",
	  system_viewer, reads_of_kinds },
	{ ROLE_OWNER, true, "May do everything in the workspace.", owner, all_kinds },
	{ "admin", true, "May do everything in the workspace but delete it or change its "
	  "owners.", admin, all_kinds },
	{ "member", true, "May use the workspace's clouds by its credentials.", member,
	  all_kinds },
	{ "viewer", true, "May read what members see, but no secret.", viewer, reads_of_kinds },
};
/* clang-format on */

const struct role_builtin *role_builtin_at(size_t i)
{
	return i < ARRAY_LEN(builtins) ? &builtins[i] : NULL;
}

const struct role_builtin *role_builtin_find(const char *name,
					     bool of_workspace)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (builtins[i].of_workspace == of_workspace &&
		    !strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

bool role_is_reserved(const char *name)
{
	return role_builtin_find(name, true) || role_builtin_find(name, false);
}

/* ---- the custom ones ------------------------------------------------------ */

/* What is in the row; what cannot be read holds nothing. */
static json_t *read_patterns(const char *text)
{
	json_t *patterns =
		json_read(text ? text : "", text ? strlen(text) : 0, NULL);

	if (json_is_array(patterns))
		return patterns;
	json_decref(patterns);
	return json_array();
}

/* All custom roles of @workspace ("": of the system), new. */
WAITS static json_t *load(struct trust *t, const char *workspace,
			  struct error *err)
{
	json_t *roles = json_object();
	struct rows rows = { 0 };

	if (!store_read(t->store, *workspace ? workspace : NULL,
			"SELECT name, permissions FROM roles"
			" WHERE workspace_id = $1",
			&rows, err, P_TEXT(workspace))) {
		json_decref(roles);
		return NULL;
	}
	for (size_t i = 0; i < rows.n; i++)
		json_object_set_new(
			roles, row_text(&rows, i, "name"),
			read_patterns(row_text(&rows, i, "permissions")));
	rows_done(&rows);
	return roles;
}

static void forget_old(struct trust *t)
{
	struct access *access = t->access;

	if (access->revision != identity_revision(t) ||
	    json_object_size(access->roles) >= MOST_REMEMBERED)
		json_object_clear(access->roles);
	access->revision = identity_revision(t);
}

/* The same, remembered; new. */
WAITS static json_t *custom_roles(struct trust *t, const char *workspace,
				  struct error *err)
{
	int64_t revision;
	json_t *roles;

	forget_old(t);
	roles = json_object_get(t->access->roles, workspace);
	if (roles)
		return json_incref(roles);
	revision = t->access->revision;
	roles = load(t, workspace, err);
	forget_old(t);
	/* What was read before a change is not kept after it. */
	if (roles && t->access->revision == revision)
		json_object_set(t->access->roles, workspace, roles);
	return roles;
}

WAITS bool role_find(struct trust *t, const char *workspace, const char *name,
		     struct role *role, struct error *err)
{
	AUTO_JSON json_t *roles = NULL;

	*role = (struct role){
		.builtin = role_builtin_find(name, workspace != NULL),
	};
	if (role->builtin)
		return true;
	roles = custom_roles(t, workspace ? workspace : "", err);
	role->patterns = json_incref(json_object_get(roles, name));
	return roles != NULL;
}

void role_done(struct role *role)
{
	json_decref(role->patterns);
	*role = (struct role){ 0 };
}

bool role_is_empty(const struct role *role)
{
	return !role->builtin && !role->patterns;
}

/* ---- what they hold ------------------------------------------------------- */

bool role_patterns_hold(const json_t *patterns, const char *permission)
{
	json_t *pattern;
	size_t i;

	json_array_foreach (patterns, i, pattern)
		if (json_is_string(pattern) &&
		    permission_matches(json_string_value(pattern), permission))
			return true;
	return false;
}

static bool builtin_holds(const struct role_builtin *builtin,
			  const char *permission)
{
	const struct permission *known = permission_find(permission);

	if (known)
		return builtin->holds(known);
	return text_starts(permission, "x.") &&
	       is_listed(permission, builtin->vendor);
}

bool role_holds(const struct role *role, const char *permission)
{
	if (role->builtin)
		return builtin_holds(role->builtin, permission);
	return role_patterns_hold(role->patterns, permission);
}
