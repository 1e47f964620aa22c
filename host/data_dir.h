/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data directory: one host at a time.
 */
#ifndef SKYCLUST_HOST_DATA_DIR_H
#define SKYCLUST_HOST_DATA_DIR_H

#include "base/error.h"

/* Make @path (0700) and lock it for as long as
 * this process lives; the lock's descriptor, or -1 with an error that names
 * the process that has it. */
int data_dir_lock(const char *path, struct error *err);

#endif
