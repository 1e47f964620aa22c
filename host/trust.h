/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Trust: everything that decides who may do what, and keeps the proof of it.
 * The parts know each other through this one object:
 *
 *	store	    the database			store/store.h
 *	keyring	    all keys, of this database		keys/keyring.h
 *	audit	    what happened			audit/audit.h
 *	identity    users, sessions, tokens		identity/identity.h
 *	access	    roles and the one decision		access/access.h
 *	tenancy	    workspaces, members, quotas		tenancy/workspace.h
 *	credentials the tenants' cloud accounts		credential/credential.h
 *	operations  mutations, exactly once		operation/operation.h
 *	limits	    rates and fair turns		limit/limit.h
 *
 * What a client can ask of SkyClust itself (not of a cloud) is an act: a
 * function that gets its checked arguments (api/nouns) and gives a record.
 * api/acts.c joins names to acts; the API around them is generic.
 */
#ifndef SKYCLUST_HOST_TRUST_H
#define SKYCLUST_HOST_TRUST_H

#include <jansson.h>

#include "actor.h"
#include "base/error.h"
#include "config.h"

struct registry;

struct trust {
	const struct config *config;
	struct registry *registry;
	struct store *store;
	struct keyring *keyring;
	struct audit *audit;
	struct identity *identity;
	struct access *access;
	struct credentials *credentials;
	struct operations *operations;
	struct limits *limits;
	char host_id[40]; /* of this process, for leases */
};

/*
 * An act.  @args are checked by the catalogue's rules and may be changed; the
 * path's parameters ({workspace_id}, id) are among them.  Gives what the noun's
 * table says as `result`, new: a record, {"items":…, "next_page_token":…} of a
 * list, json_null() of nothing; or NULL with @err.  Whatever it changes is
 * committed, with its audit record, before it returns.  Access was decided
 * before: who->workspace is set when the noun belongs to one.
 */
typedef WAITS json_t *trust_act(struct trust *t, const struct actor *who,
				json_t *args, struct error *err);

/* Open the store and start all parts.  Borrows both.  New, or NULL. */
WAITS struct trust *trust_new(const struct config *config,
			      struct registry *registry, struct error *err);
void trust_reload(struct trust *t, const struct config *config);
/* Stop taking work, let what is under way come to a point from which it can go
 * on, write the last records.  NULL does nothing. */
WAITS void trust_stop(struct trust *t, int64_t deadline);
void trust_free(struct trust *t);

/* "usr_" and 26 random characters of [a-z2-7]: 130 bits. */
#define TRUST_ID_SIZE 40
void trust_new_id(const char *prefix, char id[TRUST_ID_SIZE]);

/* RFC 3339 of a column of milliseconds, or null. */
json_t *trust_time(int64_t wall_ms);

#endif
