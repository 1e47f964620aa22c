/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/stderr.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sys.h"
#include "base/text.h"
#include "rpc/scan.h"

#define READ_MAX (64 * 1024) /* bytes a turn of the loop */
#define TAIL_LINE_MAX 200

/* A driver's own JSON line: {"level":…,"message":…}. */
static bool json_line(struct slice line, struct slice *message,
		      enum log_level *level)
{
	struct slice key, value;
	char name[16];
	struct scan s;

	*message = (struct slice){ 0 };
	scan_init(&s, line.p, line.n);
	scan_object(&s);
	while (scan_member(&s, &key)) {
		if (slice_eq(key, "level") && scan_peek(&s) == SCAN_STRING &&
		    scan_string(&s, &value) && value.n < sizeof(name)) {
			memcpy(name, value.p, value.n);
			name[value.n] = 0;
			log_level_from_name(name, level);
		} else if (slice_eq(key, "message") &&
			   scan_peek(&s) == SCAN_STRING) {
			scan_string(&s, message);
		} else {
			scan_skip(&s, NULL);
		}
	}
	return scan_end(&s, NULL) && message->p;
}

static void write_log(struct stderr_capture *c, struct slice line)
{
	enum log_level level = LOG_INFO;
	struct buf text = { 0 };
	struct slice message;

	if (line.n && line.p[0] == '{' && json_line(line, &message, &level) &&
	    scan_unescape(message, &text))
		line = buf_slice(&text);
	log_at(level, "driver says", LOG_STR("driver", c->driver),
	       LOG_INT("generation", (long long)c->generation),
	       LOG_SLICE("text", line));
	buf_done(&text);
}

static void keep_tail(struct stderr_capture *c, struct slice line)
{
	struct buf *slot = &c->tail[c->lines % STDERR_TAIL];

	buf_clear(slot);
	buf_add(slot, line.p, utf8_cut(line.p, line.n, TAIL_LINE_MAX));
}

static void tell_dropped(struct stderr_capture *c)
{
	if (c->dropped == c->dropped_before)
		return;
	log_warn("driver writes too much to stderr; lines were dropped",
		 LOG_STR("driver", c->driver),
		 LOG_INT("generation", (long long)c->generation),
		 LOG_INT("lines", (long long)(c->dropped - c->dropped_before)));
	c->dropped_before = c->dropped;
}

static void second_is_over(struct timer *timer)
{
	tell_dropped(container_of(timer, struct stderr_capture, tell));
}

/* True when this second has room for one more line. */
static bool within_rate(struct stderr_capture *c)
{
	int64_t second = clock_ms() / 1000;

	if (second != c->second)
		c->in_second = 0;
	c->second = second;
	return c->in_second++ < STDERR_LINES_PER_SECOND;
}

static void drop_line(struct stderr_capture *c)
{
	if (c->dropped++ == c->dropped_before)
		timer_arm(&c->tell, (c->second + 1) * 1000);
}

static void end_line(struct stderr_capture *c)
{
	if (c->line.n && c->line.p[c->line.n - 1] == '\r')
		buf_truncate(&c->line, c->line.n - 1);
	if (c->line.n && !within_rate(c)) {
		drop_line(c);
	} else if (c->line.n) {
		redact_text(c->redact, c->line.p, c->line.n);
		write_log(c, buf_slice(&c->line));
		keep_tail(c, buf_slice(&c->line));
		c->lines++;
	}
	c->cut += c->cutting;
	c->cutting = false;
	buf_clear(&c->line);
}

static void add_text(struct stderr_capture *c, const char *p, size_t n)
{
	size_t room = STDERR_LINE_MAX - c->line.n;

	if (n > room) {
		c->cutting = true;
		n = room;
	}
	buf_add(&c->line, p, n);
}

static void split_lines(struct stderr_capture *c, const char *p, size_t n)
{
	const char *end = p + n, *nl;

	while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
		add_text(c, p, (size_t)(nl - p));
		end_line(c);
		p = nl + 1;
	}
	add_text(c, p, (size_t)(end - p));
}

static bool would_block(void)
{
	return errno == EAGAIN; /* EWOULDBLOCK is the same here */
}

/* One piece; false when the pipe has ended. */
static bool read_piece(struct stderr_capture *c, bool *empty)
{
	static char piece[READ_MAX];
	ssize_t n = sys_read(c->fd, piece, sizeof(piece));

	*empty = n <= 0;
	if (n > 0)
		split_lines(c, piece, (size_t)n);
	return n > 0 || (n < 0 && would_block());
}

static void readable(struct ev_loop *ev UNUSED, ev_io *w, int events UNUSED)
{
	struct stderr_capture *c = w->data;
	bool empty;

	if (!read_piece(c, &empty))
		ev_io_stop(loop_ev(), &c->watch);
}

void stderr_open(struct stderr_capture *c, int fd, const char *driver,
		 uint64_t generation, const struct redact *redact)
{
	*c = (struct stderr_capture){ .fd = fd,
				      .driver = driver,
				      .generation = generation,
				      .redact = redact };
	c->tell.run = second_is_over;
	sys_set_nonblocking(fd);
	ev_io_init(&c->watch, readable, fd, EV_READ);
	c->watch.data = c;
	ev_io_start(loop_ev(), &c->watch);
}

void stderr_drain(struct stderr_capture *c)
{
	bool empty = false;

	/* What fits a pipe, not what a survivor may go on writing. */
	for (int i = 0; i < 16 && !empty; i++)
		read_piece(c, &empty);
	end_line(c);
}

void stderr_close(struct stderr_capture *c)
{
	if (c->fd < 0)
		return;
	stderr_drain(c);
	timer_stop(&c->tell);
	tell_dropped(c);
	ev_io_stop(loop_ev(), &c->watch);
	close(c->fd);
	c->fd = -1;
	buf_done(&c->line);
	for (size_t i = 0; i < STDERR_TAIL; i++)
		buf_done(&c->tail[i]);
}

void stderr_tail(const struct stderr_capture *c, struct buf *out)
{
	uint64_t n = c->lines < STDERR_TAIL ? c->lines : STDERR_TAIL;

	for (uint64_t i = c->lines - n; i < c->lines; i++) {
		if (out->n)
			buf_add_str(out, " | ");
		buf_add_slice(out, buf_slice(&c->tail[i % STDERR_TAIL]));
	}
}
