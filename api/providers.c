/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The providers: which driver serves each, how it is, and what it can do.
 */
#include <string.h>

#include "api_impl.h"
#include "args.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "handlers.h"
#include "provider_json.h"
#include "reply.h"

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *time_or_null(int64_t wall_ms)
{
	char text[CLOCK_TEXT];

	return wall_ms ? json_string(clock_format(wall_ms, text)) : json_null();
}

static json_t *positive_or_null(long long n)
{
	return n > 0 ? json_integer(n) : json_null();
}

/* ---- as JSON ------------------------------------------------------------- */

static void add_process(json_t *v, const struct provider_info *info)
{
	json_object_set_new(v, "pid", positive_or_null(info->pid));
	json_object_set_new(v, "memory_kib", positive_or_null(info->rss_kib));
	json_object_set_new(v, "started_at", time_or_null(info->started_ms));
	json_object_set_new(v, "sandbox", text_or_null(info->sandbox));
	json_object_set_new(v, "digest", text_or_null(info->digest));
}

static void add_counts(json_t *v, const struct provider_info *info)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {
		{ "restarts", info->restarts },
		{ "calls", info->calls },
		{ "errors", info->errors },
		{ "violations", info->violations },
		{ "log_lines", info->stderr_lines },
		{ "log_lines_dropped", info->stderr_dropped },
		{ "calls_open", info->inflight },
		{ "calls_open_max", info->max_inflight },
	};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		json_object_set_new(v, counts[i].name,
				    json_integer((json_int_t)counts[i].n));
}

json_t *provider_summary(const struct provider_info *info)
{
	json_t *v = json_pack("{ss ss so so ss sI so sb}", "name", info->name,
			      "driver", info->driver, "version",
			      text_or_null(info->version), "description",
			      text_or_null(info->description), "state",
			      provider_state_name(info->state), "generation",
			      (json_int_t)info->generation, "last_error",
			      text_or_null(info->last_error), "breaker_open",
			      info->breaker_open);

	add_process(v, info);
	add_counts(v, info);
	return v;
}

/* Every operation of the catalogue and every one of the driver's own: whether
 * it is there.  From the handshake, so it cannot be out of date. */
static json_t *support_matrix(const json_t *operations)
{
	const struct cat_kind *const *kinds = cat_kinds();
	json_t *matrix = json_object(), *value;
	const char *name;

	for (; *kinds; kinds++)
		for (const struct cat_op *op = (*kinds)->ops; op->name; op++)
			json_object_set_new(matrix, op->name,
					    json_boolean(json_object_get(
						    operations, op->name)));
	json_object_foreach ((json_t *)operations, name, value)
		json_object_set_new(matrix, name, json_true());
	return matrix;
}

json_t *provider_description(const struct provider_info *info)
{
	static const char *const copied[] = {
		"protocol",	     "sdk",	    "concurrency",
		"operations",	     "unsupported", "config_schema",
		"credential_schema", "env",	    "kinds",
		"rate_limits",	     "egress",
	};
	json_t *v = provider_summary(info);

	json_object_set_new(v, "path", text_or_null(info->path));
	if (!info->hello)
		return v;
	for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
		json_t *part = json_object_get(info->hello, copied[i]);

		json_object_set(v, copied[i], part ? part : json_null());
	}
	json_object_set_new(
		v, "support",
		support_matrix(json_object_get(info->hello, "operations")));
	return v;
}

/* ---- handlers ------------------------------------------------------------ */

/* These take no arguments. */
static bool check_no_args(struct request *req, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach (req->args, name, value)
		return fail(err, ERR_INVALID,
			    "there is no argument \"%s\" here", name);
	return true;
}

WAITS void providers_list(struct request *req)
{
	struct registry *r = api_of(req)->options.registry;
	struct provider_info info;
	struct error err;
	json_t *items;

	if (!check_no_args(req, &err)) {
		reply_error(req, &err);
		return;
	}
	items = json_array();
	for (size_t i = 0; registry_info(r, i, &info); i++)
		json_array_append_new(items, provider_summary(&info));
	reply_json(req, 200,
		   json_pack("{so sn s[]}", "items", items, "next_page_token",
			     "errors"));
}

/* A lazy driver is started for its description; one that cannot start is
 * described as far as it is known. */
WAITS static bool describe(struct request *req, struct provider_info *info,
			   struct error *err)
{
	struct api *api = api_of(req);
	struct registry *r = api->options.registry;
	int64_t deadline = clock_ms() + api->options.config->start_timeout_ms;
	struct error why;

	if (registry_info_by_name(r, req->provider, info) && !info->hello &&
	    !registry_ensure_ready(r, req->provider, deadline, &why))
		log_info("driver described without being started",
			 LOG_STR("driver", req->provider), LOG_ERR(&why));
	if (registry_info_by_name(r, req->provider, info))
		return true;
	return fail(err, ERR_NOT_FOUND,
		    "no provider %s; /api/v1/providers lists them",
		    req->provider);
}

WAITS void providers_get(struct request *req)
{
	struct provider_info info;
	struct error err;

	if (check_no_args(req, &err) && describe(req, &info, &err))
		reply_json(req, 200, provider_description(&info));
	else
		reply_error(req, &err);
}
