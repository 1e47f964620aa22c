/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the table files of the catalogue share: how a row is written, the
 * members that every record has, and the names by which files refer to each
 * other.  Private to this folder.
 */
#ifndef SKYCLUST_CATALOG_TABLES_H
#define SKYCLUST_CATALOG_TABLES_H

#include "catalog/catalog.h"

/* Rows are read as a table. */
/* clang-format off */

/* OP(instance, start, flags, "Help.", .args = …, .result = …) */
#define OP(k, v, op_flags, op_help, ...)                                      \
	{ .name = #k "." #v, .verb = #v, .flags = (op_flags), .help = op_help, \
	  .kind = &cat_kind_##k, ##__VA_ARGS__ }

/* WORDS("a", "b"): a NULL-terminated list for .words and .aliases */
#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

/* Short names for the flags of rows. */
#define REQ CAT_REQUIRED
#define FIXED CAT_IMMUTABLE
#define LIST CAT_LIST
#define FILTER CAT_FILTER

/* Rows that many tables have. */
#define F_ID                                                          \
	{ "id", CAT_STRING, REQ | FIXED, "Identifier given by the cloud." }
#define F_NAME                                                        \
	{ "name", CAT_STRING, REQ, "Name given by the user or the cloud." }
#define F_DESCRIPTION                                                 \
	{ "description", CAT_STRING, 0, "Free text for people." }
#define F_STATUS(state_words)                                         \
	{ "status", CAT_STRING, REQ, "State, in our words.",          \
	  .words = state_words }
#define F_COMMON                                                      \
	{ "provider", CAT_STRING, FIXED, "Provider that answered." }, \
	{ "region", CAT_STRING, FIXED, "Region the resource is in." }, \
	{ "zone", CAT_STRING, FIXED, "Zone the resource is in." },    \
	{ "tags", CAT_TAGS, 0, "Tags: names and values." },           \
	{ "created_at", CAT_TIME, FIXED, "Time of creation." },       \
	{ "updated_at", CAT_TIME, 0, "Time of the last change." },    \
	{ "provider_status", CAT_STRING, 0, "State, in the cloud's own words." }, \
	{ "native", CAT_ANY, 0, "The cloud's own object, on request only." }

#define A_NAME                                                        \
	{ "name", CAT_STRING, REQ, "Name of the new resource.",       \
	  .min = 1, .max = 255, .example = "\"web-1\"" }
#define A_NEW_NAME                                                    \
	{ "name", CAT_STRING, 0, "New name.", .min = 1, .max = 255 }
#define A_DESCRIPTION                                                 \
	{ "description", CAT_STRING, 0, "Free text for people.",      \
	  .min = 0, .max = 1024 }
#define A_TAGS                                                        \
	{ "tags", CAT_TAGS, 0, "Tags: names and values.",             \
	  .example = "{\"team\":\"web\"}" }
#define A_ZONE                                                        \
	{ "zone", CAT_STRING, 0, "Zone; the cloud chooses without it.", \
	  .aliases = WORDS("availability_zone"), .min = 1, .max = 255 }
#define BY_NAME                                                       \
	{ "name", CAT_STRING, FILTER, "Only those of this name." }
#define BY_STATUS(state_words)                                        \
	{ "status", CAT_STRING, FILTER, "Only those in this state.",  \
	  .words = state_words }
#define BY_ZONE                                                       \
	{ "zone", CAT_STRING, FILTER, "Only those in this zone.",     \
	  .aliases = WORDS("availability_zone") }
#define BY_NETWORK                                                    \
	{ "network_id", CAT_STRING, FILTER, "Only those of this network.", \
	  .aliases = WORDS("vpc_id") }
#define BY_INSTANCE                                                   \
	{ "instance_id", CAT_STRING, FILTER, "Only those of this instance." }
#define REF(ref_name, ref_flags, ref_help, ...)                       \
	{ ref_name, CAT_STRING, ref_flags, ref_help, .min = 1, .max = 1024, \
	  ##__VA_ARGS__ }

/* What the verbs of every kind have in common. */
#define OP_LIST(k, of_record, filters)                                \
	OP(k, list, CAT_PAGED, "List them.", .args = filters, .result = of_record)
#define OP_GET(k, of_record)                                          \
	OP(k, get, CAT_BY_ID, "Get one.", .result = of_record)
#define OP_DELETE(k)                                                  \
	OP(k, delete, DELETES,                                        \
	   "Delete it; one that is not there is deleted already.")

#define CHANGES (CAT_MUTATES | CAT_BY_ID)
#define ACTS (CAT_MUTATES | CAT_BY_ID | CAT_ACTION)
#define DELETES (CAT_MUTATES | CAT_BY_ID | CAT_NATURAL | CAT_DESTROYS)

/* clang-format on */

extern const struct cat_kind cat_kind_region, cat_kind_zone, cat_kind_image,
	cat_kind_instance_type, cat_kind_instance, cat_kind_key_pair;
extern const struct cat_kind cat_kind_network, cat_kind_subnet, cat_kind_router,
	cat_kind_security_group, cat_kind_vnic, cat_kind_public_ip,
	cat_kind_load_balancer;
extern const struct cat_kind cat_kind_volume, cat_kind_snapshot;
extern const struct cat_kind cat_kind_cluster, cat_kind_node_pool,
	cat_kind_node;
extern const struct cat_kind cat_kind_cost, cat_kind_quota, cat_kind_metric;
extern const struct cat_kind cat_kind_project, cat_kind_user, cat_kind_role;
extern const struct cat_kind cat_kind_stack;

/* Records without a kind of their own. */
extern const struct cat_record cat_record_instance_status, cat_record_console;
extern const struct cat_record cat_record_security_rule, cat_record_listener,
	cat_record_target;
extern const struct cat_record cat_record_taint, cat_record_node_pool_spec,
	cat_record_cluster_spelling, cat_record_network_spelling,
	cat_record_kubeconfig, cat_record_cluster_version;
extern const struct cat_record cat_record_cost_item, cat_record_cost_estimate,
	cat_record_billing, cat_record_cost_trend, cat_record_cost_point,
	cat_record_metric_point;

extern const struct cat_record cat_record_region, cat_record_zone,
	cat_record_image, cat_record_instance_type, cat_record_instance,
	cat_record_key_pair, cat_record_network, cat_record_subnet,
	cat_record_router, cat_record_security_group, cat_record_vnic,
	cat_record_public_ip, cat_record_load_balancer, cat_record_volume,
	cat_record_snapshot, cat_record_cluster, cat_record_node_pool,
	cat_record_node, cat_record_quota, cat_record_metric,
	cat_record_project, cat_record_user, cat_record_role, cat_record_stack;

/* Every operation's argument lists beside its own (catalog.c). */
extern const struct cat_field cat_id_arg[], cat_list_args[], cat_read_args[],
	cat_common_args[];

#endif
