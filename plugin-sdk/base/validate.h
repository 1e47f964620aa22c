/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subset of JSON Schema (2020-12) that drivers describe their settings and
 * credentials in: type, properties, required, additionalProperties (false),
 * items, enum, const, minLength, maxLength, minimum, maximum, oneOf, anyOf.
 * Annotations (title, description, default, format, writeOnly, …) are passed
 * over.
 */
#ifndef SKYCLUST_BASE_VALIDATE_H
#define SKYCLUST_BASE_VALIDATE_H

#include <jansson.h>

#include "base/error.h"

/* Check @value; ERR_INVALID with the JSON pointer of what is wrong, below
 * @pointer.  Values are never shown, they may be secret. */
bool validate_value(json_t *schema, json_t *value, const char *pointer,
		    struct error *err);

/* Is @schema written in the subset?  A keyword that would silently not be
 * checked is ERR_INVALID with the pointer to it. */
bool validate_schema(json_t *schema, const char *pointer, struct error *err);

#endif
