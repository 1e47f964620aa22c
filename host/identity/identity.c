/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "identity/identity_impl.h"
#include "keys/keyring.h"

/* ---- users, as access/ sees them --------------------------------------------- */

static void copy_user(struct cached_user *c, const char *id,
		      const struct rows *rows)
{
	struct arena *a = &c->arena;
	struct identity_grant *grants =
		arena_alloc(a, rows->n * sizeof(*grants));
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		if (row_is_null(rows, i, "workspace_id"))
			continue; /* a member of nothing */
		grants[n].workspace =
			arena_strdup(a, row_text(rows, i, "workspace_id"));
		grants[n++].role =
			arena_strdup(a, row_text(rows, i, "member_role"));
	}
	c->user = (struct identity_user){
		.id = arena_strdup(a, id),
		.name = arena_strdup(a, row_text(rows, 0, "name")),
		.role = arena_strdup(a, row_text(rows, 0, "role")),
		.kind = arena_strdup(a, row_text(rows, 0, "kind")),
		.active = !strcmp(row_text(rows, 0, "state"), "active"),
		.n = n,
		.grants = grants,
	};
}

WAITS static const struct cached_user *read_user(struct trust *t,
						 const char *id,
						 struct error *err)
{
	const int64_t epoch = t->identity->cache->epoch;
	struct cached_user *user = NULL;
	struct rows rows = { 0 };

	if (!store_read(t->store, NULL,
			"SELECT u.name, u.role, u.kind, u.state,"
			" m.workspace_id, m.role AS member_role"
			" FROM users u LEFT JOIN members m ON m.user_id = u.id"
			" WHERE u.id = $1 ORDER BY m.workspace_id",
			&rows, err, P_TEXT(id)))
		return NULL;
	if (rows.n) {
		user = mem_alloc(sizeof(*user));
		user->epoch = epoch;
		copy_user(user, id, &rows);
		cache_put_user(t->identity->cache, user);
	} else {
		fail(err, ERR_NOT_FOUND, "there is no user %s", id);
	}
	rows_done(&rows);
	return user;
}

WAITS const struct identity_user *identity_user(struct trust *t, const char *id,
						struct error *err)
{
	const struct cached_user *user =
		cache_find_user(t->identity->cache, id);

	if (!user)
		user = read_user(t, id, err);
	return user ? &user->user : NULL;
}

/* ---- changes -------------------------------------------------------------------- */

void identity_touch(struct tx *tx)
{
	tx_put(tx, "UPDATE revision SET n = n + 1 WHERE id = 1");
}

void identity_changed(struct trust *t)
{
	cache_forget(t->identity->cache);
}

int64_t identity_revision(const struct trust *t)
{
	return t->identity->cache->epoch;
}

/* Also when it failed: it may have been committed all the same. */
WAITS bool identity_commit(struct trust *t, struct tx *tx, struct error *err)
{
	bool ok = tx_commit(tx, err);

	identity_changed(t);
	return ok;
}

/* ---- signing keys --------------------------------------------------------------- */

/* Those of access tokens, the newest last; there are few, so it is one page. */
WAITS json_t *signing_key_list(struct trust *t, const struct actor *who UNUSED,
			       json_t *args UNUSED, struct error *err UNUSED)
{
	json_t *all = keyring_list(t->keyring), *keys = json_array(), *key;
	size_t i;

	json_array_foreach (all, i, key)
		if (!strcmp(json_str(key, "use", ""), key_use_name(KEY_TOKEN)))
			json_array_append(keys, key);
	json_decref(all);
	return json_pack("{so sn}", "items", keys, "next_page_token");
}

static json_t *find_record(struct trust *t, const char *id)
{
	AUTO_JSON json_t *all = keyring_list(t->keyring);
	json_t *key;
	size_t i;

	json_array_foreach (all, i, key)
		if (!strcmp(json_str(key, "id", ""), id))
			return json_incref(key);
	return NULL;
}

/* The intent is on record before the file is written. */
WAITS json_t *signing_key_rotate(struct trust *t, const struct actor *who,
				 json_t *args UNUSED, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);
	const struct key *key = keyring_active(t->keyring, KEY_TOKEN);

	audit_put(
		t, tx,
		IDENTITY_EVENT(who, "signing_key.rotate", "allowed", key->id));
	identity_touch(tx);
	if (!tx_commit(tx, err))
		return NULL;
	if (!keyring_rotate(t->keyring, KEY_TOKEN, err)) {
		audit_note(t, IDENTITY_EVENT(
				      who, "signing_key.rotate", "failed", NULL,
				      .reason = err_info(err->code)->name));
		return NULL;
	}
	key = keyring_active(t->keyring, KEY_TOKEN);
	audit_note(t, IDENTITY_EVENT(who, "signing_key.rotate", "succeeded",
				     key->id, .effect = "applied"));
	return find_record(t, key->id);
}

/* ---- start and stop --------------------------------------------------------------- */

WAITS bool identity_start(struct trust *t, struct error *err)
{
	struct identity *id = mem_alloc(sizeof(*id));

	id->trust = t;
	id->cache = cache_new();
	list_init(&id->attempts);
	list_init(&id->uses);
	cond_init(&id->attempt_ended);
	cond_init(&id->watcher_ended);
	password_queue_init(&id->passwords);
	t->identity = id;
	if (bootstrap_start(t, err) && watch_start(t, err))
		return true;
	identity_stop(t);
	return false;
}

WAITS void identity_stop(struct trust *t)
{
	struct identity *id = t->identity;

	if (!id)
		return;
	watch_stop(id);
	secret_free(id->bootstrap);
	cache_free(id->cache);
	mem_free(id);
	t->identity = NULL;
}
