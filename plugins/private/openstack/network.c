/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neutron: networks, subnets, interfaces (ports), routers, public addresses
 * (floating IPs) and security groups.
 * API: https://docs.openstack.org/api-ref/network/v2/
 */
#include "openstack.h"

/* ---- all rules of a security group -------------------------------------- */

/* What @rule lets pass, in one spelling; new. */
static json_t *essence(const json_t *rule)
{
	const char *protocol = text_of(rule, "protocol");
	json_t *from = json_object_get(rule, "port_from");
	json_t *to = json_object_get(rule, "port_to");

	return json_pack("[s?, s, O?, O?, s?, s?]", text_of(rule, "direction"),
			 protocol ? protocol : "any", from,
			 json_is_integer(to) ? to : from, text_of(rule, "cidr"),
			 text_of(rule, "group_id"));
}

static bool is_same(const json_t *a, const json_t *b)
{
	json_t *x = essence(a), *y = essence(b);
	bool same = json_equal(x, y);

	json_decref(x);
	json_decref(y);
	return same;
}

/* Those of @rules that @others do not have; new. */
static json_t *without(json_t *rules, const json_t *others)
{
	json_t *left = json_array(), *rule;
	size_t i, j;

	json_array_foreach(rules, i, rule) {
		for (j = 0; j < json_array_size(others); j++)
			if (is_same(rule, json_array_get(others, j)))
				break;
		if (j == json_array_size(others))
			json_array_append(left, rule);
	}
	return left;
}

/* First what is missing, then what is too much: traffic that may pass before
 * and after may pass meanwhile. */
SC_WAITS static struct sc_reply *set_rules(struct sc_call *call)
{
	json_t *want = json_object_get(sc_args(call), "rules"), *args;
	json_t *group = sc_rest_call(call, "security_group.get", NULL);
	json_t *have = json_object_get(group, "rules");

	if (!group)
		return sc_failed(call);
	args = sc_args_with(call, "{s:o, s:o}", "rules", without(want, have),
			    "extra", without(have, want));
	json_decref(group);
	if (!json_array_size(json_object_get(args, "rules")))
		json_object_del(args, "rules");
	return sc_rest_reply(call, "replace_rules", args);
}

/* ---- records ------------------------------------------------------------ */

/* clang-format off */
#define COMMON "id name created_at updated_at"
#define STATUS(table) { "status", "status", .words = table }, { "provider_status", "status" }
#define AVAILABLE "available=ACTIVE pending=BUILD|ALLOCATING error=ERROR unknown=*"
/* What belongs to something is in use, whether or not it carries traffic. */
#define ATTACHED "in_use=ACTIVE available=DOWN pending=BUILD error=ERROR unknown=*"
#define PROTOCOL "icmpv6=ipv6-icmp icmp=icmp|1 tcp=tcp|6 udp=udp|17 any="

static const struct sc_map network_map[] = {
	{ COMMON " mtu" }, SIGNED_TEXT, STATUS(AVAILABLE), { "subnet_ids", "subnets" },
	{ "is_active", "admin_state_up" }, { "is_external", "router:external" }, { NULL },
};

static const struct sc_map subnet_map[] = {
	{ COMMON " network_id cidr gateway_ip" }, SIGNED_TEXT, { NULL },
};

static const struct sc_map port_map[] = {
	{ COMMON " network_id mac_address security_groups" }, STATUS(ATTACHED),
	{ "subnet_id", "fixed_ips[].subnet_id" }, { "private_ip", "fixed_ips[].ip_address" },
	{ "instance_id", "device_id" }, { NULL },
};

static const struct sc_map router_map[] = {
	{ COMMON }, STATUS(AVAILABLE), { "type", .value = "router" },
	{ "external_network_id", "external_gateway_info.network_id" },
	{ "public_ip", "external_gateway_info.external_fixed_ips[].ip_address" },
	{ "subnet_ids", "{arg.served?}" }, { NULL },
};

static const struct sc_map floating_map[] = {
	{ "id created_at updated_at" }, STATUS(ATTACHED), { "address", "floating_ip_address" },
	{ "network_id", "floating_network_id" }, { "instance_id", "port_details.device_id" },
	{ "vnic_id", "port_id" }, { "private_ip", "fixed_ip_address" }, { NULL },
};

static const struct sc_map rule_map[] = {
	{ "id direction description" }, { "protocol", "protocol", .words = PROTOCOL },
	{ "port_from", "port_range_min" }, { "port_to", "port_range_max" },
	{ "cidr", "remote_ip_prefix" }, { "group_id", "remote_group_id" }, { NULL },
};

static const struct sc_map group_map[] = {
	{ COMMON }, SIGNED_TEXT, { "rules", "security_group_rules", .map = rule_map }, { NULL },
};

/* ---- rows --------------------------------------------------------------- */

#define NEUTRON .service = "network"
#define LIST(what, of_map) .items = what "[]", .map = of_map, NEUTRON
#define ONE(what, of_map) .items = what, .map = of_map, NEUTRON

/* Neutron's way to say that the router serves the subnet, or cannot. */
static const struct sc_error_row not_free[] = { { 400, "BadRequest", SC_CONFLICT }, { 0 } };

#define NETWORK "{'network': {'name': '{name}', 'mtu': '{mtu?}', " SIGN_TEXT "}}"
#define FAMILY "'{cidr:*:*=6 *=4}'"
#define RULE(x)                                                                                  \
	"{'security_group_id': '{id}', 'direction': '{" x "direction}',"                         \
	" 'ethertype': '{" x "cidr|" x "protocol:*:*=IPv6 icmpv6=IPv6 *=IPv4 -=IPv4}',"          \
	" 'protocol': '{" x "protocol?:" PROTOCOL "}', 'port_range_min': '{" x "port_from?}',"   \
	" 'port_range_max': '{" x "port_to|" x "port_from?}', 'remote_ip_prefix': '{" x "cidr?}'," \
	" 'remote_group_id': '{" x "group_id?}', 'description': '{" x "description?}'}"
#define RULES "POST /security-group-rules", "{'security_group_rules': [" RULE("rules[].") "]}"
#define DROP "DELETE /security-group-rules/{over.id}"

const struct sc_rest network_rest[] = {
	{ "network.list", "GET /networks?name={name?}", LIST("networks", network_map) },
	{ "network.get", "GET /networks/{id}", ONE("network", network_map) },
	/* Only subnets have addresses: with a cidr the first one is made, too. */
	{ "network.create", "POST /networks", NETWORK, ONE("network", network_map), SIGNED,
	  .when = "cidr", .then = "first_subnet network.get", .undo = "network.delete" },
	{ "first_subnet", "POST /subnets",
	  "{'subnet': {'name': '{name}', 'network_id': '{id}', 'cidr': '{cidr}',"
	  "  'ip_version': " FAMILY "}}", .when = "cidr", NEUTRON },
	{ "network.create", "POST /networks", NETWORK, ONE("network", network_map), SIGNED },
	{ "network.update", "PUT /networks/{id}",
	  "{'network': {'name': '{name?}', 'description': '{description?}', 'mtu': '{mtu?}'}}",
	  ONE("network", network_map) },
	{ "network.delete", "DELETE /networks/{id}", NEUTRON },

	{ "subnet.list", "GET /subnets?name={name?}&network_id={network_id?}",
	  LIST("subnets", subnet_map) },
	{ "subnet.get", "GET /subnets/{id}", ONE("subnet", subnet_map) },
	{ "subnet.create", "POST /subnets",
	  "{'subnet': {'name': '{name}', 'network_id': '{network_id}', 'cidr': '{cidr}',"
	  "  'ip_version': " FAMILY ", 'gateway_ip': '{gateway_ip?}', " SIGN_TEXT "}}",
	  ONE("subnet", subnet_map), SIGNED },
	{ "subnet.update", "PUT /subnets/{id}",
	  "{'subnet': {'name': '{name?}', 'description': '{description?}'}}",
	  ONE("subnet", subnet_map) },
	{ "subnet.delete", "DELETE /subnets/{id}", NEUTRON },

	{ "vnic.list",
	  "GET /ports?name={name?}&network_id={network_id?}&device_id={instance_id?}"
	  "&fixed_ips=subnet_id%3D{subnet_id?}", LIST("ports", port_map) },
	{ "vnic.get", "GET /ports/{id}", ONE("port", port_map) },
	{ "vnic.create", "POST /ports",
	  "{'port': {'name': '{name}', 'network_id': '{subnet.network_id}',"
	  "  'fixed_ips': [{'subnet_id': '{subnet_id}', 'ip_address': '{private_ip?}'}],"
	  "  'security_groups': '{security_groups?}', " SIGN "}}",
	  ONE("port", port_map), .let = "subnet", SIGNED },
	{ "vnic.delete", "DELETE /ports/{id}", NEUTRON },
	{ "vnic.attach", "POST /servers/{instance_id}/os-interface",
	  "{'interfaceAttachment': {'port_id': '{id}'}}", .then = "vnic.get",
	  .already = "instance_id={instance_id}" },
	/* No server has the id "none": one that is attached to nothing is detached already. */
	{ "vnic.detach", "DELETE /servers/{port.instance_id|=none}/os-interface/{id}",
	  .let = "port", .then = "vnic.get", .already = "!instance_id" },
	{ "port", "GET /ports/{id}", ONE("port", port_map) },

	{ "router.list", "GET /routers?name={name?}", LIST("routers", router_map) },
	{ "router.get", "GET /routers/{id}", ONE("router", router_map), .let = "served" },
	{ "served", "GET /ports?device_id={id}", NEUTRON,
	  .items = "ports[device_owner!=network:router_gateway].fixed_ips[].subnet_id" },
	{ "router.create", "POST /routers",
	  "{'router': {'name': '{name}', " SIGN ","
	  "  'external_gateway_info': {'network_id': '{external_network_id?}'}}}",
	  ONE("router", router_map), .takes = "type=router", SIGNED },
	{ "router.delete", "DELETE /routers/{id}", NEUTRON },
	{ "router.attach", "PUT /routers/{id}/add_router_interface", "{'subnet_id': '{subnet_id}'}",
	  .then = "router.get", .already = "subnet_ids={subnet_id}", .errors = not_free, NEUTRON },
	{ "router.detach", "PUT /routers/{id}/remove_router_interface",
	  "{'subnet_id': '{subnet_id}'}", .then = "router.get",
	  .already = "!subnet_ids={subnet_id}", NEUTRON },

	{ "public_ip.list", "GET /floatingips?floating_ip_address={address?}",
	  LIST("floatingips", floating_map) },
	{ "public_ip.get", "GET /floatingips/{id}", ONE("floatingip", floating_map) },
	{ "public_ip.create", "POST /floatingips",
	  "{'floatingip': {'floating_network_id': '{network_id|external.id}', " SIGN "}}",
	  ONE("floatingip", floating_map), .let = "external", SIGNED },
	{ "external", "GET /networks?router%3Aexternal=true", .items = "networks[only]",
	  .when = "!network_id", NEUTRON },
	{ "public_ip.delete", "DELETE /floatingips/{id}", NEUTRON },
	{ "public_ip.attach", "PUT /floatingips/{id}",
	  "{'floatingip': {'port_id': '{vnic_id|interface.id}',"
	  "  'fixed_ip_address': '{private_ip?}'}}",
	  ONE("floatingip", floating_map), .let = "interface" },
	/* An instance's first one. */
	{ "interface", "GET /ports?device_id={instance_id}", .when = "instance_id !vnic_id",
	  ONE("ports[device_id={instance_id}]", port_map) },
	{ "public_ip.detach", "PUT /floatingips/{id}", "{'floatingip': {'port_id': null}}",
	  ONE("floatingip", floating_map) },

	{ "security_group.list", "GET /security-groups?name={name?}",
	  LIST("security_groups", group_map) },
	{ "security_group.get", "GET /security-groups/{id}", ONE("security_group", group_map) },
	{ "security_group.create", "POST /security-groups",
	  "{'security_group': {'name': '{name}', " SIGN_TEXT "}}", ONE("security_group", group_map),
	  .takes = "rules.action=allow", .then = "add_rules security_group.get",
	  .undo = "security_group.delete", SIGNED },
	{ "add_rules", RULES, .when = "rules", NEUTRON },
	{ "security_group.delete", "DELETE /security-groups/{id}", NEUTRON },
	{ "security_group.add_rule", "POST /security-group-rules",
	  "{'security_group_rule': " RULE("") "}", .takes = "action=allow",
	  .then = "security_group.get", NEUTRON },
	{ "security_group.remove_rule", "DELETE /security-group-rules/{rule_id}",
	  .then = "security_group.get", .already = "id", NEUTRON },
	{ "security_group.set_rules", .run = set_rules,
	  .takes = "rules.direction rules.protocol rules.port_from rules.port_to rules.cidr "
		   "rules.group_id rules.description rules.action=allow" },
	{ "replace_rules", RULES, .when = "rules", .then = "drop_rules security_group.get",
	  NEUTRON },
	{ "replace_rules", DROP, .over = "arg.extra", .then = "security_group.get", NEUTRON },
	{ "drop_rules", DROP, .over = "arg.extra", NEUTRON },
	{ NULL },
};
/* clang-format on */
