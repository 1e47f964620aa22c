/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lock-out: after some wrong passwords for an account from one address, further
 * ones from there must wait; a second at first, twice as long each time.  Other
 * addresses are not kept out, so nobody can lock somebody else out of his
 * account.
 */
#ifndef SKYCLUST_HOST_IDENTITY_LOCKOUT_H
#define SKYCLUST_HOST_IDENTITY_LOCKOUT_H

#include "base/list.h"
#include "store/store.h"
#include "trust.h"

/* One attempt.  Those of one account and address go one after the other, or as
 * many could be made at once as one likes. */
struct lockout {
	struct list link;
	const char *account; /* borrowed */
	char source[64];     /* an address; of IPv6 the network, a /64 */
};

/* Begin an attempt of @who for @account.  ERR_LIMITED with retry_after_ms: it
 * is locked.  Every success is ended by lockout_leave(). */
WAITS bool lockout_enter(struct trust *t, struct lockout *l,
			 const char *account, const struct actor *who,
			 struct error *err);
void lockout_leave(struct trust *t, struct lockout *l);

/* It failed: count it in @tx. */
WAITS bool lockout_count(struct trust *t, struct tx *tx,
			 const struct lockout *l, struct error *err);
/* It was right: forget the failures. */
void lockout_clear(struct tx *tx, const struct lockout *l);

/* Remove what is too old to matter. */
void lockout_sweep(struct tx *tx, int64_t now);

#endif
