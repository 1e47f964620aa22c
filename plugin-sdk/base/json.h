/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one JSON layer over jansson (RFC 8259), strict: UTF-8, no duplicate
 * members, depth at most JSON_MAX_DEPTH, integers within ±2^53.
 */
#ifndef SKYCLUST_BASE_JSON_H
#define SKYCLUST_BASE_JSON_H

#include <jansson.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/error.h"

#define JSON_MAX_DEPTH 64
#define JSON_MAX_INT 9007199254740992LL

/* Parse @n bytes; new reference, or NULL with ERR_INVALID that names line and
 * column.  Any JSON value is accepted at the top. */
json_t *json_read(const char *text, size_t n, struct error *err);

/* The same of a text in a program, which may write ' for " (and \' for an
 * apostrophe) where it has no "; NULL for NULL. */
json_t *json_read_quoted(const char *text, struct error *err);

/* Append @v compactly to @out; object members in insertion order. */
void json_write(const json_t *v, struct buf *out);

/* Look up an RFC 6901 JSON pointer; borrowed, NULL when absent. */
json_t *json_at(json_t *root, const char *pointer);

/* Accessors that cannot fail: a missing or mistyped member gives @otherwise. */
const char *json_str(const json_t *object, const char *name,
		     const char *otherwise);
long long json_int(const json_t *object, const char *name, long long otherwise);
bool json_bool(const json_t *object, const char *name, bool otherwise);

/* Append "/escaped-name" (RFC 6901) to a pointer of @size bytes; cuts. */
void json_pointer_add(char *pointer, size_t size, const char *name);
void json_pointer_add_index(char *pointer, size_t size, size_t index);

#endif
