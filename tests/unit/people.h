/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who does what, for the tests of access and tenancy: users that are rows of a
 * test's store, and in the place of identity/ and audit/ the least that does
 * what their headers say.
 *
 *	ada, bob, eve	system role user
 *	eye		system role viewer
 *	root		system role admin
 *	off		an admin who is disabled
 *
 * A user's identifier is "usr_" and his name.
 */
#ifndef SKYCLUST_TESTS_UNIT_PEOPLE_H
#define SKYCLUST_TESTS_UNIT_PEOPLE_H

#include "access/access.h"
#include "audit/audit.h"
#include "identity/identity.h"
#include "store_run.h"

static struct trust trust;
static struct error err;
static struct arena people_arena; /* of all requests of a test */

/* ---- identity/ ------------------------------------------------------------ */

static struct {
	struct arena arena;
	struct identity_user user; /* id NULL: nobody is remembered */
	int64_t revision;
} known;

/* What tokens are limited to in this test. */
static struct {
	const char *workspace;
	json_t *permissions;
} token_limits = { "", NULL };

static inline void forget_known(void)
{
	arena_done(&known.arena);
	known.user = (struct identity_user){ 0 };
}

static inline const char *keep_text(const struct rows *rows, size_t i,
				    const char *column)
{
	return arena_strdup(&known.arena, row_text(rows, i, column));
}

static inline void read_grants(const char *id)
{
	struct identity_grant *grants;
	struct rows rows;

	assert_true(store_read(store, NULL,
			       "SELECT workspace_id, role FROM members"
			       " WHERE user_id = $1",
			       &rows, &store_err, P_TEXT(id)));
	grants = arena_alloc(&known.arena, (rows.n + 1) * sizeof(*grants));
	for (size_t i = 0; i < rows.n; i++)
		grants[i] = (struct identity_grant){
			keep_text(&rows, i, "workspace_id"),
			keep_text(&rows, i, "role"),
		};
	known.user.grants = grants;
	known.user.n = rows.n;
	rows_done(&rows);
}

const struct identity_user *identity_user(struct trust *t, const char *id,
					  struct error *e)
{
	struct rows rows;

	if (known.user.id && !strcmp(known.user.id, id))
		return &known.user;
	forget_known();
	if (!store_read(t->store, NULL,
			"SELECT id, name, role, state FROM users"
			" WHERE id = $1",
			&rows, e, P_TEXT(id)))
		return NULL;
	if (rows.n) {
		known.user.id = keep_text(&rows, 0, "id");
		known.user.name = keep_text(&rows, 0, "name");
		known.user.role = keep_text(&rows, 0, "role");
		known.user.active =
			!strcmp(row_text(&rows, 0, "state"), "active");
		read_grants(id);
	} else {
		fail(e, ERR_NOT_FOUND, "no user %s", id);
	}
	rows_done(&rows);
	return known.user.id ? &known.user : NULL;
}

bool identity_token_limits(struct trust *t, const char *token_id,
			   const char **workspace, const json_t **permissions,
			   struct error *e)
{
	(void)t;
	(void)token_id;
	(void)e;
	*workspace = token_limits.workspace;
	*permissions = token_limits.permissions;
	return true;
}

void identity_touch(struct tx *tx)
{
	tx_put(tx, "UPDATE revision SET n = n + 1");
}

void identity_changed(struct trust *t)
{
	(void)t;
	known.revision++;
	forget_known();
}

int64_t identity_revision(const struct trust *t)
{
	(void)t;
	return known.revision;
}

/* ---- audit/ ----------------------------------------------------------------- */

static struct {
	unsigned notes, puts;
	char action[64], outcome[32], reason[32], workspace[64], target[64];
	char asked_for[64]; /* of `more` */
} told;

static inline void tell(const struct audit_event *event)
{
	snprintf(told.action, sizeof(told.action), "%s", event->action);
	snprintf(told.outcome, sizeof(told.outcome), "%s", event->outcome);
	snprintf(told.reason, sizeof(told.reason), "%s",
		 event->reason ? event->reason : "");
	snprintf(told.workspace, sizeof(told.workspace), "%s",
		 event->workspace ? event->workspace : "");
	snprintf(told.target, sizeof(told.target), "%s",
		 event->target ? event->target : "");
	snprintf(told.asked_for, sizeof(told.asked_for), "%s",
		 json_str(event->more, "asked_for", ""));
}

void audit_put(struct trust *t, struct tx *tx, const struct audit_event *event)
{
	(void)t;
	(void)tx;
	told.puts++;
	tell(event);
	if (event->who && event->who->audited)
		*event->who->audited = true;
}

bool audit_note(struct trust *t, const struct audit_event *event)
{
	(void)t;
	told.notes++;
	tell(event);
	return true;
}

/* ---- people ------------------------------------------------------------------ */

#define PERSON(name, role, state) \
	store_exec("INSERT INTO users (id, name, kind, role, state, version," \
		   " created_at, updated_at) VALUES ('usr_" name "', '" name \
		   "', 'person', '" role "', '" state "', 1, 1, 1)")

static inline void people_begin(void)
{
	memset(&told, 0, sizeof(told));
	trust = (struct trust){ .store = store };
	assert_true(access_start(&trust, &err));
	PERSON("ada", "user", "active");
	PERSON("bob", "user", "active");
	PERSON("eve", "user", "active");
	PERSON("eye", "viewer", "active");
	PERSON("root", "admin", "active");
	PERSON("off", "admin", "disabled");
}

static inline void people_end(void)
{
	access_stop(&trust);
	forget_known();
	arena_done(&people_arena);
	token_limits.workspace = "";
	json_decref(token_limits.permissions);
	token_limits.permissions = NULL;
}

/* A request of usr_@name. */
static inline struct actor *as(const char *name)
{
	struct actor *who = arena_alloc(&people_arena, sizeof(*who));

	*who = (struct actor){
		.kind = ACTOR_USER,
		.user_id = arena_printf(&people_arena, "usr_%s", name),
		.name = name,
		.if_match = -1,
		.arena = &people_arena,
	};
	return who;
}

static inline struct actor *by_token(const char *name, const char *workspace,
				     const char *permissions)
{
	struct actor *who = as(name);

	who->kind = ACTOR_TOKEN;
	who->token_id = "tok_1";
	token_limits.workspace = workspace;
	json_decref(token_limits.permissions);
	token_limits.permissions = json_read_quoted(permissions, &err);
	return who;
}

/* A workspace that is there, without going through tenancy/. */
static inline void make_workspace(const char *id)
{
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx,
	       "INSERT INTO workspaces (id, name, settings, created_by,"
	       " version, created_at, updated_at)"
	       " VALUES ($1, $1, '{}', 'usr_x', 1, 1, 1)",
	       P_TEXT(id));
	assert_true(tx_commit(tx, &store_err));
}

static inline void join(const char *workspace, const char *name,
			const char *role)
{
	struct tx *tx = tx_begin(store, NULL);
	const char *user = arena_printf(&people_arena, "usr_%s", name);

	tx_put(tx,
	       "INSERT INTO members (workspace_id, user_id, role, created_at,"
	       " updated_at) VALUES ($1, $2, $3, 1, 1)",
	       P_TEXT(workspace), P_TEXT(user), P_TEXT(role));
	assert_true(tx_commit(tx, &store_err));
	identity_changed(&trust);
}

/* ---- acts ---------------------------------------------------------------------- */

/* @act by @who; @args as JSON with ' for ".  New; NULL with err. */
static inline json_t *act_by(struct actor *who, trust_act *act,
			     const char *args)
{
	json_t *value = json_read_quoted(args, &err);
	json_t *result;
	bool audited = false;

	if (!value)
		fail_msg("%s: %s", args, err.message);
	memset(&err, 0, sizeof(err));
	who->audited = &audited;
	result = act(&trust, who, value, &err);
	json_decref(value);
	return result;
}

static inline void act_fails(struct actor *who, trust_act *act,
			     const char *args, enum err_code code)
{
	json_t *result = act_by(who, act, args);

	if (result)
		fail_msg("%s by %s must fail", args, who->name);
	if (err.code != code)
		fail_msg("%s: %s", args, err.message);
}

/* Its result without looking at it. */
static inline void act_works(struct actor *who, trust_act *act,
			     const char *args)
{
	json_t *result = act_by(who, act, args);

	if (!result)
		fail_msg("%s: %s", args, err.message);
	json_decref(result);
}

/* ---- decisions ----------------------------------------------------------------- */

static inline bool decide(struct actor *who, enum access_scope scope,
			  const char *permission, const char *workspace)
{
	memset(&err, 0, sizeof(err));
	return access_decide(&trust, who, scope, permission, workspace, "act",
			     "target", &err);
}

static inline void assert_denied(struct actor *who, enum access_scope scope,
				 const char *permission, const char *workspace,
				 enum err_code code)
{
	unsigned notes = told.notes;

	if (decide(who, scope, permission, workspace))
		fail_msg("%s may %s",
			 who->user_id ? who->user_id : "nobody",
			 permission ? permission : "all");
	if (err.code != code)
		fail_msg("%s", err.message);
	assert_null(who->workspace);
	assert_int_equal(told.notes, notes + 1);
	assert_string_equal(told.outcome, "denied");
	assert_string_equal(told.reason, err_info(code)->name);
}

static inline void assert_allowed(struct actor *who, enum access_scope scope,
				  const char *permission, const char *workspace)
{
	unsigned notes = told.notes;

	if (!decide(who, scope, permission, workspace))
		fail_msg("%s", err.message);
	assert_int_equal(told.notes, notes + 1);
	assert_string_equal(told.outcome, "allowed");
	assert_string_equal(told.reason, "");
}

#define PEOPLE_DEFINE(name) \
	static void name##_with_people(void) \
	{ \
		people_begin(); \
		name(); \
		people_end(); \
	} \
	static void test_##name(void **state UNUSED) \
	{ \
		store_run(name##_with_people); \
	}

#endif
