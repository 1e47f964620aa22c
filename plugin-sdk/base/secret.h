/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets: text in locked, non-dumped memory that is wiped when freed.
 * struct secret is opaque, so that it cannot be printed by accident; the one
 * way to its bytes is secret_reveal(), easy to search for.
 */
#ifndef SKYCLUST_BASE_SECRET_H
#define SKYCLUST_BASE_SECRET_H

#include <jansson.h>

#include "base/base.h"

struct secret;

struct secret *secret_new(const char *bytes, size_t n); /* copies */
void secret_free(struct secret *s);
const char *secret_reveal(const struct secret *s);      /* NUL-terminated */
size_t secret_length(const struct secret *s);

/* Constant-time comparison, also of the length. */
bool secret_equal(const struct secret *s, const char *bytes, size_t n);

/* @n random bytes as lower-case hex from the kernel (getrandom(2)). */
struct secret *secret_random_hex(size_t n);

/* Overwrite every string inside @v (borrowed), then the caller decrefs it. */
void json_wipe(json_t *v);

#endif
