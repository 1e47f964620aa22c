/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of command_builtins run; each gives the exit status.
 */
#ifndef SKYCLUST_CLI_BUILTINS_H
#define SKYCLUST_CLI_BUILTINS_H

#include "cli/session.h"

#endif
