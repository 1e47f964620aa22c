/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation of the catalogue, by the route's row: the arguments are
 * read and checked by the catalogue, the driver does the rest.
 */
#include <string.h>

#include "args.h"
#include "base/auto.h"
#include "base/json.h"
#include "call.h"
#include "catalog/catalog.h"
#include "handlers.h"
#include "reply.h"
#include "routes.h"

static enum call_outcome outcome_of(const struct cat_op *op)
{
	if (op->flags & CAT_PAGED)
		return CALL_LIST;
	if (op->flags & CAT_ACTION)
		return CALL_VALUE;
	if (!strcmp(op->verb, "create"))
		return CALL_CREATED;
	return strcmp(op->verb, "delete") ? CALL_VALUE : CALL_DELETED;
}

/* Seed 002's bodies name the provider, as the path does. */
static bool take_provider(struct request *req, json_t *args, struct error *err)
{
	const char *name = json_str(args, "provider", NULL);

	if (name && strcmp(name, req->provider) != 0)
		return fail_at(err, ERR_INVALID, "/provider",
			       "provider is \"%s\" here and \"%s\" in the path",
			       name, req->provider);
	if (name)
		json_object_del(args, "provider");
	return true;
}

WAITS void resource_call(struct request *req)
{
	const struct cat_op *op = req->route->op;
	struct error err;
	json_t *args = req->args;

	if (!take_provider(req, args, &err) ||
	    !cat_check_args(op, args, args_from_query(req), &err)) {
		reply_error(req, &err);
		return;
	}
	call_answer(req,
		    &(struct cloud_call){
			    .method = op->name,
			    .args = args,
			    .outcome = outcome_of(op),
			    .mutates = op->flags & CAT_MUTATES,
			    .gives = op->result && !(op->flags & CAT_DESTROYS),
		    });
}
