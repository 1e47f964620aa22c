/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: made by authentication (identity/), completed by authorization
 * (access/), read by everything behind it.  Lives as long as the request.
 */
#ifndef SKYCLUST_HOST_ACTOR_H
#define SKYCLUST_HOST_ACTOR_H

#include "base/arena.h"
#include "base/base.h"

enum actor_kind {
	ACTOR_NOBODY,  /* no token, or a wrong one */
	ACTOR_USER,    /* an access token of a session */
	ACTOR_TOKEN,   /* an API token of a user or a service account */
	ACTOR_LOCAL,   /* by the unix socket: the host's own user, or root */
	ACTOR_HOST,    /* the host itself: recovery, rotation, watches */
};

struct actor {
	enum actor_kind kind;
	const char *user_id;	/* "usr_…"; "local", "host"; NULL: nobody */
	const char *name;	/* what the user logs in with */
	const char *session_id; /* or NULL */
	const char *token_id;	/* of an API token, or NULL */
	const char *role;	/* the system role */

	/* After authorization. */
	const char *workspace;	/* the one that was asked for; NULL: none */

	/* Of the request. */
	const char *request_id, *trace, *source, *agent; /* may be NULL */
	const char *peer;	/* subject of the client's certificate, or NULL */
	int64_t if_match;	/* version of If-Match; -1: not given */
	struct arena *arena;	/* what an act returns may live here */

	/* Set by audit_put(): an act that changes something and does not tell
	 * the log is a fault. */
	bool *audited;
};

#endif
