/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What things cost: the SDK reckons, by the prices of the instance types.
 */
#include "lookup.h"
#include "members.h"
#include "moment.h"
#include "verbs.h"

#define CURRENCY "USD"
#define GIB_MONTH "0.10"

/* As struct sc_costs wants them; new. */
static json_t *prices(const struct request *req)
{
	json_t *types = json_object(), *entry;
	const char *id;

	json_object_foreach (world_all(req->world, "instance_type"), id, entry)
		set(types, id,
		    json_incref(json_object_get(record_of(entry), "price")));
	return json_pack("{ss so ss}", "currency", CURRENCY, "instance_types",
			 types, "storage_gib_month", GIB_MONTH);
}

bool run_estimate(struct request *req)
{
	const json_t *type = lookup(req, "instance_type", sc_args(req->call),
				    "instance_type");
	struct sc_costs costs = { .region = req->region };

	if (!type)
		return refuse(req, SC_INVALID, "/instance_type",
			      "no instance_type \"%.128s\"",
			      sc_str(req->call, "instance_type"));
	costs.prices = prices(req);
	req->reply = sc_cost_estimate(req->call, json_incref(record_of(type)),
				      &costs);
	json_decref(costs.prices);
	return true;
}

/* ---- what was used ------------------------------------------------------- */

/* @died: JSON null when it lives. */
static void add_use(const struct request *req, json_t *uses,
		    const json_t *entry, json_t *died)
{
	const json_t *record = record_of(entry);

	if (is_here(req, record))
		json_array_append_new(
			uses,
			json_pack("{sO* sO* so so}", "instance_type",
				  json_object_get(record, "instance_type"),
				  "size_gib",
				  json_object_get(record, "size_gib"),
				  "started_at",
				  moment_json(get_int(entry, "born")),
				  "ended_at", died));
	else
		json_decref(died);
}

/* All instances and volumes of the region that are or were; new. */
static json_t *used(const struct request *req)
{
	static const char *const priced[] = { "instance", "volume" };
	json_t *uses = json_array(), *entry;
	const char *id;
	size_t i;

	for (i = 0; i < sizeof(priced) / sizeof(priced[0]); i++)
		json_object_foreach (world_all(req->world, priced[i]), id,
				     entry)
			add_use(req, uses, entry, json_null());
	json_array_foreach (req->world->past, i, entry)
		add_use(req, uses, entry, moment_json(get_int(entry, "died")));
	return uses;
}

bool run_cost_report(struct request *req)
{
	struct sc_costs costs = { .prices = prices(req),
				  .region = req->region };

	req->reply = sc_cost_report(req->call, used(req), &costs);
	json_decref(costs.prices);
	return true;
}
