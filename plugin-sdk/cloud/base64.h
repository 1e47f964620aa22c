/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), with padding. */
#ifndef SKYCLUST_CLOUD_BASE64_H
#define SKYCLUST_CLOUD_BASE64_H

#include "base/buf.h"

/* Append @bytes, in base64. */
void base64_add(struct buf *out, struct slice bytes);

#endif
