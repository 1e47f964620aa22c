/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz"
			       "0123456789-_";

void base64url_add(struct buf *out, struct slice bytes)
{
	unsigned bits = 0, held = 0;

	buf_reserve(out, (bytes.n * 4 + 2) / 3);
	for (size_t i = 0; i < bytes.n; i++) {
		held = held << 8 | (unsigned char)bytes.p[i];
		for (bits += 8; bits >= 6; bits -= 6)
			buf_add_char(out, alphabet[held >> (bits - 6) & 63]);
		held &= (1u << bits) - 1;
	}
	if (bits)
		buf_add_char(out, alphabet[held << (6 - bits) & 63]);
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_read(struct buf *out, struct slice text)
{
	unsigned bits = 0, held = 0;

	if (text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int value = digit(text.p[i]);

		if (value < 0)
			return false;
		held = held << 6 | (unsigned)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_add_char(out, (char)(held >> bits));
			held &= (1u << bits) - 1;
		}
	}
	return held == 0;
}
