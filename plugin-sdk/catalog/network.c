/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, network: networks (VPC), subnets, routers and gateways,
 * security groups (GCP: firewall rules), interfaces, public addresses and
 * layer-4 load balancers (seeds 000, 002 and 004).
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

static const char *const simple_status[] = { "pending", "available", "deleting", "error",
					     "unknown", NULL };

#define A_CIDR(cidr_flags)                                                    \
	{ "cidr", CAT_CIDR, cidr_flags, "Address range.",                      \
	  .aliases = WORDS("cidr_block"), .example = "\"10.0.0.0/16\"" }
#define A_NETWORK(network_flags, network_help)                                \
	REF("network_id", network_flags, network_help, .aliases = WORDS("vpc_id"))

/* ---- network ------------------------------------------------------------- */

static const char *const routing_modes[] = { "regional", "global", NULL };

const struct cat_record cat_record_network = {
	"network", "A private network (VPC).",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "status", CAT_STRING, 0, "State, in our words.", .words = simple_status },
		{ "cidr", CAT_CIDR, 0, "Address range; null where only subnets have one." },
		{ "subnet_ids", CAT_STRING, LIST, "Its subnets." },
		{ "routing_mode", CAT_STRING, 0, "How far routes are announced.",
		  .words = routing_modes },
		{ "mtu", CAT_INT, 0, "Largest packet.", .unit = "bytes" },
		{ "is_default", CAT_BOOL, FIXED,
		  "Whether instances are put there when none is named." },
		{ "is_active", CAT_BOOL, 0, "Whether it carries traffic." },
		{ "is_external", CAT_BOOL, FIXED, "Whether it leads outside (public addresses)." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field network_filters[] = {
	BY_NAME,
	{ "is_default", CAT_BOOL, FILTER, "Only default ones, or only others." },
	{ NULL },
};

#define A_MTU                                                         \
	{ "mtu", CAT_INT, 0, "Largest packet.", .unit = "bytes", .min = 576, .max = 9216 }
#define A_ROUTING_MODE                                                \
	{ "routing_mode", CAT_STRING, 0, "How far routes are announced.", \
	  .words = routing_modes }

static const struct cat_field network_create[] = {
	A_NAME, A_CIDR(0), A_ROUTING_MODE, A_MTU, A_DESCRIPTION, A_TAGS, { NULL },
};

static const struct cat_field network_update[] = {
	A_NEW_NAME, A_ROUTING_MODE, A_MTU, A_DESCRIPTION, A_TAGS, { NULL },
};

static const struct cat_field network_delete[] = {
	{ "cascade", CAT_BOOL, 0, "Delete what is in it first, in the right order." },
	{ NULL },
};

const struct cat_kind cat_kind_network = {
	"network", "networks", "Network", "Private networks (VPC).",
	&cat_record_network,
	(const struct cat_op[]){
		OP_LIST(network, &cat_record_network, network_filters),
		OP_GET(network, &cat_record_network),
		OP(network, create, CAT_MUTATES, "Make a network.", .args = network_create,
		   .result = &cat_record_network),
		OP(network, update, CHANGES | CAT_NATURAL, "Change it.", .args = network_update,
		   .result = &cat_record_network),
		OP(network, delete, DELETES, "Delete it; one that is not there is deleted already.",
		   .args = network_delete),
		{ NULL },
	},
};

/* ---- subnet -------------------------------------------------------------- */

const struct cat_record cat_record_subnet = {
	"subnet", "A part of a network.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "status", CAT_STRING, 0, "State, in our words.", .words = simple_status },
		{ "network_id", CAT_STRING, REQ | FIXED, "Network it is a part of." },
		{ "cidr", CAT_CIDR, REQ | FIXED, "Address range." },
		{ "gateway_ip", CAT_IP, 0, "Address of its router." },
		{ "available_ips", CAT_INT, 0, "Addresses still free." },
		{ "is_public", CAT_BOOL, 0, "Whether it has a way to the internet and back." },
		{ "is_default", CAT_BOOL, 0,
		  "Whether instances are put there when none is named." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field subnet_filters[] = {
	BY_NAME, BY_NETWORK, BY_ZONE,
	{ "is_public", CAT_BOOL, FILTER, "Only public ones, or only private ones." },
	{ NULL },
};

#define A_IS_PUBLIC                                                   \
	{ "is_public", CAT_BOOL, 0, "Give new interfaces public addresses.", \
	  .aliases = WORDS("public") }

static const struct cat_field subnet_create[] = {
	A_NAME, A_NETWORK(REQ, "Network to be a part of."), A_CIDR(REQ), A_ZONE,
	A_IS_PUBLIC,
	{ "gateway_ip", CAT_IP, 0, "Address of its router; the first one without it." },
	A_DESCRIPTION, A_TAGS, { NULL },
};

static const struct cat_field subnet_update[] = {
	A_NEW_NAME, A_IS_PUBLIC, A_DESCRIPTION, A_TAGS, { NULL },
};

const struct cat_kind cat_kind_subnet = {
	"subnet", "subnets", "Subnet", "Parts of networks.",
	&cat_record_subnet,
	(const struct cat_op[]){
		OP_LIST(subnet, &cat_record_subnet, subnet_filters),
		OP_GET(subnet, &cat_record_subnet),
		OP(subnet, create, CAT_MUTATES, "Make a subnet.", .args = subnet_create,
		   .result = &cat_record_subnet),
		OP(subnet, update, CHANGES | CAT_NATURAL, "Change it.", .args = subnet_update,
		   .result = &cat_record_subnet),
		OP_DELETE(subnet),
		{ NULL },
	},
};

/* ---- router -------------------------------------------------------------- */

static const char *const router_types[] = { "router", "internet", "nat", NULL };

const struct cat_record cat_record_router = {
	"router", "A router or gateway: what makes a subnet public.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		{ "status", CAT_STRING, 0, "State, in our words.", .words = simple_status },
		{ "type", CAT_STRING, FIXED, "Router between subnets, internet or NAT gateway.",
		  .words = router_types },
		{ "network_id", CAT_STRING, 0, "Network it is attached to." },
		{ "external_network_id", CAT_STRING, 0, "Network it leads to." },
		{ "subnet_ids", CAT_STRING, LIST, "Subnets it serves." },
		{ "public_ip", CAT_IP, 0, "Its address outside." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field router_filters[] = {
	BY_NAME, BY_NETWORK,
	{ "type", CAT_STRING, FILTER, "Only those of this type.", .words = router_types },
	{ NULL },
};

static const struct cat_field router_create[] = {
	A_NAME,
	{ "type", CAT_STRING, 0, "Router between subnets (without it), internet or NAT gateway.",
	  .words = router_types },
	A_NETWORK(0, "Network to attach it to."),
	REF("external_network_id", 0, "Network it shall lead to."),
	REF("subnet_id", 0, "Subnet a NAT gateway stands in."),
	A_TAGS,
	{ NULL },
};

static const struct cat_field router_attach[] = {
	A_NETWORK(0, "Network to attach (gateways); this or subnet_id."),
	REF("subnet_id", 0, "Subnet to serve; this or network_id."),
	{ NULL },
};

const struct cat_kind cat_kind_router = {
	"router", "routers", "Router", "Routers and gateways.",
	&cat_record_router,
	(const struct cat_op[]){
		OP_LIST(router, &cat_record_router, router_filters),
		OP_GET(router, &cat_record_router),
		OP(router, create, CAT_MUTATES, "Make a router or gateway.",
		   .args = router_create, .result = &cat_record_router),
		OP_DELETE(router),
		OP(router, attach, ACTS | CAT_NATURAL, "Attach a network or subnet.",
		   .args = router_attach, .result = &cat_record_router),
		OP(router, detach, ACTS | CAT_NATURAL, "Detach a network or subnet.",
		   .args = router_attach, .result = &cat_record_router),
		{ NULL },
	},
};

/* ---- security_group ------------------------------------------------------ */

/* One rule: as a record, and as the arguments of add_rule. */
#define RULE_FIELDS                                                                        \
	{ "direction", CAT_STRING, REQ, "Into the instance or out of it.",                  \
	  .words = WORDS("ingress", "egress") },                                            \
	{ "protocol", CAT_STRING, 0, "Protocol; any without it.",                           \
	  .words = WORDS("tcp", "udp", "icmp", "icmpv6", "esp", "ah", "sctp", "any") },     \
	{ "port_from", CAT_INT, 0, "First port; every port without it.",                    \
	  .aliases = WORDS("from_port"), .min = 0, .max = 65535 },                          \
	{ "port_to", CAT_INT, 0, "Last port; port_from without it.",                        \
	  .aliases = WORDS("to_port"), .min = 0, .max = 65535 },                            \
	{ "cidr", CAT_CIDR, 0, "Addresses at the other end; this or group_id.",             \
	  .aliases = WORDS("cidr_block"), .example = "\"0.0.0.0/0\"" },                     \
	{ "group_id", CAT_STRING, 0, "Security group at the other end." },                  \
	{ "action", CAT_STRING, 0, "Allow (without it) or, where the cloud can, deny.",     \
	  .words = WORDS("allow", "deny") },                                                \
	{ "priority", CAT_INT, 0, "Lower ones come first, where the cloud has an order.",   \
	  .min = 0, .max = 65535 },                                                         \
	F_DESCRIPTION

const struct cat_record cat_record_security_rule = {
	"security_rule", "What a security group lets pass.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, FIXED, "Identifier, where the cloud has one for rules." },
		RULE_FIELDS,
		{ NULL },
	},
};

const struct cat_record cat_record_security_group = {
	"security_group", "Rules on what traffic reaches instances (GCP: firewall rules).",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "network_id", CAT_STRING, FIXED, "Network it belongs to, where it does." },
		{ "rules", CAT_OBJECT, LIST, "Its rules.", .of = &cat_record_security_rule },
		{ "is_default", CAT_BOOL, FIXED, "Whether instances get it when none is named." },
		{ "is_active", CAT_BOOL, 0, "Whether it is enforced." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field security_group_filters[] = { BY_NAME, BY_NETWORK, { NULL } };

static const struct cat_field security_group_create[] = {
	A_NAME,
	A_DESCRIPTION,
	A_NETWORK(0, "Network it shall belong to."),
	{ "rules", CAT_OBJECT, LIST, "Rules to begin with.", .of = &cat_record_security_rule },
	A_TAGS,
	{ NULL },
};

static const struct cat_field add_rule[] = { RULE_FIELDS, { NULL } };

static const struct cat_field remove_rule[] = {
	REF("rule_id", REQ, "Rule to remove; one that is not there is removed already."),
	{ NULL },
};

static const struct cat_field set_rules[] = {
	{ "rules", CAT_OBJECT, REQ | LIST, "All rules it shall have from now on.",
	  .of = &cat_record_security_rule },
	{ NULL },
};

const struct cat_kind cat_kind_security_group = {
	"security_group", "security-groups", "Security group",
	"Rules on what traffic reaches instances.",
	&cat_record_security_group,
	(const struct cat_op[]){
		OP_LIST(security_group, &cat_record_security_group, security_group_filters),
		OP_GET(security_group, &cat_record_security_group),
		OP(security_group, create, CAT_MUTATES, "Make a security group.",
		   .args = security_group_create, .result = &cat_record_security_group),
		OP_DELETE(security_group),
		OP(security_group, add_rule, ACTS, "Add one rule.", .args = add_rule,
		   .result = &cat_record_security_group),
		OP(security_group, remove_rule, ACTS | CAT_NATURAL, "Remove one rule.",
		   .args = remove_rule, .result = &cat_record_security_group),
		OP(security_group, set_rules, ACTS | CAT_NATURAL, "Replace all rules.",
		   .args = set_rules, .result = &cat_record_security_group),
		{ NULL },
	},
};

/* ---- vnic ---------------------------------------------------------------- */

static const char *const attach_status[] = { "pending", "available", "in_use", "deleting",
					     "error", "unknown", NULL };

const struct cat_record cat_record_vnic = {
	"vnic", "A network interface.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(attach_status),
		{ "network_id", CAT_STRING, FIXED, "Network it is in." },
		{ "subnet_id", CAT_STRING, FIXED, "Subnet it is in." },
		{ "instance_id", CAT_STRING, 0, "Instance it is attached to." },
		{ "private_ip", CAT_IP, 0, "Its address." },
		{ "public_ip", CAT_IP, 0, "Address outside that leads to it." },
		{ "mac_address", CAT_STRING, FIXED, "Hardware address." },
		{ "security_groups", CAT_STRING, LIST, "Identifiers of its security groups." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field vnic_filters[] = {
	BY_NAME, BY_STATUS(attach_status), BY_NETWORK, BY_INSTANCE,
	{ "subnet_id", CAT_STRING, FILTER, "Only those in this subnet." },
	{ NULL },
};

static const struct cat_field vnic_create[] = {
	A_NAME,
	REF("subnet_id", REQ, "Subnet to be in."),
	{ "private_ip", CAT_IP, 0, "Address to have; a free one without it." },
	{ "security_groups", CAT_STRING, LIST, "Identifiers of security groups.",
	  .aliases = WORDS("security_group_ids"), .min = 1, .max = 1024 },
	A_TAGS,
	{ NULL },
};

static const struct cat_field vnic_attach[] = {
	REF("instance_id", REQ, "Instance to attach it to."),
	{ "device_index", CAT_INT, 0, "Place among the instance's interfaces.", .min = 0,
	  .max = 63 },
	{ NULL },
};

const struct cat_kind cat_kind_vnic = {
	"vnic", "vnics", "Network interface", "Network interfaces.",
	&cat_record_vnic,
	(const struct cat_op[]){
		OP_LIST(vnic, &cat_record_vnic, vnic_filters),
		OP_GET(vnic, &cat_record_vnic),
		OP(vnic, create, CAT_MUTATES, "Make an interface.", .args = vnic_create,
		   .result = &cat_record_vnic),
		OP_DELETE(vnic),
		OP(vnic, attach, ACTS | CAT_NATURAL, "Attach it to an instance.",
		   .args = vnic_attach, .result = &cat_record_vnic),
		OP(vnic, detach, ACTS | CAT_NATURAL, "Detach it from its instance.",
		   .result = &cat_record_vnic),
		{ NULL },
	},
};

/* ---- public_ip ----------------------------------------------------------- */

const struct cat_record cat_record_public_ip = {
	"public_ip", "An address reachable from outside (floating, elastic IP).",
	(const struct cat_field[]){
		F_ID,
		{ "name", CAT_STRING, 0, "Name, where the cloud gives them one." },
		F_STATUS(attach_status),
		{ "address", CAT_IP, REQ | FIXED, "The address." },
		{ "public_dns", CAT_STRING, 0, "Name for it." },
		{ "network_id", CAT_STRING, FIXED, "External network it is from." },
		{ "instance_id", CAT_STRING, 0, "Instance it leads to." },
		{ "vnic_id", CAT_STRING, 0, "Interface it leads to." },
		{ "private_ip", CAT_IP, 0, "Address inside that it leads to." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field public_ip_filters[] = {
	BY_NAME, BY_STATUS(attach_status), BY_INSTANCE,
	{ "address", CAT_IP, FILTER, "Only this address." },
	{ NULL },
};

static const struct cat_field public_ip_create[] = {
	{ "name", CAT_STRING, 0, "Name, where the cloud gives them one.", .min = 1, .max = 255 },
	A_NETWORK(0, "External network to take it from; the only one without it."),
	A_ZONE,
	A_TAGS,
	{ NULL },
};

static const struct cat_field public_ip_attach[] = {
	REF("instance_id", 0, "Instance to lead to; this or vnic_id."),
	REF("vnic_id", 0, "Interface to lead to; this or instance_id."),
	{ "private_ip", CAT_IP, 0, "Address inside; the first one without it." },
	{ NULL },
};

const struct cat_kind cat_kind_public_ip = {
	"public_ip", "public-ips", "Public address", "Addresses reachable from outside.",
	&cat_record_public_ip,
	(const struct cat_op[]){
		OP_LIST(public_ip, &cat_record_public_ip, public_ip_filters),
		OP_GET(public_ip, &cat_record_public_ip),
		OP(public_ip, create, CAT_MUTATES, "Reserve an address.",
		   .args = public_ip_create, .result = &cat_record_public_ip),
		OP_DELETE(public_ip),
		OP(public_ip, attach, ACTS | CAT_NATURAL, "Let it lead to an instance.",
		   .args = public_ip_attach, .result = &cat_record_public_ip),
		OP(public_ip, detach, ACTS | CAT_NATURAL, "Let it lead nowhere.",
		   .result = &cat_record_public_ip),
		{ NULL },
	},
};

/* ---- load_balancer ------------------------------------------------------- */

const struct cat_record cat_record_listener = {
	"listener", "Where a load balancer listens.",
	(const struct cat_field[]){
		{ "protocol", CAT_STRING, REQ, "Protocol.", .words = WORDS("tcp", "udp") },
		{ "port", CAT_INT, REQ, "Port outside.", .min = 1, .max = 65535 },
		{ "target_port", CAT_INT, 0, "Port of the targets; the same one without it.",
		  .min = 1, .max = 65535 },
		{ NULL },
	},
};

const struct cat_record cat_record_target = {
	"target", "Where a load balancer sends traffic to.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, FIXED, "Identifier of the target in the load balancer." },
		{ "instance_id", CAT_STRING, 0, "Instance; this or address." },
		{ "address", CAT_IP, 0, "Address; this or instance_id." },
		{ "port", CAT_INT, 0, "Port; the listener's target_port without it.", .min = 1,
		  .max = 65535 },
		{ "status", CAT_STRING, 0, "Health.",
		  .words = WORDS("healthy", "unhealthy", "unknown") },
		{ NULL },
	},
};

static const char *const schemes[] = { "internet", "internal", NULL };

const struct cat_record cat_record_load_balancer = {
	"load_balancer", "A layer-4 load balancer.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(simple_status),
		{ "scheme", CAT_STRING, FIXED, "Reachable from the internet or inside only.",
		  .words = schemes },
		{ "address", CAT_IP, 0, "Its address." },
		{ "dns_name", CAT_STRING, 0, "Its name." },
		{ "network_id", CAT_STRING, FIXED, "Network it is in." },
		{ "subnet_ids", CAT_STRING, LIST, "Subnets it stands in." },
		{ "listeners", CAT_OBJECT, LIST, "Where it listens.", .of = &cat_record_listener },
		{ "targets", CAT_OBJECT, LIST, "Where it sends traffic to.",
		  .of = &cat_record_target },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field load_balancer_filters[] = {
	BY_NAME, BY_STATUS(simple_status), BY_NETWORK, { NULL },
};

static const struct cat_field load_balancer_create[] = {
	A_NAME,
	{ "scheme", CAT_STRING, 0, "Reachable from the internet (without it) or inside only.",
	  .words = schemes },
	A_NETWORK(0, "Network to be in; the default one without it."),
	{ "subnet_ids", CAT_STRING, LIST, "Subnets to stand in.", .min = 1, .max = 1024 },
	{ "listeners", CAT_OBJECT, REQ | LIST, "Where it shall listen.",
	  .of = &cat_record_listener },
	{ "targets", CAT_OBJECT, LIST, "Where it shall send traffic to.",
	  .of = &cat_record_target },
	A_TAGS,
	{ NULL },
};

static const struct cat_field add_target[] = {
	REF("instance_id", 0, "Instance; this or address."),
	{ "address", CAT_IP, 0, "Address; this or instance_id." },
	{ "port", CAT_INT, 0, "Port; the listener's target_port without it.", .min = 1,
	  .max = 65535 },
	{ NULL },
};

static const struct cat_field remove_target[] = {
	REF("target_id", 0, "Target to remove; this or instance_id."),
	REF("instance_id", 0, "Instance to remove; this or target_id."),
	{ NULL },
};

const struct cat_kind cat_kind_load_balancer = {
	"load_balancer", "load-balancers", "Load balancer", "Layer-4 load balancers.",
	&cat_record_load_balancer,
	(const struct cat_op[]){
		OP_LIST(load_balancer, &cat_record_load_balancer, load_balancer_filters),
		OP_GET(load_balancer, &cat_record_load_balancer),
		OP(load_balancer, create, CAT_MUTATES, "Make a load balancer.",
		   .args = load_balancer_create, .result = &cat_record_load_balancer),
		OP_DELETE(load_balancer),
		OP(load_balancer, add_target, ACTS | CAT_NATURAL, "Send traffic there too.",
		   .args = add_target, .result = &cat_record_load_balancer),
		OP(load_balancer, remove_target, ACTS | CAT_NATURAL, "Send no more traffic there.",
		   .args = remove_target, .result = &cat_record_load_balancer),
		{ NULL },
	},
};
