/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: how they begin, go on, and end. */
#include "unit.h"

#include "identity_run.h"

#include "identity/jwt_gate.h"
#include "identity/session.h"
#include "metrics.h"

static struct actor *begin_with_ada(struct pair *ada)
{
	struct actor *root = with(bootstrap().access);

	assert_non_null(root);
	make_ada(root);
	*ada = login_ada();
	return root;
}

static json_t *refresh(const char *token)
{
	return ask(nobody(), auth_refresh,
		   arena_printf(&arena, "{'refresh_token':'%s'}", token));
}

static void refresh_fails(const char *token)
{
	json_t *v = refresh(token);

	if (v || err.code != ERR_UNAUTHORIZED)
		fail_msg("refresh token %s: %s", token, err.message);
}

/* ---- logging in ---------------------------------------------------------------- */

static void what_one_gets(void)
{
	struct actor *who;
	json_t *v;

	begin_with_ada(&(struct pair){ 0 });
	v = must(nobody(), auth_login,
		 "{'name':'ada','password':'" ADA_PASSWORD "'}");
	assert_true(audited);
	assert_string_equal(json_str(v, "token_type", ""), "Bearer");
	assert_int_equal(json_int(v, "expires_in", 0), 900);
	assert_string_equal(json_str(json_object_get(v, "user"), "name", ""),
			    "ada");
	who = with(json_str(v, "access_token", ""));
	assert_non_null(who);
	assert_int_equal(who->kind, ACTOR_USER);
	assert_string_equal(who->name, "ada");
	assert_string_equal(who->role, "user");
	assert_true(text_starts(who->session_id, "ses_"));
	assert_null(who->token_id);
	json_decref(v);
}
IDENTITY_DEFINE(what_one_gets)

/* How many passwords were looked at. */
static long hashes(void)
{
	static const char name[] = "\nskyclust_password_hashes_total ";
	struct buf text = { 0 };
	const char *at;
	long n;

	metrics_print(&text);
	at = strstr(text.p, name);
	n = at ? strtol(at + strlen(name), NULL, 10) : 0;
	buf_done(&text);
	return n;
}

/* Nobody learns who exists, from the answer or from what it costs. */
static void one_answer_for_all(void)
{
	static const char *const tries[] = {
		"{'name':'ada','password':'not her password'}",
		"{'name':'nobody','password':'not her password'}",
		"{'name':'robot','password':'not her password'}",
		"{'name':'mute','password':'not her password'}",
		"{'name':'off','password':'" ADA_PASSWORD "'}",
		"{'name':'ADA','password':'" ADA_PASSWORD "'}",
		"{'name':'ada','password':'" ADA_PASSWORD " '}",
		"{'name':'ada ','password':'" ADA_PASSWORD "'}",
	};
	struct pair ada;
	struct actor *root = begin_with_ada(&ada);
	const char *first = NULL, *off;
	long before;

	works(root, user_create,
	      "{'name':'robot','role':'user','kind':'service'}");
	works(root, user_create, "{'name':'mute','role':'user'}");
	off = take(must(root, user_create,
			"{'name':'off','role':'user',"
			"'password':'" ADA_PASSWORD "'}"),
		   "id");
	update(root, off, "'state':'disabled'");
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		before = hashes();
		fails(nobody_from(arena_printf(&arena, "192.0.2.%zu", i)),
		      auth_login, tries[i], ERR_UNAUTHORIZED);
		assert_int_equal(hashes(), before + 1);
		assert_true(audited);
		if (!first)
			first = arena_strdup(&arena, err.message);
		assert_string_equal(err.message, first);
	}
}
IDENTITY_DEFINE(one_answer_for_all)

/* Between the look at the password and the session it was changed. */
static void of_another_version(void)
{
	struct pair ada;
	struct actor *root = begin_with_ada(&ada);
	const char *id = with(ada.access)->user_id;

	(void)root;
	assert_null(session_open(&trust, nobody(),
				 &(struct session_for){ .user_id = id,
							.version = 99,
							.method = "password" },
				 &err));
	assert_int_equal(err.code, ERR_UNAUTHORIZED);
	assert_null(session_open(&trust, nobody(),
				 &(struct session_for){ .user_id = "usr_none",
							.method = "oidc" },
				 &err));
	assert_int_equal(err.code, ERR_UNAUTHORIZED);
	json_decref(session_open(&trust, nobody(),
				 &(struct session_for){ .user_id = id,
							.method = "oidc" },
				 &err));
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM sessions"
				      " WHERE method = 'oidc'"),
			 1);
}
IDENTITY_DEFINE(of_another_version)

/* ---- access tokens ---------------------------------------------------------------- */

static void expires(void)
{
	struct pair ada;

	begin_with_ada(&ada);
	assert_non_null(with(ada.access));
	clock_advance(900 * 1000 - 1);
	assert_non_null(with(ada.access));
	clock_advance(1);
	assert_null(with(ada.access));
	assert_int_equal(err.code, ERR_UNAUTHORIZED);
	assert_non_null(strstr(err.message, "expired"));
	ada = take_pair(refresh(ada.refresh));
	assert_non_null(with(ada.access));
}
IDENTITY_DEFINE(expires)

static void no_token_at_all(void)
{
	static const char *const tokens[] = {
		"", " ", "x", "skt_", "skt_x_y", "skr_x_1_y", "a.b.c",
		"skt_aaaaaaaaaaaaaaaaaaaaaaaaaa_0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef",
	};
	struct pair ada;
	char huge[8000];

	begin_with_ada(&ada);
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		assert_null(with(tokens[i]));
		assert_int_equal(err.code, ERR_UNAUTHORIZED);
	}
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = 0;
	assert_null(with(huge));
	/* One sort is not good for another. */
	assert_null(with(ada.refresh));
	refresh_fails(ada.access);
}
IDENTITY_DEFINE(no_token_at_all)

/* Sessions go on when the key changes, and when it is made by another host. */
static void after_rotation(void)
{
	struct pair before, after;
	struct actor *root = begin_with_ada(&before);

	works(root, signing_key_rotate, "{}");
	after = login_ada();
	assert_non_null(with(before.access));
	assert_non_null(with(after.access));
	identity_changed(&trust);
	assert_non_null(with(before.access));
	assert_true(keyring_remove(trust.keyring, KEY_TOKEN, 1, &err));
	identity_changed(&trust);
	assert_null(with(before.access));
	assert_non_null(with(after.access));
	/* So does the key that refresh tokens are known by. */
	assert_true(keyring_rotate(trust.keyring, KEY_MAC, &err));
	after = take_pair(refresh(after.refresh));
	assert_non_null(with(after.access));
}
IDENTITY_DEFINE(after_rotation)

/* Signed rightly; but it is ada's session, and root's name. */
static void session_of_another(void)
{
	struct pair ada;
	struct actor *root = begin_with_ada(&ada), *who = with(ada.access);
	struct jwt_claims claims = {
		.id = "jti_1",
		.issued_at = clock_wall_ms(),
		.expires_at = clock_wall_ms() + 60000,
	};
	struct buf token = { 0 };

	text_copy(claims.session, sizeof(claims.session), who->session_id);
	text_copy(claims.subject, sizeof(claims.subject), who->user_id);
	assert_true(jwt_gate_sign(trust.keyring, &claims, &token, &err));
	assert_non_null(with(token.p));
	buf_clear(&token);
	text_copy(claims.subject, sizeof(claims.subject), root->user_id);
	assert_true(jwt_gate_sign(trust.keyring, &claims, &token, &err));
	assert_null(with(token.p));
	buf_clear(&token);
	text_copy(claims.session, sizeof(claims.session), "ses_none");
	assert_true(jwt_gate_sign(trust.keyring, &claims, &token, &err));
	assert_null(with(token.p));
	buf_done(&token);
}
IDENTITY_DEFINE(session_of_another)

/* ---- refresh tokens ------------------------------------------------------------------ */

static void good_once(void)
{
	struct pair first, second, third;

	begin_with_ada(&first);
	second = take_pair(refresh(first.refresh));
	assert_true(audited);
	third = take_pair(refresh(second.refresh));
	assert_non_null(with(third.access));
	/* The first one comes again: it was copied. */
	refresh_fails(first.refresh);
	assert_true(audited);
	assert_null(with(third.access));
	refresh_fails(third.refresh);
	/* Other sessions of the user go on. */
	assert_non_null(with(login_ada().access));
}
IDENTITY_DEFINE(good_once)

static unsigned won, lost;
static struct pair both;

static void refresh_in_fiber(void *arg UNUSED)
{
	struct error e = { 0 };
	json_t *args = json_pack("{ss}", "refresh_token", both.refresh);
	json_t *v = auth_refresh(&trust, nobody(), args, &e);

	if (v) {
		won++;
		both.access = take_pair(v).access;
	} else {
		assert_int_equal(e.code, ERR_UNAUTHORIZED);
		lost++;
	}
	json_decref(args);
	identity_running--;
}

/* Thief and owner at the same time: at most one gets something, and it is good
 * for nothing. */
static void two_at_once(void)
{
	begin_with_ada(&both);
	won = lost = 0;
	at_once(2, refresh_in_fiber);
	assert_int_equal(won + lost, 2);
	assert_true(won <= 1);
	assert_null(with(both.access));
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM sessions"
				      " WHERE revoked_at IS NOT NULL"),
			 1);
}
IDENTITY_DEFINE(two_at_once)

/* Who knows the session's name only cannot end it. */
static void forged_refresh_tokens(void)
{
	struct pair ada;
	char text[160];
	size_t n;

	begin_with_ada(&ada);
	n = strlen(ada.refresh);
	for (size_t i = 0; i < n; i++) {
		text_copy(text, sizeof(text), ada.refresh);
		text[i] = text[i] == 'a' ? 'b' : 'a';
		refresh_fails(text);
	}
	for (size_t i = 0; i < n; i++) {
		text_copy(text, sizeof(text), ada.refresh);
		text[i] = 0;
		refresh_fails(text);
	}
	text_copy(text, sizeof(text), ada.refresh);
	text[strlen("skr_") + 27] = '2'; /* the generation to come */
	refresh_fails(text);
	refresh_fails(arena_printf(&arena, "%s0", ada.refresh));
	assert_non_null(with(ada.access));
	assert_non_null(with(take_pair(refresh(ada.refresh)).access));
}
IDENTITY_DEFINE(forged_refresh_tokens)

static void unused_for_long(void)
{
	struct pair ada;

	begin_with_ada(&ada);
	clock_advance(trust.config->refresh_lifetime_ms - 1);
	ada = take_pair(refresh(ada.refresh));
	assert_non_null(with(ada.access));
	clock_advance(trust.config->refresh_lifetime_ms);
	refresh_fails(ada.refresh);
}
IDENTITY_DEFINE(unused_for_long)

/* ---- how they end ----------------------------------------------------------------------- */

static void logout_is_at_once(void)
{
	struct pair one, other;

	begin_with_ada(&one);
	other = login_ada();
	works(with(one.access), auth_logout, "{}");
	assert_true(audited);
	assert_null(with(one.access));
	assert_int_equal(err.code, ERR_UNAUTHORIZED);
	refresh_fails(one.refresh);
	assert_non_null(with(other.access));
}
IDENTITY_DEFINE(logout_is_at_once)

static void new_password_ends_others(void)
{
	struct pair one, other;

	begin_with_ada(&one);
	other = login_ada();
	works(with(one.access), auth_change_password,
	      "{'current':'" ADA_PASSWORD "','new':'wheels within wheels'}");
	assert_true(audited);
	assert_non_null(with(one.access));
	assert_null(with(other.access));
	refresh_fails(other.refresh);
	fails(nobody(), auth_login,
	      "{'name':'ada','password':'" ADA_PASSWORD "'}", ERR_UNAUTHORIZED);
	login("ada", "wheels within wheels");
	fails(with(one.access), auth_change_password,
	      "{'current':'wheels within wheels','new':'short'}", ERR_INVALID);
	fails(with(one.access), auth_change_password,
	      "{'current':'wheels within wheels',"
	      "'new':'wheels within wheels'}",
	      ERR_INVALID);
}
IDENTITY_DEFINE(new_password_ends_others)

static void disabled_is_at_once(void)
{
	struct pair ada;
	struct actor *root = begin_with_ada(&ada);
	const char *id = with(ada.access)->user_id;

	update(root, id, "'state':'disabled'");
	assert_null(with(ada.access));
	refresh_fails(ada.refresh);
	fails(nobody(), auth_login,
	      "{'name':'ada','password':'" ADA_PASSWORD "'}", ERR_UNAUTHORIZED);
	/* What was ended does not come back. */
	update(root, id, "'state':'active'");
	assert_null(with(ada.access));
	refresh_fails(ada.refresh);
	assert_non_null(with(login_ada().access));
}
IDENTITY_DEFINE(disabled_is_at_once)

static void deleted_is_at_once(void)
{
	struct pair ada;
	struct actor *root = begin_with_ada(&ada);
	const char *id = with(ada.access)->user_id;

	works(root, user_delete, arena_printf(&arena, "{'id':'%s'}", id));
	assert_null(with(ada.access));
	refresh_fails(ada.refresh);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM sessions"), 1);
}
IDENTITY_DEFINE(deleted_is_at_once)

static void new_role_is_at_once(void)
{
	struct pair ada;
	struct actor *root = begin_with_ada(&ada);
	const char *id = with(ada.access)->user_id;

	assert_string_equal(with(ada.access)->role, "user");
	update(root, id, "'role':'viewer'");
	assert_string_equal(with(ada.access)->role, "viewer");
}
IDENTITY_DEFINE(new_role_is_at_once)

/* ---- looking at them ------------------------------------------------------------------- */

static size_t count(struct actor *who, const char *args)
{
	json_t *v = must(who, auth_session_list, args);
	size_t n = json_array_size(json_object_get(v, "items"));

	json_decref(v);
	return n;
}

static void own_and_others(void)
{
	struct pair one, other;
	struct actor *root = begin_with_ada(&one), *ada;
	const char *args;

	other = login_ada();
	ada = with(one.access);
	assert_int_equal(count(ada, "{}"), 2);
	assert_int_equal(count(root, "{}"), 1);
	args = arena_printf(&arena, "{'user_id':'%s'}", ada->user_id);
	assert_int_equal(count(root, args), 2);
	fails(ada, auth_session_list,
	      arena_printf(&arena, "{'user_id':'%s'}", root->user_id),
	      ERR_FORBIDDEN);
	/* Another one's is not there. */
	args = arena_printf(&arena, "{'id':'%s'}", root->session_id);
	fails(ada, auth_session_delete, args, ERR_NOT_FOUND);
	assert_non_null(with(one.access));
	args = arena_printf(&arena, "{'id':'%s'}", ada->session_id);
	fails(root, auth_session_delete, args, ERR_NOT_FOUND);
	args = arena_printf(&arena, "{'id':'%s','user_id':'%s'}",
			    ada->session_id, ada->user_id);
	works(root, auth_session_delete, args);
	assert_null(with(one.access));
	assert_int_equal(count(with(other.access), "{}"), 1);
}
IDENTITY_DEFINE(own_and_others)

static void pages(void)
{
	struct pair ada;
	struct actor *who;
	size_t seen = 0;
	const char *token = "";

	begin_with_ada(&ada);
	for (int i = 0; i < 4; i++)
		login_ada();
	who = with(ada.access);
	do {
		json_t *v = must(who, auth_session_list,
				 arena_printf(&arena,
					      "{'limit':2,'page_token':'%s'}",
					      token));

		seen += json_array_size(json_object_get(v, "items"));
		token = take(v, "next_page_token");
	} while (*token);
	assert_int_equal(seen, 5);
}
IDENTITY_DEFINE(pages)

/* ---- an altered database ----------------------------------------------------------------- */

static void edited_rows(void)
{
	struct pair ada;

	begin_with_ada(&ada);
	/* ada's session made root's */
	store_exec("UPDATE sessions SET user_id ="
		   " (SELECT id FROM users WHERE name = 'root')");
	identity_changed(&trust);
	assert_null(with(ada.access));
	refresh_fails(ada.refresh);
	/* one that would have ended */
	ada = login_ada();
	store_exec("UPDATE sessions SET expires_at = expires_at + 1");
	identity_changed(&trust);
	assert_null(with(ada.access));
	refresh_fails(ada.refresh);
	/* an older generation back */
	ada = login_ada();
	take_pair(refresh(ada.refresh));
	store_exec("UPDATE sessions SET generation = 1, revoked_at = NULL");
	refresh_fails(ada.refresh);
}
IDENTITY_DEFINE(edited_rows)

/* The hash of a password that is known, in the place of another's. */
static void swapped_passwords(void)
{
	begin_with_ada(&(struct pair){ 0 });
	store_exec("UPDATE users SET password ="
		   " (SELECT password FROM users WHERE name = 'ada')"
		   " WHERE name = 'root'");
	fails(nobody(), auth_login,
	      "{'name':'root','password':'" ADA_PASSWORD "'}", ERR_INTERNAL);
	fails(nobody(), auth_login,
	      "{'name':'root','password':'" ROOT_PASSWORD "'}", ERR_INTERNAL);
}
IDENTITY_DEFINE(swapped_passwords)

/* ---- last use ---------------------------------------------------------------------------- */

static int64_t used_at(void)
{
	return store_number("SELECT MAX(s.used_at) AS n FROM sessions s"
			    " JOIN users u ON u.id = s.user_id"
			    " WHERE u.name = 'ada'") -
	       CLOCK_VIRTUAL_EPOCH;
}

static void once_a_minute(void)
{
	struct pair ada;
	int64_t began = clock_ms();

	begin_with_ada(&ada);
	assert_non_null(with(ada.access));
	clock_advance(59999);
	assert_non_null(with(ada.access));
	assert_int_equal(trust.identity->n_uses, 0);
	clock_advance(1);
	assert_non_null(with(ada.access));
	assert_non_null(with(ada.access));
	assert_int_equal(trust.identity->n_uses, 1);
	assert_int_equal(used_at(), began);
	identity_halt(); /* what was not written is */
	assert_int_equal(used_at(), began + 60000);
	identity_must_start();
}
IDENTITY_DEFINE(once_a_minute)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_ROW(what_one_gets)
		STORE_ROW(one_answer_for_all)
		STORE_ROW(of_another_version)
		STORE_ROW(expires)
		STORE_ROW(no_token_at_all)
		STORE_ROW(session_of_another)
		STORE_ROW(after_rotation)
		STORE_ROW(good_once)
		STORE_ROW(two_at_once)
		STORE_ROW(forged_refresh_tokens)
		STORE_ROW(unused_for_long)
		STORE_ROW(logout_is_at_once)
		STORE_ROW(new_password_ends_others)
		STORE_ROW(disabled_is_at_once)
		STORE_ROW(deleted_is_at_once)
		STORE_ROW(new_role_is_at_once)
		STORE_ROW(own_and_others)
		STORE_ROW(pages)
		STORE_ROW(edited_rows)
		STORE_ROW(swapped_passwords)
		STORE_ROW(once_a_minute)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
