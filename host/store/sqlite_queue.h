/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the fibers and SQLite's two threads.  A job is one message of a
 * fiber: it goes into the queue of a thread together with all others of that
 * turn of the loop, and comes back, answered, with all others that are.
 *
 * A job is on the heap and has taken over what it needs, since a fiber may give
 * up waiting (a disk that hangs) while a thread still works on it.
 */
#ifndef SKYCLUST_HOST_STORE_SQLITE_QUEUE_H
#define SKYCLUST_HOST_STORE_SQLITE_QUEUE_H

#include <ev.h>
#include <pthread.h>

#include "base/loop.h"
#include "store/backend.h"

enum job_type {
	JOB_OPEN,   /* the thread's connection */
	JOB_RUN,    /* a part of a transaction, or all of it */
	JOB_ABORT,  /* of the transaction that holds the writer */
	JOB_READ,   /* one statement */
	JOB_SCRIPT, /* a transaction without parameters */
	JOB_PROBE,  /* see whether it can be written again */
	JOB_CLOSE,  /* the connection, and end */
};

/* Under the queue's lock. */
enum job_state {
	JOB_QUEUED,  /* no thread has seen it */
	JOB_RUNNING, /* it can still be rolled back */
	JOB_SEALED,  /* it goes with the next commit */
	JOB_DONE,
};

struct worker;

struct job {
	struct list link;
	struct worker *worker;
	enum job_type type;
	enum job_state state;
	bool abandoned; /* nobody waits for it: under the lock */
	bool done;	/* and the fiber is told */
	struct cond finished;

	uint64_t tx;	/* number of the transaction */
	bool continues; /* it holds the writer already */
	bool commit;
	struct list statements; /* of the arena */
	const char *sql;	/* of a script */
	struct arena arena;

	bool ok;
	bool broken; /* not ok, and the engine is to blame */
	struct error err;
	struct rows rows;
};

/* One thread's part. */
struct worker {
	struct queue *queue;
	pthread_t thread;
	pthread_cond_t more;
	struct list jobs;
	struct list continued; /* jobs of the transaction that holds the writer,
				* which overtake the others */
};

struct queue {
	pthread_mutex_t lock; /* of lists and states */
	struct worker writer, reader;
	struct list outbox; /* the loop's own: not yet handed over */
	struct loop_task hand_over;
	struct list done; /* not yet told to their fibers */
	ev_async wake;
	bool deaf;	  /* nobody collects what is done any more */
	bool up, probing; /* the loop's */
	struct timer probe;
	uint64_t last_tx;
};

/* ---- the loop's side ------------------------------------------------------ */

void queue_init(struct queue *q);
void queue_done(struct queue *q);

struct job *job_new(enum job_type type);
void job_free(struct job *job);

/*
 * Hand @job to @w and wait until it is answered, at most @ms.  True:
 * look at job->ok; it is the caller's again.  False with
 * ERR_STORE_UNAVAILABLE: it is not; its transaction is rolled back
 * (EFFECT_NONE), or may be committed (EFFECT_UNKNOWN).
 */
WAITS bool worker_ask(struct worker *w, struct job *job, int64_t ms,
		      struct error *err);
/* Hand it over, and forget it. */
void worker_post(struct worker *w, struct job *job);

/* ---- a thread's side ------------------------------------------------------ */

/* The next job for @w: what continues the transaction that holds it, else,
 * when nothing does (@held is 0), the oldest.  Waits as long as there is none,
 * when @wait; until @held_until (db_now()) when it is held. */
struct job *worker_next(struct worker *w, bool held, int64_t held_until,
			bool wait);

/* From here on it goes with the commit; false: nobody waits for it any more, it
 * must be rolled back. */
bool job_seal(struct job *job);

/* It is answered; @job is not the thread's any more. */
void job_finish(struct job *job);
void job_finish_all(struct queue *q, struct list *jobs);

#endif
