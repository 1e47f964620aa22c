/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes, interfaces and public addresses at instances: one way to attach
 * and detach, and what each kind adds to it.
 */
#include <stdio.h>

#include "lookup.h"
#include "members.h"
#include "resource.h"
#include "verbs.h"

/* ---- lists of an instance ------------------------------------------------ */

static void list_add(json_t *record, const char *member, const char *text)
{
	json_t *list = json_object_get(record, member);

	if (refers(record, member, text))
		return;
	if (!json_is_array(list)) {
		list = json_array();
		set(record, member, list);
	}
	json_array_append_new(list, json_string(text));
}

static void list_remove(json_t *record, const char *member, const char *text)
{
	json_t *list = json_object_get(record, member);

	for (size_t i = json_array_size(list); i-- > 0;)
		if (is_str(json_array_get(list, i), text))
			json_array_remove(list, i);
}

/* ---- what each kind adds ------------------------------------------------- */

/* The first free name of /dev/vdb … /dev/vdz. */
static bool choose_device(struct request *req, json_t *volume,
			  const char *instance)
{
	const char *wanted = sc_str(req->call, "device");
	char device[] = "/dev/vdb", taken[26] = { 0 };
	const char *id;
	json_t *entry;

	if (wanted) {
		set_str(volume, "device", wanted);
		return true;
	}
	json_object_foreach(world_all(req->world, "volume"), id, entry) {
		const char *at = get_str(record_of(entry), "device");

		if (same_str(record_of(entry), "instance_id", instance) && at &&
		    !strncmp(at, device, 7) && at[7] >= 'a' && at[7] <= 'z')
			taken[at[7] - 'a'] = 1;
	}
	while (device[7] <= 'z' && taken[device[7] - 'a'])
		device[7]++;
	if (device[7] > 'z')
		return refuse(req, SC_QUOTA, "/instance_id",
			      "instance %s has no free device", instance);
	set_str(volume, "device", device);
	return true;
}

static bool volume_joins(struct request *req, json_t *volume, json_t *instance)
{
	const char *zone = get_str(volume, "zone");

	if (!same_str(instance, "zone", zone))
		return refuse(req, SC_INVALID, "/instance_id",
			      "volume %s is in zone %s, instance %s in %s",
			      get_str(volume, "id"), zone,
			      get_str(instance, "id"),
			      get_str(instance, "zone"));
	if (!choose_device(req, volume, get_str(instance, "id")))
		return false;
	list_add(instance, "block_disks", get_str(volume, "id"));
	return true;
}

static void volume_leaves(json_t *volume, json_t *instance)
{
	set(volume, "device", json_null());
	list_remove(instance, "block_disks", get_str(volume, "id"));
}

static bool vnic_joins(struct request *req, json_t *vnic, json_t *instance)
{
	if (!same_str(instance, "network_id", get_str(vnic, "network_id")))
		return refuse(req, SC_INVALID, "/instance_id",
			      "interface %s and instance %s are in different "
			      "networks",
			      get_str(vnic, "id"), get_str(instance, "id"));
	list_add(instance, "vnics", get_str(vnic, "id"));
	list_add(instance, "private_ips", get_str(vnic, "private_ip"));
	return true;
}

static void vnic_leaves(json_t *vnic, json_t *instance)
{
	list_remove(instance, "vnics", get_str(vnic, "id"));
	list_remove(instance, "private_ips", get_str(vnic, "private_ip"));
}

void public_ip_joined(struct request *req, json_t *public_ip, json_t *instance)
{
	const char *address = get_str(public_ip, "address");
	const char *wanted = sc_str(req->call, "private_ip");
	char dns[64];

	snprintf(dns, sizeof(dns), "%s.%s.sim.invalid", get_str(instance, "id"),
		 req->region);
	set_str(public_ip, "private_ip",
		wanted ? wanted : get_str(instance, "private_ip"));
	set_str(public_ip, "public_dns", dns);
	list_add(instance, "public_ips", address);
	if (has(instance, "public_ip"))
		return;
	set_str(instance, "public_ip", address);
	set_str(instance, "public_dns", dns);
}

static bool public_ip_joins(struct request *req, json_t *public_ip,
			    json_t *instance)
{
	const char *wanted = sc_str(req->call, "private_ip");

	if (wanted && !refers(instance, "private_ips", wanted))
		return refuse(req, SC_INVALID, "/private_ip",
			      "instance %s has no address %s",
			      get_str(instance, "id"), wanted);
	public_ip_joined(req, public_ip, instance);
	return true;
}

static void public_ip_leaves(json_t *public_ip, json_t *instance)
{
	const char *left;

	list_remove(instance, "public_ips", get_str(public_ip, "address"));
	left = json_string_value(
		json_array_get(json_object_get(instance, "public_ips"), 0));
	set_str(instance, "public_ip", left);
	set(public_ip, "private_ip", json_null());
	set(public_ip, "vnic_id", json_null());
}

static const struct {
	const char *kind;
	bool (*joins)(struct request *req, json_t *record, json_t *instance);
	void (*leaves)(json_t *record, json_t *instance);
} rows[] = {
	{ "volume", volume_joins, volume_leaves },
	{ "vnic", vnic_joins, vnic_leaves },
	{ "public_ip", public_ip_joins, public_ip_leaves },
};

static size_t row_of(const struct request *req)
{
	size_t i = 0;

	while (strcmp(rows[i].kind, req->kind->name) != 0)
		i++;
	return i;
}

/* ---- attach -------------------------------------------------------------- */

/* The instance that is named, or whose interface is; NULL: refused. */
static json_t *find_instance(struct request *req)
{
	const json_t *vnic = lookup(req, "vnic", sc_args(req->call), "vnic_id");
	json_t *entry =
		lookup(req, "instance", sc_args(req->call), "instance_id");

	if (!sc_has(req->call, "instance_id"))
		entry = lookup(req, "instance", record_of(vnic), "instance_id");
	if (entry && !is_going(entry))
		return entry;
	if (sc_has(req->call, "vnic_id"))
		refuse(req, SC_INVALID, "/vnic_id",
		       "no interface \"%.128s\" that is attached to an "
		       "instance",
		       sc_str(req->call, "vnic_id"));
	else if (sc_has(req->call, "instance_id"))
		refuse(req, SC_INVALID, "/instance_id",
		       "no instance \"%.128s\" in region %s",
		       sc_str(req->call, "instance_id"), req->region);
	else
		refuse(req, SC_INVALID, "/instance_id",
		       "give instance_id or vnic_id");
	return NULL;
}

static bool attach(struct request *req, const json_t *found, json_t *instance)
{
	const char *id = get_str(record_of(instance), "id");
	json_t *entry = edit(req, req->kind, found);
	json_t *host = edit(req, kind_find("instance"), instance);

	if (!rows[row_of(req)].joins(req, record_of(entry), record_of(host)))
		return false;
	set_str(record_of(entry), "instance_id", id);
	if (sc_has(req->call, "vnic_id"))
		set_str(record_of(entry), "vnic_id",
			sc_str(req->call, "vnic_id"));
	move_to(req, entry, req->verb->via, req->verb->to, req->verb->percent);
	return answer_entry(req, entry);
}

bool run_attach(struct request *req)
{
	json_t *entry = find_or_refuse(req), *instance;

	if (!entry)
		return false;
	instance = find_instance(req);
	if (!instance)
		return false;
	if (same_str(record_of(entry), "instance_id",
		     get_str(record_of(instance), "id")))
		return answer_entry(req, entry);
	return state_allows(req, entry) && attach(req, entry, instance);
}

/* ---- detach -------------------------------------------------------------- */

static bool is_attached_there(struct request *req, const json_t *record)
{
	const char *instance = sc_str(req->call, "instance_id");

	if (!instance || same_str(record, "instance_id", instance))
		return true;
	return refuse(req, SC_CONFLICT, "/instance_id",
		      "%s %s is attached to %s, not to %.128s", req->kind->name,
		      get_str(record, "id"), get_str(record, "instance_id"),
		      instance);
}

bool run_detach(struct request *req)
{
	json_t *entry = find_or_refuse(req), *instance;

	if (!entry)
		return false;
	if (!has(record_of(entry), "instance_id"))
		return answer_entry(req, entry);
	if (!is_attached_there(req, record_of(entry)) ||
	    !state_allows(req, entry))
		return false;
	instance = lookup(req, "instance", record_of(entry), "instance_id");
	entry = edit(req, req->kind, entry);
	json_object_del(entry, "own");
	if (instance) {
		instance = edit(req, kind_find("instance"), instance);
		rows[row_of(req)].leaves(record_of(entry), record_of(instance));
	}
	set(record_of(entry), "instance_id", json_null());
	move_to(req, entry, req->verb->via, req->verb->to, req->verb->percent);
	return answer_entry(req, entry);
}
