/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's types out of whatever clouds write for them. */
#ifndef SKYCLUST_CLOUD_REST_TYPES_H
#define SKYCLUST_CLOUD_REST_TYPES_H

#include <jansson.h>

#include "catalog/catalog.h"

/*
 * @v as a value of @type; steals @v; new, or NULL when it cannot be one.
 *
 * Numbers and booleans may be written as text and the other way round.  Times
 * are RFC 3339 in any offset, without one (UTC is meant), or seconds since
 * 1970; they become UTC.  Tags may be an object, a list of {key, value} in any
 * case, or a list of words, which get empty values.
 */
json_t *rest_typed(enum cat_type type, json_t *v);

#endif
