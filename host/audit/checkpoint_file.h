/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the audit log stands beside the database: signed checkpoints and the
 * public key for others (audit.export, or DATA_DIR/audit), and DATA_DIR/
 * audit.heads for ourselves: the ends of the lanes under a MAC, so that a
 * database that was put back is noticed at the next start.  Private to
 * host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_CHECKPOINT_FILE_H
#define SKYCLUST_HOST_AUDIT_CHECKPOINT_FILE_H

#include "audit/heads.h"
#include "trust.h"

/* checkpoint-NUMBER-TIME.json and KEY.pem.  The time is in the name so that a
 * log that was put back cannot overwrite what was signed before.  Problems are
 * logged. */
WAITS void checkpoint_write_files(struct trust *t, const struct heads *h,
				  const struct envelope *e);

/* Without a sync: it may be older than the database, never newer. */
bool heads_file_write(struct trust *t, const struct heads *h,
		      struct error *err);
/* ERR_NOT_FOUND: there is none; ERR_INVALID: it was altered. */
bool heads_file_read(struct trust *t, struct heads *h, struct error *err);

#endif
