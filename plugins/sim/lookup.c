/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup.h"

#include <stdio.h>

#include "members.h"

json_t *lookup(const struct request *req, const char *kind_name,
	       const json_t *record, const char *member)
{
	const char *id = get_str(record, member);

	return id ? find(req, kind_find(kind_name), id) : NULL;
}

long long count_here(const struct request *req, const char *kind_name)
{
	long long n = 0;
	const char *id;
	json_t *entry;

	json_object_foreach(world_all(req->world, kind_name), id, entry)
		n += is_here(req, record_of(entry));
	return n;
}

json_t *find_default(const struct request *req, const char *kind_name)
{
	const char *id;
	json_t *entry;

	json_object_foreach(world_all(req->world, kind_name), id, entry)
		if (is_here(req, record_of(entry)) &&
		    get_bool(record_of(entry), "is_default"))
			return entry;
	return NULL;
}

json_t *find_subnet(const struct request *req, const char *network,
		    const char *zone)
{
	const char *id;
	json_t *entry;

	json_object_foreach(world_all(req->world, "subnet"), id, entry)
		if (same_str(record_of(entry), "network_id", network) &&
		    (!zone || same_str(record_of(entry), "zone", zone)))
			return entry;
	return NULL;
}

bool choose_network(struct request *req, json_t *record)
{
	json_t *network;

	if (has(record, "network_id"))
		return true;
	network = find_default(req, "network");
	if (!network)
		return refuse(req, SC_INVALID, "/network_id",
			      "region %s has no default network any more; name "
			      "one",
			      req->region);
	set_str(record, "network_id", get_str(record_of(network), "id"));
	return true;
}

void choose_zone(const struct request *req, json_t *record)
{
	char zone[32];

	if (has(record, "zone"))
		return;
	snprintf(zone, sizeof(zone), "%s-a", req->region);
	set_str(record, "zone", zone);
}

void choose_subnets(const struct request *req, json_t *record)
{
	const char *network = get_str(record, "network_id"), *id;
	json_t *entry, *list;

	if (has(record, "subnet_ids"))
		return;
	list = json_array();
	json_object_foreach(world_all(req->world, "subnet"), id, entry)
		if (same_str(record_of(entry), "network_id", network))
			json_array_append_new(list, json_string(id));
	set(record, "subnet_ids", list);
}
