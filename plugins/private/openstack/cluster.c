/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Magnum: Kubernetes clusters.
 *
 * What Magnum has instead of versions are cluster templates, made by the
 * cloud's operators; a version of ours is a template's name, its id or its
 * label kube_tag.  Microversion 1.10 is pinned: the lowest that lets a cluster
 * begin without nodes.
 * API: https://docs.openstack.org/api-ref/container-infrastructure-management/
 */
#include "openstack.h"

#include <stdio.h>
#include <string.h>

const char magnum_status[] =
	"creating=CREATE_IN_PROGRESS "
	"running=CREATE_COMPLETE|UPDATE_COMPLETE|ROLLBACK_COMPLETE "
	"error=CREATE_FAILED|DELETE_FAILED "
	"updating=UPDATE_IN_PROGRESS|ROLLBACK_IN_PROGRESS "
	"degraded=UPDATE_FAILED|ROLLBACK_FAILED "
	"deleting=DELETE_IN_PROGRESS|DELETE_COMPLETE unknown=*";

static const struct sc_map cluster_map[] = {
	{ "id", "uuid" },
	{ "name", "name" },
	{ "status", "status", .words = magnum_status },
	{ "provider_status", "status" },
	{ "version", "coe_version" },
	{ "mode", .value = "standard" },
	{ "endpoint", "api_address" },
	{ "network_id", "fixed_network" },
	{ "subnet_ids", "fixed_subnet", .list = true },
	{ "node_count", "node_count" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

static const struct sc_map version_map[] = {
	{ "version", "name" },
	{ NULL },
};

static const struct sc_map id_map[] = { { "id", "uuid" }, { NULL } };

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- templates ---------------------------------------------------------- */

static bool is_version(const json_t *template, const char *version)
{
	const json_t *labels = json_object_get(template, "labels");
	const char *names[] = { text(template, "name"), text(template, "uuid"),
				text(labels, "kube_tag") };

	for (size_t i = 0; i < 3; i++)
		if (names[i] && !strcmp(names[i], version))
			return true;
	return false;
}

/* Borrowed from @list, or NULL: failed. */
static const json_t *choose(struct sc_call *call, const json_t *list,
			    const char *version)
{
	const json_t *template;
	size_t i;

	if (!version && json_array_size(list) == 1)
		return json_array_get(list, 0);
	json_array_foreach(list, i, template)
		if (version && is_version(template, version))
			return template;
	fail_arg(call, SC_INVALID, "/version",
		 version ? "no cluster template has this name, id or kube_tag; "
			   "cluster.versions lists them"
			 : "there is not exactly one cluster template: choose "
			   "one as version");
	return NULL;
}

json_t *magnum_template(struct sc_call *call, const char *version)
{
	json_t *none = json_object(), *list, *id = NULL;
	const json_t *template;

	list = sc_rest_call(call, "list_templates", none);
	if (list && (template = choose(call, list, version)))
		id = json_incref(json_object_get(template, "uuid"));
	json_decref(list);
	return id;
}

/* ---- cluster.create ----------------------------------------------------- */

/* What Magnum leaves to templates, or does not have. */
static const char *const not_ours[] = {
	"security_groups",
	"pod_cidr",
	"service_cidr",
	"workload_identity",
	"binary_authorization",
	"network_policy",
	"role_id",
	"tags",
	NULL,
};

static const char *const not_pools[] = {
	"name",
	"spot",
	"disk_type",
	"zones",
	"subnet_ids",
	"role_id",
	"labels",
	"taints",
	"auto_scaling",
	"min_nodes",
	"max_nodes",
	NULL,
};

struct sc_reply *magnum_refuse(struct sc_call *call, const json_t *args,
			       const char *const *names, const char *under)
{
	const json_t *v;
	char path[80];

	for (; *names; names++) {
		v = json_object_get(args, *names);
		if (!v || json_is_null(v) || json_is_false(v))
			continue;
		snprintf(path, sizeof(path), "%s/%s", under, *names);
		return fail_arg(call, SC_UNSUPPORTED, path,
				"that is decided by the cluster template");
	}
	return NULL;
}

/* False: failed. */
static bool is_possible(struct sc_call *call, const json_t *pool)
{
	const char *mode = sc_str(call, "mode");

	if (mode && strcmp(mode, "standard")) {
		fail_arg(call, SC_UNSUPPORTED, "/mode",
			 "Magnum's clusters have nodes of their own");
		return false;
	}
	if (json_array_size(json_object_get(sc_args(call), "subnet_ids")) > 1) {
		fail_arg(call, SC_UNSUPPORTED, "/subnet_ids",
			 "Magnum's clusters are in one subnet");
		return false;
	}
	return !magnum_refuse(call, sc_args(call), not_ours, "") &&
	       !magnum_refuse(call, pool, not_pools, "/node_pool");
}

/* Without a pool none, else one unless it says so; new. */
static json_t *node_count(const json_t *pool)
{
	json_t *given = json_object_get(pool, "node_count");

	return given ? json_incref(given) : json_integer(pool ? 1 : 0);
}

SC_WAITS static struct sc_reply *cluster_create(struct sc_call *call)
{
	const json_t *pool = json_object_get(sc_args(call), "node_pool");
	struct sc_reply *reply;
	json_t *args, *template;

	if (!is_possible(call, pool) ||
	    !(template = magnum_template(call, sc_str(call, "version"))))
		return sc_failed(call);
	args = json_copy(sc_args(call));
	json_object_set_new(args, "template", template);
	json_object_set_new(args, "node_count", node_count(pool));
	json_object_set(args, "subnet",
			json_array_get(json_object_get(args, "subnet_ids"), 0));
	if (sc_bool(call, "is_private"))
		json_object_set_new(args, "floating", json_false());
	reply = sc_rest_reply(call, "create_cluster", args);
	return reply;
}

SC_WAITS static struct sc_reply *cluster_upgrade(struct sc_call *call)
{
	json_t *template = magnum_template(call, sc_str(call, "version"));
	struct sc_reply *reply;
	json_t *args;

	if (!template)
		return sc_failed(call);
	args = json_pack("{s:s, s:o}", "id", sc_str(call, "id"), "template",
			 template);
	reply = sc_rest_reply(call, "upgrade_cluster", args);
	return reply;
}

/* clang-format off */
const struct sc_rest cluster_rest[] = {
	{ "cluster.list", "GET /clusters?limit={limit?}&marker={page_token?}",
	  .items = "clusters[]", .map = cluster_map, .next = "next", .service = "magnum" },
	{ "cluster.get", "GET /clusters/{id}", .items = "", .map = cluster_map,
	  .service = "magnum" },
	{ "cluster.create", .run = cluster_create },
	{ "create_cluster", "POST /clusters",
	  "{'name': '{name}', 'cluster_template_id': '{template}', 'node_count': '{node_count}',"
	  " 'master_count': 1, 'flavor_id': '{node_pool.instance_type?}',"
	  " 'docker_volume_size': '{node_pool.disk_gib?}', 'fixed_network': '{network_id?}',"
	  " 'fixed_subnet': '{subnet?}', 'floating_ip_enabled': '{floating?}'}",
	  .map = id_map, .then = "cluster.get", .service = "magnum" },
	{ "cluster.delete", "DELETE /clusters/{id}", .service = "magnum" },
	{ "cluster.upgrade", .run = cluster_upgrade },
	{ "upgrade_cluster", "POST /clusters/{id}/actions/upgrade",
	  "{'cluster_template': '{template}', 'max_batch_size': 1, 'nodegroup': '{pool?}'}",
	  .then = "cluster.get", .service = "magnum" },
	{ "cluster.kubeconfig", .run = cluster_kubeconfig },
	{ "cluster.versions", "GET /clustertemplates", .items = "clustertemplates[]",
	  .map = version_map, .next = "next", .service = "magnum" },
	{ "list_templates", "GET /clustertemplates", .items = "clustertemplates[]",
	  .next = "next", .service = "magnum" },
	{ "get_ca", "GET /certificates/{id}", .items = "", .service = "magnum" },
	{ "sign", "POST /certificates", "{'cluster_uuid': '{id}', 'csr': '{csr}'}",
	  .items = "", .service = "magnum" },
	{ NULL },
};
/* clang-format on */
