/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of identity share: all of it but the API, on a store of the
 * test's own, at a clock that stands still.  IDENTITY_DEFINE(name) makes a test
 * of the function; the first administrator is `root`.
 */
#ifndef SKYCLUST_TESTS_UNIT_IDENTITY_RUN_H
#define SKYCLUST_TESTS_UNIT_IDENTITY_RUN_H

#include "access/access.h"
#include "audit/audit.h"
#include "base/secret.h"
#include "base/text.h"
#include "config.h"
#include "identity/identity_impl.h"
#include "keys/keyring.h"
#include "store_run.h"

#define ROOT_PASSWORD "the first administrator"
#define ADA_PASSWORD "a machine of many wheels"

static struct trust trust;
static struct config *trust_config;
static struct error err;
static struct arena arena; /* of all requests of a test */
static bool audited;	   /* the last act told the log */

/* ---- start and end ----------------------------------------------------------- */

static inline struct keyring *identity_keys(void)
{
	AUTO_FREE char *file = mem_printf("%s/keys.json", host_dir);
	struct keyring *ring = keyring_open(file, "HS256", &err);

	if (!ring)
		fail_msg("%s", err.message);
	return ring;
}

static inline void identity_must_start(void)
{
	if (!audit_start(&trust, &err) || !access_start(&trust, &err) ||
	    !identity_start(&trust, &err))
		fail_msg("%s", err.message);
}

static inline void identity_begin(void)
{
	clock_set_virtual(1000);
	trust_config = config_load(NULL, &err);
	assert_true(
		config_set(trust_config, "server.data_dir", host_dir, NULL));
	trust = (struct trust){ .config = trust_config,
				.store = store,
				.keyring = identity_keys() };
	identity_must_start();
}

static inline void identity_halt(void)
{
	identity_stop(&trust);
	access_stop(&trust);
	audit_stop(&trust);
}

static inline void identity_end(void)
{
	identity_halt();
	keyring_free(trust.keyring);
	config_free(trust_config);
	arena_done(&arena);
	clock_set_real();
}

/* ---- requests ------------------------------------------------------------------ */

/* Without a token, from @source. */
static inline struct actor *nobody_from(const char *source)
{
	struct actor *who = arena_alloc(&arena, sizeof(*who));

	*who = (struct actor){ .kind = ACTOR_NOBODY,
			       .source = source,
			       .if_match = -1,
			       .arena = &arena };
	return who;
}

static inline struct actor *nobody(void)
{
	return nobody_from("192.0.2.1");
}

/* With @token; NULL and err when it is refused. */
static inline struct actor *with(const char *token)
{
	struct actor *who = nobody();

	err = (struct error){ 0 };
	return identity_authenticate(&trust, token, who, &err) ? who : NULL;
}

/* @act by @who with @args (' for "); new, or NULL with err. */
static inline json_t *ask(struct actor *who, trust_act *act, const char *args)
{
	json_t *value = json_read_quoted(args, &err), *result;

	if (!value)
		fail_msg("%s: %s", args, err.message);
	err = (struct error){ 0 };
	audited = false;
	who->audited = &audited;
	result = act(&trust, who, value, &err);
	json_decref(value);
	return result;
}

static inline json_t *must(struct actor *who, trust_act *act, const char *args)
{
	json_t *result = ask(who, act, args);

	if (!result)
		fail_msg("%s: %s", args, err.message);
	return result;
}

static inline void works(struct actor *who, trust_act *act, const char *args)
{
	json_decref(must(who, act, args));
}

static inline void fails(struct actor *who, trust_act *act, const char *args,
			 enum err_code code)
{
	json_t *result = ask(who, act, args);

	if (result)
		fail_msg("%s must fail", args);
	if (err.code != code)
		fail_msg("%s: %s", args, err.message);
}

/* Member @name of @v as text that outlives it; steals @v. */
static inline const char *take(json_t *v, const char *name)
{
	const char *text = arena_strdup(&arena, json_str(v, name, ""));

	json_decref(v);
	return text;
}

/* ---- people --------------------------------------------------------------------- */

struct pair {
	const char *access, *refresh;
};

static inline struct pair take_pair(json_t *v)
{
	struct pair pair = {
		arena_strdup(&arena, json_str(v, "access_token", "")),
		arena_strdup(&arena, json_str(v, "refresh_token", "")),
	};

	json_decref(v);
	return pair;
}

/* The first administrator; his tokens. */
static inline struct pair bootstrap(void)
{
	return take_pair(must(nobody(), auth_bootstrap,
			      arena_printf(&arena,
					   "{'token':'%s','name':'root',"
					   "'password':'" ROOT_PASSWORD "'}",
					   identity_bootstrap_token(&trust))));
}

static inline struct pair login(const char *name, const char *password)
{
	return take_pair(
		must(nobody(), auth_login,
		     arena_printf(&arena, "{'name':'%s','password':'%s'}", name,
				  password)));
}

/* User `ada`, made by @root; her identifier. */
static inline const char *make_ada(struct actor *root)
{
	return take(must(root, user_create,
			 "{'name':'ada','role':'user',"
			 "'password':'" ADA_PASSWORD "'}"),
		    "id");
}

static inline struct pair login_ada(void)
{
	return login("ada", ADA_PASSWORD);
}

static inline int64_t version_of(const char *user)
{
	json_t *v = must(nobody(), user_get,
			 arena_printf(&arena, "{'id':'%s'}", user));
	int64_t version = json_int(v, "version", 0);

	json_decref(v);
	return version;
}

/* Update @user as he is now. */
static inline void update(struct actor *who, const char *user,
			  const char *members)
{
	who->if_match = version_of(user);
	works(who, user_update,
	      arena_printf(&arena, "{'id':'%s',%s}", user, members));
}

/* ---- many at once ----------------------------------------------------------------- */

static unsigned identity_running;

static inline bool none_is_running(void *arg UNUSED)
{
	return identity_running == 0;
}

/* Run @fn(arg) in @n fibers until all have ended; each ends with `left()`. */
static inline void at_once(size_t n, void (*fn)(void *arg))
{
	identity_running = (unsigned)n;
	for (size_t i = 0; i < n; i++)
		assert_non_null(fiber_spawn("one of many", fn, (void *)i));
	while (!none_is_running(NULL))
		fiber_yield();
}

/* As store_run(), but a test may move the clock by days: only ctest ends it. */
static inline void identity_run(void (*body)(void))
{
	struct host_run run = { store_test_main, false };

	store_test_body = body;
	assert_non_null(fiber_spawn("test", host_run_fiber, &run));
	assert_true(loop_run_until(host_run_done, &run, 0));
}

#define IDENTITY_DEFINE(name) \
	static void name##_with_identity(void) \
	{ \
		identity_begin(); \
		name(); \
		identity_end(); \
	} \
	static void test_##name(void **state UNUSED) \
	{ \
		identity_run(name##_with_identity); \
	}

#endif
