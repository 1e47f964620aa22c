/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing over costs a lock and a wake for each batch, not for each job.
 */
#include "store/sqlite_queue.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define PROBE_MS 500

struct job *job_new(enum job_type type)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->type = type;
	list_init(&job->link);
	list_init(&job->statements);
	cond_init(&job->finished);
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	arena_wipe(&job->arena);
	rows_done(&job->rows);
	mem_free(job);
}

/* ---- the loop's side ------------------------------------------------------ */

static void hand_over(struct loop_task *task)
{
	struct queue *q = container_of(task, struct queue, hand_over);
	struct job *job;

	pthread_mutex_lock(&q->lock);
	while ((job = list_first(&q->outbox, struct job, link))) {
		struct worker *w = job->worker;

		list_del(&job->link);
		list_add_tail(job->continues ? &w->continued : &w->jobs,
			      &job->link);
		pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&q->lock);
}

static void post(struct worker *w, struct job *job)
{
	job->worker = w;
	list_add_tail(&w->queue->outbox, &job->link);
	loop_defer(&w->queue->hand_over);
}

void worker_post(struct worker *w, struct job *job)
{
	job->abandoned = true;
	post(w, job);
}

/* A database that failed is tried until it works: while it is down, nobody
 * else may ask it to write anything. */
static void set_up(struct queue *q, bool up)
{
	if (up != q->up)
		log_warn(up ? "the database works again" : "the database fails",
			 LOG_STR("engine", "SQLite"));
	q->up = up;
	if (!up && !q->probing && !q->probe.slot)
		timer_arm(&q->probe, clock_ms() + PROBE_MS);
}

static void probe(struct timer *timer)
{
	struct queue *q = container_of(timer, struct queue, probe);

	q->probing = true;
	worker_post(&q->writer, job_new(JOB_PROBE));
}

/* Reads go on while nothing can be written: they prove nothing. */
static bool has_written(const struct job *job)
{
	return job->ok && (job->type == JOB_PROBE ||
			   (job->type == JOB_RUN && job->commit));
}

static void told(struct queue *q, struct job *job)
{
	if (job->type == JOB_PROBE)
		q->probing = false;
	if (job->broken || has_written(job))
		set_up(q, !job->broken);
	if (job->abandoned) {
		job_free(job);
		return;
	}
	job->done = true;
	cond_signal(&job->finished);
}

static void collect(struct queue *q)
{
	struct list done = LIST_INIT(done);
	struct job *job;

	pthread_mutex_lock(&q->lock);
	list_add_head(&q->done, &done);
	list_del(&q->done);
	pthread_mutex_unlock(&q->lock);
	while ((job = list_first(&done, struct job, link))) {
		list_del(&job->link);
		told(q, job);
	}
}

static void woken(struct ev_loop *ev UNUSED, ev_async *w, int events UNUSED)
{
	collect(container_of(w, struct queue, wake));
}

/* Nobody waits for @job any more; how far it had come. */
static enum job_state give_up(struct queue *q, struct job *job)
{
	enum job_state state;
	bool unseen;

	pthread_mutex_lock(&q->lock);
	state = job->state;
	unseen = state == JOB_QUEUED && !job->continues &&
		 job->type != JOB_CLOSE;
	job->abandoned = state != JOB_DONE;
	if (unseen || state == JOB_DONE)
		list_del(&job->link);
	else if (state == JOB_QUEUED && job->continues)
		job->type = JOB_ABORT; /* what it continues must end */
	pthread_mutex_unlock(&q->lock);
	if (unseen)
		job_free(job);
	return state;
}

WAITS bool worker_ask(struct worker *w, struct job *job, int64_t ms,
		      struct error *err)
{
	struct queue *q = w->queue;
	enum job_state state = JOB_DONE;

	post(w, job);
	store_wait(&job->finished, &job->done, clock_ms() + ms);
	if (!job->done)
		state = give_up(q, job);
	if (state == JOB_DONE)
		return true;
	store_unavailable(err, "the database did not answer within %lld ms",
			  (long long)ms);
	if (state == JOB_SEALED)
		err->effect = EFFECT_UNKNOWN;
	set_up(q, false);
	return false;
}

static void worker_init(struct worker *w, struct queue *q)
{
	w->queue = q;
	pthread_cond_init(&w->more, NULL);
	list_init(&w->jobs);
	list_init(&w->continued);
}

void queue_init(struct queue *q)
{
	pthread_mutex_init(&q->lock, NULL);
	worker_init(&q->writer, q);
	worker_init(&q->reader, q);
	list_init(&q->outbox);
	list_init(&q->done);
	q->hand_over.run = hand_over;
	q->probe.run = probe;
	q->up = true;
	ev_async_init(&q->wake, woken);
	ev_async_start(loop_ev(), &q->wake);
}

static void free_all(struct list *jobs)
{
	struct job *job;

	while ((job = list_first(jobs, struct job, link))) {
		list_del(&job->link);
		job_free(job);
	}
}

void queue_done(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->deaf = true;
	free_all(&q->done);
	free_all(&q->outbox);
	pthread_mutex_unlock(&q->lock);
	ev_async_stop(loop_ev(), &q->wake);
	loop_undefer(&q->hand_over);
	timer_stop(&q->probe);
}

/* ---- a thread's side ------------------------------------------------------ */

/* Until db_now() is @until.  False: the time is over. */
static bool wait_until(struct worker *w, int64_t until)
{
	struct timespec t = { .tv_sec = until / 1000,
			      .tv_nsec = until % 1000 * 1000000 };

	return pthread_cond_clockwait(&w->more, &w->queue->lock,
				      CLOCK_MONOTONIC, &t) != ETIMEDOUT;
}

static struct job *first(struct worker *w, bool held)
{
	struct job *job = list_first(&w->continued, struct job, link);

	return job || held ? job : list_first(&w->jobs, struct job, link);
}

struct job *worker_next(struct worker *w, bool held, int64_t held_until,
			bool wait)
{
	struct job *job;

	pthread_mutex_lock(&w->queue->lock);
	while (!(job = first(w, held)) && wait) {
		if (!held)
			pthread_cond_wait(&w->more, &w->queue->lock);
		else
			wait = wait_until(w, held_until);
	}
	if (job) {
		list_del(&job->link);
		job->state = JOB_RUNNING;
	}
	pthread_mutex_unlock(&w->queue->lock);
	return job;
}

bool job_seal(struct job *job)
{
	struct queue *q = job->worker->queue;
	bool waited_for;

	pthread_mutex_lock(&q->lock);
	waited_for = !job->abandoned;
	if (waited_for)
		job->state = JOB_SEALED;
	pthread_mutex_unlock(&q->lock);
	return waited_for;
}

/* With the lock held. */
static void put_done(struct queue *q, struct job *job)
{
	job->state = JOB_DONE;
	list_add_tail(&q->done, &job->link);
}

static void wake_loop(struct queue *q)
{
	if (!q->deaf)
		ev_async_send(loop_ev(), &q->wake);
}

void job_finish(struct job *job)
{
	struct queue *q = job->worker->queue;

	pthread_mutex_lock(&q->lock);
	put_done(q, job);
	wake_loop(q);
	pthread_mutex_unlock(&q->lock);
}

void job_finish_all(struct queue *q, struct list *jobs)
{
	struct job *job;

	pthread_mutex_lock(&q->lock);
	while ((job = list_first(jobs, struct job, link))) {
		list_del(&job->link);
		put_done(q, job);
	}
	wake_loop(q);
	pthread_mutex_unlock(&q->lock);
}
