/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nova: what instances are made with: types (flavors), zones and key pairs.
 * API: https://docs.openstack.org/api-ref/compute/
 */
#include "openstack.h"

#include <string.h>

static const struct sc_map flavor_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "vcpus", "vcpus" },
	{ "memory_mib", "ram" },
	{ "storage_gib", "disk" },
	{ NULL },
};

static const struct sc_map zone_map[] = {
	{ "id", "zoneName" },
	{ "name", "zoneName" },
	{ "is_active", "zoneState.available" },
	{ NULL },
};

static const struct sc_map key_pair_map[] = {
	{ "id", "name" },
	{ "name", "name" },
	{ "fingerprint", "fingerprint" },
	{ "public_key", "public_key" },
	{ "private_key", "private_key" },
	{ NULL },
};

/* The record of @op, a list, with this @member; new, NULL: failed. */
SC_WAITS static json_t *look_up(struct sc_call *call, const char *op,
				const char *what, const char *member,
				const char *text)
{
	json_t *none = json_object(), *list, *found;

	list = sc_rest_call(call, op, none);
	if (!list)
		return NULL;
	found = json_incref(record_find(list, member, text));
	json_decref(list);
	if (!found)
		sc_fail(call, SC_NOT_FOUND, "no %s %s", what, text);
	return found;
}

SC_WAITS json_t *nova_find_type(struct sc_call *call, const char *type)
{
	json_t *args = json_pack("{s:s}", "id", type), *found;

	found = sc_rest_call(call, "instance_type.get", args);
	if (found || sc_fault_code(call) != SC_NOT_FOUND)
		return found;
	sc_fault_clear(call);
	return look_up(call, "instance_type.list", "instance type", "name",
		       type);
}

SC_WAITS static struct sc_reply *instance_type_get(struct sc_call *call)
{
	json_t *type = nova_find_type(call, sc_str(call, "id"));

	return type ? sc_value(call, type) : sc_failed(call);
}

SC_WAITS static struct sc_reply *zone_get(struct sc_call *call)
{
	json_t *zone =
		look_up(call, "zone.list", "zone", "id", sc_str(call, "id"));

	return zone ? sc_value(call, zone) : sc_failed(call);
}

/* ---- key pairs ---------------------------------------------------------- */

/* key_pair.create and key_pair.import */
SC_WAITS static struct sc_reply *make_key_pair(struct sc_call *call)
{
	const char *type = sc_str(call, "type");
	json_t *pair;

	if (type && strcmp(type, "rsa"))
		return fail_arg(call, SC_UNSUPPORTED, "/type",
				"Nova makes rsa "
				"keys only; import your own instead");
	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags",
				"key pairs have no tags");
	if ((pair = sc_rest_call(call, sc_method_name(call), NULL)))
		return sc_value(call, pair);
	if (sc_fault_code(call) == SC_FORBIDDEN)
		return nova_refused(call, NULL);
	return sc_failed(call);
}

/* clang-format off */
const struct sc_rest flavor_rest[] = {
	{ "instance_type.list", "GET /flavors/detail?limit={limit?}&marker={page_token?}",
	  .items = "flavors[]", .map = flavor_map, .next = "flavors_links[rel=next].href" },
	{ "instance_type.get", "GET /flavors/{id}", .items = "flavor", .map = flavor_map,
	  .run = instance_type_get },

	{ "zone.list", "GET /os-availability-zone",
	  .items = "availabilityZoneInfo[]", .map = zone_map },
	{ "zone.get", .run = zone_get },

	{ "key_pair.list", "GET /os-keypairs?limit={limit?}&marker={page_token?}",
	  .items = "keypairs[].keypair", .map = key_pair_map,
	  .next = "keypairs_links[rel=next].href" },
	{ "key_pair.get", "GET /os-keypairs/{id}", .items = "keypair", .map = key_pair_map },
	{ "key_pair.delete", "DELETE /os-keypairs/{id}" },
	{ "key_pair.create", "POST /os-keypairs", "{'keypair': {'name': '{name}'}}",
	  .items = "keypair", .map = key_pair_map, .run = make_key_pair },
	{ "key_pair.import", "POST /os-keypairs",
	  "{'keypair': {'name': '{name}', 'public_key': '{public_key}'}}",
	  .items = "keypair", .map = key_pair_map, .run = make_key_pair },
	{ NULL },
};
/* clang-format on */
