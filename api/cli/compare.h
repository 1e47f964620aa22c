/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a resource as a manifest wants it?  Pure: names are compared with
 * identifiers by a function of the caller's.
 */
#ifndef SKYCLUST_CLI_COMPARE_H
#define SKYCLUST_CLI_COMPARE_H

#include <jansson.h>

#include "catalog/catalog.h"

enum compare_result {
	COMPARE_SAME,
	COMPARE_DIFFERENT,
	COMPARE_UNSEEN, /* the record does not tell: it has no such member, or
			 * null, which is unknown */
};

/* Do two texts of @f, one of them an identifier, the other a name, mean the
 * same resource? */
typedef bool compare_fn(void *arg, const struct cat_field *f, const char *given,
			const char *have);

/*
 * Argument @f with value @given against the member of its name of @record.
 * Lists are sets; of objects those members count that are given; tags that
 * the system itself adds ("skyclust-…") do not count.  Rules are compared by
 * direction: what the list says nothing about is left as it is.
 */
enum compare_result compare_argument(const struct cat_field *f,
				     const json_t *given, const json_t *record,
				     compare_fn *same, void *arg);

/*
 * What must be sent so that @f becomes @given: @given, and what is to be kept
 * of @record (tags of the system's own, rules of other directions).  New.
 */
json_t *compare_wanted(const struct cat_field *f, const json_t *given,
		       const json_t *record);

#endif
