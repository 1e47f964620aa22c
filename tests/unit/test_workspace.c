/* SPDX-License-Identifier: Apache-2.0 */
/* Workspaces and their members. */
#include "unit.h"

#include "people.h"

#include "base/text.h"
#include "tenancy/workspace.h"

static const char *argf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Arguments, of the people's arena. */
static const char *argf(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return arena_strdup(&people_arena, text);
}

/* A workspace made by @name; its id. */
static const char *make(const char *name, const char *called)
{
	json_t *made = act_by(as(name), workspace_create,
			      argf("{'name': '%s'}", called));
	const char *id;

	if (!made)
		fail_msg("%s", err.message);
	id = arena_strdup(&people_arena, json_str(made, "id", ""));
	json_decref(made);
	return id;
}

/* How many a list gives, and the token of the next page in @token. */
static size_t list(struct actor *who, trust_act *act, const char *args,
		   const char **token)
{
	json_t *answer = act_by(who, act, args);
	const char *next;
	size_t n;

	if (!answer)
		fail_msg("%s", err.message);
	n = json_array_size(json_object_get(answer, "items"));
	next = json_str(answer, "next_page_token", NULL);
	if (token)
		*token = next ? arena_strdup(&people_arena, next) : NULL;
	json_decref(answer);
	return n;
}

static void assert_role(const char *ws, const char *name, const char *role)
{
	json_t *member = act_by(
		as(name), member_get,
		argf("{'workspace_id': '%s', 'id': 'usr_%s'}", ws, name));

	if (role)
		assert_string_equal(json_str(member, "role", ""), role);
	else
		assert_null(member);
	json_decref(member);
}

static const char *about(const char *ws, const char *name)
{
	return argf("{'workspace_id': '%s', 'id': 'usr_%s'}", ws, name);
}

static const char *role_of(const char *ws, const char *name, const char *role)
{
	return argf("{'workspace_id': '%s', 'id': 'usr_%s', 'role': '%s'}", ws,
		    name, role);
}

/* ---- workspaces ------------------------------------------------------------ */

static void creator_is_owner(void)
{
	json_t *made = act_by(as("ada"), workspace_create,
			      "{'name': 'web', 'description': 'shop',"
			      " 'settings': {'region': 'one'}}");

	assert_non_null(made);
	assert_true(text_starts(json_str(made, "id", ""), "ws_"));
	assert_string_equal(json_str(made, "role", ""), "owner");
	assert_string_equal(json_str(made, "created_by", ""), "usr_ada");
	assert_string_equal(json_str(made, "description", ""), "shop");
	assert_string_equal(
		json_str(json_object_get(made, "settings"), "region", ""),
		"one");
	assert_int_equal(json_int(made, "version", 0), 1);
	assert_string_equal(told.action, "workspace.create");
	assert_string_equal(told.workspace, json_str(made, "id", ""));
	assert_int_equal(told.puts, 1);
	json_decref(made);
}
PEOPLE_DEFINE(creator_is_owner)

static void local_admin_owns_nothing(void)
{
	struct actor *local = as("root");
	json_t *made;

	local->kind = ACTOR_LOCAL;
	local->user_id = "local";
	made = act_by(local, workspace_create, "{'name': 'web'}");
	assert_non_null(made);
	assert_true(json_is_null(json_object_get(made, "role")));
	json_decref(made);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM members"), 0);
}
PEOPLE_DEFINE(local_admin_owns_nothing)

/* Only one's own names are in the way; also when somebody else renames. */
static void names_of_others_are_not_told(void)
{
	const char *web = make("ada", "web");
	struct actor *bob = as("bob"), *ada = as("ada");

	make("bob", "web");
	act_fails(as("ada"), workspace_create, "{'name': 'web'}", ERR_CONFLICT);
	make("ada", "secret");
	join(web, "bob", "admin");
	bob->if_match = 1;
	act_works(bob, workspace_update,
		  argf("{'id': '%s', 'name': 'secret'}", web));
	/* Which is bob's now; ada can use "web" again. */
	make("ada", "web");
	ada->if_match = 2;
	act_fails(ada, workspace_update,
		  argf("{'id': '%s', 'name': 'web'}", web), ERR_CONFLICT);
	act_works(ada, workspace_update,
		  argf("{'id': '%s', 'name': 'web2'}", web));
}
PEOPLE_DEFINE(names_of_others_are_not_told)

static void lists_show_ones_own(void)
{
	make("ada", "one");
	make("ada", "two");
	make("bob", "three");
	assert_int_equal(list(as("ada"), workspace_list, "{}", NULL), 2);
	assert_int_equal(
		list(as("ada"), workspace_list, "{'name': 'two'}", NULL), 1);
	assert_int_equal(list(as("eve"), workspace_list, "{}", NULL), 0);
	act_fails(as("ada"), workspace_list, "{'all': true}", ERR_FORBIDDEN);
	act_fails(as("eye"), workspace_list, "{'all': true}", ERR_FORBIDDEN);
	assert_int_equal(list(as("root"), workspace_list, "{}", NULL), 0);
	assert_int_equal(
		list(as("root"), workspace_list, "{'all': true}", NULL), 3);
}
PEOPLE_DEFINE(lists_show_ones_own)

static void token_lists_its_workspace(void)
{
	const char *one = make("ada", "one");

	make("ada", "two");
	assert_int_equal(
		list(by_token("ada", one, NULL), workspace_list, "{}", NULL),
		1);
	assert_int_equal(
		list(by_token("ada", "", NULL), workspace_list, "{}", NULL), 2);
	act_fails(by_token("root", one, NULL), workspace_list, "{'all': true}",
		  ERR_FORBIDDEN);
}
PEOPLE_DEFINE(token_lists_its_workspace)

/* Each once, whatever the size of a page. */
static void pages_make_the_whole(void)
{
	const char *token;
	size_t seen = 0;

	for (int i = 0; i < 7; i++)
		make("ada", argf("w%d", i));
	seen += list(as("ada"), workspace_list, "{'limit': 3}", &token);
	while (token)
		seen += list(as("ada"), workspace_list,
			     argf("{'limit': 3, 'page_token': '%s'}", token),
			     &token);
	assert_int_equal(seen, 7);
	list(as("ada"), workspace_list, "{'limit': 7}", &token);
	assert_null(token);
}
PEOPLE_DEFINE(pages_make_the_whole)

static void update_needs_what_was_seen(void)
{
	const char *id = make("ada", "web");
	struct actor *ada = as("ada");
	const char *args = argf("{'id': '%s', 'settings': {'a': 'b'}}", id);
	json_t *now;

	act_fails(ada, workspace_update, args, ERR_PRECONDITION_REQUIRED);
	ada->if_match = 2;
	act_fails(ada, workspace_update, args, ERR_PRECONDITION_FAILED);
	ada->if_match = 1;
	now = act_by(ada, workspace_update, args);
	assert_int_equal(json_int(now, "version", 0), 2);
	assert_string_equal(json_str(now, "name", ""), "web");
	assert_string_equal(json_str(json_object_get(now, "settings"), "a", ""),
			    "b");
	json_decref(now);
	act_fails(ada, workspace_update, args, ERR_PRECONDITION_FAILED);
}
PEOPLE_DEFINE(update_needs_what_was_seen)

static void settings_have_a_size(void)
{
	char *long_text = mem_alloc(20001);
	json_t *args, *made;

	memset(long_text, 'x', 20000);
	args = json_pack("{ss s{ss}}", "name", "web", "settings", "a",
			 long_text);
	made = workspace_create(&trust, as("ada"), args, &err);
	assert_null(made);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.path, "/settings");
	json_decref(args);
	mem_free(long_text);
}
PEOPLE_DEFINE(settings_have_a_size)

#define OPERATION(id, ws, state, finished) \
	store_exec("INSERT INTO operations (id, workspace_id, user_id," \
		   " provider, method, state, effect, args, attempt," \
		   " cancel_requested, owner, lease_until, created_at," \
		   " updated_at, finished_at, version) VALUES ('" id "', '" ws \
		   "', 'usr_ada', 'sim', 'instance.create', '" state \
		   "', 'none', '', 1, 0, 'host', 1, 1, 1, " finished ", 1)")

static void only_empty_ones_are_deleted(void)
{
	make_workspace("ws_a");
	join("ws_a", "ada", "owner");
	store_exec("INSERT INTO credentials (id, workspace_id, provider, name,"
		   " sealed, key_version, public, is_default, state,"
		   " created_by, version, created_at, updated_at) VALUES"
		   " ('crd_1', 'ws_a', 'sim', 'main', '', 1, '{}', 0, 'valid',"
		   " 'usr_ada', 1, 1, 1)");
	act_fails(as("ada"), workspace_delete, "{'id': 'ws_a'}", ERR_CONFLICT);
	assert_non_null(strstr(err.message, "credentials"));
	store_exec("DELETE FROM credentials");
	OPERATION("op_1", "ws_a", "running", "NULL");
	act_fails(as("ada"), workspace_delete, "{'id': 'ws_a'}", ERR_CONFLICT);
	assert_non_null(strstr(err.message, "operations"));
	store_exec("UPDATE operations SET state = 'failed', finished_at = 2");
	act_works(as("ada"), workspace_delete, "{'id': 'ws_a'}");
	assert_string_equal(told.action, "workspace.delete");
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM members"), 0);
	act_fails(as("root"), workspace_delete, "{'id': 'ws_a'}",
		  ERR_NOT_FOUND);
}
PEOPLE_DEFINE(only_empty_ones_are_deleted)

/* ---- members ------------------------------------------------------------------ */

static void members_come_and_go(void)
{
	const char *ws = make("ada", "web");

	act_works(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'user_id': 'usr_bob',"
		       " 'role': 'member'}",
		       ws));
	assert_string_equal(told.action, "member.create");
	assert_string_equal(told.target, "usr_bob");
	assert_true(access_would(&trust, as("bob"), "instance:create", ws));
	act_works(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'eve',"
		       " 'role': 'viewer'}",
		       ws));
	assert_role(ws, "eve", "viewer");
	act_fails(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'eve',"
		       " 'role': 'viewer'}",
		       ws),
		  ERR_CONFLICT);
	assert_int_equal(list(as("ada"), member_list,
			      argf("{'workspace_id': '%s'}", ws), NULL),
			 3);
	assert_int_equal(
		list(as("ada"), member_list,
		     argf("{'workspace_id': '%s', 'role': 'member'}", ws),
		     NULL),
		1);
	act_works(as("ada"), member_update, role_of(ws, "bob", "viewer"));
	assert_false(access_would(&trust, as("bob"), "instance:create", ws));
	act_works(as("ada"), member_delete, about(ws, "bob"));
	assert_false(access_would(&trust, as("bob"), "instance:list", ws));
	act_fails(as("ada"), member_delete, about(ws, "bob"), ERR_NOT_FOUND);
}
PEOPLE_DEFINE(members_come_and_go)

static void new_members_are_checked(void)
{
	const char *ws = make("ada", "web");

	act_fails(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'role': 'viewer'}", ws),
		  ERR_INVALID);
	act_fails(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'user_id': 'usr_bob',"
		       " 'name': 'bob', 'role': 'viewer'}",
		       ws),
		  ERR_INVALID);
	act_fails(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'gone',"
		       " 'role': 'viewer'}",
		       ws),
		  ERR_NOT_FOUND);
	act_fails(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'off',"
		       " 'role': 'viewer'}",
		       ws),
		  ERR_NOT_FOUND);
	act_fails(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'bob',"
		       " 'role': 'veiwer'}",
		       ws),
		  ERR_INVALID);
	assert_string_equal(err.path, "/role");
}
PEOPLE_DEFINE(new_members_are_checked)

static void an_owner_is_left(void)
{
	const char *ws = make("ada", "web");

	act_fails(as("ada"), member_delete, about(ws, "ada"), ERR_CONFLICT);
	act_fails(as("ada"), member_leave, argf("{'workspace_id': '%s'}", ws),
		  ERR_CONFLICT);
	act_fails(as("ada"), member_update, role_of(ws, "ada", "admin"),
		  ERR_CONFLICT);
	act_fails(as("root"), member_delete, about(ws, "ada"), ERR_CONFLICT);
	assert_role(ws, "ada", "owner");
	join(ws, "bob", "owner");
	act_works(as("ada"), member_leave, argf("{'workspace_id': '%s'}", ws));
	act_fails(as("bob"), member_leave, argf("{'workspace_id': '%s'}", ws),
		  ERR_CONFLICT);
	assert_role(ws, "bob", "owner");
}
PEOPLE_DEFINE(an_owner_is_left)

/* As when a user is deleted. */
static bool may_go(const char *user)
{
	struct tx *tx = tx_begin(store, NULL);

	identity_touch(tx);
	member_put_owners_left(tx, user);
	memset(&err, 0, sizeof(err));
	return tx_commit(tx, &err);
}

static void last_owners_are_not_deleted(void)
{
	const char *ws = make("ada", "web");

	join(ws, "bob", "admin");
	assert_false(may_go("usr_ada"));
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_true(may_go("usr_bob"));
	join(ws, "eve", "owner");
	assert_true(may_go("usr_ada"));
	make("eve", "another");
	assert_false(may_go("usr_eve"));
}
PEOPLE_DEFINE(last_owners_are_not_deleted)

static void admins_do_not_touch_owners(void)
{
	const char *ws = make("ada", "web");

	join(ws, "bob", "admin");
	join(ws, "eve", "owner");
	act_fails(as("bob"), member_update, role_of(ws, "eve", "viewer"),
		  ERR_FORBIDDEN);
	act_fails(as("bob"), member_delete, about(ws, "eve"), ERR_FORBIDDEN);
	act_fails(as("bob"), member_update, role_of(ws, "bob", "owner"),
		  ERR_FORBIDDEN);
	act_fails(as("bob"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'eye',"
		       " 'role': 'owner'}",
		       ws),
		  ERR_FORBIDDEN);
	assert_role(ws, "eve", "owner");
	act_works(as("eve"), member_update, role_of(ws, "bob", "owner"));
}
PEOPLE_DEFINE(admins_do_not_touch_owners)

static void custom_roles_are_given(void)
{
	const char *ws = make("ada", "web");
	struct actor *ada = as("ada");

	ada->workspace = ws;
	act_works(ada, role_create,
		  "{'name': 'starter', 'permissions': ['instance:start']}");
	act_works(as("ada"), member_create,
		  argf("{'workspace_id': '%s', 'name': 'bob',"
		       " 'role': 'starter'}",
		       ws));
	assert_true(access_would(&trust, as("bob"), "instance:start", ws));
	act_works(as("bob"), member_leave, argf("{'workspace_id': '%s'}", ws));
	/* One whose role is gone can still be taken out. */
	join(ws, "bob", "deleted");
	act_works(as("ada"), member_delete, about(ws, "bob"));
}
PEOPLE_DEFINE(custom_roles_are_given)

/* ---- two at once ------------------------------------------------------------------ */

static struct {
	const char *ws;
	unsigned running, done, refused;
} both;

static void leave_both(void *arg)
{
	struct actor who = { .kind = ACTOR_USER,
			     .user_id = arg,
			     .if_match = -1,
			     .arena = &people_arena };
	json_t *args = json_pack("{ss}", "workspace_id", both.ws);
	struct error e;
	json_t *left = member_leave(&trust, &who, args, &e);

	both.done += left != NULL;
	both.refused += !left && e.code == ERR_CONFLICT;
	both.running--;
	json_decref(left);
	json_decref(args);
}

static bool both_done(void *arg UNUSED)
{
	return both.running == 0;
}

static void two_owners_do_not_both_leave(void)
{
	static char ada[] = "usr_ada", bob[] = "usr_bob";

	for (int i = 0; i < 10; i++) {
		memset(&both, 0, sizeof(both));
		both.ws = make("ada", argf("w%d", i));
		both.running = 2;
		join(both.ws, "bob", "owner");
		assert_non_null(fiber_spawn("leave", leave_both, ada));
		assert_non_null(fiber_spawn("leave", leave_both, bob));
		host_await(both_done, NULL);
		assert_int_equal(both.done, 1);
		assert_int_equal(both.refused, 1);
	}
}
PEOPLE_DEFINE(two_owners_do_not_both_leave)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(creator_is_owner)
		STORE_ROW(local_admin_owns_nothing)
		STORE_ROW(names_of_others_are_not_told)
		STORE_ROW(lists_show_ones_own)
		STORE_ROW(token_lists_its_workspace)
		STORE_ROW(pages_make_the_whole)
		STORE_ROW(update_needs_what_was_seen)
		STORE_ROW(settings_have_a_size)
		STORE_ROW(only_empty_ones_are_deleted)
		STORE_ROW(members_come_and_go)
		STORE_ROW(new_members_are_checked)
		STORE_ROW(an_owner_is_left)
		STORE_ROW(last_owners_are_not_deleted)
		STORE_ROW(admins_do_not_touch_owners)
		STORE_ROW(custom_roles_are_given)
		STORE_ROW(two_owners_do_not_both_leave)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
