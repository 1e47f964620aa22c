/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/self.h"

#include <string.h>

#include "access/access.h"
#include "base/json.h"
#include "identity/identity.h"

bool self_is(const struct actor *who, const char *id)
{
	return (who->kind == ACTOR_USER || who->kind == ACTOR_TOKEN) &&
	       who->user_id && !strcmp(who->user_id, id);
}

/* Not an API token with less than all of its user's rights. */
WAITS static bool is_whole(struct trust *t, const struct actor *who,
			   struct error *err)
{
	const json_t *permissions;
	const char *workspace;

	if (who->kind != ACTOR_TOKEN)
		return true;
	if (!identity_token_limits(t, who->token_id, &workspace, &permissions,
				   err))
		return false;
	return (!*workspace && !permissions) ||
	       fail(err, ERR_FORBIDDEN,
		    "this API token is limited; log in to see and change "
		    "sessions and tokens");
}

WAITS bool self_or_other(struct trust *t, const struct actor *who,
			 const json_t *args, const char *needed,
			 const char **user_id, struct error *err)
{
	const char *user = json_str(args, "user_id", NULL);

	if (!user && who->kind != ACTOR_USER && who->kind != ACTOR_TOKEN)
		return fail_at(err, ERR_INVALID, "/user_id",
			       "you are not logged in as a user; say whose");
	*user_id = user ? user : who->user_id;
	if (self_is(who, *user_id))
		return is_whole(t, who, err);
	return access_require(t, who, needed, NULL, *user_id, err);
}
