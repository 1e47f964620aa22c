/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of a byte stream.  The buffer grows with the line it holds, up to
 * the limit, and shrinks again when it is empty.
 */
#include "rpc/frame.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define ROOM_LEAST 4096

void frame_init(struct frame_reader *r, size_t max)
{
	*r = (struct frame_reader){ .max = max };
}

void frame_done(struct frame_reader *r)
{
	if (!r)
		return;
	buf_done(&r->buf);
	r->pos = r->scanned = 0;
}

static void forget_all(struct frame_reader *r)
{
	r->pos = r->scanned = r->buf.n = 0;
}

/* Move what is left to the front; a long line has moved there already. */
static void compact(struct frame_reader *r)
{
	if (r->pos == 0)
		return;
	r->buf.n -= r->pos;
	r->scanned -= r->pos;
	memmove(r->buf.p, r->buf.p + r->pos, r->buf.n);
	r->pos = 0;
}

/* Not buf_reserve(): its doubling would go beyond what we promise. */
static void resize(struct frame_reader *r, size_t cap)
{
	r->buf.p = mem_realloc(r->buf.p, cap);
	r->buf.cap = cap;
}

char *frame_space(struct frame_reader *r, size_t *room)
{
	const size_t most = r->max + FRAME_READ;
	size_t cap;

	compact(r);
	if (r->buf.n == 0 && r->buf.cap > 2 * FRAME_READ)
		buf_done(&r->buf);
	cap = r->buf.cap ? r->buf.cap : FRAME_READ;
	while (cap - r->buf.n < ROOM_LEAST && cap < most)
		cap *= 2;
	if (cap > most)
		cap = most;
	if (cap != r->buf.cap)
		resize(r, cap);
	*room = cap - r->buf.n;
	if (*room > FRAME_READ)
		*room = FRAME_READ;
	return r->buf.p + r->buf.n;
}

void frame_filled(struct frame_reader *r, size_t n)
{
	r->buf.n += n;
}

/* The line began just now, unless it did before; 0 means that none did. */
static void note_partial(struct frame_reader *r)
{
	int64_t now;

	if (r->partial_since)
		return;
	now = clock_ms();
	r->partial_since = now ? now : 1;
}

/* No newline is left in the buffer. */
static void keep_partial(struct frame_reader *r)
{
	size_t n = r->buf.n - r->pos;

	r->scanned = r->buf.n;
	if (n > 0 || r->discarding)
		note_partial(r);
	if (n <= r->max && !r->discarding)
		return;
	if (!r->discarding)
		r->oversized++;
	r->discarding = true;
	forget_all(r);
}

/* The line before @newline; false when it is empty or too long. */
static bool take_line(struct frame_reader *r, const char *newline,
		      struct slice *line)
{
	const char *start = r->buf.p + r->pos;
	size_t n = (size_t)(newline - start);
	bool discarded = r->discarding;

	r->pos = r->scanned = (size_t)(newline + 1 - r->buf.p);
	r->partial_since = 0;
	r->discarding = false;
	if (discarded)
		return false;
	if (n > r->max) {
		r->oversized++;
		return false;
	}
	if (n > 0 && start[n - 1] == '\r')
		n--;
	*line = (struct slice){ start, n };
	return n > 0;
}

bool frame_next(struct frame_reader *r, struct slice *line)
{
	while (r->scanned < r->buf.n) {
		const char *newline = memchr(r->buf.p + r->scanned, '\n',
					     r->buf.n - r->scanned);

		if (!newline) {
			keep_partial(r);
			return false;
		}
		if (take_line(r, newline, line))
			return true;
	}
	return false;
}

void frame_steal(struct frame_reader *r, struct buf *out)
{
	size_t rest = r->buf.n - r->pos;
	struct buf whole = r->buf;

	r->buf = (struct buf){ 0 };
	if (rest > 0) {
		resize(r, rest > FRAME_READ ? rest : FRAME_READ);
		memcpy(r->buf.p, whole.p + r->pos, rest);
	}
	r->buf.n = rest;
	r->pos = r->scanned = 0;
	*out = whole;
}
