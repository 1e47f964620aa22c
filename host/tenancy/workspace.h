/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Workspaces, the tenants: their members, settings and quotas.
 *
 * Names of workspaces are for people: they need to differ only from those that
 * the same user gave, so nobody can find out which names others use.  A
 * workspace that has an owner keeps one.
 */
#ifndef SKYCLUST_HOST_TENANCY_WORKSPACE_H
#define SKYCLUST_HOST_TENANCY_WORKSPACE_H

#include "store/store.h"
#include "trust.h"

trust_act workspace_list, workspace_get, workspace_create, workspace_update,
	workspace_delete;
trust_act member_list, member_get, member_create, member_update, member_delete,
	member_leave;
trust_act quota_list, quota_update;

/* Put into @tx: nobody else changes @workspace, its members or their roles until
 * the end of @tx.  It fails with ERR_NOT_FOUND when there is no such one. */
void workspace_lock(struct tx *tx, const char *workspace);

/* Put into @tx, which began with identity_touch(): it fails with ERR_CONFLICT
 * when some workspace has no owner but @user, who is about to go. */
void member_put_owners_left(struct tx *tx, const char *user);

/*
 * Put into @tx what lets it fail with ERR_QUOTA when @workspace has as many
 * operations under way, or as many resources of @kind (NULL: none is made), as
 * it may; so it goes before the operation's own row.  Counts inside the
 * transaction, so two at once cannot both be the last one.
 */
void quota_put(struct tx *tx, const char *workspace, const char *kind);

/*
 * May a request of @workspace have a body of @n bytes?  ERR_TOO_LARGE when its
 * quota "body" is less; QUOTA_BODY_FREE bytes always pass, without a look at the
 * store.
 */
#define QUOTA_BODY_FREE 4096
WAITS bool quota_allows_body(struct trust *t, const char *workspace, size_t n,
			     struct error *err);

#endif
