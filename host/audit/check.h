/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the log in the database what was written?  Quickly at start, and in full
 * when somebody asks.  Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_CHECK_H
#define SKYCLUST_HOST_AUDIT_CHECK_H

#include "audit/audit_impl.h"
#include "audit/verify.h"

/*
 * The newest checkpoint, the last records of each lane and the file audit.heads
 * tell the same.  What does not is counted in a->disagreements, logged, and
 * noted in the log itself.  False: the store does not answer.
 */
WAITS bool check_start(struct audit *a, struct error *err);

/*
 * All of it: v->report is called for each fault (also of columns that do not
 * repeat what the record says: kind "edited"); v->records and v->faults count.
 * Other fibers go on meanwhile.  False: the store does not answer.
 */
WAITS bool check_all(struct audit *a, struct verify *v, struct error *err);

#endif
