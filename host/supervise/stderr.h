/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a driver writes to its standard error goes into our log under its
 * name, within limits: lines are cut at 8 KiB, more than 1,000 in a second are
 * dropped and counted, and a driver that writes without end never keeps the
 * loop from its other work.
 */
#ifndef SKYCLUST_SUPERVISE_STDERR_H
#define SKYCLUST_SUPERVISE_STDERR_H

#include <ev.h>

#include "base/buf.h"
#include "base/loop.h"
#include "supervise/redact.h"

#define STDERR_LINE_MAX 8192
#define STDERR_LINES_PER_SECOND 1000
#define STDERR_TAIL 8 /* lines kept for error reports */

struct stderr_capture {
	int fd;
	ev_io watch;
	const char *driver;     /* borrowed */
	uint64_t generation;
	const struct redact *redact;    /* borrowed */
	struct buf line;                /* the one that is being read */
	bool cutting;                   /* past 8 KiB of it */
	int64_t second;                 /* clock_ms / 1000 of `in_second` */
	unsigned in_second;
	uint64_t dropped_before;        /* `dropped` when it was last told */
	struct timer tell;              /* once the second is over */
	uint64_t lines, dropped, cut;
	struct buf tail[STDERR_TAIL];   /* ring, newest at lines - 1 */
};

/* Read @fd (stolen) on the loop until it ends. */
void stderr_open(struct stderr_capture *c, int fd, const char *driver,
		 uint64_t generation, const struct redact *redact);
/* Read what is in the pipe now: the last words of a process that ended. */
void stderr_drain(struct stderr_capture *c);
/* Drain, stop, close, free.  Keeps the counters.  Nothing for fd -1. */
void stderr_close(struct stderr_capture *c);

/* Append the last lines, oldest first, separated by " | ". */
void stderr_tail(const struct stderr_capture *c, struct buf *out);

#endif
