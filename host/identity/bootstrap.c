/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first administrator.  While there is none, a token lies in the data
 * directory, readable by the host's own user only; who shows it becomes the
 * administrator, and it is gone.  There is no default password.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "identity/identity_impl.h"
#include "identity/session.h"
#include "identity/user.h"

#define TOKEN_BYTES 32
#define TOKEN_MAX 256

/* ---- the file ---------------------------------------------------------------- */

static char *file_name(const struct trust *t)
{
	return mem_printf("%s/bootstrap.token", t->config->data_dir);
}

static struct secret *read_token(const char *file, struct error *err)
{
	struct secret *token = NULL;
	struct buf text = { 0 };
	struct stat st;

	if (stat(file, &st) < 0 || sys_read_file(file, TOKEN_MAX, &text) < 0)
		fail(err, ERR_INVALID, "%s cannot be read: %s", file,
		     strerror(errno));
	else if (st.st_mode & 077)
		fail(err, ERR_INVALID,
		     "%s can be read by others; remove it, and a new one is "
		     "made at the next start",
		     file);
	else if (text.n < 2 * TOKEN_BYTES)
		fail(err, ERR_INVALID,
		     "%s holds no token; remove it, and one is made at the "
		     "next start",
		     file);
	else
		token = secret_new(text.p, 2 * TOKEN_BYTES);
	buf_wipe(&text);
	return token;
}

static struct secret *make_token(const char *file, struct error *err)
{
	struct secret *token = secret_random_hex(TOKEN_BYTES);

	if (sys_replace_file(file, secret_reveal(token), secret_length(token),
			     0600) == 0)
		return token;
	fail(err, ERR_INVALID, "%s cannot be written: %s", file,
	     strerror(errno));
	secret_free(token);
	return NULL;
}

/* It is of no use any more. */
static void end_token(struct trust *t)
{
	AUTO_FREE char *file = file_name(t);

	secret_free(t->identity->bootstrap);
	t->identity->bootstrap = NULL;
	if (unlink(file) < 0 && errno != ENOENT)
		log_warn("the used bootstrap token cannot be removed",
			 LOG_STR("file", file),
			 LOG_STR("why", strerror(errno)));
}

WAITS static bool has_admin(struct trust *t, bool *has, struct error *err)
{
	struct rows rows = { 0 };

	if (!store_read(t->store, NULL,
			"SELECT 1 FROM users WHERE role = 'admin'"
			" AND kind = 'person' LIMIT 1",
			&rows, err))
		return false;
	*has = rows.n > 0;
	rows_done(&rows);
	return true;
}

WAITS bool bootstrap_start(struct trust *t, struct error *err)
{
	AUTO_FREE char *file = file_name(t);
	bool has;

	if (!has_admin(t, &has, err))
		return false;
	if (has) {
		end_token(t);
		return true;
	}
	t->identity->bootstrap = access(file, F_OK) == 0
					 ? read_token(file, err)
					 : make_token(file, err);
	return t->identity->bootstrap != NULL;
}

const char *identity_bootstrap_token(const struct trust *t)
{
	return t->identity->bootstrap ? secret_reveal(t->identity->bootstrap)
				      : NULL;
}

/* ---- the act ------------------------------------------------------------------- */

static bool fail_has_admin(struct error *err)
{
	return fail(err, ERR_CONFLICT,
		    "there is an administrator already; log in");
}

static bool check(struct trust *t, const struct actor *who, const json_t *args,
		  struct error *err)
{
	const char *token = json_str(args, "token", "");
	const char *name = json_str(args, "name", "");

	if (!t->identity->bootstrap)
		return fail_has_admin(err);
	if (!secret_equal(t->identity->bootstrap, token, strlen(token))) {
		audit_note(t, IDENTITY_EVENT(who, "auth.bootstrap", "denied",
					     NULL, .reason = "unauthorized"));
		return fail(err, ERR_UNAUTHORIZED,
			    "the bootstrap token is not right; it is in "
			    "bootstrap.token in the host's data directory");
	}
	return user_check_name(name, err) &&
	       password_check(json_str(args, "password", ""), name, "/password",
			      err);
}

/* Of two at once one wins: the revision's row makes them go one after the
 * other, and the second finds an administrator. */
WAITS static bool add_admin(struct trust *t, const struct actor *who,
			    const struct user_row *user, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	identity_touch(tx);
	tx_put(tx, "SELECT 1 FROM users WHERE role = 'admin'"
		   " AND kind = 'person' LIMIT 1");
	tx_must_not(tx, ERR_CONFLICT,
		    "there is an administrator already; log in");
	user_put(tx, user);
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "auth.bootstrap", "succeeded", user->id,
				 .effect = "applied"));
	return identity_commit(t, tx, err);
}

WAITS json_t *auth_bootstrap(struct trust *t, const struct actor *who,
			     json_t *args, struct error *err)
{
	struct buf sealed = { 0 };
	char id[TRUST_ID_SIZE];
	struct user_row user = {
		.id = id,
		.name = json_str(args, "name", ""),
		.kind = "person",
		.role = "admin",
	};
	bool ok;

	trust_new_id("usr_", id);
	if (!check(t, who, args, err) ||
	    !password_hash(t, id, json_str(args, "password", ""), &sealed, err))
		return NULL;
	user.password = buf_slice(&sealed);
	user.now = clock_wall_ms();
	ok = add_admin(t, who, &user, err);
	buf_done(&sealed);
	if (!ok)
		return NULL;
	end_token(t);
	return session_open(
		t, who,
		&(struct session_for){ .user_id = id, .method = "bootstrap" },
		err);
}
