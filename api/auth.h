/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sends a request, and may he: the API's side of identity/ and access/.
 */
#ifndef SKYCLUST_API_AUTH_H
#define SKYCLUST_API_AUTH_H

#include "http.h"

/* Make req->who somebody of whom only the address is known. */
void auth_nobody(struct request *req);

/*
 * Fill in req->who by the bearer token (RFC 6750), or by the unix
 * socket the request came through.  Without either it is nobody, and that is
 * well.  ERR_UNAUTHORIZED: the token is no good.
 */
WAITS bool auth_identify(struct request *req, struct error *err);

/* ERR_UNAUTHORIZED, with what to do, unless somebody is known. */
bool auth_is_known(const struct request *req, struct error *err);

/*
 * May req->who do what req->route says with req->args?  Finds the workspace it
 * is about: the path's, the credential's, the one that is named, the only one
 * of the user.  The decision is access_decide()'s.
 */
WAITS bool auth_decide(struct request *req, struct error *err);

#endif
