/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retention (audit.keep_days): the oldest records go, up to a checkpoint.  First
 * a new checkpoint says where each lane begins from now on, and with which hash
 * before; then the records before that are removed, a bounded number at a time.
 * A stop in between leaves records that no checkpoint counts any more, which the
 * next round removes.  Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_RETENTION_H
#define SKYCLUST_HOST_AUDIT_RETENTION_H

#include "audit/audit_impl.h"

/* Problems are logged.  Does nothing while the log is being verified. */
WAITS void retention_due(struct audit *a);

#endif
