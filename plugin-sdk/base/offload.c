/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of threads that take jobs from one list; a finished job goes onto a
 * second list, and an ev_async wakes the loop, which wakes the fibers.
 */
#include "base/offload.h"

#include <ev.h>
#include <pthread.h>
#include <signal.h>

#include "base/fiber.h"
#include "base/list.h"
#include "base/loop.h"

#define THREADS 4

struct job {
	struct list link;
	void (*fn)(void *arg);
	void *arg;
	struct fiber *fiber;
	bool finished;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list waiting, finished;
	pthread_t threads[THREADS];
	size_t running;         /* threads that were started */
	bool stop;
	ev_async wake;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.more = PTHREAD_COND_INITIALIZER,
	.waiting = LIST_INIT(pool.waiting),
	.finished = LIST_INIT(pool.finished),
};

/* Under the lock: the next job, or NULL when the pool ends. */
static struct job *next_job(void)
{
	struct job *job;

	while (list_empty(&pool.waiting) && !pool.stop)
		pthread_cond_wait(&pool.more, &pool.lock);
	job = list_first(&pool.waiting, struct job, link);
	if (job)
		list_del(&job->link);
	return job;
}

static void *work(void *unused)
{
	struct job *job;

	(void)unused;
	pthread_mutex_lock(&pool.lock);
	while ((job = next_job())) {
		pthread_mutex_unlock(&pool.lock);
		job->fn(job->arg);
		pthread_mutex_lock(&pool.lock);
		list_add_tail(&pool.finished, &job->link);
		ev_async_send(loop_ev(), &pool.wake);
	}
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

static void on_finished(struct ev_loop *loop, ev_async *watcher, int events)
{
	struct job *job, *next;

	(void)loop, (void)watcher, (void)events;
	pthread_mutex_lock(&pool.lock);
	list_each_safe(job, next, &pool.finished, struct job, link) {
		list_del(&job->link);
		job->finished = true;
		fiber_wake(job->fiber);
	}
	pthread_mutex_unlock(&pool.lock);
}

/* Signals belong to the main thread. */
static bool start_threads(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool.running < THREADS &&
	       !pthread_create(&pool.threads[pool.running], NULL, work, NULL))
		pool.running++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!pool.running)
		return false;
	ev_async_init(&pool.wake, on_finished);
	ev_async_start(loop_ev(), &pool.wake);
	ev_unref(loop_ev()); /* an idle pool keeps no loop running */
	return true;
}

WAITS void offload(void (*fn)(void *arg), void *arg)
{
	struct job job = { .fn = fn, .arg = arg, .fiber = fiber_self() };
	bool cancelled = false;

	if (!job.fiber || (!pool.running && !start_threads())) {
		fn(arg);
		return;
	}
	pthread_mutex_lock(&pool.lock);
	list_add_tail(&pool.waiting, &job.link);
	pthread_cond_signal(&pool.more);
	pthread_mutex_unlock(&pool.lock);
	while (!job.finished) {
		if (fiber_park(0) == WAIT_CANCELLED) {
			cancelled = true; /* remembered: @arg is in use */
			fiber_clear_cancel();
		}
	}
	if (cancelled)
		fiber_cancel(job.fiber);
}

void offload_done(void)
{
	if (!pool.running)
		return;
	pthread_mutex_lock(&pool.lock);
	pool.stop = true;
	pthread_cond_broadcast(&pool.more);
	pthread_mutex_unlock(&pool.lock);
	while (pool.running)
		pthread_join(pool.threads[--pool.running], NULL);
	pool.stop = false;
	ev_ref(loop_ev());
	ev_async_stop(loop_ev(), &pool.wake);
}
