/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/chain.h"

#include <inttypes.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/log.h"
#include "base/text.h"

/* ---- the digest ------------------------------------------------------------ */

static void put_number(uint64_t n, unsigned char bytes[8])
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(n >> (56 - 8 * i));
}

void chain_hash(const struct chain_link *link, unsigned char hash[CHAIN_HASH])
{
	unsigned char head[24 + CHAIN_HASH];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	put_number((uint64_t)link->lane, head);
	put_number((uint64_t)link->seq, head + 8);
	memcpy(head + 16, link->before, CHAIN_HASH);
	put_number(link->record.n, head + 16 + CHAIN_HASH);
	if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, head, sizeof(head)) != 1 ||
	    EVP_DigestUpdate(ctx, link->record.p, link->record.n) != 1 ||
	    EVP_DigestFinal_ex(ctx, hash, NULL) != 1) {
		log_error("libcrypto has no memory, ending");
		abort();
	}
	EVP_MD_CTX_free(ctx);
}

/* ---- hex ------------------------------------------------------------------- */

void chain_to_hex(const unsigned char hash[CHAIN_HASH], char hex[CHAIN_HEX])
{
	text_hex(hash, CHAIN_HASH, hex);
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

bool chain_from_hex(struct slice hex, unsigned char *bytes, size_t n)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(hex.p[2 * i]), low = digit(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* ---- lines ----------------------------------------------------------------- */

void chain_write_line(const struct chain_link *link, struct buf *out)
{
	char before[CHAIN_HEX], hash[CHAIN_HEX];

	chain_to_hex(link->before, before);
	chain_to_hex(link->hash, hash);
	buf_printf(out,
		   "{\"lane\":%" PRId64 ",\"seq\":%" PRId64
		   ",\"before\":\"%s\",\"hash\":\"%s\",\"record\":",
		   link->lane, link->seq, before, hash);
	buf_add_slice(out, link->record);
	buf_add_char(out, '}');
}

static bool take_text(struct slice *line, const char *text)
{
	size_t n = strlen(text);

	if (line->n < n || memcmp(line->p, text, n) != 0)
		return false;
	*line = (struct slice){ line->p + n, line->n - n };
	return true;
}

static bool take_number(struct slice *line, int64_t *number)
{
	size_t n = 0;

	*number = 0;
	while (n < line->n && n < 18 && line->p[n] >= '0' && line->p[n] <= '9')
		*number = *number * 10 + (line->p[n++] - '0');
	if (n == 0 || (n > 1 && line->p[0] == '0'))
		return false;
	*line = (struct slice){ line->p + n, line->n - n };
	return true;
}

static bool take_hash(struct slice *line, unsigned char hash[CHAIN_HASH])
{
	struct slice hex = { line->p, 2 * CHAIN_HASH };

	if (line->n < hex.n || !chain_from_hex(hex, hash, CHAIN_HASH))
		return false;
	*line = (struct slice){ line->p + hex.n, line->n - hex.n };
	return true;
}

bool chain_read_line(struct slice line, struct chain_link *link)
{
	*link = (struct chain_link){ 0 };
	if (!take_text(&line, "{\"lane\":") ||
	    !take_number(&line, &link->lane) ||
	    !take_text(&line, ",\"seq\":") || !take_number(&line, &link->seq) ||
	    !take_text(&line, ",\"before\":\"") ||
	    !take_hash(&line, link->before) ||
	    !take_text(&line, "\",\"hash\":\"") ||
	    !take_hash(&line, link->hash) ||
	    !take_text(&line, "\",\"record\":") || line.n < 2 ||
	    line.p[line.n - 1] != '}')
		return false;
	link->record = (struct slice){ line.p, line.n - 1 };
	return true;
}
