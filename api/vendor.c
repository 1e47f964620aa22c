/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vendor kinds, x.VENDOR.KIND: what only one driver knows.  Its handshake
 * describes their operations; the arguments are checked by the driver itself.
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

#define MAX_LIMIT 1000

/* The driver's description of what is asked for, new: its handshake may be
 * replaced while we wait. */
WAITS static json_t *describe(struct request *req, const char *kind,
			      const char *verb, struct error *err)
{
	struct api *api = api_of(req);
	int64_t deadline = clock_ms() + api->options.config->call_timeout_ms;
	struct provider_info info = { 0 };
	json_t *found;

	if (!registry_ensure_ready(api->options.registry, req->provider,
				   deadline, err))
		return NULL;
	registry_info_by_name(api->options.registry, req->provider, &info);
	found = json_object_get(json_object_get(info.hello, "kinds"), kind);
	found = json_object_get(json_object_get(found, "operations"), verb);
	if (found)
		return json_incref(found);
	fail(err, ERR_NOT_FOUND,
	     "the driver of %s has no %s.%s; /api/v1/providers/%s tells what "
	     "it has",
	     req->provider, kind, verb, req->provider);
	return NULL;
}

/* ---- arguments ----------------------------------------------------------- */

/* Text of a query as the type that is asked for; NULL: it stays text, and the
 * driver says what is wrong with it. */
static json_t *convert(const char *text, const char *type)
{
	long long n;

	if (!strcmp(type, "integer") &&
	    text_to_int(text, -JSON_MAX_INT, JSON_MAX_INT, &n))
		return json_integer(n);
	if (!strcmp(type, "boolean") &&
	    (!strcmp(text, "true") || !strcmp(text, "false")))
		return json_boolean(!strcmp(text, "true"));
	return NULL;
}

/* What every list takes beside the driver's own. */
static bool convert_limit(json_t *args, struct error *err)
{
	const char *text = json_str(args, "limit", NULL);
	long long n;

	if (!text)
		return true;
	if (!text_to_int(text, 1, MAX_LIMIT, &n))
		return fail_at(err, ERR_INVALID, "/limit",
			       "limit must be a number from 1 to %d",
			       MAX_LIMIT);
	json_object_set_new(args, "limit", json_integer(n));
	return true;
}

static bool convert_query(json_t *args, const json_t *operation,
			  struct error *err)
{
	const json_t *schema = json_object_get(operation, "args");
	const json_t *properties = json_object_get(schema, "properties");
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe (args, next, name, value) {
		json_t *member = json_object_get(properties, name);
		json_t *as = convert(json_string_value(value),
				     json_str(member, "type", "string"));

		if (as)
			json_object_set_new(args, name, as);
	}
	return convert_limit(args, err);
}

/* ---- the call ------------------------------------------------------------ */

static enum call_outcome outcome_of(const char *verb, const json_t *operation)
{
	if (json_bool(operation, "paged", false))
		return CALL_LIST;
	if (!strcmp(verb, "create"))
		return CALL_CREATED;
	return strcmp(verb, "delete") ? CALL_VALUE : CALL_DELETED;
}

/* What the driver does not call a change is one if it was asked for as one. */
static bool mutates(struct request *req, const json_t *operation)
{
	return json_bool(operation, "mutates",
			 !(req->method & (HTTP_GET | HTTP_HEAD)));
}

static const char *verb_of(struct request *req)
{
	return req->param[3] ? req->param[3] : req->route->verb;
}

WAITS void vendor_call(struct request *req)
{
	const char *kind = arena_printf(&req->arena, "x.%s", req->param[1]);
	const char *verb = verb_of(req);
	struct error err;
	json_t *args = req->args;
	AUTO_JSON json_t *operation = describe(req, kind, verb, &err);

	if (!operation ||
	    (args_from_query(req) && !convert_query(args, operation, &err))) {
		reply_error(req, &err);
		return;
	}
	call_answer(req, &(struct cloud_call){
				 .method = arena_printf(&req->arena, "%s.%s",
							kind, verb),
				 .args = args,
				 .outcome = outcome_of(verb, operation),
				 .mutates = mutates(req, operation),
			 });
}
