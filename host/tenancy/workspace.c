/* SPDX-License-Identifier: Apache-2.0 */
#include "tenancy/workspace.h"

#include "access/access.h"
#include "access/role.h"
#include "act.h"
#include "audit/audit.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "identity/identity.h"

#define MOST_NAMED 1000		  /* workspaces that one user named */
#define MOST_SETTINGS (16 * 1024) /* bytes of JSON */

void workspace_lock(struct tx *tx, const char *workspace)
{
	tx_put(tx, "UPDATE workspaces SET version = version WHERE id = $1",
	       P_TEXT(workspace));
	tx_must(tx, ERR_NOT_FOUND, "there is no workspace %s", workspace);
}

/* ---- reading -------------------------------------------------------------- */

#define COLUMNS \
	"w.id, w.name, w.description, w.settings, w.created_by, w.version," \
	" w.created_at, w.updated_at, m.role"

static json_t *read_settings(const char *text)
{
	json_t *settings = json_read(text, strlen(text), NULL);

	return settings ? settings : json_object();
}

static json_t *workspace_record(const struct rows *rows, size_t i)
{
	return json_pack(
		"{ss ss so so so ss sI so so}", "id", row_text(rows, i, "id"),
		"name", row_text(rows, i, "name"), "description",
		act_text(row_text(rows, i, "description")), "settings",
		read_settings(row_text(rows, i, "settings")), "role",
		act_text(row_text(rows, i, "role")), "created_by",
		row_text(rows, i, "created_by"), "version",
		(json_int_t)row_int(rows, i, "version"), "created_at",
		trust_time(row_int(rows, i, "created_at")), "updated_at",
		trust_time(row_int(rows, i, "updated_at")));
}

WAITS static json_t *find_workspace(struct trust *t, const struct actor *who,
				    const char *id, struct error *err)
{
	struct rows rows = { 0 };
	json_t *found = NULL;

	if (!store_read(t->store, id,
			"SELECT " COLUMNS " FROM workspaces w"
			" LEFT JOIN members m ON m.workspace_id = w.id"
			" AND m.user_id = $2 WHERE w.id = $1",
			&rows, err, P_TEXT(id), P_TEXT(who->user_id)))
		return NULL;
	if (rows.n)
		found = workspace_record(&rows, 0);
	else
		fail(err, ERR_NOT_FOUND, "there is no workspace %s", id);
	rows_done(&rows);
	return found;
}

WAITS json_t *workspace_get(struct trust *t, const struct actor *who,
			    json_t *args, struct error *err)
{
	return find_workspace(t, who, json_str(args, "id", ""), err);
}

/* The workspace that his API token is limited to, copied; NULL: none. */
WAITS static bool only_workspace(struct trust *t, const struct actor *who,
				 const char **only, struct error *err)
{
	const json_t *permissions;

	*only = NULL;
	if (who->kind != ACTOR_TOKEN)
		return true;
	if (!identity_token_limits(t, who->token_id, only, &permissions, err))
		return false;
	*only = *only && **only ? arena_strdup(who->arena, *only) : NULL;
	return true;
}

/* Those he is a member of, or all; the local administrator, who can be member
 * of none, has all. */
WAITS static bool read_workspaces(struct trust *t, const struct actor *who,
				  const json_t *args, bool all,
				  struct rows *rows, struct error *err)
{
	const char *only;

	if (!only_workspace(t, who, &only, err))
		return false;
	return store_read(t->store, NULL,
			  "SELECT " COLUMNS " FROM workspaces w"
			  " LEFT JOIN members m ON m.workspace_id = w.id"
			  " AND m.user_id = $1"
			  " WHERE w.id > $2 AND (w.name = $3 OR $3 IS NULL)"
			  " AND (w.id = $4 OR $4 IS NULL)"
			  " AND (m.user_id IS NOT NULL OR $5 = 1)"
			  " ORDER BY w.id LIMIT $6",
			  rows, err, P_TEXT(who->user_id),
			  P_TEXT(act_after(args)),
			  P_TEXT(json_str(args, "name", NULL)), P_TEXT(only),
			  P_INT(all || who->kind == ACTOR_LOCAL),
			  P_INT(act_limit(args) + 1));
}

WAITS json_t *workspace_list(struct trust *t, const struct actor *who,
			     json_t *args, struct error *err)
{
	bool all = json_bool(args, "all", false);
	struct rows rows = { 0 };
	json_t *records;

	if ((all &&
	     !access_require(t, who, "workspace:get", NULL, NULL, err)) ||
	    !read_workspaces(t, who, args, all, &rows, err))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, workspace_record(&rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

/* ---- changing ------------------------------------------------------------- */

/* As text, in the request's arena; NULL when not given. */
static bool settings_text(const struct actor *who, const json_t *args,
			  const char **text, struct error *err)
{
	const json_t *settings = json_object_get(args, "settings");
	AUTO(buf_done) struct buf out = { 0 };

	*text = NULL;
	if (!settings)
		return true;
	json_write(settings, &out);
	if (out.n > MOST_SETTINGS)
		return fail_at(err, ERR_INVALID, "/settings",
			       "the settings have %zu bytes, may have %d",
			       out.n, MOST_SETTINGS);
	*text = arena_strdup(who->arena, out.p);
	return true;
}

static void put_audit(struct trust *t, struct tx *tx, const struct actor *who,
		      const char *action, const char *id)
{
	audit_put(t, tx,
		  &(struct audit_event){ .who = who,
					 .action = action,
					 .outcome = "succeeded",
					 .workspace = id,
					 .target = id,
					 .effect = "applied" });
}

/* Commit a change of who may do what; it began with identity_touch(), so that
 * such changes go one after the other. */
WAITS static bool commit(struct trust *t, struct tx *tx, struct error *err)
{
	if (!tx_commit(tx, err))
		return false;
	identity_changed(t);
	return true;
}

/* Fails when he gave this name to another one, or to too many. */
static void put_name(struct tx *tx, const struct actor *who, const char *id,
		     const char *name)
{
	tx_put(tx,
	       "SELECT 1 FROM workspaces"
	       " WHERE named_by = $1 AND name = $2 AND id <> $3",
	       P_TEXT(who->user_id), P_TEXT(name), P_TEXT(id));
	tx_must_not(tx, ERR_CONFLICT,
		    "you have named a workspace \"%s\" already", name);
	tx_put(tx,
	       "SELECT COUNT(*) FROM workspaces WHERE named_by = $1"
	       " HAVING COUNT(*) >= $2",
	       P_TEXT(who->user_id), P_INT(MOST_NAMED));
	tx_must_not(tx, ERR_QUOTA, "you have made %d workspaces; delete some",
		    MOST_NAMED);
}

/* The local administrator is no user: his workspaces have no member yet. */
static void put_owner(struct tx *tx, const struct actor *who, const char *id,
		      int64_t now)
{
	if (who->kind == ACTOR_USER || who->kind == ACTOR_TOKEN)
		tx_put(tx,
		       "INSERT INTO members (workspace_id, user_id, role,"
		       " created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
		       P_TEXT(id), P_TEXT(who->user_id), P_TEXT(ROLE_OWNER),
		       P_INT(now));
}

WAITS json_t *workspace_create(struct trust *t, const struct actor *who,
			       json_t *args, struct error *err)
{
	const char *name = json_str(args, "name", ""), *settings;
	int64_t now = clock_wall_ms();
	char id[TRUST_ID_SIZE];
	struct tx *tx;

	if (!settings_text(who, args, &settings, err))
		return NULL;
	trust_new_id("ws_", id);
	tx = tx_begin(t->store, id);
	identity_touch(tx);
	put_name(tx, who, id, name);
	tx_put(tx,
	       "INSERT INTO workspaces (id, name, named_by, description,"
	       " settings, created_by, version, created_at, updated_at)"
	       " VALUES ($1, $2, $3, $4, $5, $3, 1, $6, $6)",
	       P_TEXT(id), P_TEXT(name), P_TEXT(who->user_id),
	       P_TEXT(json_str(args, "description", NULL)),
	       P_TEXT(settings ? settings : "{}"), P_INT(now));
	put_owner(tx, who, id, now);
	put_audit(t, tx, who, "workspace.create", id);
	if (!commit(t, tx, err))
		return NULL;
	return find_workspace(t, who, id, err);
}

WAITS json_t *workspace_update(struct trust *t, const struct actor *who,
			       json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", ""), *settings;
	const char *name = json_str(args, "name", NULL);
	struct tx *tx;

	if (!act_has_version(who, err) ||
	    !settings_text(who, args, &settings, err))
		return NULL;
	tx = tx_begin(t->store, id);
	if (name)
		put_name(tx, who, id, name);
	tx_put(tx,
	       "UPDATE workspaces SET name = COALESCE($1, name),"
	       " named_by = CASE WHEN $1 IS NULL THEN named_by ELSE $2 END,"
	       " description = COALESCE($3, description),"
	       " settings = COALESCE($4, settings),"
	       " version = version + 1, updated_at = $5"
	       " WHERE id = $6 AND version = $7",
	       P_TEXT(name), P_TEXT(who->user_id),
	       P_TEXT(json_str(args, "description", NULL)), P_TEXT(settings),
	       P_INT(clock_wall_ms()), P_TEXT(id), P_INT(who->if_match));
	tx_must(tx, ERR_PRECONDITION_FAILED,
		"workspace %s was changed meanwhile; read it again", id);
	put_audit(t, tx, who, "workspace.update", id);
	if (!tx_commit(tx, err))
		return NULL;
	return find_workspace(t, who, id, err);
}

/* Fails when something in it would be lost. */
static void put_empty(struct tx *tx, const char *id)
{
	tx_put(tx, "SELECT 1 FROM credentials WHERE workspace_id = $1 LIMIT 1",
	       P_TEXT(id));
	tx_must_not(tx, ERR_CONFLICT,
		    "workspace %s still has credentials; delete them first",
		    id);
	tx_put(tx,
	       "SELECT 1 FROM operations WHERE workspace_id = $1"
	       " AND finished_at IS NULL LIMIT 1",
	       P_TEXT(id));
	tx_must_not(tx, ERR_CONFLICT,
		    "workspace %s has operations under way; wait for their "
		    "end, or cancel them",
		    id);
}

WAITS json_t *workspace_delete(struct trust *t, const struct actor *who,
			       json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	struct tx *tx = tx_begin(t->store, id);

	identity_touch(tx);
	workspace_lock(tx, id);
	put_empty(tx, id);
	tx_put(tx, "DELETE FROM roles WHERE workspace_id = $1", P_TEXT(id));
	tx_put(tx, "DELETE FROM resources WHERE workspace_id = $1", P_TEXT(id));
	tx_put(tx, "DELETE FROM workspaces WHERE id = $1", P_TEXT(id));
	put_audit(t, tx, who, "workspace.delete", id);
	return commit(t, tx, err) ? json_null() : NULL;
}
