/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer.  A sync of the disk takes as long as a hundred transactions, so
 * all that have come meanwhile share the next one:
 *
 *	BEGIN
 *		SAVEPOINT, statements of the first, RELEASE
 *		SAVEPOINT, statements of the second fail, ROLLBACK TO
 *		…
 *	COMMIT		one sync; then all are told
 *
 * A transaction that asks holds the writer from its first question to its end,
 * since nobody knows how long its fiber thinks; those before it are committed
 * first, those behind it wait, and its own commit is shared with them.
 */
#include "store/sqlite_writer.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/sqlite_db.h"

#define GROUP_MOST 512 /* transactions that share one commit */

struct writer {
	const struct writer_start *start;
	struct db *db;
	bool open;	   /* BEGIN was said */
	struct list group; /* sealed jobs, to be told after COMMIT */
	unsigned size;
	uint64_t held; /* number of the transaction that asks, or 0 */
	int64_t held_until;
	struct store_lane lane;
	struct store_lane committed; /* as it was at BEGIN … */
	struct store_lane saved;     /* … and at SAVEPOINT */
};

/* ---- the group ------------------------------------------------------------ */

static bool load_lane(struct writer *w, struct error *err)
{
	struct statement st = {
		.sql = "SELECT seq, hash FROM audit_heads WHERE lane = 0"
	};
	struct rows rows;
	struct slice hash;

	w->lane = (struct store_lane){ 0 };
	if (!db_run(w->db, &st, &rows, err))
		return false;
	if (rows.n) {
		w->lane.seq = row_int(&rows, 0, "seq");
		hash = row_blob(&rows, 0, "hash");
		if (hash.n == STORE_HASH)
			memcpy(w->lane.hash, hash.p, STORE_HASH);
	}
	rows_done(&rows);
	w->committed = w->lane;
	return true;
}

static bool put_head(struct writer *w, struct error *err)
{
	struct store_param params[] = {
		P_INT(w->lane.number),
		P_INT(w->lane.seq),
		P_BLOB(((struct slice){ (char *)w->lane.hash, STORE_HASH })),
	};
	struct statement st = { .sql = store_put_head,
				.params = params,
				.n = ARRAY_LEN(params) };

	return w->lane.seq == w->committed.seq || db_run(w->db, &st, NULL, err);
}

static bool group_begin(struct writer *w, struct error *err)
{
	if (w->open)
		return true;
	db_start(w->db, w->start->timeout_ms);
	if (!db_is_there(w->db, err) || !db_do(w->db, "BEGIN IMMEDIATE", err))
		return false;
	w->open = true;
	return load_lane(w, err);
}

static void finish(struct job *job, bool ok, bool broken)
{
	job->ok = ok;
	job->broken = broken;
	job_finish(job);
}

/* All of the group is told the same. */
static void group_end(struct writer *w, const struct error *why)
{
	struct job *job;

	list_each(job, &w->group, struct job, link) {
		job->ok = !why;
		job->broken = why != NULL;
		if (why)
			job->err = *why;
	}
	if (w->size)
		job_finish_all(w->start->worker->queue, &w->group);
	w->size = 0;
	w->open = false;
	w->held = 0;
}

/* The engine failed: nothing since BEGIN is left. */
static void group_fail(struct writer *w, const struct error *why)
{
	struct error unheard;

	if (db_in_transaction(w->db))
		db_do(w->db, "ROLLBACK", &unheard);
	group_end(w, why);
}

static void group_commit(struct writer *w)
{
	struct error err;

	if (!w->open)
		return;
	db_start(w->db, w->start->timeout_ms);
	if (put_head(w, &err) && db_commit(w->db, &err))
		group_end(w, NULL);
	else
		group_fail(w, &err);
}

/* ---- one transaction in it ------------------------------------------------ */

static bool savepoint(struct writer *w, struct error *err)
{
	w->saved = w->lane;
	return db_do(w->db, "SAVEPOINT one", err);
}

/* Undo the one that is at work, the lane, too. */
static void roll_back(struct writer *w)
{
	struct error err;

	w->held = 0;
	w->lane = w->saved;
	if (!db_do(w->db, "ROLLBACK TO one", &err) ||
	    !db_do(w->db, "RELEASE one", &err))
		group_fail(w, &err);
}

/* The transaction of @job is the one at work from here on. */
static bool enter(struct writer *w, struct job *job, struct error *err)
{
	if (job->continues)
		return w->held == job->tx ||
		       store_unavailable(err,
					 "the transaction was rolled back, as "
					 "it was not ended within %lld ms",
					 (long long)w->start->timeout_ms);
	if (!job->commit)
		group_commit(w); /* they shall not wait for its fiber */
	if (!group_begin(w, err) || !savepoint(w, err)) {
		group_fail(w, err);
		return false;
	}
	if (!job->commit) {
		w->held = job->tx;
		w->held_until = db_now() + w->start->timeout_ms;
	}
	return true;
}

static bool run_statements(struct writer *w, struct job *job)
{
	struct statement *st;
	struct rows *rows;

	list_each(st, &job->statements, struct statement, link) {
		rows = st->rows ? &job->rows : NULL;
		if (st->fill)
			store_fill_params(st, &w->lane);
		if (!db_run(w->db, st, rows, &job->err))
			return false;
	}
	return true;
}

/* It can be committed: it is told with the group. */
static void leave(struct writer *w, struct job *job)
{
	w->held = 0;
	if (!db_do(w->db, "RELEASE one", &job->err)) {
		group_fail(w, &job->err);
		finish(job, false, true);
		return;
	}
	list_add_tail(&w->group, &job->link);
	if (++w->size >= GROUP_MOST)
		group_commit(w);
}

static void give_back(struct writer *w, struct job *job)
{
	bool broken = db_is_broken(w->db);

	if (broken)
		group_fail(w, &job->err);
	else
		roll_back(w);
	finish(job, false, broken);
}

static void run(struct writer *w, struct job *job)
{
	db_start(w->db, w->start->timeout_ms);
	if (!enter(w, job, &job->err)) {
		finish(job, false, !job->continues);
		return;
	}
	if (!run_statements(w, job)) {
		give_back(w, job);
	} else if (!job->commit) {
		finish(job, true, false); /* held until it goes on */
	} else if (job_seal(job)) {
		leave(w, job);
	} else {
		roll_back(w);
		finish(job, false, false);
	}
}

/* ---- the thread ----------------------------------------------------------- */

/* The fiber ended it, or gave up waiting. */
static void abort_held(struct writer *w, struct job *job)
{
	if (w->held == job->tx)
		roll_back(w);
	finish(job, true, false);
}

/* In a transaction of its own. */
static void run_alone(struct writer *w, struct job *job)
{
	struct error unheard;
	bool ok;

	group_commit(w);
	db_start(w->db, DB_SLOW_MS);
	ok = db_is_there(w->db, &job->err) &&
	     db_do(w->db, "BEGIN IMMEDIATE", &job->err) &&
	     (job->type == JOB_PROBE ? db_claim(w->db, &job->err)
				     : db_script(w->db, job->sql, &job->err)) &&
	     db_commit(w->db, &job->err);
	if (!ok && db_in_transaction(w->db))
		db_do(w->db, "ROLLBACK", &unheard);
	finish(job, ok, !ok && job->err.code == ERR_STORE_UNAVAILABLE);
}

static void open_db(struct writer *w, struct job *job)
{
	w->db = db_open(w->start->path, true, w->start->timeout_ms, &job->err);
	finish(job, w->db != NULL, false);
}

static void serve(struct writer *w, struct job *job)
{
	switch (job->type) {
	case JOB_OPEN:
		open_db(w, job);
		return;
	case JOB_RUN:
		run(w, job);
		return;
	case JOB_ABORT:
		abort_held(w, job);
		return;
	case JOB_SCRIPT:
	case JOB_PROBE:
		run_alone(w, job);
		return;
	case JOB_READ:
	case JOB_CLOSE:
		break;
	}
	finish(job, false, false);
}

/* What can be committed is, before the thread sleeps. */
static struct job *next(struct writer *w)
{
	bool may_sleep = w->held || !w->open;
	struct job *job = worker_next(w->start->worker, w->held, w->held_until,
				      may_sleep);

	if (!job && w->held) {
		log_warn("a transaction was not ended in time, it is rolled "
			 "back",
			 LOG_INT("ms", w->start->timeout_ms));
		roll_back(w);
	} else if (!job) {
		group_commit(w);
	}
	return job;
}

void *writer_main(void *start)
{
	struct writer w = { .start = start };
	struct job *job;

	list_init(&w.group);
	while (!(job = next(&w)) || job->type != JOB_CLOSE)
		if (job)
			serve(&w, job);
	group_commit(&w);
	db_close(w.db);
	finish(job, true, false);
	return NULL;
}
