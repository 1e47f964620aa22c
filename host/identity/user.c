/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/user.h"

#include <string.h>

#include "access/access.h"
#include "act.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "identity/identity_impl.h"
#include "identity/session.h"
#include "tenancy/workspace.h"

/* ---- rows ------------------------------------------------------------------ */

#define COLUMNS \
	"id, name, display_name, email, kind, role, state, issuer, version," \
	" created_at, updated_at, password_changed_at," \
	" CAST(CASE WHEN password IS NULL THEN 0 ELSE 1 END AS BIGINT)" \
	" AS has_password"

static json_t *make_record(const struct rows *rows, size_t i)
{
	return json_pack(
		"{ss ss so so ss ss ss so sb so sI so so}", "id",
		row_text(rows, i, "id"), "name", row_text(rows, i, "name"),
		"display_name", act_text(row_text(rows, i, "display_name")),
		"email", act_text(row_text(rows, i, "email")), "kind",
		row_text(rows, i, "kind"), "role", row_text(rows, i, "role"),
		"state", row_text(rows, i, "state"), "issuer",
		act_text(row_text(rows, i, "issuer")), "has_password",
		(int)row_int(rows, i, "has_password"), "password_changed_at",
		trust_time(row_int(rows, i, "password_changed_at")), "version",
		(json_int_t)row_int(rows, i, "version"), "created_at",
		trust_time(row_int(rows, i, "created_at")), "updated_at",
		trust_time(row_int(rows, i, "updated_at")));
}

WAITS json_t *user_find(struct trust *t, const char *id, struct error *err)
{
	struct rows rows = { 0 };
	json_t *user = NULL;

	if (!store_read(t->store, NULL,
			"SELECT " COLUMNS " FROM users WHERE id = $1", &rows,
			err, P_TEXT(id)))
		return NULL;
	if (rows.n)
		user = make_record(&rows, 0);
	else
		fail(err, ERR_NOT_FOUND, "there is no user %s", id);
	rows_done(&rows);
	return user;
}

void user_put(struct tx *tx, const struct user_row *u)
{
	tx_put(tx,
	       "INSERT INTO users (id, name, display_name, email, kind, role,"
	       " state, password, password_changed_at, issuer, subject,"
	       " version, created_at, updated_at)"
	       " VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8, $9, $10,"
	       " 1, $11, $11) ON CONFLICT (name) DO NOTHING",
	       P_TEXT(u->id), P_TEXT(u->name), P_TEXT(u->display_name),
	       P_TEXT(u->email), P_TEXT(u->kind), P_TEXT(u->role),
	       P_BLOB(u->password), u->password.n ? P_INT(u->now) : P_NULL,
	       P_TEXT(u->issuer), P_TEXT(u->subject), P_INT(u->now));
	tx_must(tx, ERR_CONFLICT, "there is a user %s already", u->name);
}

bool user_check_name(const char *name, struct error *err)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				     "._-+@";
	size_t n = strlen(name);

	if (n > 0 && n <= USER_NAME_MAX && strchr(first, *name) &&
	    strspn(name, others) == n)
		return true;
	return fail_at(err, ERR_INVALID, "/name",
		       "the name of a user is a lower-case letter or digit, "
		       "then those and . _ - + @, %d at most",
		       USER_NAME_MAX);
}

/* ---- the last administrator -------------------------------------------------- */

/* Behind a statement that may have taken one away.  The transaction began with
 * identity_touch(), whose row makes such ones go one after the other. */
static void put_one_admin(struct tx *tx)
{
	tx_put(tx, "SELECT 1 FROM users WHERE role = 'admin'"
		   " AND state = 'active' AND kind = 'person' LIMIT 1");
	tx_must(tx, ERR_CONFLICT,
		"that is the last administrator; make another user one first");
}

static bool is_admin(const json_t *user)
{
	return !strcmp(json_str(user, "role", ""), "admin");
}

/* ---- reading ----------------------------------------------------------------- */

WAITS json_t *user_list(struct trust *t, const struct actor *who UNUSED,
			json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	json_t *records;

	if (!store_read(t->store, NULL,
			"SELECT " COLUMNS " FROM users WHERE id > $1"
			" AND name = COALESCE($2, name)"
			" AND role = COALESCE($3, role)"
			" AND state = COALESCE($4, state)"
			" AND kind = COALESCE($5, kind) ORDER BY id LIMIT $6",
			&rows, err, P_TEXT(act_after(args)),
			P_TEXT(json_str(args, "name", NULL)),
			P_TEXT(json_str(args, "role", NULL)),
			P_TEXT(json_str(args, "state", NULL)),
			P_TEXT(json_str(args, "kind", NULL)),
			P_INT(act_limit(args) + 1)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, make_record(&rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

WAITS json_t *user_get(struct trust *t, const struct actor *who UNUSED,
		       json_t *args, struct error *err)
{
	return user_find(t, json_str(args, "id", ""), err);
}

/* ---- making -------------------------------------------------------------------- */

static bool check_new(const json_t *args, struct error *err)
{
	const char *name = json_str(args, "name", "");
	const char *password = json_str(args, "password", NULL);
	bool service = !strcmp(json_str(args, "kind", "person"), "service");

	if (!user_check_name(name, err))
		return false;
	if (service && password)
		return fail_at(err, ERR_INVALID, "/password",
			       "a service account has no password; make an API "
			       "token for it");
	return !password || password_check(password, name, "/password", err);
}

WAITS static bool add_user(struct trust *t, const struct actor *who,
			   const struct user_row *user, struct error *err)
{
	AUTO_JSON json_t *more =
		json_pack("{ss ss ss}", "name", user->name, "kind", user->kind,
			  "role", user->role);
	struct tx *tx = tx_begin(t->store, NULL);

	user_put(tx, user);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "skyclust_user.create", "succeeded",
				 user->id, .effect = "applied", .more = more));
	return tx_commit(tx, err);
}

WAITS json_t *user_create(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	const char *password = json_str(args, "password", NULL);
	AUTO(buf_done) struct buf sealed = { 0 };
	char id[TRUST_ID_SIZE];
	struct user_row user = {
		.id = id,
		.name = json_str(args, "name", ""),
		.display_name = json_str(args, "display_name", NULL),
		.email = json_str(args, "email", NULL),
		.kind = json_str(args, "kind", "person"),
		.role = json_str(args, "role", "user"),
	};

	trust_new_id("usr_", id);
	if (!check_new(args, err) ||
	    !access_may_grant(t, who, NULL, user.role, err) ||
	    (password && !password_hash(t, id, password, &sealed, err)))
		return NULL;
	if (password)
		user.password = buf_slice(&sealed);
	user.now = clock_wall_ms();
	if (!add_user(t, who, &user, err))
		return NULL;
	return user_find(t, id, err);
}

/* ---- changing -------------------------------------------------------------------- */

/* What an update says of user @user, who was read. */
struct change {
	const json_t *user;
	const char *id, *role, *state, *password; /* NULL: as it is */
	struct buf sealed;
};

/* Who could change somebody above him could become him. */
WAITS static bool may_change(struct trust *t, const struct actor *who,
			     const struct change *c, struct error *err)
{
	return access_may_take(t, who, NULL, json_str(c->user, "role", ""),
			       err) &&
	       (!c->role || access_may_grant(t, who, NULL, c->role, err));
}

WAITS static bool read_password(struct trust *t, struct change *c,
				struct error *err)
{
	if (!c->password)
		return true;
	if (!strcmp(json_str(c->user, "kind", ""), "service"))
		return fail_at(err, ERR_INVALID, "/password",
			       "a service account has no password; make an API "
			       "token for it");
	return password_check(c->password, json_str(c->user, "name", ""),
			      "/password", err) &&
	       password_hash(t, c->id, c->password, &c->sealed, err);
}

static void put_update(struct tx *tx, const struct change *c,
		       const json_t *args, int64_t version, int64_t now)
{
	const struct slice none = { NULL, 0 };
	struct slice password = c->password ? buf_slice(&c->sealed) : none;

	tx_put(tx,
	       "UPDATE users SET display_name = COALESCE($1, display_name),"
	       " email = COALESCE($2, email), role = COALESCE($3, role),"
	       " state = COALESCE($4, state),"
	       " password = COALESCE($5, password),"
	       " password_changed_at = COALESCE($6, password_changed_at),"
	       " version = version + 1, updated_at = $7"
	       " WHERE id = $8 AND version = $9",
	       P_TEXT(json_str(args, "display_name", NULL)),
	       P_TEXT(json_str(args, "email", NULL)), P_TEXT(c->role),
	       P_TEXT(c->state), P_BLOB(password),
	       password.p ? P_INT(now) : P_NULL, P_INT(now), P_TEXT(c->id),
	       P_INT(version));
	tx_must(tx, ERR_PRECONDITION_FAILED,
		"user %s was changed meanwhile; read it again", c->id);
}

/* Names of what is changed; a password's only. */
static json_t *describe(const struct change *c, const json_t *args)
{
	json_t *more = json_copy((json_t *)args);

	json_object_del(more, "id");
	if (c->password)
		json_object_set_new(more, "password", json_true());
	return more;
}

WAITS static bool apply(struct trust *t, const struct actor *who,
			const struct change *c, const json_t *args,
			struct error *err)
{
	AUTO_JSON json_t *more = describe(c, args);
	struct tx *tx = tx_begin(t->store, NULL);
	int64_t now = clock_wall_ms();

	identity_touch(tx);
	put_update(tx, c, args, who->if_match, now);
	if (is_admin(c->user))
		put_one_admin(tx);
	if (c->password || (c->state && !strcmp(c->state, "disabled")))
		session_put_revoke_all(tx, c->id, NULL, now);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "skyclust_user.update", "succeeded",
				 c->id, .effect = "applied", .more = more));
	return identity_commit(t, tx, err);
}

WAITS json_t *user_update(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	struct change c = {
		.id = json_str(args, "id", ""),
		.role = json_str(args, "role", NULL),
		.state = json_str(args, "state", NULL),
		.password = json_str(args, "password", NULL),
	};
	AUTO_JSON json_t *user = NULL;
	bool ok;

	if (!act_has_version(who, err) || !(user = user_find(t, c.id, err)))
		return NULL;
	c.user = user;
	ok = may_change(t, who, &c, err) && read_password(t, &c, err) &&
	     apply(t, who, &c, args, err);
	buf_done(&c.sealed);
	return ok ? user_find(t, c.id, err) : NULL;
}

/* With the role that was read: another one must be decided about anew. */
WAITS json_t *user_delete(struct trust *t, const struct actor *who,
			  json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	AUTO_JSON json_t *user = user_find(t, id, err);
	const char *role = json_str(user, "role", "");
	AUTO_JSON json_t *more = NULL;
	struct tx *tx;

	if (!user || !access_may_take(t, who, NULL, role, err))
		return NULL;
	more = json_pack("{ss ss}", "name", json_str(user, "name", ""), "role",
			 role);
	tx = tx_begin(t->store, NULL);
	identity_touch(tx);
	member_put_owners_left(tx, id);
	tx_put(tx, "DELETE FROM users WHERE id = $1 AND role = $2", P_TEXT(id),
	       P_TEXT(role));
	tx_must(tx, ERR_CONFLICT, "user %s was changed meanwhile; try again",
		id);
	if (is_admin(user))
		put_one_admin(tx);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "skyclust_user.delete", "succeeded", id,
				 .effect = "applied", .more = more));
	return identity_commit(t, tx, err) ? json_null() : NULL;
}
