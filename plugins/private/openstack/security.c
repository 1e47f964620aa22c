/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neutron: security groups and their rules.
 * API:
 * https://docs.openstack.org/api-ref/network/v2/#security-groups-security-groups
 */
#include "openstack.h"

#include <string.h>

static const char protocols[] = "icmpv6=ipv6-icmp icmp=1 tcp=6 udp=17";

static const struct sc_map rule_map[] = {
	{ "id", "id" },
	{ "direction", "direction" },
	{ "protocol", "protocol", .words = protocols },
	{ "port_from", "port_range_min" },
	{ "port_to", "port_range_max" },
	{ "cidr", "remote_ip_prefix" },
	{ "group_id", "remote_group_id" },
	{ "description", "description" },
	{ NULL },
};

static const struct sc_map group_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "rules", "security_group_rules[]", .map = rule_map, .list = true },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* What create_rule takes: Neutron wants the address family, and its own word
 * for ICMPv6; "any" is no protocol.  New. */
static json_t *rule_args(const char *group, const json_t *rule)
{
	json_t *args = json_deep_copy(rule);
	const char *protocol = text(rule, "protocol");
	const char *cidr = text(rule, "cidr");
	bool six = cidr && strchr(cidr, ':');

	if (protocol && !strcmp(protocol, "icmpv6")) {
		json_object_set_new(args, "protocol", json_string("ipv6-icmp"));
		six = true;
	}
	if (protocol && !strcmp(protocol, "any"))
		json_object_del(args, "protocol");
	if (json_object_get(rule, "port_from") &&
	    !json_object_get(rule, "port_to"))
		json_object_set(args, "port_to",
				json_object_get(rule, "port_from"));
	json_object_set_new(args, "group", json_string(group));
	json_object_set_new(args, "family", json_string(six ? "IPv6" : "IPv4"));
	return args;
}

/* Neutron's rules only allow, and have no order.  False: failed. */
static bool is_possible(struct sc_call *call, const json_t *rule)
{
	const char *action = text(rule, "action");
	bool denies = action && !strcmp(action, "deny");

	if (!denies && !json_object_get(rule, "priority"))
		return true;
	fail_arg(call, SC_UNSUPPORTED, denies ? "/action" : "/priority",
		 "security groups only allow, in no order");
	return false;
}

SC_WAITS static bool add_rule(struct sc_call *call, const char *group,
			      const json_t *rule)
{
	json_t *args = rule_args(group, rule), *made;

	made = sc_rest_call(call, "create_rule", args);
	json_decref(made);
	return made != NULL;
}

SC_WAITS static bool add_rules(struct sc_call *call, const char *group,
			       const json_t *rules)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
		if (!add_rule(call, group, rule))
			return false;
	return true;
}

static bool are_possible(struct sc_call *call, const json_t *rules)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
		if (!is_possible(call, rule))
			return false;
	return true;
}

SC_WAITS static struct sc_reply *show(struct sc_call *call, const char *id)
{
	json_t *args = json_pack("{s:s}", "id", id);
	struct sc_reply *reply;

	reply = sc_rest_reply(call, "security_group.get", args);
	return reply;
}

/* After a step of several failed: the group is there, and not as wanted. */
static struct sc_reply *half_done(struct sc_call *call, const char *group)
{
	const struct sc_fault fault = { .code = sc_fault_code(call),
					.effect = SC_EFFECT_PARTIAL,
					.path = "/rules" };

	return sc_fail_with(call, &fault,
			    "not all rules of the security group "
			    "%s could be set",
			    group);
}

SC_WAITS static struct sc_reply *group_create(struct sc_call *call)
{
	const json_t *rules = json_object_get(sc_args(call), "rules");
	struct sc_reply *reply;
	json_t *group;
	const char *id;

	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags", NO_TAGS);
	if (sc_has(call, "network_id"))
		return fail_arg(call, SC_UNSUPPORTED, "/network_id",
				"security groups belong to no network");
	if (!are_possible(call, rules))
		return sc_failed(call);
	if (!(group = sc_rest_call(call, "security_group.create", NULL)))
		return sc_failed(call);
	id = text(group, "id");
	sc_checkpoint(call, json_pack("{s:s}", "id", id));
	reply = add_rules(call, id, rules) ? show(call, id)
					   : half_done(call, id);
	json_decref(group);
	return reply;
}

SC_WAITS static struct sc_reply *group_add_rule(struct sc_call *call)
{
	if (!is_possible(call, sc_args(call)) ||
	    !add_rule(call, sc_str(call, "id"), sc_args(call)))
		return sc_failed(call);
	return show(call, sc_str(call, "id"));
}

SC_WAITS static bool remove_rule(struct sc_call *call, const char *rule)
{
	json_t *args = json_pack("{s:s}", "rule_id", rule), *gone;

	gone = sc_rest_call(call, "delete_rule", args);
	json_decref(gone);
	if (!gone && sc_fault_code(call) == SC_NOT_FOUND)
		sc_fault_clear(call);
	return gone || !sc_fault_code(call);
}

SC_WAITS static struct sc_reply *group_remove_rule(struct sc_call *call)
{
	if (!remove_rule(call, sc_str(call, "rule_id")))
		return sc_failed(call);
	return show(call, sc_str(call, "id"));
}

/* Do two rules let the same pass?  The id does not matter. */
static bool is_same(const json_t *a, const json_t *b)
{
	static const char *const members[] = { "direction", "port_from", "cidr",
					       "group_id", NULL };
	const json_t *to_a = json_object_get(a, "port_to");
	const json_t *to_b = json_object_get(b, "port_to");
	const char *pa = text(a, "protocol"), *pb = text(b, "protocol");
	const char *const *m;
	const json_t *va, *vb;

	for (m = members; *m; m++) {
		va = json_object_get(a, *m);
		vb = json_object_get(b, *m);
		if (json_is_null(va))
			va = NULL;
		if (json_is_null(vb))
			vb = NULL;
		if (va != vb && !json_equal(va, vb))
			return false;
	}
	if (!to_a || json_is_null(to_a))
		to_a = json_object_get(a, "port_from");
	if (!to_b || json_is_null(to_b))
		to_b = json_object_get(b, "port_from");
	if (to_a != to_b && !json_equal(to_a, to_b))
		return false;
	return !strcmp(pa ? pa : "any", pb ? pb : "any");
}

static bool has_rule(const json_t *rules, const json_t *wanted)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
		if (is_same(rule, wanted))
			return true;
	return false;
}

/* First what is missing, then what is too much: traffic that may pass before
 * and after may pass meanwhile. */
SC_WAITS static bool change_rules(struct sc_call *call, const char *id,
				  const json_t *have, const json_t *want)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(want, i, rule)
		if (!has_rule(have, rule) && !add_rule(call, id, rule))
			return false;
	json_array_foreach(have, i, rule)
		if (!has_rule(want, rule) &&
		    !remove_rule(call, text(rule, "id")))
			return false;
	return true;
}

SC_WAITS static struct sc_reply *group_set_rules(struct sc_call *call)
{
	const json_t *want = json_object_get(sc_args(call), "rules");
	const char *id = sc_str(call, "id");
	json_t *group;
	bool done;

	if (!are_possible(call, want) ||
	    !(group = sc_rest_call(call, "security_group.get", NULL)))
		return sc_failed(call);
	done = change_rules(call, id, json_object_get(group, "rules"), want);
	json_decref(group);
	return done ? show(call, id) : half_done(call, id);
}

/* clang-format off */
const struct sc_rest security_rest[] = {
	{ "security_group.list",
	  "GET /security-groups?limit={limit?}&marker={page_token?}&name={name?}",
	  .items = "security_groups[]", .map = group_map,
	  .next = "security_groups_links[rel=next].href", .service = "network" },
	{ "security_group.get", "GET /security-groups/{id}", .items = "security_group",
	  .map = group_map, .service = "network" },
	{ "security_group.create", "POST /security-groups",
	  "{'security_group': {'name': '{name}', 'description': '{description?}'}}",
	  .items = "security_group", .map = group_map, .service = "network", .run = group_create },
	{ "security_group.delete", "DELETE /security-groups/{id}", .service = "network" },
	{ "security_group.add_rule", .run = group_add_rule },
	{ "security_group.remove_rule", .run = group_remove_rule },
	{ "security_group.set_rules", .run = group_set_rules },
	{ "create_rule", "POST /security-group-rules",
	  "{'security_group_rule': {'security_group_id': '{group}', 'direction': '{direction}',"
	  "  'ethertype': '{family}', 'protocol': '{protocol?}',"
	  "  'port_range_min': '{port_from?}', 'port_range_max': '{port_to?}',"
	  "  'remote_ip_prefix': '{cidr?}', 'remote_group_id': '{group_id?}',"
	  "  'description': '{description?}'}}",
	  .items = "security_group_rule", .map = rule_map, .service = "network" },
	{ "delete_rule", "DELETE /security-group-rules/{rule_id}", .service = "network" },
	{ NULL },
};
/* clang-format on */
