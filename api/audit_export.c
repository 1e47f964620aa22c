/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/audit/export: the audit log, in pieces; a slow reader makes the
 * store wait, not the memory grow.
 */
#include "api_impl.h"
#include "args.h"
#include "audit/audit.h"
#include "catalog/catalog.h"
#include "handlers.h"
#include "reply.h"
#include "routes.h"

static WAITS bool write_piece(void *arg, struct slice piece)
{
	return http_write(arg, piece);
}

WAITS void audit_export_get(struct request *req)
{
	const struct route *route = req->route;
	struct error err;

	if (!cat_check_args(route->op, req->args, args_from_query(req), &err)) {
		reply_error(req, &err);
		return;
	}
	http_begin(req, 200, route->type);
	if (audit_export(api_of(req)->options.trust, req->who, req->args,
			 write_piece, req, &err))
		http_end(req);
	else if (http_drop(req))
		reply_error(req, &err);
}
