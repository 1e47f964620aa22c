/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each route of the document (openapi.h) can answer: its own answer, and
 * which problems.  Private to the document.
 */
#ifndef SKYCLUST_API_OPENAPI_ANSWERS_H
#define SKYCLUST_API_OPENAPI_ANSWERS_H

#include <jansson.h>

#include "routes.h"

#define OPENAPI_SCHEMAS "#/components/schemas/"

/* {"$ref": …} to the schema @name; new. */
json_t *openapi_ref(const char *name);

/* The responses of @route; new.  Adds the schemas that they need. */
json_t *openapi_answers(const struct route *route, json_t *schemas);

/* components/responses: one for each status of a problem; new. */
json_t *openapi_problems(void);

/* Whether it is a change of a cloud, which is kept (operation/operation.h). */
bool openapi_begins_operation(const struct route *route);

/* Whether it changes only what one has seen: If-Match is required. */
bool openapi_is_versioned(const struct route *route);

#endif
