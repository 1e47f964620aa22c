/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members: which users a workspace has, and their roles in it.
 */
#include "access/access.h"
#include "access/role.h"
#include "act.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "identity/identity.h"
#include "tenancy/workspace.h"

#define MOST_MEMBERS 10000

/* ---- reading -------------------------------------------------------------- */

#define COLUMNS \
	"m.user_id AS id, m.workspace_id, u.name, u.display_name, m.role," \
	" m.created_at, m.updated_at"

static const char *workspace_of(const json_t *args)
{
	return json_str(args, "workspace_id", "");
}

static json_t *member_record(const struct rows *rows, size_t i)
{
	return json_pack(
		"{ss ss ss so ss so so}", "id", row_text(rows, i, "id"),
		"workspace_id", row_text(rows, i, "workspace_id"), "name",
		row_text(rows, i, "name"), "display_name",
		act_text(row_text(rows, i, "display_name")), "role",
		row_text(rows, i, "role"), "created_at",
		trust_time(row_int(rows, i, "created_at")), "updated_at",
		trust_time(row_int(rows, i, "updated_at")));
}

WAITS json_t *member_list(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	const char *workspace = workspace_of(args);
	struct rows rows = { 0 };
	json_t *records;

	(void)who;
	if (!store_read(t->store, workspace,
			"SELECT " COLUMNS " FROM members m"
			" JOIN users u ON u.id = m.user_id"
			" WHERE m.workspace_id = $1 AND m.user_id > $2"
			" AND (m.role = $3 OR $3 IS NULL)"
			" ORDER BY m.user_id LIMIT $4",
			&rows, err, P_TEXT(workspace), P_TEXT(act_after(args)),
			P_TEXT(json_str(args, "role", NULL)),
			P_INT(act_limit(args) + 1)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, member_record(&rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

WAITS static json_t *find_member(struct trust *t, const char *workspace,
				 const char *user, struct error *err)
{
	struct rows rows = { 0 };
	json_t *found = NULL;

	if (!store_read(t->store, workspace,
			"SELECT " COLUMNS " FROM members m"
			" JOIN users u ON u.id = m.user_id"
			" WHERE m.workspace_id = $1 AND m.user_id = $2",
			&rows, err, P_TEXT(workspace), P_TEXT(user)))
		return NULL;
	if (rows.n)
		found = member_record(&rows, 0);
	else
		fail(err, ERR_NOT_FOUND, "%s is no member of %s", user,
		     workspace);
	rows_done(&rows);
	return found;
}

WAITS json_t *member_get(struct trust *t, const struct actor *who, json_t *args,
			 struct error *err)
{
	(void)who;
	return find_member(t, workspace_of(args), json_str(args, "id", ""),
			   err);
}

/* ---- changing ------------------------------------------------------------- */

/* What is changed, and how it is called in the log. */
struct change {
	const char *action, *workspace, *user;
	const char *role;   /* new one; NULL: none any more */
	const char *before; /* NULL: none yet */
};

/* Changes of who may do what go one after the other: the revision comes
 * first. */
static struct tx *begin(struct trust *t, const char *workspace)
{
	struct tx *tx = tx_begin(t->store, workspace);

	identity_touch(tx);
	workspace_lock(tx, workspace);
	return tx;
}

/* Commit @tx with the record of @change. */
WAITS static bool finish(struct trust *t, struct tx *tx,
			 const struct actor *who, const struct change *change,
			 struct error *err)
{
	json_t *more = json_pack("{so so}", "role", act_text(change->role),
				 "role_before", act_text(change->before));

	audit_put(t, tx,
		  &(struct audit_event){ .who = who,
					 .action = change->action,
					 .outcome = "succeeded",
					 .workspace = change->workspace,
					 .target = change->user,
					 .effect = "applied",
					 .more = more });
	json_decref(more);
	if (!tx_commit(tx, err))
		return false;
	identity_changed(t);
	return true;
}

/* The id of the user that @args mean, in the arena.  One error for all who
 * cannot be made members, so that no more is told of them. */
WAITS static const char *find_user(struct trust *t, const struct actor *who,
				   const json_t *args, struct error *err)
{
	const char *id = json_str(args, "user_id", NULL);
	const char *name = json_str(args, "name", NULL);
	struct rows rows = { 0 };
	const char *found = NULL;

	if (!id == !name) {
		fail_at(err, ERR_INVALID, "/user_id",
			"say who by either user_id or name");
		return NULL;
	}
	if (!store_read(t->store, NULL,
			"SELECT id FROM users WHERE (id = $1 OR name = $2)"
			" AND state = 'active'",
			&rows, err, P_TEXT(id), P_TEXT(name)))
		return NULL;
	if (rows.n)
		found = arena_strdup(who->arena, row_text(&rows, 0, "id"));
	else
		fail(err, ERR_NOT_FOUND, "there is no active user %s",
		     id ? id : name);
	rows_done(&rows);
	return found;
}

/* A custom role might be deleted meanwhile; built-in ones are not rows. */
static void put_role_exists(struct tx *tx, const char *workspace,
			    const char *role)
{
	if (role_builtin_find(role, true))
		return;
	tx_put(tx, "SELECT 1 FROM roles WHERE workspace_id = $1 AND name = $2",
	       P_TEXT(workspace), P_TEXT(role));
	tx_must(tx, ERR_CONFLICT, "role %s was deleted meanwhile", role);
}

static void put_member(struct tx *tx, const struct change *change)
{
	tx_put(tx,
	       "INSERT INTO members (workspace_id, user_id, role,"
	       " created_at, updated_at) VALUES ($1, $2, $3, $4, $4)"
	       " ON CONFLICT (workspace_id, user_id) DO NOTHING",
	       P_TEXT(change->workspace), P_TEXT(change->user),
	       P_TEXT(change->role), P_INT(clock_wall_ms()));
	tx_must(tx, ERR_CONFLICT, "%s is a member of %s already", change->user,
		change->workspace);
	tx_put(tx,
	       "SELECT COUNT(*) FROM members WHERE workspace_id = $1"
	       " HAVING COUNT(*) > $2",
	       P_TEXT(change->workspace), P_INT(MOST_MEMBERS));
	tx_must_not(tx, ERR_QUOTA, "%s has %d members already",
		    change->workspace, MOST_MEMBERS);
}

WAITS json_t *member_create(struct trust *t, const struct actor *who,
			    json_t *args, struct error *err)
{
	struct change change = {
		.action = "member.create",
		.workspace = workspace_of(args),
		.role = json_str(args, "role", ""),
	};
	struct tx *tx;

	if (!access_may_grant(t, who, change.workspace, change.role, err))
		return NULL;
	change.user = find_user(t, who, args, err);
	if (!change.user)
		return NULL;
	tx = begin(t, change.workspace);
	put_role_exists(tx, change.workspace, change.role);
	put_member(tx, &change);
	if (!finish(t, tx, who, &change, err))
		return NULL;
	return find_member(t, change.workspace, change.user, err);
}

/* What there is of the member; what was decided by it is true at the end, too,
 * or the transaction fails. */
static void put_before(struct tx *tx, const struct change *change)
{
	tx_put(tx,
	       "SELECT 1 FROM members WHERE workspace_id = $1"
	       " AND user_id = $2 AND role = $3",
	       P_TEXT(change->workspace), P_TEXT(change->user),
	       P_TEXT(change->before));
	tx_must(tx, ERR_CONFLICT, "%s was changed meanwhile; read it again",
		change->user);
}

static void put_after(struct tx *tx, const struct change *change)
{
	if (change->role)
		tx_put(tx,
		       "UPDATE members SET role = $1, updated_at = $2"
		       " WHERE workspace_id = $3 AND user_id = $4",
		       P_TEXT(change->role), P_INT(clock_wall_ms()),
		       P_TEXT(change->workspace), P_TEXT(change->user));
	else
		tx_put(tx,
		       "DELETE FROM members"
		       " WHERE workspace_id = $1 AND user_id = $2",
		       P_TEXT(change->workspace), P_TEXT(change->user));
}

/* Of an owner, one must be left. */
static void put_owner_left(struct tx *tx, const struct change *change)
{
	if (strcmp(change->before, ROLE_OWNER) != 0)
		return;
	tx_put(tx,
	       "SELECT 1 FROM members WHERE workspace_id = $1 AND role = $2"
	       " LIMIT 1",
	       P_TEXT(change->workspace), P_TEXT(ROLE_OWNER));
	tx_must(tx, ERR_CONFLICT,
		"%s is the last owner of %s; make another one first, or delete "
		"the workspace",
		change->user, change->workspace);
}

void member_put_owners_left(struct tx *tx, const char *user)
{
	tx_put(tx,
	       "SELECT 1 FROM members m WHERE m.user_id = $1 AND m.role = $2"
	       " AND NOT EXISTS (SELECT 1 FROM members o"
	       " WHERE o.workspace_id = m.workspace_id AND o.role = $2"
	       " AND o.user_id <> $1) LIMIT 1",
	       P_TEXT(user), P_TEXT(ROLE_OWNER));
	tx_must_not(tx, ERR_CONFLICT,
		    "%s is the last owner of a workspace; make another one "
		    "first, or delete the workspace",
		    user);
}

WAITS static bool apply(struct trust *t, const struct actor *who,
			const struct change *change, struct error *err)
{
	struct tx *tx = begin(t, change->workspace);

	put_before(tx, change);
	if (change->role)
		put_role_exists(tx, change->workspace, change->role);
	put_after(tx, change);
	put_owner_left(tx, change);
	return finish(t, tx, who, change, err);
}

WAITS json_t *member_update(struct trust *t, const struct actor *who,
			    json_t *args, struct error *err)
{
	struct change change = {
		.action = "member.update",
		.workspace = workspace_of(args),
		.user = json_str(args, "id", ""),
		.role = json_str(args, "role", ""),
	};
	json_t *member = find_member(t, change.workspace, change.user, err);
	bool done = member != NULL;

	change.before = json_str(member, "role", "");
	done = done &&
	       access_may_take(t, who, change.workspace, change.before, err) &&
	       access_may_grant(t, who, change.workspace, change.role, err) &&
	       apply(t, who, &change, err);
	json_decref(member);
	if (!done)
		return NULL;
	return find_member(t, change.workspace, change.user, err);
}

/* Who leaves by himself needs to hold nothing. */
WAITS static json_t *take_out(struct trust *t, const struct actor *who,
			      struct change *change, bool himself,
			      struct error *err)
{
	json_t *member = find_member(t, change->workspace, change->user, err);
	bool done = member != NULL;

	change->before = json_str(member, "role", "");
	done = done &&
	       (himself || access_may_take(t, who, change->workspace,
					   change->before, err)) &&
	       apply(t, who, change, err);
	json_decref(member);
	return done ? json_null() : NULL;
}

WAITS json_t *member_delete(struct trust *t, const struct actor *who,
			    json_t *args, struct error *err)
{
	struct change change = {
		.action = "member.delete",
		.workspace = workspace_of(args),
		.user = json_str(args, "id", ""),
	};

	return take_out(t, who, &change, false, err);
}

WAITS json_t *member_leave(struct trust *t, const struct actor *who,
			   json_t *args, struct error *err)
{
	struct change change = {
		.action = "member.leave",
		.workspace = workspace_of(args),
		.user = who->user_id,
	};

	return take_out(t, who, &change, true, err);
}
