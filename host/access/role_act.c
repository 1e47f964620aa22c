/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts on roles: the built-in ones are shown beside the custom ones, and cannot
 * be changed.
 */
#include <ctype.h>
#include <string.h>

#include "access/access.h"
#include "access/role.h"
#include "act.h"
#include "audit/audit.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "identity/identity.h"
#include "store/store.h"
#include "tenancy/workspace.h"

#define MOST_ROLES 200 /* custom ones, in one place */

/* ---- records -------------------------------------------------------------- */

/* What a built-in role holds; "*" is everything of its own. */
static json_t *list_held(const struct role_builtin *builtin)
{
	size_t n;
	const struct permission *all = permission_all(&n);
	json_t *held = json_array();
	bool everything = true;

	for (size_t i = 0; i < n; i++) {
		bool concerns = !builtin->of_workspace ||
				permission_is_of_workspace(&all[i]);

		if (builtin->holds(&all[i]))
			json_array_append_new(held, json_string(all[i].name));
		else if (concerns)
			everything = false;
	}
	if (!everything)
		return held;
	json_decref(held);
	return json_pack("[s]", "*");
}

static json_t *builtin_record(const struct role_builtin *builtin,
			      const char *workspace)
{
	return json_pack("{ss ss ss so sb so si sn sn}", "id", builtin->name,
			 "name", builtin->name, "description", builtin->help,
			 "permissions", list_held(builtin), "is_builtin", 1,
			 "workspace_id", act_text(workspace), "version", 0,
			 "created_at", "updated_at");
}

#define COLUMNS \
	"id, workspace_id, name, description, permissions, version," \
	" created_at, updated_at"

static json_t *read_list(const char *text)
{
	json_t *list = json_read(text, strlen(text), NULL);

	return list ? list : json_array();
}

static json_t *role_record(const struct rows *rows, size_t i)
{
	const char *workspace = row_text(rows, i, "workspace_id");

	return json_pack(
		"{ss ss so so sb so sI so so}", "id", row_text(rows, i, "id"),
		"name", row_text(rows, i, "name"), "description",
		act_text(row_text(rows, i, "description")), "permissions",
		read_list(row_text(rows, i, "permissions")), "is_builtin", 0,
		"workspace_id", act_text(*workspace ? workspace : NULL),
		"version", (json_int_t)row_int(rows, i, "version"),
		"created_at", trust_time(row_int(rows, i, "created_at")),
		"updated_at", trust_time(row_int(rows, i, "updated_at")));
}

/* "" of the system, as in the table. */
static const char *place(const struct actor *who)
{
	return who->workspace ? who->workspace : "";
}

static bool fail_no_role(const char *id, struct error *err)
{
	return fail(err, ERR_NOT_FOUND, "there is no role %s here", id);
}

/* The custom role that args name, new; NULL also for a built-in one. */
WAITS static json_t *find_role(struct trust *t, const struct actor *who,
			       const char *id, struct error *err)
{
	struct rows rows = { 0 };
	json_t *role = NULL;

	if (!store_read(t->store, who->workspace,
			"SELECT " COLUMNS " FROM roles"
			" WHERE id = $1 AND workspace_id = $2",
			&rows, err, P_TEXT(id), P_TEXT(place(who))))
		return NULL;
	if (rows.n)
		role = role_record(&rows, 0);
	else if (role_builtin_find(id, who->workspace != NULL))
		fail(err, ERR_CONFLICT,
		     "role %s is built in and stays as it is; make one of "
		     "your own",
		     id);
	else
		fail_no_role(id, err);
	rows_done(&rows);
	return role;
}

/* ---- reading -------------------------------------------------------------- */

/* They come first, on the first page, and do not count. */
static json_t *builtins_of(const char *workspace)
{
	const struct role_builtin *builtin;
	json_t *items = json_array();

	for (size_t i = 0; (builtin = role_builtin_at(i)); i++)
		if (builtin->of_workspace == (workspace != NULL))
			json_array_append_new(
				items, builtin_record(builtin, workspace));
	return items;
}

WAITS json_t *role_list(struct trust *t, const struct actor *who, json_t *args,
			struct error *err)
{
	bool first = !*act_after(args);
	json_t *custom, *list, *items;
	struct rows rows = { 0 };

	if (!store_read(t->store, who->workspace,
			"SELECT " COLUMNS " FROM roles"
			" WHERE workspace_id = $1 AND id > $2"
			" ORDER BY id LIMIT $3",
			&rows, err, P_TEXT(place(who)), P_TEXT(act_after(args)),
			P_INT(act_limit(args) + 1)))
		return NULL;
	custom = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(custom, role_record(&rows, i));
	rows_done(&rows);
	list = act_page(custom, "id", args);
	if (first) {
		items = builtins_of(who->workspace);
		json_array_extend(items, json_object_get(list, "items"));
		json_object_set_new(list, "items", items);
	}
	return list;
}

WAITS json_t *role_get(struct trust *t, const struct actor *who, json_t *args,
		       struct error *err)
{
	const char *id = json_str(args, "id", "");
	const struct role_builtin *builtin =
		role_builtin_find(id, who->workspace != NULL);

	if (builtin)
		return builtin_record(builtin, who->workspace);
	return find_role(t, who, id, err);
}

/* ---- changing ------------------------------------------------------------- */

static bool check_name(const char *name, struct error *err)
{
	bool fits = islower((unsigned char)*name);

	for (const char *p = name; *p; p++)
		fits = fits &&
		       (islower((unsigned char)*p) ||
			isdigit((unsigned char)*p) || *p == '-' || *p == '_');
	if (!fits)
		return fail_at(err, ERR_INVALID, "/name",
			       "the name of a role is a lower-case letter, "
			       "then those, digits, - and _");
	if (role_is_reserved(name))
		return fail_at(err, ERR_CONFLICT, "/name",
			       "%s is the name of a built-in role", name);
	return true;
}

/* @patterns (NULL: they stay) mean something, and are no more than his own. */
WAITS static bool check_permissions(struct trust *t, const struct actor *who,
				    const json_t *patterns, struct error *err)
{
	return !patterns ||
	       (permission_check_list(patterns, "/permissions", err) &&
		access_may_grant_patterns(t, who, who->workspace, patterns,
					  err));
}

/* What is to be changed is no more than his own. */
WAITS static bool check_own(struct trust *t, const struct actor *who,
			    const json_t *role, struct error *err)
{
	return access_may_grant_patterns(t, who, who->workspace,
					 json_object_get(role, "permissions"),
					 err);
}

static char *as_text(struct actor const *who, const json_t *list)
{
	AUTO(buf_done) struct buf text = { 0 };

	json_write(list, &text);
	return arena_strdup(who->arena, text.p);
}

/* Changes of who may do what go one after the other: the revision comes
 * first. */
static struct tx *begin(struct trust *t, const struct actor *who)
{
	struct tx *tx = tx_begin(t->store, who->workspace);

	identity_touch(tx);
	return tx;
}

/* Commit @tx, which changes role @id, with its record in the log. */
WAITS static bool finish(struct trust *t, struct tx *tx,
			 const struct actor *who, const char *action,
			 const char *id, const json_t *patterns,
			 struct error *err)
{
	AUTO_JSON json_t *more =
		json_pack("{sO?}", "permissions", (json_t *)patterns);

	audit_put(t, tx,
		  &(struct audit_event){ .who = who,
					 .action = action,
					 .outcome = "succeeded",
					 .workspace = place(who),
					 .target = id,
					 .effect = "applied",
					 .more = more });
	if (!tx_commit(tx, err))
		return false;
	identity_changed(t);
	return true;
}

WAITS json_t *role_create(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	const char *name = json_str(args, "name", "");
	const json_t *patterns = json_object_get(args, "permissions");
	int64_t now = clock_wall_ms();
	char id[TRUST_ID_SIZE];
	struct tx *tx;

	if (!check_name(name, err) || !check_permissions(t, who, patterns, err))
		return NULL;
	trust_new_id("rol_", id);
	tx = begin(t, who);
	tx_put(tx,
	       "INSERT INTO roles (id, workspace_id, name, description,"
	       " permissions, version, created_at, updated_at)"
	       " VALUES ($1, $2, $3, $4, $5, 1, $6, $6)"
	       " ON CONFLICT (workspace_id, name) DO NOTHING",
	       P_TEXT(id), P_TEXT(place(who)), P_TEXT(name),
	       P_TEXT(json_str(args, "description", NULL)),
	       P_TEXT(as_text(who, patterns)), P_INT(now));
	tx_must(tx, ERR_CONFLICT, "there is a role named %s already", name);
	tx_put(tx,
	       "SELECT COUNT(*) FROM roles WHERE workspace_id = $1"
	       " HAVING COUNT(*) > $2",
	       P_TEXT(place(who)), P_INT(MOST_ROLES));
	tx_must_not(tx, ERR_QUOTA, "there are %d custom roles already",
		    MOST_ROLES);
	if (!finish(t, tx, who, "skyclust_role.create", id, patterns, err))
		return NULL;
	return find_role(t, who, id, err);
}

WAITS json_t *role_update(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	const json_t *patterns = json_object_get(args, "permissions");
	const char *description = json_str(args, "description", NULL);
	AUTO_JSON json_t *role = NULL;
	struct tx *tx;

	if (!act_has_version(who, err) ||
	    !(role = find_role(t, who, id, err)) ||
	    !check_own(t, who, role, err) ||
	    !check_permissions(t, who, patterns, err))
		return NULL;
	tx = begin(t, who);
	tx_put(tx,
	       "UPDATE roles SET description = COALESCE($1, description),"
	       " permissions = COALESCE($2, permissions),"
	       " version = version + 1, updated_at = $3"
	       " WHERE id = $4 AND workspace_id = $5 AND version = $6",
	       P_TEXT(description),
	       P_TEXT(patterns ? as_text(who, patterns) : NULL),
	       P_INT(clock_wall_ms()), P_TEXT(id), P_TEXT(place(who)),
	       P_INT(who->if_match));
	tx_must(tx, ERR_PRECONDITION_FAILED,
		"role %s was changed meanwhile; read it again", id);
	if (!finish(t, tx, who, "skyclust_role.update", id, patterns, err))
		return NULL;
	return find_role(t, who, id, err);
}

/* Fails when somebody has role @name. */
static void put_unused(struct tx *tx, const char *workspace, const char *name)
{
	if (workspace)
		tx_put(tx,
		       "SELECT 1 FROM members"
		       " WHERE workspace_id = $1 AND role = $2 LIMIT 1",
		       P_TEXT(workspace), P_TEXT(name));
	else
		tx_put(tx, "SELECT 1 FROM users WHERE role = $1 LIMIT 1",
		       P_TEXT(name));
	tx_must_not(tx, ERR_CONFLICT,
		    "role %s is in use; give those who have it another one "
		    "first",
		    name);
}

WAITS json_t *role_delete(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	AUTO_JSON json_t *role = find_role(t, who, id, err);
	const char *name = json_str(role, "name", "");
	struct tx *tx;

	if (!role || !check_own(t, who, role, err))
		return NULL;
	tx = begin(t, who);
	if (who->workspace)
		workspace_lock(tx, who->workspace);
	put_unused(tx, who->workspace, name);
	tx_put(tx, "DELETE FROM roles WHERE id = $1 AND workspace_id = $2",
	       P_TEXT(id), P_TEXT(place(who)));
	if (!finish(t, tx, who, "skyclust_role.delete", id, NULL, err))
		return NULL;
	return json_null();
}
