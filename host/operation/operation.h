/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Operations: every mutation of a cloud, exactly once.
 *
 * One transaction commits the operation, its idempotency key and the audit
 * record of the intent; that commit is the acknowledgement.  Then a fiber of
 * its own calls the driver, whether or not the client is still there.  What
 * the driver learns (a checkpoint) is on the disk before anything else happens.
 * A host that dies leaves rows whose lease runs out; the next one asks the
 * driver what became of them (op.reconcile) and goes on from there.
 *
 *	running ──► succeeded | failed | cancelled
 *	   └──────► needs_attention	nobody can tell what became of it
 */
#ifndef SKYCLUST_HOST_OPERATION_OPERATION_H
#define SKYCLUST_HOST_OPERATION_OPERATION_H

#include "registry.h"
#include "trust.h"

/* A mutation that a client asks for. */
struct operation_request {
	const char *provider, *method;		   /* "instance.create" */
	const char *region, *zone, *credential_id; /* may be NULL */
	const char *kind; /* of the resource, for quotas; or NULL */
	bool creates;
	const json_t *args;	     /* copied */
	const char *idempotency_key; /* or NULL */
	const char *route;	     /* what the key belongs to */
	int64_t wait_ms;	     /* how long the client waits */
};

struct operation_outcome {
	char id[TRUST_ID_SIZE];
	bool finished; /* else it is still under way */
	bool replayed; /* the idempotency key was known: nothing was done */
	int64_t poll_after_ms; /* of one under way: when to look again */
	struct buf value;      /* JSON, of a finished one; wiped by its owner */
	bool failed;
	struct error error; /* of a failed one */
};

/*
 * Commit @req as an operation, run it, wait for its end for at most wait_ms.
 * False: nothing was begun (ERR_STORE_UNAVAILABLE; ERR_QUOTA; ERR_CONFLICT: the
 * same key is being committed just now; ERR_INVALID: the key was used for
 * something else).
 */
WAITS bool operation_begin(struct trust *t, const struct actor *who,
			   const struct operation_request *req,
			   struct operation_outcome *outcome,
			   struct error *err);
void operation_outcome_done(struct operation_outcome *outcome);

/* The record of @id as it is now, for whoever began it: access is not asked
 * for.  New. */
WAITS json_t *operation_record(struct trust *t, const char *id,
			       struct error *err);

/* The `id` of a resource, @value (JSON), in @arena, or NULL. */
const char *operation_value_id(struct arena *arena, struct slice value);

bool operation_start(struct trust *t, struct error *err); /* and recover */
WAITS void operation_stop(struct trust *t, int64_t deadline);

trust_act operation_list, operation_get, operation_cancel;

#endif
