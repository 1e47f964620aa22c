/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte buffer.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define BUF_FIRST 64

void buf_done(struct buf *b)
{
	if (!b)
		return;
	mem_free(b->p);
	*b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
	buf_truncate(b, 0);
}

void buf_wipe(struct buf *b)
{
	if (b)
		mem_wipe(b->p, b->cap);
	buf_done(b);
}

void buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap = b->cap ? b->cap : BUF_FIRST;

	if (more > SIZE_MAX / 4 || b->n > SIZE_MAX / 4)
		mem_oom();
	need = b->n + more + 1;
	if (LIKELY(need <= b->cap))
		return;
	while (cap < need)
		cap *= 2;
	b->p = mem_realloc(b->p, cap);
	b->p[b->n] = '\0';
	b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_reserve(b, BUF_FIRST);
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n >= b->cap - b->n) {
		buf_reserve(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	if (n > 0)
		b->n += (size_t)n;
}

void buf_drop_front(struct buf *b, size_t n)
{
	if (n >= b->n) {
		buf_clear(b);
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	buf_truncate(b, b->n - n);
}

void buf_truncate(struct buf *b, size_t n)
{
	if (n > b->n || !b->p)
		return;
	b->n = n;
	b->p[n] = '\0';
}

char *buf_steal(struct buf *b, size_t *n)
{
	char *p;

	buf_reserve(b, 0);
	p = b->p;
	if (n)
		*n = b->n;
	*b = (struct buf){ 0 };
	return p;
}

struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->p ? b->p : "", b->n };
}

static void add_escape(struct buf *b, unsigned char c)
{
	static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *at = memchr(names, c, sizeof(names) - 1);

	if (at)
		buf_add(b, (char[]){ '\\', letters[at - names] }, 2);
	else
		buf_printf(b, "\\u%04x", c);
}

void buf_add_json_escaped(struct buf *b, struct slice s)
{
	size_t start = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (LIKELY(c >= 0x20 && c != '"' && c != '\\'))
			continue;
		buf_add(b, s.p + start, i - start);
		add_escape(b, c);
		start = i + 1;
	}
	buf_add(b, s.p + start, s.n - start);
}
