/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of skyclustd that print something and end.
 */
#ifndef SKYCLUST_HOST_COMMANDS_H
#define SKYCLUST_HOST_COMMANDS_H

#include "options.h"

/* Run the command of @o; its exit status.  The loop must exist. */
int command_run(const struct options *o);

#endif
