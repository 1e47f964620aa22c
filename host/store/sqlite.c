/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite as an engine.  Its calls block on the disk, and a sync may take long,
 * so it has two threads of its own, the one exception to "no threads but those
 * of offload()": a writer (sqlite_writer.c) and a reader, each with its own
 * connection.  offload() would not do, since a connection, its open transaction
 * and its prepared statements stay with one thread, and since many transactions
 * shall share one sync.  The database is in WAL mode: the reader sees what was
 * committed and never waits for the writer.  Fibers and threads share nothing
 * but the queue (sqlite_queue.h).
 */
#include <sqlite3.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/offload.h"
#include "store/sqlite_db.h"
#include "store/sqlite_queue.h"
#include "store/sqlite_writer.h"

struct sqlite {
	struct queue queue;
	char *path;
	struct writer_start start;
	bool writing, reading; /* its thread runs */
	char version[32];
};

/* ---- the reader ----------------------------------------------------------- */

static bool read_one(struct sqlite *s, struct db *db, struct job *job)
{
	struct statement *st =
		list_first(&job->statements, struct statement, link);

	db_start(db, s->start.timeout_ms);
	return db_run(db, st, &job->rows, &job->err);
}

static void *reader_main(void *arg)
{
	struct sqlite *s = arg;
	struct worker *w = &s->queue.reader;
	struct db *db = NULL;
	struct job *job;

	while ((job = worker_next(w, false, 0, true))->type != JOB_CLOSE) {
		if (job->type == JOB_OPEN) {
			db = db_open(s->path, false, s->start.timeout_ms,
				     &job->err);
			job->ok = db != NULL;
		} else {
			job->ok = read_one(s, db, job);
			job->broken = !job->ok && db_is_broken(db);
		}
		job_finish(job);
	}
	db_close(db);
	job->ok = true;
	job_finish(job);
	return NULL;
}

/* ---- asking --------------------------------------------------------------- */

/* Before it serves, the database may take its time. */
static int64_t limit_of(const struct sqlite *s, const struct job *job)
{
	return job->type == JOB_OPEN || job->type == JOB_SCRIPT
		       ? DB_SLOW_MS
		       : s->start.timeout_ms;
}

/* Ask and free; the answer's rows, if wanted, into @rows. */
static WAITS bool ask(struct sqlite *s, struct worker *w, struct job *job,
		      struct rows *rows, struct error *err)
{
	bool ok;

	if (!worker_ask(w, job, limit_of(s, job), err))
		return false;
	ok = job->ok;
	if (!ok) {
		*err = job->err;
	} else if (rows) {
		*rows = job->rows;
		job->rows = (struct rows){ 0 };
	}
	job_free(job);
	return ok;
}

/* The job takes the memory of @tx: a thread may use it when its fiber has left. */
static struct job *job_of(enum job_type type, struct tx *tx)
{
	struct job *job = job_new(type);

	job->tx = tx->number;
	job->continues = tx->begun;
	job->arena = tx->arena;
	tx->arena = (struct arena){ 0 };
	tx->workspace = NULL;
	if (!list_empty(&tx->pending))
		list_insert_before(tx->pending.next, &job->statements);
	list_del(&tx->pending);
	return job;
}

/* Only a question's answer is wanted, and that is the last statement. */
static struct rows *wanted(const struct tx *tx)
{
	return list_empty(&tx->pending)
		       ? NULL
		       : container_of(tx->pending.prev, struct statement, link)
				 ->rows;
}

static WAITS bool sqlite_run(void *state, struct tx *tx, bool commit,
			     struct error *err)
{
	struct sqlite *s = state;
	struct rows *rows = wanted(tx);
	struct job *job;

	if (!tx->number)
		tx->number = ++s->queue.last_tx;
	job = job_of(JOB_RUN, tx);
	job->commit = commit;
	return ask(s, &s->queue.writer, job, rows, err);
}

static void sqlite_abort(void *state, struct tx *tx)
{
	struct sqlite *s = state;

	worker_post(&s->queue.writer, job_of(JOB_ABORT, tx));
}

static WAITS bool sqlite_read(void *state, struct tx *tx, struct error *err)
{
	struct sqlite *s = state;
	struct rows *rows = wanted(tx);

	return ask(s, &s->queue.reader, job_of(JOB_READ, tx), rows, err);
}

static WAITS bool sqlite_script(void *state, const char *sql, struct error *err)
{
	struct sqlite *s = state;
	struct job *job = job_new(JOB_SCRIPT);

	job->sql = arena_strdup(&job->arena, sql);
	return ask(s, &s->queue.writer, job, NULL, err);
}

/* ---- opening and closing -------------------------------------------------- */

/* End the thread of @w.  False: it hangs in a call of the kernel. */
static WAITS bool stop(struct sqlite *s, struct worker *w, bool runs)
{
	struct error err;

	if (!runs)
		return true;
	if (!ask(s, w, job_new(JOB_CLOSE), NULL, &err)) {
		pthread_detach(w->thread);
		return false;
	}
	pthread_join(w->thread, NULL);
	return true;
}

static WAITS void sqlite_close(void *state)
{
	struct sqlite *s = state;
	bool read = stop(s, &s->queue.reader, s->reading);
	bool written = stop(s, &s->queue.writer, s->writing);

	queue_done(&s->queue);
	if (!read || !written) {
		/* Its memory is that thread's, for as long as we live. */
		log_error("the disk of the database hangs, it is left behind",
			  LOG_STR("path", s->path));
		return;
	}
	mem_free(s->path);
	mem_free(s);
}

static WAITS bool start(struct sqlite *s, struct error *err)
{
	struct queue *q = &s->queue;

	s->writing = offload_thread(&q->writer.thread, writer_main, &s->start);
	s->reading = offload_thread(&q->reader.thread, reader_main, s);
	if (!s->writing || !s->reading)
		return fail(err, ERR_STORE_UNAVAILABLE,
			    "no thread can be started for the database");
	return ask(s, &q->writer, job_new(JOB_OPEN), NULL, err) &&
	       ask(s, &q->reader, job_new(JOB_OPEN), NULL, err);
}

static WAITS void *sqlite_open(const struct store_options *options,
			       struct error *err)
{
	const char *path = strchr(options->url, ':') + 1;
	struct sqlite *s;

	if (!*path || *path == ':') {
		fail(err, ERR_INVALID, "store.url \"%s\" names no file",
		     options->url);
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->path = mem_strdup(path);
	snprintf(s->version, sizeof(s->version), "SQLite %s",
		 sqlite3_libversion());
	queue_init(&s->queue);
	s->start = (struct writer_start){ &s->queue.writer, s->path,
					  options->timeout_ms };
	if (start(s, err))
		return s;
	sqlite_close(s);
	return NULL;
}

static bool sqlite_is_up(const void *state)
{
	return ((const struct sqlite *)state)->queue.up;
}

static const char *sqlite_version(const void *state)
{
	return ((const struct sqlite *)state)->version;
}

const struct store_engine store_sqlite = {
	.scheme = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.run = sqlite_run,
	.abort = sqlite_abort,
	.read = sqlite_read,
	.script = sqlite_script,
	.is_up = sqlite_is_up,
	.version = sqlite_version,
};
