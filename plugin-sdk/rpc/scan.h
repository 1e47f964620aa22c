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
 * end is enough.  Always finish with scan_end(): an object of very many
 * members takes memory while it is open, and scan_end() gives it back.
 *
 * Stricter than the RFC, as the protocol asks: member names are unique (as
 * unescaped), depth is limited, integers are within ±2^53, reals fit a double,
 * and no string holds U+0000 or half a surrogate pair.
 */
#ifndef SKYCLUST_RPC_SCAN_H
#define SKYCLUST_RPC_SCAN_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

#define SCAN_MAX_DEPTH 64

#define SCAN_MAX_INT 9007199254740992LL /* 2^53 */
#define SCAN_MAX_NUMBER 512             /* bytes of text in one number */
#define SCAN_NEAR_NAMES 96              /* kept here before the heap is used */

/* A member name seen in an open object. */
struct scan_name {
	uint32_t hash;
	uint32_t at;            /* offset of its first byte in the text */
};

/* The names of all open objects, the innermost last (scan_names.c). */
struct scan_names {
	struct scan_name *entry; /* `near`, or the heap */
	uint32_t n, cap;
	uint32_t *index;        /* hash table of objects of very many names */
	uint32_t index_size, index_used;
	struct scan_name near[SCAN_NEAR_NAMES];
};

/* An open object or array. */
struct scan_level {
	uint64_t seen;          /* bit h%64 for each hash h of its names */
	uint32_t base;          /* its first name, SCAN_IS_ARRAY in an array */
};
#define SCAN_IS_ARRAY UINT32_MAX

/* Not to be copied: it points into itself. */
struct scan {
	const char *start, *p, *end;
	const char *fault;      /* what is wrong, NULL: nothing yet */
	unsigned depth;
	bool first;             /* no member or item was read at this level */
	bool known;             /* scan_init_valid(): names are unique */
	struct scan_names names;
	struct scan_level level[SCAN_MAX_DEPTH];
};

enum scan_type { SCAN_NONE, SCAN_NULL, SCAN_BOOL, SCAN_NUMBER, SCAN_STRING,
		 SCAN_ARRAY, SCAN_OBJECT };

void scan_init(struct scan *s, const char *text, size_t n); /* borrows @text */
/* The same for a part of a text that was scanned whole before: looking for
 * names that come twice, half of the work on small objects, is left out. */
void scan_init_valid(struct scan *s, const char *text, size_t n);
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
 * with the offset.  Frees what the scan holds; it may be called twice. */
bool scan_end(struct scan *s, struct error *err);

/* Unescape the inside of a string onto @out.  False: lone surrogate, NUL or
 * an escape that is none; @out then holds the part before it. */
bool scan_unescape(struct slice inside, struct buf *out);

/* All of @text is one valid JSON value. */
bool scan_valid(const char *text, size_t n, struct error *err);

/* The next value as a tree (new); NULL at a fault. */
json_t *scan_json(struct scan *s);

/* The number of items of the array @raw (validated already). */
size_t scan_count_items(struct slice raw);

#endif
