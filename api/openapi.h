/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenAPI 3.1 document, made from the route table and the catalogue.
 */
#ifndef SKYCLUST_API_OPENAPI_H
#define SKYCLUST_API_OPENAPI_H

#include <jansson.h>

#include "routes.h"

/* The document of @n routes; new.  @version is the host's. */
json_t *openapi_document(const struct route *const *routes, size_t n,
			 const char *version);

#endif
