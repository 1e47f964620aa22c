/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two halves of a peer share: peer.c, which serves the link, and
 * call.c, which serves the callers.
 */
#ifndef SKYCLUST_RPC_PEER_IMPL_H
#define SKYCLUST_RPC_PEER_IMPL_H

#include "base/list.h"
#include "rpc/peer.h"
#include "rpc/pending.h"

struct peer {
	struct link link;
	uint64_t generation;
	size_t max_frame;
	const struct peer_events *events;
	void *owner;
	struct pending pending;
	unsigned callers;       /* struct rpc_call alive */
	struct peer_stats stats;
	bool ended;             /* no call can begin, none is open */
	bool told_end;
	bool freeing;
	struct error why;       /* once ended */
};

/* One state, changed by call_close() only: every call has one outcome. */
enum call_state {
	CALL_OPEN,
	CALL_RESULT,            /* `reply` is filled in */
	CALL_ERROR,             /* `error` is the driver's */
	CALL_CANCELLED,
	CALL_DEADLINE,
	CALL_BROKEN,            /* the driver broke the protocol: `fault` */
	CALL_LOST,              /* the driver ended */
};

/* What came for a call and was not asked for yet. */
struct call_event {
	struct list node;
	struct buf frame;
	struct rpc_event event;
};

struct rpc_call {
	struct peer *peer;
	uint64_t sequence;
	enum call_state state;
	struct fiber *waiter;   /* parked in rpc_next() */
	int64_t deadline;
	uint64_t queued_at;     /* of the link's bytes, our request's first */
	bool was_sent;          /* once CALL_LOST: some of it had left */
	bool asked_to_stop;     /* by rpc_cancel() */
	/* Stream. */
	unsigned credit;        /* chunks that the driver may still send */
	unsigned owed;          /* credit to give back at the next turn */
	uint64_t chunks, items; /* came so far */
	unsigned checkpoints;   /* in `events` */
	struct call_event *progress; /* in `events`, or NULL */
	struct list events;
	struct call_event *current; /* the one that the caller looks at */
	/* Outcome. */
	struct rpc_reply reply; /* also owns the frame of `error` */
	struct slice error;
	const char *fault;      /* a literal */
};

/* The text "generation.sequence". */
#define ID_TEXT 48
struct slice peer_id(const struct peer *p, uint64_t sequence,
		     char text[ID_TEXT]);

/* A frame to the driver that is no call; it may use room in the queue that
 * calls may not.  @params: raw JSON object.  False: no room even so. */
bool peer_send_control(struct peer *p, const char *method, struct slice params);

/* The outcome of @call, which is open and has left the table of pending calls
 * just now: so there is no second one.  Wakes its caller. */
void call_close(struct rpc_call *call, enum call_state state);

/* The same, if it is open, when the driver does not know yet: its answer is
 * still to come, and `$/cancel` with @reason asks it to stop. */
void call_abandon(struct rpc_call *call, enum call_state state,
		  const char *reason);

/* What came for @call.  NULL, or what the driver did wrong (a literal). */
const char *call_take_answer(struct rpc_call *call, const struct message *m,
			     struct slice frame);
const char *call_take_event(struct rpc_call *call, const struct message *m,
			    struct slice frame);

/* Is @method one of those that call_take_event() takes? */
bool call_wants(struct slice method);

/* Free the peer if peer_free() waits for just that. */
void peer_release(struct peer *p);

#endif
