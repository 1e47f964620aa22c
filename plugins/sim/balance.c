/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load balancers: where they stand, and their targets.
 */
#include <stdio.h>

#include "ip.h"
#include "lookup.h"
#include "members.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

/* ---- targets ------------------------------------------------------------- */

static long long port_of(const json_t *record, const json_t *target)
{
	const json_t *listener =
		json_array_get(json_object_get(record, "listeners"), 0);

	if (has(target, "port"))
		return get_int(target, "port");
	return get_int(listener,
		       has(listener, "target_port") ? "target_port" : "port");
}

static bool good_target(struct request *req, const json_t *record,
			json_t *target, const char *path)
{
	const json_t *instance =
		record_of(lookup(req, "instance", target, "instance_id"));
	char id[128];

	if (has(target, "instance_id") == has(target, "address"))
		return refuse(req, SC_INVALID, path,
			      "give one of instance_id and address");
	if (has(target, "instance_id") && !instance)
		return refuse(req, SC_INVALID, path,
			      "no instance \"%.128s\" in region %s",
			      get_str(target, "instance_id"), req->region);
	if (instance) {
		set_str(target, "instance_id", get_str(instance, "id"));
		set_str(target, "address", get_str(instance, "private_ip"));
	}
	set_int(target, "port", port_of(record, target));
	set_str(target, "status", "healthy");
	snprintf(id, sizeof(id), "%s:%lld", get_str(target, "address"),
		 get_int(target, "port"));
	set_str(target, "id", id);
	return true;
}

static bool good_targets(struct request *req, json_t *record)
{
	json_t *target;
	size_t i;

	json_array_foreach(json_object_get(record, "targets"), i, target) {
		char path[40];

		snprintf(path, sizeof(path), "/targets/%zu", i);
		if (!good_target(req, record, target, path))
			return false;
	}
	return true;
}

/* ---- create -------------------------------------------------------------- */

static bool no_listener_twice(struct request *req, const json_t *listeners)
{
	for (size_t i = 0; i < json_array_size(listeners); i++)
		for (size_t j = 0; j < i; j++) {
			const json_t *a = json_array_get(listeners, i);
			const json_t *b = json_array_get(listeners, j);

			if (get_int(a, "port") == get_int(b, "port") &&
			    same_str(a, "protocol", get_str(b, "protocol")))
				return refuse(req, SC_INVALID, "/listeners",
					      "%s port %lld is there twice",
					      get_str(a, "protocol"),
					      get_int(a, "port"));
		}
	if (json_array_size(listeners))
		return true;
	return refuse(req, SC_INVALID, "/listeners",
		      "a load balancer needs a listener");
}

static json_t *choose_address(struct request *req, const json_t *record)
{
	const json_t *first =
		json_array_get(json_object_get(record, "subnet_ids"), 0);
	const json_t *subnet;

	if (same_str(record, "scheme", "internet"))
		return ip_public(req);
	subnet =
		first ? find(req, kind_find("subnet"), json_string_value(first))
		      : NULL;
	if (subnet)
		return ip_in_subnet(req, subnet, NULL, NULL);
	refuse(req, SC_INVALID, "/subnet_ids",
	       "an internal load balancer needs a subnet");
	return NULL;
}

bool prepare_load_balancer(struct request *req, json_t *record)
{
	json_t *address;
	char name[96];

	if (!no_listener_twice(req, json_object_get(record, "listeners")) ||
	    !choose_network(req, record))
		return false;
	choose_subnets(req, record);
	address = choose_address(req, record);
	if (!address)
		return false;
	set(record, "address", address);
	snprintf(name, sizeof(name), "%s.%s.sim.invalid", get_str(record, "id"),
		 req->region);
	set_str(record, "dns_name", name);
	return good_targets(req, record);
}

/* ---- verbs --------------------------------------------------------------- */

static bool has_target(const json_t *targets, const char *id)
{
	json_t *target;
	size_t i;

	json_array_foreach(targets, i, target)
		if (same_str(target, "id", id))
			return true;
	return false;
}

bool run_add_target(struct request *req)
{
	const char *const members[] = { "instance_id", "address", "port" };
	json_t *entry = find_or_refuse(req), *target, *targets;

	if (!entry)
		return false;
	entry = edit(req, req->kind, entry);
	targets = json_object_get(record_of(entry), "targets");
	target = json_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (sc_has(req->call, members[i]))
			json_object_set(target, members[i],
					json_object_get(sc_args(req->call),
							members[i]));
	if (!good_target(req, record_of(entry), target, NULL)) {
		json_decref(target);
		return false;
	}
	if (!has_target(targets, get_str(target, "id")))
		json_array_append(targets, target);
	json_decref(target);
	return answer_entry(req, entry);
}

/* Take out what has @text as @member. */
static void remove_targets(json_t *record, const char *member, const char *text)
{
	json_t *targets = json_object_get(record, "targets");

	for (size_t i = json_array_size(targets); i-- > 0;)
		if (same_str(json_array_get(targets, i), member, text))
			json_array_remove(targets, i);
}

bool run_remove_target(struct request *req)
{
	const char *target = sc_str(req->call, "target_id");
	const char *instance = sc_str(req->call, "instance_id");
	json_t *entry = find_or_refuse(req);

	if (!entry)
		return false;
	if (!target == !instance)
		return refuse(req, SC_INVALID, "/target_id",
			      "give one of target_id and instance_id");
	entry = edit(req, req->kind, entry);
	remove_targets(record_of(entry), target ? "id" : "instance_id",
		       target ? target : instance);
	return answer_entry(req, entry);
}

void leave_load_balancers(struct request *req, const json_t *instance)
{
	const struct kind *kind = kind_find("load_balancer");
	const char *id = get_str(instance, "id"), *other;
	json_t *entry, *target;
	size_t i;

	json_object_foreach(world_all(req->world, kind->name), other, entry)
		json_array_foreach(
			json_object_get(record_of(entry), "targets"), i, target)
			if (same_str(target, "instance_id", id)) {
				remove_targets(
					record_of(edit(req, kind, entry)),
					"instance_id", id);
				break;
			}
}
