/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: RFC 4180's rules, and that every text comes through as it is. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "printed.h"

static struct output csv(const char *fields)
{
	return (struct output){ .format = OUTPUT_CSV,
				.fields = fields,
				.header = true };
}

static void test_rows(void **state UNUSED)
{
	struct output o = csv("id,name,tags.team,vnics,native,gone");

	check_printed(o,
		      "[{'id':'1','name':'a, b','tags':{'team':'x'},"
		      "'vnics':['p','q'],'native':{'a':null}},"
		      "{'id':2,'name':'say \\u0022hi\\u0022','native':true}]",
		      true,
		      "id,name,tags.team,vnics,native,gone\r\n"
		      "1,\"a, b\",x,\"[\"\"p\"\",\"\"q\"\"]\","
		      "\"{\"\"a\"\":null}\",\r\n"
		      "2,\"say \"\"hi\"\"\",,,true,\r\n");
	o.header = false;
	check_printed(o, "[]", true, "");
}

/* What is data stays data, and lines within cells stay lines. */
static void test_texts_are_left_alone(void **state UNUSED)
{
	check_printed(
		csv("name"),
		"[{'name':'=1+1'},{'name':'+a'},{'name':'-a'},"
		"{'name':'@a'},{'name':'a\\nb'},{'name':'a\\r'},"
		"{'name':' a'},{'name':'\\u001b[m'},{'name':'日本'}]",
		true,
		"name\r\n=1+1\r\n+a\r\n-a\r\n@a\r\n\"a\nb\"\r\n\"a\r\"\r\n"
		"\" a\"\r\n\x1b[m\r\n日本\r\n");
}

static void test_a_line_is_never_empty(void **state UNUSED)
{
	check_printed(csv("name"), "[{'name':null},{'name':''},{}]", true,
		      "name\r\n\"\"\r\n\"\"\r\n\"\"\r\n");
}

/* Programs get the same columns whatever the items have. */
static void test_columns_are_the_catalogues(void **state UNUSED)
{
	struct output o = csv(NULL);
	char *none, *some;

	o.record = cat_kind_find("zone")->record;
	none = printed(o, "[]", true);
	assert_string_equal(none, "id,name,is_active,provider,region,zone,tags,"
				  "created_at,updated_at,provider_status\r\n");
	some = printed(o, "[{'id':'a','size':1,'native':{}}]", true);
	assert_string_equal(some,
			    "id,name,is_active,provider,region,zone,tags,"
			    "created_at,updated_at,provider_status,size,native"
			    "\r\na,,,,,,,,,,1,{}\r\n");
	free(none);
	free(some);
}

static void test_one_record(void **state UNUSED)
{
	check_printed(csv("id,name"), "{'id':'1','name':'a'}", false,
		      "id,name\r\n1,a\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_texts_are_left_alone),
		cmocka_unit_test(test_a_line_is_never_empty),
		cmocka_unit_test(test_columns_are_the_catalogues),
		cmocka_unit_test(test_one_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
