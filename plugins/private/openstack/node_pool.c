/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Magnum: node groups of clusters.  Magnum finds one only with its cluster, so
 * our id is both: "CLUSTER:GROUP".  Groups of masters are not shown.
 */
#include "openstack.h"

#include <stdio.h>
#include <string.h>

static const struct sc_map pool_map[] = {
	{ "id", "uuid" },
	{ "name", "name" },
	{ "status", "status", .words = magnum_status },
	{ "provider_status", "status" },
	{ "instance_type", "flavor_id" },
	{ "node_count", "node_count" },
	{ "min_nodes", "min_node_count" },
	{ "max_nodes", "max_node_count" },
	{ "disk_gib", "docker_volume_size" },
	{ "role", "role" },
	{ NULL },
};

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* {"cluster","pool"} of an id, new; NULL: failed. */
static json_t *parts_of(struct sc_call *call, const char *id)
{
	const char *colon = strchr(id, ':');

	if (colon && colon > id && colon[1])
		return json_pack("{s:s#, s:s}", "cluster", id,
				 (int)(colon - id), "pool", colon + 1);
	sc_fail(call, SC_NOT_FOUND, "no node pool %s: ids are CLUSTER:GROUP",
		id);
	return NULL;
}

/* Make a mapped group a record of ours, in place. */
static void complete(json_t *pool, const char *cluster)
{
	json_object_set_new(pool, "id",
			    json_sprintf("%s:%s", cluster, text(pool, "id")));
	json_object_set_new(pool, "cluster_id", json_string(cluster));
	json_object_del(pool, "role");
}

static bool is_master(const json_t *pool)
{
	const char *role = text(pool, "role");

	return role && !strcmp(role, "master");
}

/* Add the groups of @cluster to @list; false: failed. */
SC_WAITS static bool add_pools(struct sc_call *call, const char *cluster,
			       json_t *list)
{
	json_t *args = json_pack("{s:s}", "cluster", cluster), *pools, *pool;
	size_t i;

	pools = sc_rest_call(call, "list_pools", args);
	json_array_foreach(pools, i, pool)
		if (!is_master(pool)) {
			complete(pool, cluster);
			json_array_append(list, pool);
		}
	json_decref(pools);
	return pools != NULL;
}

/* Of all clusters; one that is gone meanwhile has none. */
SC_WAITS static bool add_all(struct sc_call *call, json_t *list)
{
	json_t *none = json_object(), *clusters, *cluster;
	bool ok = true;
	size_t i;

	clusters = sc_rest_call(call, "cluster.list", none);
	json_array_foreach(clusters, i, cluster) {
		ok = add_pools(call, text(cluster, "id"), list);
		if (!ok && sc_fault_code(call) == SC_NOT_FOUND) {
			sc_fault_clear(call);
			ok = true;
		}
		if (!ok)
			break;
	}
	json_decref(clusters);
	return clusters && ok;
}

SC_WAITS static struct sc_reply *pool_list(struct sc_call *call)
{
	const char *cluster = sc_str(call, "cluster_id");
	json_t *list = json_array();

	if (cluster ? add_pools(call, cluster, list) : add_all(call, list))
		return sc_list(call, list, NULL);
	json_decref(list);
	return sc_failed(call);
}

/* Answer with the group that @parts name; steals @parts. */
SC_WAITS static struct sc_reply *show(struct sc_call *call, json_t *parts)
{
	json_t *pool = sc_rest_call(call, "get_pool", json_incref(parts));

	if (pool)
		complete(pool, text(parts, "cluster"));
	json_decref(parts);
	return pool ? sc_value(call, pool) : sc_failed(call);
}

SC_WAITS static struct sc_reply *pool_get(struct sc_call *call)
{
	json_t *parts = parts_of(call, sc_str(call, "id"));

	return parts ? show(call, parts) : sc_failed(call);
}

SC_WAITS static struct sc_reply *pool_create(struct sc_call *call)
{
	static const char *const not_ours[] = {
		"spot",
		"disk_type",
		"zones",
		"subnet_ids",
		"role_id",
		"taints",
		"labels",
		"auto_scaling",
		"version",
		"tags",
		NULL,
	};
	json_t *made, *parts;

	if (magnum_refuse(call, sc_args(call), not_ours, ""))
		return sc_failed(call);
	if (!(made = sc_rest_call(call, "create_pool", NULL)))
		return sc_failed(call);
	parts = json_pack("{s:s, s:O}", "cluster", sc_str(call, "cluster_id"),
			  "pool", json_object_get(made, "uuid"));
	json_decref(made);
	return show(call, parts); /* the first answer has no status */
}

/* Run @row on the group of the call's id with its other arguments, and show
 * the group. */
SC_WAITS static struct sc_reply *change(struct sc_call *call, const char *row,
					json_t *parts)
{
	json_t *args = json_copy(parts), *done;

	json_object_update_missing(args, sc_args(call));
	done = sc_rest_call(call, row, args);
	if (done) {
		json_decref(done);
		return show(call, parts);
	}
	json_decref(parts);
	return sc_failed(call);
}

SC_WAITS static struct sc_reply *pool_scale(struct sc_call *call)
{
	json_t *parts = parts_of(call, sc_str(call, "id"));

	return parts ? change(call, "scale_pool", parts) : sc_failed(call);
}

SC_WAITS static struct sc_reply *pool_upgrade(struct sc_call *call)
{
	json_t *parts = parts_of(call, sc_str(call, "id")), *template;

	if (!parts)
		return sc_failed(call);
	if (!(template = magnum_template(call, sc_str(call, "version")))) {
		json_decref(parts);
		return sc_failed(call);
	}
	json_object_set_new(parts, "template", template);
	return change(call, "upgrade_pool", parts);
}

SC_WAITS static struct sc_reply *pool_delete(struct sc_call *call)
{
	json_t *parts = parts_of(call, sc_str(call, "id")), *done;

	done = parts ? sc_rest_call(call, "delete_pool", parts) : NULL;
	json_decref(done);
	return done ? sc_ok(call) : sc_failed(call);
}

/* clang-format off */
const struct sc_rest node_pool_rest[] = {
	{ "node_pool.list", .run = pool_list },
	{ "node_pool.get", .run = pool_get },
	{ "node_pool.create", .run = pool_create },
	{ "node_pool.scale", .run = pool_scale },
	{ "node_pool.upgrade", .run = pool_upgrade },
	{ "node_pool.delete", .run = pool_delete },
	{ "list_pools", "GET /clusters/{cluster}/nodegroups", .items = "nodegroups[]",
	  .map = pool_map, .next = "next", .service = "magnum" },
	{ "get_pool", "GET /clusters/{cluster}/nodegroups/{pool}", .items = "",
	  .map = pool_map, .service = "magnum" },
	{ "create_pool", "POST /clusters/{cluster_id}/nodegroups",
	  "{'name': '{name}', 'flavor_id': '{instance_type?}', 'node_count': '{node_count?}',"
	  " 'min_node_count': '{min_nodes?}', 'max_node_count': '{max_nodes?}',"
	  " 'docker_volume_size': '{disk_gib?}'}",
	  .items = "", .service = "magnum" },
	{ "scale_pool", "POST /clusters/{cluster}/actions/resize",
	  "{'node_count': '{node_count}', 'nodegroup': '{pool}'}", .service = "magnum" },
	{ "upgrade_pool", "POST /clusters/{cluster}/actions/upgrade",
	  "{'cluster_template': '{template}', 'max_batch_size': 1, 'nodegroup': '{pool}'}",
	  .service = "magnum" },
	{ "delete_pool", "DELETE /clusters/{cluster}/nodegroups/{pool}", .service = "magnum" },
	{ NULL },
};
/* clang-format on */
