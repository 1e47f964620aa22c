/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords, and what many wrong ones lead to. */
#include "unit.h"

#include "identity_run.h"

#include "identity/lockout.h"

/* ---- what is good enough --------------------------------------------------- */

static void test_rules(void **state UNUSED)
{
	static const struct {
		const char *password, *name;
		bool good;
	} rows[] = {
		{ "correct horse battery", "ada", true },
		{ "eleven char", "ada", false },
		{ "twelve chars", "ada", true },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6", "ada",
		  false }, /* twelve bytes, six characters */
		{ "password1234", "ada", false },
		{ "PassWord1234", "ada", false },
		{ "aaaaaaaaaaaaaaaa", "ada", false },
		{ "abababababab", "ada", false },
		{ "123456789012", "ada", false },
		{ "abcdefghijklmno", "ada", false },
		{ "ada-lovelace", "ada-lovelace", false },
		{ "Ada-Lovelace-1", "ada-lovelace", false },
		{ "ada-lovelace rides a train", "ada-lovelace", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error e = { 0 };

		if (password_check(rows[i].password, rows[i].name, "/password",
				   &e) != rows[i].good)
			fail_msg("%s for %s: %s", rows[i].password,
				 rows[i].name, e.message);
		if (!rows[i].good) {
			assert_int_equal(e.code, ERR_INVALID);
			assert_string_equal(e.path, "/password");
		}
	}
}

static void test_length(void **state UNUSED)
{
	char text[PASSWORD_MAX + 2];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('!' + i * 7 % 90);
	text[PASSWORD_MAX + 1] = 0;
	assert_false(password_check(text, "ada", "/new", NULL));
	text[PASSWORD_MAX] = 0;
	assert_true(password_check(text, "ada", "/new", NULL));
}

/* ---- hashing ----------------------------------------------------------------- */

static bool is_right(const char *id, const struct buf *sealed,
		     const char *password)
{
	bool right = true;

	err = (struct error){ 0 };
	return password_verify(&trust, id, buf_slice(sealed), password, &right,
			       &err) &&
	       right;
}

static void only_the_right_one(void)
{
	struct buf sealed = { 0 }, again = { 0 };

	assert_true(password_hash(&trust, "usr_a", ADA_PASSWORD, &sealed, &err));
	assert_true(password_hash(&trust, "usr_a", ADA_PASSWORD, &again, &err));
	assert_true(is_right("usr_a", &sealed, ADA_PASSWORD));
	assert_true(is_right("usr_a", &again, ADA_PASSWORD));
	assert_false(is_right("usr_a", &sealed, ADA_PASSWORD " "));
	assert_int_equal(err.code, ERR_NONE);
	assert_false(is_right("usr_a", &sealed, ""));
	assert_false(is_right("usr_a", &(struct buf){ 0 }, ADA_PASSWORD));
	assert_false(is_right("usr_a", &(struct buf){ 0 }, ""));
	assert_int_equal(err.code, ERR_NONE);
	/* A copy of the database shows neither hash nor salt. */
	assert_null(memmem(sealed.p, sealed.n, "argon2", 6));
	buf_done(&sealed);
	buf_done(&again);
}
IDENTITY_DEFINE(only_the_right_one)

static void of_another_user(void)
{
	struct buf sealed = { 0 };

	assert_true(password_hash(&trust, "usr_a", ADA_PASSWORD, &sealed, &err));
	assert_false(is_right("usr_b", &sealed, ADA_PASSWORD));
	assert_int_equal(err.code, ERR_INTERNAL);
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 4;
		if (is_right("usr_a", &sealed, ADA_PASSWORD))
			fail_msg("byte %zu may be changed", i);
		sealed.p[i] ^= 4;
	}
	assert_true(is_right("usr_a", &sealed, ADA_PASSWORD));
	buf_done(&sealed);
}
IDENTITY_DEFINE(of_another_user)

/* Two at once, the others wait; with too many waiting, one is turned away. */
static unsigned most, done, turned_away;

static void watch_running(void)
{
	if (trust.identity->passwords.running > most)
		most = trust.identity->passwords.running;
}

static void hash_one(void *arg UNUSED)
{
	struct buf sealed = { 0 };
	struct error e = { 0 };

	if (password_hash(&trust, "usr_a", ADA_PASSWORD, &sealed, &e))
		done++;
	else if (e.code == ERR_LIMITED && e.retry_after_ms > 0)
		turned_away++;
	watch_running();
	buf_done(&sealed);
	identity_running--;
}

static void few_at_once(void)
{
	most = done = turned_away = 0;
	at_once(70, hash_one);
	assert_true(most <= 2);
	assert_int_equal(done + turned_away, 70);
	assert_int_equal(turned_away, 4); /* two work, 64 wait */
}
IDENTITY_DEFINE(few_at_once)

/* ---- lock-out ------------------------------------------------------------------ */

#define WRONG "{'name':'ada','password':'not her password'}"
#define RIGHT "{'name':'ada','password':'" ADA_PASSWORD "'}"

static void fail_times(unsigned n, const char *source)
{
	while (n--)
		fails(nobody_from(source), auth_login, WRONG, ERR_UNAUTHORIZED);
}

static void waits_double(void)
{
	int64_t wait = 1000;

	bootstrap();
	make_ada(with(login("root", ROOT_PASSWORD).access));
	fail_times(5, "192.0.2.7");
	for (int i = 0; i < 4; i++, wait *= 2) {
		fails(nobody_from("192.0.2.7"), auth_login, RIGHT, ERR_LIMITED);
		assert_int_equal(err.retry_after_ms, wait);
		clock_advance(wait - 1);
		fails(nobody_from("192.0.2.7"), auth_login, RIGHT, ERR_LIMITED);
		clock_advance(1);
		fail_times(1, "192.0.2.7");
	}
	/* Not from elsewhere, and not for others. */
	works(nobody_from("192.0.2.8"), auth_login, RIGHT);
	works(nobody_from("192.0.2.7"), auth_login,
	      "{'name':'root','password':'" ROOT_PASSWORD "'}");
	/* A success clears what was counted. */
	clock_advance(wait);
	works(nobody_from("192.0.2.7"), auth_login, RIGHT);
	fail_times(5, "192.0.2.7");
	fails(nobody_from("192.0.2.7"), auth_login, RIGHT, ERR_LIMITED);
	assert_int_equal(err.retry_after_ms, 1000);
}
IDENTITY_DEFINE(waits_double)

static void waits_end(void)
{
	bootstrap();
	make_ada(with(login("root", ROOT_PASSWORD).access));
	for (int i = 0; i < 20; i++) {
		fail_times(1, "192.0.2.7");
		clock_advance(trust.config->lockout_max_ms);
	}
	fail_times(1, "192.0.2.7");
	fails(nobody_from("192.0.2.7"), auth_login, RIGHT, ERR_LIMITED);
	assert_int_equal(err.retry_after_ms, trust.config->lockout_max_ms);
	/* After a day it begins anew. */
	clock_advance(25 * 3600 * 1000LL);
	fail_times(4, "192.0.2.7");
	works(nobody_from("192.0.2.7"), auth_login, RIGHT);
}
IDENTITY_DEFINE(waits_end)

/* An account that is not there is locked, too: there is nothing to learn. */
static void nobody_is_locked_out(void)
{
	for (int i = 0; i < 5; i++)
		fails(nobody(), auth_login,
		      "{'name':'eve','password':'not her password'}",
		      ERR_UNAUTHORIZED);
	fails(nobody(), auth_login,
	      "{'name':'eve','password':'not her password'}", ERR_LIMITED);
}
IDENTITY_DEFINE(nobody_is_locked_out)

/* Whoever has one address of a network of IPv6 has 2^64. */
static void networks_count(void)
{
	bootstrap();
	make_ada(with(login("root", ROOT_PASSWORD).access));
	fail_times(2, "2001:db8::1");
	fail_times(3, "2001:db8::ffff:2");
	fails(nobody_from("2001:db8::3"), auth_login, RIGHT, ERR_LIMITED);
	works(nobody_from("2001:db8:0:1::3"), auth_login, RIGHT);
}
IDENTITY_DEFINE(networks_count)

/* Many guesses at once are no more than one after the other. */
static unsigned wrong, locked;

static void guess(void *arg UNUSED)
{
	struct error e = { 0 };
	json_t *args = json_read_quoted(WRONG, &e);
	struct actor *who = nobody();

	assert_null(auth_login(&trust, who, args, &e));
	wrong += e.code == ERR_UNAUTHORIZED;
	locked += e.code == ERR_LIMITED;
	json_decref(args);
	identity_running--;
}

static void guesses_take_turns(void)
{
	bootstrap();
	make_ada(with(login("root", ROOT_PASSWORD).access));
	wrong = locked = 0;
	at_once(20, guess);
	assert_int_equal(wrong, 5);
	assert_int_equal(locked, 15);
}
IDENTITY_DEFINE(guesses_take_turns)

/* The same for who has a session and does not know the password. */
static void changing_it_is_guessing(void)
{
	struct actor *ada;

	bootstrap();
	make_ada(with(login("root", ROOT_PASSWORD).access));
	ada = with(login_ada().access);
	for (int i = 0; i < 5; i++)
		fails(ada, auth_change_password,
		      "{'current':'a guess at it','new':'one wheel is enough'}",
		      ERR_UNAUTHORIZED);
	fails(ada, auth_change_password,
	      "{'current':'" ADA_PASSWORD "','new':'one wheel is enough'}",
	      ERR_LIMITED);
}
IDENTITY_DEFINE(changing_it_is_guessing)

static void old_failures_are_swept(void)
{
	struct tx *tx;

	fails(nobody(), auth_login, WRONG, ERR_UNAUTHORIZED);
	clock_advance(25 * 3600 * 1000LL);
	fails(nobody_from("192.0.2.9"), auth_login, WRONG, ERR_UNAUTHORIZED);
	tx = tx_begin(store, NULL);
	lockout_sweep(tx, clock_wall_ms());
	assert_true(tx_commit(tx, &err));
	assert_int_equal(
		store_number("SELECT COUNT(*) AS n FROM login_failures"), 1);
}
IDENTITY_DEFINE(old_failures_are_swept)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_length),
		STORE_ROW(only_the_right_one)
		STORE_ROW(of_another_user)
		STORE_ROW(few_at_once)
		STORE_ROW(waits_double)
		STORE_ROW(waits_end)
		STORE_ROW(nobody_is_locked_out)
		STORE_ROW(networks_count)
		STORE_ROW(guesses_take_turns)
		STORE_ROW(changing_it_is_guessing)
		STORE_ROW(old_failures_are_swept)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
