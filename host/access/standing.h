/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where somebody stands: his roles in the system and in one workspace, and what
 * they hold together.
 */
#ifndef SKYCLUST_HOST_ACCESS_STANDING_H
#define SKYCLUST_HOST_ACCESS_STANDING_H

#include "access/role.h"
#include "trust.h"

struct standing {
	struct role system, workspace;
	char system_name[ROLE_NAME_MAX + 1];
	char workspace_name[ROLE_NAME_MAX + 1]; /* "": no member */
};

/*
 * Of @who in @workspace (NULL: in none).  ERR_UNAUTHORIZED: nobody, or his
 * account is disabled.  To be ended by standing_done(), also after false.
 */
WAITS bool standing_find(struct trust *t, const struct actor *who,
			 const char *workspace, struct standing *s,
			 struct error *err);
void standing_done(struct standing *s);

/* Does he hold @permission, in @workspace or (NULL) in the system? */
bool standing_holds(const struct standing *s, const char *workspace,
		    const char *permission);

#endif
