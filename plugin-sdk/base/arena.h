/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: memory that lives as long as one request and is freed at once.
 */
#ifndef SKYCLUST_BASE_ARENA_H
#define SKYCLUST_BASE_ARENA_H

#include "base/base.h"

struct arena {
	struct arena_block *blocks; /* newest first */
};

void arena_done(struct arena *a);       /* free all; @a can be used again */
void arena_wipe(struct arena *a);       /* the same, overwriting it first */
void *arena_alloc(struct arena *a, size_t size);        /* zeroed, aligned */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
