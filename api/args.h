/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request asks for: the arguments of an operation, from path, query
 * and body.
 */
#ifndef SKYCLUST_API_ARGS_H
#define SKYCLUST_API_ARGS_H

#include <jansson.h>

#include "http.h"

/* Most members of one query string. */
#define ARGS_MAX_QUERY 64

/*
 * The arguments of @req, an object (new), or NULL with @err.  GET, HEAD and
 * DELETE take them from the query and no body; the others from a JSON body,
 * and what says where (region, zone, workspace_id, credential_id) also from the
 * query.  The path's parameters are added, but for those that say whom to ask
 * (provider, vendor_kind, verb).
 * ERR_BAD_REQUEST: malformed; ERR_MEDIA_TYPE: the body is not JSON;
 * ERR_INVALID: given twice, or in the wrong place.
 */
json_t *args_read(struct request *req, struct error *err);

/* Do the arguments come from the query? */
bool args_from_query(const struct request *req);

#endif
