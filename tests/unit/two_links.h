/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two links joined by pipes, or one and the bare other ends.  For test_link.c.
 */
#ifndef SKYCLUST_TESTS_UNIT_TWO_LINKS_H
#define SKYCLUST_TESTS_UNIT_TWO_LINKS_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "rpc/link.h"

struct end {
	struct link link;
	struct buf got; /* frames as "a|b|" */
	size_t frames, bytes, oversized;
	int ends;
	enum link_end why;
	int error;
	bool close_at_frame, close_at_end;
};

static void on_frame(struct link *l, struct slice frame)
{
	struct end *e = container_of(l, struct end, link);

	e->frames++;
	e->bytes += frame.n;
	if (frame.n < 100) {
		buf_add_slice(&e->got, frame);
		buf_add_char(&e->got, '|');
	}
	if (e->close_at_frame)
		link_close(l);
}

static void on_oversized(struct link *l)
{
	container_of(l, struct end, link)->oversized++;
}

static void on_end(struct link *l, enum link_end why, int error)
{
	struct end *e = container_of(l, struct end, link);

	e->ends++;
	e->why = why;
	e->error = error;
	if (e->close_at_end)
		link_close(l);
}

static void open_end(struct end *e, int in, int out)
{
	*e = (struct end){ 0 };
	e->link.on_frame = on_frame;
	e->link.on_oversized = on_oversized;
	e->link.on_end = on_end;
	link_open(&e->link, in, out, 1 << 20);
}

static void close_end(struct end *e)
{
	link_close(&e->link);
	buf_done(&e->got);
}

/* A link, and the bare other ends of its pipes. */
static int open_one(struct end *e, int *from)
{
	int in[2], out[2];

	assert_int_equal(sys_pipe(in, 0), 0);
	assert_int_equal(sys_pipe(out, O_NONBLOCK), 0);
	open_end(e, in[0], out[1]);
	*from = out[0];
	return in[1];
}

static void open_two(struct end *a, struct end *b)
{
	int ab[2], ba[2];

	assert_int_equal(sys_pipe(ab, 0), 0);
	assert_int_equal(sys_pipe(ba, 0), 0);
	open_end(a, ba[0], ab[1]);
	open_end(b, ab[0], ba[1]);
}

static void put(int fd, const char *text)
{
	assert_true(sys_write_all(fd, text, strlen(text)));
}

static bool send_text(struct end *e, const char *text)
{
	struct slice part = slice_of(text);

	return link_send(&e->link, &part, 1);
}

/* Run the loop until @n frames have come to @e, or @e has ended. */
struct want {
	struct end *end;
	size_t frames;
	int ends;
};

static bool have(void *arg)
{
	struct want *w = arg;

	return w->end->frames >= w->frames && w->end->ends >= w->ends;
}

static void wait_for(struct end *e, size_t frames, int ends)
{
	struct want w = { e, frames, ends };

	assert_true(loop_run_until(have, &w, clock_ms() + 60000));
}

static bool turned(void *turns)
{
	return --*(int *)turns < 0;
}

static void run_turns(int turns)
{
	loop_run_until(turned, &turns, clock_ms() + 5);
}

#endif
