/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena: a chain of blocks, each twice the last up to a limit.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define ALIGN 16
#define FIRST_BLOCK (1024 - 32) /* with its head it is a cheap allocation */
#define LARGEST_BLOCK (64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ALIGN) char data[];
};

void arena_done(struct arena *a)
{
	struct arena_block *block, *next;

	if (!a)
		return;
	for (block = a->blocks; block; block = next) {
		next = block->next;
		mem_free(block);
	}
	a->blocks = NULL;
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a ? a->blocks : NULL; b; b = b->next)
		mem_wipe(b->data, b->used);
	arena_done(a);
}

static struct arena_block *add_block(struct arena *a, size_t least)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *block;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < least)
		size = least;
	block = mem_alloc(sizeof(*block) + size);
	block->size = size;
	block->next = a->blocks;
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *block = a->blocks;
	void *p;

	if (size > SIZE_MAX / 4)
		mem_oom();
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!block || block->size - block->used < size)
		block = add_block(a, size);
	p = block->data + block->used;
	block->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy;

	if (!s)
		return NULL;
	n = strnlen(s, n);
	copy = arena_alloc(a, n + 1);
	memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	text = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}
