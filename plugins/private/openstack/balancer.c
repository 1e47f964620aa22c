/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octavia: layer-4 load balancers.  Each listener has a pool of its own with
 * all targets, since a target gets each listener's target port, which is
 * written into the listener's description; a target's instance is written into
 * its name.
 * API: https://docs.openstack.org/api-ref/load-balancer/v2/
 */
#include "openstack.h"

/* clang-format off */
static const struct sc_map listener_map[] = {
	{ "pool", "default_pool_id" }, { "protocol", "protocol", .words = "udp=UDP tcp=*" },
	{ "port", "protocol_port" }, { "target_port", "{description:1}" }, { NULL },
};
static const struct sc_map shown_map[] = { { "protocol port target_port" }, { NULL } };

static const struct sc_map target_map[] = {
	{ "id address" }, { "port", "protocol_port" }, { "instance_id", "{name:1}" },
	{ "status", "operating_status",
	  .words = "healthy=ONLINE unhealthy=ERROR|OFFLINE unknown=*" }, { NULL },
};

static const struct sc_map balancer_map[] = {
	{ "id name created_at updated_at" },
	{ "status", "provisioning_status", .words = "available=ACTIVE error=ERROR "
	  "pending=PENDING_CREATE|PENDING_UPDATE deleting=PENDING_DELETE|DELETED unknown=*" },
	{ "provider_status", "provisioning_status" }, { "scheme", .value = "internal" },
	{ "address", "vip_address" }, { "network_id", "vip_network_id" },
	{ "subnet_ids", "vip_subnet_id" }, { "listeners", "{arg.listeners?}", .map = shown_map },
	{ "targets", "{arg.targets?}", .map = target_map }, { NULL },
};

static const struct sc_map member_map[] = { { "id" }, { "pool", "{arg.over.id}" }, { NULL } };

#define OCTAVIA .service = "balancer"
#define BALANCER .items = "loadbalancer", .map = balancer_map, OCTAVIA
/* While Octavia changes a load balancer it refuses other changes of it. */
#define PATIENT .busy = "status=pending"
#define PROTOCOL "'{listeners[].protocol:tcp=TCP udp=UDP}'"
#define NAME "'{listeners[].protocol}-{listeners[].port}'"
#define MEMBERS "GET /pools/{over.id}/members", .map = member_map, .over = "pools", OCTAVIA

const struct sc_rest balancer_rest[] = {
	{ "load_balancer.list", "GET /loadbalancers?name={name?}&vip_network_id={network_id?}",
	  .items = "loadbalancers[]", .map = balancer_map, OCTAVIA },
	{ "load_balancer.get", "GET /loadbalancers/{id}", BALANCER, .let = "listeners targets" },
	{ "listeners", "GET /listeners?load_balancer_id={id}", .items = "listeners[]",
	  .map = listener_map, OCTAVIA },
	{ "targets", "GET /loadbalancers/{id}/status", OCTAVIA, .next = "",
	  .items = "statuses.loadbalancer.listeners[].pools[].members[]" },
	{ "load_balancer.create", "POST /loadbalancers",
	  "{'loadbalancer': {'name': '{name}', 'vip_network_id': '{network_id?}',"
	  "  'vip_subnet_id': '{subnet_ids[only]?}', " SIGN ", 'listeners': [{'name': " NAME ","
	  "    'protocol': " PROTOCOL ", 'protocol_port': '{listeners[].port}',"
	  "    'description': 'target_port:{listeners[].target_port?}',"
	  "    'default_pool': {'name': " NAME ", 'protocol': " PROTOCOL ","
	  "      'lb_algorithm': 'ROUND_ROBIN',"
	  "      'members': [{'address': '{targets[].address?}', 'protocol_port':"
	  "        '{targets[].port|listeners[].target_port|listeners[].port}'}]}}]}}",
	  BALANCER, .takes = "scheme=internal", SIGNED, .then = "load_balancer.get" },
	{ "load_balancer.delete", "DELETE /loadbalancers/{id}?cascade=true", PATIENT, OCTAVIA },
	{ "load_balancer.add_target", "POST /pools/{over.pool}/members",
	  "{'member': {'address': '{address|interface.private_ip}',"
	  "  'name': 'instance:{instance_id?}',"
	  "  'protocol_port': '{port|over.target_port|over.port:int}'}}",
	  .let = "interface", .over = "listeners", .then = "load_balancer.get", PATIENT,
	  .already = "targets[].address={address|interface.private_ip}", OCTAVIA },
	{ "load_balancer.remove_target", "DELETE /pools/{over.pool}/members/{over.id}",
	  .over = "members", .then = "load_balancer.get", PATIENT, OCTAVIA },
	{ "members", MEMBERS, .items = "members[id={target_id}][]", .when = "target_id" },
	{ "members", MEMBERS, .items = "members[name=instance:{instance_id}][]",
	  .when = "instance_id" },
	{ "pools", "GET /pools?loadbalancer_id={id}", .items = "pools[]", OCTAVIA },
	{ NULL },
};
/* clang-format on */
