/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: what they keep, and what is said of wrong ones. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "printed.h"

#define ITEMS \
	"[{'id':'1','name':'web','status':'running','vcpus':2,'on':true," \
	"'tags':{'team':'shop','a.b/c':'x'},'ips':['10.0.0.1','10.0.0.2']}," \
	"{'id':'2','name':'web,2','status':'stopped','vcpus':4,'on':false," \
	"'public_ip':null,'tags':{},'ips':[]}," \
	"{'id':'3','name':'a=b','status':'running','public_ip':'192.0.2.1'," \
	"'rules':[{'port':22},{'port':80}]}]"

/* The identifiers that are kept, joined. */
static void check(const char *filter, const char *wanted)
{
	AUTO_JSON json_t *items = value_of(ITEMS);
	struct buf kept = { 0 };
	struct error err;
	json_t *item;
	size_t i;

	if (!output_filter(items, filter, NULL, &err))
		fail_msg("%s: %s", filter, err.message);
	buf_reserve(&kept, 1);
	json_array_foreach (items, i, item)
		buf_add_str(&kept, json_str(item, "id", "?"));
	if (strcmp(kept.p, wanted) != 0)
		fail_msg("%s: %s, not %s", filter, kept.p, wanted);
	buf_done(&kept);
}

static void test_conditions(void **state UNUSED)
{
	check("status=running", "13");
	check("status!=running", "2");
	check("name~web", "12");
	check("name~", "123");
	check("status=running,name=web", "1");
	check("status=running,status=stopped", "");
	check("", "123");
	check("vcpus=4", "2");
	check("on=true", "1");
	check("on!=true", "23");
	check("name=WEB", "");
}

static void test_signs_in_values(void **state UNUSED)
{
	check("name=a=b", "3");
	check("name=web\\,2", "2");
	check("name=web\\,2,status=stopped", "2");
	check("name=web\\x", "");
	check("name~=", "3");
	check("name!=!=", "123");
}

/* Null, missing and empty are one. */
static void test_nothing_there(void **state UNUSED)
{
	check("public_ip=", "12");
	check("public_ip!=", "3");
	check("tags=", "23");
	check("nonesuch=", "123");
	check("nonesuch=x", "");
}

static void test_paths_and_lists(void **state UNUSED)
{
	check("tags.team=shop", "1");
	check("tags.a.b/c=x", "1");
	check("ips=10.0.0.2", "1");
	check("ips~10.0", "1");
	check("ips!=10.0.0.2", "23");
	check("ips.0=10.0.0.1", "1");
	check("ips.7=10.0.0.1", "");
	check("rules.port=80", "3");
	check("rules.1.port=22", "");
	check("tags~shop", "1");
}

static void check_refused(const char *filter, const char *says)
{
	AUTO_JSON json_t *items = value_of(ITEMS);
	struct error err = { 0 };

	assert_false(output_filter(items, filter,
				   cat_kind_find("instance")->record, &err));
	assert_int_equal(err.code, ERR_INVALID);
	if (!strstr(err.message, says))
		fail_msg("%s: %s", filter, err.message);
}

static void test_wrong_filters(void **state UNUSED)
{
	check_refused("status", "write field=value");
	check_refused("=running", "write field=value");
	check_refused("status!running", "write field=value");
	check_refused("stauts=running", "did you mean \"status\"");
	check_refused("name=web,qqqqqq=1", "no field \"qqqqqq\"");
	check_refused(".x=1", "without a name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_signs_in_values),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_paths_and_lists),
		cmocka_unit_test(test_wrong_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
