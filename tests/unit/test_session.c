/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/session.h"
#include "fake_cloud.h"

static int logins;
static const char *expires_at;
static struct error refusal; /* code != ERR_NONE: logins fail */
static json_t *shared;	     /* a value that the test holds, too */

/* Takes some turns of the loop, as a real one does. */
static json_t *log_in(struct sc_call *call)
{
	int number = ++logins;
	json_t *made;

	for (int turns = 0; turns < 3; turns++)
		fiber_yield();
	if (fiber_cancelled()) {
		fail(&call->fault, ERR_CANCELLED, "cancelled");
		return NULL;
	}
	if (refusal.code != ERR_NONE) {
		call->fault = refusal;
		return NULL;
	}
	made = json_pack("{s:o, s:s*, s:O*}", "token",
			 json_sprintf("token-%d", number), "expires_at",
			 expires_at, "shared", shared);
	return made;
}

static const struct sc_driver driver = { .name = "test",
					 .version = "1",
					 .login = log_in };

static struct sc_call call_of(const char *user, const char *region)
{
	return (struct sc_call){
		.driver = &driver,
		.secrets = json_pack("{s:s}", "user", user),
		.config = json_object(),
		.region = region,
	};
}

static void call_done(struct sc_call *call)
{
	session_release(call);
	json_decref(call->secrets);
	json_decref(call->config);
}

static const char *token(struct sc_call *call)
{
	return json_str(call->session, "token", "");
}

static int set_up(void **state)
{
	(void)state;
	loop_init();
	logins = 0;
	expires_at = NULL;
	refusal = (struct error){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	session_done();
	assert_int_equal(session_count(), 0);
	clock_set_real();
	loop_done();
	fiber_done();
	return 0;
}

/* ---- one at a time ------------------------------------------------------ */

static void check_cache(void)
{
	struct sc_call a = call_of("u", NULL), b = call_of("u", NULL);
	struct sc_call other = call_of("v", NULL), far = call_of("u", "far");
	struct sc_call set = call_of("u", NULL);

	assert_true(session_get(&a));
	assert_true(session_get(&b));
	assert_string_equal(token(&b), "token-1");
	assert_true(session_get(&other));
	assert_string_equal(token(&other), "token-2");
	assert_true(session_get(&far));
	assert_string_equal(token(&far), "token-3");
	json_object_set_new(set.config, "x", json_true());
	assert_true(session_get(&set));
	assert_string_equal(token(&set), "token-4");
	assert_true(session_get(&a));
	assert_int_equal(logins, 4);
	assert_int_equal(session_count(), 4);
	call_done(&a);
	call_done(&b);
	call_done(&other);
	call_done(&far);
	call_done(&set);
}

static void test_cache(void **state)
{
	(void)state;
	in_fiber(check_cache);
}

static int got, failed;
static enum err_code failure;

static void one_of_many(void *arg)
{
	struct sc_call call = call_of("u", NULL);

	(void)arg;
	if (session_get(&call)) {
		assert_string_equal(token(&call), "token-1");
		got++;
	} else {
		failure = call.fault.code;
		assert_int_equal(call.fault.effect, EFFECT_NONE);
		failed++;
	}
	call_done(&call);
}

static void many(void)
{
	got = failed = 0;
	for (int i = 0; i < 8; i++)
		assert_non_null(fiber_spawn("one", one_of_many, NULL));
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
}

static void test_one_login_for_all(void **state)
{
	(void)state;
	many();
	assert_int_equal(got, 8);
	assert_int_equal(logins, 1);
}

static void test_failure_is_shared(void **state)
{
	(void)state;
	fail(&refusal, ERR_UNAUTHENTICATED, "wrong password");
	many();
	assert_int_equal(failed, 8);
	assert_int_equal(failure, ERR_UNAUTHENTICATED);
	assert_int_equal(logins, 1);
	assert_int_equal(session_count(), 0);

	/* It is not kept: the next one tries again. */
	refusal.code = ERR_NONE;
	logins = 0;
	many();
	assert_int_equal(got, 8);
	assert_int_equal(logins, 1);
}

/* ---- cancel ------------------------------------------------------------- */

static struct fiber *first;

static void cancelled_login(void *arg)
{
	struct sc_call call = call_of("u", NULL);

	(void)arg;
	assert_false(session_get(&call));
	assert_int_equal(call.fault.code, ERR_CANCELLED);
	call_done(&call);
}

static void second_login(void *arg)
{
	struct sc_call call = call_of("u", NULL);

	(void)arg;
	assert_true(session_get(&call));
	assert_string_equal(token(&call), "token-2");
	got++;
	call_done(&call);
}

static void cancel_first(void *arg)
{
	(void)arg;
	fiber_cancel(first);
}

/* The one who logs in is cancelled: who waits for it must not be. */
static void test_cancel_is_not_shared(void **state)
{
	(void)state;
	got = 0;
	first = fiber_spawn("first", cancelled_login, NULL);
	assert_non_null(fiber_spawn("second", second_login, NULL));
	assert_non_null(fiber_spawn("cancel", cancel_first, NULL));
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
	assert_int_equal(got, 1);
	assert_int_equal(logins, 2);
}

static void slow_login(void *arg)
{
	struct sc_call call = call_of("u", NULL);

	(void)arg;
	assert_true(session_get(&call));
	call_done(&call);
}

static void impatient(void *arg)
{
	struct sc_call call = call_of("u", NULL);

	call.deadline = arg ? 0 : clock_ms() - 1;
	assert_false(session_get(&call));
	assert_int_equal(call.fault.code, arg ? ERR_CANCELLED : ERR_DEADLINE);
	failed++;
	call_done(&call);
}

static void test_waiting_ends(void **state)
{
	(void)state;
	failed = 0;
	assert_non_null(fiber_spawn("slow", slow_login, NULL));
	assert_non_null(fiber_spawn("late", impatient, NULL));
	first = fiber_spawn("gone", impatient, &failed);
	assert_non_null(fiber_spawn("cancel", cancel_first, NULL));
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
	assert_int_equal(failed, 2);
	assert_int_equal(logins, 1);
}

/* ---- time --------------------------------------------------------------- */

static char stamp[CLOCK_TEXT];

static void expire_in(int64_t ms)
{
	expires_at = clock_format(clock_wall_ms() + ms, stamp);
}

static void check_renewal(void)
{
	struct sc_call call = call_of("u", NULL);

	expire_in(3600000);
	assert_true(session_get(&call));
	clock_advance(3600000 - SESSION_EARLY_MS - 1);
	assert_true(session_get(&call));
	assert_int_equal(logins, 1);
	clock_advance(2);
	expire_in(40000); /* of a short life the last quarter */
	assert_true(session_get(&call));
	assert_string_equal(token(&call), "token-2");
	clock_advance(29000);
	assert_true(session_get(&call));
	assert_int_equal(logins, 2);
	clock_advance(2000);
	expire_in(-5000); /* clocks differ: only a 401 will tell */
	assert_true(session_get(&call));
	clock_advance(86400000);
	assert_true(session_get(&call));
	assert_int_equal(logins, 3);
	expires_at = "tomorrow";
	session_drop(&call);
	assert_true(session_get(&call));
	assert_int_equal(logins, 4);
	call_done(&call);
}

static void test_renewal(void **state)
{
	(void)state;
	clock_set_virtual(1000);
	in_fiber(check_renewal);
}

/* ---- dropping ----------------------------------------------------------- */

static void check_drop(void)
{
	struct sc_call a = call_of("u", NULL), b = call_of("u", NULL);

	shared = json_string("still needed");
	assert_true(session_get(&a));
	assert_true(session_get(&b));
	session_drop(&a);
	assert_null(a.session);
	assert_string_equal(token(&b), "token-1"); /* in use: not wiped */
	assert_true(session_get(&a));
	assert_string_equal(token(&a), "token-2");
	session_drop(&b); /* the old one; the new one stays */
	assert_int_equal(session_count(), 1);
	assert_true(session_get(&b));
	assert_string_equal(token(&b), "token-2");
	call_done(&a);
	call_done(&b);
	session_done();
	assert_string_equal(json_string_value(shared), "still needed");
	json_decref(shared);
	shared = NULL;
}

static void test_drop(void **state)
{
	(void)state;
	in_fiber(check_drop);
}

static void check_limit(void)
{
	struct sc_call call;
	char user[16];

	for (int i = 0; i < SESSION_MAX + 10; i++) {
		snprintf(user, sizeof(user), "u%d", i);
		call = call_of(user, NULL);
		assert_true(session_get(&call));
		call_done(&call);
		call = call_of("u0", NULL); /* used all the time: it stays */
		assert_true(session_get(&call));
		call_done(&call);
	}
	assert_int_equal(session_count(), SESSION_MAX);
	assert_int_equal(logins, SESSION_MAX + 10);
	call = call_of("u1", NULL);
	assert_true(session_get(&call));
	assert_int_equal(logins, SESSION_MAX + 11);
	call_done(&call);
}

static void test_limit(void **state)
{
	(void)state;
	in_fiber(check_limit);
}

/* ---- drivers' defects --------------------------------------------------- */

static json_t *silent(struct sc_call *call)
{
	(void)call;
	return NULL;
}

static json_t *circular(struct sc_call *call)
{
	return session_get(call) ? json_object() : NULL;
}

static void check_defects(void)
{
	const struct sc_driver none = { .name = "none" };
	const struct sc_driver mute = { .name = "mute", .login = silent };
	const struct sc_driver self = { .name = "self", .login = circular };
	struct sc_call call = call_of("u", NULL);

	call.driver = &none;
	assert_false(session_get(&call));
	assert_int_equal(call.fault.code, ERR_INTERNAL);
	call.driver = &mute;
	assert_false(session_get(&call));
	assert_int_equal(call.fault.code, ERR_INTERNAL);
	assert_non_null(strstr(call.fault.message, "mute"));
	call.driver = &self;
	assert_false(session_get(&call));
	assert_int_equal(call.fault.code, ERR_INTERNAL);
	assert_non_null(strstr(call.fault.message, "a row that needs a"));
	call_done(&call);
}

static void test_defects(void **state)
{
	(void)state;
	in_fiber(check_defects);
}

static void test_digest(void **state)
{
	struct sc_call a = { .secrets = json_pack("{s:s, s:s}", "a", "1", "b",
						  "2") };
	struct sc_call b = { .secrets = json_pack("{s:s, s:s}", "b", "2", "a",
						  "1") };
	struct sc_call c = { .secrets = json_pack("{s:s}", "a", "1") };

	(void)state;
	assert_int_equal(strlen(sc_credential_digest(&a)), 64);
	assert_string_equal(sc_credential_digest(&a), sc_credential_digest(&b));
	assert_string_not_equal(sc_credential_digest(&a),
				sc_credential_digest(&c));
	/* printf '{"a":"1"}' | sha256sum */
	assert_string_equal(sc_credential_digest(&c),
			    "9afeb0f2b203f254312ec8ded441d0318b7c34c57f8695ede4"
			    "2d2215a30c0960");
	json_decref(a.secrets);
	json_decref(b.secrets);
	json_decref(c.secrets);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(test_cache),
		WITH_LOOP(test_one_login_for_all),
		WITH_LOOP(test_failure_is_shared),
		WITH_LOOP(test_cancel_is_not_shared),
		WITH_LOOP(test_waiting_ends),
		WITH_LOOP(test_renewal),
		WITH_LOOP(test_drop),
		WITH_LOOP(test_limit),
		WITH_LOOP(test_defects),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
