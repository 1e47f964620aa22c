/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in the catalogue.  The tables hold about a hundred
 * operations, so a walk is as fast as a hash and needs no initialisation.
 */
#include "catalog/catalog.h"

#include <string.h>

#include "catalog/tables.h"

/* ---- arguments that many operations have --------------------------------- */

/* clang-format off */
const struct cat_field cat_id_arg[] = {
	REF("id", REQ, "Which one; where names are unique, the name will do."),
	{ NULL },
};

const struct cat_field cat_list_args[] = {
	{ "limit", CAT_INT, 0, "Most items of one answer.", .min = 1, .max = 1000 },
	{ "page_token", CAT_STRING, 0, "next_page_token of the page before.", .min = 1,
	  .max = 4096 },
	{ "fields", CAT_STRING, LIST, "Members wanted; all without it.", .min = 1, .max = 64 },
	{ NULL },
};

const struct cat_field cat_read_args[] = {
	{ "native", CAT_BOOL, 0, "Give the cloud's own object too, as `native`." },
	{ NULL },
};

const struct cat_field cat_common_args[] = {
	REF("region", 0, "Region to work in; the credential's or provider's without it."),
	{ NULL },
};

/* clang-format on */

static const struct cat_field nothing[] = { { NULL } };

/* ---- kinds and operations ------------------------------------------------ */

/* clang-format off */
static const struct cat_kind *const kinds[] = {
	&cat_kind_region, &cat_kind_zone, &cat_kind_image, &cat_kind_instance_type,
	&cat_kind_instance, &cat_kind_key_pair,
	&cat_kind_network, &cat_kind_subnet, &cat_kind_router, &cat_kind_security_group,
	&cat_kind_vnic, &cat_kind_public_ip, &cat_kind_load_balancer,
	&cat_kind_volume, &cat_kind_snapshot,
	&cat_kind_cluster, &cat_kind_node_pool, &cat_kind_node,
	&cat_kind_cost, &cat_kind_quota, &cat_kind_metric,
	&cat_kind_project, &cat_kind_user, &cat_kind_role,
	&cat_kind_stack,
	NULL,
};
/* clang-format on */

const struct cat_kind *const *cat_kinds(void)
{
	return kinds;
}

const struct cat_kind *cat_kind_find(const char *name)
{
	for (size_t i = 0; name && kinds[i]; i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

const struct cat_kind *cat_kind_by_collection(const char *collection)
{
	for (size_t i = 0; collection && kinds[i]; i++)
		if (!strcmp(kinds[i]->collection, collection))
			return kinds[i];
	return NULL;
}

static const struct cat_op *op_of_kind(const struct cat_kind *kind,
				       const char *verb)
{
	for (const struct cat_op *op = kind->ops; op->name; op++)
		if (!strcmp(op->verb, verb))
			return op;
	return NULL;
}

const struct cat_op *cat_op_find(const char *name)
{
	const char *dot = name ? strchr(name, '.') : NULL;
	size_t n = dot ? (size_t)(dot - name) : 0;

	for (size_t i = 0; n && kinds[i]; i++)
		if (!strncmp(kinds[i]->name, name, n) && !kinds[i]->name[n])
			return op_of_kind(kinds[i], dot + 1);
	return NULL;
}

/* ---- arguments ----------------------------------------------------------- */

static size_t fields_count(const struct cat_field *fields)
{
	size_t n = 0;

	while (fields[n].name)
		n++;
	return n;
}

const struct cat_field *cat_arg(const struct cat_op *op, size_t i)
{
	bool paged = op->flags & CAT_PAGED;
	bool local = op->flags & CAT_LOCAL;
	bool reads = !local && !(op->flags & CAT_MUTATES);
	const struct cat_field *const parts[] = {
		op->flags & CAT_BY_ID ? cat_id_arg : nothing,
		op->args ? op->args : nothing,
		paged ? cat_list_args : nothing,
		reads ? cat_read_args : nothing,
		local ? nothing : cat_common_args,
	};

	for (size_t part = 0; part < ARRAY_LEN(parts); part++) {
		size_t n = fields_count(parts[part]);

		if (i < n)
			return &parts[part][i];
		i -= n;
	}
	return NULL;
}

const struct cat_field *cat_arg_find(const struct cat_op *op, const char *name)
{
	const struct cat_field *arg;

	for (size_t i = 0; (arg = cat_arg(op, i)); i++)
		if (!strcmp(arg->name, name))
			return arg;
	return NULL;
}

const struct cat_field *cat_field_find(const struct cat_field *fields,
				       const char *name)
{
	for (; fields && fields->name; fields++)
		if (!strcmp(fields->name, name))
			return fields;
	return NULL;
}

/* ---- records ------------------------------------------------------------- */

/* In catalogue order, each before the kinds that nest it are through; a test
 * holds this list to what the tables refer to. */
/* clang-format off */
static const struct cat_record *const records[] = {
	&cat_record_region, &cat_record_zone, &cat_record_image,
	&cat_record_instance_type, &cat_record_instance,
	&cat_record_instance_status, &cat_record_console, &cat_record_key_pair,
	&cat_record_network, &cat_record_subnet, &cat_record_router,
	&cat_record_security_group, &cat_record_security_rule, &cat_record_vnic,
	&cat_record_public_ip, &cat_record_load_balancer, &cat_record_listener,
	&cat_record_target, &cat_record_volume, &cat_record_snapshot,
	&cat_record_cluster, &cat_record_kubeconfig, &cat_record_cluster_version,
	&cat_record_node_pool_spec, &cat_record_cluster_spelling,
	&cat_record_network_spelling, &cat_record_node_pool, &cat_record_taint,
	&cat_record_node, &cat_record_cost_estimate, &cat_record_billing,
	&cat_record_cost_item, &cat_record_cost_trend, &cat_record_cost_point,
	&cat_record_quota, &cat_record_metric, &cat_record_metric_point,
	&cat_record_project, &cat_record_user, &cat_record_role, &cat_record_stack,
	NULL,
};
/* clang-format on */

const struct cat_record *const *cat_records(void)
{
	return records;
}
