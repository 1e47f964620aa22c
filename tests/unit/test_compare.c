/* SPDX-License-Identifier: Apache-2.0 */
/* Is a resource as the manifest wants it: each type of argument. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "cli/compare.h"
#include "printed.h"

/* "name-of-X" is what "X" is called. */
static bool same_by_name(void *arg UNUSED, const struct cat_field *f UNUSED,
			 const char *given, const char *have)
{
	return !strncmp(given, "name-of-", 8) && !strcmp(given + 8, have);
}

static void check(const char *op, const char *name, const char *given,
		  const char *record, enum compare_result wanted)
{
	const struct cat_field *f = cat_arg_find(cat_op_find(op), name);
	AUTO_JSON json_t *value = value_of(given);
	AUTO_JSON json_t *have = value_of(record);
	enum compare_result is;

	assert_non_null(f);
	is = compare_argument(f, value, have, same_by_name, NULL);
	if (is != wanted)
		fail_msg("%s %s: %d", given, record, (int)is);
}

#define SAME(...) check(__VA_ARGS__, COMPARE_SAME)
#define DIFFERENT(...) check(__VA_ARGS__, COMPARE_DIFFERENT)
#define UNSEEN(...) check(__VA_ARGS__, COMPARE_UNSEEN)

static void test_scalars(void **state UNUSED)
{
	SAME("volume.create", "size_gib", "5", "{'size_gib':5}");
	DIFFERENT("volume.create", "size_gib", "5", "{'size_gib':6}");
	SAME("volume.create", "encrypted", "true", "{'encrypted':true}");
	DIFFERENT("volume.create", "encrypted", "true", "{'encrypted':false}");
	DIFFERENT("volume.create", "description", "'a'", "{'description':'b'}");
	SAME("subnet.create", "cidr", "'2001:DB8::/32'",
	     "{'cidr':'2001:db8::/32'}");
	DIFFERENT("volume.create", "description", "'a'", "{'description':'A'}");
}

static void test_unknown(void **state UNUSED)
{
	UNSEEN("instance.create", "user_data", "'x'", "{'name':'a'}");
	UNSEEN("volume.create", "description", "'x'", "{'description':null}");
	SAME("volume.create", "description", "''", "{'description':null}");
	SAME("volume.create", "encrypted", "false", "{}");
	UNSEEN("volume.create", "encrypted", "true", "{}");
	SAME("volume.create", "tags", "{}", "{'tags':null}");
}

static void test_references(void **state UNUSED)
{
	SAME("instance.create", "instance_type", "'name-of-t'",
	     "{'instance_type':'t'}");
	DIFFERENT("instance.create", "instance_type", "'name-of-t'",
		  "{'instance_type':'u'}");
	SAME("instance.create", "security_groups", "['name-of-b','a']",
	     "{'security_groups':['a','b']}");
}

static void test_tags(void **state UNUSED)
{
	SAME("volume.create", "tags", "{'a':'1','b':'2'}",
	     "{'tags':{'b':'2','a':'1','skyclust-op':'x'}}");
	DIFFERENT("volume.create", "tags", "{'a':'1'}",
		  "{'tags':{'a':'1','b':'2'}}");
	DIFFERENT("volume.create", "tags", "{'a':'1','b':'2'}",
		  "{'tags':{'a':'1'}}");
	DIFFERENT("volume.create", "tags", "{'skyclust-op':'y'}",
		  "{'tags':{'skyclust-op':'x'}}");
}

static void test_lists(void **state UNUSED)
{
	SAME("cluster.create", "subnet_ids", "['a','b']",
	     "{'subnet_ids':['b','a']}");
	DIFFERENT("cluster.create", "subnet_ids", "['a']",
		  "{'subnet_ids':['b','a']}");
	DIFFERENT("cluster.create", "subnet_ids", "['a','a']",
		  "{'subnet_ids':['a','b']}");
	DIFFERENT("cluster.create", "subnet_ids", "['a']", "{'subnet_ids':[]}");
	SAME("cluster.create", "subnet_ids", "[]", "{'subnet_ids':[]}");
}

#define SSH \
	"{'id':'r1','direction':'ingress','protocol':'tcp'," \
	"'port_from':22,'port_to':22,'cidr':'0.0.0.0/0','action':'allow'}"
#define ALL_OUT "{'id':'r2','direction':'egress','protocol':null}"

static void test_rules(void **state UNUSED)
{
	static const char op[] = "security_group.create";
	static const char have[] = "{'rules':[" ALL_OUT "," SSH "]}";

	SAME(op, "rules",
	     "[{'direction':'ingress','protocol':'tcp','port_from':22}]", have);
	SAME(op, "rules",
	     "[{'direction':'ingress','protocol':'tcp','port_from':22},"
	     "{'direction':'egress','protocol':'any'}]",
	     have);
	DIFFERENT(op, "rules",
		  "[{'direction':'ingress','protocol':'tcp','port_from':80}]",
		  have);
	DIFFERENT(op, "rules",
		  "[{'direction':'ingress','protocol':'tcp','port_from':22,"
		  "'action':'deny'}]",
		  have);
	DIFFERENT(op, "rules",
		  "[{'direction':'ingress','protocol':'tcp','port_from':22},"
		  "{'direction':'ingress','protocol':'tcp','port_from':22}]",
		  have);
	DIFFERENT(op, "rules", "[]", have);
	DIFFERENT(op, "rules", "[{'direction':'egress','protocol':'udp'}]",
		  have);
}

static void check_wanted(const char *op, const char *name, const char *given,
			 const char *record, const char *wanted)
{
	const struct cat_field *f = cat_arg_find(cat_op_find(op), name);
	AUTO_JSON json_t *value = value_of(given);
	AUTO_JSON json_t *have = value_of(record);
	AUTO_JSON json_t *want = value_of(wanted);
	AUTO_JSON json_t *is = compare_wanted(f, value, have);

	if (!json_equal(is, want))
		fail_msg("%s", given);
}

static void test_what_is_kept(void **state UNUSED)
{
	check_wanted("volume.create", "tags", "{'a':'1'}",
		     "{'tags':{'b':'2','skyclust-op':'x'}}",
		     "{'a':'1','skyclust-op':'x'}");
	check_wanted("security_group.create", "rules",
		     "[{'direction':'ingress'}]",
		     "{'rules':[" ALL_OUT "," SSH "]}",
		     "[{'direction':'ingress'},{'direction':'egress'}]");
	check_wanted("security_group.create", "rules", "[]",
		     "{'rules':[" ALL_OUT "," SSH "]}", "[]");
	check_wanted("volume.create", "size_gib", "5", "{'size_gib':6}", "5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
