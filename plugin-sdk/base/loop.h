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
 * Run until loop_stop().  Each turn: due timers run; ready fibers run until
 * none is ready; deferred tasks run (they flush batched writes) until none is
 * left; then the kernel is asked.  Endless work of fibers and tasks is
 * interrupted after a bounded number of rounds, so that the kernel's events
 * never starve.
 */
void loop_run(void);
void loop_stop(void); /* at the end of this turn, or of the first one */

/*
 * Run turns until @done(arg) is true; for tests and tools without a main
 * fiber.  False when @deadline (clock_ms, 0: none) passed and nothing was left
 * to do.  While the clock is virtual, as many real milliseconds end it, too.
 * @done is asked first, and whenever something may have changed.
 */
bool loop_run_until(bool (*done)(void *arg), void *arg, int64_t deadline);

/* For fiber.c: @run_ready runs what is ready now, and says if there was any. */
void loop_on_ready(bool (*run_ready)(void));

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
