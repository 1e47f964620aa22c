/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a mutation whose answer was lost: by a driver that died, or
 * by a cloud that did not answer it.  PROTOCOL.md, "Exactly once".
 */
#ifndef SKYCLUST_HOST_SETTLE_H
#define SKYCLUST_HOST_SETTLE_H

#include "registry_impl.h"

/* What is known of a mutation under way; all zero to begin with. */
struct lost {
	bool repeatable;       /* the same again does nothing more (SDP-092) */
	bool reconciles;       /* op.reconcile can tell what it did */
	struct buf checkpoint; /* the last one, raw JSON; n 0: none */
};

/* @g is going to be asked @method. */
void lost_learn(struct lost *lost, const struct generation *g,
		const char *method);
/* The driver told @data (raw JSON, copied). */
void lost_checkpoint(struct lost *lost, struct slice data);
void lost_done(struct lost *lost);

/*
 * Ask op.reconcile what became of @req, which ended with @err and an unknown
 * effect.  True: it was applied, or is still under way, and @reply says so as
 * the operation itself would have.  False: @err is as it was, but for its
 * effect, which is `none` when nothing was done.
 */
WAITS bool settle(struct provider *p, const struct driver_request *req,
		  const struct lost *lost, struct driver_reply *reply,
		  struct error *err);

#endif
