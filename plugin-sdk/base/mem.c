/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator.  Counters are relaxed atomics, because offload threads
 * allocate too; nothing here orders anything.  While there is one thread, as
 * in most drivers, they are counted without locking the bus: a call through a
 * driver allocates some fifty times.
 */
#include "base/mem.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sysexits.h>
#include <unistd.h>

static atomic_long live;
static atomic_long fail_in; /* 0: off, n: the n-th allocation fails */
static void (*oom_hook)(void);

static bool must_fail(void)
{
	if (LIKELY(atomic_load_explicit(&fail_in, memory_order_relaxed) <= 0))
		return false;
	return atomic_fetch_sub_explicit(&fail_in, 1, memory_order_relaxed) == 1;
}

static void count(long n)
{
	if (LIKELY(__libc_single_threaded))
		atomic_store_explicit(
			&live,
			atomic_load_explicit(&live, memory_order_relaxed) + n,
			memory_order_relaxed);
	else
		atomic_fetch_add_explicit(&live, n, memory_order_relaxed);
}

static void *counted(void *p)
{
	if (LIKELY(p != NULL))
		count(1);
	return p;
}

/* calloc() of glibc passes by its cache of small blocks. */
#define CACHED_MAX 1024

static void *zeroed(size_t size)
{
	void *p;

	if (size > CACHED_MAX)
		return calloc(1, size);
	p = malloc(size ? size : 1);
	return p ? memset(p, 0, size) : NULL;
}

void mem_oom(void)
{
	static const char text[] = "out of memory, ending\n";

	if (oom_hook)
		oom_hook();
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EX_UNAVAILABLE);
	_exit(EX_OSERR);
}

void *mem_try(size_t size)
{
	return must_fail() ? NULL : counted(zeroed(size));
}

void *mem_try_realloc(void *p, size_t size)
{
	void *q = must_fail() ? NULL : realloc(p, size ? size : 1);

	return p ? q : counted(q);
}

void *mem_alloc(size_t size)
{
	void *p = mem_try(size);

	if (UNLIKELY(!p))
		mem_oom();
	return p;
}

void *mem_realloc(void *p, size_t size)
{
	void *q = mem_try_realloc(p, size);

	if (UNLIKELY(!q))
		mem_oom();
	return q;
}

void mem_free(void *p)
{
	if (!p)
		return;
	count(-1);
	free(p);
}

char *mem_strndup(const char *s, size_t n)
{
	char *copy;

	if (!s)
		return NULL;
	n = strnlen(s, n);
	copy = mem_realloc(NULL, n + 1);
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_vprintf(const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	text = mem_alloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	return text;
}

void mem_wipe(void *p, size_t size)
{
	if (size)
		explicit_bzero(p, size);
}

static _Thread_local bool json_may_fail, json_failed;

/* jansson passes a failure on as NULL, and json_object_set_new() takes a NULL
 * for nothing to do: what is being built would silently lack a member. */
static void *jansson_malloc(size_t size)
{
	void *p = must_fail() ? NULL : malloc(size ? size : 1);

	if (UNLIKELY(!p)) {
		if (!json_may_fail)
			mem_oom();
		json_failed = true;
	}
	return counted(p);
}

bool mem_json_may_fail(bool may_fail)
{
	bool failed = json_failed;

	json_may_fail = may_fail;
	json_failed = false;
	return failed;
}

void mem_use_for_jansson(void)
{
	json_set_alloc_funcs(jansson_malloc, mem_free);
}

size_t mem_live(void)
{
	return (size_t)atomic_load_explicit(&live, memory_order_relaxed);
}

void mem_fail_after(long n)
{
	atomic_store_explicit(&fail_in, n, memory_order_relaxed);
}

void mem_on_oom(void (*hook)(void))
{
	oom_hook = hook;
}
