/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotas of Nova, Cinder and Neutron; and telling a full quota of Nova's from
 * a forbidden act.
 */
#include "openstack.h"

#include <string.h>

/* The limits of Nova and Cinder, under the names that both use. */
static const struct limit {
	const char *row, *name, *max, *used, *unit;
	const char *need; /* field of an instance type: what one of it
			   * needs; "": one; NULL: not of instances */
} limits[] = {
	{ "limits", "instances", "maxTotalInstances", "totalInstancesUsed",
	  NULL, "" },
	{ "limits", "cores", "maxTotalCores", "totalCoresUsed", NULL, "vcpus" },
	{ "limits", "memory", "maxTotalRAMSize", "totalRAMUsed", "MiB",
	  "memory_mib" },
	{ "limits", "key_pairs", "maxTotalKeypairs", NULL, NULL, NULL },
	{ "volume_limits", "volumes", "maxTotalVolumes", "totalVolumesUsed",
	  NULL, NULL },
	{ "volume_limits", "snapshots", "maxTotalSnapshots",
	  "totalSnapshotsUsed", NULL, NULL },
	{ "volume_limits", "volume_storage", "maxTotalVolumeGigabytes",
	  "totalGigabytesUsed", "GiB", NULL },
	{ NULL },
};

static long long number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

SC_WAITS static json_t *fetch(struct sc_call *call, const char *row)
{
	json_t *none = json_object(), *found = sc_rest_call(call, row, none);

	return found;
}

/* ---- full or forbidden? ------------------------------------------------- */

static struct sc_reply *full(struct sc_call *call, const char *what,
			     long long used, long long max, long long need)
{
	static const struct sc_fault fault = {
		.code = SC_QUOTA,
		.effect = SC_EFFECT_NONE,
		.cloud_status = 403,
		.cloud_code = "forbidden",
	};

	return sc_fail_with(call, &fault,
			    "the quota of %s is full: %lld of "
			    "%lld used, %lld more needed",
			    what, used, max, need);
}

/* The failure if an instance of @type does not fit into @have, else NULL. */
static struct sc_reply *instance_fits(struct sc_call *call, const json_t *have,
				      const json_t *type)
{
	long long max, used, need;

	for (const struct limit *l = limits; l->row; l++) {
		if (!l->need || !json_object_get(have, l->max))
			continue;
		max = number(have, l->max);
		used = number(have, l->used);
		need = *l->need ? number(type, l->need) : 1;
		if (max >= 0 && used + need > max)
			return full(call, l->name, used, max, need);
	}
	return NULL;
}

/* Nova makes a port for each server, and passes on that Neutron has no room
 * for it. */
SC_WAITS static struct sc_reply *port_fits(struct sc_call *call)
{
	json_t *have = fetch(call, "network_quota");
	const json_t *port = json_object_get(have, "port");
	long long max = number(port, "limit"), used = number(port, "used");
	bool fits = !port || max < 0 || used + 1 <= max;

	json_decref(have);
	return fits ? NULL : full(call, "ports", used, max, 1);
}

/* Nova does not say how many key pairs there are: they are counted. */
SC_WAITS static struct sc_reply *key_pair_fits(struct sc_call *call,
					       const json_t *have)
{
	json_t *pairs = fetch(call, "key_pair.list");
	long long used = (long long)json_array_size(pairs);
	long long max = number(have, "maxTotalKeypairs");

	if (!pairs || max < 0 || used + 1 <= max) {
		json_decref(pairs);
		return NULL;
	}
	json_decref(pairs);
	return full(call, "key_pairs", used, max, 1);
}

/*
 * Nova says 403 "forbidden" both when a policy is against it and when a quota
 * is full; only the text differs, and text is not for programs.  So after a
 * 403 the limits are asked for: is there room for what was wanted?
 */
struct sc_reply *nova_refused(struct sc_call *call, const json_t *type)
{
	static const struct sc_fault forbidden = {
		.code = SC_FORBIDDEN,
		.effect = SC_EFFECT_NONE,
		.cloud_status = 403,
		.cloud_code = "forbidden",
	};
	json_t *have = fetch(call, "limits");
	struct sc_reply *reply = NULL;

	if (have)
		reply = type ? instance_fits(call, have, type)
			     : key_pair_fits(call, have);
	json_decref(have);
	if (!reply && type)
		reply = port_fits(call);
	if (reply)
		return reply;
	return sc_fail_with(call, &forbidden,
			    "the cloud's policy does not "
			    "allow %s with this credential",
			    sc_method_name(call));
}

/* ---- quota.list --------------------------------------------------------- */

/* A record of ours; Neutron and Nova write "no limit" as -1.  New. */
static json_t *quota(const char *service, const char *name, const char *unit,
		     const json_t *max, const json_t *used)
{
	json_t *q = json_pack("{s:s, s:s, s:s*}", "name", name, "service",
			      service, "unit", unit);
	long long limit = json_integer_value(max);

	json_object_set_new(q, "limit",
			    limit < 0 ? json_null() : json_integer(limit));
	if (used)
		json_object_set(q, "used", (json_t *)used);
	return q;
}

static void add_limits(json_t *list, const char *row, const char *service,
		       const json_t *have)
{
	const json_t *max;

	for (const struct limit *l = limits; l->row; l++)
		if (!strcmp(l->row, row) &&
		    (max = json_object_get(have, l->max)))
			json_array_append_new(
				list,
				quota(service, l->name, l->unit, max,
				      l->used ? json_object_get(have, l->used)
					      : NULL));
}

static void add_neutron(json_t *list, json_t *have)
{
	const char *name;
	json_t *q;

	json_object_foreach(have, name, q)
		json_array_append_new(list, quota("network", name, NULL,
						  json_object_get(q, "limit"),
						  json_object_get(q, "used")));
}

/* A cloud without Cinder, or with a Neutron that does not tell, still has the
 * rest. */
SC_WAITS static struct sc_reply *quota_list(struct sc_call *call)
{
	json_t *list, *have = fetch(call, "limits");

	if (!have)
		return sc_failed(call);
	list = json_array();
	add_limits(list, "limits", "compute", have);
	json_decref(have);
	if ((have = fetch(call, "volume_limits")))
		add_limits(list, "volume_limits", "volume", have);
	json_decref(have);
	if ((have = fetch(call, "network_quota")))
		add_neutron(list, have);
	json_decref(have);
	sc_fault_clear(call);
	return sc_list(call, list, NULL);
}

/* clang-format off */
const struct sc_rest quota_rest[] = {
	{ "quota.list", .run = quota_list },
	{ "limits", "GET /limits", .items = "limits.absolute" },
	{ "volume_limits", "GET /limits", .items = "limits.absolute", .service = "volume" },
	{ "network_quota", "GET /quotas/{session.project_id}/details", .items = "quota",
	  .service = "network" },
	{ NULL },
};
/* clang-format on */
