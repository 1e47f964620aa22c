/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the user for a line: on the terminal when there is one, else the next
 * line of standard input.
 */
#ifndef SKYCLUST_CLI_ASK_H
#define SKYCLUST_CLI_ASK_H

#include "base/error.h"

#define ASK_MAX 1024 /* bytes of an answer */

/* The answer to @question ("Password: "), new; @secret: it is not shown.  NULL:
 * ERR_CANCELLED (interrupted, end of input), ERR_INVALID (too long). */
char *ask_line(const char *question, bool secret, struct error *err);

#endif
