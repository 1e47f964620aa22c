/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a member name that an object has twice.  Private to scan*.c.
 */
#ifndef SKYCLUST_RPC_SCAN_NAMES_H
#define SKYCLUST_RPC_SCAN_NAMES_H

#include "rpc/scan.h"

void names_init(struct scan_names *names);
void names_done(struct scan_names *names); /* may be called twice */

/* Note the name @raw (inside of its quotes, still escaped, in the scan's
 * text) for the innermost level.  False: it is there already. */
bool names_add(struct scan *s, struct slice raw, bool escaped);

/* Forget the names of the innermost level, an object. */
void names_close(struct scan *s);

#endif
