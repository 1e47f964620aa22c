/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A link is one end of a driver's pipes: two non-blocking descriptors, a frame
 * reader and a bounded queue of output that leaves in one writev per turn of
 * the loop.  Host and SDK both stand on it.  It always reads, also while its
 * writes are stuck, so two links can never block each other.
 */
#ifndef SKYCLUST_RPC_LINK_H
#define SKYCLUST_RPC_LINK_H

#include <ev.h>

#include "base/fiber.h"
#include "base/loop.h"
#include "rpc/frame.h"

#define LINK_QUEUE_MAX (4 << 20)

enum link_end { LINK_EOF, LINK_READ_FAILED, LINK_WRITE_FAILED };

struct link {
	int in, out;            /* -1: closed */
	struct frame_reader reader;
	char *queue;            /* not yet written: queue_sent up to queue_n */
	size_t queue_n, queue_sent, queue_cap;
	size_t queue_max;       /* LINK_QUEUE_MAX unless the owner changes it */
	uint64_t bytes_in, bytes_out, bytes_queued; /* since link_open() */
	struct cond room;       /* signalled when the queue shrinks */
	ev_io read_watch, write_watch;
	struct loop_task flush, resume;
	bool paused;            /* reading, by link_pause_reading() */
	bool more;              /* frames wait for `resume`: link_yield() */
	bool finishing;         /* close `out` once all is written */
	bool closed;
	bool *gone;             /* set when closed inside of a callback */

	/* Set by the owner; called on the loop, never from inside a call of
	 * the owner's.  The frame is valid only during the call, unless it is
	 * taken by frame_steal().  Each may call link_close(). */
	void (*on_frame)(struct link *link, struct slice frame);
	/* A line over the limit was dropped; may be NULL. */
	void (*on_oversized)(struct link *link);
	/* Reading ended (once), or writing did (once): the other side may go
	 * on.  @error is an errno, 0 at the end of file. */
	void (*on_end)(struct link *link, enum link_end why, int error);
};

/* Takes both descriptors (steals; two, not one twice) and makes them non-blocking.  Zero @l and
 * set its callbacks first.  @max_frame: bytes of a line that is read. */
void link_open(struct link *l, int in, int out, size_t max_frame);
/* Closes both, drops what is queued, frees; no callbacks after.  @l itself
 * must outlive the fibers that are inside of link_send_wait(). */
void link_close(struct link *l);

/* Stop or continue reading (back-pressure on whoever writes).  Frames that
 * were read already are kept until then. */
void link_pause_reading(struct link *l, bool paused);

/* In on_frame(): the next frame comes once the fibers that this one started or
 * woke have run; what they send still leaves in one write.  So what one request
 * leaves in the caches and in the allocator serves the next. */
void link_yield(struct link *l);

/* Queue one frame made of @n parts (a newline is added).  All or nothing:
 * false when it does not fit the queue or the link is closed.  A frame that
 * is larger than the whole queue fits an empty one.  What was written is
 * wiped from the queue, because it may hold secrets. */
bool link_send(struct link *l, const struct slice *parts, size_t n);

/* As link_send(), but waits for room; false also when the fiber was cancelled
 * or @deadline (clock_ms, 0: none) passed. */
WAITS bool link_send_wait(struct link *l, const struct slice *parts, size_t n,
			  int64_t deadline);

/* Close `out` as soon as the queue is written; nothing more can be sent. */
void link_finish(struct link *l);

/* Bytes that wait to be written. */
size_t link_backlog(const struct link *l);

#endif
