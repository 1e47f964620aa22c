/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: libev's default loop, timers on our clock, signals and
 * children.  One per process, on the main thread.
 */
#ifndef SKYCLUST_BASE_LOOP_H
#define SKYCLUST_BASE_LOOP_H

#include <ev.h>

#include "base/base.h"

/* Make the loop; call once at start, before any fiber.  Ignores SIGPIPE. */
void loop_init(void);
void loop_done(void);

struct ev_loop *loop_ev(void);

/*
 * Run until loop_stop().  Each turn: ready fibers run until none is ready,
 * then `loop_before_wait` hooks run once (they flush batched writes), then
 * the kernel is asked.
 */
void loop_run(void);
void loop_stop(void);

/* Run turns until @done(arg) is true or the deadline passes; for tests and
 * tools without a main fiber.  False when the deadline passed. */
bool loop_run_until(bool (*done)(void *arg), void *arg, int64_t deadline);

/*~
 * Work that is gathered during a turn and done once at its end.  Queue it by
 * loop_defer(); it runs before the loop waits.  Queued twice, it runs once.
 * This is how all frames written to a driver in one turn leave in one writev.
 */
struct loop_task {
	void (*run)(struct loop_task *task);
	struct loop_task *next;
	bool queued;
};

void loop_defer(struct loop_task *task);
void loop_undefer(struct loop_task *task);

/* A timer on clock_ms().  Zero it, set `run`, then arm it. */
struct timer {
	void (*run)(struct timer *timer);
	int64_t due;
	size_t slot;    /* place in the heap, 0: not armed */
};

void timer_arm(struct timer *timer, int64_t due_ms); /* re-arms if armed */
void timer_stop(struct timer *timer);   /* does nothing when not armed */

#endif
