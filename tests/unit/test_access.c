/* SPDX-License-Identifier: Apache-2.0 */
/* Permissions, roles, and the one decision. */
#include "unit.h"

#include "people.h"

#include "access/permission.h"
#include "access/role.h"
#include "tenancy/workspace.h"

/* ---- permissions ----------------------------------------------------------- */

static void operations_are_permissions(void **state UNUSED)
{
	const struct permission *p = permission_find("instance:create");

	assert_non_null(p);
	assert_null(p->noun);
	assert_false(p->reads);
	assert_true(permission_find("instance:list")->reads);
	assert_string_equal(permission_find("member:list")->noun->kind->name,
			    "member");
	assert_true(permission_find("system:read")->reads);
	assert_null(permission_find("instance:fly"));
	assert_null(permission_find("instance"));
	assert_null(permission_find(NULL));
	permission_done();
}

/* What gives a way in is no read, though it changes nothing. */
static void secrets_are_no_reads(void **state UNUSED)
{
	assert_false(permission_find("cluster:kubeconfig")->reads);
	assert_false(permission_find("instance:console")->reads);
	assert_true(permission_find("cost:estimate")->reads);
	permission_done();
}

static void patterns_match(void **state UNUSED)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "instance:create", "instance:create", true },
		{ "instance:create", "instance:creates", false },
		{ "instance:*", "instance:create", true },
		{ "instance:*", "instance_type:list", false },
		{ "*:list", "volume:list", true },
		{ "*:list", "volume:get", false },
		{ "*", "volume:delete", true },
		{ "*", "x.acme.rack:paint", true },
		{ "x.acme.rack:*", "x.acme.rack:paint", true },
		{ "x.acme.rack:*", "x.acme.racks:paint", false },
		{ "*", "x.*.*:*", true },
		{ "x.acme.rack:*", "x.*.*:*", false },
		{ "*:list", "x.*.*:*", false },
		{ "", "instance:create", false },
		{ ":", "instance:create", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (permission_matches(rows[i].pattern, rows[i].name) !=
		    rows[i].matches)
			fail_msg("%s and %s", rows[i].pattern, rows[i].name);
}

static void patterns_are_checked(void **state UNUSED)
{
	static const char *const good[] = {
		"*",
		"*:list",
		"*:get",
		"instance:*",
		"instance:create",
		"member:*",
		"x.acme.rack:paint",
		"x.acme.rack:*",
	};
	static const char *const bad[] = {
		"",
		":",
		"*:*",
		"*:create",
		"instance",
		"instance:",
		"instance:fly",
		"nonesuch:*",
		"x.acme:list",
		"x.acme.rack",
		"x.a.b.c:list",
		"x..rack:list",
		"x.*.*:list",
		"*:list ",
		"instance:create:now",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!permission_check(good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (permission_check(bad[i], &err))
			fail_msg("\"%s\" must be refused", bad[i]);
	assert_false(permission_check("instnace:create", &err));
	assert_non_null(
		strstr(err.message, "did you mean \"instance:create\""));
	permission_done();
}

static void list_names_the_place(void **state UNUSED)
{
	json_t *list = json_read_quoted("['*:get', 'instance:fly']", &err);
	json_t *many = json_array();

	assert_false(permission_check_list(list, "/permissions", &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.path, "/permissions/1");
	for (int i = 0; i <= PERMISSIONS_MAX; i++)
		json_array_append_new(many, json_string("*"));
	assert_false(permission_check_list(many, "/permissions", &err));
	assert_string_equal(err.path, "/permissions");
	json_decref(many);
	json_decref(list);
	permission_done();
}

/* ---- built-in roles ---------------------------------------------------------- */

static bool builtin_holds(const char *name, bool of_workspace,
			  const char *permission)
{
	struct role role = { .builtin = role_builtin_find(name, of_workspace) };

	assert_non_null(role.builtin);
	return role_holds(&role, permission);
}

/* Each workspace role holds what the one below it does. */
static void workspace_roles_are_steps(void **state UNUSED)
{
	static const char *const steps[] = { "viewer", "member", "admin",
					     "owner" };
	size_t n;
	const struct permission *all = permission_all(&n);

	for (size_t i = 0; i < n; i++)
		for (size_t step = 0; step + 1 < ARRAY_LEN(steps); step++)
			if (builtin_holds(steps[step], true, all[i].name) &&
			    !builtin_holds(steps[step + 1], true, all[i].name))
				fail_msg("%s holds %s, %s does not",
					 steps[step], all[i].name,
					 steps[step + 1]);
	permission_done();
}

static void viewers_only_read(void **state UNUSED)
{
	size_t n;
	const struct permission *all = permission_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (!all[i].reads && builtin_holds("viewer", true, all[i].name))
			fail_msg("a viewer may %s", all[i].name);
		if (!all[i].reads &&
		    builtin_holds("viewer", false, all[i].name))
			fail_msg("the system's viewer may %s", all[i].name);
	}
	assert_true(builtin_holds("viewer", true, "x.acme.rack:list"));
	assert_false(builtin_holds("viewer", true, "x.acme.rack:paint"));
	permission_done();
}

static void roles_hold_what_they_say(void **state UNUSED)
{
	static const struct {
		const char *role;
		bool of_workspace;
		const char *permission;
		bool held;
	} rows[] = {
		{ "owner", true, "workspace:delete", true },
		{ "admin", true, "workspace:delete", false },
		{ "admin", true, "member:create", true },
		{ "admin", true, "workspace_quota:update", false },
		{ "owner", true, "workspace:create", false },
		{ "member", true, "instance:create", true },
		{ "member", true, "cluster:kubeconfig", true },
		{ "member", true, "x.acme.rack:paint", true },
		{ "member", true, "member:create", false },
		{ "member", true, "workspace:update", false },
		{ "viewer", true, "cluster:kubeconfig", false },
		{ "admin", false, "workspace:create", true },
		{ "user", false, "workspace:create", true },
		{ "user", false, "provider:list", true },
		{ "user", false, "instance:list", false },
		{ "user", false, "system:read", false },
		{ "user", false, "x.acme.rack:list", false },
		{ "viewer", false, "system:read", true },
		{ "viewer", false, "instance:list", true },
		{ "viewer", false, "workspace:get", false },
		{ "viewer", false, "member:list", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (builtin_holds(rows[i].role, rows[i].of_workspace,
				  rows[i].permission) != rows[i].held)
			fail_msg("%s of the %s, %s", rows[i].role,
				 rows[i].of_workspace ? "workspace" : "system",
				 rows[i].permission);
	permission_done();
}

/* ---- the decision -------------------------------------------------------------- */

static bool decide(struct actor *who, enum access_scope scope,
		   const char *permission, const char *workspace)
{
	memset(&err, 0, sizeof(err));
	return access_decide(&trust, who, scope, permission, workspace, "act",
			     "target", &err);
}

static void assert_denied(struct actor *who, enum access_scope scope,
			  const char *permission, const char *workspace,
			  enum err_code code)
{
	unsigned notes = told.notes;

	if (decide(who, scope, permission, workspace))
		fail_msg("%s may %s", who->user_id, permission);
	if (err.code != code)
		fail_msg("%s", err.message);
	assert_null(who->workspace);
	assert_int_equal(told.notes, notes + 1);
	assert_string_equal(told.outcome, "denied");
	assert_string_equal(told.reason, err_info(code)->name);
}

static void assert_allowed(struct actor *who, enum access_scope scope,
			   const char *permission, const char *workspace)
{
	unsigned notes = told.notes;

	if (!decide(who, scope, permission, workspace))
		fail_msg("%s", err.message);
	assert_int_equal(told.notes, notes + 1);
	assert_string_equal(told.outcome, "allowed");
	assert_string_equal(told.reason, "");
}

static void nobody_may_nothing(void)
{
	struct actor nobody = { .kind = ACTOR_NOBODY };

	assert_denied(&nobody, ACCESS_SELF, NULL, NULL, ERR_UNAUTHORIZED);
	assert_denied(&nobody, ACCESS_SELF, "auth:me", NULL, ERR_UNAUTHORIZED);
	assert_denied(&nobody, ACCESS_SYSTEM, "provider:list", NULL,
		      ERR_UNAUTHORIZED);
	assert_denied(&nobody, ACCESS_WORKSPACE, "workspace:get", "ws_a",
		      ERR_UNAUTHORIZED);
	assert_true(decide(&nobody, ACCESS_OPEN, NULL, NULL));
}
PEOPLE_DEFINE(nobody_may_nothing)

static void what_is_not_said_is_forbidden(void)
{
	assert_denied(as("root"), ACCESS_NONE, "instance:list", NULL,
		      ERR_FORBIDDEN);
	assert_denied(as("root"), ACCESS_SYSTEM, NULL, NULL, ERR_FORBIDDEN);
	assert_denied(as("root"), ACCESS_SYSTEM, "instance:fly", NULL,
		      ERR_FORBIDDEN);
	assert_denied(as("root"), ACCESS_WORKSPACE, "workspace:get", NULL,
		      ERR_NOT_FOUND);
}
PEOPLE_DEFINE(what_is_not_said_is_forbidden)

static void system_role_decides_for_the_system(void)
{
	assert_allowed(as("ada"), ACCESS_SYSTEM, "workspace:create", NULL);
	assert_denied(as("ada"), ACCESS_SYSTEM, "system:read", NULL,
		      ERR_FORBIDDEN);
	assert_non_null(strstr(err.message, "admin, viewer"));
	assert_allowed(as("eye"), ACCESS_SYSTEM, "system:read", NULL);
	assert_denied(as("eye"), ACCESS_SYSTEM, "workspace:create", NULL,
		      ERR_FORBIDDEN);
	assert_allowed(as("root"), ACCESS_NAMED, "instance:create", NULL);
	assert_denied(as("ada"), ACCESS_NAMED, "instance:list", NULL,
		      ERR_FORBIDDEN);
	assert_denied(as("off"), ACCESS_SYSTEM, "system:read", NULL,
		      ERR_UNAUTHORIZED);
	assert_denied(as("gone"), ACCESS_SYSTEM, "system:read", NULL,
		      ERR_UNAUTHORIZED);
}
PEOPLE_DEFINE(system_role_decides_for_the_system)

static void membership_decides_for_a_workspace(void)
{
	struct actor *ada = as("ada");

	make_workspace("ws_a");
	join("ws_a", "ada", "member");
	assert_allowed(ada, ACCESS_NAMED, "instance:create", "ws_a");
	assert_string_equal(ada->workspace, "ws_a");
	assert_string_equal(told.workspace, "ws_a");
	assert_denied(ada, ACCESS_WORKSPACE, "workspace:delete", "ws_a",
		      ERR_FORBIDDEN);
	assert_non_null(strstr(err.message, "owner"));
	assert_string_equal(told.workspace, "ws_a");
	join("ws_a", "bob", "nonesuch");
	assert_denied(as("bob"), ACCESS_WORKSPACE, "workspace:get", "ws_a",
		      ERR_FORBIDDEN);
	/* But leave may who is in it. */
	assert_allowed(as("bob"), ACCESS_WORKSPACE, "member:leave", "ws_a");
	assert_denied(as("eve"), ACCESS_WORKSPACE, "member:leave", "ws_a",
		      ERR_NOT_FOUND);
}
PEOPLE_DEFINE(membership_decides_for_a_workspace)

/* Neither the answer nor the tenant's log tells what a stranger asked for. */
static void strangers_learn_nothing(void)
{
	char first[sizeof(err.message)];

	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	assert_denied(as("eve"), ACCESS_WORKSPACE, "workspace:get", "ws_a",
		      ERR_NOT_FOUND);
	memcpy(first, err.message, sizeof(first));
	assert_string_equal(told.workspace, "");
	assert_string_equal(told.asked_for, "ws_a");
	assert_denied(as("eve"), ACCESS_WORKSPACE, "workspace:get", "ws_none",
		      ERR_NOT_FOUND);
	assert_string_equal(err.message, first);
	assert_denied(as("eve"), ACCESS_NAMED, "instance:list", "ws_a",
		      ERR_NOT_FOUND);
	assert_string_equal(err.message, first);
	assert_denied(as("eve"), ACCESS_NAMED, "instance:list", "",
		      ERR_NOT_FOUND);
	assert_string_equal(err.message, first);
	assert_denied(as("eye"), ACCESS_WORKSPACE, "workspace:get", "ws_a",
		      ERR_NOT_FOUND);
}
PEOPLE_DEFINE(strangers_learn_nothing)

static void admins_manage_but_do_not_use(void)
{
	static const char *const managed[] = {
		"workspace:get", "workspace:delete", "member:list",
		"member:create", "member:update",    "workspace_quota:list",
	};
	static const char *const others[] = {
		"workspace:update", "instance:list",	"instance:create",
		"member:leave",	    "x.acme.rack:list", "skyclust_role:create",
	};
	struct actor local = { .kind = ACTOR_LOCAL, .user_id = "local" };

	make_workspace("ws_a");
	for (size_t i = 0; i < ARRAY_LEN(managed); i++) {
		assert_allowed(as("root"), ACCESS_WORKSPACE, managed[i],
			       "ws_a");
		assert_allowed(&local, ACCESS_WORKSPACE, managed[i], "ws_a");
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_denied(as("root"), ACCESS_NAMED, others[i], "ws_a",
			      ERR_FORBIDDEN);
		assert_denied(&local, ACCESS_NAMED, others[i], "ws_a",
			      ERR_FORBIDDEN);
	}
	join("ws_a", "root", "viewer");
	assert_allowed(as("root"), ACCESS_NAMED, "instance:list", "ws_a");
	assert_denied(as("root"), ACCESS_NAMED, "instance:create", "ws_a",
		      ERR_FORBIDDEN);
	assert_allowed(as("root"), ACCESS_WORKSPACE, "member:update", "ws_a");
	assert_denied(as("root"), ACCESS_NAMED, "instance:list", "",
		      ERR_NOT_FOUND);
}
PEOPLE_DEFINE(admins_manage_but_do_not_use)

static void the_host_may_all(void)
{
	struct actor host = { .kind = ACTOR_HOST, .user_id = "host" };

	assert_allowed(&host, ACCESS_NAMED, "instance:delete", "ws_a");
	assert_allowed(&host, ACCESS_SYSTEM, "system:read", NULL);
}
PEOPLE_DEFINE(the_host_may_all)

static void tokens_take_away(void)
{
	make_workspace("ws_a");
	make_workspace("ws_b");
	join("ws_a", "ada", "owner");
	join("ws_b", "ada", "owner");

	assert_allowed(by_token("ada", "", NULL), ACCESS_NAMED,
		       "instance:create", "ws_a");
	assert_allowed(by_token("ada", "", "['instance:list']"), ACCESS_NAMED,
		       "instance:list", "ws_a");
	assert_denied(by_token("ada", "", "['instance:list']"), ACCESS_NAMED,
		      "instance:create", "ws_a", ERR_FORBIDDEN);
	assert_denied(by_token("ada", "", "['instance:list']"), ACCESS_SELF,
		      "access:check", NULL, ERR_FORBIDDEN);
	assert_denied(by_token("ada", "", "[]"), ACCESS_NAMED, "instance:list",
		      "ws_a", ERR_FORBIDDEN);
	/* It does not give what the user does not hold. */
	assert_denied(by_token("ada", "", "['*']"), ACCESS_SYSTEM,
		      "system:read", NULL, ERR_FORBIDDEN);
	assert_denied(by_token("eve", "", "['*']"), ACCESS_NAMED,
		      "instance:list", "ws_a", ERR_NOT_FOUND);
}
PEOPLE_DEFINE(tokens_take_away)

static void tokens_stay_in_their_workspace(void)
{
	make_workspace("ws_a");
	make_workspace("ws_b");
	join("ws_a", "ada", "owner");
	join("ws_b", "ada", "owner");

	assert_allowed(by_token("ada", "ws_a", NULL), ACCESS_NAMED,
		       "instance:list", "ws_a");
	assert_denied(by_token("ada", "ws_a", NULL), ACCESS_NAMED,
		      "instance:list", "ws_b", ERR_NOT_FOUND);
	assert_denied(by_token("ada", "ws_a", NULL), ACCESS_SYSTEM,
		      "workspace:create", NULL, ERR_FORBIDDEN);
	assert_allowed(by_token("ada", "ws_a", NULL), ACCESS_SELF,
		       "access:check", NULL);
	assert_denied(by_token("root", "ws_a", NULL), ACCESS_WORKSPACE,
		      "workspace:get", "ws_b", ERR_NOT_FOUND);
}
PEOPLE_DEFINE(tokens_stay_in_their_workspace)

/* The route is for everybody; its act finds the workspace and asks again. */
static void acts_ask_for_the_workspace_they_find(void)
{
	make_workspace("ws_a");
	join("ws_a", "ada", "member");
	join("ws_a", "bob", "viewer");
	assert_allowed(as("eve"), ACCESS_SELF, "operation:cancel", NULL);
	assert_true(
		access_would(&trust, as("ada"), "operation:cancel", "ws_a"));
	assert_true(access_would(&trust, as("bob"), "operation:get", "ws_a"));
	assert_false(
		access_would(&trust, as("bob"), "operation:cancel", "ws_a"));
	assert_false(access_would(&trust, as("eve"), "operation:get", "ws_a"));
	assert_false(access_would(&trust, as("root"), "operation:get", "ws_a"));
	/* Of no workspace: the system's. */
	assert_false(access_would(&trust, as("ada"), "operation:get", NULL));
	assert_true(access_would(&trust, as("root"), "operation:cancel", NULL));
	assert_allowed(by_token("ada", "ws_a", NULL), ACCESS_SELF,
		       "operation:cancel", NULL);
	assert_false(access_would(&trust, by_token("ada", "ws_b", NULL),
				  "operation:cancel", "ws_a"));
}
PEOPLE_DEFINE(acts_ask_for_the_workspace_they_find)

static void what_acts_decide_is_noted(void)
{
	make_workspace("ws_a");
	join("ws_a", "ada", "viewer");
	assert_true(access_require(&trust, as("ada"), "operation:get", "ws_a",
				   "op_1", &err));
	assert_string_equal(told.action, "operation.get");
	assert_string_equal(told.outcome, "allowed");
	assert_string_equal(told.target, "op_1");
	assert_string_equal(told.workspace, "ws_a");
	assert_false(access_require(&trust, as("eve"), "operation:get", "ws_a",
				    "op_1", &err));
	assert_string_equal(told.outcome, "denied");
	assert_string_equal(told.workspace, "");
	assert_string_equal(told.asked_for, "ws_a");
	assert_int_equal(told.notes, 2);
}
PEOPLE_DEFINE(what_acts_decide_is_noted)

/* ---- custom roles --------------------------------------------------------------- */

static void custom_roles_are_remembered(void)
{
	struct store *real = trust.store;

	make_workspace("ws_a");
	store_exec("INSERT INTO roles VALUES ('rol_1', 'ws_a', 'starter', NULL,"
		   " '[\"instance:start\"]', 1, 1, 1)");
	join("ws_a", "ada", "starter");
	assert_allowed(as("ada"), ACCESS_NAMED, "instance:start", "ws_a");

	/* Nothing is asked of the store now: there is none. */
	trust.store = NULL;
	assert_allowed(as("ada"), ACCESS_NAMED, "instance:start", "ws_a");
	assert_denied(as("ada"), ACCESS_NAMED, "instance:stop", "ws_a",
		      ERR_FORBIDDEN);
	trust.store = real;

	store_exec("UPDATE roles SET permissions = '[\"instance:stop\"]'");
	assert_denied(as("ada"), ACCESS_NAMED, "instance:stop", "ws_a",
		      ERR_FORBIDDEN);
	identity_changed(&trust);
	assert_allowed(as("ada"), ACCESS_NAMED, "instance:stop", "ws_a");
	assert_denied(as("ada"), ACCESS_NAMED, "instance:start", "ws_a",
		      ERR_FORBIDDEN);
}
PEOPLE_DEFINE(custom_roles_are_remembered)

static void broken_roles_hold_nothing(void)
{
	make_workspace("ws_a");
	store_exec("INSERT INTO roles VALUES ('rol_1', 'ws_a', 'broken', NULL,"
		   " '[\"*\"', 1, 1, 1)");
	store_exec("INSERT INTO roles VALUES ('rol_2', 'ws_a', 'numbers', NULL,"
		   " '[1, null, {}]', 1, 1, 1)");
	join("ws_a", "ada", "broken");
	join("ws_a", "bob", "numbers");
	assert_denied(as("ada"), ACCESS_NAMED, "instance:list", "ws_a",
		      ERR_FORBIDDEN);
	assert_denied(as("bob"), ACCESS_NAMED, "instance:list", "ws_a",
		      ERR_FORBIDDEN);
}
PEOPLE_DEFINE(broken_roles_hold_nothing)

/* A role is its workspace's own, though another one's has the same name. */
static void custom_roles_stay_in_their_workspace(void)
{
	make_workspace("ws_a");
	make_workspace("ws_b");
	store_exec("INSERT INTO roles VALUES ('rol_1', 'ws_a', 'boss', NULL,"
		   " '[\"*\"]', 1, 1, 1)");
	join("ws_b", "ada", "boss");
	assert_denied(as("ada"), ACCESS_NAMED, "instance:list", "ws_b",
		      ERR_FORBIDDEN);
	store_exec("UPDATE users SET role = 'boss' WHERE id = 'usr_ada'");
	identity_changed(&trust);
	assert_denied(as("ada"), ACCESS_SYSTEM, "system:read", NULL,
		      ERR_FORBIDDEN);
	/* "*" of a workspace is not the system's. */
	join("ws_a", "bob", "boss");
	assert_false(access_would(&trust, as("bob"), "workspace_quota:update",
				  "ws_a"));
	assert_true(
		access_would(&trust, as("bob"), "workspace:delete", "ws_a"));
}
PEOPLE_DEFINE(custom_roles_stay_in_their_workspace)

/* ---- giving roles ------------------------------------------------------------------ */

static bool may_grant(struct actor *who, const char *workspace,
		      const char *role)
{
	memset(&err, 0, sizeof(err));
	return access_may_grant(&trust, who, workspace, role, &err);
}

static void nobody_gives_more_than_he_has(void)
{
	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	join("ws_a", "bob", "admin");
	join("ws_a", "eve", "member");
	assert_true(may_grant(as("ada"), "ws_a", "owner"));
	assert_true(may_grant(as("bob"), "ws_a", "admin"));
	assert_false(may_grant(as("bob"), "ws_a", "owner"));
	assert_int_equal(err.code, ERR_FORBIDDEN);
	assert_non_null(strstr(err.message, "workspace:delete"));
	assert_false(may_grant(as("eve"), "ws_a", "admin"));
	assert_false(may_grant(as("eye"), "ws_a", "viewer"));
	assert_true(may_grant(as("root"), "ws_a", "owner"));
	assert_false(may_grant(as("root"), "ws_a", "onwer"));
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.message, "\"owner\""));

	assert_true(may_grant(as("root"), NULL, "admin"));
	assert_false(may_grant(as("ada"), NULL, "admin"));
	assert_true(may_grant(as("ada"), NULL, "user"));
	assert_false(may_grant(as("eye"), NULL, "user"));
	assert_true(access_may_take(&trust, as("bob"), "ws_a", "gone", &err));
	assert_false(access_may_take(&trust, as("bob"), "ws_a", "owner", &err));
}
PEOPLE_DEFINE(nobody_gives_more_than_he_has)

static void tokens_give_no_more_than_they_have(void)
{
	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	assert_true(may_grant(by_token("ada", "", NULL), "ws_a", "viewer"));
	assert_false(may_grant(by_token("ada", "", "['member:create']"), "ws_a",
			       "viewer"));
	assert_true(may_grant(by_token("ada", "", "['*']"), "ws_a", "viewer"));
	assert_false(may_grant(by_token("ada", "", "['*:get', '*:list']"),
			       "ws_a", "member"));
}
PEOPLE_DEFINE(tokens_give_no_more_than_they_have)

static void check_patterns(const char *name, const char *patterns, bool may)
{
	json_t *list = json_read_quoted(patterns, &err);

	if (access_may_grant_patterns(&trust, as(name), "ws_a", list, &err) !=
	    may)
		fail_msg("%s, %s", name, patterns);
	json_decref(list);
}

static void patterns_are_what_they_stand_for(void)
{
	make_workspace("ws_a");
	store_exec("INSERT INTO roles VALUES ('rol_1', 'ws_a', 'racks', NULL,"
		   " '[\"x.acme.rack:*\",\"instance:list\"]', 1, 1, 1)");
	join("ws_a", "ada", "owner");
	join("ws_a", "bob", "admin");
	join("ws_a", "eve", "racks");
	check_patterns("ada", "['*']", true);
	check_patterns("bob", "['*']", false);
	check_patterns("bob", "['workspace:*']", false);
	check_patterns("bob", "['workspace:get', 'x.any.thing:*']", true);
	check_patterns("eve", "['x.acme.rack:paint']", true);
	check_patterns("eve", "['x.acme.rack:*', 'instance:list']", true);
	check_patterns("eve", "['x.acme.shelf:paint']", false);
	check_patterns("eve", "['*:list']", false);
	check_patterns("eve", "[]", true);
	/* A system role that only reads is no help inside. */
	join("ws_a", "eye", "racks");
	check_patterns("eye", "['volume:list']", false);
}
PEOPLE_DEFINE(patterns_are_what_they_stand_for)

/* ---- acts on roles ------------------------------------------------------------------ */

/* A role made by ada in ws_a; its id, of people_arena. */
static const char *make_role(const char *name, const char *permissions)
{
	struct actor *ada = as("ada");
	json_t *role;
	const char *id;

	ada->workspace = "ws_a";
	role = act_by(ada, role_create,
		      arena_printf(&people_arena,
				   "{'name': '%s', 'permissions': %s}", name,
				   permissions));
	if (!role)
		fail_msg("%s", err.message);
	id = arena_strdup(&people_arena, json_str(role, "id", ""));
	assert_string_equal(told.action, "skyclust_role.create");
	assert_string_equal(told.target, id);
	json_decref(role);
	return id;
}

static struct actor *in_a(const char *name)
{
	struct actor *who = as(name);

	who->workspace = "ws_a";
	return who;
}

static void role_lives(void)
{
	struct actor *ada = in_a("ada");
	const char *id, *args;

	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	id = make_role("starter", "['instance:start']");
	join("ws_a", "bob", "starter");
	assert_allowed(as("bob"), ACCESS_NAMED, "instance:start", "ws_a");

	args = arena_printf(&people_arena,
			    "{'id': '%s', 'permissions': ['instance:stop']}",
			    id);
	act_fails(ada, role_update, args, ERR_PRECONDITION_REQUIRED);
	ada->if_match = 7;
	act_fails(ada, role_update, args, ERR_PRECONDITION_FAILED);
	ada->if_match = 1;
	act_works(ada, role_update, args);
	assert_string_equal(told.action, "skyclust_role.update");
	assert_denied(as("bob"), ACCESS_NAMED, "instance:start", "ws_a",
		      ERR_FORBIDDEN);
	assert_allowed(as("bob"), ACCESS_NAMED, "instance:stop", "ws_a");

	args = arena_printf(&people_arena, "{'id': '%s'}", id);
	act_fails(ada, role_delete, args, ERR_CONFLICT);
	store_exec("DELETE FROM members WHERE user_id = 'usr_bob'");
	act_works(ada, role_delete, args);
	act_fails(ada, role_get, args, ERR_NOT_FOUND);
}
PEOPLE_DEFINE(role_lives)

static void roles_are_checked(void)
{
	struct actor *ada = in_a("ada");

	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	join("ws_a", "bob", "admin");
	make_role("starter", "['instance:start']");
	act_fails(ada, role_create,
		  "{'name': 'starter', 'permissions': ['instance:stop']}",
		  ERR_CONFLICT);
	act_fails(ada, role_create, "{'name': 'owner', 'permissions': []}",
		  ERR_CONFLICT);
	act_fails(ada, role_create, "{'name': 'Big', 'permissions': []}",
		  ERR_INVALID);
	act_fails(ada, role_create,
		  "{'name': 'big', 'permissions': ['instance:fly']}",
		  ERR_INVALID);
	assert_string_equal(err.path, "/permissions/0");
	act_fails(in_a("bob"), role_create,
		  "{'name': 'big', 'permissions': ['*']}", ERR_FORBIDDEN);
	ada->if_match = 0;
	act_fails(ada, role_update, "{'id': 'viewer', 'permissions': ['*']}",
		  ERR_CONFLICT);
	act_fails(ada, role_delete, "{'id': 'viewer'}", ERR_CONFLICT);
}
PEOPLE_DEFINE(roles_are_checked)

/* What is above somebody he cannot weaken, either. */
static void stronger_roles_are_not_touched(void)
{
	struct actor *bob = in_a("bob");
	const char *id;

	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	join("ws_a", "bob", "admin");
	id = make_role("closer", "['workspace:delete']");
	bob->if_match = 1;
	act_fails(bob, role_update,
		  arena_printf(&people_arena, "{'id': '%s', 'permissions': []}",
			       id),
		  ERR_FORBIDDEN);
	act_fails(bob, role_delete,
		  arena_printf(&people_arena, "{'id': '%s'}", id),
		  ERR_FORBIDDEN);
}
PEOPLE_DEFINE(stronger_roles_are_not_touched)

static void roles_of_others_are_not_there(void)
{
	struct actor *eve = as("eve");
	const char *args;
	json_t *list;

	make_workspace("ws_a");
	make_workspace("ws_b");
	join("ws_a", "ada", "owner");
	join("ws_b", "eve", "owner");
	args = arena_printf(&people_arena, "{'id': '%s'}",
			    make_role("starter", "['instance:start']"));
	eve->workspace = "ws_b";
	act_fails(eve, role_get, args, ERR_NOT_FOUND);
	act_fails(eve, role_delete, args, ERR_NOT_FOUND);
	list = act_by(eve, role_list, "{}");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 4);
	json_decref(list);
	list = act_by(in_a("ada"), role_list, "{}");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 5);
	json_decref(list);
	list = act_by(as("root"), role_list, "{}");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 3);
	json_decref(list);
}
PEOPLE_DEFINE(roles_of_others_are_not_there)

/* ---- the question --------------------------------------------------------------------- */

static bool ask(struct actor *who, const char *args)
{
	json_t *answer = act_by(who, access_check, args);
	bool allowed;

	if (!answer)
		fail_msg("%s: %s", args, err.message);
	allowed = json_is_true(json_object_get(answer, "allowed"));
	json_decref(answer);
	return allowed;
}

static void anybody_can_ask_of_himself(void)
{
	unsigned notes = told.notes;

	make_workspace("ws_a");
	join("ws_a", "ada", "viewer");
	assert_true(ask(as("ada"), "{'permission': 'instance:list',"
				   " 'workspace_id': 'ws_a'}"));
	assert_false(ask(as("ada"), "{'permission': 'instance:create',"
				    " 'workspace_id': 'ws_a'}"));
	assert_false(ask(as("eve"), "{'permission': 'instance:list',"
				    " 'workspace_id': 'ws_a'}"));
	assert_true(ask(as("eve"), "{'permission': 'workspace:create'}"));
	assert_true(ask(as("eve"), "{'permission': 'workspace:list'}"));
	assert_false(ask(as("eve"), "{'permission': 'system:read'}"));
	act_fails(as("eve"), access_check, "{'permission': 'system:raed'}",
		  ERR_INVALID);
	assert_string_equal(err.path, "/permission");
	act_fails(as("eve"), access_check, "{'permission': '*'}", ERR_INVALID);
	assert_int_equal(told.notes, notes);
}
PEOPLE_DEFINE(anybody_can_ask_of_himself)

static void asking_of_others_is_a_right(void)
{
	const char *of_bob = "{'permission': 'instance:list',"
			     " 'workspace_id': 'ws_a', 'user_id': 'usr_bob'}";
	const char *system = "{'permission': 'system:read',"
			     " 'user_id': 'usr_eye'}";

	make_workspace("ws_a");
	join("ws_a", "ada", "viewer");
	join("ws_a", "bob", "member");
	assert_true(ask(as("ada"), of_bob));
	act_fails(as("eve"), access_check, of_bob, ERR_NOT_FOUND);
	assert_string_equal(told.outcome, "denied");
	act_fails(as("ada"), access_check, system, ERR_FORBIDDEN);
	assert_true(ask(as("root"), of_bob));
}
PEOPLE_DEFINE(asking_of_others_is_a_right)

static bool lists(const json_t *answer, const char *permission)
{
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(answer, "permissions"), i, name)
		if (!strcmp(json_string_value(name), permission))
			return true;
	return false;
}

static void all_permissions_are_told(void)
{
	json_t *answer;

	make_workspace("ws_a");
	join("ws_a", "ada", "viewer");
	answer = act_by(as("ada"), access_permissions,
			"{'workspace_id': 'ws_a'}");
	assert_true(lists(answer, "instance:list"));
	assert_false(lists(answer, "instance:create"));
	assert_false(lists(answer, "workspace:create"));
	json_decref(answer);
	answer = act_by(as("ada"), access_permissions, "{}");
	assert_true(lists(answer, "workspace:create"));
	assert_false(lists(answer, "instance:list"));
	json_decref(answer);
	answer = act_by(by_token("ada", "", "['workspace:create']"),
			access_permissions, "{}");
	assert_int_equal(
		json_array_size(json_object_get(answer, "permissions")), 1);
	json_decref(answer);
}
PEOPLE_DEFINE(all_permissions_are_told)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_are_permissions),
		cmocka_unit_test(secrets_are_no_reads),
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(patterns_are_checked),
		cmocka_unit_test(list_names_the_place),
		cmocka_unit_test(workspace_roles_are_steps),
		cmocka_unit_test(viewers_only_read),
		cmocka_unit_test(roles_hold_what_they_say),
		STORE_ROW(nobody_may_nothing)
		STORE_ROW(what_is_not_said_is_forbidden)
		STORE_ROW(system_role_decides_for_the_system)
		STORE_ROW(membership_decides_for_a_workspace)
		STORE_ROW(strangers_learn_nothing)
		STORE_ROW(admins_manage_but_do_not_use)
		STORE_ROW(the_host_may_all)
		STORE_ROW(tokens_take_away)
		STORE_ROW(tokens_stay_in_their_workspace)
		STORE_ROW(acts_ask_for_the_workspace_they_find)
		STORE_ROW(what_acts_decide_is_noted)
		STORE_ROW(custom_roles_are_remembered)
		STORE_ROW(broken_roles_hold_nothing)
		STORE_ROW(custom_roles_stay_in_their_workspace)
		STORE_ROW(nobody_gives_more_than_he_has)
		STORE_ROW(tokens_give_no_more_than_they_have)
		STORE_ROW(patterns_are_what_they_stand_for)
		STORE_ROW(role_lives)
		STORE_ROW(roles_are_checked)
		STORE_ROW(stronger_roles_are_not_touched)
		STORE_ROW(roles_of_others_are_not_there)
		STORE_ROW(anybody_can_ask_of_himself)
		STORE_ROW(asking_of_others_is_a_right)
		STORE_ROW(all_permissions_are_told)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
