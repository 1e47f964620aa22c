/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: one JSON object per line.  A reader cuts a byte stream into lines
 * with a limit; a longer line is discarded up to its newline, counted, and
 * costs no memory.  After any fault the stream is in step again at the next
 * newline.
 */
#ifndef SKYCLUST_RPC_FRAME_H
#define SKYCLUST_RPC_FRAME_H

#include "base/buf.h"

#define FRAME_MAX_DEFAULT (1 << 20)
#define FRAME_MAX_LIMIT (16 << 20)
#define FRAME_READ (64 << 10)   /* bytes read at once, at most */

struct frame_reader {
	struct buf buf;         /* what was read and not yet handed out */
	size_t pos;             /* start of the first line not handed out */
	size_t scanned;         /* no newline before this */
	size_t max;             /* bytes in a line, without the newline */
	bool discarding;        /* inside a line that is too long */
	uint64_t oversized;     /* lines discarded so far */
	int64_t partial_since;  /* clock_ms when the partial line began, or 0 */
};

/* @max: bytes in a line, without the newline. */
void frame_init(struct frame_reader *r, size_t max);
void frame_done(struct frame_reader *r);

/* Room to read into: at least 4 KiB, at most FRAME_READ; max + FRAME_READ is
 * all that is ever kept.  Take the lines out before asking for more room. */
char *frame_space(struct frame_reader *r, size_t *room);
void frame_filled(struct frame_reader *r, size_t n);

/* The next whole line (without newline or CR), valid until the next call of
 * frame_space(); false when there is none yet.  Empty lines are skipped. */
bool frame_next(struct frame_reader *r, struct slice *line);

/* Make the line that frame_next() gave last outlive the reader's buffer: its
 * bytes move to @out (new), slices into it stay as they are.  Cheap only for
 * long lines, because what follows the line is copied to a new buffer. */
void frame_steal(struct frame_reader *r, struct buf *out);

#endif
