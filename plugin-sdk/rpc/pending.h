/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of one peer by sequence number: a table of a power of two slots,
 * indexed by the number's low bits.  A number whose slot is taken is not used,
 * so a call of hours costs the others nothing.  Private to the peer.
 */
#ifndef SKYCLUST_RPC_PENDING_H
#define SKYCLUST_RPC_PENDING_H

#include "base/base.h"

struct rpc_call;

struct pending_slot {
	uint64_t sequence;     /* 0: free */
	struct rpc_call *call; /* NULL: abandoned, its answer is still due */
};

struct pending {
	struct pending_slot *slot;
	size_t size;
	size_t open, abandoned;
	uint64_t next;
};

/* A driver that never answers what was cancelled must not grow the table for
 * ever: beyond this many, new calls may take the slots of abandoned ones. */
#define PENDING_ABANDONED_MAX 4096

void pending_init(struct pending *t);
void pending_done(struct pending *t);

/* A number for @call, never given before. */
uint64_t pending_add(struct pending *t, struct rpc_call *call);

/* The slot of @sequence; NULL when it is not expected. */
struct pending_slot *pending_find(const struct pending *t, uint64_t sequence);

/* The answer is no longer waited for, but will come. */
void pending_abandon(struct pending *t, struct pending_slot *slot);
/* The answer has come. */
void pending_remove(struct pending *t, struct pending_slot *slot);

#endif
