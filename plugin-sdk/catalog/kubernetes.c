/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, Kubernetes: managed clusters, their node pools (node groups)
 * and nodes (seed 002).  An identifier of a node pool or a node tells its
 * cluster too, where the cloud's own does not: "cluster/pool".
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

static const char *const cluster_status[] = {
	"creating", "running", "updating", "upgrading", "degraded", "deleting",
	"error", "unknown", NULL,
};

/* ---- cluster ------------------------------------------------------------- */

static const char *const cluster_modes[] = { "standard", "fargate", "autopilot", NULL };

const struct cat_record cat_record_cluster = {
	"cluster", "A managed Kubernetes cluster.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(cluster_status),
		{ "version", CAT_STRING, 0, "Kubernetes version of the control plane.",
		  .example = "\"1.28\"" },
		{ "mode", CAT_STRING, FIXED, "Own nodes, or nodes run by the cloud.",
		  .words = cluster_modes },
		{ "endpoint", CAT_STRING, 0, "URL of the Kubernetes API." },
		{ "ca_certificate", CAT_STRING, 0, "Its certificate authority, PEM." },
		{ "network_id", CAT_STRING, FIXED, "Network it is in." },
		{ "subnet_ids", CAT_STRING, LIST, "Subnets it is in." },
		{ "security_groups", CAT_STRING, LIST, "Identifiers of its security groups." },
		{ "pod_cidr", CAT_CIDR, FIXED, "Address range of pods." },
		{ "service_cidr", CAT_CIDR, FIXED, "Address range of services." },
		{ "is_private", CAT_BOOL, 0, "Whether its API is reachable from inside only." },
		{ "workload_identity", CAT_BOOL, 0, "Whether pods can act as cloud identities." },
		{ "binary_authorization", CAT_BOOL, 0, "Whether only attested images run." },
		{ "network_policy", CAT_BOOL, 0, "Whether network policies are enforced." },
		{ "role_id", CAT_STRING, FIXED, "Role or service account it acts as." },
		{ "node_count", CAT_INT, 0, "Nodes of all its pools." },
		F_COMMON,
		{ NULL },
	},
};

const struct cat_record cat_record_kubeconfig = {
	"kubeconfig", "How to reach a cluster with kubectl.",
	(const struct cat_field[]){
		{ "kubeconfig", CAT_STRING, REQ | CAT_SECRET, "A kubeconfig file, YAML." },
		{ "expires_at", CAT_TIME, 0, "Until when its token works; null: no end." },
		{ NULL },
	},
};

const struct cat_record cat_record_cluster_version = {
	"cluster_version", "A Kubernetes version that can be had.",
	(const struct cat_field[]){
		{ "version", CAT_STRING, REQ, "The version." },
		{ "is_default", CAT_BOOL, 0, "Whether a cluster gets it when none is named." },
		{ "end_of_support", CAT_DATE, 0, "Last day of support." },
		{ NULL },
	},
};

const struct cat_record cat_record_taint = {
	"taint", "Keeps pods off nodes (Kubernetes taint).",
	(const struct cat_field[]){
		{ "key", CAT_STRING, REQ, "Name.", .min = 1, .max = 317 },
		{ "value", CAT_STRING, 0, "Value.", .min = 0, .max = 63 },
		{ "effect", CAT_STRING, REQ, "What happens to pods without a toleration.",
		  .words = WORDS("NoSchedule", "PreferNoSchedule", "NoExecute") },
		{ NULL },
	},
};

/* What describes a pool in every way to make one. */
#define A_POOL                                                                           \
	REF("instance_type", 0, "Size of the nodes; the cloud's usual one without it.",   \
	    .aliases = WORDS("machine_type", "type", "spec_id")),                         \
	{ "node_count", CAT_INT, 0, "Nodes to have.",                                     \
	  .aliases = WORDS("desired_size"), .min = 0, .max = 15000 },                     \
	A_AUTOSCALING,                                                                    \
	{ "spot", CAT_BOOL, 0, "Cheaper nodes that the cloud may take back." },           \
	{ "disk_gib", CAT_INT, 0, "Disk of each node.", .unit = "GiB",                    \
	  .aliases = WORDS("disk_size_gb", "disk_size"), .min = 1, .max = 65536 },        \
	{ "disk_type", CAT_STRING, 0, "The cloud's kind of disk.", .min = 1, .max = 255 }, \
	{ "zones", CAT_STRING, LIST, "Zones to spread over.", .min = 1, .max = 255 },     \
	{ "subnet_ids", CAT_STRING, LIST, "Subnets; the cluster's without it.",           \
	  .min = 1, .max = 1024 },                                                        \
	REF("role_id", 0, "Role the nodes act as."),                                      \
	A_LABELS,                                                                         \
	A_TAINTS

#define A_AUTOSCALING                                                                    \
	{ "auto_scaling", CAT_BOOL, 0, "Let the number of nodes follow the load." },      \
	{ "min_nodes", CAT_INT, 0, "Fewest nodes.", .aliases = WORDS("min_size"),         \
	  .min = 0, .max = 15000 },                                                       \
	{ "max_nodes", CAT_INT, 0, "Most nodes; node_count without it.",                  \
	  .aliases = WORDS("max_size"), .min = 1, .max = 15000 }

#define A_LABELS { "labels", CAT_TAGS, 0, "Kubernetes labels of the nodes." }
#define A_TAINTS                                                      \
	{ "taints", CAT_OBJECT, LIST, "Kubernetes taints of the nodes.", \
	  .of = &cat_record_taint }

const struct cat_record cat_record_node_pool_spec = {
	"node_pool_spec", "A cluster's first node pool.",
	(const struct cat_field[]){
		{ "name", CAT_STRING, 0, "Its name; \"default\" without it.", .min = 1,
		  .max = 255 },
		A_POOL,
		{ NULL },
	},
};

/* Seed 002 nests a cluster's arguments in two ways; see CAT_MERGE. */
#define A_VERSION                                                     \
	{ "version", CAT_STRING, 0, "Kubernetes version; the cloud's usual one without it.", \
	  .min = 1, .max = 64, .example = "\"1.28\"" }
#define A_MODE                                                        \
	{ "mode", CAT_STRING, 0, "Own nodes (without it), or nodes run by the cloud.", \
	  .words = cluster_modes }

const struct cat_record cat_record_cluster_spelling = {
	"cluster_spelling", "Another spelling: the cluster's own arguments in an object.",
	(const struct cat_field[]){
		{ "name", CAT_STRING, 0, "Name of the cluster." },
		{ "region", CAT_STRING, 0, "Region to be in." },
		A_VERSION,
		A_MODE,
		{ NULL },
	},
};

const struct cat_record cat_record_network_spelling = {
	"network_spelling", "Another spelling: the network's arguments in an object.",
	(const struct cat_field[]){
		REF("network_id", 0, "Network to be in.", .aliases = WORDS("vpc_id")),
		{ "subnet_ids", CAT_STRING, LIST, "Subnets to be in.", .min = 1, .max = 1024 },
		{ NULL },
	},
};

static const struct cat_field cluster_filters[] = {
	BY_NAME, BY_STATUS(cluster_status), BY_NETWORK,
	{ "version", CAT_STRING, FILTER, "Only those of this version." },
	{ NULL },
};

#define A_CLUSTER_SWITCHES                                                              \
	{ "is_private", CAT_BOOL, 0, "Make its API reachable from inside only.",         \
	  .aliases = WORDS("private_cluster") },                                         \
	{ "workload_identity", CAT_BOOL, 0, "Let pods act as cloud identities." },       \
	{ "binary_authorization", CAT_BOOL, 0, "Run attested images only." },            \
	{ "network_policy", CAT_BOOL, 0, "Enforce network policies." }

static const struct cat_field cluster_create[] = {
	A_NAME,
	A_VERSION,
	A_MODE,
	REF("network_id", 0, "Network to be in; the default one without it.",
	    .aliases = WORDS("vpc_id")),
	{ "subnet_ids", CAT_STRING, LIST, "Subnets to be in; the network's without it.",
	  .min = 1, .max = 1024 },
	{ "security_groups", CAT_STRING, LIST, "Identifiers of security groups.",
	  .aliases = WORDS("security_group_ids"), .min = 1, .max = 1024 },
	{ "pod_cidr", CAT_CIDR, 0, "Address range of pods." },
	{ "service_cidr", CAT_CIDR, 0, "Address range of services." },
	A_CLUSTER_SWITCHES,
	REF("role_id", 0, "Role or service account it shall act as."),
	{ "node_pool", CAT_OBJECT, 0, "First node pool; none without it.",
	  .of = &cat_record_node_pool_spec },
	A_TAGS,
	{ "cluster", CAT_OBJECT, CAT_MERGE, "Another spelling of name, version and region.",
	  .of = &cat_record_cluster_spelling },
	{ "network", CAT_OBJECT, CAT_MERGE, "Another spelling of network_id and subnet_ids.",
	  .of = &cat_record_network_spelling },
	{ NULL },
};

static const struct cat_field cluster_update[] = { A_CLUSTER_SWITCHES, A_TAGS, { NULL } };

#define A_NEW_VERSION                                                 \
	{ "version", CAT_STRING, REQ, "Kubernetes version to go to.", .min = 1, .max = 64 }

static const struct cat_field cluster_upgrade[] = { A_NEW_VERSION, { NULL } };

const struct cat_kind cat_kind_cluster = {
	"cluster", "clusters", "Cluster", "Managed Kubernetes clusters.",
	&cat_record_cluster,
	(const struct cat_op[]){
		OP_LIST(cluster, &cat_record_cluster, cluster_filters),
		OP_GET(cluster, &cat_record_cluster),
		OP(cluster, create, CAT_MUTATES, "Make a cluster.", .args = cluster_create,
		   .result = &cat_record_cluster),
		OP(cluster, update, CHANGES | CAT_NATURAL, "Change it.", .args = cluster_update,
		   .result = &cat_record_cluster),
		OP_DELETE(cluster),
		OP(cluster, upgrade, ACTS | CAT_NATURAL,
		   "Bring the control plane to another version.",
		   .args = cluster_upgrade, .result = &cat_record_cluster),
		OP(cluster, kubeconfig, CAT_BY_ID | CAT_ACTION, "Get a kubeconfig that logs in.",
		   .result = &cat_record_kubeconfig),
		OP(cluster, versions, CAT_PAGED | CAT_ACTION, "List the versions that can be had.",
		   .result = &cat_record_cluster_version),
		{ NULL },
	},
};

/* ---- node_pool ----------------------------------------------------------- */

const struct cat_record cat_record_node_pool = {
	"node_pool", "Nodes of one make in a cluster (node group).",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(cluster_status),
		{ "cluster_id", CAT_STRING, REQ | FIXED, "Cluster it belongs to." },
		{ "version", CAT_STRING, 0, "Kubernetes version of the nodes." },
		{ "instance_type", CAT_STRING, FIXED, "Size of the nodes." },
		{ "node_count", CAT_INT, 0, "Nodes it shall have." },
		{ "auto_scaling", CAT_BOOL, 0, "Whether the number of nodes follows the load." },
		{ "min_nodes", CAT_INT, 0, "Fewest nodes." },
		{ "max_nodes", CAT_INT, 0, "Most nodes." },
		{ "spot", CAT_BOOL, FIXED, "Whether the cloud may take nodes back." },
		{ "disk_gib", CAT_INT, FIXED, "Disk of each node.", .unit = "GiB" },
		{ "disk_type", CAT_STRING, FIXED, "The cloud's kind of disk." },
		{ "zones", CAT_STRING, LIST, "Zones it is spread over." },
		{ "subnet_ids", CAT_STRING, LIST, "Subnets it is in." },
		{ "role_id", CAT_STRING, FIXED, "Role the nodes act as." },
		A_LABELS,
		A_TAINTS,
		F_COMMON,
		{ NULL },
	},
};

#define BY_CLUSTER                                                    \
	{ "cluster_id", CAT_STRING, FILTER, "Only those of this cluster." }

static const struct cat_field node_pool_filters[] = {
	BY_NAME, BY_STATUS(cluster_status), BY_CLUSTER, { NULL },
};

static const struct cat_field node_pool_create[] = {
	A_NAME, REF("cluster_id", REQ, "Cluster to belong to."), A_POOL, A_VERSION, A_TAGS,
	{ NULL },
};

static const struct cat_field node_pool_update[] = {
	A_AUTOSCALING, A_LABELS, A_TAINTS, A_TAGS, { NULL },
};

static const struct cat_field node_pool_scale[] = {
	{ "node_count", CAT_INT, REQ, "Nodes to have.", .aliases = WORDS("desired_size"),
	  .min = 0, .max = 15000 },
	{ NULL },
};

const struct cat_kind cat_kind_node_pool = {
	"node_pool", "node-pools", "Node pool", "Nodes of one make in a cluster.",
	&cat_record_node_pool,
	(const struct cat_op[]){
		OP_LIST(node_pool, &cat_record_node_pool, node_pool_filters),
		OP_GET(node_pool, &cat_record_node_pool),
		OP(node_pool, create, CAT_MUTATES, "Make a node pool.", .args = node_pool_create,
		   .result = &cat_record_node_pool),
		OP(node_pool, update, CHANGES | CAT_NATURAL, "Change it.",
		   .args = node_pool_update, .result = &cat_record_node_pool),
		OP(node_pool, scale, ACTS | CAT_NATURAL, "Have so many nodes.",
		   .args = node_pool_scale, .result = &cat_record_node_pool),
		OP(node_pool, upgrade, ACTS | CAT_NATURAL, "Bring the nodes to another version.",
		   .args = cluster_upgrade, .result = &cat_record_node_pool),
		OP_DELETE(node_pool),
		{ NULL },
	},
};

/* ---- node ---------------------------------------------------------------- */

static const char *const node_status[] = { "ready", "not_ready", "unknown", NULL };

const struct cat_record cat_record_node = {
	"node", "A machine of a cluster, as Kubernetes sees it.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(node_status),
		{ "cluster_id", CAT_STRING, REQ | FIXED, "Cluster it belongs to." },
		{ "node_pool_id", CAT_STRING, FIXED, "Pool it belongs to." },
		{ "instance_id", CAT_STRING, FIXED, "Instance it runs on." },
		{ "instance_type", CAT_STRING, FIXED, "Size of that instance." },
		{ "is_schedulable", CAT_BOOL, 0, "False after cordon: no new pods." },
		{ "private_ip", CAT_IP, 0, "Address inside." },
		{ "version", CAT_STRING, 0, "Version of its kubelet." },
		{ "pod_count", CAT_INT, 0, "Pods on it." },
		A_LABELS,
		A_TAINTS,
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field node_filters[] = {
	REF("cluster_id", REQ | FILTER, "Cluster whose nodes to list."),
	BY_NAME,
	BY_STATUS(node_status),
	{ "node_pool_id", CAT_STRING, FILTER, "Only those of this pool." },
	{ NULL },
};

static const struct cat_field node_drain[] = {
	{ "grace_seconds", CAT_INT, 0, "Time pods have to end; their own without it.",
	  .unit = "seconds", .min = 0, .max = 86400 },
	{ "force", CAT_BOOL, 0, "Also pods that nothing will start elsewhere." },
	{ NULL },
};

const struct cat_kind cat_kind_node = {
	"node", "nodes", "Node", "Machines of a cluster, as Kubernetes sees them.",
	&cat_record_node,
	(const struct cat_op[]){
		OP_LIST(node, &cat_record_node, node_filters),
		OP_GET(node, &cat_record_node),
		OP(node, cordon, ACTS | CAT_NATURAL, "Put no new pods on it.",
		   .result = &cat_record_node),
		OP(node, uncordon, ACTS | CAT_NATURAL, "Put pods on it again.",
		   .result = &cat_record_node),
		OP(node, drain, ACTS | CAT_NATURAL, "Cordon it and move its pods away.",
		   .args = node_drain, .result = &cat_record_node),
		{ NULL },
	},
};
