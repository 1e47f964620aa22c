/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a project may use, uses and measures: quotas, costs, metrics.
 */
#include "openstack.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* Is there no room for what @call wants?  Nova does not count key pairs. */
bool quota_is_full(struct sc_call *call)
{
	int create = !strcmp(sc_method_name(call), "instance.create");
	bool server = sc_has(call, "instance_type"), full;
	json_t *found =
		server ? sc_rest_call(call, "flavor", NULL)
		       : sc_rest_call(call, "key_pair.list", json_object());

	full = sc_quota_is_full(
		call,
		json_pack("{s:i, s:i, s:i, s:O*, s:O*}", "instances", create,
			  "port", create, "key_pairs",
			  server ? 0 : 1 + (int)json_array_size(found), "cores",
			  json_object_get(found, "vcpus"), "memory",
			  json_object_get(found, "memory_mib")));
	json_decref(found);
	return full;
}

/* ---- metrics ------------------------------------------------------------ */

/* What Nova counts from the instance's start on. */
static const struct counter {
	const char *name, *list, *member;
} counters[] = {
	{ "cpu_percent", "cpu_details", "time" }, /* nanoseconds */
	{ "network_in_bytes", "nic_details", "rx_octets" },
	{ "network_out_bytes", "nic_details", "tx_octets" },
	{ "disk_read_bytes", "disk_details", "read_bytes" },
	{ "disk_write_bytes", "disk_details", "write_bytes" },
	{ NULL },
};

static double number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* The value of @name over the @seconds since the start; NAN: not measured. */
static double measured(const json_t *d, const char *name, double seconds)
{
	const json_t *memory = json_object_get(d, "memory_details"), *list, *e;
	const struct counter *c = counters;
	double sum = 0;
	size_t i;

	if (!strcmp(name, "memory_percent"))
		return 100 * number(memory, "used") / number(memory, "maximum");
	while (c->name && strcmp(c->name, name))
		c++;
	list = c->name ? json_object_get(d, c->list) : NULL;
	json_array_foreach (list, i, e)
		sum += number(e, c->member);
	if (!list)
		return NAN;
	return c == counters ? sum / 1e7 / seconds / (double)i : sum;
}

/* The only point is the time from the start up to now. */
SC_WAITS static struct sc_reply *query(struct sc_call *call)
{
	const char *name = sc_str(call, "name");
	json_t *d = sc_rest_call(call, "diagnostics", NULL);
	time_t up = (time_t)number(d, "uptime"), start = time(NULL) - up;
	double value = measured(d, name, (double)up);
	char when[32];

	if (!d)
		return sc_failed(call);
	json_decref(d);
	if (!isfinite(value))
		return sc_fail(call, SC_UNSUPPORTED,
			       "Nova does not measure %s of this instance",
			       name);
	strftime(when, sizeof(when), "%FT%TZ", gmtime(&start));
	return sc_value(
		call,
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:[{s:s, s:o}]}", "name",
			  name, "resource_kind", "instance", "resource_id",
			  sc_str(call, "resource_id"), "unit",
			  strstr(name, "percent") ? "percent" : "bytes",
			  "period_seconds", (json_int_t)up, "points", "time",
			  when, "value",
			  json_sprintf("%.15g", round(value * 100) / 100)));
}

/* ---- costs: by the prices of the settings ------------------------------- */

SC_WAITS static struct sc_reply *estimate(struct sc_call *call)
{
	json_t *type = sc_rest_call(call, "flavor", NULL);

	return type ? sc_cost_estimate(call, type, NULL) : sc_failed(call);
}

/* cost.billing and cost.trend */
SC_WAITS static struct sc_reply *report(struct sc_call *call)
{
	json_t *uses = sc_rest_call(call, "usage", NULL);

	return uses ? sc_cost_report(call, uses, NULL) : sc_failed(call);
}

/* Rows are read as a table. */
/* clang-format off */

#define QUOTAS(of) .map = (const struct sc_map[]){                                           \
	{ "service", .value = of }, { "limit", .words = "-=-1" }, { "used", "{in_use|used}" }, \
	{ "name", "~", .words = "memory=ram volume_storage=gigabytes" },                     \
	{ "unit", "~", .words = "MiB=ram GiB=gigabytes|backup_gigabytes -=*" }, { NULL } }

/* A Neutron without this extension. */
static const struct sc_error_row untold[] = { { 404, NULL, SC_UNSUPPORTED }, { 0 } };

static const struct sc_map use_map[] = {
	{ "instance_type", "flavor" }, { "started_at ended_at" }, { NULL },
};

const struct sc_rest account_rest[] = {
	{ "quota.list", "GET /os-quota-sets/{session.project_id}/detail", .items = "quota_set.*",
	  QUOTAS("compute"), .also = "volume_quotas network_quotas" },
	{ "volume_quotas", "GET /os-quota-sets/{session.project_id}?usage=true",
	  .items = "quota_set.*", QUOTAS("volume"), .service = "volume" },
	{ "network_quotas", "GET /quotas/{session.project_id}/details", .items = "quota.*",
	  QUOTAS("network"), .service = "network", .errors = untold },
	{ "metric.query", .run = query, .when = "resource_kind=instance" },
	{ "diagnostics", "GET /servers/{resource_id}/diagnostics", .items = "" },
	{ "cost.estimate", .run = estimate },
	{ "cost.billing", .run = report },
	{ "cost.trend", .run = report },
	{ "usage", "GET /os-simple-tenant-usage/{session.project_id}"
	  "?start={start_date}T00:00:00&end={end_date}T23:59:59",
	  .items = "tenant_usage.server_usages[]?", .map = use_map },
	{ NULL },
};
/* clang-format on */
