/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rarer parts of the lexer: escapes, UTF-8, long numbers, faults.
 */
#include "rpc/scan_lex.h"

#include <errno.h>
#include <math.h>

#include "base/text.h"
#include "rpc/scan_names.h"

/* The first fault is kept.  The scan's memory is given back right here, so
 * that a caller who leaves at a fault leaks nothing. */
const char *lex_fault(struct scan *s, const char *at, const char *what)
{
	if (!s->fault) {
		s->fault = what;
		s->p = at;
		names_done(&s->names);
	}
	return NULL;
}

int lex_hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

static const char *unicode_escape(struct scan *s, const char *p)
{
	int high = lex_hex4(p + 2, s->end), low;

	if (high < 0)
		return lex_fault(s, p, "\\u without four hex digits");
	if (high == 0)
		return lex_fault(s, p, "U+0000 in a string");
	if (high < 0xD800 || high > 0xDFFF)
		return p + 6;
	if (high > 0xDBFF || s->end - p < 8 || p[6] != '\\' || p[7] != 'u')
		return lex_fault(s, p, "half a surrogate pair");
	low = lex_hex4(p + 8, s->end);
	if (low < 0xDC00 || low > 0xDFFF)
		return lex_fault(s, p, "half a surrogate pair");
	return p + 12;
}

const char *lex_escape(struct scan *s, const char *p)
{
	if (s->end - p < 2)
		return lex_fault(s, p, "a string does not end");
	if (p[1] == 'u')
		return unicode_escape(s, p);
	if (p[1] == '\0' || !strchr("\"\\/bfnrt", p[1]))
		return lex_fault(s, p, "an unknown escape");
	return p + 2;
}

const char *lex_utf8(struct scan *s, const char *p)
{
	while (p < s->end && (signed char)*p < 0) {
		size_t n = utf8_char(p, (size_t)(s->end - p));

		if (n == 0)
			return lex_fault(s, p, "not UTF-8");
		p += n;
	}
	return p;
}

const char *lex_string_rest(struct scan *s, const char *p)
{
	for (;;) {
		p = lex_plain(p, s->end);
		if (p == s->end)
			return lex_fault(s, p, "a string does not end");
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p = lex_escape(s, p);
		else if ((signed char)*p < 0)
			p = lex_utf8(s, p);
		else
			return lex_fault(s, p, "a control byte in a string");
		if (!p)
			return NULL;
	}
}

/* At most 16 digits are left to compare; 2^53 has 16. */
static bool integer_fits(const char *p, const char *end)
{
	long long value = 0;

	p += *p == '-';
	if (end - p > 16)
		return false;
	for (; p < end; p++)
		value = value * 10 + (*p - '0');
	return value <= SCAN_MAX_INT;
}

static bool real_fits(const char *p, const char *end)
{
	char text[SCAN_MAX_NUMBER + 1];
	size_t n = (size_t)(end - p);

	memcpy(text, p, n);
	text[n] = '\0';
	return isfinite(strtod(text, NULL));
}

static const char *fraction(struct scan *s, const char *p)
{
	if (p == s->end || *p != '.')
		return p;
	if (!lex_is_digit(s, p + 1))
		return lex_fault(s, p, "a digit is missing after the point");
	return lex_digits(s, p + 1);
}

static const char *exponent(struct scan *s, const char *p)
{
	if (p == s->end || (*p != 'e' && *p != 'E'))
		return p;
	p++;
	if (p < s->end && (*p == '+' || *p == '-'))
		p++;
	if (!lex_is_digit(s, p))
		return lex_fault(s, p, "a digit is missing in the exponent");
	return lex_digits(s, p);
}

const char *lex_number_rest(struct scan *s, const char *start, const char *p)
{
	const char *integer_end = p, *mantissa_end;

	mantissa_end = p = fraction(s, p);
	if (p)
		p = exponent(s, p);
	if (!p)
		return NULL;
	if (p == integer_end) {
		if (!integer_fits(start, p))
			return lex_fault(s, start, "an integer beyond 2^53");
		return p;
	}
	if (p - start > SCAN_MAX_NUMBER)
		return lex_fault(s, start, "a number is too long");
	/* Only these can be out of range: e+99 after few digits cannot. */
	if ((p - mantissa_end > 3 || integer_end - start > 200) &&
	    !real_fits(start, p))
		return lex_fault(s, start, "a number beyond a double");
	return p;
}
