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
	int in, out;
	struct frame_reader reader;
	struct buf queue;       /* not yet written */
	size_t queue_sent;
	size_t queue_max;
	struct cond room;       /* signalled when the queue shrinks */
	ev_io read_watch, write_watch;
	struct loop_task flush;
	bool closed;

	/* Set by the owner; called on the loop, never from inside a call of
	 * the owner's.  The frame is valid only during the call. */
	void (*on_frame)(struct link *link, struct slice frame);
	void (*on_end)(struct link *link, enum link_end why, int error);
};

/* Takes both descriptors (steals) and makes them non-blocking. */
void link_open(struct link *l, int in, int out, size_t max_frame);
void link_close(struct link *l); /* closes both, frees, no callbacks after */

/* Stop or continue reading (back-pressure on whoever writes). */
void link_pause_reading(struct link *l, bool paused);

/* Queue one frame made of @n parts (a newline is added).  All or nothing:
 * false when it does not fit the queue or the link is closed. */
bool link_send(struct link *l, const struct slice *parts, size_t n);

/* As link_send(), but waits for room. */
WAITS bool link_send_wait(struct link *l, const struct slice *parts, size_t n,
			  int64_t deadline);

/* Bytes that wait to be written. */
size_t link_backlog(const struct link *l);

#endif
