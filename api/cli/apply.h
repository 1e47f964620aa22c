/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply -f FILE and delete -f FILE: the resources of a manifest are made, or
 * made equal, or taken away again.  Nothing is remembered between two runs: a
 * resource is found by its kind and name, so running it again goes on where
 * the last run ended.
 */
#ifndef SKYCLUST_CLI_APPLY_H
#define SKYCLUST_CLI_APPLY_H

#include "cli/session.h"

/* Give the exit status: of the first resource that failed. */
int apply_run(struct session *s);
int apply_delete_run(struct session *s);

#endif
