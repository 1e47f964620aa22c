/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share.
 *
 *	operation.c	a client asks: commit, then wait
 *	run.c		the fiber of one operation: send, ask, poll, end
 *	row.c		what it writes into its row while it runs, and its end
 *	recover.c	leases: one's own are renewed, those that ran out taken
 *	idempotency.c	the same request again gets the same answer
 *	record.c	rows and errors as JSON
 *	acts.c		list, get, cancel
 */
#ifndef SKYCLUST_HOST_OPERATION_OPERATION_IMPL_H
#define SKYCLUST_HOST_OPERATION_OPERATION_IMPL_H

#include "base/arena.h"
#include "base/fiber.h"
#include "base/list.h"
#include "base/secret.h"
#include "operation/operation.h"
#include "store/store.h"

/* How far this host has come with it. */
enum operation_phase {
	PHASE_BEGINNING, /* its row is being committed */
	PHASE_REFUSED,	 /* it could not be: `refused` */
	PHASE_UNDER_WAY,
	PHASE_ENDED, /* its end is committed */
	PHASE_LEFT,  /* another host has it, or the next one will */
};

/* The column `state`. */
enum operation_state {
	STATE_RUNNING,
	STATE_SUCCEEDED,
	STATE_FAILED,
	STATE_CANCELLED,
	STATE_NEEDS_ATTENTION,
};
const char *operation_state_name(enum operation_state state);
bool operation_state_from_name(const char *name, enum operation_state *state);

#define OPERATION_SLOTS 1024

struct operations {
	struct trust *trust;
	struct list all; /* struct operation: those of this host */
	struct list slot[OPERATION_SLOTS]; /* the same, by identifier */
	size_t n;
	struct fiber *keeper; /* NULL: not running */
	struct cond stop;     /* broadcast when `stopping` becomes true */
	struct cond quiet;    /* the last one has left, or the keeper */
	bool stopping;
	bool strays;	  /* rows of ours may have nobody who runs them */
	int64_t swept_ms; /* clock_ms when old rows were last removed */
};

#define OPERATION_POLL_MS 1000

struct operation {
	struct list link;
	struct list slot_link;
	struct operations *owner;
	struct arena arena; /* of the texts */
	unsigned refs;
	char id[TRUST_ID_SIZE];
	const char *workspace; /* "": none */
	const char *user_id, *provider, *method, *region, *zone, *credential,
		*request_id, *trace;
	const char *key, *route; /* of its idempotency key, or NULL */
	const char *kind;	 /* that quotas count, or NULL */
	json_t *args;		 /* ours, wiped */
	struct secret *secrets;	 /* NULL: the provider's own */
	struct actor who;   /* NULL user_id: a host that is gone began it */
	int64_t created_at; /* wall clock */

	enum operation_phase phase;
	enum operation_state state;
	struct cond changed; /* phase */
	struct fiber *fiber;
	struct driver_cancel cancel;
	bool inherited;	  /* another process began it */
	bool sent;	  /* by this one */
	bool ending;	  /* its end is being written */
	bool lost;	  /* the lease: not ours any more */
	int64_t since_ms; /* clock_ms when it was committed, or taken over */
	int64_t lease_ms; /* clock_ms: until then it is surely ours */

	int64_t poll_ms; /* until something new is to be expected */
	struct buf checkpoint, handle; /* raw JSON, n 0: none */
	struct buf progress;	       /* the same; the newest */
	int64_t progress_ms;	       /* clock_ms when it was last written */
	struct buf value;	       /* the result, raw JSON; wiped */
	struct error err;	       /* of one that failed */
	struct error refused;	       /* why it could not even begin */
};

/* ---- operation.c ---------------------------------------------------------- */

struct operation *operation_new(struct operations *all);
void operation_ref(struct operation *op);
void operation_unref(struct operation *op);
/* Take it into, or out of, those of this host. */
void operation_enter(struct operation *op);
void operation_leave(struct operation *op);
void operation_set_phase(struct operation *op, enum operation_phase phase);
/* The one that this host runs, borrowed, or NULL. */
struct operation *operation_find(struct operations *all, const char *id);
/* NULL for "": the rows of no workspace are the installation's own. */
const char *operation_scope(const char *workspace);
/* Wait until @deadline (clock_ms) for the end; false: the waiter was cancelled. */
WAITS bool operation_await(struct operation *op, int64_t deadline);
/* Fill in @outcome of an operation that has ended, or is under way. */
void operation_tell(const struct operation *op, struct operation_outcome *o);

/* ---- run.c ----------------------------------------------------------------- */

/* Bring @op, which is committed and ours, to its end. */
WAITS void operation_settle(struct operation *op);
/* Wait; false: the host stops, or the operation is not ours any more. */
WAITS bool operation_nap(struct operation *op, int64_t ms);

/* ---- row.c ------------------------------------------------------------------ */

/* The transaction that begins @op: all or nothing. */
WAITS bool operation_row_insert(struct operation *op, struct error *err);
/* What the driver told, on the disk when this returns; when the store is down
 * it is only remembered. */
WAITS void operation_row_checkpoint(struct operation *op, struct slice data);
WAITS void operation_row_handle(struct operation *op, struct slice handle);
/* At most once a second. */
WAITS void operation_row_progress(struct operation *op, struct slice params);
/* Write the end that @op has come to, again and again until it is written; then
 * its phase is PHASE_ENDED, else PHASE_LEFT. */
WAITS void operation_row_end(struct operation *op);
/* Nobody knows whether the row was committed: it shall not have been, since it
 * was refused. */
WAITS void operation_row_revoke(struct operation *op);
/* What an operation is known by in @row: texts, args, checkpoint, handle.
 * False with @err: it cannot be unsealed, and op->args is NULL. */
bool operation_row_read(struct operation *op, const struct rows *rows, size_t i,
			struct error *err);
#define OPERATION_ROW \
	"id, workspace_id, user_id, credential_id, provider, method, region," \
	" zone, args, checkpoint, handle, cancel_requested," \
	" request_id, trace, created_at"

/* Seal and unseal a column of operation @id. */
void operation_seal(const struct trust *t, const char *id, const char *column,
		    const char *workspace, struct slice plain,
		    struct buf *sealed);
bool operation_unseal(const struct trust *t, const char *id, const char *column,
		      const char *workspace, struct slice sealed,
		      struct buf *plain, struct error *err);

/* ---- idempotency.c ------------------------------------------------------------ */

/* Put the key of @op into @tx, which fails with ERR_CONFLICT when it is known. */
void idempotency_put(struct operation *op, struct tx *tx);
/* @op had no effect and may be tried again: so may its key. */
void idempotency_release(const struct operation *op, struct tx *tx);
/* The key of @op is known: give the answer of the operation it belongs to, which
 * is waited for until @deadline.  False with @gone: there is no such operation
 * to be seen; it is being committed just now, or gave the key back. */
WAITS bool idempotency_replay(const struct operation *op, int64_t deadline,
			      struct operation_outcome *o, bool *gone,
			      struct error *err);

/* ---- record.c ------------------------------------------------------------------- */

json_t *operation_error_write(const struct error *err); /* new */
void operation_error_read(const char *text, struct error *err);

/* "instance" of "instance.create", and its last word; in @arena. */
const char *operation_kind(struct arena *arena, const char *method);
const char *operation_verb(const char *method); /* borrowed */

/* ---- recover.c -------------------------------------------------------------------- */

/* The fiber that keeps leases; ends when the operations are stopping. */
void operation_keep(void *arg);
/* Of this process, from now on. */
int64_t operation_lease_until(const struct operations *all); /* wall clock */

#endif
