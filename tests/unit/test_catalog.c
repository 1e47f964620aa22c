/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's tables: all there, and sound. */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "catalog/catalog.h"

/* After ours: it defines a macro fail(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Every operation of the design, written out by hand on purpose. */
static const char *const design[] = {
	"region.list", "region.get", "zone.list", "zone.get",
	"image.list", "image.get", "image.create", "image.delete",
	"instance_type.list", "instance_type.get",
	"instance.list", "instance.get", "instance.create", "instance.update",
	"instance.delete", "instance.start", "instance.stop",
	"instance.restart", "instance.suspend", "instance.resume",
	"instance.resize", "instance.console", "instance.status_list",
	"key_pair.list", "key_pair.get", "key_pair.create", "key_pair.import",
	"key_pair.delete",
	"network.list", "network.get", "network.create", "network.update",
	"network.delete",
	"subnet.list", "subnet.get", "subnet.create", "subnet.update",
	"subnet.delete",
	"router.list", "router.get", "router.create", "router.delete",
	"router.attach", "router.detach",
	"security_group.list", "security_group.get", "security_group.create",
	"security_group.delete", "security_group.add_rule",
	"security_group.remove_rule", "security_group.set_rules",
	"vnic.list", "vnic.get", "vnic.create", "vnic.delete", "vnic.attach",
	"vnic.detach",
	"public_ip.list", "public_ip.get", "public_ip.create",
	"public_ip.delete", "public_ip.attach", "public_ip.detach",
	"load_balancer.list", "load_balancer.get", "load_balancer.create",
	"load_balancer.delete", "load_balancer.add_target",
	"load_balancer.remove_target",
	"volume.list", "volume.get", "volume.create", "volume.resize",
	"volume.delete", "volume.attach", "volume.detach",
	"snapshot.list", "snapshot.get", "snapshot.create", "snapshot.delete",
	"cluster.list", "cluster.get", "cluster.create", "cluster.update",
	"cluster.delete", "cluster.upgrade", "cluster.kubeconfig",
	"cluster.versions",
	"node_pool.list", "node_pool.get", "node_pool.create",
	"node_pool.update", "node_pool.scale", "node_pool.upgrade",
	"node_pool.delete",
	"node.list", "node.get", "node.cordon", "node.uncordon", "node.drain",
	"cost.estimate", "cost.billing", "cost.trend", "quota.list",
	"metric.query",
	"project.list", "project.get", "project.create", "project.delete",
	"user.list", "user.get", "user.create", "user.delete",
	"role.list", "role.get", "role.create", "role.delete",
	"stack.list", "stack.get", "stack.create", "stack.update",
	"stack.delete",
};

/* What a client of the REST API writes into the path. */
static const char *const collections[] = {
	"regions", "zones", "images", "instance-types", "instances",
	"key-pairs", "networks", "subnets", "routers", "security-groups",
	"vnics", "public-ips", "load-balancers", "volumes", "snapshots",
	"clusters", "node-pools", "nodes", "cost", "quotas", "metrics",
	"projects", "users", "roles", "stacks",
};

#define EACH_KIND(k) \
	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
#define EACH_OP(k, op) \
	for (const struct cat_op *op = (*k)->ops; op->name; op++)

static void every_operation_of_the_design_is_there(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(design); i++)
		if (!cat_op_find(design[i]))
			fail_msg("no %s", design[i]);
	EACH_KIND (k)
		EACH_OP (k, op)
			n++;
	assert_int_equal(n, ARRAY_LEN(design));
}

static void an_operation_knows_its_kind_and_name(void **state)
{
	(void)state;
	EACH_KIND (k) {
		assert_ptr_equal(cat_kind_find((*k)->name), *k);
		EACH_OP (k, op) {
			AUTO_FREE char *name =
				mem_printf("%s.%s", (*k)->name, op->verb);

			assert_string_equal(op->name, name);
			assert_ptr_equal(op->kind, *k);
			assert_ptr_equal(cat_op_find(name), op);
		}
	}
}

static void collections_lead_to_kinds(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(collections); i++)
		if (!cat_kind_by_collection(collections[i]))
			fail_msg("no %s", collections[i]);
	EACH_KIND (k)
		n++;
	assert_int_equal(n, ARRAY_LEN(collections));
}

static void what_is_not_there_is_not_found(void **state)
{
	(void)state;
	assert_null(cat_kind_find("instanc"));
	assert_null(cat_kind_find("instances"));
	assert_null(cat_kind_find(NULL));
	assert_null(cat_kind_by_collection("instance"));
	assert_null(cat_kind_by_collection(NULL));
	assert_null(cat_op_find("instance"));
	assert_null(cat_op_find("instance."));
	assert_null(cat_op_find(".list"));
	assert_null(cat_op_find("inst.list"));
	assert_null(cat_op_find("instance.lists"));
	assert_null(cat_op_find(NULL));
	assert_null(cat_field_find(NULL, "id"));
}

static void flags_follow_from_verbs(void **state)
{
	(void)state;
	EACH_KIND (k)
		EACH_OP (k, op) {
			bool list = !strcmp(op->verb, "list");
			bool delete = !strcmp(op->verb, "delete");
			bool id = cat_arg_find(op, "id") != NULL;

			if (list)
				assert_true(op->flags & CAT_PAGED);
			assert_int_equal(delete, !!(op->flags & CAT_DESTROYS));
			assert_int_equal(id, !!(op->flags & CAT_BY_ID));
			if (op->flags & CAT_PAGED) {
				assert_non_null(op->result);
				assert_non_null(cat_arg_find(op, "page_token"));
				assert_false(op->flags & CAT_MUTATES);
			}
		}
}

static void check_field(const char *owner, const struct cat_field *f, bool arg)
{
	size_t n = strlen(f->help);

	if (!n || f->help[n - 1] != '.')
		fail_msg("%s.%s: help is no sentence", owner, f->name);
	assert_int_equal(f->type == CAT_OBJECT, f->of != NULL);
	assert_true(f->min <= f->max);
	if (f->example) {
		AUTO_JSON json_t *v = json_read(f->example, strlen(f->example), NULL);

		if (!v)
			fail_msg("%s.%s: example is not JSON", owner, f->name);
	}
	if (!arg && (f->flags & (CAT_FILTER | CAT_MERGE)))
		fail_msg("%s.%s: flag of arguments", owner, f->name);
}

/* No name stands for two members, whichever spelling. */
static void check_unique(const struct cat_op *op)
{
	AUTO_JSON json_t *seen = json_object();
	const struct cat_field *f;

	for (size_t i = 0; (f = cat_arg(op, i)); i++) {
		if (json_object_get(seen, f->name))
			fail_msg("%s: %s is there twice", op->name, f->name);
		json_object_set_new(seen, f->name, json_true());
		for (size_t a = 0; f->aliases && f->aliases[a]; a++) {
			if (json_object_get(seen, f->aliases[a]))
				fail_msg("%s: %s is there twice", op->name, f->aliases[a]);
			json_object_set_new(seen, f->aliases[a], json_true());
		}
	}
	assert_in_range(json_object_size(seen), 1, 64);
}

static void arguments_are_sound(void **state)
{
	(void)state;
	EACH_KIND (k)
		EACH_OP (k, op) {
			const struct cat_field *f;

			for (size_t i = 0; (f = cat_arg(op, i)); i++) {
				check_field(op->name, f, true);
				if (!(f->flags & CAT_FILTER))
					continue;
				assert_non_null(cat_field_find(op->result->fields,
							       f->name));
			}
			check_unique(op);
			assert_non_null(cat_arg_find(op, "region"));
			assert_int_equal(cat_arg_find(op, "native") != NULL,
					 !(op->flags & CAT_MUTATES));
		}
}

static bool is_listed(const struct cat_record *rec)
{
	size_t n = 0;

	for (const struct cat_record *const *r = cat_records(); *r; r++)
		n += *r == rec;
	return n == 1;
}

static void check_listed(const struct cat_record *rec)
{
	if (rec && !is_listed(rec))
		fail_msg("record %s is not once in cat_records()", rec->name);
}

static void records_are_sound_and_listed_once(void **state)
{
	(void)state;
	EACH_KIND (k) {
		check_listed((*k)->record);
		EACH_OP (k, op) {
			const struct cat_field *f;

			check_listed(op->result);
			for (size_t i = 0; (f = cat_arg(op, i)); i++)
				check_listed(f->of);
		}
	}
	for (const struct cat_record *const *r = cat_records(); *r; r++)
		for (const struct cat_field *f = (*r)->fields; f->name; f++) {
			check_field((*r)->name, f, false);
			check_listed(f->of);
			assert_ptr_equal(cat_field_find((*r)->fields, f->name), f);
		}
}

/* The members the seeds name, by our names. */
static void records_have_the_seeds_members(void **state)
{
	static const char *const wanted[][2] = {
		{ "instance", "private_dns" }, { "instance", "public_dns" },
		{ "instance", "boot_disk" }, { "instance", "guest_user" },
		{ "instance", "guest_password" }, { "instance", "started_at" },
		{ "instance", "native" }, { "instance", "provider_status" },
		{ "instance", "tags" }, { "instance", "zone" },
		{ "region", "endpoint" }, { "region", "display_name" },
		{ "image", "os" }, { "image", "architecture" }, { "image", "size" },
		{ "instance_type", "vcpus" }, { "instance_type", "price" },
		{ "instance_type", "network_mbps" }, { "network", "is_default" },
		{ "network", "mtu" }, { "network", "routing_mode" },
		{ "volume", "size_gib" }, { "volume", "encrypted" },
		{ "security_group", "is_default" }, { "key_pair", "fingerprint" },
		{ "cost_estimate", "breakdown" }, { "billing", "period" },
		{ "cluster", "binary_authorization" }, { "node_pool", "spot" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		const struct cat_field *found = NULL;

		for (const struct cat_record *const *r = cat_records(); *r; r++)
			if (!strcmp((*r)->name, wanted[i][0]))
				found = cat_field_find((*r)->fields, wanted[i][1]);
		if (!found)
			fail_msg("no %s.%s", wanted[i][0], wanted[i][1]);
	}
}

static void arguments_come_in_order(void **state)
{
	const struct cat_op *stop = cat_op_find("instance.stop");
	const struct cat_op *list = cat_op_find("region.list");

	(void)state;
	assert_string_equal(cat_arg(stop, 0)->name, "id");
	assert_string_equal(cat_arg(stop, 1)->name, "force");
	assert_string_equal(cat_arg(stop, 2)->name, "region");
	assert_null(cat_arg(stop, 3));
	assert_string_equal(cat_arg(list, 0)->name, "name");
	assert_string_equal(cat_arg(list, 1)->name, "limit");
	assert_string_equal(cat_arg(list, 4)->name, "native");
	assert_null(cat_arg(list, 6));
	assert_null(cat_arg_find(list, "id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_of_the_design_is_there),
		cmocka_unit_test(an_operation_knows_its_kind_and_name),
		cmocka_unit_test(collections_lead_to_kinds),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(flags_follow_from_verbs),
		cmocka_unit_test(arguments_are_sound),
		cmocka_unit_test(records_are_sound_and_listed_once),
		cmocka_unit_test(records_have_the_seeds_members),
		cmocka_unit_test(arguments_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
