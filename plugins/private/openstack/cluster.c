/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Magnum: Kubernetes clusters and their node groups, but the masters'.  Magnum
 * finds a group only with its cluster, so our id is both: "CLUSTER:GROUP".
 *
 * What Magnum has instead of versions are cluster templates, made by the
 * cloud's operators; a version of ours is a template's name, its id or its
 * label kube_tag.
 * API: https://docs.openstack.org/api-ref/container-infrastructure-management/
 */
#include "openstack.h"

/* With a fresh key, which leaves in the answer only, and a certificate that
 * Magnum signs for it. */
SC_WAITS static struct sc_reply *kubeconfig(struct sc_call *call)
{
	json_t *cluster = sc_rest_call(call, "cluster.get", NULL);
	json_t *certificates = NULL, *file = NULL;
	struct sc_kubeconfig made = { .cluster = text_of(cluster, "name"),
				      .server = text_of(cluster, "endpoint") };
	struct sc_client_key key = { 0 };

	if (cluster && !made.server)
		sc_fail(call, SC_CONFLICT, "the cluster has no address yet; "
					   "try again when it is running");
	else if (cluster && !sc_client_key(&key, "admin", "system:masters"))
		sc_fail(call, SC_INTERNAL, "no key could be made");
	else if (cluster)
		certificates = sc_rest_call(
			call, "sign", sc_args_with(call, "{s:s}", "csr", key.csr));
	if (certificates) {
		made.ca = text_of(certificates, "ca");
		made.certificate = text_of(certificates, "pem");
		made.key = key.key;
		file = sc_kubeconfig(&made);
		if (!file)
			sc_fail(call, SC_CLOUD_BAD_ANSWER,
				"Magnum gave no certificate that can be used");
	}
	sc_client_key_done(&key);
	json_decref(certificates);
	json_decref(cluster);
	return file ? sc_value(call, json_pack("{s:o}", "kubeconfig", file))
		    : sc_failed(call);
}

/* ---- records ------------------------------------------------------------ */

/* clang-format off */
#define STATUS                                                                             \
	{ "status", "status", .words = "error=CREATE_FAILED|DELETE_FAILED degraded=*_FAILED " \
	  "creating=CREATE_IN_PROGRESS deleting=DELETE_* updating=*_IN_PROGRESS "          \
	  "running=*_COMPLETE unknown=*" }, { "provider_status", "status" }

static const struct sc_map cluster_map[] = {
	{ "name node_count created_at updated_at" }, { "id", "uuid" }, STATUS,
	{ "version", "coe_version" }, { "mode", .value = "standard" },
	{ "endpoint", "api_address" }, { "network_id", "fixed_network" },
	{ "subnet_ids", "fixed_subnet" }, { NULL },
};

/* Only a group that is shown alone says which cluster's it is. */
#define CLUSTER_OF "{cluster_id|arg.over.id|arg.cluster_id?}"

static const struct sc_map pool_map[] = {
	{ "name node_count" }, { "id", CLUSTER_OF ":{uuid}" }, { "cluster_id", CLUSTER_OF }, STATUS,
	{ "instance_type", "flavor_id" }, { "min_nodes", "min_node_count" },
	{ "max_nodes", "max_node_count" }, { "disk_gib", "docker_volume_size" }, { NULL },
};

static const struct sc_map version_map[] = { { "version", "name" }, { NULL } };
static const struct sc_map signed_map[] = { { "pem" }, { "ca", "{arg.authority.pem}" }, { NULL } };

/* ---- rows --------------------------------------------------------------- */

#define MAGNUM .service = "magnum"
#define CLUSTER .items = "", .map = cluster_map, MAGNUM
#define POOL .items = "", .map = pool_map, MAGNUM
#define POOLS .items = "nodegroups[role!=master]", .map = pool_map, MAGNUM
#define GROUP "/clusters/{id:0}/nodegroups/{id:1}"
#define NEW_CLUSTER(nodes)                                                                 \
	"{'name': '{name}', 'cluster_template_id': '{template.uuid}', 'node_count': " nodes "," \
	" 'master_count': 1, 'flavor_id': '{node_pool.instance_type?}',"                   \
	" 'docker_volume_size': '{node_pool.disk_gib?}', 'fixed_network': '{network_id?}'," \
	" 'fixed_subnet': '{subnet_ids[only]?}',"                                          \
	" 'floating_ip_enabled': '{is_private?:true=false false=true}',"                   \
	" 'labels': {'skyclust-op': '{op?}'}, 'merge_labels': '{op?:*=true}'}"
#define MAKES_CLUSTER CLUSTER, .let = "template", .then = "cluster.get", \
	.takes = "mode=standard", .mark = "labels.skyclust-op"
#define BOUND(which, value) \
	"{'op': 'replace', 'path': '/" which "_node_count', 'value': '{" value "}'}"

const struct sc_rest cluster_rest[] = {
	{ "cluster.list", "GET /clusters", .items = "clusters[]", .map = cluster_map, MAGNUM },
	{ "cluster.get", "GET /clusters/{id}", CLUSTER },
	{ "cluster.create", "POST /clusters", NEW_CLUSTER("'{node_pool.node_count|=1}'"),
	  MAKES_CLUSTER, .when = "node_pool" },
	{ "cluster.create", "POST /clusters", NEW_CLUSTER("0"), MAKES_CLUSTER },
	{ "cluster.delete", "DELETE /clusters/{id}", MAGNUM },
	{ "cluster.upgrade", "POST /clusters/{id}/actions/upgrade",
	  "{'cluster_template': '{template.uuid}', 'max_batch_size': 1}", .let = "template",
	  .then = "cluster.get", MAGNUM },
	{ "cluster.versions", "GET /clustertemplates", .items = "clustertemplates[]",
	  .map = version_map, MAGNUM },
	{ "template", "GET /clustertemplates", .when = "version", MAGNUM,
	  .items = "clustertemplates[uuid|name|labels.kube_tag={version}]" },
	{ "template", "GET /clustertemplates", .items = "clustertemplates[only]", MAGNUM },
	{ "cluster.kubeconfig", .run = kubeconfig },
	{ "authority", "GET /certificates/{id}", .items = "", MAGNUM },
	{ "sign", "POST /certificates", "{'cluster_uuid': '{id}', 'csr': '{csr}'}", .items = "",
	  .map = signed_map, .let = "authority", MAGNUM },

	{ "node_pool.list", "GET /clusters/{cluster_id}/nodegroups", POOLS, .when = "cluster_id" },
	{ "node_pool.list", "GET /clusters/{over.id}/nodegroups", POOLS, .over = "cluster.list" },
	{ "node_pool.get", "GET " GROUP, POOL },
	{ "node_pool.create", "POST /clusters/{cluster_id}/nodegroups",
	  "{'name': '{name}', 'flavor_id': '{instance_type?}', 'node_count': '{node_count?}',"
	  " 'min_node_count': '{min_nodes?}', 'max_node_count': '{max_nodes?}',"
	  " 'docker_volume_size': '{disk_gib?}'}",
	  POOL, .then = "node_pool.get", .unique = "name" },
	{ "node_pool.update", "PATCH " GROUP,
	  "[" BOUND("min", "min_nodes|pool.min_nodes") ", " BOUND("max", "max_nodes") "]", POOL,
	  .when = "max_nodes", .let = "pool" },
	{ "node_pool.update", "PATCH " GROUP, "[" BOUND("min", "min_nodes") "]", POOL },
	{ "pool", "GET " GROUP, POOL },
	{ "node_pool.scale", "POST /clusters/{id:0}/actions/resize",
	  "{'node_count': '{node_count}', 'nodegroup': '{id:1}'}",
	  .then = "node_pool.get", MAGNUM },
	{ "node_pool.upgrade", "POST /clusters/{id:0}/actions/upgrade",
	  "{'cluster_template': '{template.uuid}', 'max_batch_size': 1, 'nodegroup': '{id:1}'}",
	  .let = "template", .then = "node_pool.get", MAGNUM },
	{ "node_pool.delete", "DELETE " GROUP, MAGNUM },
	{ NULL },
};
/* clang-format on */
