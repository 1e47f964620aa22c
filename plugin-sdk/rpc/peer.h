/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A peer is the host's end of one driver process: calls go out, answers find
 * their caller by id.  A call is begun, its events are pulled in the caller's
 * own fiber, and it is ended; so a list streams through without a callback:
 *
 *	call = rpc_begin(peer, &request, &err);
 *	while (rpc_next(call, &event))
 *		if (event.type == RPC_CHUNK)
 *			reply_write(out, event.data);
 *	ok = rpc_end(call, &reply, &err);
 *
 * When the process dies, every pending call ends with ERR_DRIVER_UNAVAILABLE;
 * that is the one place where death becomes an error.
 */
#ifndef SKYCLUST_RPC_PEER_H
#define SKYCLUST_RPC_PEER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/fiber.h"
#include "rpc/link.h"
#include "rpc/message.h"

struct peer;
struct rpc_call;

/* What a driver did wrong, counted per process. */
struct peer_stats {
	uint64_t calls, answers, errors;
	uint64_t not_json;      /* lines that are no JSON-RPC object */
	uint64_t oversized;     /* lines over the limit */
	uint64_t unknown_id;    /* answers to nobody: late, twice, invented */
	uint64_t bad_stream;    /* totals wrong, credit overrun, bad sequence */
	uint64_t bytes_in, bytes_out;
	unsigned inflight;      /* calls that wait for an answer */
	unsigned abandoned;     /* cancelled or late; the driver still owes
				 * their answers */
	unsigned queued_bytes;
	int64_t partial_since;  /* clock_ms when the line that is being read
				 * began, 0: between lines */
};

/* Called on the loop; each may be NULL, and each may call peer_free(). */
struct peer_events {
	/* The driver broke the protocol, for log and limits; @line is what it
	 * sent, empty when that was too long to keep. */
	void (*on_violation)(struct peer *p, const char *what, struct slice line);
	/* `$/log`, `$/starting`, `$/pong` and unknown notifications. */
	void (*on_notification)(struct peer *p, const struct message *m);
	/* The link ended (EOF, read or write error); called once, for what
	 * comes first.  After LINK_WRITE_FAILED answers may still come. */
	void (*on_end)(struct peer *p, enum link_end why);
};

/* Takes the descriptors (steals): @in is the driver's stdout, @out its stdin.
 * @max_frame: bytes of a line, both ways.  @events is borrowed. */
struct peer *peer_new(int in, int out, uint64_t generation, size_t max_frame,
		      const struct peer_events *events, void *owner);
void *peer_owner(const struct peer *p);
/* Ends every pending call with @why (NULL: "it was stopped"), closes the pipes,
 * then frees once no caller is inside.  No callback comes after this. */
void peer_free(struct peer *p, const struct error *why);
/* The same without freeing: no more calls can begin. */
void peer_fail_all(struct peer *p, const struct error *why);
/* Close the pipe to the driver (its EOF) when what is queued is written; keep
 * reading.  No call can begin after this. */
void peer_close_input(struct peer *p);
void peer_stats(const struct peer *p, struct peer_stats *stats);
bool peer_ping(struct peer *p, uint64_t n);     /* `$/ping`; false: queue full */
bool peer_notify(struct peer *p, const char *method, struct slice params);

struct rpc_request {
	const char *method;
	struct slice params;    /* raw JSON object; copied to the queue; empty
				 * is {} */
	int64_t deadline;       /* clock_ms; 0: none (start-up only) */
	unsigned credit;        /* chunks accepted at once; 0: no stream */
	bool wipe;              /* params hold secrets: wipe our copies (the
				 * queue's is wiped in any case) */
};

struct rpc_event {
	enum { RPC_CHUNK, RPC_PROGRESS, RPC_CHECKPOINT } type;
	struct slice data;      /* chunk: the raw array; progress: the raw
				 * params; checkpoint: the raw `data`; valid
				 * until the next rpc_next() or rpc_end() */
	size_t items;           /* of a chunk */
};

struct rpc_reply {
	enum { RPC_DONE, RPC_STREAM_END, RPC_PENDING, RPC_OTHER } type;
	struct buf frame;       /* owns the bytes; rpc_reply_done() */
	struct slice value;     /* RPC_DONE: `value`, null if it has none;
				 * RPC_OTHER: the whole result, which has no
				 * `type`; RPC_STREAM_END, RPC_PENDING: the
				 * result object */
	struct slice next_page_token; /* RPC_STREAM_END: raw JSON, or empty */
	uint64_t chunks, items; /* RPC_STREAM_END */
};

/* Queue a request; it leaves at the end of this turn.  NULL with ERR_BUSY when
 * the queue is full, ERR_TOO_LARGE when it is over max_frame,
 * ERR_DRIVER_UNAVAILABLE when the driver ended.  Every call that began must be
 * ended by rpc_end(), in the fiber that uses it. */
struct rpc_call *rpc_begin(struct peer *p, const struct rpc_request *req,
			   struct error *err);

/* The next event; false when the answer (or a fault, a cancel, the deadline)
 * has come.  Credit for a chunk is given back when the next event is asked
 * for.  Of progress only the newest is kept. */
WAITS bool rpc_next(struct rpc_call *call, struct rpc_event *event);

/* Ask the driver to stop (`$/cancel`), but go on waiting for its answer, which
 * tells what it did.  May be called by another fiber than the one that waits. */
void rpc_cancel(struct rpc_call *call);

/* Wait for the answer, passing over events, and free @call.  On cancel or
 * deadline `$/cancel` is sent and the late answer is swallowed.  False with
 * @err: the driver's error or ERR_CANCELLED, ERR_DEADLINE,
 * ERR_DRIVER_UNAVAILABLE (effect none when nothing of the request had left),
 * ERR_DRIVER_BAD_ANSWER.  @reply is filled in only when true. */
WAITS bool rpc_end(struct rpc_call *call, struct rpc_reply *reply,
		   struct error *err);

/* begin + end, passing over events. */
WAITS bool rpc_call(struct peer *p, const struct rpc_request *req,
		    struct rpc_reply *reply, struct error *err);
void rpc_reply_done(struct rpc_reply *reply);

#endif
