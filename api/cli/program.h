/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other programs of SkyClust, which this one becomes for some commands.
 */
#ifndef SKYCLUST_CLI_PROGRAM_H
#define SKYCLUST_CLI_PROGRAM_H

#include "base/error.h"

/* Become the program @argv[0], the one in this one's folder if there is one,
 * else in PATH.  Comes back only with @err; false. */
bool program_become(const char *const *argv, struct error *err);

#endif
