/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens: what they are good for, and that nothing makes them good for
 * more. */
#include "unit.h"

#include "identity_run.h"

static struct actor *root, *ada;

static void begin_people(void)
{
	root = with(bootstrap().access);
	make_ada(root);
	ada = with(login_ada().access);
	store_exec("INSERT INTO workspaces (id, name, settings, created_by,"
		   " version, created_at, updated_at)"
		   " VALUES ('ws_a', 'a', '{}', 'usr_x', 1, 1, 1)");
	store_exec("INSERT INTO members (workspace_id, user_id, role,"
		   " created_at, updated_at) SELECT 'ws_a', id, 'member', 1, 1"
		   " FROM users WHERE name = 'ada'");
	identity_changed(&trust);
}

/* The text of a new token. */
static const char *make(struct actor *who, const char *args)
{
	return take(must(who, api_token_create, args), "token");
}

/* ---- making --------------------------------------------------------------------- */

static void shown_once(void)
{
	struct actor *who;
	const char *token;
	json_t *v;

	begin_people();
	v = must(ada, api_token_create, "{'name':'backup'}");
	assert_true(audited);
	assert_true(json_is_null(json_object_get(v, "workspace_id")));
	assert_true(json_is_null(json_object_get(v, "permissions")));
	assert_true(json_is_null(json_object_get(v, "expires_at")));
	token = take(v, "token");
	assert_true(text_starts(token, "skt_"));
	who = with(token);
	assert_non_null(who);
	assert_int_equal(who->kind, ACTOR_TOKEN);
	assert_string_equal(who->user_id, ada->user_id);
	assert_string_equal(who->name, "ada");
	assert_null(who->session_id);
	assert_true(text_starts(who->token_id, "tok_"));
	v = must(ada, api_token_list, "{}");
	assert_int_equal(json_array_size(json_object_get(v, "items")), 1);
	assert_null(json_at(v, "/items/0/token"));
	json_decref(v);
	fails(ada, api_token_create, "{'name':'backup'}", ERR_CONFLICT);
	works(root, api_token_create, "{'name':'backup'}");
}
IDENTITY_DEFINE(shown_once)

static void what_is_refused(void)
{
	begin_people();
	fails(ada, api_token_create,
	      "{'name':'x','expires_at':'2020-01-01T00:00:00Z'}", ERR_INVALID);
	assert_string_equal(err.path, "/expires_at");
	fails(ada, api_token_create, "{'name':'x','permissions':['fly:high']}",
	      ERR_INVALID);
	fails(ada, api_token_create, "{'name':'x','workspace_id':'ws_b'}",
	      ERR_INVALID);
	assert_string_equal(err.path, "/workspace_id");
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM api_tokens"),
			 0);
}
IDENTITY_DEFINE(what_is_refused)

static void limits(const struct actor *who, const char *workspace,
		   const char *permissions)
{
	const json_t *list;
	const char *at;
	AUTO_JSON json_t *expected = json_read_quoted(permissions, &err);

	assert_true(identity_token_limits(&trust, who->token_id, &at, &list,
					  &err));
	assert_string_equal(at, workspace);
	assert_true(expected ? json_equal(list, expected) : !list);
}

static void limits_are_known(void)
{
	struct actor *whole, *part;

	begin_people();
	whole = with(make(ada, "{'name':'whole'}"));
	part = with(make(ada, "{'name':'part','workspace_id':'ws_a',"
			      "'permissions':['instance:*','volume:list']}"));
	limits(whole, "", NULL);
	limits(part, "ws_a", "['instance:*','volume:list']");
	/* The same from the database. */
	identity_changed(&trust);
	limits(part, "ws_a", "['instance:*','volume:list']");
	limits(whole, "", NULL);
}
IDENTITY_DEFINE(limits_are_known)

static void expire(void)
{
	const char *token;

	begin_people();
	token = make(ada, "{'name':'x','expires_at':'2026-01-01T00:10:00Z'}");
	assert_non_null(with(token));
	clock_advance(600 * 1000 - 1001);
	assert_non_null(with(token));
	clock_advance(1);
	assert_null(with(token));
	identity_changed(&trust);
	assert_null(with(token));
}
IDENTITY_DEFINE(expire)

/* ---- by whom ---------------------------------------------------------------------- */

/* With a limited token nobody gets an unlimited one. */
static void limited_ones_make_none(void)
{
	static const char *const limited[] = {
		"{'name':'a','permissions':['*:list']}",
		"{'name':'b','permissions':[]}",
		"{'name':'c','workspace_id':'ws_a'}",
	};

	begin_people();
	for (size_t i = 0; i < ARRAY_LEN(limited); i++) {
		struct actor *who = with(make(ada, limited[i]));

		fails(who, api_token_create, "{'name':'more'}", ERR_FORBIDDEN);
		fails(who, api_token_list, "{}", ERR_FORBIDDEN);
		fails(who, auth_session_list, "{}", ERR_FORBIDDEN);
		fails(who, auth_session_delete,
		      arena_printf(&arena, "{'id':'%s'}", ada->session_id),
		      ERR_FORBIDDEN);
		fails(who, auth_change_password,
		      "{'current':'" ADA_PASSWORD "',"
		      "'new':'wheels within wheels'}",
		      ERR_FORBIDDEN);
		fails(who, auth_logout, "{}", ERR_CONFLICT);
		works(who, auth_me, "{}");
	}
	works(with(make(ada, "{'name':'whole'}")), api_token_create,
	      "{'name':'more'}");
}
IDENTITY_DEFINE(limited_ones_make_none)

/* Of service accounts they are made by who manages users; of a person by
 * nobody else. */
static void of_others(void)
{
	const char *robot, *args, *token;

	begin_people();
	robot = take(must(root, user_create,
			  "{'name':'robot','role':'user','kind':'service'}"),
		     "id");
	args = arena_printf(&arena, "{'name':'x','user_id':'%s'}", robot);
	token = make(root, args);
	assert_string_equal(with(token)->name, "robot");
	fails(ada, api_token_create, args, ERR_FORBIDDEN);
	fails(ada, api_token_list,
	      arena_printf(&arena, "{'user_id':'%s'}", robot), ERR_FORBIDDEN);
	fails(root, api_token_create,
	      arena_printf(&arena, "{'name':'x','user_id':'%s'}", ada->user_id),
	      ERR_FORBIDDEN);
	fails(root, api_token_create, "{'name':'x','user_id':'usr_none'}",
	      ERR_NOT_FOUND);
}
IDENTITY_DEFINE(of_others)

/* ---- how they end ------------------------------------------------------------------- */

static void deleted_is_at_once(void)
{
	const char *token, *args;

	begin_people();
	token = make(ada, "{'name':'x'}");
	args = arena_printf(&arena, "{'id':'%s'}", with(token)->token_id);
	fails(root, api_token_delete, args, ERR_NOT_FOUND);
	works(ada, api_token_delete, args);
	assert_true(audited);
	assert_null(with(token));
	fails(ada, api_token_delete, args, ERR_NOT_FOUND);
	assert_false(identity_token_limits(
		&trust, take(json_read_quoted(args, &err), "id"),
		&(const char *){ NULL }, &(const json_t *){ NULL }, &err));
}
IDENTITY_DEFINE(deleted_is_at_once)

static void end_with_their_user(void)
{
	const char *token, *id;

	begin_people();
	id = ada->user_id;
	token = make(ada, "{'name':'x'}");
	update(root, id, "'state':'disabled'");
	assert_null(with(token));
	update(root, id, "'state':'active'");
	assert_non_null(with(token));
	works(root, user_delete, arena_printf(&arena, "{'id':'%s'}", id));
	assert_null(with(token));
}
IDENTITY_DEFINE(end_with_their_user)

/* ---- an altered database --------------------------------------------------------------- */

/* Every column that says what a token is good for; and its MAC. */
static void edited_rows(void)
{
	static const char *const edits[] = {
		"UPDATE api_tokens SET user_id ="
		" (SELECT id FROM users WHERE name = 'root')",
		"UPDATE api_tokens SET workspace_id = ''",
		"UPDATE api_tokens SET workspace_id = 'ws_b'",
		"UPDATE api_tokens SET permissions = NULL",
		"UPDATE api_tokens SET permissions = '[\"*\"]'",
		"UPDATE api_tokens SET permissions = '[]'",
		"UPDATE api_tokens SET expires_at = NULL",
		"UPDATE api_tokens SET expires_at = expires_at + 1",
		/* another one's, whose token is known */
		"UPDATE api_tokens SET mac ="
		" (SELECT mac FROM api_tokens WHERE name = 'other')",
	};

	begin_people();
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		const char *token, *other;

		store_exec("DELETE FROM api_tokens");
		identity_changed(&trust);
		token = make(ada, "{'name':'x','workspace_id':'ws_a',"
				  "'permissions':['volume:list'],"
				  "'expires_at':'2027-01-01T00:00:00Z'}");
		other = make(ada, "{'name':'other'}");
		assert_non_null(with(token));
		store_exec(edits[i]);
		identity_changed(&trust);
		if (with(token))
			fail_msg("good after: %s", edits[i]);
		assert_int_equal(err.code, ERR_UNAUTHORIZED);
		(void)other;
	}
}
IDENTITY_DEFINE(edited_rows)

/* The row of one under the identifier of another. */
static void swapped_rows(void)
{
	const char *a, *b;

	begin_people();
	a = make(ada, "{'name':'a','permissions':['volume:list']}");
	b = make(root, "{'name':'b'}");
	store_exec("UPDATE api_tokens SET id = 'tok_x' WHERE name = 'b'");
	store_exec(arena_printf(&arena,
				"UPDATE api_tokens SET id = 'tok_%.26s'"
				" WHERE name = 'a'",
				b + 4));
	identity_changed(&trust);
	assert_null(with(a));
	assert_null(with(b));
	assert_false(identity_token_limits(
		&trust, arena_printf(&arena, "tok_%.26s", b + 4),
		&(const char *){ NULL }, &(const json_t *){ NULL }, &err));
}
IDENTITY_DEFINE(swapped_rows)

static void edited_text(void)
{
	const char *token;
	char text[160];

	begin_people();
	token = make(ada, "{'name':'a'}");
	for (size_t i = 0; token[i]; i++) {
		text_copy(text, sizeof(text), token);
		text[i] = text[i] == 'a' ? 'b' : 'a';
		assert_null(with(text));
	}
	assert_null(with(arena_printf(&arena, "%s0", token)));
	assert_null(with(arena_strndup(&arena, token, strlen(token) - 1)));
	assert_non_null(with(token));
	/* A MAC key that is gone takes them with it. */
	assert_true(keyring_rotate(trust.keyring, KEY_MAC, &err));
	identity_changed(&trust);
	assert_non_null(with(token));
	assert_true(keyring_remove(trust.keyring, KEY_MAC, 1, &err));
	identity_changed(&trust);
	assert_null(with(token));
}
IDENTITY_DEFINE(edited_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_ROW(shown_once)
		STORE_ROW(what_is_refused)
		STORE_ROW(limits_are_known)
		STORE_ROW(expire)
		STORE_ROW(limited_ones_make_none)
		STORE_ROW(of_others)
		STORE_ROW(deleted_is_at_once)
		STORE_ROW(end_with_their_user)
		STORE_ROW(edited_rows)
		STORE_ROW(swapped_rows)
		STORE_ROW(edited_text)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
