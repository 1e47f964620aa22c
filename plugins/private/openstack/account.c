/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a project may use, uses and measures: quotas, costs, metrics.
 */
#include "openstack.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* ---- quotas ------------------------------------------------------------- */

/* How much of each quota @call wants, new.  Nova does not count key pairs. */
SC_WAITS static json_t *needs(struct sc_call *call)
{
	bool create = !strcmp(sc_method_name(call), "instance.create");
	json_t *type, *pairs, *need;

	if (!sc_has(call, "instance_type")) {
		pairs = sc_rest_call(call, "key_pair.list", json_object());
		need = json_pack("{s:i}", "key_pairs", 1 + (int)json_array_size(pairs));
		json_decref(pairs);
		return need;
	}
	type = sc_rest_call(call, "flavor", NULL);
	need = json_pack("{s:i, s:i, s:O*, s:O*}", "instances", create, "port",
			 create, "cores", json_object_get(type, "vcpus"),
			 "memory", json_object_get(type, "memory_mib"));
	json_decref(type);
	return need;
}

bool quota_is_full(struct sc_call *call)
{
	json_t *need = needs(call), *quota, *limit;
	json_t *quotas = sc_rest_call(call, "quota.list", json_object());
	bool full = false;
	json_int_t used, more;
	size_t i;

	json_array_foreach(quotas, i, quota) {
		limit = json_object_get(quota, "limit");
		used = json_integer_value(json_object_get(quota, "used"));
		more = json_integer_value(json_object_get(need, text_of(quota, "name")));
		full |= more && json_is_integer(limit) && used + more > json_integer_value(limit);
	}
	json_decref(quotas);
	json_decref(need);
	return full;
}

/* ---- metrics ------------------------------------------------------------ */

/* The sum of @member over the elements of the list @of. */
static double sum(const json_t *d, const char *of, const char *member)
{
	const json_t *list = json_object_get(d, of), *e;
	double total = 0;
	size_t i;

	json_array_foreach(list, i, e)
		total += json_number_value(json_object_get(e, member));
	return total;
}

/* What @name was in the @seconds since the instance's start, by Nova's
 * diagnostics; NAN: it is not measured. */
static double measured(const json_t *d, const char *name, double seconds)
{
	const json_t *memory = json_object_get(d, "memory_details");
	size_t cpus = json_array_size(json_object_get(d, "cpu_details"));

	if (!strcmp(name, "network_in_bytes"))
		return sum(d, "nic_details", "rx_octets");
	if (!strcmp(name, "network_out_bytes"))
		return sum(d, "nic_details", "tx_octets");
	if (!strcmp(name, "disk_read_bytes"))
		return sum(d, "disk_details", "read_bytes");
	if (!strcmp(name, "disk_write_bytes"))
		return sum(d, "disk_details", "write_bytes");
	if (!strcmp(name, "cpu_percent")) /* of nanoseconds */
		return 100 * sum(d, "cpu_details", "time") / 1e9 / seconds / (double)cpus;
	if (!strcmp(name, "memory_percent"))
		return 100 * json_number_value(json_object_get(memory, "used")) /
		       json_number_value(json_object_get(memory, "maximum"));
	return NAN;
}

/* Nova counts from the start: the only point is the time up to now. */
SC_WAITS static struct sc_reply *query(struct sc_call *call)
{
	const char *name = sc_str(call, "name");
	json_t *d = sc_rest_call(call, "diagnostics", NULL);
	time_t up = (time_t)json_number_value(json_object_get(d, "uptime"));
	time_t start = time(NULL) - up;
	double value = measured(d, name, (double)up);
	char when[32];

	if (!d)
		return sc_failed(call);
	json_decref(d);
	if (!isfinite(value))
		return sc_fail(call, SC_UNSUPPORTED, "Nova does not measure %s of this instance", name);
	strftime(when, sizeof(when), "%FT%TZ", gmtime(&start));
	return sc_value(call, json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:[{s:s, s:o}]}", "name", name,
		"resource_kind", "instance", "resource_id", sc_str(call, "resource_id"),
		"unit", strstr(name, "percent") ? "percent" : "bytes",
		"period_seconds", (json_int_t)up, "points", "time", when,
		"value", json_sprintf("%.15g", round(value * 100) / 100)));
}

/* ---- costs: by the prices of the settings ------------------------------- */

SC_WAITS static struct sc_reply *estimate(struct sc_call *call)
{
	json_t *type = sc_rest_call(call, "flavor", NULL);

	return type ? sc_cost_estimate(call, type) : sc_failed(call);
}

/* cost.billing and cost.trend */
SC_WAITS static struct sc_reply *report(struct sc_call *call)
{
	json_t *uses = sc_rest_call(call, "usage", NULL);

	return uses ? sc_cost_report(call, uses) : sc_failed(call);
}

/* ---- rows --------------------------------------------------------------- */

/* clang-format off */
#define QUOTAS(of) (const struct sc_map[]){                                                \
	{ "name", "~", .words = "memory=ram volume_storage=gigabytes" },                   \
	{ "service", .value = of },                                                        \
	{ "limit", .words = "-=-1" },                                                      \
	{ "used", "{in_use|used}" },                                                       \
	{ "unit", "~", .words = "MiB=ram GiB=gigabytes|backup_gigabytes -=*" },            \
	{ NULL } }

static const struct sc_map use_map[] = {
	{ "instance_type", "flavor" },
	{ "started_at ended_at" },
	{ NULL },
};

const struct sc_rest account_rest[] = {
	{ "quota.list", "GET /os-quota-sets/{session.project_id}/detail", .items = "quota_set.*",
	  .map = QUOTAS("compute"), .also = "volume_quotas network_quotas" },
	{ "volume_quotas", "GET /os-quota-sets/{session.project_id}?usage=true",
	  .items = "quota_set.*", .map = QUOTAS("volume"), .service = "volume" },
	{ "network_quotas", "GET /quotas/{session.project_id}/details", .items = "quota.*",
	  .map = QUOTAS("network"), .service = "network" },
	{ "metric.query", .run = query, .when = "resource_kind=instance" },
	{ "diagnostics", "GET /servers/{resource_id}/diagnostics", .items = "" },
	{ "cost.estimate", .run = estimate },
	{ "cost.billing", .run = report },
	{ "cost.trend", .run = report },
	{ "usage",
	  "GET /os-simple-tenant-usage/{session.project_id}?start={start_date}T00:00:00"
	  "&end={end_date}T23:59:59",
	  .items = "tenant_usage.server_usages[]?", .map = use_map },
	{ NULL },
};
/* clang-format on */
