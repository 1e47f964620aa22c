/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of members as people write them: "status", "tags.team", "rules.0.cidr".
 */
#ifndef SKYCLUST_CLI_MEMBER_H
#define SKYCLUST_CLI_MEMBER_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "catalog/catalog.h"

/*
 * What @path leads to in @value; new, NULL when there is nothing.  A name with
 * dots of its own ("tags.example.org/team") is found too; a name that is asked
 * of a list is asked of its items, which gives a list.
 */
json_t *member_at(const json_t *value, const char *path);

/* The field of @record that @path names as a whole, or NULL. */
const struct cat_field *member_field(const struct cat_record *record,
				     const char *path);

/* "a, b": the strings @member of @items, or the items themselves (NULL). */
void member_names(struct buf *out, const json_t *items, const char *member);

/* Does @record (NULL: unknown, everything may be) have the first name of @path?
 * ERR_INVALID names the nearest one. */
bool member_check(const struct cat_record *record, const char *path,
		  struct error *err);

#endif
