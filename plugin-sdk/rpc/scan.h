/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pull scanner: reads JSON (RFC 8259) where it stands, without a tree.
 *
 * It validates what it passes (UTF-8, escapes, numbers, depth, duplicate
 * members) and hands out slices of the input, so the result of a call travels
 * through the host as bytes.  The caller asks for what it expects:
 *
 *	struct scan s;
 *	struct slice key, raw;
 *
 *	scan_init(&s, text, n);
 *	scan_object(&s);
 *	while (scan_member(&s, &key))
 *		if (slice_eq(key, "id"))
 *			scan_string(&s, &id);
 *		else
 *			scan_skip(&s, &raw);
 *	if (!scan_end(&s, &err))
 *		return false;
 *
 * The first fault sticks: every later call returns false, so one check at the
 * end is enough.
 */
#ifndef SKYCLUST_RPC_SCAN_H
#define SKYCLUST_RPC_SCAN_H

#include "base/buf.h"
#include "base/error.h"

#define SCAN_MAX_DEPTH 64

struct scan {
	const char *start, *p, *end;
	const char *fault;      /* what is wrong, NULL: nothing yet */
	unsigned depth;
	bool first;             /* no member or item was read at this level */
};

enum scan_type { SCAN_NULL, SCAN_BOOL, SCAN_NUMBER, SCAN_STRING, SCAN_ARRAY,
		 SCAN_OBJECT, SCAN_NONE };

void scan_init(struct scan *s, const char *text, size_t n);
enum scan_type scan_peek(struct scan *s);       /* SCAN_NONE: fault or end */

bool scan_object(struct scan *s);               /* passes '{' */
/* The next member's name (raw, unescaped names only are ever compared), or
 * false after passing '}'. */
bool scan_member(struct scan *s, struct slice *key);
bool scan_array(struct scan *s);                /* passes '[' */
bool scan_item(struct scan *s);                 /* false after passing ']' */

/* One value of any type, fully validated; @raw may be NULL. */
bool scan_skip(struct scan *s, struct slice *raw);
/* The inside of a string, still escaped. */
bool scan_string(struct scan *s, struct slice *inside);
bool scan_int(struct scan *s, long long *value); /* within ±2^53 */
bool scan_bool(struct scan *s, bool *value);

/* Nothing but white space is left and there was no fault; else ERR_INVALID
 * with the offset. */
bool scan_end(struct scan *s, struct error *err);

/* Unescape the inside of a string onto @out. False: lone surrogate, NUL. */
bool scan_unescape(struct slice inside, struct buf *out);

/* All of @text is one valid JSON value. */
bool scan_valid(const char *text, size_t n, struct error *err);

/* The number of items of the array @raw (validated already). */
size_t scan_count_items(struct slice raw);

#endif
