/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neutron: routers and public addresses (floating IPs), the ways out.
 * API: https://docs.openstack.org/api-ref/network/v2/#routers-routers
 */
#include "openstack.h"

#include <string.h>

static const char router_status[] =
	"available=ACTIVE pending=ALLOCATING|BUILD error=ERROR "
	"unknown=*";

static const struct sc_map router_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = router_status },
	{ "provider_status", "status" },
	{ "type", .value = "router" },
	{ "external_network_id", "external_gateway_info.network_id" },
	{ "public_ip",
	  "external_gateway_info.external_fixed_ips[].ip_address" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

static const char floating_status[] =
	"in_use=ACTIVE available=DOWN error=ERROR unknown=*";

static const struct sc_map floating_map[] = {
	{ "id", "id" },
	{ "status", "status", .words = floating_status },
	{ "provider_status", "status" },
	{ "address", "floating_ip_address" },
	{ "network_id", "floating_network_id" },
	{ "instance_id", "port_details.device_id" },
	{ "vnic_id", "port_id" },
	{ "private_ip", "fixed_ip_address" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

/* ---- routers ------------------------------------------------------------ */

SC_WAITS static struct sc_reply *router_create(struct sc_call *call)
{
	const char *type = sc_str(call, "type");

	if (type && strcmp(type, "router"))
		return fail_arg(call, SC_UNSUPPORTED, "/type",
				"OpenStack has routers only; one with an "
				"external network is a gateway");
	if (sc_has(call, "network_id"))
		return fail_arg(call, SC_UNSUPPORTED, "/network_id",
				"attach subnets once the router is there");
	if (sc_has(call, "subnet_id"))
		return fail_arg(call, SC_UNSUPPORTED, "/subnet_id",
				"attach subnets once the router is there");
	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags", NO_TAGS);
	return sc_rest_reply(call, "router.create", NULL);
}

SC_WAITS static struct sc_reply *router_attach(struct sc_call *call)
{
	if (!sc_has(call, "subnet_id"))
		return fail_arg(call, SC_INVALID, "/subnet_id",
				"a router serves subnets");
	return sc_rest_reply(call, "router.attach", NULL);
}

/* A subnet that the router does not serve is detached already. */
SC_WAITS static struct sc_reply *router_detach(struct sc_call *call)
{
	json_t *done;

	if (!sc_has(call, "subnet_id"))
		return fail_arg(call, SC_INVALID, "/subnet_id",
				"a router serves subnets");
	done = sc_rest_call(call, "router.detach", NULL);
	if (!done && sc_fault_code(call) != SC_NOT_FOUND)
		return sc_failed(call);
	json_decref(done);
	sc_fault_clear(call);
	return sc_rest_reply(call, "router.get", NULL);
}

/* ---- public addresses --------------------------------------------------- */

/* The only external network's id, new; NULL: failed. */
SC_WAITS static json_t *external_network(struct sc_call *call)
{
	json_t *none = json_object(), *list, *id = NULL;

	list = sc_rest_call(call, "list_external", none);
	if (json_array_size(list) == 1)
		id = json_incref(
			json_object_get(json_array_get(list, 0), "id"));
	else if (list)
		fail_arg(call, SC_INVALID, "/network_id",
			 json_array_size(list)
				 ? "there are several external networks: name "
				   "one"
				 : "there is no external network");
	json_decref(list);
	return id;
}

SC_WAITS static struct sc_reply *public_ip_create(struct sc_call *call)
{
	json_t *args, *id;
	struct sc_reply *reply;

	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags", NO_TAGS);
	if (sc_has(call, "name"))
		return fail_arg(call, SC_UNSUPPORTED, "/name",
				"floating IPs have no name");
	if (sc_has(call, "zone"))
		return fail_arg(call, SC_UNSUPPORTED, "/zone",
				"floating IPs are in no zone");
	args = json_copy(sc_args(call));
	if (!sc_has(call, "network_id")) {
		if (!(id = external_network(call))) {
			json_decref(args);
			return sc_failed(call);
		}
		json_object_set_new(args, "network_id", id);
	}
	reply = sc_rest_reply(call, "public_ip.create", args);
	return reply;
}

/* The first interface of an instance, new; NULL: failed. */
SC_WAITS static json_t *first_port(struct sc_call *call, const char *instance)
{
	json_t *args = json_pack("{s:s}", "instance_id", instance), *list, *id;

	list = sc_rest_call(call, "vnic.list", args);
	if (!list)
		return NULL;
	id = json_incref(json_object_get(json_array_get(list, 0), "id"));
	json_decref(list);
	if (!id)
		fail_arg(call, SC_INVALID, "/instance_id",
			 "the instance has no interface");
	return id;
}

SC_WAITS static struct sc_reply *public_ip_attach(struct sc_call *call)
{
	const char *vnic = sc_str(call, "vnic_id");
	const char *instance = sc_str(call, "instance_id");
	struct sc_reply *reply;
	json_t *args, *port;

	if (!vnic && !instance)
		return fail_arg(call, SC_INVALID, "/instance_id",
				"name an instance or a vnic");
	port = vnic ? json_string(vnic) : first_port(call, instance);
	if (!port)
		return sc_failed(call);
	args = json_copy(sc_args(call));
	json_object_set_new(args, "port", port);
	reply = sc_rest_reply(call, "public_ip.attach", args);
	return reply;
}

/* clang-format off */
const struct sc_rest router_rest[] = {
	{ "router.list", "GET /routers?limit={limit?}&marker={page_token?}&name={name?}",
	  .items = "routers[]", .map = router_map, .next = "routers_links[rel=next].href",
	  .service = "network" },
	{ "router.get", "GET /routers/{id}", .items = "router", .map = router_map,
	  .service = "network" },
	{ "router.create", "POST /routers",
	  "{'router': {'name': '{name}',"
	  "            'external_gateway_info': {'network_id': '{external_network_id?}'}}}",
	  .items = "router", .map = router_map, .service = "network", .run = router_create },
	{ "router.delete", "DELETE /routers/{id}", .service = "network" },
	{ "router.attach", "PUT /routers/{id}/add_router_interface", "{'subnet_id': '{subnet_id}'}",
	  .then = "router.get", .service = "network", .run = router_attach },
	{ "router.detach", "PUT /routers/{id}/remove_router_interface",
	  "{'subnet_id': '{subnet_id}'}", .service = "network", .run = router_detach },

	{ "list_external", "GET /networks?router%3Aexternal=true", .items = "networks[]",
	  .next = "networks_links[rel=next].href", .service = "network" },
	{ "public_ip.list",
	  "GET /floatingips?limit={limit?}&marker={page_token?}&floating_ip_address={address?}",
	  .items = "floatingips[]", .map = floating_map,
	  .next = "floatingips_links[rel=next].href", .service = "network" },
	{ "public_ip.get", "GET /floatingips/{id}", .items = "floatingip", .map = floating_map,
	  .service = "network" },
	{ "public_ip.create", "POST /floatingips",
	  "{'floatingip': {'floating_network_id': '{network_id}'}}",
	  .items = "floatingip", .map = floating_map, .service = "network",
	  .run = public_ip_create },
	{ "public_ip.delete", "DELETE /floatingips/{id}", .service = "network" },
	{ "public_ip.attach", "PUT /floatingips/{id}",
	  "{'floatingip': {'port_id': '{port}', 'fixed_ip_address': '{private_ip?}'}}",
	  .items = "floatingip", .map = floating_map, .service = "network",
	  .run = public_ip_attach },
	{ "public_ip.detach", "PUT /floatingips/{id}", "{'floatingip': {'port_id': null}}",
	  .items = "floatingip", .map = floating_map, .service = "network" },
	{ NULL },
};
/* clang-format on */
