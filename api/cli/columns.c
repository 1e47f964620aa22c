/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of each kind by importance: a narrow terminal shows the first
 * ones only.  Kinds that are not in the table, and those of vendors, have
 * identifier, name and state first, then what is short.
 */
#include "columns.h"

#include <string.h>

#include "base/auto.h"
#include "cell.h"
#include "member.h"

/* clang-format off */
static const struct {
	const char *record, *best;
} rows[] = {
	{ "region", "id name display_name is_active endpoint" },
	{ "zone", "id name region is_active" },
	{ "image", "id name status os os_version architecture size min_disk_gib created_at" },
	{ "instance_type", "id name vcpus memory_mib storage_gib gpu price currency" },
	{ "instance", "id name status instance_type private_ip public_ip zone created_at" },
	{ "instance_status", "id name status provider_status" },
	{ "key_pair", "id name type fingerprint created_at" },
	{ "network", "id name status cidr is_default is_external mtu description" },
	{ "subnet", "id name cidr network_id zone available_ips is_public" },
	{ "router", "id name status type public_ip network_id external_network_id subnet_ids" },
	{ "security_group", "id name network_id rules is_default description" },
	{ "security_rule", "direction protocol port_from port_to cidr group_id action priority" },
	{ "vnic", "id name status private_ip instance_id subnet_id public_ip mac_address" },
	{ "public_ip", "id address status instance_id private_ip name vnic_id" },
	{ "load_balancer", "id name status address scheme listeners targets" },
	{ "volume", "id name status size_gib type instance_id device created_at" },
	{ "snapshot", "id name status size_gib volume_id progress created_at" },
	{ "cluster", "id name status version node_count endpoint created_at" },
	{ "node_pool", "id name status cluster_id instance_type node_count version" },
	{ "node", "id name status node_pool_id version private_ip pod_count is_schedulable" },
	{ "quota", "name used limit unit service region" },
	{ "project", "id name is_active domain_id description" },
	{ "user", "id name email is_active project_id description" },
	{ "role", "id name trusted_service description" },
	{ "session", "id method source agent current used_at expires_at" },
	{ "api_token", "id name workspace_id permissions used_at expires_at created_at" },
	{ "skyclust_user", "id name role state kind display_name email" },
	{ "signing_key", "id state version algorithm created_at" },
	{ "skyclust_role", "id name description is_builtin workspace_id" },
	{ "workspace", "id name role description created_at" },
	{ "member", "id name role display_name created_at" },
	{ "workspace_quota", "id used most" },
	{ "credential", "id name provider state is_default expires_at last_error" },
	{ "wrap_key", "id state version secrets created_at" },
	{ "operation", "id state method resource_id provider error.code created_at finished_at" },
	{ "audit_record", "at action outcome actor.name target reason source id" },
	{ "audit_checkpoint", "id at key_id" },
	{ "stack", "id name status status_reason created_at" },
};

/* Shown although nothing has a value: an empty table still has a heading. */
static const char *const always[] = { "id", "name", "status" };

/* Of kinds that are not in the table. */
static const char *const first[] = { "id", "name", "status", "state", "type" };
static const char *const last[] = { "provider", "region", "zone", "tags", "created_at",
				    "updated_at", "provider_status", "native" };
/* clang-format on */

static bool is_in(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* ---- a growing list ------------------------------------------------------ */

static void add(struct columns *c, const char *path, size_t n,
		const struct cat_record *record)
{
	struct column *column;

	c->list = mem_realloc(c->list, (c->n + 1) * sizeof(*c->list));
	column = &c->list[c->n++];
	column->path = mem_strndup(path, n);
	column->field = member_field(record, column->path);
}

static bool has(const struct columns *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->list[i].path, path))
			return true;
	return false;
}

static void add_once(struct columns *c, const char *path,
		     const struct cat_record *record)
{
	if (!has(c, path))
		add(c, path, strlen(path), record);
}

void columns_done(struct columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		mem_free(c->list[i].path);
	mem_free(c->list);
	*c = (struct columns){ 0 };
}

/* ---- what there is ------------------------------------------------------- */

/* Everything that the record has or an item brings, in this order. */
static struct columns everything(const struct cat_record *record,
				 const json_t *items)
{
	const struct cat_field *f = record ? record->fields : NULL;
	struct columns c = { 0 };
	const char *name;
	json_t *item, *value;
	size_t i;

	for (; f && f->name; f++)
		if (f->type != CAT_ANY)
			add_once(&c, f->name, record);
	json_array_foreach (items, i, item)
		json_object_foreach (item, name, value)
			add_once(&c, name, record);
	return c;
}

static bool any_value(const json_t *items, const char *path)
{
	json_t *item;
	size_t i;

	json_array_foreach (items, i, item) {
		AUTO_JSON json_t *value = member_at(item, path);

		if (cell_has_value(value))
			return true;
	}
	return false;
}

static bool all_scalar(const json_t *items, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach (items, i, item)
		if (!cell_is_scalar(json_object_get(item, name)))
			return false;
	return true;
}

/* Clouds without names of their own give the identifier once more. */
static bool is_id(const json_t *items, const char *name)
{
	json_t *item;
	size_t i;

	if (strcmp(name, "name") != 0 || !json_array_size(items))
		return false;
	json_array_foreach (items, i, item)
		if (!json_equal(json_object_get(item, "id"),
				json_object_get(item, "name")))
			return false;
	return true;
}

static struct columns with_value(struct columns all, const json_t *items,
				 bool best)
{
	struct columns c = { 0 };

	for (size_t i = 0; i < all.n; i++) {
		struct column *from = &all.list[i];
		bool wanted = any_value(items, from->path);

		if (best && is_in(always, ARRAY_LEN(always), from->path))
			wanted = !is_id(items, from->path);
		if (!wanted)
			continue;
		add(&c, from->path, strlen(from->path), NULL);
		c.list[c.n - 1].field = from->field;
	}
	columns_done(&all);
	return c;
}

/* ---- the best ones ------------------------------------------------------- */

static const char *best_of(const struct cat_record *record)
{
	for (size_t i = 0; record && i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].record, record->name))
			return rows[i].best;
	return NULL;
}

static void split(struct columns *c, const char *names, char at,
		  const struct cat_record *record)
{
	while (*names) {
		size_t n = (size_t)(strchrnul(names, at) - names);

		if (n)
			add(c, names, n, record);
		names += names[n] ? n + 1 : n;
	}
}

/* Identifier, name and state; what is short; what everything has. */
static struct columns by_rule(const struct cat_record *record,
			      const json_t *items)
{
	struct columns all = everything(record, items), c = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (has(&all, first[i]))
			add_once(&c, first[i], record);
	for (size_t i = 0; i < all.n; i++)
		if (!is_in(last, ARRAY_LEN(last), all.list[i].path) &&
		    all_scalar(items, all.list[i].path))
			add_once(&c, all.list[i].path, record);
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		if (has(&all, last[i]) && all_scalar(items, last[i]))
			add_once(&c, last[i], record);
	columns_done(&all);
	return c;
}

struct columns columns_choose(const struct output *o, const json_t *items,
			      enum columns_want want)
{
	const char *best = best_of(o->record);
	struct columns c = { 0 };

	if (o->fields) {
		split(&c, o->fields, ',', o->record);
		return c;
	}
	switch (want) {
	case COLUMNS_EVERY:
		return everything(o->record, items);
	case COLUMNS_FULL:
		return with_value(everything(o->record, items), items, false);
	case COLUMNS_BEST:
		break;
	}
	if (!best)
		return with_value(by_rule(o->record, items), items, true);
	split(&c, best, ' ', o->record);
	return with_value(c, items, true);
}

/* ---- */

const char *columns_document(const struct cat_record *record)
{
	bool is = record && !strcmp(record->name, "kubeconfig");

	return is ? "kubeconfig" : NULL;
}

json_t *columns_project(const struct columns *c, const json_t *item)
{
	json_t *object = json_object();

	for (size_t i = 0; i < c->n; i++) {
		json_t *value = member_at(item, c->list[i].path);

		json_object_set_new(object, c->list[i].path,
				    value ? value : json_null());
	}
	return object;
}
