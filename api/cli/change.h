/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations that change the cloud.
 */
#ifndef SKYCLUST_CLI_CHANGE_H
#define SKYCLUST_CLI_CHANGE_H

#include "cli/session.h"

/* Do s->command.op to what the words name, or without an identifier; gives the
 * exit status.  The output is set, the arguments are checked. */
int change_run(struct session *s);

#endif
