/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that wait to be written: a bounded queue.  Reads that are alike (who,
 * what, where, outcome; not: when) and come within one gathering become one
 * record that counts them: at 50,000 reads/s every decision is still in the log.
 * Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_NOTES_H
#define SKYCLUST_HOST_AUDIT_NOTES_H

#include "audit/audit.h"
#include "base/list.h"

#define NOTES_MAX 50000		       /* records */
#define NOTES_BYTES (32 * 1024 * 1024) /* of memory */
#define NOTES_BATCH 250		       /* records in one transaction */
#define NOTES_SLOTS 1024	       /* a power of two */

struct note;

struct notes {
	struct list waiting; /* struct note, oldest first */
	size_t n, bytes;
	struct note *recent[NOTES_SLOTS]; /* of `waiting`, by hash */
	long long lost;			  /* since the last record of losses */
	int64_t lost_since;		  /* wall clock */
};

void notes_init(struct notes *notes);
void notes_done(struct notes *notes);

/* Keep a copy of @event.  False: there is no room; it is counted as lost. */
bool notes_add(struct notes *notes, const struct audit_event *event);

/* Write up to NOTES_BATCH of them, in the order they came, in one transaction.
 * After false they are kept. */
WAITS bool notes_write(struct notes *notes, struct store *store,
		       struct error *err);

#endif
