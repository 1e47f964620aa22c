/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes: clusters, node pools and their nodes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lookup.h"
#include "members.h"
#include "moment.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

#define NODES_MAX 1000 /* of a pool */
#define DEFAULT_VERSION "1.30"

static const struct {
	const char *version, *end_of_support;
} versions[] = {
	{ "1.28", "2027-02-28" },
	{ "1.29", "2027-06-28" },
	{ DEFAULT_VERSION, "2027-10-28" },
	{ "1.31", "2028-02-28" },
};

#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

/* ---- versions ------------------------------------------------------------ */

/* Place in the list, or VERSIONS. */
static size_t version_index(const char *version)
{
	size_t i = 0;

	while (i < VERSIONS && strcmp(versions[i].version, version) != 0)
		i++;
	return i;
}

static bool known_version(struct request *req, const char *version)
{
	return version_index(version) < VERSIONS ||
	       refuse(req, SC_INVALID, "/version",
		      "no version \"%.32s\"; cluster.versions lists them",
		      version);
}

bool run_versions(struct request *req)
{
	json_t *items = json_array();

	for (size_t i = 0; i < VERSIONS; i++)
		json_array_append_new(
			items,
			json_pack("{ss sb ss}", "version", versions[i].version,
				  "is_default",
				  !strcmp(versions[i].version, DEFAULT_VERSION),
				  "end_of_support",
				  versions[i].end_of_support));
	req->reply = sc_list(req->call, items, NULL);
	return true;
}

/* ---- nodes --------------------------------------------------------------- */

static void make_node(struct request *req, const json_t *pool, long long n)
{
	json_t *node = json_object();
	char name[300];

	snprintf(name, sizeof(name), "%s-%lld", get_str(pool, "name"), n);
	set_str(node, "name", name);
	set_str(node, "cluster_id", get_str(pool, "cluster_id"));
	set_str(node, "node_pool_id", get_str(pool, "id"));
	set_str(node, "instance_type", get_str(pool, "instance_type"));
	set_str(node, "version", get_str(pool, "version"));
	set_bool(node, "is_schedulable", true);
	set_int(node, "pod_count", 0);
	json_object_set(node, "labels", json_object_get(pool, "labels"));
	json_object_set(node, "taints", json_object_get(pool, "taints"));
	choose_zone(req, node);
	put_new(req, kind_find("node"), node);
}

/* Nodes of @pool in the world, the newest first to go. */
static long long count_nodes(const struct request *req, const char *member,
			     const char *id)
{
	const char *node;
	json_t *entry;
	long long n = 0;

	json_object_foreach(world_all(req->world, "node"), node, entry)
		n += same_str(record_of(entry), member, id);
	return n;
}

static void drop_nodes(struct request *req, const char *pool, long long keep)
{
	const struct kind *kind = kind_find("node");
	const char *node;
	json_t *entry;

	json_object_foreach(world_all(req->world, "node"), node, entry)
		if (same_str(record_of(entry), "node_pool_id", pool) &&
		    keep-- <= 0)
			drop_entry(req, kind, entry);
}

static bool resize_pool(struct request *req, const json_t *pool, long long now,
			long long wanted)
{
	if (wanted > NODES_MAX)
		return refuse(req, SC_QUOTA, "/node_count",
			      "a pool has at most %d nodes", NODES_MAX);
	for (long long n = now; n < wanted; n++)
		make_node(req, pool, n + 1);
	if (wanted < now)
		drop_nodes(req, get_str(pool, "id"), wanted);
	return true;
}

/* The cluster counts @more nodes, when it stays. */
static void count_in_cluster(struct request *req, const json_t *pool,
			     long long more)
{
	json_t *cluster = lookup(req, "cluster", pool, "cluster_id");

	if (!cluster)
		return;
	cluster = record_of(edit(req, kind_find("cluster"), cluster));
	set_int(cluster, "node_count", get_int(cluster, "node_count") + more);
}

/* ---- node pools ---------------------------------------------------------- */

/* Seed 002 asks for auto_scaling alone: then node_count is the most. */
static bool settle_scaling(struct request *req, json_t *pool)
{
	long long n = get_int(pool, "node_count");

	if (!get_bool(pool, "auto_scaling"))
		return true;
	if (!has(pool, "max_nodes"))
		set_int(pool, "max_nodes", n);
	if (n >= get_int(pool, "min_nodes") && n <= get_int(pool, "max_nodes"))
		return true;
	return refuse(req, SC_INVALID, "/node_count",
		      "node_count %lld is not within min_nodes %lld and "
		      "max_nodes %lld",
		      n, get_int(pool, "min_nodes"),
		      get_int(pool, "max_nodes"));
}

/* @cluster is the pool's, in the world or just being made. */
static bool fill_pool(struct request *req, json_t *pool, json_t *cluster)
{
	long long n = get_int(pool, "node_count");

	if (!has(pool, "version"))
		set_str(pool, "version", get_str(cluster, "version"));
	if (!has(pool, "subnet_ids"))
		set(pool, "subnet_ids",
		    json_deep_copy(json_object_get(cluster, "subnet_ids")));
	return known_version(req, get_str(pool, "version")) &&
	       settle_scaling(req, pool) && resize_pool(req, pool, 0, n);
}

bool prepare_node_pool(struct request *req, json_t *record)
{
	json_t *cluster = lookup(req, "cluster", record, "cluster_id");

	if (!same_str(record_of(cluster), "mode", "standard"))
		return refuse(
			req, SC_CONFLICT, "/cluster_id",
			"cluster %s is of mode %s: the cloud runs its nodes",
			get_str(record, "cluster_id"),
			get_str(record_of(cluster), "mode"));
	if (!fill_pool(req, record, record_of(cluster)))
		return false;
	count_in_cluster(req, record, get_int(record, "node_count"));
	return true;
}

void leave_cluster(struct request *req, const json_t *node_pool)
{
	count_in_cluster(req, node_pool, -get_int(node_pool, "node_count"));
}

bool run_scale(struct request *req)
{
	long long wanted = sc_int(req->call, "node_count");
	json_t *entry = update_entry(req);
	json_t *pool = record_of(entry);
	long long now;

	if (!entry || !settle_scaling(req, pool))
		return false;
	now = count_nodes(req, "node_pool_id", get_str(pool, "id"));
	if (!resize_pool(req, pool, now, wanted))
		return false;
	count_in_cluster(req, pool, wanted - now);
	return answer_entry(req, entry);
}

/* ---- clusters ------------------------------------------------------------ */

/* The first pool, made together with its cluster. */
static bool make_pool(struct request *req, json_t *cluster)
{
	const struct kind *kind = kind_find("node_pool");
	json_t *pool = json_deep_copy(json_object_get(cluster, "node_pool"));

	if (!has(pool, "name"))
		set_str(pool, "name", "default");
	set_str(pool, "cluster_id", get_str(cluster, "id"));
	fill_defaults(kind, pool);
	give_id(req, kind, pool);
	json_object_del(pool, "cluster_id"); /* not there yet to be found */
	if (!resolve_refs(req, kind, pool)) {
		json_decref(pool);
		return false;
	}
	set_str(pool, "cluster_id", get_str(cluster, "id"));
	if (!fill_pool(req, pool, cluster)) {
		json_decref(pool);
		return false;
	}
	set_int(cluster, "node_count", get_int(pool, "node_count"));
	put_new(req, kind, pool);
	return true;
}

bool prepare_cluster(struct request *req, json_t *record)
{
	char endpoint[160];

	if (!has(record, "version"))
		set_str(record, "version", DEFAULT_VERSION);
	if (!known_version(req, get_str(record, "version")) ||
	    !choose_network(req, record))
		return false;
	choose_subnets(req, record);
	snprintf(endpoint, sizeof(endpoint), "https://%s.%s.sim.invalid:6443",
		 get_str(record, "id"), req->region);
	set_str(record, "endpoint", endpoint);
	if (!has(record, "node_pool"))
		return true;
	if (!same_str(record, "mode", "standard"))
		return refuse(req, SC_INVALID, "/node_pool",
			      "mode %s has no node pools of its own",
			      get_str(record, "mode"));
	return make_pool(req, record);
}

/* One version at a time and never back, as Kubernetes wants it. */
bool run_upgrade(struct request *req)
{
	const char *version = sc_str(req->call, "version");
	json_t *entry = find_or_refuse(req);
	size_t from, to = version_index(version);

	if (!entry || !known_version(req, version))
		return false;
	from = version_index(get_str(record_of(entry), "version"));
	if (to == from)
		return answer_entry(req, entry);
	if (to != from + 1)
		return refuse(req, SC_INVALID, "/version",
			      "%s is at %s and goes up one version at a time",
			      get_str(record_of(entry), "id"),
			      get_str(record_of(entry), "version"));
	return run_update(req);
}

#define TOKEN_MS (12 * HOUR_MS)

bool run_kubeconfig(struct request *req)
{
	const json_t *entry = find_or_refuse(req), *record = record_of(entry);
	char yaml[1024];

	if (!entry || !state_allows(req, entry))
		return false;
	snprintf(yaml, sizeof(yaml),
		 "apiVersion: v1\nkind: Config\nclusters:\n- name: %s\n"
		 "  cluster:\n    server: %s\nusers:\n- name: %s\n  user:\n"
		 "    token: sim-%s-%lld\ncontexts:\n- name: %s\n  context:\n"
		 "    cluster: %s\n    user: %s\ncurrent-context: %s\n",
		 get_str(record, "id"), get_str(record, "endpoint"),
		 get_str(record, "id"), get_str(record, "id"),
		 (long long)(req->now / 1000), get_str(record, "id"),
		 get_str(record, "id"), get_str(record, "id"),
		 get_str(record, "id"));
	req->value = json_pack("{ss so}", "kubeconfig", yaml, "expires_at",
			       moment_json(req->now + TOKEN_MS));
	return true;
}

/* ---- nodes' verbs -------------------------------------------------------- */

static bool set_schedulable(struct request *req, bool yes)
{
	json_t *entry = find_or_refuse(req);

	if (!entry)
		return false;
	entry = edit(req, req->kind, entry);
	set_bool(record_of(entry), "is_schedulable", yes);
	if (!yes && !strcmp(req->verb->name, "drain"))
		set_int(record_of(entry), "pod_count", 0);
	return answer_entry(req, entry);
}

bool run_cordon(struct request *req)
{
	return set_schedulable(req, false);
}

bool run_uncordon(struct request *req)
{
	return set_schedulable(req, true);
}
