/* SPDX-License-Identifier: Apache-2.0 */
/* The one decision, by built-in and custom roles, and the question about it. */
#include "unit.h"

#include "people.h"

/* ---- the decision -------------------------------------------------------------- */

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
		STORE_ROW(anybody_can_ask_of_himself)
		STORE_ROW(asking_of_others_is_a_right)
		STORE_ROW(all_permissions_are_told)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
