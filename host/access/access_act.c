/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question who may do what, as acts.
 */
#include <string.h>

#include "access/access.h"
#include "access/permission.h"
#include "act.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/identity.h"

/* Who is asked about, and where. */
struct question {
	struct actor subject;
	const char *workspace; /* or NULL */
};

/* About another one: who may see users, or members of the workspace. */
WAITS static bool may_ask(struct trust *t, const struct actor *who,
			  const char *workspace, const char *user,
			  struct error *err)
{
	return access_require(t, who,
			      workspace ? "member:get" : "skyclust_user:get",
			      workspace, user, err);
}

WAITS static bool exists(struct trust *t, const char *user, struct error *err)
{
	err->code = ERR_NONE;
	if (identity_user(t, user, err))
		return true;
	return err->code == ERR_STORE_UNAVAILABLE
		       ? false
		       : fail(err, ERR_NOT_FOUND, "there is no user %s", user);
}

WAITS static bool read_question(struct trust *t, const struct actor *who,
				const json_t *args, struct question *q,
				struct error *err)
{
	const char *user = json_str(args, "user_id", NULL);

	*q = (struct question){
		.subject = *who,
		.workspace = json_str(args, "workspace_id", NULL),
	};
	if (!user || (who->user_id && !strcmp(user, who->user_id)))
		return true;
	q->subject = (struct actor){ .kind = ACTOR_USER, .user_id = user };
	return may_ask(t, who, q->workspace, user, err) && exists(t, user, err);
}

/* False with ERR_STORE_UNAVAILABLE: nobody knows. */
WAITS static bool answer(struct trust *t, const struct question *q,
			 const char *permission, bool *allowed,
			 struct error *err)
{
	*allowed = access_may(t, &q->subject, permission, q->workspace, err);
	return *allowed || err->code != ERR_STORE_UNAVAILABLE;
}

static bool check_permission(const char *permission, struct error *err)
{
	if (permission_find(permission) || permission_is_vendor(permission))
		return true;
	if (permission_check(permission, err))
		fail(err, ERR_INVALID,
		     "\"%s\" is a pattern; ask about one permission",
		     permission);
	text_copy(err->path, sizeof(err->path), "/permission");
	return false;
}

WAITS json_t *access_check(struct trust *t, const struct actor *who,
			   json_t *args, struct error *err)
{
	const char *permission = json_str(args, "permission", "");
	struct question q;
	bool allowed;

	if (!check_permission(permission, err) ||
	    !read_question(t, who, args, &q, err) ||
	    !answer(t, &q, permission, &allowed, err))
		return NULL;
	return json_pack("{ss ss so sb}", "permission", permission, "user_id",
			 q.subject.user_id, "workspace_id",
			 act_text(q.workspace), "allowed", allowed);
}

/* All permissions that the answer is yes to, new; NULL: nobody knows. */
WAITS static json_t *list_held(struct trust *t, const struct question *q,
			       struct error *err)
{
	size_t n;
	const struct permission *all = permission_all(&n);
	json_t *held = json_array();
	bool allowed;

	for (size_t i = 0; i < n; i++) {
		if (!answer(t, q, all[i].name, &allowed, err)) {
			json_decref(held);
			return NULL;
		}
		if (allowed)
			json_array_append_new(held, json_string(all[i].name));
	}
	return held;
}

WAITS json_t *access_permissions(struct trust *t, const struct actor *who,
				 json_t *args, struct error *err)
{
	struct question q;
	json_t *held;

	if (!read_question(t, who, args, &q, err))
		return NULL;
	held = list_held(t, &q, err);
	if (!held)
		return NULL;
	return json_pack("{ss so so}", "user_id", q.subject.user_id,
			 "workspace_id", act_text(q.workspace), "permissions",
			 held);
}
