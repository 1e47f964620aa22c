/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user of an OpenID provider is known by issuer and subject, which never
 * change; what he is called here is "NAME@PROVIDER", so that no provider can
 * take the name of somebody who logs in with a password.
 */
#include "identity/oidc_user.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/identity_impl.h"
#include "identity/session.h"
#include "identity/user.h"

/* One who signs in: @id "" while he has no row. */
struct comer {
	const char *provider, *issuer, *subject;
	char id[TRUST_ID_SIZE], name[USER_NAME_MAX + 1];
	bool disabled;
};

WAITS static bool find(struct trust *t, struct comer *c, struct error *err)
{
	struct rows rows = { 0 };

	if (!store_read(t->store, NULL,
			"SELECT id, state FROM users"
			" WHERE issuer = $1 AND subject = $2",
			&rows, err, P_TEXT(c->issuer), P_TEXT(c->subject)))
		return false;
	if (rows.n) {
		text_copy(c->id, sizeof(c->id), row_text(&rows, 0, "id"));
		c->disabled = strcmp(row_text(&rows, 0, "state"), "active");
	}
	rows_done(&rows);
	return true;
}

static bool take_name(struct comer *c, const char *name)
{
	size_t n = (size_t)snprintf(c->name, sizeof(c->name), "%s@%s", name,
				    c->provider);

	for (char *p = c->name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return *name && n < sizeof(c->name) && user_check_name(c->name, NULL);
}

/* What the claims call him, if it makes a name here; else his subject, else
 * the end of his identifier. */
static void choose_name(struct comer *c, const json_t *p, const json_t *claims)
{
	const char *claim = json_str(p, "name_claim", "");

	if (!take_name(c, json_str(claims, claim, "")) &&
	    !take_name(c, c->subject))
		take_name(c, c->id + strlen("usr_"));
}

WAITS static bool add(struct trust *t, const struct actor *who, struct comer *c,
		      const json_t *p, const json_t *claims, struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	trust_new_id("usr_", c->id);
	choose_name(c, p, claims);
	identity_touch(tx);
	user_put(tx, &(struct user_row){
			     .id = c->id,
			     .name = c->name,
			     .display_name = json_str(claims, "name", NULL),
			     .email = json_str(claims, "email", NULL),
			     .kind = "person",
			     .role = json_str(p, "role", ""),
			     .issuer = c->issuer,
			     .subject = c->subject,
			     .now = clock_wall_ms(),
		     });
	audit_put(t, tx,
		  IDENTITY_EVENT(who, "skyclust_user.create", "succeeded",
				 c->id, .reason = "oidc", .effect = "applied"));
	return identity_commit(t, tx, err);
}

static bool refuse(struct trust *t, const struct actor *who,
		   const struct comer *c, const char *why, struct error *err)
{
	audit_note(t, IDENTITY_EVENT(who, "auth.oidc", "denied", c->subject,
				     .reason = "forbidden"));
	return fail(err, ERR_FORBIDDEN, "%s", why);
}

WAITS static bool let_in(struct trust *t, const struct actor *who,
			 struct comer *c, const json_t *p, const json_t *claims,
			 struct error *err)
{
	if (!find(t, c, err))
		return false;
	if (c->disabled)
		return refuse(t, who, c,
			      "this user is disabled; ask an administrator",
			      err);
	if (*c->id)
		return true;
	if (!*json_str(p, "role", ""))
		return refuse(t, who, c,
			      "nobody here is known by this account; ask an "
			      "administrator",
			      err);
	return add(t, who, c, p, claims, err);
}

WAITS json_t *oidc_user_sign_in(struct trust *t, const struct actor *who,
				const char *provider, const json_t *p,
				const json_t *claims, struct error *err)
{
	struct comer c = {
		.provider = provider,
		.issuer = json_str(p, "issuer", ""),
		.subject = json_str(claims, "sub", ""),
	};

	if (!let_in(t, who, &c, p, claims, err))
		return NULL;
	return session_open(t, who,
			    &(struct session_for){
				    .user_id = c.id,
				    .method = "oidc",
			    },
			    err);
}
