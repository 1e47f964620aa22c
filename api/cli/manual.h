/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclust(1), the manual page: from the tables of command.h and the catalogue.
 */
#ifndef SKYCLUST_CLI_MANUAL_H
#define SKYCLUST_CLI_MANUAL_H

#include "base/buf.h"

/* Append the page in mdoc(7). */
void manual_write(struct buf *out);

#endif
