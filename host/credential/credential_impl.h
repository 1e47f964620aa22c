/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share.
 *
 *	credential.c	the acts of clients: list, get, create, update, delete
 *	row.c		rows as records, sealing and opening them
 *	fields.c	what a driver calls a credential (fields.h)
 *	endpoint.c	where it may lead to (endpoint.h)
 *	open.c		the secrets of one call
 *	verify.c	asking the cloud, and hearing it refuse
 *	rotate.c	wrap keys: all sealed columns get a new one, online
 *	rewrap.c	which columns those are
 *	watch.c		the fiber that rotates, and watches the expiry
 */
#ifndef SKYCLUST_HOST_CREDENTIAL_CREDENTIAL_IMPL_H
#define SKYCLUST_HOST_CREDENTIAL_CREDENTIAL_IMPL_H

#include "audit/audit.h"
#include "base/fiber.h"
#include "base/list.h"
#include "credential/credential.h"
#include "registry.h"
#include "store/store.h"

struct credentials {
	struct trust *trust;
	struct list refusals;  /* of late, in verify.c */
	size_t recorders;      /* fibers that write one down */
	struct fiber *watcher; /* NULL: not running */
	struct cond wake;      /* of the watcher */
	struct cond quiet;     /* the watcher has gone, or a recorder */
	bool stopping;
	bool rotates;	  /* a wrap key is new */
	int64_t sweep_at; /* clock_ms: look for old ones again */
};

/* ---- row.c ---------------------------------------------------------------- */

#define CREDENTIAL_ROW \
	"id, workspace_id, provider, name, sealed, key_version, public," \
	" is_default, state, last_error, expires_at, verified_at," \
	" created_by, version, created_at, updated_at"

/* The record that clients see; new. */
json_t *credential_record(const struct trust *t, const struct rows *rows,
			  size_t i);

/* What a row is bound to: moved elsewhere, or beside an older version of
 * itself, its secrets cannot be opened. */
struct credential_place {
	const char *id, *workspace, *provider;
	int64_t version;
};

/* @fields sealed for @place; appends to @sealed. */
void credential_seal(const struct trust *t,
		     const struct credential_place *place, const json_t *fields,
		     struct buf *sealed);
/* The fields in row @i (columns CREDENTIAL_ROW), checked against what the row
 * says in plain text; new, to be wiped.  NULL: ERR_INTERNAL, it was altered. */
json_t *credential_unseal(const struct trust *t, const struct rows *rows,
			  size_t i, struct error *err);

/* Read credential @id of the actor's workspace: one row.  ERR_NOT_FOUND. */
WAITS bool credential_read(struct trust *t, const struct actor *who,
			   const char *id, struct rows *rows,
			   struct error *err);

/* Where calls with credentials for @provider may connect to. */
enum egress credential_egress(const struct trust *t, const char *provider);

/* ---- open.c ----------------------------------------------------------------- */

/* The secrets in row @i as a driver gets them; new, NULL with @err. */
struct secret *credential_secrets(struct trust *t, const struct actor *who,
				  const struct rows *rows, size_t i,
				  struct error *err);

/* ---- verify.c --------------------------------------------------------------- */

/* The call @req with a tenant's credential ended with @err: when that says
 * something of the credential, it is written down soon. */
void credential_refused(void *credentials, const struct driver_request *req,
			const struct error *err);
void credential_forget_refusals(struct credentials *c);

/* ---- rotate.c --------------------------------------------------------------- */

/* Wrap everything anew that an old key wraps, until nothing is left or the
 * host stops.  False with @err: to be tried again later. */
WAITS bool rotate_pass(struct credentials *c, struct error *err);

/* ---- watch.c ---------------------------------------------------------------- */

/* Tell of credentials that end soon (once each) or have ended.  False with
 * @err: to be tried again later. */
WAITS bool expiry_pass(struct credentials *c, struct error *err);

#endif
