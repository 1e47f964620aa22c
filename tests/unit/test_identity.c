/* SPDX-License-Identifier: Apache-2.0 */
/* The first administrator, users, what is remembered of them, and other hosts. */
#include "unit.h"

#include "identity_run.h"

static const char *token_file(void)
{
	return arena_printf(&arena, "%s/bootstrap.token", host_dir);
}

static bool is_there(const char *file)
{
	return access(file, F_OK) == 0;
}

static void restart(void)
{
	identity_halt();
	identity_must_start();
}

/* ---- the first administrator --------------------------------------------------- */

#define FIRST(token)                                                    \
	arena_printf(&arena,                                            \
		     "{'token':'%s','name':'root',"                     \
		     "'password':'" ROOT_PASSWORD "'}",                 \
		     token)

static void token_is_in_a_file(void)
{
	const char *token = arena_strdup(&arena,
					 identity_bootstrap_token(&trust));
	struct buf text = { 0 };
	struct stat st;

	assert_int_equal(strlen(token), 64);
	assert_int_equal(sys_read_file(token_file(), 100, &text), 0);
	assert_string_equal(text.p, token);
	buf_done(&text);
	assert_int_equal(stat(token_file(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	restart();
	assert_string_equal(identity_bootstrap_token(&trust), token);
}
IDENTITY_DEFINE(token_is_in_a_file)

static void it_is_good_once(void)
{
	const char *token = arena_strdup(&arena,
					 identity_bootstrap_token(&trust));

	fails(nobody(), auth_bootstrap, FIRST("not the token"),
	      ERR_UNAUTHORIZED);
	fails(nobody(), auth_bootstrap, FIRST(""), ERR_UNAUTHORIZED);
	fails(nobody(), auth_bootstrap,
	      arena_printf(&arena,
			   "{'token':'%s','name':'root','password':'root'}",
			   token),
	      ERR_INVALID);
	assert_true(is_there(token_file()));
	assert_string_equal(
		with(take_pair(must(nobody(), auth_bootstrap, FIRST(token)))
			     .access)
			->role,
		"admin");
	assert_false(is_there(token_file()));
	assert_null(identity_bootstrap_token(&trust));
	fails(nobody(), auth_bootstrap, FIRST(token), ERR_CONFLICT);
	restart();
	assert_null(identity_bootstrap_token(&trust));
	assert_false(is_there(token_file()));
	login("root", ROOT_PASSWORD);
}
IDENTITY_DEFINE(it_is_good_once)

static unsigned won, lost;
static const char *contested;

static void first_in_fiber(void *arg)
{
	struct error e = { 0 };
	json_t *args = json_pack("{ss so ss}", "token", contested, "name",
				 json_sprintf("root%zu", (size_t)arg),
				 "password", ROOT_PASSWORD);
	json_t *v = auth_bootstrap(&trust, nobody(), args, &e);

	won += v != NULL;
	lost += !v && e.code == ERR_CONFLICT;
	json_decref(v);
	json_decref(args);
	identity_running--;
}

static void of_many_one_wins(void)
{
	contested = arena_strdup(&arena, identity_bootstrap_token(&trust));
	won = lost = 0;
	at_once(5, first_in_fiber);
	assert_int_equal(won, 1);
	assert_int_equal(lost, 4);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM users"), 1);
}
IDENTITY_DEFINE(of_many_one_wins)

static void others_could_read_it(void)
{
	identity_stop(&trust);
	assert_int_equal(chmod(token_file(), 0640), 0);
	assert_false(identity_start(&trust, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_int_equal(unlink(token_file()), 0);
	assert_true(identity_start(&trust, &err));
}
IDENTITY_DEFINE(others_could_read_it)

/* ---- users ------------------------------------------------------------------------ */

static struct actor *begin_with_root(void)
{
	return with(bootstrap().access);
}

static void what_a_user_is(void)
{
	struct actor *root = begin_with_root();
	json_t *v = must(root, user_create,
			 "{'name':'ada','role':'user','email':'a@b.example',"
			 "'display_name':'Ada','password':'" ADA_PASSWORD "'}");

	assert_true(audited);
	assert_string_equal(json_str(v, "kind", ""), "person");
	assert_string_equal(json_str(v, "state", ""), "active");
	assert_string_equal(json_str(v, "email", ""), "a@b.example");
	assert_true(json_bool(v, "has_password", false));
	assert_null(json_object_get(v, "password"));
	json_decref(v);
	v = must(root, user_create,
		 "{'name':'robot','role':'viewer','kind':'service'}");
	assert_false(json_bool(v, "has_password", true));
	json_decref(v);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM users"
				      " WHERE password IS NULL"),
			 1);
}
IDENTITY_DEFINE(what_a_user_is)

static void who_cannot_be(void)
{
	static const struct {
		const char *args;
		enum err_code code;
	} rows[] = {
		{ "{'name':'Ada','role':'user'}", ERR_INVALID },
		{ "{'name':'','role':'user'}", ERR_INVALID },
		{ "{'name':'-ada','role':'user'}", ERR_INVALID },
		{ "{'name':'a da','role':'user'}", ERR_INVALID },
		{ "{'name':'ad\\u00e4','role':'user'}", ERR_INVALID },
		{ "{'name':'ada','role':'god'}", ERR_INVALID },
		{ "{'name':'ada','role':'user','password':'ada'}", ERR_INVALID },
		{ "{'name':'ada','role':'user','kind':'service',"
		  "'password':'" ADA_PASSWORD "'}",
		  ERR_INVALID },
		{ "{'name':'root','role':'user'}", ERR_CONFLICT },
	};
	struct actor *root = begin_with_root();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		fails(root, user_create, rows[i].args, rows[i].code);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM users"), 1);
}
IDENTITY_DEFINE(who_cannot_be)

static size_t count(struct actor *who, const char *args)
{
	json_t *v = must(who, user_list, args);
	size_t n = json_array_size(json_object_get(v, "items"));

	json_decref(v);
	return n;
}

static void lists(void)
{
	struct actor *root = begin_with_root();

	make_ada(root);
	works(root, user_create,
	      "{'name':'robot','role':'viewer','kind':'service'}");
	assert_int_equal(count(root, "{}"), 3);
	assert_int_equal(count(root, "{'limit':2}"), 2);
	assert_int_equal(count(root, "{'name':'ada'}"), 1);
	assert_int_equal(count(root, "{'role':'admin'}"), 1);
	assert_int_equal(count(root, "{'state':'disabled'}"), 0);
	assert_int_equal(count(root, "{'kind':'person','role':'user'}"), 1);
}
IDENTITY_DEFINE(lists)

static void versions(void)
{
	struct actor *root = begin_with_root();
	const char *id = make_ada(root);
	const char *args = arena_printf(
		&arena, "{'id':'%s','display_name':'Ada'}", id);
	json_t *v;

	fails(root, user_update, args, ERR_PRECONDITION_REQUIRED);
	root->if_match = 2;
	fails(root, user_update, args, ERR_PRECONDITION_FAILED);
	root->if_match = 1;
	v = must(root, user_update, args);
	assert_true(audited);
	assert_int_equal(json_int(v, "version", 0), 2);
	assert_string_equal(json_str(v, "display_name", ""), "Ada");
	json_decref(v);
	fails(root, user_update, args, ERR_PRECONDITION_FAILED);
	fails(root, user_update, "{'id':'usr_none'}", ERR_NOT_FOUND);
	fails(root, user_get, "{'id':'usr_none'}", ERR_NOT_FOUND);
	fails(root, user_delete, "{'id':'usr_none'}", ERR_NOT_FOUND);
	login_ada();
}
IDENTITY_DEFINE(versions)

static void password_given_anew(void)
{
	struct actor *root = begin_with_root();
	const char *id = make_ada(root);
	struct pair ada = login_ada();

	update(root, id, "'password':'wheels within wheels'");
	assert_null(with(ada.access));
	login("ada", "wheels within wheels");
	fails(nobody(), auth_login,
	      "{'name':'ada','password':'" ADA_PASSWORD "'}", ERR_UNAUTHORIZED);
}
IDENTITY_DEFINE(password_given_anew)

/* Who may manage users must not become an administrator by that. */
static void nobody_rises(void)
{
	struct actor *root = begin_with_root(), *ada;
	const char *id = make_ada(root), *args;

	works(root, user_create, "{'name':'bob','role':'user'}");
	store_exec("INSERT INTO roles (id, workspace_id, name, permissions,"
		   " version, created_at, updated_at) VALUES ('rol_1', '',"
		   " 'clerk', '[\"skyclust_user:*\",\"workspace:create\"]',"
		   " 1, 1, 1)");
	identity_changed(&trust);
	update(root, id, "'role':'clerk'");
	ada = with(login_ada().access);
	fails(ada, user_create, "{'name':'eve','role':'admin'}", ERR_FORBIDDEN);
	ada->if_match = 1;
	args = arena_printf(
		&arena, "{'id':'%s','password':'wheels within wheels'}",
		root->user_id);
	fails(ada, user_update, args, ERR_FORBIDDEN);
	fails(ada, user_delete,
	      arena_printf(&arena, "{'id':'%s'}", root->user_id),
	      ERR_FORBIDDEN);
	ada->if_match = version_of(id);
	fails(ada, user_update,
	      arena_printf(&arena, "{'id':'%s','role':'admin'}", id),
	      ERR_FORBIDDEN);
	works(ada, user_create, "{'name':'eve','role':'clerk'}");
}
IDENTITY_DEFINE(nobody_rises)

/* ---- the last administrator ------------------------------------------------------------ */

static void one_stays(void)
{
	static const char *const ends[] = { "'role':'user'",
					    "'state':'disabled'" };
	struct actor *root = begin_with_root();
	const char *id = root->user_id, *other;

	root->if_match = 1;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		fails(root, user_update,
		      arena_printf(&arena, "{'id':'%s',%s}", id, ends[i]),
		      ERR_CONFLICT);
	fails(root, user_delete, arena_printf(&arena, "{'id':'%s'}", id),
	      ERR_CONFLICT);
	/* A service account is no help, nor is one who is disabled. */
	works(root, user_create,
	      "{'name':'robot','role':'admin','kind':'service'}");
	other = take(must(root, user_create, "{'name':'off','role':'admin'}"),
		     "id");
	update(root, other, "'state':'disabled'");
	fails(root, user_delete, arena_printf(&arena, "{'id':'%s'}", id),
	      ERR_CONFLICT);
	update(root, other, "'state':'active'");
	works(root, user_delete, arena_printf(&arena, "{'id':'%s'}", id));
}
IDENTITY_DEFINE(one_stays)

static struct actor *deleters[2];

static void delete_in_fiber(void *arg)
{
	struct actor *who = deleters[(size_t)arg];
	struct error e = { 0 };
	json_t *args = json_pack("{ss}", "id", who->user_id);
	json_t *v = user_delete(&trust, who, args, &e);

	won += v != NULL;
	lost += !v && e.code == ERR_CONFLICT;
	json_decref(v);
	json_decref(args);
	identity_running--;
}

/* The two last ones, each leaving at the same time. */
static void not_both_go(void)
{
	deleters[0] = begin_with_root();
	works(deleters[0], user_create,
	      "{'name':'ada','role':'admin','password':'" ADA_PASSWORD "'}");
	deleters[1] = with(login_ada().access);
	won = lost = 0;
	at_once(2, delete_in_fiber);
	assert_int_equal(won, 1);
	assert_int_equal(lost, 1);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM users"), 1);
}
IDENTITY_DEFINE(not_both_go)

/* ---- what is remembered ----------------------------------------------------------------- */

static void grants(void)
{
	const struct identity_user *user;
	struct actor *root = begin_with_root();
	const char *id = make_ada(root);

	user = identity_user(&trust, id, &err);
	assert_string_equal(user->name, "ada");
	assert_string_equal(user->kind, "person");
	assert_true(user->active);
	assert_int_equal(user->n, 0);
	store_exec("INSERT INTO workspaces (id, name, settings, created_by,"
		   " version, created_at, updated_at)"
		   " VALUES ('ws_a', 'a', '{}', 'usr_x', 1, 1, 1)");
	store_exec("INSERT INTO members (workspace_id, user_id, role,"
		   " created_at, updated_at) SELECT 'ws_a', id, 'owner', 1, 1"
		   " FROM users WHERE name = 'ada'");
	assert_int_equal(identity_user(&trust, id, &err)->n, 0);
	identity_changed(&trust);
	user = identity_user(&trust, id, &err);
	assert_int_equal(user->n, 1);
	assert_string_equal(user->grants[0].workspace, "ws_a");
	assert_string_equal(user->grants[0].role, "owner");
	assert_null(identity_user(&trust, "usr_none", &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}
IDENTITY_DEFINE(grants)

/* A verified token costs no question: the store is not asked again. */
static void seldom_asks(void)
{
	struct pair root = bootstrap();

	assert_non_null(with(root.access));
	store_exec("DELETE FROM sessions");
	assert_non_null(with(root.access));
	identity_changed(&trust);
	assert_null(with(root.access));
}
IDENTITY_DEFINE(seldom_asks)

static const char *asked;
static bool was_good;

static void ask_in_fiber(void *arg UNUSED)
{
	struct error e;

	was_good = identity_authenticate(&trust, asked, nobody(), &e);
	identity_running--;
}

/* The database has answered, then there is a change, then the answer is here: it
 * is not remembered. */
static void overtaken_answers(void)
{
	asked = bootstrap().access;
	identity_running = 1;
	assert_non_null(fiber_spawn("asks", ask_in_fiber, NULL));
	fiber_yield(); /* it asks */
	identity_changed(&trust);
	while (identity_running)
		fiber_yield();
	assert_true(was_good);
	store_exec("DELETE FROM sessions");
	assert_null(with(asked));
}
IDENTITY_DEFINE(overtaken_answers)

static void logout_there(struct trust *other, struct pair root)
{
	int64_t revision = identity_revision(&trust);

	json_decref(auth_logout(other, with(root.access), json_null(), &err));
	assert_non_null(with(root.access));
	clock_advance(500);
	while (identity_revision(&trust) == revision)
		fiber_yield();
	assert_null(with(root.access));
}

/* A key that this host has not seen yet: its tokens are good at once. */
static void rotate_there(struct trust *other)
{
	AUTO_JSON json_t *args =
		json_read_quoted("{'name':'root','password':'" ROOT_PASSWORD
				 "'}",
				 &err);
	struct actor *root = nobody();

	json_decref(signing_key_rotate(other, root, args, &err));
	assert_null(keyring_find_id(trust.keyring, "token-2"));
	assert_non_null(with(
		take_pair(auth_login(other, nobody(), args, &err)).access));
}

/* The change of another host is known within half a second. */
static void another_host(void)
{
	struct trust other = trust;
	struct pair root = bootstrap();

	if (!store_postgres_url())
		return; /* SQLite belongs to one host */
	other.identity = NULL;
	other.keyring = identity_keys();
	assert_true(identity_start(&other, &err));
	logout_there(&other, root);
	rotate_there(&other);
	identity_stop(&other);
	keyring_free(other.keyring);
}
IDENTITY_DEFINE(another_host)

static void ended_sessions_are_swept(void)
{
	bootstrap();
	clock_advance(trust.config->refresh_lifetime_ms + 25 * 3600 * 1000LL);
	while (store_number("SELECT COUNT(*) AS n FROM sessions") > 0)
		fiber_yield();
}
IDENTITY_DEFINE(ended_sessions_are_swept)

/* ---- the rest ------------------------------------------------------------------------------ */

static int64_t records(const char *action, const char *outcome)
{
	return store_number(arena_printf(
		&arena,
		"SELECT COUNT(*) AS n FROM audit WHERE action = '%s'"
		" AND outcome = '%s'",
		action, outcome));
}

static void all_is_on_record(void)
{
	struct actor *root = begin_with_root();
	const char *id = make_ada(root);
	struct pair ada = login_ada();

	fails(nobody(), auth_login, "{'name':'ada','password':'wrong'}",
	      ERR_UNAUTHORIZED);
	with("not a token");
	works(nobody(), auth_refresh,
	      arena_printf(&arena, "{'refresh_token':'%s'}", ada.refresh));
	works(with(ada.access), auth_logout, "{}");
	update(root, id, "'role':'viewer'");
	works(root, user_delete, arena_printf(&arena, "{'id':'%s'}", id));
	identity_halt(); /* what was noted is written */
	assert_int_equal(records("auth.bootstrap", "succeeded"), 1);
	assert_int_equal(records("auth.login", "succeeded"), 2);
	assert_int_equal(records("auth.login", "denied"), 1);
	assert_int_equal(records("auth.authenticate", "denied"), 1);
	assert_true(records("auth.authenticate", "succeeded") > 0);
	assert_int_equal(records("auth.refresh", "succeeded"), 1);
	assert_int_equal(records("auth.logout", "succeeded"), 1);
	assert_int_equal(records("skyclust_user.create", "succeeded"), 1);
	assert_int_equal(records("skyclust_user.update", "succeeded"), 1);
	assert_int_equal(records("skyclust_user.delete", "succeeded"), 1);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"
				      " WHERE record LIKE '%wheels%'"),
			 0);
	identity_must_start();
}
IDENTITY_DEFINE(all_is_on_record)

static void who_am_i(void)
{
	struct actor *root = begin_with_root();
	struct actor local = { .kind = ACTOR_LOCAL,
			       .user_id = "local",
			       .role = "admin",
			       .arena = &arena };
	json_t *v = must(root, auth_me, "{}");

	assert_string_equal(json_str(v, "name", ""), "root");
	assert_string_equal(json_str(v, "session_id", ""), root->session_id);
	json_decref(v);
	v = must(&local, auth_me, "{}");
	assert_string_equal(json_str(v, "id", ""), "local");
	json_decref(v);
	fails(&local, auth_session_list, "{}", ERR_INVALID);
	fails(&local, auth_logout, "{}", ERR_CONFLICT);
}
IDENTITY_DEFINE(who_am_i)

static void signing_keys(void)
{
	struct actor *root = begin_with_root();
	json_t *v = must(root, signing_key_rotate, "{}");

	assert_true(audited);
	assert_string_equal(json_str(v, "id", ""), "token-2");
	assert_string_equal(json_str(v, "state", ""), "active");
	assert_null(json_object_get(v, "secret"));
	json_decref(v);
	v = must(root, signing_key_list, "{}");
	assert_int_equal(json_array_size(json_object_get(v, "items")), 2);
	json_decref(v);
	assert_non_null(with(login("root", ROOT_PASSWORD).access));
}
IDENTITY_DEFINE(signing_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_ROW(token_is_in_a_file)
		STORE_ROW(it_is_good_once)
		STORE_ROW(of_many_one_wins)
		STORE_ROW(others_could_read_it)
		STORE_ROW(what_a_user_is)
		STORE_ROW(who_cannot_be)
		STORE_ROW(lists)
		STORE_ROW(versions)
		STORE_ROW(password_given_anew)
		STORE_ROW(nobody_rises)
		STORE_ROW(one_stays)
		STORE_ROW(not_both_go)
		STORE_ROW(grants)
		STORE_ROW(seldom_asks)
		STORE_ROW(overtaken_answers)
		STORE_ROW(another_host)
		STORE_ROW(ended_sessions_are_swept)
		STORE_ROW(all_is_on_record)
		STORE_ROW(who_am_i)
		STORE_ROW(signing_keys)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
