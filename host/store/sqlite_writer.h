/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's writer: one thread, one connection, one lane, group commit.
 */
#ifndef SKYCLUST_HOST_STORE_SQLITE_WRITER_H
#define SKYCLUST_HOST_STORE_SQLITE_WRITER_H

#include "store/sqlite_queue.h"

/* What the thread needs to begin; lives as long as it. */
struct writer_start {
	struct worker *worker;
	const char *path;
	int64_t timeout_ms;
};

void *writer_main(void *start); /* struct writer_start */

#endif
