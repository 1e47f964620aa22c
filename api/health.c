/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For machines that look after the host: does it live, can it serve, how busy
 * is it.
 */
#include <unistd.h>

#include "api_impl.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "handlers.h"
#include "metrics.h"
#include "provider_json.h"
#include "reply.h"

void health_live(struct request *req)
{
	reply_json(req, 200,
		   json_pack("{ss ss}", "status", "ok", "version",
			     api_of(req)->options.version));
}

/* A lazy driver that was not started yet is no reason to be unready.  Nor is
 * one broken driver among others: taking the host out of service for it would
 * take the other clouds away, too. */
void health_ready(struct request *req)
{
	struct registry *r = api_of(req)->options.registry;
	json_t *drivers = json_object();
	struct provider_info info;
	size_t broken = 0, n = 0;

	for (; registry_info(r, n, &info); n++) {
		broken += info.state == PROVIDER_BROKEN;
		json_object_set_new(
			drivers, info.name,
			json_string(provider_state_name(info.state)));
	}
	reply_json(req, n && broken == n ? 503 : 200,
		   json_pack("{ss so}", "status",
			     !broken	   ? "ready"
			     : broken == n ? "not_ready"
					   : "degraded",
			     "drivers", drivers));
}

void health_metrics(struct request *req)
{
	struct api *api = api_of(req);
	struct buf text = { 0 };

	metric_set("skyclust_http_connections", NULL, NULL, NULL, NULL,
		   (double)http_connections(api->http));
	metric_set("skyclust_http_requests_open", NULL, NULL, NULL, NULL,
		   (double)http_requests(api->http));
	metrics_print(&text);
	http_keep(req, &text);
	http_reply(req, 200, req->route->type, buf_slice(&req->kept));
}

void health_status(struct request *req)
{
	struct api *api = api_of(req);
	struct registry *r = api->options.registry;
	json_t *providers = json_array();
	struct provider_info info;
	char started[CLOCK_TEXT];

	for (size_t i = 0; registry_info(r, i, &info); i++)
		json_array_append_new(providers, provider_summary(&info));
	reply_json(
		req, 200,
		json_pack("{ss si ss sI sI sI so}", "version",
			  api->options.version, "pid", (int)getpid(),
			  "started_at", clock_format(api->started_ms, started),
			  "uptime_seconds",
			  (json_int_t)((clock_wall_ms() - api->started_ms) /
				       1000),
			  "connections",
			  (json_int_t)http_connections(api->http),
			  "requests_open", (json_int_t)http_requests(api->http),
			  "providers", providers));
}
