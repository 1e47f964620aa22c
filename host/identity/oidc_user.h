/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who an OpenID provider's claims belong to.
 */
#ifndef SKYCLUST_HOST_IDENTITY_OIDC_USER_H
#define SKYCLUST_HOST_IDENTITY_OIDC_USER_H

#include "trust.h"

/*
 * Open a session for the user whom @claims (verified) of OpenID provider
 * @provider, set up as @p, name: by issuer and subject.  One who comes first is
 * made, with the system role that @p says.  The answer of a login, new, or NULL:
 * ERR_FORBIDDEN when nobody new is let in, or the user is disabled.
 */
WAITS json_t *oidc_user_sign_in(struct trust *t, const struct actor *who,
				const char *provider, const json_t *p,
				const json_t *claims, struct error *err);

#endif
