/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread pool.  A job lives on the stack of the fiber that waits for it,
 * so nothing is allocated and a fiber cannot leave before its job.
 */
#include "base/offload.h"

#include <ev.h>
#include <signal.h>

#include "base/fiber.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"

#define THREADS 4

struct job {
	struct list node;
	void (*fn)(void *arg);
	void *arg;
	struct cond finished;
	bool done;
};

static struct {
	pthread_mutex_t lock; /* of todo, done and stop */
	pthread_cond_t more;
	struct list todo, done;
	bool stop;
	pthread_t threads[THREADS];
	int count;
	ev_async wake;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.more = PTHREAD_COND_INITIALIZER,
	.todo = LIST_INIT(pool.todo),
	.done = LIST_INIT(pool.done),
};

/* With the lock held; NULL when the pool stops. */
static struct job *next_job(void)
{
	struct job *job;

	while (!(job = list_first(&pool.todo, struct job, node)) && !pool.stop)
		pthread_cond_wait(&pool.more, &pool.lock);
	if (job)
		list_del(&job->node);
	return job;
}

static void *worker(void *arg UNUSED)
{
	struct job *job;

	pthread_mutex_lock(&pool.lock);
	while ((job = next_job())) {
		pthread_mutex_unlock(&pool.lock);
		job->fn(job->arg);
		pthread_mutex_lock(&pool.lock);
		list_add_tail(&pool.done, &job->node);
		ev_async_send(loop_ev(), &pool.wake);
	}
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

static void collect(struct ev_loop *ev UNUSED, ev_async *w UNUSED,
		    int events UNUSED)
{
	struct job *job;

	pthread_mutex_lock(&pool.lock);
	while ((job = list_first(&pool.done, struct job, node))) {
		list_del(&job->node);
		job->done = true;
		cond_signal(&job->finished);
	}
	pthread_mutex_unlock(&pool.lock);
}

bool offload_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error == 0;
}

static void start_threads(void)
{
	ev_async_init(&pool.wake, collect);
	ev_async_start(loop_ev(), &pool.wake);
	pool.stop = false;
	while (pool.count < THREADS &&
	       offload_thread(&pool.threads[pool.count], worker, NULL))
		pool.count++;
	if (!pool.count)
		log_warn("no thread can be started, blocking work stops the loop");
}

/* Whatever becomes of the fiber, the job uses its stack until it is done. */
static void wait_for(struct job *job)
{
	bool cancelled = false;

	while (!job->done) {
		if (cond_wait(&job->finished, 0) != WAIT_CANCELLED)
			continue;
		cancelled = true;
		fiber_clear_cancel();
	}
	if (cancelled)
		fiber_cancel(fiber_self());
}

void offload(void (*fn)(void *arg), void *arg)
{
	struct job job = { .fn = fn, .arg = arg };

	if (fiber_self() && !pool.count)
		start_threads();
	if (!fiber_self() || !pool.count) {
		fn(arg);
		return;
	}
	cond_init(&job.finished);
	pthread_mutex_lock(&pool.lock);
	list_add_tail(&pool.todo, &job.node);
	pthread_cond_signal(&pool.more);
	pthread_mutex_unlock(&pool.lock);
	wait_for(&job);
}

void offload_done(void)
{
	if (!pool.count)
		return;
	pthread_mutex_lock(&pool.lock);
	pool.stop = true;
	pthread_cond_broadcast(&pool.more);
	pthread_mutex_unlock(&pool.lock);
	while (pool.count)
		pthread_join(pool.threads[--pool.count], NULL);
	ev_async_stop(loop_ev(), &pool.wake);
}
