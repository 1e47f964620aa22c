/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the audit log's operations do beyond an exchange.
 */
#ifndef SKYCLUST_CLI_AUDIT_RUN_H
#define SKYCLUST_CLI_AUDIT_RUN_H

#include "cli/session.h"

/* Write the records to standard output, or whole to --file; gives the exit
 * status. */
int audit_export_run(struct session *s);

/* Let the server verify the log, or with --export skyclust-audit-verify what was
 * exported; STATUS_FAILED when it was altered. */
int audit_verify_run(struct session *s);

#endif
