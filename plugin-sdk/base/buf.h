/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer.  Always NUL-terminated one byte past its content,
 * so that `b.p` can be read as text.  A zeroed struct buf is an empty one.
 */
#ifndef SKYCLUST_BASE_BUF_H
#define SKYCLUST_BASE_BUF_H

#include "base/base.h"

struct buf {
	char *p;        /* NULL while nothing was ever added */
	size_t n;       /* bytes in use, without the NUL */
	size_t cap;
};

void buf_done(struct buf *b);                   /* free, and zero @b */
void buf_clear(struct buf *b);                  /* empty, keep the memory */
void buf_wipe(struct buf *b);                   /* overwrite, then buf_done */
void buf_reserve(struct buf *b, size_t more);   /* room for @more bytes */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_slice(struct buf *b, struct slice s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_drop_front(struct buf *b, size_t n);   /* forget the first @n bytes */
void buf_truncate(struct buf *b, size_t n);
char *buf_steal(struct buf *b, size_t *n);      /* new; @b becomes empty */
struct slice buf_slice(const struct buf *b);

/* Append @s as the inside of a JSON string (RFC 8259 section 7), no quotes. */
void buf_add_json_escaped(struct buf *b, struct slice s);

#endif
