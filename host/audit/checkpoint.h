/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: at intervals the ends of all lanes are signed, kept in the
 * database, and written to a folder, from which they should be taken elsewhere:
 * who can change database and folder both can make all of them again only with
 * the key.  Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_CHECKPOINT_H
#define SKYCLUST_HOST_AUDIT_CHECKPOINT_H

#include "audit/audit_impl.h"

/* The checkpoint of the first row (id, body) that @sql gives with @number for
 * its $1; @digest (may be NULL) of its body.  h->id 0: there is no row.  False:
 * the store does not answer, or it is damaged (ERR_INTERNAL). */
WAITS bool checkpoint_read(struct store *s, const char *sql, int64_t number,
			   struct heads *h, unsigned char digest[CHAIN_HASH],
			   struct error *err);
/* The newest one. */
WAITS bool checkpoint_last(struct store *s, struct heads *last,
			   unsigned char digest[CHAIN_HASH], struct error *err);
/* The envelope of row @i of audit_checkpoints (body, signature). */
void checkpoint_envelope(const struct rows *rows, size_t i, struct buf *out);

/*
 * Sign one now.  @who asks for it (NULL: the host), which is told in the log;
 * @cut (may be NULL) is an older checkpoint: the new one says that the log
 * begins behind it, so that what is before can be removed.  ERR_CONFLICT:
 * another host has just signed one.
 */
WAITS bool checkpoint_make(struct audit *a, const struct actor *who,
			   const struct heads *cut, struct error *err);

/* Sign one unless nothing happened since the last one, or that is not @apart_ms
 * old.  False: not now; it is logged unless another host was first. */
WAITS bool checkpoint_due(struct audit *a, int64_t apart_ms);

#endif
