/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: the tenants' cloud accounts.  The fields are those of the
 * driver's own credential_schema; all of them are sealed (keys/seal.h), those
 * that are no secret are also kept readable.
 */
#ifndef SKYCLUST_HOST_CREDENTIAL_CREDENTIAL_H
#define SKYCLUST_HOST_CREDENTIAL_CREDENTIAL_H

#include "base/secret.h"
#include "trust.h"

trust_act credential_list, credential_get, credential_create, credential_update,
	credential_delete, credential_verify;
trust_act wrap_key_list, wrap_key_rotate, wrap_key_delete;

/* Whose credential is it?  The workspace's id in @arena, NULL: no such one. */
WAITS const char *credential_workspace(struct trust *t, const char *id,
				       struct arena *arena, struct error *err);

/*
 * The secrets to use for @provider: credential @id of @workspace, or (NULL) its
 * default one, or else NULL with ERR_NONE: the provider's own `config:` block.
 * That is for the system's own requests (workspace NULL), and for workspaces
 * when the operator marked the block `shared: true`; else ERR_NOT_FOUND says
 * to make a credential.  New; the JSON object that a driver gets as `secrets`.
 * @used (may be NULL) gets the id, in @arena.  The use is noted in the audit
 * log as that of @who (NULL: the host).  ERR_CREDENTIAL_EXPIRED: its time is
 * over.  ERR_INTERNAL: its row was altered.
 */
WAITS struct secret *credential_open(struct trust *t, const struct actor *who,
				     const char *workspace,
				     const char *provider, const char *id,
				     const char **used, struct arena *arena,
				     struct error *err);

bool credential_start(struct trust *t, struct error *err);
/* Ends when nothing of it is under way. */
WAITS void credential_stop(struct trust *t);

#endif
