/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vendor kinds, x.VENDOR.KIND: what only one driver knows.  Their arguments
 * are checked by that driver, whose handshake brought their schemas.
 */
#include <string.h>

#include "api_impl.h"
#include "args.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "call.h"
#include "handlers.h"
#include "reply.h"
#include "routes.h"

static const char *const not_args[] = { "provider", "vendor_kind", "verb",
					NULL };

/* The kind as the driver names it, once the driver is there and has it. */
WAITS static const char *find_kind(struct request *req, struct error *err)
{
	struct api *api = api_of(req);
	const char *kind = arena_printf(&req->arena, "x.%s", req->param[1]);
	int64_t deadline = clock_ms() + api->options.config->call_timeout_ms;
	struct provider_info info;

	if (!registry_ensure_ready(api->options.registry, req->provider,
				   deadline, err))
		return NULL;
	if (registry_info_by_name(api->options.registry, req->provider,
				  &info) &&
	    json_object_get(json_object_get(info.hello, "kinds"), kind))
		return kind;
	fail(err, ERR_NOT_FOUND,
	     "the driver of %s has no kind %s; "
	     "/api/v1/providers/%s tells what it has",
	     req->provider, kind, req->provider);
	return NULL;
}

/* Numbers and flags of a query that every list has are no text. */
static bool convert_query(struct request *req, json_t *args, struct error *err)
{
	const char *limit = json_str(args, "limit", NULL);
	const char *native = json_str(args, "native", NULL);
	long long n;

	if (!args_from_query(req))
		return true;
	if (limit && !text_to_int(limit, 1, 1000, &n))
		return fail_at(err, ERR_INVALID, "/limit",
			       "limit must be a number from 1 to 1000");
	if (limit)
		json_object_set_new(args, "limit", json_integer(n));
	if (native)
		json_object_set_new(args, "native",
				    json_boolean(!strcmp(native, "true")));
	return true;
}

static enum call_outcome outcome_of(const char *verb)
{
	if (!strcmp(verb, "list"))
		return CALL_LIST;
	if (!strcmp(verb, "create"))
		return CALL_CREATED;
	return strcmp(verb, "delete") ? CALL_VALUE : CALL_DELETED;
}

static const char *verb_of(struct request *req)
{
	bool named = !strcmp(req->route->verb, "act");

	return named ? req->param[3] : req->route->verb;
}

WAITS void vendor_call(struct request *req)
{
	const char *verb = verb_of(req), *kind;
	struct error err;
	AUTO_JSON json_t *args = args_read(req, not_args, &err);

	if (!args || !convert_query(req, args, &err) ||
	    !(kind = find_kind(req, &err))) {
		reply_error(req, &err);
		return;
	}
	call_answer(req,
		    &(struct cloud_call){
			    .method = arena_printf(&req->arena, "%s.%s", kind,
						   verb),
			    .args = args,
			    .outcome = outcome_of(verb),
			    .mutates = req->method &
				       (HTTP_POST | HTTP_PATCH | HTTP_DELETE),
		    });
}
