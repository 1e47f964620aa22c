/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lexical half of the scanner: strings, UTF-8 (RFC 3629), numbers and
 * words, where nearly all of its time goes.  Private to scan*.c.
 *
 * Every function takes a position and gives the position behind what it
 * passed, or NULL after lex_fault().
 */
#ifndef SKYCLUST_RPC_SCAN_LEX_H
#define SKYCLUST_RPC_SCAN_LEX_H

#include <stdlib.h>
#include <string.h>

#include "rpc/scan.h"

/* SCAN_PORTABLE lets the tests run the same cases over the plain loop. */
#if defined(__SSE2__) && !defined(SCAN_PORTABLE)
#include <emmintrin.h>
#define LEX_SSE2 1
#else
#define LEX_SSE2 0
#endif

const char *lex_fault(struct scan *s, const char *at, const char *what);

static inline bool lex_is_space(char c)
{
	return UNLIKELY((unsigned char)c <= ' ') &&
	       (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

static inline const char *lex_space(const struct scan *s, const char *p)
{
	while (p < s->end && lex_is_space(*p))
		p++;
	return p;
}

/* Anything but ASCII text that stands for itself in a string. */
static inline bool lex_is_special(char c)
{
	return c == '"' || c == '\\' || (signed char)c < 0x20;
}

/* To the first special byte, or the end.  A signed comparison finds control
 * bytes and the bytes of UTF-8 sequences at once. */
static inline const char *lex_plain(const char *p, const char *end)
{
#if LEX_SSE2
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(0x20);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i bad =
			_mm_or_si128(_mm_cmplt_epi8(v, space),
				     _mm_or_si128(_mm_cmpeq_epi8(v, quote),
						  _mm_cmpeq_epi8(v, slash)));
		int mask = _mm_movemask_epi8(bad);

		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && !lex_is_special(*p))
		p++;
	return p;
}

static inline bool lex_is_digit(const struct scan *s, const char *p)
{
	return p < s->end && (unsigned char)(*p - '0') < 10;
}

static inline const char *lex_digits(const struct scan *s, const char *p)
{
	while (lex_is_digit(s, p))
		p++;
	return p;
}

/* The four hex digits at @p as a number, or -1. */
int lex_hex4(const char *p, const char *end);

/* From a backslash, or from the first byte of UTF-8, to behind it. */
const char *lex_escape(struct scan *s, const char *p);
const char *lex_utf8(struct scan *s, const char *p);

/* The slow part of a string: from its first special byte. */
const char *lex_string_rest(struct scan *s, const char *p);

/* From behind the opening quote to behind the closing one. */
static inline const char *lex_string(struct scan *s, const char *p)
{
	p = lex_plain(p, s->end);
	if (LIKELY(p < s->end && *p == '"'))
		return p + 1;
	return lex_string_rest(s, p);
}

/* What follows the integer part of a number, and the range of both. */
const char *lex_number_rest(struct scan *s, const char *start, const char *p);

static inline const char *lex_number(struct scan *s, const char *p)
{
	const char *start = p;

	p += *p == '-';
	if (UNLIKELY(!lex_is_digit(s, p)))
		return lex_fault(s, p, "a digit is missing");
	p = *p == '0' ? p + 1 : lex_digits(s, p);
	if (LIKELY(p < s->end && p - start < 16 &&
		   (*p == ',' || *p == '}' || *p == ']')))
		return p;
	return lex_number_rest(s, start, p);
}

static inline const char *lex_word(struct scan *s, const char *p,
				   const char *word, size_t n)
{
	if ((size_t)(s->end - p) < n || memcmp(p, word, n) != 0)
		return lex_fault(s, p, "a value is missing");
	return p + n;
}

#endif
