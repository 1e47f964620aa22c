/* SPDX-License-Identifier: Apache-2.0 */
/* Formats, fields, names, and the view of one record. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "printed.h"

static struct output as(enum output_format format, const char *kind)
{
	const struct cat_kind *of = cat_kind_find(kind);

	return (struct output){ .format = format,
				.record = of ? of->record : NULL,
				.header = true };
}

static void test_parse(void **state UNUSED)
{
	enum output_format format;
	struct error err;

	assert_true(output_parse("wide", &format, &err));
	assert_int_equal(format, OUTPUT_WIDE);
	assert_true(output_parse("name", &format, &err));
	assert_int_equal(format, OUTPUT_NAME);
	assert_false(output_parse("xml", &format, &err));
	assert_non_null(strstr(err.message, "table, wide, json, yaml, csv"));
}

static void test_check(void **state UNUSED)
{
	struct output o = as(OUTPUT_TABLE, "instance");
	struct error err;

	assert_true(output_check(&o, &err));
	o.fields = "id,tags.team,native.x";
	assert_true(output_check(&o, &err));
	o.fields = "id,nmae";
	assert_false(output_check(&o, &err));
	assert_non_null(strstr(err.message, "did you mean \"name\""));
	o.fields = ",";
	assert_false(output_check(&o, &err));
	o.record = NULL;
	o.fields = "whatever";
	assert_true(output_check(&o, &err));
}

static void test_json(void **state UNUSED)
{
	struct output o = as(OUTPUT_JSON, "instance");

	check_printed(o, "[{'id':'1','n':null}]", true,
		      "[\n  {\n    \"id\": \"1\",\n    \"n\": null\n  }\n]\n");
	check_printed(o, "[]", true, "[]\n");
	check_printed(o, "{'id':'\\u009b\\u007f\\u00a0é'}", false,
		      "{\n  \"id\": \"\\u009b\\u007f\xc2\xa0é\"\n}\n");
	check_printed(o, "'text'", false, "\"text\"\n");
	o.fields = "id,tags.team";
	check_printed(o, "{'id':'1','name':'a','tags':{'team':'x'}}", false,
		      "{\n  \"id\": \"1\",\n  \"tags.team\": \"x\"\n}\n");
}

static void test_yaml(void **state UNUSED)
{
	struct output o = as(OUTPUT_YAML, "instance");

	check_printed(o, "[{'id':'1'},{'id':'2'}]", true,
		      "- id: \"1\"\n- id: \"2\"\n");
	check_printed(o, "{'id':'a','name':null}", false,
		      "id: a\nname: null\n");
	o.fields = "name";
	check_printed(o, "[{'id':'a','name':'b'}]", true, "- name: b\n");
}

static void test_names(void **state UNUSED)
{
	struct output o = as(OUTPUT_NAME, "instance");

	check_printed(o,
		      "[{'id':'i-1','name':'a'},{'name':'b'},{'id':7},{'x':1},"
		      "{'id':'c\\nd'}]",
		      true, "i-1\nb\n7\nc\\nd\n");
	check_printed(o, "{'id':'i-1'}", false, "i-1\n");
	o.fields = "name,id";
	check_printed(o, "[{'id':'i-1','name':'a'}]", true, "a\n");
}

/* ---- one record ---------------------------------------------------------- */

static void test_record(void **state UNUSED)
{
	check_printed(as(OUTPUT_TABLE, "instance"),
		      "{'tags':{'team':'shop','env':'prod'},'id':'i-1',"
		      "'name':'web','public_ip':null,'created_at':"
		      "'2026-11-21T09:41:59Z','vnics':['a','b'],'new':true}",
		      false,
		      "id          i-1\n"
		      "name        web\n"
		      "vnics       a,b\n"
		      "tags        team=shop\n"
		      "            env=prod\n"
		      "created_at  2026-11-21 09:41:59\n"
		      "new         true\n");
}

static void test_record_with_units(void **state UNUSED)
{
	check_printed(as(OUTPUT_TABLE, "instance_type"),
		      "{'id':'s','name':'s','memory_mib':2048,'storage_gib':10,"
		      "'network_mbps':100}",
		      false,
		      "id            s\nname          s\nmemory_mib    2 GiB\n"
		      "storage_gib   10 GiB\nnetwork_mbps  100 Mbit/s\n");
}

/* A list of objects is a table within; its columns are those of its record. */
static void test_record_with_table(void **state UNUSED)
{
	check_printed(as(OUTPUT_TABLE, "security_group"),
		      "{'id':'1','name':'web','rules':[{'direction':'ingress',"
		      "'protocol':'tcp','port_from':22,'port_to':22,"
		      "'cidr':'0.0.0.0/0'},{'direction':'egress'}]}",
		      false,
		      "id     1\n"
		      "name   web\n"
		      "rules  DIRECTION  PROTOCOL  PORT_FROM  PORT_TO  CIDR\n"
		      "       ingress    tcp              22       22  "
		      "0.0.0.0/0\n"
		      "       egress     -                 -        -  -\n");
}

static void test_record_with_lines(void **state UNUSED)
{
	check_printed(
		as(OUTPUT_TABLE, NULL),
		"{'text':'one\\n\\n\\u001b[2Jtwo\\n','deep':{'a':[1,{'b':2}]}}",
		false,
		"text  one\n\n      \\x1b[2Jtwo\n"
		"deep  a:\n        - 1\n        - b: 2\n");
}

static void test_record_with_long_list(void **state UNUSED)
{
	struct output o = as(OUTPUT_TABLE, NULL);
	char *out = printed(o,
			    "{'ids':['6f1c9a52-0f0b-4f7e-9d7a-1b2c3d4e5f60',"
			    "'7f1c9a52-0f0b-4f7e-9d7a-1b2c3d4e5f60']}",
			    false);

	assert_string_equal(out, "ids  6f1c9a52-0f0b-4f7e-9d7a-1b2c3d4e5f60\n"
				 "     7f1c9a52-0f0b-4f7e-9d7a-1b2c3d4e5f60\n");
	free(out);
}

/* A field alone is for files and pipes: as it is, unless people look at it. */
static void test_one_field(void **state UNUSED)
{
	struct output o = as(OUTPUT_TABLE, "key_pair");

	o.fields = "private_key";
	check_printed(o, "{'id':'1','private_key':'-----\\nabc\\u001b\\n'}",
		      false, "-----\nabc\x1b\n");
	check_printed(o, "{'private_key':'abc'}", false, "abc\n");
	o.columns = 80;
	check_printed(o, "{'private_key':'a\\nb\\u001b'}", false,
		      "a\nb\\x1b\n");
	o.fields = "id";
	check_printed(o, "{'id':'1'}", false, "1\n");
}

static void test_document(void **state UNUSED)
{
	const struct cat_op *op = cat_op_find("cluster.kubeconfig");
	struct output o = as(OUTPUT_TABLE, NULL);

	o.record = op->result;
	check_printed(o, "{'kubeconfig':'a: 1\\n','expires_at':null}", false,
		      "a: 1\n");
}

static void test_other_values(void **state UNUSED)
{
	struct output o = as(OUTPUT_TABLE, NULL);

	check_printed(o, "null", false, "");
	check_printed(o, "'text'", false, "text\n");
	check_printed(o, "{}", false, "");
	check_printed(o, "[{'id':'1'}]", false, "ID\n1\n");
	assert_true(output_value(&(struct output){ .to = stdout }, NULL));
}

static void test_full_disk(void **state UNUSED)
{
	AUTO_JSON json_t *items = value_of("[{'id':'1'}]");
	struct output o = as(OUTPUT_JSON, NULL);

	o.to = fopen("/dev/full", "w");
	assert_non_null(o.to);
	assert_false(output_list(&o, items));
	fclose(o.to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_with_units),
		cmocka_unit_test(test_record_with_table),
		cmocka_unit_test(test_record_with_lines),
		cmocka_unit_test(test_record_with_long_list),
		cmocka_unit_test(test_one_field),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_other_values),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
