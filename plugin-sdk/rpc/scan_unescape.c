/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the inside of a JSON string to its text (RFC 8259 section 7).
 */
#include <string.h>

#include "rpc/scan_lex.h"

static void add_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_add_char(out, (char)c);
	} else if (c < 0x800) {
		buf_add_char(out, (char)(0xC0 | c >> 6));
		buf_add_char(out, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_add_char(out, (char)(0xE0 | c >> 12));
		buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_add_char(out, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_add_char(out, (char)(0xF0 | c >> 18));
		buf_add_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_add_char(out, (char)(0x80 | (c & 0x3F)));
	}
}

/* The `\u` at @p, with its second half if it has one; NULL: none of ours. */
static const char *add_unicode(const char *p, const char *end, struct buf *out)
{
	int high = lex_hex4(p + 2, end), low;

	if (high <= 0)
		return NULL;
	if (high < 0xD800 || high > 0xDFFF) {
		add_utf8(out, (unsigned)high);
		return p + 6;
	}
	if (high > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return NULL;
	low = lex_hex4(p + 8, end);
	if (low < 0xDC00 || low > 0xDFFF)
		return NULL;
	add_utf8(out, 0x10000u + ((unsigned)(high - 0xD800) << 10) +
			      (unsigned)(low - 0xDC00));
	return p + 12;
}

static const char *add_escape(const char *p, const char *end, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (end - p < 2)
		return NULL;
	if (p[1] == 'u')
		return add_unicode(p, end, out);
	at = p[1] ? strchr(from, p[1]) : NULL;
	if (!at)
		return NULL;
	buf_add_char(out, to[at - from]);
	return p + 2;
}

bool scan_unescape(struct slice inside, struct buf *out)
{
	const char *p = inside.p, *end = p + inside.n;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		const char *stop = slash ? slash : end;

		buf_add(out, p, (size_t)(stop - p));
		if (!slash)
			return true;
		p = add_escape(slash, end, out);
		if (!p)
			return false;
	}
	return true;
}
