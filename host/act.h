/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the acts (trust.h) have in common: lists page by page, and changes only
 * of what one has seen.
 */
#ifndef SKYCLUST_HOST_ACT_H
#define SKYCLUST_HOST_ACT_H

#include <jansson.h>

#include "trust.h"

/*
 * A list goes by a column that is unique (the identifier): the rows after
 * act_after(), in its order, at most act_limit() + 1 of them; by the one too
 * many it is known that there are more.  act_page() steals the records made of
 * them (each has @key, the column's text) and gives what a list's act returns.
 */
long long act_limit(const json_t *args);   /* 100 when not asked */
const char *act_after(const json_t *args); /* "": from the first */
json_t *act_page(json_t *records, const char *key, const json_t *args);

/* Whether If-Match was given.  ERR_PRECONDITION_REQUIRED says how to. */
bool act_has_version(const struct actor *who, struct error *err);

/* JSON's null for NULL. */
json_t *act_text(const char *text);

#endif
