/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a login leaves: $XDG_CONFIG_HOME/skyclust/logins.json, mode 0600, by
 * server: the refresh token, and the access token until it ends.
 *
 * A refresh token is good once, and one that comes twice ends the session: so
 * whoever renews holds the file's lock from reading to writing.
 */
#ifndef SKYCLUST_CLI_LOGIN_STORE_H
#define SKYCLUST_CLI_LOGIN_STORE_H

#include "cli/client.h"

/* The name that logins at @server are kept under, new: a socket's with its
 * whole path. */
char *login_name(const char *server);

/*
 * A good access token of the login called @name, new, renewed through @client
 * when the one that is kept ends soon, or is the one that was @refused (or
 * NULL).  NULL: there is no login (ERR_NONE), it has ended (ERR_UNAUTHORIZED,
 * and it is forgotten), or @err.
 */
char *login_token(struct client *client, const char *name, const char *refused,
		  struct error *err);

/* Keep @answer of a login (access_token, refresh_token, expires_in), or forget
 * the login (NULL). */
bool login_keep(const char *name, const json_t *answer, struct error *err);

#endif
