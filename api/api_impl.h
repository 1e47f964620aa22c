/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the handlers know of the API they belong to.
 */
#ifndef SKYCLUST_API_API_IMPL_H
#define SKYCLUST_API_API_IMPL_H

#include "api.h"
#include "http.h"
#include "router.h"

struct api {
	struct api_options options;
	struct http_server *http;
	struct router *router;
	int64_t started_ms;   /* wall clock */
	struct buf openapi;   /* the document, made when first asked for */
	char openapi_tag[48]; /* its ETag */
};

static inline struct api *api_of(struct request *req)
{
	return req->owner;
}

#endif
