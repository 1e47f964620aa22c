/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security groups: rules are checked like a real cloud would, and have
 * identifiers of their own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "members.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

/* ---- one rule ------------------------------------------------------------ */

static bool good_ports(struct request *req, json_t *rule, const char *path)
{
	const char *protocol = get_str(rule, "protocol");

	if (!has(rule, "port_from") && !has(rule, "port_to"))
		return true;
	if (!protocol || (strcmp(protocol, "tcp") && strcmp(protocol, "udp") &&
			  strcmp(protocol, "sctp")))
		return refuse(req, SC_INVALID, path,
			      "ports need protocol tcp, udp or sctp");
	if (!has(rule, "port_from"))
		set_int(rule, "port_from", get_int(rule, "port_to"));
	if (!has(rule, "port_to"))
		set_int(rule, "port_to", get_int(rule, "port_from"));
	if (get_int(rule, "port_from") <= get_int(rule, "port_to"))
		return true;
	return refuse(req, SC_INVALID, path,
		      "port_from %lld is behind port_to %lld",
		      get_int(rule, "port_from"), get_int(rule, "port_to"));
}

static bool good_peer(struct request *req, json_t *rule, const char *path)
{
	const struct kind *kind = kind_find("security_group");
	const char *group = get_str(rule, "group_id");
	const json_t *entry;

	if (group && has(rule, "cidr"))
		return refuse(req, SC_INVALID, path,
			      "give cidr or group_id, not both");
	if (!group)
		return true;
	entry = find(req, kind, group);
	if (!entry)
		return refuse(req, SC_INVALID, path,
			      "no security_group \"%.128s\" in region %s",
			      group, req->region);
	set_str(rule, "group_id", get_str(record_of(entry), "id"));
	return true;
}

/* Check @rule, fill in what it leaves out, number it as @group's @n-th. */
static bool complete_rule(struct request *req, json_t *rule, const char *group,
			  long long n, const char *path)
{
	char id[96];

	if (!good_ports(req, rule, path) || !good_peer(req, rule, path))
		return false;
	snprintf(id, sizeof(id), "%s-r%lld", group, n);
	set_str(rule, "id", id);
	if (!has(rule, "protocol"))
		set_str(rule, "protocol", "any");
	if (!has(rule, "action"))
		set_str(rule, "action", "allow");
	if (!has(rule, "cidr") && !has(rule, "group_id"))
		set_str(rule, "cidr", "0.0.0.0/0");
	return true;
}

/* Two rules that say the same, whatever their numbers. */
static bool same_rule(const json_t *a, const json_t *b)
{
	json_t *copy = json_copy((json_t *)b);
	bool same;

	json_object_set(copy, "id", json_object_get(a, "id"));
	same = json_equal(a, copy);
	json_decref(copy);
	return same;
}

static bool complete_rules(struct request *req, json_t *rules,
			   const char *group)
{
	json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule) {
		char path[40];

		snprintf(path, sizeof(path), "/rules/%zu", i);
		if (!complete_rule(req, rule, group, (long long)i + 1, path))
			return false;
	}
	return true;
}

bool prepare_security_group(struct request *req, json_t *record)
{
	return complete_rules(req, json_object_get(record, "rules"),
			      get_str(record, "id"));
}

/* ---- verbs --------------------------------------------------------------- */

/* Numbers are not used again: one more than the largest. */
static long long next_number(const json_t *rules)
{
	long long largest = 0, n;
	json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule) {
		const char *id = get_str(rule, "id");

		n = strtoll(strrchr(id, 'r') + 1, NULL, 10);
		if (n > largest)
			largest = n;
	}
	return largest + 1;
}

static bool is_there(struct request *req, const json_t *rules,
		     const json_t *rule)
{
	json_t *other;
	size_t i;

	json_array_foreach(rules, i, other)
		if (same_rule(other, rule))
			return !refuse(req, SC_CONFLICT, NULL,
				       "rule %s says the same",
				       get_str(other, "id"));
	return false;
}

bool run_add_rule(struct request *req)
{
	json_t *entry = find_or_refuse(req), *rules, *rule;
	const char *id;

	if (!entry)
		return false;
	entry = edit(req, req->kind, entry);
	rules = json_object_get(record_of(entry), "rules");
	id = get_str(record_of(entry), "id");
	rule = json_deep_copy(sc_args(req->call));
	json_object_del(rule, "region");
	if (!complete_rule(req, rule, id, next_number(rules), NULL) ||
	    is_there(req, rules, rule)) {
		json_decref(rule);
		return false;
	}
	json_array_append_new(rules, rule);
	return answer_entry(req, entry);
}

bool run_remove_rule(struct request *req)
{
	const char *wanted = sc_str(req->call, "rule_id");
	json_t *entry = find_or_refuse(req), *rules;

	if (!entry)
		return false;
	entry = edit(req, req->kind, entry);
	rules = json_object_get(record_of(entry), "rules");
	for (size_t i = json_array_size(rules); i-- > 0;)
		if (same_str(json_array_get(rules, i), "id", wanted))
			json_array_remove(rules, i);
	return answer_entry(req, entry);
}

bool run_set_rules(struct request *req)
{
	json_t *entry = find_or_refuse(req), *rules;
	const char *id;

	if (!entry)
		return false;
	entry = edit(req, req->kind, entry);
	id = get_str(record_of(entry), "id");
	rules = json_deep_copy(json_object_get(sc_args(req->call), "rules"));
	set(record_of(entry), "rules", rules);
	return complete_rules(req, rules, id) && answer_entry(req, entry);
}
