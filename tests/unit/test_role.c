/* SPDX-License-Identifier: Apache-2.0 */
/* Giving roles, and the acts on them. */
#include "unit.h"

#include "people.h"

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

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(nobody_gives_more_than_he_has)
		STORE_ROW(tokens_give_no_more_than_they_have)
		STORE_ROW(patterns_are_what_they_stand_for)
		STORE_ROW(role_lives)
		STORE_ROW(roles_are_checked)
		STORE_ROW(stronger_roles_are_not_touched)
		STORE_ROW(roles_of_others_are_not_there)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
