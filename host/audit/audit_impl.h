/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's state in this process.  Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_AUDIT_IMPL_H
#define SKYCLUST_HOST_AUDIT_AUDIT_IMPL_H

#include "audit/heads.h"
#include "audit/notes.h"
#include "base/fiber.h"

struct audit {
	struct trust *trust;
	struct notes notes;
	struct fiber *fiber; /* writes, signs, removes; NULL: has ended */
	struct cond ended;
	bool idle; /* the fiber waits for something to do */
	bool stopping;
	int64_t backoff; /* ms until the next try; 0: the last one worked */

	int64_t sign_at;   /* clock_ms(): the next checkpoint */
	struct heads last; /* what the newest one says; id 0: there is none */

	bool dirty;	       /* audit.heads may be out of date */
	int64_t mirror_at;     /* clock_ms(), while dirty */
	struct heads mirrored; /* what it says */

	/* What was found at start. */
	bool file_was_there;
	long long disagreements;
	char disagreement[256]; /* the first one */

	unsigned verifications; /* under way: nothing is removed */
};

/* ---- rows ------------------------------------------------------------------ */

/* The 32 bytes of a column; false: it does not hold so many. */
bool audit_row_hash(const struct rows *rows, size_t i, const char *column,
		    unsigned char hash[CHAIN_HASH]);
/* The ends of all lanes, by audit_heads; where they begin by @last (may be
 * NULL).  Lanes that @last knows and audit_heads does not are at 0. */
WAITS bool audit_read_heads(struct store *s, const struct heads *last,
			    struct heads *now, struct error *err);

#endif
