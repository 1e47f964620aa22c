/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard of the standard streams: the protocol's pipes move to descriptors
 * that nobody else knows, so that a stray printf() of a vendor library goes to
 * the log instead of into the stream, and a stray read finds end of file.
 */
#ifndef SKYCLUST_DRIVER_GUARD_H
#define SKYCLUST_DRIVER_GUARD_H

#include <stdbool.h>

/* @in and @out: close-on-exec copies of descriptors 0 and 1; afterwards 0 is
 * at its end and 1 is 2. False with errno when descriptors are short. */
bool guard_streams(int *in, int *out);

#endif
