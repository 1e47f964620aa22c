/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks, subnets, routers, interfaces, public addresses.
 */
#include <stdio.h>

#include "ip.h"
#include "lookup.h"
#include "members.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

#define SMALLEST_PREFIX 28
#define LARGEST_PREFIX 8

/* ---- ranges -------------------------------------------------------------- */

static bool good_range(struct request *req, const char *cidr,
		       struct range *range)
{
	if (!range_parse(cidr, range))
		return refuse(req, SC_INVALID, "/cidr",
			      "the fake cloud has IPv4 only, not %s", cidr);
	if (range->prefix < LARGEST_PREFIX || range->prefix > SMALLEST_PREFIX)
		return refuse(req, SC_INVALID, "/cidr",
			      "%s: the prefix must be %d to %d", cidr,
			      LARGEST_PREFIX, SMALLEST_PREFIX);
	return true;
}

bool prepare_network(struct request *req, json_t *record)
{
	struct range range;

	set(record, "subnet_ids", json_array());
	return !has(record, "cidr") ||
	       good_range(req, get_str(record, "cidr"), &range);
}

/* ---- subnet -------------------------------------------------------------- */

static bool fits_network(struct request *req, const json_t *network,
			 struct range range, const char *cidr)
{
	struct range outer;

	if (!has(network, "cidr"))
		return true;
	range_parse(get_str(network, "cidr"), &outer);
	return range_within(range, outer) ||
	       refuse(req, SC_INVALID, "/cidr", "%s is not within %s of %s",
		      cidr, get_str(network, "cidr"), get_str(network, "id"));
}

static bool fits_siblings(struct request *req, const char *network,
			  struct range range, const char *cidr)
{
	struct range other;
	const char *id;
	json_t *entry;

	json_object_foreach(world_all(req->world, "subnet"), id, entry) {
		const char *theirs = get_str(record_of(entry), "cidr");

		if (!same_str(record_of(entry), "network_id", network))
			continue;
		range_parse(theirs, &other);
		if (range_overlaps(range, other))
			return refuse(req, SC_CONFLICT, "/cidr",
				      "%s overlaps %s of subnet %s", cidr,
				      theirs, id);
	}
	return true;
}

static bool good_gateway(struct request *req, json_t *record,
			 struct range range)
{
	uint32_t ip;

	if (!has(record, "gateway_ip")) {
		set(record, "gateway_ip", ip_json(range.first + 1));
		return true;
	}
	if (ip_parse(get_str(record, "gateway_ip"), &ip) && ip > range.first &&
	    ip < range.last)
		return true;
	return refuse(req, SC_INVALID, "/gateway_ip", "%s is not within %s",
		      get_str(record, "gateway_ip"), get_str(record, "cidr"));
}

/* The network's list of subnets follows. */
static void list_in_network(struct request *req, const json_t *record)
{
	json_t *entry = edit(req, kind_find("network"),
			     lookup(req, "network", record, "network_id"));

	json_array_append(json_object_get(record_of(entry), "subnet_ids"),
			  json_object_get(record, "id"));
}

bool prepare_subnet(struct request *req, json_t *record)
{
	const char *network = get_str(record, "network_id");
	const char *cidr = get_str(record, "cidr");
	struct range range;

	if (!good_range(req, cidr, &range) ||
	    !fits_network(
		    req,
		    record_of(lookup(req, "network", record, "network_id")),
		    range, cidr) ||
	    !fits_siblings(req, network, range, cidr) ||
	    !good_gateway(req, record, range))
		return false;
	choose_zone(req, record);
	list_in_network(req, record);
	return true;
}

void leave_network(struct request *req, const json_t *subnet)
{
	json_t *entry = lookup(req, "network", subnet, "network_id"), *list;

	if (!entry)
		return;
	list = json_object_get(
		record_of(edit(req, kind_find("network"), entry)),
		"subnet_ids");
	for (size_t i = json_array_size(list); i-- > 0;)
		if (is_str(json_array_get(list, i), get_str(subnet, "id")))
			json_array_remove(list, i);
}

/* ---- router -------------------------------------------------------------- */

/* An internet gateway makes the subnets it serves public. */
static void make_public(struct request *req, const json_t *router,
			const json_t *subnet, bool yes)
{
	if (same_str(router, "type", "internet"))
		set_bool(record_of(edit(req, kind_find("subnet"), subnet)),
			 "is_public", yes);
}

bool prepare_router(struct request *req, json_t *record)
{
	const json_t *subnet = lookup(req, "subnet", record, "subnet_id");
	json_t *ip;

	if (subnet) {
		set(record, "subnet_ids",
		    json_pack("[s]", get_str(record_of(subnet), "id")));
		set_str(record, "network_id",
			get_str(record_of(subnet), "network_id"));
		make_public(req, record, subnet, true);
	}
	if (!same_str(record, "type", "nat"))
		return true;
	if (!subnet)
		return refuse(req, SC_INVALID, "/subnet_id",
			      "a NAT gateway needs a subnet to stand in");
	ip = ip_public(req);
	if (ip)
		set(record, "public_ip", ip);
	return ip != NULL;
}

/* What attach and detach name: a network or a subnet, resolved. */
static bool read_target(struct request *req, json_t *target)
{
	json_object_update(target, sc_args(req->call));
	json_object_del(target, "id");
	if (!resolve_refs(req, req->kind, target))
		return false;
	return has(target, "network_id") != has(target, "subnet_id") ||
	       refuse(req, SC_INVALID, "/subnet_id",
		      "give one of network_id and subnet_id");
}

static bool attach_subnet(struct request *req, json_t *router,
			  const json_t *target)
{
	const json_t *subnet = lookup(req, "subnet", target, "subnet_id");
	const char *network = get_str(record_of(subnet), "network_id");
	const char *id = get_str(record_of(subnet), "id");

	if (has(router, "network_id") &&
	    !same_str(router, "network_id", network))
		return refuse(req, SC_CONFLICT, "/subnet_id",
			      "router %s is of network %s, subnet %s of %s",
			      get_str(router, "id"),
			      get_str(router, "network_id"), id, network);
	set_str(router, "network_id", network);
	if (!refers(router, "subnet_ids", id))
		json_array_append_new(json_object_get(router, "subnet_ids"),
				      json_string(id));
	make_public(req, router, subnet, true);
	return true;
}

static bool attach_network(struct request *req, json_t *router,
			   const json_t *target)
{
	const char *network = get_str(target, "network_id");

	if (has(router, "network_id") &&
	    !same_str(router, "network_id", network))
		return refuse(req, SC_CONFLICT, "/network_id",
			      "router %s is attached to network %s already",
			      get_str(router, "id"),
			      get_str(router, "network_id"));
	set_str(router, "network_id", network);
	return true;
}

static bool detach_subnet(struct request *req, json_t *router,
			  const json_t *target)
{
	const json_t *subnet = lookup(req, "subnet", target, "subnet_id");
	json_t *list = json_object_get(router, "subnet_ids");

	for (size_t i = json_array_size(list); i-- > 0;)
		if (is_str(json_array_get(list, i),
			   get_str(target, "subnet_id")))
			json_array_remove(list, i);
	make_public(req, router, subnet, false);
	return true;
}

static bool detach_network(struct request *req, json_t *router,
			   const json_t *target)
{
	if (!same_str(router, "network_id", get_str(target, "network_id")))
		return true;
	if (json_array_size(json_object_get(router, "subnet_ids")))
		return refuse(req, SC_CONFLICT, "/network_id",
			      "router %s serves subnets; detach them first",
			      get_str(router, "id"));
	set(router, "network_id", json_null());
	return true;
}

static bool change_router(struct request *req,
			  bool (*subnet)(struct request *, json_t *,
					 const json_t *),
			  bool (*network)(struct request *, json_t *,
					  const json_t *))
{
	json_t *entry = find_or_refuse(req), *target;
	bool ok;

	if (!entry)
		return false;
	entry = edit(req, req->kind, entry);
	target = json_object();
	ok = read_target(req, target) &&
	     (has(target, "subnet_id") ? subnet : network)(
		     req, record_of(entry), target);
	json_decref(target);
	return ok && answer_entry(req, entry);
}

bool run_router_attach(struct request *req)
{
	return change_router(req, attach_subnet, attach_network);
}

bool run_router_detach(struct request *req)
{
	return change_router(req, detach_subnet, detach_network);
}

/* ---- vnic, public_ip ----------------------------------------------------- */

/* 02: locally administered (IEEE 802). */
void give_mac(struct request *req, json_t *vnic)
{
	long long seq = req->world->seq;
	char mac[32];

	snprintf(mac, sizeof(mac), "02:53:%02llx:%02llx:%02llx:%02llx",
		 seq >> 24 & 255, seq >> 16 & 255, seq >> 8 & 255, seq & 255);
	set_str(vnic, "mac_address", mac);
}

bool prepare_vnic(struct request *req, json_t *record)
{
	const json_t *subnet = lookup(req, "subnet", record, "subnet_id");
	json_t *ip = ip_in_subnet(req, subnet, get_str(record, "private_ip"),
				  "/private_ip");

	if (!ip)
		return false;
	set(record, "private_ip", ip);
	set_str(record, "network_id", get_str(record_of(subnet), "network_id"));
	set_str(record, "zone", get_str(record_of(subnet), "zone"));
	give_mac(req, record);
	return true;
}

bool prepare_public_ip(struct request *req, json_t *record)
{
	json_t *ip = ip_public(req);

	if (ip)
		set(record, "address", ip);
	return ip != NULL;
}
