/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of credentials share: two workspaces, keys, and the sim driver
 * as providers `sim`, `other` and `own` (shared with all workspaces).
 */
#ifndef SKYCLUST_TESTS_UNIT_CREDENTIAL_RUN_H
#define SKYCLUST_TESTS_UNIT_CREDENTIAL_RUN_H

#include "registry_run.h"
#include "store_run.h"

#include "audit/audit.h"
#include "base/arena.h"
#include "credential/credential_impl.h"
#include "keys/keyring.h"
#include "keys/seal.h"

#define SIM(name, more) \
	"    " name ":\n      driver: sim\n      path: " SIM_DRIVER "\n" more

static struct trust trust;
static struct arena arena; /* of all requests of a test */

static inline struct actor *of(const char *workspace)
{
	struct actor *who = arena_alloc(&arena, sizeof(*who));

	*who = (struct actor){ .kind = ACTOR_USER,
			       .user_id = "usr_a",
			       .workspace = workspace,
			       .if_match = -1,
			       .arena = &arena };
	return who;
}

static inline void workspace(const char *id)
{
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx,
	       "INSERT INTO workspaces (id, name, settings, created_by,"
	       " version, created_at, updated_at)"
	       " VALUES ($1, $1, '{}', 'usr_x', 1, 1, 1)",
	       P_TEXT(id));
	assert_true(tx_commit(tx, &store_err));
}

static inline struct keyring *keys(void)
{
	char path[128];
	struct keyring *ring;

	snprintf(path, sizeof(path), "%s/keys.json", host_dir);
	ring = keyring_open(path, "HS256", &err);
	if (!ring)
		fail_msg("%s", err.message);
	return ring;
}

static inline void credentials_begin(void)
{
	begin("  sandbox: best\n", SIM("sim", "") SIM("other", "")
					   SIM("own", "      shared: true\n"));
	trust = (struct trust){ .config = config,
				.registry = registry,
				.store = store,
				.keyring = keys() };
	workspace("ws_a");
	workspace("ws_b");
	if (!audit_start(&trust, &err) || !credential_start(&trust, &err))
		fail_msg("%s", err.message);
}

static inline void credentials_end(void)
{
	credential_stop(&trust);
	audit_stop(&trust);
	end();
	keyring_free(trust.keyring);
	arena_done(&arena);
}

/* ---- acts ------------------------------------------------------------------- */

/* @fn with @args, stolen; new, NULL with err. */
static inline json_t *act_json(struct actor *who, trust_act *fn, json_t *args)
{
	bool audited = false;
	json_t *result;

	memset(&err, 0, sizeof(err));
	who->audited = &audited;
	result = fn(&trust, who, args, &err);
	json_decref(args);
	return result;
}

/* The same with @args as JSON with ' for ". */
static inline json_t *act(struct actor *who, trust_act *fn, const char *args)
{
	json_t *value = json_read_quoted(args, &err);

	if (!value)
		fail_msg("%s: %s", args, err.message);
	return act_json(who, fn, value);
}

static inline json_t *act_works(struct actor *who, trust_act *fn,
				const char *args)
{
	json_t *result = act(who, fn, args);

	if (!result)
		fail_msg("%s: %s", args, err.message);
	return result;
}

static inline void act_fails(struct actor *who, trust_act *fn, const char *args,
			     enum err_code code, const char *words)
{
	json_t *result = act(who, fn, args);

	if (result)
		fail_msg("%s must fail", args);
	if (err.code != code || !strstr(err.message, words))
		fail_msg("%s: error %d: %s", args, err.code, err.message);
}

static inline const char *argf(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline const char *argf(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return arena_strdup(&arena, text);
}

/* A credential of @workspace for `sim`; its id. */
static inline const char *make(const char *ws, const char *name,
			       const char *fields)
{
	json_t *made = act_works(
		of(ws), credential_create,
		argf("{'provider': 'sim', 'name': '%s', 'fields': %s}", name,
		     fields));
	const char *id = arena_strdup(&arena, json_str(made, "id", ""));

	json_decref(made);
	return id;
}

static inline const char *by_id(const char *id)
{
	return argf("{'id': '%s'}", id);
}

static inline json_t *get(const char *ws, const char *id)
{
	return act_works(of(ws), credential_get, by_id(id));
}

/* The text of the secrets of @id (NULL: the default) of @ws for @provider; in
 * the arena, NULL with err: none, or (ERR_NONE) the provider's own. */
static inline const char *open_as(const char *ws, const char *provider,
				  const char *id)
{
	struct secret *s = credential_open(&trust, of(ws), ws, provider, id,
					   NULL, &arena, &err);
	const char *text = NULL;

	if (s)
		text = arena_strdup(&arena, secret_reveal(s));
	secret_free(s);
	return text;
}

#define CREDENTIAL_DEFINE(name) \
	static void name##_with_sim(void) \
	{ \
		credentials_begin(); \
		name(); \
		credentials_end(); \
	} \
	static void test_##name(void **state UNUSED) \
	{ \
		store_run(name##_with_sim); \
	}

#endif
