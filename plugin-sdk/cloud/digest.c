/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/digest.h"

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

void digest_hex(const void *bytes, size_t n, char hex[DIGEST_TEXT])
{
	unsigned char md[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(bytes, n, md, NULL, EVP_sha256(), NULL))
		mem_oom(); /* the one way in which it fails */
	text_hex(md, 32, hex);
}

static int add(const char *p, size_t n, void *out)
{
	buf_add(out, p, n);
	return 0;
}

void digest_json(const json_t *v, char hex[DIGEST_TEXT])
{
	struct buf text = { 0 };

	if (v)
		json_dump_callback(v, add, &text,
				   JSON_COMPACT | JSON_SORT_KEYS |
					   JSON_ENCODE_ANY);
	digest_hex(text.p ? text.p : "", text.n, hex);
	buf_wipe(&text);
}
