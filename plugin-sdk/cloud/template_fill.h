/* SPDX-License-Identifier: Apache-2.0 */
/* What template.c, template_hole.c and template_body.c share. */
#ifndef SKYCLUST_CLOUD_TEMPLATE_FILL_H
#define SKYCLUST_CLOUD_TEMPLATE_FILL_H

#include <string.h>

#include "cloud/path.h"
#include "cloud/template.h"

static inline bool slice_starts(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && !memcmp(s.p, prefix, n);
}

/* Read the hole that opens at @open; what follows it, NULL: malformed. */
const char *hole_read(const char *open, struct hole *h);
/* Is all of @text one hole?  Then its value keeps its type. */
bool hole_is_all(const char *text, struct hole *h);
bool hole_malformed(const char *at, struct error *err); /* false */

/* Call @fn for each of the hole's names; false when @fn says so. */
bool hole_visit(const struct hole *h,
		bool (*fn)(const struct hole *hole, void *arg), void *arg);

/* The value for @h, new; NULL: missing or null.  @text: it becomes text, so
 * that of several names an empty one is passed over. */
json_t *hole_value(const struct hole *h, const struct template_scope *scope,
		   bool text);
/* The list x of {x[]}, new, or NULL. */
json_t *hole_list(const struct hole *h, const struct template_scope *scope);
/* Say who did not supply it; false. */
bool hole_missing(const struct hole *h, struct error *err);
/* Append @v as text; lists are joined by commas, objects refused. */
bool hole_text(const struct hole *h, json_t *v, struct buf *out,
	       struct error *err);

/* What of the text @v comes before the first @until, else all; steals @v,
 * new. */
json_t *value_until(json_t *v, struct slice until);

bool template_body_holes(const char *text,
			 bool (*fn)(const struct hole *hole, void *arg),
			 void *arg, struct error *err);

#endif
