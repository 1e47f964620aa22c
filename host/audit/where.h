/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition of a search, from what was asked for.  Private to host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_WHERE_H
#define SKYCLUST_HOST_AUDIT_WHERE_H

#include "audit/audit.h"
#include "base/buf.h"

#define WHERE_MOST 16

struct where {
	struct buf sql; /* conditions joined by AND, or "" */
	struct store_param params[WHERE_MOST + 1]; /* borrow their texts */
	unsigned n;
};

void where_done(struct where *w);
/* Add a condition; each '?' of @sql becomes the number of the next of
 * @params. */
void where_add(struct where *w, const char *sql,
	       const struct store_param *params);
/* The workspace of @who when he asks for one, `since` and `until` of @args. */
void where_common(struct where *w, const struct actor *who, const json_t *args);
/* " WHERE …" of all that was added, behind @out. */
void where_write(const struct where *w, struct buf *out);

#endif
