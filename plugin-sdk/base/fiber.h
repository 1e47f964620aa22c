/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Fibers: asynchronous code that reads top to bottom.
 *
 * A fiber is a small stack (mmap'ed, with a guard page, pooled).  It runs
 * until it waits; waiting looks like a function call that returns later.  All
 * fibers share the main thread, so there are no locks and no data races, but
 * whatever was read before a WAITS call may have changed after it.
 *
 * Every wait ends for one of four reasons, and every function that waits
 * passes it on.
 */
#ifndef SKYCLUST_BASE_FIBER_H
#define SKYCLUST_BASE_FIBER_H

#include "base/base.h"

struct fiber;

enum fiber_wait {
	WAIT_WOKEN,     /* fiber_wake(), or the event has happened */
	WAIT_TIMEOUT,   /* the deadline passed */
	WAIT_CANCELLED, /* fiber_cancel(); every later wait says it at once */
};

/* Usable stack, bytes; must hold libcurl's and OpenSSL's deepest call. */
#define FIBER_STACK (256 * 1024)

/*
 * Start @fn(arg) as a fiber; it runs at the next turn of the loop.  @name is
 * borrowed for the fiber's life (a literal).  Returns NULL when @fn cannot
 * have a stack (too many fibers: FIBER_MAX).  The handle is valid until @fn
 * returns.
 */
#define FIBER_MAX 20000
struct fiber *fiber_spawn(const char *name, void (*fn)(void *arg), void *arg)
	MUST_CHECK;

struct fiber *fiber_self(void); /* NULL outside of any fiber */
const char *fiber_name(void);   /* of the current one, NULL outside */

/* Wait until fiber_wake(), or @deadline (clock_ms, 0: none).  A wake that
 * came since the last park is remembered: one, not a count. */
WAITS enum fiber_wait fiber_park(int64_t deadline);

/* Make @fiber ready.  Callable from anywhere on the main thread. */
void fiber_wake(struct fiber *fiber);

/* As fiber_wake(), and every wait of @fiber from now on is WAIT_CANCELLED
 * until it ends or clears it. */
void fiber_cancel(struct fiber *fiber);
bool fiber_cancelled(void);     /* of the current fiber */
void fiber_clear_cancel(void);  /* to finish cleanly after a cancel */

/* WAIT_TIMEOUT once @ms have passed, or WAIT_CANCELLED.  A wake does not end
 * it, but is remembered for the next park. */
WAITS enum fiber_wait fiber_sleep(int64_t ms);
WAITS void fiber_yield(void);   /* let other ready fibers run first */

/* Wait until @fd is readable (EV_READ) or writable (EV_WRITE).  As a wake
 * ends it too, try the call again and wait again while it says EAGAIN. */
WAITS enum fiber_wait fiber_wait_fd(int fd, int events, int64_t deadline);

size_t fiber_count(void);       /* alive */
void fiber_done(void);          /* free pooled stacks (at exit, for leak checks) */

/* What the log adds to each line of the current fiber (log_set_context());
 * outside of any fiber, of the current thread.  Empty when a fiber starts. */
struct fiber_local {
	const char *key, *value; /* borrowed */
};
struct fiber_local *fiber_local(void);

/* ---- conditions: many fibers waiting for one thing -------------------- */

#include "base/list.h"

struct cond {
	struct list waiters;
};

void cond_init(struct cond *c);
/* WAIT_WOKEN only by cond_signal() or cond_broadcast(), even if @deadline or a
 * cancel came at the same time; a plain wake is remembered for the next park. */
WAITS enum fiber_wait cond_wait(struct cond *c, int64_t deadline);
void cond_signal(struct cond *c);       /* wakes who has waited longest */
void cond_broadcast(struct cond *c);

#endif
