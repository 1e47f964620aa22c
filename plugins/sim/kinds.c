/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds.h"

#include <string.h>

#include "prepare.h"

/* clang-format off */
#define REFS(...) (const struct ref[]){ __VA_ARGS__, { NULL } }
#define NAMES(...) (const char *const[]){ __VA_ARGS__, NULL }
/* clang-format on */

const struct kind *kind_find(const char *name)
{
	for (const struct kind *k = kinds; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

/* clang-format off */
const struct kind kinds[] = {
	/* ---- where things are */
	{ "region", "", .global = true },
	{ "zone", "" },
	{ "instance_type", "", .global = true },
	{ "image", "img", .coming = "pending", .there = "available", .coming_percent = 50,
	  .defaults = "{'os':'linux','architecture':'x86_64','is_public':false}",
	  .keep_out = NAMES("instance_id", "volume_id"),
	  .refs = REFS({ "instance_id", "instance" }, { "volume_id", "volume" }),
	  .prepare = prepare_image },
	/* ---- compute */
	{ "instance", "i", .zoned = true,
	  .coming = "pending", .there = "running", .coming_percent = 100,
	  .going = "terminating", .going_percent = 50,
	  .defaults = "{'guest_user':'sim','boot_disk':'/dev/vda','block_disks':[],'fault':null,"
		      "'public_ip':null,'public_ips':[],'key_pair':null}",
	  .keep_out = NAMES("vnic_id", "public_ip_id", "assign_public_ip", "boot_disk_gib",
			    "boot_disk_type", "user_data"),
	  .refs = REFS({ "image_id", "image" }, { "instance_type", "instance_type" },
		       { "network_id", "network", REF_HOLDS }, { "subnet_id", "subnet", REF_HOLDS },
		       { "security_groups", "security_group", REF_HOLDS },
		       { "key_pair", "key_pair", .by_name = true }, { "vnic_id", "vnic" },
		       { "public_ip_id", "public_ip" }),
	  .prepare = prepare_instance, .leave = leave_load_balancers },
	{ "key_pair", "key", .unique = true, .defaults = "{'is_active':true}",
	  .prepare = prepare_key_pair },
	/* ---- network */
	{ "network", "net", .coming = "pending", .there = "available", .coming_percent = 10,
	  .defaults = "{'cidr':null,'routing_mode':'regional','mtu':1500,'is_default':false,"
		      "'is_active':true,'is_external':false}",
	  .prepare = prepare_network },
	{ "subnet", "subnet", .zoned = true,
	  .coming = "pending", .there = "available", .coming_percent = 10,
	  .defaults = "{'is_public':false,'is_default':false}",
	  .refs = REFS({ "network_id", "network", REF_HOLDS }),
	  .prepare = prepare_subnet, .leave = leave_network },
	{ "router", "rtr", .coming = "pending", .there = "available", .coming_percent = 10,
	  .defaults = "{'type':'router','network_id':null,'external_network_id':null,"
		      "'subnet_ids':[]}",
	  .keep_out = NAMES("subnet_id"),
	  .refs = REFS({ "network_id", "network", REF_HOLDS }, { "external_network_id", "network" },
		       { "subnet_ids", "subnet", REF_HOLDS }, { "subnet_id", "subnet" }),
	  .prepare = prepare_router },
	{ "security_group", "sg", .unique = true,
	  .defaults = "{'description':'','rules':[],'is_default':false,'is_active':true}",
	  .refs = REFS({ "network_id", "network", REF_HOLDS }), .prepare = prepare_security_group },
	{ "vnic", "nic", .zoned = true, .coming = "pending", .there = "available",
	  .coming_percent = 10, .busy = "in_use",
	  .defaults = "{'instance_id':null,'public_ip':null,'security_groups':[]}",
	  .refs = REFS({ "subnet_id", "subnet", REF_HOLDS }, { "network_id", "network", REF_HOLDS },
		       { "instance_id", "instance", REF_RELEASES },
		       { "security_groups", "security_group", REF_HOLDS }),
	  .prepare = prepare_vnic },
	{ "public_ip", "ip", .coming = "pending", .there = "available", .coming_percent = 10,
	  .busy = "in_use",
	  .defaults = "{'name':null,'instance_id':null,'vnic_id':null,'private_ip':null}",
	  .refs = REFS({ "network_id", "network" }, { "instance_id", "instance", REF_RELEASES },
		       { "vnic_id", "vnic", REF_RELEASES }),
	  .prepare = prepare_public_ip },
	{ "load_balancer", "lb", .coming = "pending", .there = "available", .coming_percent = 100,
	  .defaults = "{'scheme':'internet','targets':[]}",
	  .refs = REFS({ "network_id", "network", REF_HOLDS },
		       { "subnet_ids", "subnet", REF_HOLDS }),
	  .prepare = prepare_load_balancer },
	/* ---- storage */
	{ "volume", "vol", .zoned = true,
	  .coming = "creating", .there = "available", .coming_percent = 25, .busy = "in_use",
	  .going = "deleting", .going_percent = 10,
	  .defaults = "{'type':'ssd','encrypted':false,'bootable':false,'instance_id':null,"
		      "'device':null,'snapshot_id':null,'image_id':null}",
	  .refs = REFS({ "instance_id", "instance", REF_RELEASES }, { "snapshot_id", "snapshot" },
		       { "image_id", "image" }),
	  .prepare = prepare_volume },
	{ "snapshot", "snap", .coming = "creating", .there = "available", .coming_percent = 25,
	  .defaults = "{'progress':100}", .keep_out = NAMES("force"),
	  .refs = REFS({ "volume_id", "volume" }), .prepare = prepare_snapshot },
	/* ---- kubernetes */
	{ "cluster", "k8s", .unique = true,
	  .coming = "creating", .there = "running", .coming_percent = 300,
	  .going = "deleting", .going_percent = 100,
	  .defaults = "{'mode':'standard','is_private':false,'workload_identity':false,"
		      "'binary_authorization':false,'network_policy':false,'security_groups':[],"
		      "'pod_cidr':'10.244.0.0/16','service_cidr':'10.96.0.0/12',"
		      "'role_id':null,'node_count':0}",
	  .keep_out = NAMES("node_pool"),
	  .refs = REFS({ "network_id", "network", REF_HOLDS },
		       { "subnet_ids", "subnet", REF_HOLDS },
		       { "security_groups", "security_group", REF_HOLDS },
		       { "role_id", "role", REF_HOLDS }),
	  .prepare = prepare_cluster },
	{ "node_pool", "pool", .coming = "creating", .there = "running", .coming_percent = 100,
	  .going = "deleting", .going_percent = 50,
	  .defaults = "{'instance_type':'medium','node_count':1,'auto_scaling':false,'spot':false,"
		      "'disk_gib':50,'disk_type':'ssd','zones':[],'labels':{},'taints':[],"
		      "'role_id':null}",
	  .refs = REFS({ "cluster_id", "cluster", REF_FOLLOWS },
		       { "instance_type", "instance_type" },
		       { "subnet_ids", "subnet", REF_HOLDS }, { "role_id", "role", REF_HOLDS }),
	  .prepare = prepare_node_pool, .leave = leave_cluster },
	{ "node", "node", .zoned = true, .coming = "not_ready", .there = "ready",
	  .coming_percent = 150,
	  .refs = REFS({ "cluster_id", "cluster" }, { "node_pool_id", "node_pool", REF_FOLLOWS }) },
	/* ---- identity */
	{ "project", "prj", .global = true, .unique = true,
	  .defaults = "{'description':'','domain_id':'default','parent_id':null,'is_active':true}",
	  .refs = REFS({ "parent_id", "project", REF_HOLDS }) },
	{ "user", "usr", .global = true, .unique = true,
	  .defaults = "{'domain_id':'default','project_id':null,'is_active':true}",
	  .keep_out = NAMES("password"),
	  .refs = REFS({ "project_id", "project", REF_HOLDS }) },
	{ "role", "role", .global = true, .unique = true,
	  .defaults = "{'description':'','trusted_service':null,'policies':[]}" },
	/* ---- orchestration */
	{ "stack", "stk", .unique = true,
	  .coming = "creating", .there = "available", .coming_percent = 100,
	  .going = "deleting", .going_percent = 50,
	  .defaults = "{'parameters':{},'status_reason':null,'resource_ids':[]}",
	  .keep_out = NAMES("template", "timeout_minutes"), .prepare = prepare_stack },
	{ NULL },
};
/* clang-format on */
