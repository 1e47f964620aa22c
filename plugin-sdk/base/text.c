/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: UTF-8, numbers, percent-encoding, hex, spelling.
 */
#include "base/text.h"

#include <string.h>

/* How many bytes the lead byte @c announces, and the range of the second,
 * which rules out overlong forms, surrogates and what is above U+10FFFF. */
static size_t utf8_lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef) {
		*low = c == 0xe0 ? 0xa0 : 0x80;
		*high = c == 0xed ? 0x9f : 0xbf;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*low = c == 0xf0 ? 0x90 : 0x80;
		*high = c == 0xf4 ? 0x8f : 0xbf;
		return 4;
	}
	return 0;
}

size_t utf8_char(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char low, high;
	size_t length;

	if (!n)
		return 0;
	if (p[0] < 0x80)
		return 1;
	length = utf8_lead(p[0], &low, &high);
	if (!length || length > n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

uint32_t utf8_code(const char *p, size_t n)
{
	uint32_t code = (unsigned char)*p;

	if (n > 1)
		code &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	return code;
}

bool utf8_valid(const char *p, size_t n)
{
	while (n) {
		size_t step = utf8_char(p, n);

		if (!step)
			return false;
		p += step;
		n -= step;
	}
	return true;
}

size_t utf8_count(const char *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (p[i] & 0xc0) != 0x80; /* the first of each */
	return count;
}

size_t utf8_cut(const char *p, size_t n, size_t max)
{
	size_t at = max;

	if (n <= max)
		return n;
	while (at && max - at < 3 && ((unsigned char)p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

bool text_to_int(const char *text, long long min, long long max,
		 long long *value)
{
	bool negative = text[0] == '-';
	const char *p = text + negative;
	long long v = 0;

	if (!*p)
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, *p - '0', &v))
			return false;
	}
	/* Summed up below zero, where one more number fits than above. */
	if (!negative && __builtin_sub_overflow(0, v, &v))
		return false;
	if (v < min || v > max)
		return false;
	*value = v;
	return true;
}

void text_copy(char *to, size_t size, const char *from)
{
	size_t n;

	if (!size)
		return;
	n = utf8_cut(from, strlen(from), size - 1);
	memcpy(to, from, n);
	to[n] = '\0';
}

bool text_starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

bool text_ends(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && !strcmp(text + n - m, suffix);
}

bool text_next_word(const char **words, struct slice *word)
{
	const char *p = *words + strspn(*words, " ");

	*word = (struct slice){ p, strcspn(p, " ") };
	*words = p + word->n;
	return word->n > 0;
}

bool text_has_word(const char *words, const char *word)
{
	struct slice s;

	while (text_next_word(&words, &s))
		if (slice_eq(s, word))
			return true;
	return false;
}

/* RFC 3986 section 2.3. */
static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

void text_percent_encode(struct buf *out, struct slice s, const char *keep)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (unreserved(c) || (c && keep && strchr(keep, c)))
			buf_add_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_percent_decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] != '%') {
			buf_add_char(out, s.p[i]);
			continue;
		}
		if (s.n - i < 3)
			return false;
		high = hex_value(s.p[i + 1]);
		low = hex_value(s.p[i + 2]);
		if (high < 0 || low < 0 || !(high | low))
			return false;
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

void text_hex(const void *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i];

		out[2 * i] = digits[c >> 4];
		out[2 * i + 1] = digits[c & 15];
	}
	out[2 * n] = '\0';
}

#define WORD_MAX 64

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance by the two-row method; both within WORD_MAX. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[m];
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t length = strlen(word), best = length / 2 + 1;
	const char *nearest = NULL;

	if (length > WORD_MAX)
		return NULL;
	if (best > 4)
		best = 4;
	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(names[i]), d;

		if (m > WORD_MAX)
			continue;
		d = distance(word, length, names[i], m);
		if (d < best) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}
