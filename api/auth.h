/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what.  Until users and roles exist there is one administrator,
 * whose bearer token (RFC 6750) is made at the first start and kept in a file
 * that only the owner of the process can read.  Nothing turns this off.
 */
#ifndef SKYCLUST_API_AUTH_H
#define SKYCLUST_API_AUTH_H

#include "base/secret.h"
#include "http.h"
#include "routes.h"

/* The token in @file, made there (0600) if the file does not exist.  New, or
 * NULL with @err: unreadable, readable by others, empty, or cannot be
 * written. */
struct secret *auth_load_token(const char *file, struct error *err);

/* The one place where access is decided: may the sender of @req use a route
 * that needs @permission?  ERR_UNAUTHORIZED otherwise. */
bool auth_allows(struct request *req, const struct secret *token,
		 enum permission permission, struct error *err);

#endif
