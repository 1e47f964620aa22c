/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: reading into frames, writing a queue once a turn.
 */
#include "rpc/link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"

#define QUEUE_FIRST 4096
#define QUEUE_KEPT (256 << 10) /* an empty queue above this is given back */

/* ---- the queue ----------------------------------------------------------- */

size_t link_backlog(const struct link *l)
{
	return l->queue_n - l->queue_sent;
}

static void queue_free(struct link *l)
{
	mem_wipe(l->queue, l->queue_n);
	mem_free(l->queue);
	l->queue = NULL;
	l->queue_n = l->queue_sent = l->queue_cap = 0;
}

/* Not by realloc: it would leave a copy of what is queued in free memory. */
static void queue_grow(struct link *l, size_t need)
{
	size_t cap = l->queue_cap ? l->queue_cap : QUEUE_FIRST;
	size_t n = link_backlog(l);
	char *queue;

	while (cap < need)
		cap *= 2;
	queue = mem_realloc(NULL, cap);
	if (n > 0)
		memcpy(queue, l->queue + l->queue_sent, n);
	queue_free(l);
	l->queue = queue;
	l->queue_n = n;
	l->queue_cap = cap;
}

static void queue_shift(struct link *l)
{
	size_t n = link_backlog(l);

	memmove(l->queue, l->queue + l->queue_sent, n);
	mem_wipe(l->queue + n, l->queue_n - n);
	l->queue_n = n;
	l->queue_sent = 0;
}

static void queue_reserve(struct link *l, size_t size)
{
	if (l->queue_n + size <= l->queue_cap)
		return;
	if (l->queue_sent > l->queue_n / 2 &&
	    link_backlog(l) + size <= l->queue_cap)
		queue_shift(l);
	else
		queue_grow(l, link_backlog(l) + size);
}

static void queue_add(struct link *l, const void *p, size_t n)
{
	memcpy(l->queue + l->queue_n, p, n);
	l->queue_n += n;
}

/* ---- writing ------------------------------------------------------------- */

static void close_out(struct link *l)
{
	if (l->out < 0)
		return;
	ev_io_stop(loop_ev(), &l->write_watch);
	close(l->out);
	l->out = -1;
	cond_broadcast(&l->room);
}

static void end(struct link *l, enum link_end why, int error)
{
	if (l->on_end)
		l->on_end(l, why, error);
}

static void written(struct link *l, size_t n)
{
	mem_wipe(l->queue + l->queue_sent, n);
	l->queue_sent += n;
	l->bytes_out += n;
	if (l->queue_sent == l->queue_n) {
		l->queue_sent = l->queue_n = 0;
		if (l->queue_cap > QUEUE_KEPT)
			queue_free(l);
	}
	cond_signal(&l->room);
}

/* Once a turn, and when the pipe has room again. */
static void flush(struct link *l)
{
	size_t n = link_backlog(l);
	ssize_t w = 0;

	if (n > 0)
		w = sys_write(l->out, l->queue + l->queue_sent, n);
	if (w < 0 && errno != EAGAIN) {
		int error = errno;

		queue_free(l);
		close_out(l);
		end(l, LINK_WRITE_FAILED, error);
		return;
	}
	if (w > 0)
		written(l, (size_t)w);
	if (link_backlog(l) > 0) {
		ev_io_start(loop_ev(), &l->write_watch);
		return;
	}
	ev_io_stop(loop_ev(), &l->write_watch);
	if (l->finishing)
		close_out(l);
}

static void flush_task(struct loop_task *task)
{
	struct link *l = container_of(task, struct link, flush);

	/* What is still to be handed out is answered in the same write. */
	if (l->more && link_backlog(l) < QUEUE_KEPT)
		loop_defer(&l->flush);
	/* While the pipe is full its watcher tells when to go on. */
	else if (l->out >= 0 && !ev_is_active(&l->write_watch))
		flush(l);
}

static void writable(struct ev_loop *ev UNUSED, ev_io *w, int events UNUSED)
{
	flush(container_of(w, struct link, write_watch));
}

static bool fits(const struct link *l, size_t size)
{
	return link_backlog(l) == 0 || link_backlog(l) + size <= l->queue_max;
}

bool link_send(struct link *l, const struct slice *parts, size_t n)
{
	size_t size = 1;

	for (size_t i = 0; i < n; i++)
		size += parts[i].n;
	if (l->closed || l->finishing || l->out < 0 || !fits(l, size))
		return false;
	queue_reserve(l, size);
	for (size_t i = 0; i < n; i++)
		queue_add(l, parts[i].p, parts[i].n);
	queue_add(l, "\n", 1);
	l->bytes_queued += size;
	loop_defer(&l->flush);
	return true;
}

/* Whoever gets room makes the next flush, which signals the next one. */
bool link_send_wait(struct link *l, const struct slice *parts, size_t n,
		    int64_t deadline)
{
	while (!link_send(l, parts, n)) {
		if (l->closed || l->finishing || l->out < 0 ||
		    cond_wait(&l->room, deadline) != WAIT_WOKEN)
			return false;
	}
	return true;
}

void link_finish(struct link *l)
{
	if (l->closed || l->finishing)
		return;
	l->finishing = true;
	cond_broadcast(&l->room);
	loop_defer(&l->flush);
}

/* ---- reading ------------------------------------------------------------- */

void link_yield(struct link *l)
{
	if (l->closed)
		return;
	l->more = true;
	loop_defer(&l->resume);
}

/* Hand out the lines that are there.  False: @l may be gone. */
static bool hand_out(struct link *l)
{
	uint64_t oversized = l->reader.oversized;
	struct slice line;
	bool gone = false;

	l->gone = &gone;
	while (!gone && !l->paused && !l->more && frame_next(&l->reader, &line))
		l->on_frame(l, line);
	if (!gone && l->on_oversized)
		for (; !gone && oversized < l->reader.oversized; oversized++)
			l->on_oversized(l);
	if (!gone)
		l->gone = NULL;
	return !gone;
}

static void read_end(struct link *l, enum link_end why, int error)
{
	ev_io_stop(loop_ev(), &l->read_watch);
	close(l->in);
	l->in = -1;
	end(l, why, error);
}

static void readable(struct ev_loop *ev UNUSED, ev_io *w, int events UNUSED)
{
	struct link *l = container_of(w, struct link, read_watch);
	size_t room;
	char *space;
	ssize_t n;

	if (l->more)
		return;
	space = frame_space(&l->reader, &room);
	n = sys_read(l->in, space, room);
	if (n > 0) {
		l->bytes_in += (uint64_t)n;
		frame_filled(&l->reader, (size_t)n);
		hand_out(l);
	} else if (n == 0) {
		read_end(l, LINK_EOF, 0);
	} else if (errno != EAGAIN) {
		read_end(l, LINK_READ_FAILED, errno);
	}
}

static void resume_task(struct loop_task *task)
{
	struct link *l = container_of(task, struct link, resume);

	l->more = false;
	if (!l->paused && hand_out(l) && !l->paused && l->in >= 0)
		ev_io_start(loop_ev(), &l->read_watch);
}

void link_pause_reading(struct link *l, bool paused)
{
	if (l->closed || l->paused == paused)
		return;
	l->paused = paused;
	if (paused)
		ev_io_stop(loop_ev(), &l->read_watch);
	else
		loop_defer(&l->resume);
}

/* ---- life ---------------------------------------------------------------- */

void link_open(struct link *l, int in, int out, size_t max_frame)
{
	l->in = in;
	l->out = out;
	l->queue_max = LINK_QUEUE_MAX;
	l->flush.run = flush_task;
	l->resume.run = resume_task;
	cond_init(&l->room);
	frame_init(&l->reader, max_frame);
	sys_set_nonblocking(in);
	sys_set_nonblocking(out);
	ev_io_init(&l->read_watch, readable, in, EV_READ);
	ev_io_init(&l->write_watch, writable, out, EV_WRITE);
	ev_io_start(loop_ev(), &l->read_watch);
}

void link_close(struct link *l)
{
	if (l->closed)
		return;
	l->closed = true;
	if (l->gone)
		*l->gone = true;
	ev_io_stop(loop_ev(), &l->read_watch);
	loop_undefer(&l->flush);
	loop_undefer(&l->resume);
	close_out(l);
	if (l->in >= 0)
		close(l->in);
	l->in = -1;
	queue_free(l);
	frame_done(&l->reader);
}
