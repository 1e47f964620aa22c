/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: what is read, in which order, and every fault with its line. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/manifest.h"
#include "cli/reference.h"

static void read_good(struct manifest *m, const char *text)
{
	struct error err;

	if (!manifest_read(m, "f.yaml", text, strlen(text), "sim", NULL, &err))
		fail_msg("%s", err.message);
}

/* The labels in the order of making, joined by blanks. */
static void check_order(const char *text, const char *wanted)
{
	struct manifest m;
	struct buf order = { 0 };

	read_good(&m, text);
	for (size_t i = 0; i < m.n; i++) {
		AUTO_FREE char *label = resource_label(&m.list[m.order[i]]);

		buf_printf(&order, "%s%s", i ? " " : "", label);
	}
	assert_string_equal(order.p, wanted);
	buf_done(&order);
	manifest_done(&m);
}

/* Every fault, as "LINE: detail", must contain the one of @wanted at its
 * place. */
static void check_faults(const char *file, const char *text, size_t n,
			 const char *const *wanted)
{
	struct manifest m;
	struct error err = { 0 };

	assert_false(
		manifest_read(&m, file, text, strlen(text), NULL, NULL, &err));
	assert_int_equal(err.code, ERR_INVALID);
	for (size_t i = 0; i < n; i++) {
		json_t *fault = json_array_get(m.faults, i);
		AUTO_FREE char *told =
			mem_printf("%lld: %s", json_int(fault, "line", -1),
				   json_str(fault, "detail", ""));

		if (!strstr(told, wanted[i]))
			fail_msg("%zu: %s, not %s", i, told, wanted[i]);
	}
	assert_int_equal(json_array_size(m.faults), n);
	manifest_done(&m);
}

#define FAULTS(text, ...) \
	check_faults("f.yaml", text, \
		     ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })), \
		     (const char *const[]){ __VA_ARGS__ })

/* ---- reading ------------------------------------------------------------- */

static void test_documents(void **state UNUSED)
{
	check_order("kind: network\nname: a\n---\n---\n"
		    "- {kind: volumes, name: b, size: 1}\n"
		    "- kind: key-pair\n  name: c\n  public_key: ssh-rsa x\n"
		    "---\n",
		    "network/a volume/b key_pair/c");
}

static void test_what_is_taken(void **state UNUSED)
{
	struct manifest m;

	read_good(&m, "# one\n\nkind: key_pair\nname: c\nprovider: other\n"
		      "region: r\npublic_key: ssh-rsa x\n");
	assert_int_equal(m.n, 1);
	assert_string_equal(m.list[0].op->name, "key_pair.import");
	assert_string_equal(m.list[0].provider, "other");
	assert_string_equal(m.list[0].region, "r");
	assert_int_equal(m.list[0].line, 3);
	assert_null(json_object_get(m.list[0].given, "kind"));
	assert_null(json_object_get(m.list[0].given, "provider"));
	assert_string_equal(json_str(m.list[0].given, "region", ""), "r");
	manifest_done(&m);
}

/* The program's region is one of its own provider. */
static void test_region_of_the_program(void **state UNUSED)
{
	static const char text[] = "- {kind: network, name: a}\n"
				   "- {kind: network, name: b, provider: q}\n"
				   "- {kind: network, name: c, region: s}\n"
				   "- {kind: network, name: d, provider: p}\n";
	static const char *const wanted[] = { "r", NULL, "s", "r" };
	struct manifest m;
	struct error err;

	assert_true(manifest_read(&m, "f", text, strlen(text), "p", "r", &err));
	for (size_t i = 0; i < m.n; i++) {
		const char *told = json_str(m.list[i].given, "region", NULL);

		if (wanted[i])
			assert_string_equal(told, wanted[i]);
		else
			assert_null(told);
	}
	manifest_done(&m);
}

static void test_json(void **state UNUSED)
{
	struct manifest m;

	read_good(&m,
		  "[\n {\"kind\":\"network\",\"name\":\"a{\\\"[\",\n"
		  "  \"tags\":{\"x\":\"{\"}},\n"
		  " {\"kind\":\"network\",\"name\":\"\\ud83e\\udd8a\"}\n]\n");
	assert_int_equal(m.n, 2);
	assert_int_equal(m.list[0].line, 2);
	assert_int_equal(m.list[1].line, 4);
	assert_string_equal(m.list[1].name, "🦊");
	manifest_done(&m);
	check_order("\n{\"kind\":\"network\",\"name\":\"a\"}", "network/a");
	check_order("{kind: network, name: a}", "network/a");
}

/* ---- references ---------------------------------------------------------- */

static void test_order(void **state UNUSED)
{
	check_order("- {kind: instance, name: i, type: t, image_id: x,"
		    " subnet_id: '${subnet.s.id}',"
		    " security_groups: ['${security_group.g.id}']}\n"
		    "- {kind: subnet, name: s, vpc_id: '${vpc.n.id}',"
		    " cidr: '${network.n.cidr}'}\n"
		    "- {kind: volume, name: v, size: 1}\n"
		    "- {kind: security-group, name: g,"
		    " tags: {of: 'net ${network.n.name}'}}\n"
		    "- {kind: network, name: n}\n",
		    "volume/v network/n subnet/s security_group/g instance/i");
}

static void test_names_with_dots(void **state UNUSED)
{
	check_order("- {kind: volume, name: v, size: 1,"
		    " description: '${network.a.b.tags.x.y}'}\n"
		    "- {kind: network, name: a.b}\n"
		    "- {kind: network, name: a}\n",
		    "network/a.b volume/v network/a");
}

/* Of the same name the one of the same provider is meant. */
static void test_several_providers(void **state UNUSED)
{
	struct manifest m;

	read_good(&m, "- {kind: network, name: n}\n"
		      "- {kind: network, name: n, provider: other}\n"
		      "- {kind: subnet, name: s, provider: other,"
		      " network_id: '${network.n.id}', cidr: 10.0.0.0/24}\n");
	assert_int_equal(m.list[2].n_needs, 1);
	assert_int_equal(m.list[2].needs[0], 1);
	assert_false(m.list[0].needed);
	assert_true(m.list[1].needed);
	manifest_done(&m);
	FAULTS("- {kind: network, name: n, provider: a}\n"
	       "- {kind: network, name: n, provider: b}\n"
	       "- {kind: volume, name: v, size: 1, provider: c,\n"
	       "   description: '${network.n.id}'}\n",
	       "4: ${network.n.id} can mean several");
}

static json_t *given(void *arg, const char *reference, struct error *err)
{
	if (!strcmp(reference, "a.b.none")) {
		fail(err, ERR_NOT_FOUND, "none");
		return NULL;
	}
	return json_incref(json_object_get(arg, reference));
}

static void check_fill(const char *text, json_t *wanted)
{
	AUTO_JSON json_t *values =
		json_pack("{ss si s[s] sn}", "k.n.id", "i-1", "k.n.count", 3,
			  "k.n.list", "x", "k.n.null");
	AUTO_JSON json_t *value = json_pack("{s[s]}", "x", text);
	AUTO_JSON json_t *all = NULL;
	struct error err = { 0 };

	all = reference_fill(value, given, values, &err);
	if (!wanted) {
		assert_null(all);
		assert_int_not_equal(err.code, ERR_NONE);
		return;
	}
	if (!json_equal(json_array_get(json_object_get(all, "x"), 0), wanted))
		fail_msg("%s: %s", text, err.message);
	json_decref(wanted);
}

static void test_fill(void **state UNUSED)
{
	check_fill("${k.n.id}", json_string("i-1"));
	check_fill("${k.n.count}", json_integer(3));
	check_fill("${k.n.list}", json_pack("[s]", "x"));
	check_fill("a ${k.n.id}${k.n.count}!", json_string("a i-13!"));
	check_fill("$${k.n.id}", json_string("${k.n.id}"));
	check_fill("a $${k.n.id} ${k.n.id}", json_string("a ${k.n.id} i-1"));
	check_fill("$$${k.n.id}", json_string("$${k.n.id}"));
	check_fill("a ${k.n.list}", NULL);
	check_fill("a ${k.n.null}", NULL);
	check_fill("${a.b.none}", NULL);
}

/* Scripts are full of them. */
static void test_left_alone(void **state UNUSED)
{
	static const char *const texts[] = {
		"${HOME}",    "$HOME",	  "${x:-a.b.c}", "${}",	       "${a.b}",
		"${a..b}",    "${.a.b}",  "${a.b.}",	 "${a.b.c",    "$",
		"$$",	      "{a.b.c}",  "${1.2.3}",	 "${a.b\n.c}", "",
		"${a.${b.c}", "$${HOME}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_JSON json_t *value = json_string(texts[i]);

		assert_false(reference_in(value));
		check_fill(texts[i], json_string(texts[i]));
	}
}

/* ---- faults -------------------------------------------------------------- */

static void test_wrong_arguments(void **state UNUSED)
{
	FAULTS("kind: instance\nname: a\nimage_id: x\nnmae: b\ntype: t\n"
	       "tags:\n  team: 5\nboot_disk_gib: big\n"
	       "---\nkind: subnet\nname: s\ncidr_block: 10.0.0.1/8\n",
	       "4: instance.create: unknown member \"nmae\"",
	       "8: instance.create: \"boot_disk_gib\"",
	       "7: instance.create: \"tags\": value of \"team\"",
	       "10: subnet.create: \"network_id\" is missing",
	       "12: subnet.create: \"cidr\" must be");
}

static void test_what_is_no_resource(void **state UNUSED)
{
	FAULTS("- 5\n- kind: instanze\n  name: a\n- kind: zone\n  name: z\n"
	       "- name: x\n- kind: network\n- kind: network\n  name: 5\n"
	       "- kind: network\n  name: ${network.a.id}\n"
	       "- kind: [network]\n  name: a\n- kind: zzzzzzz\n  name: a\n",
	       "1: a resource is a map",
	       "2: no kind \"instanze\"; did you "
	       "mean \"instance\"?",
	       "4: a zone cannot be made", "6: `kind` is missing",
	       "7: `name` is missing", "9: `name` must be a text",
	       "11: `name` must be a text", "12: `kind` must be a text",
	       "14: no kind \"zzzzzzz\" in the catalogue");
}

static void test_wrong_references(void **state UNUSED)
{
	FAULTS("kind: subnet\nname: s\ncidr: 10.0.0.0/24\n"
	       "network_id: ${network.nn.id}\n"
	       "description: a ${network.n.naem} b ${netwerk.n.id}\n"
	       "---\nkind: network\nname: n\nmtu: ${network.m.cidr}\n"
	       "---\nkind: network\nname: m\n",
	       "4: ${network.nn.id} refers to nothing",
	       "5: ${network.n.naem}: network has no field \"naem\"",
	       "5: ${netwerk.n.id} refers to nothing",
	       "9: network.create: \"mtu\" must be an integer");
}

static void test_twice(void **state UNUSED)
{
	FAULTS("- {kind: network, name: a}\n- {kind: vpc, name: a}\n",
	       "2: network/a is in this file twice, first in line 1");
}

static void test_circles(void **state UNUSED)
{
	FAULTS("- {kind: network, name: free}\n"
	       "- {kind: volume, name: before, size: 1,"
	       " description: '${network.a.id}'}\n"
	       "- {kind: network, name: a, description: '${network.b.id}'}\n"
	       "- {kind: network, name: b, description: '${network.c.id}'}\n"
	       "- {kind: network, name: c, description: '${network.a.id}'}\n",
	       "network/a -> network/b -> network/c -> network/a: these need");
	FAULTS("- {kind: network, name: a, description: '${network.a.id}'}\n",
	       "1: network/a -> network/a: these need each other");
}

static void check_error(const char *file, const char *text, const char *says)
{
	struct manifest m;
	struct error err = { 0 };

	assert_false(
		manifest_read(&m, file, text, strlen(text), NULL, NULL, &err));
	if (!strstr(err.message, says))
		fail_msg("%s, not %s", err.message, says);
	manifest_done(&m);
}

static void test_errors(void **state UNUSED)
{
	check_error("f.yaml", "", "f.yaml: no resource in it");
	check_error("f.yaml", "---\n---\n", "f.yaml: no resource in it");
	check_error("f.yaml", "a: [\n", "f.yaml:2:");
	check_error("f.yaml", "a: &x 1\nb: *x\n", "f.yaml:2: aliases");
	check_error("f.json", "{\"kind\": }", "f.json: JSON: ");
	check_error("f.json", "[]", "f.json: no resource in it");
	check_error("f.json", "[\n1,\n{\"kind\":\"network\",\"name\":\"a\"}]",
		    "f.json:1: a resource is a map");
	check_error("f", "kind: network\nname: a\nx: 1\n",
		    "f:3: network.create: unknown member");
	check_error("f", "- {kind: x}\n- {kind: y}\n", "f: 2 faults");
}

static void test_faults_deep_inside(void **state UNUSED)
{
	FAULTS("kind: security_group\nname: g\nrules:\n"
	       "- direction: ingress\n"
	       "- direction: ingress\n  port_from: big\n"
	       "---\nkind: cluster\nname: c\nnode_pool:\n  name: p\n"
	       "  taints:\n  - key: k\n    effect: None\n",
	       "6: security_group.create: \"port_from\"",
	       "14: cluster.create: \"effect\"");
}

/* A reference is checked as a value of the type it will have. */
static void test_types_of_references(void **state UNUSED)
{
	check_order("- {kind: network, name: n, mtu: 1400}\n"
		    "- {kind: network, name: m, mtu: '${network.n.mtu}',"
		    " tags: '${network.n.tags}', cidr: '${network.n.cidr}',"
		    " description: '${network.n.created_at} "
		    "${network.n.is_default}'}\n"
		    "- {kind: cluster, name: c,"
		    " is_private: '${network.n.is_default}',"
		    " subnet_ids: '${network.n.subnet_ids}'}\n"
		    "- {kind: vnic, name: v, subnet_id: s,"
		    " private_ip: '${instance.i.private_ip}'}\n"
		    "- {kind: instance, name: i, type: t, image_id: x}\n",
		    "network/n network/m cluster/c instance/i vnic/v");
	FAULTS("- {kind: network, name: n}\n"
	       "- {kind: cluster, name: c, mode: '${network.n.status}',\n"
	       "   is_private: '${network.n.mtu}',\n"
	       "   pod_cidr: '10.${network.n.tags.part}.0.0/16',\n"
	       "   subnet_ids: ['${network.n.subnet_ids}'],\n"
	       "   node_pool: {node_count: '${network.n.name}',\n"
	       "    min_nodes: 1},\n"
	       "   tags: '${network.n.name}'}\n",
	       "5: cluster.create: \"subnet_ids\"",
	       "3: cluster.create: \"is_private\"",
	       "6: cluster.create: \"node_count\"",
	       "8: cluster.create: \"tags\"");
	FAULTS("- {kind: network, name: n}\n"
	       "- {kind: security_group, name: g, rules:\n"
	       "   [{direction: ingress, port_from: '${network.n.mtu}',"
	       " cidr: '${network.n.name}'},\n"
	       "    {direction: ingress, port_from: '${network.n.name}'}]}\n"
	       "- {kind: subnet, name: s, network_id: "
	       "'${network.n.subnet_ids}',"
	       "\n   cidr: '${network.n.cidr}'}\n",
	       "4: security_group.create: \"port_from\" must be an integer",
	       "5: subnet.create: \"network_id\" must be a string");
}

static void test_circle_beside_others(void **state UNUSED)
{
	FAULTS("- {kind: network, name: free}\n"
	       "- {kind: network, name: a,"
	       " description: '${network.free.id} ${network.b.id}'}\n"
	       "- {kind: network, name: b,"
	       " description: '${network.free.id} ${network.a.id}'}\n",
	       "2: network/a -> network/b -> network/a: these");
}

/* Nothing behind the last byte is looked at. */
static void test_text_without_end(void **state UNUSED)
{
	static const char *const texts[] = { " ", "\n\n", "[", "{", "-", "$" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t n = strlen(texts[i]);
		AUTO_FREE char *text = mem_alloc(n);
		struct manifest m;
		struct error err;

		memcpy(text, texts[i], n);
		assert_false(manifest_read(&m, "f", text, n, NULL, NULL, &err));
		manifest_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_region_of_the_program),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names_with_dots),
		cmocka_unit_test(test_several_providers),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_wrong_arguments),
		cmocka_unit_test(test_what_is_no_resource),
		cmocka_unit_test(test_wrong_references),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_faults_deep_inside),
		cmocka_unit_test(test_types_of_references),
		cmocka_unit_test(test_circle_beside_others),
		cmocka_unit_test(test_text_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
