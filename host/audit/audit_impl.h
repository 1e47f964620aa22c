/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's state in this process.  Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_AUDIT_IMPL_H
#define SKYCLUST_HOST_AUDIT_AUDIT_IMPL_H

#include "audit/notes.h"
#include "base/fiber.h"

struct audit {
	struct trust *trust;
	struct notes notes;
	struct fiber *fiber; /* writes, signs, removes; NULL: has ended */
	struct cond ended;
	bool idle; /* the fiber waits for the first note */
	bool stopping;
	int64_t backoff; /* ms until the next try; 0: the last one worked */
};

#endif
