/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/base64.h"

#include <openssl/evp.h>

void base64_add(struct buf *out, struct slice bytes)
{
	size_t n = (bytes.n + 2) / 3 * 4;

	buf_reserve(out, n + 1); /* it writes a NUL, too */
	EVP_EncodeBlock((unsigned char *)out->p + out->n,
			(const unsigned char *)(bytes.n ? bytes.p : ""),
			(int)bytes.n);
	out->n += n;
}
