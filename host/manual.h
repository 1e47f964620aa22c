/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skyclustd(8), the manual page: from the tables of options and of settings.
 */
#ifndef SKYCLUST_HOST_MANUAL_H
#define SKYCLUST_HOST_MANUAL_H

#include "base/buf.h"

/* Append the page in mdoc(7). */
void manual_write(struct buf *out);

#endif
