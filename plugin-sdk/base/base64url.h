/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 with the alphabet of URLs and without padding (RFC 4648 section 5, as
 * RFC 7515 appendix C takes it).
 */
#ifndef SKYCLUST_BASE_BASE64URL_H
#define SKYCLUST_BASE_BASE64URL_H

#include "base/buf.h"

/* Append @bytes, in base64url. */
void base64url_add(struct buf *out, struct slice bytes);

/* Append the bytes that @text stands for.  False, with some of them added: it
 * holds anything but the alphabet, cannot have this length, or has bits left
 * over that are not zero (so each content has one spelling). */
bool base64url_read(struct buf *out, struct slice text);

#endif
