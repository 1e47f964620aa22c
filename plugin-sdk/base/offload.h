/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only threads of ours: a small pool for what really blocks (disk syncs,
 * name look-ups of vendor libraries, password hashing).  The host's SQLite has
 * two more (host/store/sqlite.c).
 */
#ifndef SKYCLUST_BASE_OFFLOAD_H
#define SKYCLUST_BASE_OFFLOAD_H

#include <pthread.h>

#include "base/base.h"

/*
 * Run @fn(arg) on a pool thread and wait for its end.  The wait is not ended
 * by cancel or deadline, because @arg stays in use.  @fn must touch no fiber,
 * no loop, no arena and no json_t of the main thread.  The pool starts at the
 * first call.  Outside of a fiber @fn is simply called.
 */
WAITS void offload(void (*fn)(void *arg), void *arg);

/* Join the threads, after the jobs that are queued; before loop_done(). */
void offload_done(void);

/* Start a thread that takes no signals: those are the loop's.  For the pool,
 * and for the store, whose threads keep their connections. */
bool offload_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg);

#endif
