/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in with a password, and changing it.  Whoever tries learns nothing of
 * who exists: a user who does not, who is disabled or who has no password costs
 * the same work and gets the same words as a wrong password.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "identity/identity_impl.h"
#include "identity/lockout.h"
#include "identity/session.h"

/* Somebody who wants to be user @name. */
struct claim {
	const char *name, *password;
	const char *action;	/* for the log */
	char id[TRUST_ID_SIZE]; /* "": no such user */
	int64_t version;
	struct buf sealed; /* his password, or nothing */
};

WAITS static bool read_user(struct trust *t, struct claim *c, struct error *err)
{
	struct rows rows = { 0 };
	struct slice sealed;

	if (!store_read(t->store, NULL,
			"SELECT id, version, password FROM users"
			" WHERE name = $1 AND state = 'active'"
			" AND kind = 'person'",
			&rows, err, P_TEXT(c->name)))
		return false;
	if (rows.n) {
		text_copy(c->id, sizeof(c->id), row_text(&rows, 0, "id"));
		c->version = row_int(&rows, 0, "version");
		sealed = row_blob(&rows, 0, "password");
		if (sealed.p)
			buf_add_slice(&c->sealed, sealed);
	}
	rows_done(&rows);
	return true;
}

/* The failure is counted and on record before anybody hears of it. */
WAITS static bool refuse(struct trust *t, const struct actor *who,
			 const struct claim *c, const struct lockout *l,
			 struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	if (!lockout_count(t, tx, l, err)) {
		tx_abort(tx);
		return false;
	}
	audit_put(t, tx,
		  IDENTITY_EVENT(who, c->action, "denied", c->name,
				 .reason = "unauthorized"));
	return tx_commit(tx, err) &&
	       fail(err, ERR_UNAUTHORIZED,
		    "the name or the password is not right");
}

/* Is it him?  Between lockout_enter() and lockout_leave(). */
WAITS static bool check(struct trust *t, const struct actor *who,
			struct claim *c, const struct lockout *l,
			struct error *err)
{
	bool right;

	if (!read_user(t, c, err))
		return false;
	if (password_verify(t, c->id, buf_slice(&c->sealed), c->password,
			    &right, err))
		return right || refuse(t, who, c, l, err);
	if (err->code == ERR_INTERNAL)
		log_error("the password of a user was altered in the database",
			  LOG_STR("user", c->id), LOG_ERR(err));
	audit_note(t, IDENTITY_EVENT(who, c->action, "failed", c->name,
				     .reason = err_info(err->code)->name));
	return false;
}

static bool enter(struct trust *t, const struct actor *who,
		  const struct claim *c, struct lockout *l, struct error *err)
{
	if (lockout_enter(t, l, c->name, who, err))
		return true;
	if (err->code == ERR_LIMITED)
		audit_note(t, IDENTITY_EVENT(who, c->action, "denied", c->name,
					     .reason = "limited"));
	return false;
}

WAITS json_t *auth_login(struct trust *t, const struct actor *who, json_t *args,
			 struct error *err)
{
	struct claim c = {
		.name = json_str(args, "name", ""),
		.password = json_str(args, "password", ""),
		.action = "auth.login",
	};
	struct lockout l;
	json_t *v = NULL;

	if (!enter(t, who, &c, &l, err))
		return NULL;
	if (check(t, who, &c, &l, err))
		v = session_open(t, who,
				 &(struct session_for){
					 .user_id = c.id,
					 .version = c.version,
					 .method = "password",
					 .lockout = &l,
				 },
				 err);
	lockout_leave(t, &l);
	buf_wipe(&c.sealed);
	return v;
}

/* ---- changing it ------------------------------------------------------------- */

WAITS static bool store_password(struct trust *t, const struct actor *who,
				 const struct claim *c, const struct lockout *l,
				 struct slice sealed, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);
	int64_t now = clock_wall_ms();

	identity_touch(tx);
	tx_put(tx,
	       "UPDATE users SET password = $1, password_changed_at = $2,"
	       " updated_at = $2, version = version + 1"
	       " WHERE id = $3 AND version = $4",
	       P_BLOB(sealed), P_INT(now), P_TEXT(c->id), P_INT(c->version));
	tx_must(tx, ERR_CONFLICT,
		"your account was changed meanwhile; try again");
	session_put_revoke_all(tx, c->id, who->session_id, now);
	lockout_clear(tx, l);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, c->action, "succeeded", c->id,
				 .effect = "applied"));
	return identity_commit(t, tx, err);
}

WAITS static bool change_password(struct trust *t, const struct actor *who,
				  struct claim *c, const char *fresh,
				  struct error *err)
{
	struct lockout l;
	struct buf sealed = { 0 };
	bool ok;

	if (!enter(t, who, c, &l, err))
		return false;
	ok = check(t, who, c, &l, err) &&
	     password_hash(t, c->id, fresh, &sealed, err) &&
	     store_password(t, who, c, &l, buf_slice(&sealed), err);
	lockout_leave(t, &l);
	buf_done(&sealed);
	buf_wipe(&c->sealed);
	return ok;
}

WAITS json_t *auth_change_password(struct trust *t, const struct actor *who,
				   json_t *args, struct error *err)
{
	const char *fresh = json_str(args, "new", "");
	struct claim c = {
		.name = who->name ? who->name : "",
		.password = json_str(args, "current", ""),
		.action = "auth.password",
	};

	if (who->kind != ACTOR_USER) {
		fail(err, ERR_FORBIDDEN,
		     "a password is changed by who has logged in, not with an "
		     "API token");
		return NULL;
	}
	if (!password_check(fresh, c.name, "/new", err))
		return NULL;
	if (!strcmp(fresh, c.password)) {
		fail_at(err, ERR_INVALID, "/new",
			"that is the current password");
		return NULL;
	}
	return change_password(t, who, &c, fresh, err) ? json_null() : NULL;
}
