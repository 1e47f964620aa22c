/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances: where a new one is put, its interface and addresses; console.
 */
#include <stdio.h>

#include "ip.h"
#include "lookup.h"
#include "members.h"
#include "moment.h"
#include "prepare.h"
#include "resource.h"
#include "settings.h"
#include "verbs.h"

/* ---- where --------------------------------------------------------------- */

static bool within_quota(struct request *req)
{
	long long limit = settings()->quota_instances;

	if (!limit || count_here(req, "instance") < limit)
		return true;
	return refuse(req, SC_QUOTA, NULL,
		      "region %s has %lld instances, the quota is %lld",
		      req->region, count_here(req, "instance"), limit);
}

/* The subnet is named: it says the network and the zone. */
static bool follow_subnet(struct request *req, json_t *record)
{
	const json_t *subnet =
		record_of(lookup(req, "subnet", record, "subnet_id"));
	const char *const same[] = { "network_id", "zone" };

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		const char *ours = get_str(record, same[i]);

		if (ours && !same_str(subnet, same[i], ours))
			return refuse(req, SC_INVALID, "/subnet_id",
				      "subnet %s is of %s %s, not %s",
				      get_str(subnet, "id"), same[i],
				      get_str(subnet, same[i]), ours);
		set_str(record, same[i], get_str(subnet, same[i]));
	}
	return true;
}

static bool choose_subnet(struct request *req, json_t *record)
{
	const json_t *subnet;

	if (has(record, "subnet_id"))
		return follow_subnet(req, record);
	if (!choose_network(req, record))
		return false;
	subnet = find_subnet(req, get_str(record, "network_id"),
			     get_str(record, "zone"));
	if (!subnet)
		return refuse(req, SC_INVALID, "/network_id",
			      "network %s has no subnet in %s; make one first",
			      get_str(record, "network_id"),
			      has(record, "zone") ? get_str(record, "zone")
						  : req->region);
	set_str(record, "subnet_id", get_str(record_of(subnet), "id"));
	return follow_subnet(req, record);
}

static void choose_security_group(const struct request *req, json_t *record)
{
	const json_t *group;

	if (has(record, "security_groups"))
		return;
	group = find_default(req, "security_group");
	set(record, "security_groups",
	    group ? json_pack("[s]", get_str(record_of(group), "id"))
		  : json_array());
}

/* ---- its interface ------------------------------------------------------- */

static json_t *make_vnic(struct request *req, const json_t *record)
{
	const struct kind *kind = kind_find("vnic");
	json_t *vnic = json_object(), *ip, *entry;
	char name[300];

	ip = ip_in_subnet(req, lookup(req, "subnet", record, "subnet_id"), NULL,
			  NULL);
	if (!ip) {
		json_decref(vnic);
		return NULL;
	}
	give_id(req, kind, vnic);
	give_mac(req, vnic);
	snprintf(name, sizeof(name), "%s-nic0", get_str(record, "name"));
	set_str(vnic, "name", name);
	set(vnic, "private_ip", ip);
	set(vnic, "zone", json_incref(json_object_get(record, "zone")));
	set(vnic, "subnet_id",
	    json_incref(json_object_get(record, "subnet_id")));
	set(vnic, "network_id",
	    json_incref(json_object_get(record, "network_id")));
	set(vnic, "security_groups",
	    json_incref(json_object_get(record, "security_groups")));
	fill_defaults(kind, vnic);
	entry = put_new(req, kind, vnic);
	set_bool(entry, "own", true);
	return entry;
}

/* An interface that was made before says where the instance is. */
static json_t *use_vnic(struct request *req, json_t *record)
{
	const struct kind *kind = kind_find("vnic");
	const json_t *entry = lookup(req, "vnic", record, "vnic_id");

	if (!same_str(record_of(entry), "status", "available")) {
		refuse(req, SC_CONFLICT, "/vnic_id",
		       "interface %s is %s, must be available",
		       get_str(record, "vnic_id"),
		       get_str(record_of(entry), "status"));
		return NULL;
	}
	set_str(record, "subnet_id", get_str(record_of(entry), "subnet_id"));
	return follow_subnet(req, record) ? edit(req, kind, entry) : NULL;
}

static void plug_in(struct request *req, json_t *record, json_t *vnic)
{
	const char *ip = get_str(record_of(vnic), "private_ip");
	char dns[80];

	set_str(record_of(vnic), "instance_id", get_str(record, "id"));
	move_to(req, vnic, NULL, "in_use", 0);
	set(record, "vnics", json_pack("[s]", get_str(record_of(vnic), "id")));
	set_str(record, "private_ip", ip);
	set(record, "private_ips", json_pack("[s]", ip));
	snprintf(dns, sizeof(dns), "%s.%s.internal", get_str(record, "id"),
		 req->region);
	set_str(record, "private_dns", dns);
}

/* ---- its public address -------------------------------------------------- */

static json_t *make_public_ip(struct request *req, const json_t *record)
{
	const struct kind *kind = kind_find("public_ip");
	json_t *address = ip_public(req), *public_ip, *entry;

	if (!address)
		return NULL;
	public_ip = json_pack("{ss so}", "name", get_str(record, "name"),
			      "address", address);
	fill_defaults(kind, public_ip);
	entry = put_new(req, kind, public_ip);
	set_bool(entry, "own", true);
	return entry;
}

static json_t *use_public_ip(struct request *req, const json_t *record)
{
	const json_t *entry = lookup(req, "public_ip", record, "public_ip_id");

	if (same_str(record_of(entry), "status", "available"))
		return edit(req, kind_find("public_ip"), entry);
	refuse(req, SC_CONFLICT, "/public_ip_id",
	       "public address %s is %s, must be available",
	       get_str(record, "public_ip_id"),
	       get_str(record_of(entry), "status"));
	return NULL;
}

static bool wants_public_ip(const struct request *req, const json_t *record)
{
	const json_t *subnet =
		record_of(lookup(req, "subnet", record, "subnet_id"));

	if (has(record, "assign_public_ip"))
		return get_bool(record, "assign_public_ip");
	return get_bool(subnet, "is_public");
}

static bool give_public_ip(struct request *req, json_t *record)
{
	json_t *entry;

	if (has(record, "public_ip_id"))
		entry = use_public_ip(req, record);
	else if (wants_public_ip(req, record))
		entry = make_public_ip(req, record);
	else
		return true;
	if (!entry)
		return false;
	move_to(req, entry, NULL, "in_use", 0);
	public_ip_joined(req, record_of(entry), record);
	set_str(record_of(entry), "instance_id", get_str(record, "id"));
	return true;
}

bool prepare_instance(struct request *req, json_t *record)
{
	json_t *vnic;

	if (!within_quota(req) ||
	    (!has(record, "vnic_id") && !choose_subnet(req, record)))
		return false;
	choose_security_group(req, record);
	vnic = has(record, "vnic_id") ? use_vnic(req, record)
				      : make_vnic(req, record);
	if (!vnic)
		return false;
	plug_in(req, record, vnic);
	set(record, "started_at", moment_json(req->now));
	return give_public_ip(req, record);
}

/* ---- verbs --------------------------------------------------------------- */

/* Not a change of the cloud: a way in, good for five minutes. */
#define CONSOLE_MS 300000

static bool console_log(struct request *req, const json_t *record)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "[    0.000000] Booting simulated kernel\n"
		 "[    0.100000] %s: image %s on %s\n%s login: \n",
		 get_str(record, "name"), get_str(record, "image_id"),
		 get_str(record, "instance_type"), get_str(record, "name"));
	req->value = json_pack("{ss ss}", "type", "log", "output", text);
	return true;
}

bool run_console(struct request *req)
{
	const char *type = sc_str(req->call, "type");
	const json_t *entry = find_or_refuse(req);
	char url[160];

	if (!entry || !state_allows(req, entry))
		return false;
	if (type && !strcmp(type, "log"))
		return console_log(req, record_of(entry));
	snprintf(url, sizeof(url), "https://console.%s.sim.invalid/%s/%s",
		 req->region, type ? type : "vnc",
		 get_str(record_of(entry), "id"));
	req->value =
		json_pack("{ss ss so}", "type", type ? type : "vnc", "url", url,
			  "expires_at", moment_json(req->now + CONSOLE_MS));
	return true;
}

bool run_status_list(struct request *req)
{
	const char *const members[] = { "id", "name", "status",
					"provider_status" };
	json_t *items = json_array(), *entry;
	const char *id;

	json_object_foreach(world_all(req->world, "instance"), id, entry) {
		json_t *item = json_object();

		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]);
		     i++)
			json_object_set(
				item, members[i],
				json_object_get(record_of(entry), members[i]));
		if (is_here(req, record_of(entry)))
			json_array_append(items, item);
		json_decref(item);
	}
	req->reply = sc_list(req->call, items, NULL);
	return true;
}
