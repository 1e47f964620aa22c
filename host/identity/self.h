/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts on what is one's own (sessions, API tokens), or, with the permission to
 * manage users, somebody else's.
 */
#ifndef SKYCLUST_HOST_IDENTITY_SELF_H
#define SKYCLUST_HOST_IDENTITY_SELF_H

#include "trust.h"

/* Is user @id @who himself? */
bool self_is(const struct actor *who, const char *id);

/*
 * Whose things are these acts about?  The argument `user_id`, without it @who.
 * Another one's take permission @needed.  ERR_FORBIDDEN, also for an API token
 * that is limited: what it cannot do, it must not get done by making another
 * token; ERR_INVALID: @who is no user of ours, and says not whom he means.
 */
WAITS bool self_or_other(struct trust *t, const struct actor *who,
			 const json_t *args, const char *needed,
			 const char **user_id, struct error *err);

#endif
