/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sends a request, and may he: the API's side of identity/ and access/.
 */
#ifndef SKYCLUST_API_AUTH_H
#define SKYCLUST_API_AUTH_H

#include "base/secret.h"
#include "http.h"

/* The token in @file, made there (0600) if the file does not exist.  New, or
 * NULL with @err: unreadable, readable by others, empty, or cannot be
 * written. */
struct secret *auth_load_token(const char *file, struct error *err);

/*
 * Fill in req->who (made here) by the bearer token (RFC 6750), or by the unix
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
