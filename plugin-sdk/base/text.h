/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: UTF-8 (RFC 3629), numbers, percent-encoding (RFC 3986), hex.
 */
#ifndef SKYCLUST_BASE_TEXT_H
#define SKYCLUST_BASE_TEXT_H

#include "base/base.h"
#include "base/buf.h"

/* Length of the well-formed character at @p (of @n bytes), 0 if there is none. */
size_t utf8_char(const char *p, size_t n);
uint32_t utf8_code(const char *p, size_t n); /* of such a character */
bool utf8_valid(const char *p, size_t n);
size_t utf8_count(const char *p, size_t n); /* characters, of valid text */
size_t utf8_cut(const char *p, size_t n, size_t max); /* ≤ max, whole chars */

/* Whole text is one decimal integer in [min, max]. */
bool text_to_int(const char *text, long long min, long long max,
		 long long *value);

/* Copy at most size-1 bytes, whole characters, always terminated. */
void text_copy(char *to, size_t size, const char *from);
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* Words separated by spaces.  The next one of *@words, false: there is none;
 * is @word among them? */
bool text_next_word(const char **words, struct slice *word);
bool text_has_word(const char *words, const char *word);

/* Percent-encode all but unreserved characters; @keep lists more to keep. */
void text_percent_encode(struct buf *out, struct slice s, const char *keep);
/* False on a bad escape or a decoded NUL. '+' stays '+'. */
bool text_percent_decode(struct buf *out, struct slice s);

/* Lower-case. @out may end where @bytes end (it is written front to back). */
void text_hex(const void *bytes, size_t n, char *out); /* out: 2n+1 bytes */

/* For "did you mean": the one of the @n @names that is nearest to @word by edit
 * distance (borrowed), or NULL when more than about half would have to change
 * or more than 3 letters. */
const char *text_nearest(const char *word, const char *const *names, size_t n);

#endif
