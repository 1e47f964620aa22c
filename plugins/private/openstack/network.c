/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neutron: networks, subnets and interfaces (ports).
 * API: https://docs.openstack.org/api-ref/network/v2/
 */
#include "openstack.h"

#include <string.h>

static const char network_status[] =
	"available=ACTIVE pending=BUILD error=ERROR unknown=*";

static const struct sc_map network_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "status", "status", .words = network_status },
	{ "provider_status", "status" },
	{ "subnet_ids", "subnets[]", .list = true },
	{ "mtu", "mtu" },
	{ "is_active", "admin_state_up" },
	{ "is_external", "router:external" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

static const struct sc_map subnet_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "network_id", "network_id" },
	{ "cidr", "cidr" },
	{ "gateway_ip", "gateway_ip" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

/* A port that belongs to something is in use, whether or not it carries
 * traffic: Neutron's DOWN also means "not plugged yet". */
static const char port_status[] =
	"in_use=ACTIVE pending=BUILD available=DOWN error=ERROR "
	"unknown=*";

static const struct sc_map port_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = port_status },
	{ "provider_status", "status" },
	{ "network_id", "network_id" },
	{ "subnet_id", "fixed_ips[].subnet_id" },
	{ "private_ip", "fixed_ips[].ip_address" },
	{ "instance_id", "device_id" },
	{ "mac_address", "mac_address" },
	{ "security_groups", "security_groups[]", .list = true },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

/* 4 or 6: the family of @cidr, which the catalogue has checked. */
static int family(const char *cidr)
{
	return strchr(cidr, ':') ? 6 : 4;
}

/* Make the subnet that @args (stolen) describe; new, or NULL: failed. */
SC_WAITS static json_t *make_subnet(struct sc_call *call, json_t *args)
{
	const char *cidr = json_string_value(json_object_get(args, "cidr"));

	json_object_set_new(args, "family", json_integer(family(cidr)));
	return sc_rest_call(call, "subnet.create", args);
}

SC_WAITS static struct sc_reply *subnet_create(struct sc_call *call)
{
	json_t *subnet;

	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags", NO_TAGS);
	if (sc_has(call, "zone"))
		return fail_arg(call, SC_UNSUPPORTED, "/zone",
				"a subnet spans all zones");
	if (sc_bool(call, "is_public"))
		return fail_arg(call, SC_UNSUPPORTED, "/is_public",
				"a router with a gateway makes it public");
	subnet = make_subnet(call, json_copy(sc_args(call)));
	return subnet ? sc_value(call, subnet) : sc_failed(call);
}

/* Take back the network @id, as its first subnet could not be made: the
 * failure of @call then says that nothing was done. */
SC_WAITS static struct sc_reply *take_back(struct sc_call *call, json_t *id)
{
	struct sc_fault fault = { .code = sc_fault_code(call),
				  .path = "/cidr" };
	json_t *args = json_pack("{s:O}", "id", id), *gone;

	sc_fault_clear(call);
	gone = sc_rest_call(call, "network.delete", args);
	fault.effect = gone ? SC_EFFECT_NONE : SC_EFFECT_PARTIAL;
	sc_fault_clear(call);
	json_decref(gone);
	return sc_fail_with(call, &fault,
			    "the network's subnet could not be "
			    "made; the network %s was %s",
			    json_string_value(id),
			    fault.effect == SC_EFFECT_NONE ? "removed again"
							   : "left behind");
}

/* Neutron's networks have no range of their own: with a cidr the first subnet
 * is made too, under the network's name. */
SC_WAITS static struct sc_reply *network_create(struct sc_call *call)
{
	const char *cidr = sc_str(call, "cidr");
	json_t *network, *args, *subnet, *id;

	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags", NO_TAGS);
	if (!(network = sc_rest_call(call, "network.create", NULL)))
		return sc_failed(call);
	if (!cidr)
		return sc_value(call, network);
	id = json_object_get(network, "id");
	sc_checkpoint(call, json_pack("{s:O}", "id", id));
	args = json_pack("{s:s, s:O, s:s}", "name", sc_str(call, "name"),
			 "network_id", id, "cidr", cidr);
	subnet = make_subnet(call, args);
	if (!subnet) {
		struct sc_reply *reply = take_back(call, id);

		json_decref(network);
		return reply;
	}
	json_object_set_new(network, "subnet_ids",
			    json_pack("[O]", json_object_get(subnet, "id")));
	json_decref(subnet);
	return sc_value(call, network);
}

/* network.update and subnet.update */
SC_WAITS static struct sc_reply *update(struct sc_call *call)
{
	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags", NO_TAGS);
	if (sc_has(call, "routing_mode"))
		return fail_arg(call, SC_UNSUPPORTED, "/routing_mode",
				"Neutron has no routing modes");
	if (sc_has(call, "is_public"))
		return fail_arg(call, SC_UNSUPPORTED, "/is_public",
				"a router with a gateway makes it public");
	return sc_rest_reply(call, sc_method_name(call), NULL);
}

/* An interface that is attached to nothing is detached already. */
SC_WAITS static struct sc_reply *vnic_detach(struct sc_call *call)
{
	json_t *port = sc_rest_call(call, "vnic.get", NULL), *args, *instance;
	struct sc_reply *reply;

	if (!port)
		return sc_failed(call);
	instance = json_object_get(port, "instance_id");
	if (!json_is_string(instance))
		return sc_value(call, port);
	args = json_pack("{s:s, s:O}", "id", sc_str(call, "id"), "instance_id",
			 instance);
	json_decref(port);
	reply = sc_rest_reply(call, "vnic.detach", args);
	return reply;
}

SC_WAITS static struct sc_reply *vnic_create(struct sc_call *call)
{
	json_t *args = json_pack("{s:s}", "id", sc_str(call, "subnet_id"));
	json_t *subnet = sc_rest_call(call, "subnet.get", args), *port;

	if (!subnet)
		return sc_failed(call);
	args = json_copy(sc_args(call));
	json_object_set(args, "network_id",
			json_object_get(subnet, "network_id"));
	json_decref(subnet);
	port = sc_rest_call(call, "vnic.create", args);
	return port ? sc_value(call, port) : sc_failed(call);
}

/* clang-format off */
const struct sc_rest neutron_rest[] = {
	{ "network.list", "GET /networks?limit={limit?}&marker={page_token?}&name={name?}",
	  .items = "networks[]", .map = network_map, .next = "networks_links[rel=next].href",
	  .service = "network" },
	{ "network.get", "GET /networks/{id}", .items = "network", .map = network_map,
	  .service = "network" },
	{ "network.create", "POST /networks",
	  "{'network': {'name': '{name}', 'description': '{description?}', 'mtu': '{mtu?}'}}",
	  .items = "network", .map = network_map, .service = "network", .run = network_create },
	{ "network.update", "PUT /networks/{id}",
	  "{'network': {'name': '{name?}', 'description': '{description?}', 'mtu': '{mtu?}'}}",
	  .items = "network", .map = network_map, .service = "network", .run = update },
	{ "network.delete", "DELETE /networks/{id}", .service = "network" },

	{ "subnet.list",
	  "GET /subnets?limit={limit?}&marker={page_token?}&name={name?}&network_id={network_id?}",
	  .items = "subnets[]", .map = subnet_map, .next = "subnets_links[rel=next].href",
	  .service = "network" },
	{ "subnet.get", "GET /subnets/{id}", .items = "subnet", .map = subnet_map,
	  .service = "network" },
	{ "subnet.create", "POST /subnets",
	  "{'subnet': {'name': '{name}', 'network_id': '{network_id}', 'cidr': '{cidr}',"
	  "            'ip_version': '{family}', 'gateway_ip': '{gateway_ip?}',"
	  "            'description': '{description?}'}}",
	  .items = "subnet", .map = subnet_map, .service = "network", .run = subnet_create },
	{ "subnet.update", "PUT /subnets/{id}",
	  "{'subnet': {'name': '{name?}', 'description': '{description?}'}}",
	  .items = "subnet", .map = subnet_map, .service = "network", .run = update },
	{ "subnet.delete", "DELETE /subnets/{id}", .service = "network" },

	{ "vnic.list",
	  "GET /ports?limit={limit?}&marker={page_token?}&name={name?}&network_id={network_id?}"
	  "&device_id={instance_id?}",
	  .items = "ports[]", .map = port_map, .next = "ports_links[rel=next].href",
	  .service = "network" },
	{ "vnic.get", "GET /ports/{id}", .items = "port", .map = port_map, .service = "network" },
	{ "vnic.create", "POST /ports",
	  "{'port': {'name': '{name}', 'network_id': '{network_id}',"
	  "          'fixed_ips': [{'subnet_id': '{subnet_id}', 'ip_address': '{private_ip?}'}],"
	  "          'security_groups': '{security_groups?}'}}",
	  .items = "port", .map = port_map, .service = "network", .run = vnic_create },
	{ "vnic.delete", "DELETE /ports/{id}", .service = "network" },
	{ "vnic.attach", "POST /servers/{instance_id}/os-interface",
	  "{'interfaceAttachment': {'port_id': '{id}'}}", .then = "vnic.get" },
	{ "vnic.detach", "DELETE /servers/{instance_id}/os-interface/{id}", .then = "vnic.get",
	  .run = vnic_detach },
	{ NULL },
};
/* clang-format on */
