/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one allocator.  Everything goes through here (jansson and libcurl too),
 * so that a test can make the N-th allocation fail and count what is left.
 *
 * mem_alloc() and friends never return NULL: when memory is out the process
 * ends cleanly (a supervisor restarts drivers; the host's unit restarts it).
 * What has its size from outside is limited first, and takes mem_try().
 */
#ifndef SKYCLUST_BASE_MEM_H
#define SKYCLUST_BASE_MEM_H

#include "base/base.h"
#include <stdarg.h>

void *mem_alloc(size_t size);                   /* zeroed; size > 0 */
void *mem_realloc(void *p, size_t size);        /* new part not zeroed */
void *mem_try(size_t size) MUST_CHECK;          /* zeroed, or NULL */
void *mem_try_realloc(void *p, size_t size) MUST_CHECK;
void mem_free(void *p);                         /* NULL is fine */
char *mem_strdup(const char *s);                /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *mem_vprintf(const char *fmt, va_list ap);

/* Memory is out: end the process as mem_alloc() does (a line on stderr, exit
 * status EX_OSERR), for those who get their memory elsewhere. */
void mem_oom(void) __attribute__((noreturn));

/* Overwrite, in a way that no compiler removes. */
void mem_wipe(void *p, size_t size);

/* Make jansson allocate here.  Call once, before the first json_t.  When memory
 * is out, it ends the process as mem_alloc() does. */
void mem_use_for_jansson(void);

/* On this thread jansson may fail (true: for as long as text from outside is
 * parsed, which says so), or must not (false).  Says if it did since the last
 * call. */
bool mem_json_may_fail(bool may_fail);

/* Allocations not yet freed, for leak checks in tests. */
size_t mem_live(void);

/* Tests: the @n-th allocation from now fails (mem_try gives NULL, mem_alloc
 * calls the out-of-memory hook).  0 turns it off. */
void mem_fail_after(long n);

/* Called instead of ending the process when mem_alloc() fails; it must not
 * return (tests longjmp).  NULL restores the default. */
void mem_on_oom(void (*hook)(void));

#endif
