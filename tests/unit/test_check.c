/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of arguments and records: tables of what passes and what not. */
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

static json_t *parse(const char *text)
{
	struct error err;
	json_t *v = json_read(text, strlen(text), &err);

	if (!v)
		fail_msg("bad test data: %s: %s", text, err.message);
	return v;
}

/* ---- accepted ----------------------------------------------------------------- */

static const struct {
	const char *op, *args, *becomes; /* NULL: stays as it is */
	bool query;
} accepted[] = {
	/* every type */
	{ "instance.get", "{'id':'i-1'}" },
	{ "instance.get", "{'id':'i-1','native':true,'region':'r1'}" },
	{ "instance.create",
	  "{'name':'a','instance_type':'t','image_id':'i','tags':{'k':'v'},"
	  "'security_groups':['x','y'],'user_data':''}" },
	{ "network.create", "{'name':'n','cidr':'10.0.0.0/16','mtu':1500}" },
	{ "network.create", "{'name':'n','cidr':'2001:db8::/32'}" },
	{ "network.create", "{'name':'n','cidr':'0.0.0.0/0'}" },
	{ "network.create", "{'name':'n','cidr':'10.0.0.1/32'}" },
	{ "vnic.create", "{'name':'n','subnet_id':'s','private_ip':'10.0.0.9'}" },
	{ "vnic.create", "{'name':'n','subnet_id':'s','private_ip':'::1'}" },
	{ "cost.billing", "{'start_date':'2026-02-01','end_date':'2026-02-28'}" },
	{ "metric.query",
	  "{'resource_kind':'instance','resource_id':'i','name':'cpu_percent',"
	  "'start_time':'2026-11-21T09:41:59Z'}" },
	{ "security_group.set_rules",
	  "{'id':'s','rules':[{'direction':'ingress','protocol':'tcp',"
	  "'port_from':0,'port_to':65535,'cidr':'0.0.0.0/0'}]}" },
	{ "security_group.set_rules", "{'id':'s','rules':[]}" },
	/* other spellings */
	{ "instance.create", "{'name':'a','type':'t','image_id':'i'}",
	  "{'name':'a','instance_type':'t','image_id':'i'}" },
	{ "instance.create",
	  "{'name':'a','spec_id':'t','image_id':'i','availability_zone':'z',"
	  "'key_pair_name':'k','vpc_id':'n'}",
	  "{'name':'a','instance_type':'t','image_id':'i','zone':'z',"
	  "'key_pair':'k','network_id':'n'}" },
	{ "instance.create", "{'name':'a','type':'t','image_id':'i','key_pair_id':'k'}",
	  "{'name':'a','instance_type':'t','image_id':'i','key_pair':'k'}" },
	{ "subnet.create",
	  "{'vpc_id':'v','name':'s','cidr_block':'10.0.1.0/24','availability_zone':'z'}",
	  "{'network_id':'v','name':'s','cidr':'10.0.1.0/24','zone':'z'}" },
	{ "volume.create", "{'name':'v','size':8,'is_encrypted':true}",
	  "{'name':'v','size_gib':8,'encrypted':true}" },
	{ "node_pool.scale", "{'id':'p','desired_size':3}", "{'id':'p','node_count':3}" },
	{ "security_group.add_rule",
	  "{'id':'s','direction':'egress','from_port':1,'to_port':2,'cidr_block':'10.0.0.0/8'}",
	  "{'id':'s','direction':'egress','port_from':1,'port_to':2,'cidr':'10.0.0.0/8'}" },
	/* both bodies of seed 002 */
	{ "cluster.create",
	  "{'cluster':{'name':'c','version':'1.28','region':'us-west-2'},"
	  "'network':{'vpc_id':'v','subnet_ids':['s']},"
	  "'node_pool':{'machine_type':'t3.medium','node_count':3,'auto_scaling':true}}",
	  "{'name':'c','version':'1.28','region':'us-west-2','network_id':'v',"
	  "'subnet_ids':['s'],"
	  "'node_pool':{'instance_type':'t3.medium','node_count':3,'auto_scaling':true}}" },
	{ "cluster.create",
	  "{'name':'c','version':'1.28','region':'us-west-2','network':{'vpc_id':'v'},"
	  "'node_pool':{'machine_type':'t3.medium'}}",
	  "{'name':'c','version':'1.28','region':'us-west-2','network_id':'v',"
	  "'node_pool':{'instance_type':'t3.medium'}}" },
	/* query strings */
	{ "instance.list", "{'limit':'50','fields':'id,name','native':'true','type':'t'}",
	  "{'limit':50,'fields':['id','name'],'native':true,'instance_type':'t'}", true },
	{ "network.list", "{'is_default':'0','native':'1'}",
	  "{'is_default':false,'native':true}", true },
	{ "network.list", "{'is_default':'false','fields':'id'}",
	  "{'is_default':false,'fields':['id']}", true },
	{ "node.list", "{'cluster_id':'7'}", NULL, true },
};

static json_t *parse_quoted(const char *text)
{
	AUTO_FREE char *copy = mem_strdup(text);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return parse(copy);
}

static void good_arguments_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
		const char *to = accepted[i].becomes ? accepted[i].becomes : accepted[i].args;
		AUTO_JSON json_t *args = parse_quoted(accepted[i].args);
		AUTO_JSON json_t *becomes = parse_quoted(to);
		struct error err;

		if (!cat_check_args(cat_op_find(accepted[i].op), args, accepted[i].query, &err))
			fail_msg("%s: %s", accepted[i].args, err.message);
		if (!json_equal(args, becomes))
			fail_msg("%s became something else", accepted[i].args);
	}
}

/* ---- refused ------------------------------------------------------------------ */

static const struct {
	const char *op, *args, *path, *says;
	bool query;
} refused[] = {
	{ "instance.get", "{}", "/id", "\"id\" is missing" },
	{ "instance.get", "{'id':''}", "/id", "at least 1 char" },
	{ "user.create", "{'name':'u','email':'ää'}", "/email", "at least 3 char" },
	{ "instance.get", "{'id':null}", "/id", "must be a string, not null" },
	{ "instance.get", "{'id':7}", "/id", "must be a string, not an integer" },
	{ "instance.get", "[]", "", "must be an object, not an array" },
	{ "instance.get", "{'id':'x','native':'true'}", "/native", "true or false, not a string" },
	{ "instance.create", "{'name':'a','instance_type':'t'}", "/image_id",
	  "missing: Image to boot" },
	{ "instance.create", "{'name':'a','instance_type':'t','imge_id':'i'}", "/imge_id",
	  "unknown member \"imge_id\"; did you mean \"image_id\"?" },
	{ "instance.get", "{'id':'x','qqqqqqqqqqqqqqq':1}", "/qqqqqqqqqqqqqqq",
	  "unknown member \"qqqqqqqqqqqqqqq\"" },
	{ "instance.get", "{'id':'x','a/b~c':1}", "/a~1b~0c", "unknown member" },
	{ "instance.create", "{'name':'a','instance_type':'t','type':'t','image_id':'i'}",
	  "/type", "mean the same" },
	{ "instance.create", "{'name':'a','type':'t','image_id':'i','tags':{'k':1}}",
	  "/tags/k", "must be a string, not an integer" },
	{ "instance.create", "{'name':'a','type':'t','image_id':'i','tags':[]}",
	  "/tags", "an object of names and strings" },
	{ "instance.create", "{'name':'a','type':'t','image_id':'i','security_groups':'x'}",
	  "/security_groups", "must be an array, not a string" },
	{ "instance.create", "{'name':'a','type':'t','image_id':'i','security_groups':['x',1]}",
	  "/security_groups/1", "must be a string" },
	{ "instance.list", "{'status':'runing'}", "/status", "must be one of pending, running" },
	{ "instance.list", "{'limit':0}", "/limit", "within 1 and 1000, not 0" },
	{ "instance.list", "{'limit':1001}", "/limit", "within 1 and 1000" },
	{ "instance.list", "{'limit':'50'}", "/limit", "must be an integer, not a string" },
	{ "instance.list", "{'limit':1.5}", "/limit", "not a fraction" },
	{ "instance.list", "{'limit':'5x'}", "/limit", "must be an integer", true },
	{ "network.list", "{'is_default':'yes'}", "/is_default", "true or false", true },
	{ "instance.list", "{'fields':'id,'}", "/fields/1", "at least 1 char", true },
	{ "network.create", "{'name':'n','cidr':'10.0.0.1/16'}", "/cidr", "without host bits" },
	{ "network.create", "{'name':'n','cidr':'10.0.0.0'}", "/cidr", "a network" },
	{ "network.create", "{'name':'n','cidr':'10.0.0.0/33'}", "/cidr", "a network" },
	{ "network.create", "{'name':'n','cidr':'10.0.0/8'}", "/cidr", "a network" },
	{ "network.create", "{'name':'n','cidr':'::/129'}", "/cidr", "a network" },
	{ "network.create", "{'name':'n','cidr':5}", "/cidr", "a network" },
	{ "network.create",
	  "{'name':'n','cidr':'1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8'}",
	  "/cidr", "a network" },
	{ "vnic.create", "{'name':'n','subnet_id':'s','private_ip':'10.0.0'}", "/private_ip",
	  "an IPv4 or IPv6 address" },
	{ "cost.billing", "{'start_date':'2026-02-30','end_date':'2026-03-01'}", "/start_date",
	  "a date" },
	{ "cost.billing", "{'start_date':'2026-02-01T00:00:00Z','end_date':'2026-03-01'}",
	  "/start_date", "a date" },
	{ "metric.query",
	  "{'resource_kind':'instance','resource_id':'i','name':'cpu_percent','start_time':'now'}",
	  "/start_time", "RFC 3339" },
	{ "security_group.set_rules", "{'id':'s','rules':[{'direction':'ingress'},{}]}",
	  "/rules/1/direction", "missing" },
	{ "security_group.set_rules",
	  "{'id':'s','rules':[{'direction':'ingress','protocl':'tcp'}]}",
	  "/rules/0/protocl", "did you mean" },
	{ "security_group.set_rules", "{'id':'s','rules':[7]}", "/rules/0", "an object" },
	{ "security_group.set_rules",
	  "{'id':'s','rules':[{'direction':'ingress','port_from':1,'from_port':1}]}",
	  "/rules/0/from_port", "mean the same" },
	{ "cluster.create", "{'cluster':7}", "/cluster", "must be an object" },
	{ "cluster.create", "{'cluster':{'name':'c','nam':'d'}}", "/cluster/nam", "did you mean" },
	{ "cluster.create", "{'name':'c','cluster':{'name':'c'}}", "/cluster/name", "given twice" },
	{ "cluster.create", "{'cluster':{'version':'1'}}", "/name", "missing" },
};

static void bad_arguments_are_refused_with_a_pointer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		AUTO_JSON json_t *args = parse_quoted(refused[i].args);
		struct error err = { 0 };

		if (cat_check_args(cat_op_find(refused[i].op), args, refused[i].query, &err))
			fail_msg("%s passed", refused[i].args);
		assert_int_equal(err.code, ERR_INVALID);
		assert_int_equal(err.effect, EFFECT_NONE);
		assert_string_equal(err.path, refused[i].path);
		if (!strstr(err.message, refused[i].says))
			fail_msg("%s: says %s", refused[i].args, err.message);
		assert_memory_equal(err.message, refused[i].op, strlen(refused[i].op));
	}
}

static void no_arguments_at_all_are_refused(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(cat_check_args(cat_op_find("region.list"), NULL, false, &err));
	assert_int_equal(err.code, ERR_INVALID);
}

/* ---- records ------------------------------------------------------------------ */

static const struct {
	const char *record, *value;
	const char *path, *says;        /* NULL: passes */
} answers[] = {
	{ "instance", "{'id':'i','name':'n','status':'running'}" },
	{ "instance", "{'id':'i','name':'n','status':'a-new-word','new_member':{}}" },
	{ "instance",
	  "{'id':'i','name':'n','status':'running','public_ip':null,'tags':null,'vnics':null}" },
	{ "quota", "{'name':'q','limit':null}" },
	{ "metric", "{'name':'n','resource_kind':'k','resource_id':'i',"
	  "'points':[{'time':'2026-11-21T00:00:00Z','value':null},"
	  "{'time':'2026-11-21T00:01:00Z','value':'-1.5'}]}" },
	{ "instance_type", "{'id':'i','name':'n','price':'0','native':[1,2]}" },
	{ "instance", "[]", "", "must be an object, not an array" },
	{ "instance", "{'id':'i','status':'running'}", "/name", "missing" },
	{ "instance", "{'id':null,'name':'n','status':'running'}", "/id", "not null" },
	{ "instance", "{'id':5,'name':'n','status':'running'}", "/id", "not an integer" },
	{ "instance", "{'id':'i','name':'n','status':'running','public_ip':'none'}", "/public_ip",
	  "an IPv4 or IPv6 address" },
	{ "instance", "{'id':'i','name':'n','status':'s','type':'t','instance_type':7}",
	  "/instance_type", "must be a string" },
	{ "instance_type", "{'id':'i','name':'n','price':0.5}", "/price", "not a fraction" },
	{ "instance_type", "{'id':'i','name':'n','price':'1.'}", "/price", "decimal" },
	{ "instance_type", "{'id':'i','name':'n','price':'x'}", "/price", "decimal" },
	{ "quota", "{'name':'q'}", "/limit", "missing" },
	{ "load_balancer",
	  "{'id':'i','name':'n','status':'available','listeners':[{'protocol':'tcp'}]}",
	  "/listeners/0/port", "missing" },
	{ "volume", "{'id':'i','name':'n','status':'available','encrypted':'no'}", "/encrypted",
	  "true or false" },
	{ "cluster", "{'id':'i','name':'n','status':'running','subnet_ids':'s'}", "/subnet_ids",
	  "an array" },
};

static const struct cat_record *record(const char *name)
{
	const struct cat_record *const *r = cat_records();

	while (*r && strcmp((*r)->name, name))
		r++;
	return *r;
}

static void records_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		AUTO_JSON json_t *v = parse_quoted(answers[i].value);
		AUTO_JSON json_t *before = json_deep_copy(v);
		struct error err = { 0 };
		bool ok;

		ok = cat_check_record(record(answers[i].record), v, &err);
		assert_true(json_equal(v, before));
		if (ok != !answers[i].says)
			fail_msg("%s: %s", answers[i].value, ok ? "passed" : err.message);
		if (ok)
			continue;
		assert_int_equal(err.code, ERR_CLOUD_BAD_ANSWER);
		assert_string_equal(err.path, answers[i].path);
		if (!strstr(err.message, answers[i].says))
			fail_msg("%s: says %s", answers[i].value, err.message);
	}
}

/* json_read() would refuse it, so it is made here. */
static void integers_beyond_doubles_are_refused(void **state)
{
	AUTO_JSON json_t *v = json_pack("{ss ss sI}", "id", "i", "name", "n",
					"vcpus", (json_int_t)JSON_MAX_INT + 1);
	struct error err = { 0 };

	(void)state;
	assert_false(cat_check_record(record("instance_type"), v, &err));
	assert_string_equal(err.path, "/vcpus");
}

static void no_record_means_anything_goes(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_true(cat_check_record(NULL, NULL, &err));
	assert_false(cat_check_record(record("instance"), NULL, &err));
	assert_int_equal(err.code, ERR_CLOUD_BAD_ANSWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_arguments_pass),
		cmocka_unit_test(bad_arguments_are_refused_with_a_pointer),
		cmocka_unit_test(no_arguments_at_all_are_refused),
		cmocka_unit_test(records_are_checked),
		cmocka_unit_test(integers_beyond_doubles_are_refused),
		cmocka_unit_test(no_record_means_anything_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
