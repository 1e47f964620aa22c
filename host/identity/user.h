/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and service accounts, as rows.
 */
#ifndef SKYCLUST_HOST_IDENTITY_USER_H
#define SKYCLUST_HOST_IDENTITY_USER_H

#include "store/store.h"
#include "trust.h"

#define USER_NAME_MAX 254 /* bytes: as long as an address of mail */

/* The record (kind skyclust_user) of user @id, new, or NULL: ERR_NOT_FOUND. */
WAITS json_t *user_find(struct trust *t, const char *id, struct error *err);

/* Is @name one to log in with: a lower-case letter or digit, then those and
 * . _ - + @?  ERR_INVALID at /name. */
bool user_check_name(const char *name, struct error *err);

/* A row that is to be; text is borrowed, NULL where there is none. */
struct user_row {
	const char *id, *name, *display_name, *email;
	const char *kind; /* "person", "service" */
	const char *role;
	struct slice password;	      /* sealed (password.h), or NULL bytes */
	const char *issuer, *subject; /* of an OpenID provider */
	int64_t now;		      /* wall clock */
};

/* Add it, active; the commit fails with ERR_CONFLICT when the name is taken. */
void user_put(struct tx *tx, const struct user_row *user);

#endif
