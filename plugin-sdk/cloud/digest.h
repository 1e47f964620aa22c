/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), for keys of caches. */
#ifndef SKYCLUST_CLOUD_DIGEST_H
#define SKYCLUST_CLOUD_DIGEST_H

#include <jansson.h>

#include "base/base.h"

#define DIGEST_TEXT 65

/* Lower-case hex of the digest of @n bytes. */
void digest_hex(const void *bytes, size_t n, char hex[DIGEST_TEXT]);

/* The same of JSON in canonical form: compact, members sorted by name.  The
 * text is wiped afterwards, as it may be a credential. */
void digest_json(const json_t *v, char hex[DIGEST_TEXT]);

#endif
