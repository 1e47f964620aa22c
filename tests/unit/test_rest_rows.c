/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rows say beside their request: which of several is run, what is looked
 * up before, what lists are made of, what is refused.
 */
#include "cloud/rest_run.h"
#include "rest_rows.h"

/* clang-format off: tables */

/* ---- pages of a service -------------------------------------------------- */

static const struct row pages[] = {
	{ "instance_type.list", "{}",
	  { { "GET /types", 200, "{\"types\":[" NAMED("a") "],\"next\":\"m1\"}" },
	    { "GET /types?marker=m1", 200, "{\"types\":[" NAMED("b") "]}" } },
	  "[" TYPE("a") "," TYPE("b") "]" },
	{ "instance_type.list", "{\"limit\":1}",
	  { { "GET /types?limit=1", 200, "{\"types\":[" NAMED("a") "],\"next\":\"m1\"}" } },
	  "{\"items\":[" TYPE("a") "],\"next\":\"m:m1\"}" },
	/* A list that says that it has none. */
	{ "key_pair.list", "{\"limit\":1}",
	  { { "GET /keys", 200, "{\"keys\":[" NAMED("k") "],\"next\":\"m1\"}" } },
	  "[" NAMED("k") "]" },
	/* One record, picked out of a list, may be on a later page. */
	{ "instance_type.get", "{\"id\":\"c\"}",
	  { { "GET /types?fields=all", 200, "{\"types\":[" NAMED("a") "],\"next\":\"m1\"}" },
	    { "GET /types?fields=all&marker=m1", 200,
	      "{\"types\":[" NAMED("c") "],\"next\":\"m2\"}" } },
	  TYPE("c") },
	{ "instance_type.get", "{\"id\":\"d\"}",
	  { { "GET /types?fields=all", 200, "{\"types\":[],\"next\":\"m1\"}" },
	    { "GET /types?fields=all&marker=m1", 200, "{\"types\":[]}" } },
	  .code = ERR_NOT_FOUND, .effect = EFFECT_NONE },
	{ "instance_type.get", "{\"id\":\"d\"}",
	  { { "GET /types?fields=all", 200, "{\"types\":[],\"next\":\"m1\"}" },
	    { "GET /types?fields=all&marker=m1", 200, "{\"types\":[],\"next\":\"m1\"}" } },
	  .code = ERR_CLOUD_BAD_ANSWER, .effect = EFFECT_NONE, .why = "circle" },
};

static void test_pages(void **state)
{
	(void)state;
	RUN(pages);
	assert_int_equal(call.fault.code, ERR_CLOUD_BAD_ANSWER);
}

/* ---- which row ----------------------------------------------------------- */

static const struct row choices[] = {
	{ "instance.console", "{\"id\":\"s\",\"type\":\"spice\"}",
	  { { "POST /servers/s/vnc", 200, "{\"c\":{\"url\":\"u\"}}" } }, "{\"url\":\"u\"}" },
	{ "instance.console", "{\"id\":\"s\",\"type\":\"serial\"}",
	  { { "POST /servers/s/serial", 200, "{\"c\":{\"url\":\"u\"}}" } }, "{\"url\":\"u\"}" },
	{ "instance.console", "{\"id\":\"s\",\"type\":\"log\"}", .code = ERR_UNSUPPORTED,
	  .effect = EFFECT_NONE, .why = "one of these: type=vnc|spice, type=serial" },
	{ "instance.console", "{\"id\":\"s\"}", .code = ERR_INVALID, .effect = EFFECT_NONE,
	  .why = "instance.console: this cloud needs one of these: type=vnc|spice, type=serial" },
	{ "instance.restart", "{\"id\":\"s\",\"force\":true}",
	  { { "POST /servers/s/reset", 204 } }, "null" },
	{ "instance.restart", "{\"id\":\"s\",\"force\":false}",
	  { { "POST /servers/s/reboot", 204 } }, "null" },
	{ "instance.restart", "{\"id\":\"s\"}", { { "POST /servers/s/reboot", 204 } }, "null" },
	/* All of several conditions. */
	{ "volume.attach", "{\"id\":\"v\",\"instance_id\":\"s\",\"device\":\"d\"}",
	  .code = ERR_INVALID, .effect = EFFECT_NONE, .why = "device, read_only" },
	{ "volume.attach", "{\"id\":\"v\",\"instance_id\":\"s\"}",
	  { { "POST /volumes/v/of/s", 204 } }, "null" },
};

static void test_choices(void **state)
{
	(void)state;
	RUN(choices);
	run_row(&choices[2]);
	assert_string_equal(call.fault.path, "/type");
	run_row(&choices[3]);
	assert_string_equal(call.fault.path, "/type");
}

/* ---- what would be dropped ----------------------------------------------- */

#define LISTENER(protocol) "{\"port\":80,\"protocol\":\"" protocol "\"}"

static const struct {
	struct row row;
	const char *path;
} refused[] = {
	{ { "volume.create", "{\"size_gib\":1,\"tags\":{\"a\":\"b\"}}",
	    .why = "volume.create: this cloud cannot set /tags in this operation" }, "/tags" },
	{ { "volume.create", "{\"size_gib\":1,\"encrypted\":true}" }, "/encrypted" },
	{ { "volume.create", "{\"size_gib\":1,\"iops\":0}" }, "/iops" },
	{ { "load_balancer.create", "{\"name\":\"b\",\"listeners\":[" LISTENER("tcp") "],"
	    "\"scheme\":\"internet\"}" }, "/scheme" },
	{ { "load_balancer.create", "{\"name\":\"b\",\"listeners\":[" LISTENER("udp") "],"
	    "\"scheme\":null}" }, "/listeners/0/protocol" },
	{ { "load_balancer.create", "{\"name\":\"b\",\"listeners\":[" LISTENER("tcp") "],"
	    "\"subnet_ids\":[\"s\",\"t\"]}" }, "/subnet_ids" },
	{ { "cluster.create", "{\"name\":\"c\",\"node_pool\":{\"node_count\":1,\"spot\":true}}" },
	  "/node_pool/spot" },
	{ { "security_group.create",
	    "{\"name\":\"g\",\"rules\":[{\"port_to\":1},{\"port_to\":2,\"priority\":3}]}" },
	  "/rules/1/priority" },
};

static void test_refused(void **state)
{
	struct row row;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		row = refused[i].row;
		row.code = ERR_UNSUPPORTED;
		row.effect = EFFECT_NONE;
		run_row(&row);
		assert_string_equal(call.fault.path, refused[i].path);
	}
	assert_int_equal(fake.requests, 0);
}

#define VOLUME "{\"v\":{\"id\":\"v\",\"name\":\"n\"}}"

static const struct row understood[] = {
	/* What is null, false or empty asks for nothing. */
	{ "volume.create", "{\"size_gib\":1,\"tags\":{},\"encrypted\":false,\"snapshot_id\":null,"
	  "\"description\":\"\",\"type\":\"fast\",\"region\":\"r\"}",
	  { { "POST /volumes {\"size\":1}", 200, VOLUME }, { "GET /volumes/v", 200, VOLUME } },
	  "{\"id\":\"v\",\"name\":\"n\"}" },
	{ "load_balancer.create", "{\"name\":\"b\",\"listeners\":[" LISTENER("tcp") "],"
	  "\"scheme\":\"internal\",\"subnet_ids\":[\"s\"]}",
	  { { "POST /balancers {\"name\":\"b\",\"net\":\"s\",\"at\":[80]}", 200,
	      "{\"b\":{\"id\":\"1\",\"name\":\"b\"}}" } }, "{\"id\":\"1\",\"name\":\"b\"}" },
	{ "cluster.create", "{\"name\":\"c\",\"node_pool\":{\"node_count\":1,\"spot\":false}}",
	  { { "POST /clusters {\"name\":\"c\",\"size\":1}", 200,
	      "{\"c\":{\"id\":\"c\",\"name\":\"c\"}}" } },
	  "{\"id\":\"c\",\"name\":\"c\"}" },
	{ "security_group.create", "{\"name\":\"g\",\"rules\":[{\"port_to\":1}]}",
	  { { "POST /groups {\"name\":\"g\",\"rules\":[{\"to\":1}]}", 200,
	      "{\"g\":{\"id\":\"g\",\"name\":\"g\"}}" } },
	  "{\"id\":\"g\",\"name\":\"g\"}" },
};

static void test_understood(void **state)
{
	(void)state;
	RUN(understood);
	assert_int_equal(fake.requests, 5);
}

/* ---- look-ups ------------------------------------------------------------ */

#define CREATE "\"name\":\"n\",\"image_id\":\"i\",\"instance_type\":\"big\""
#define SERVER "{\"s\":{\"id\":\"s\",\"name\":\"n\"}}"
#define BIG "{\"types\":[{\"id\":\"7\",\"name\":\"big\"}]}"

static const struct row lookups[] = {
	{ "instance.create", "{" CREATE "}",
	  { { "GET /types?name=big", 200, BIG },
	    { "POST /servers {\"name\":\"n\",\"flavor\":\"7\",\"image\":\"i\"}", 200, SERVER } },
	  "{\"id\":\"s\",\"name\":\"n\"}" },
	{ "instance.create", "{" CREATE ",\"subnet_id\":\"sub\",\"key_pair\":\"k\"}",
	  { { "GET /types?name=big", 200, BIG },
	    { "GET /subnets/sub", 200, "{\"subnet\":{\"net\":\"n1\"}}" },
	    { "GET /keys", 200, "{\"keys\":[" NAMED("k") "," NAMED("l") "]}" },
	    { "POST /servers {\"name\":\"n\",\"flavor\":\"7\",\"image\":\"i\",\"net\":\"n1\","
	      "\"keys\":[\"k\",\"l\"]}", 200, SERVER } },
	  "{\"id\":\"s\",\"name\":\"n\"}" },
	/* Of a delete, what is not there is gone. */
	{ "volume.delete", "{\"id\":\"v\"}", { { "GET /volumes?of=v", 404 } }, "null" },
};

static const struct {
	struct row row;
	const char *path;
} lost[] = {
	{ { "instance.create", "{" CREATE "}",
	    { { "GET /types?name=big", 200, "{\"types\":[]}" } }, .code = ERR_INVALID,
	    .effect = EFFECT_NONE, .why = "instance.create: this cloud has no instance_type \"big\""
	    "; instance_type.list names those it has" }, "/instance_type" },
	{ { "instance.create", "{" CREATE ",\"subnet_id\":\"x\"}",
	    { { "GET /types?name=big", 200, BIG }, { "GET /subnets/x", 404 } },
	    .code = ERR_INVALID, .effect = EFFECT_NONE, .why = "no subnet_id \"x\"" },
	  "/subnet_id" },
	{ { "snapshot.create", "{\"volume_id\":\"x\"}", { { "GET /volumes/x", 404 } },
	    .code = ERR_INVALID, .effect = EFFECT_NONE, .why = "volume.list names" },
	  "/volume_id" },
	{ { "snapshot.create", "{\"volume_id\":\"x\"}", { { "GET /volumes/x", 400 } },
	    .code = ERR_INVALID, .effect = EFFECT_NONE }, "/volume_id" },
	{ { "snapshot.create", "{\"volume_id\":\"x\"}", { { "GET /volumes/x", 403 } },
	    .code = ERR_FORBIDDEN, .effect = EFFECT_NONE }, "" },
	/* The subject itself. */
	{ { "volume.resize", "{\"id\":\"x\",\"size_gib\":2}", { { "GET /volumes/x", 404 } },
	    .code = ERR_NOT_FOUND, .effect = EFFECT_NONE }, "" },
	/* Refused before anything is looked up. */
	{ { "instance.create", "{" CREATE ",\"zone\":\"z\"}", .code = ERR_UNSUPPORTED,
	    .effect = EFFECT_NONE }, "/zone" },
};

static void test_lookups(void **state)
{
	(void)state;
	RUN(lookups);
	for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
		run_row(&lost[i].row);
		assert_string_equal(call.fault.path, lost[i].path);
	}
}

/* ---- lists of several requests ------------------------------------------- */

#define POOL(id) "{\"id\":\"" id "\",\"name\":\"" id "\",\"c\":\"x\",\"n\":\"2\"}"
#define POOL_RECORD(id) "{\"id\":\"" id "\",\"name\":\"" id "\",\"cluster_id\":\"x\"," \
	"\"node_count\":2}"
#define CLUSTERS "{\"clusters\":[" NAMED("a") "," NAMED("b") "]}"
#define GET_A "GET /clusters/a/pools"
#define GET_B "GET /clusters/b/pools"

static const struct row joins[] = {
	/* Their own limit, and filters of the one kind, are not the other's. */
	{ "node_pool.list", "{\"limit\":1,\"name\":\"p\"}",
	  { { "GET /clusters", 200, CLUSTERS },
	    { GET_A, 200, "{\"pools\":[" POOL("p") "],\"next\":\"2\"}" },
	    { GET_A "?marker=2", 200, "{\"pools\":[" POOL("q") "]}" },
	    { GET_B, 200, "{\"pools\":[" POOL("r") "]}" } },
	  "[" POOL_RECORD("p") "," POOL_RECORD("q") "," POOL_RECORD("r") "]" },
	{ "node_pool.list", "{\"cluster_id\":\"a\",\"limit\":1}",
	  { { GET_A "?limit=1", 200, "{\"pools\":[" POOL("p") "]}" } },
	  "[" POOL_RECORD("p") "]" },
	/* A cluster that is gone meanwhile has none; one that is refused is. */
	{ "node_pool.list", "{}",
	  { { "GET /clusters", 200, CLUSTERS }, { GET_A, 404 },
	    { GET_B, 200, "{\"pools\":[" POOL("r") "]}" } }, "[" POOL_RECORD("r") "]" },
	{ "node_pool.list", "{}",
	  { { "GET /clusters", 200, CLUSTERS }, { GET_A, 403 } },
	  .code = ERR_FORBIDDEN, .effect = EFFECT_NONE },
	{ "node_pool.list", "{}", { { "GET /clusters", 404 } },
	  .code = ERR_NOT_FOUND, .effect = EFFECT_NONE },
	{ "node_pool.list", "{\"page_token\":\"m:1\"}", .code = ERR_INVALID,
	  .effect = EFFECT_NONE, .why = "page_token" },
	/* The records of others follow, with the types of the kind; a service that
	 * the cloud does not offer has none. */
	{ "region.list", "{\"limit\":1}",
	  { { "GET /regions", 200, "{\"r\":[" NAMED("a") "],\"next\":\"/regions?p=2\"}" },
	    { "GET /regions?p=2", 200, "{\"r\":[" NAMED("b") "]}" },
	    { "GET /private", 200, "{\"r\":[{\"n\":7}]}" } },
	  "[" NAMED("a") "," NAMED("b") "," NAMED("7") "]" },
	{ "region.list", "{}",
	  { { "GET /regions", 200, "{\"r\":[]}" }, { "GET /private", 404 } },
	  .code = ERR_NOT_FOUND, .effect = EFFECT_NONE },
};

static bool take_one(void *arg, json_t *record)
{
	++*(int *)arg;
	json_decref(record);
	return false;
}

/* A sink that has enough ends all of it. */
static void list_one(void)
{
	AUTO_JSON json_t *args = json_object();
	const char *const lists[] = { "node_pool.list", "region.list" };
	char *next;
	int taken = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		assert_true(rest_list(&call, rest_choose(&driver, lists[i], args),
				      args, take_one, &taken, &next));
	assert_int_equal(taken, 2);
}

static void test_joins(void **state)
{
	static const struct turn script[] = {
		{ "GET /clusters", 200, CLUSTERS },
		{ GET_A, 200, "{\"pools\":[" POOL("p") "," POOL("q") "]}" },
		{ "GET /regions", 200, "{\"r\":[" NAMED("a") "," NAMED("b") "]}" },
	};

	(void)state;
	RUN(joins);
	turns = script;
	turns_left = ARRAY_LEN(script);
	call_init();
	in_fiber(list_one);
	call_done();
	assert_int_equal(turns_left, 0);
	assert_string_equal(surprise, "");
}

/* ---- --explain ----------------------------------------------------------- */

#define HEADERS "Accept: application/json\nUser-Agent: skyclust-test/1.0\n"
#define SENT "Accept: application/json\nContent-Type: application/json\n" \
	     "User-Agent: skyclust-test/1.0\n"

static const struct {
	const char *op, *args, *text;   /* BASE: the cloud's address */
} explained[] = {
	{ "instance.create", "{" CREATE ",\"subnet_id\":\"u\",\"key_pair\":\"k\"}",
	  "let flavor:\nGET BASE/types?name=big\n" HEADERS "\n"
	  "let network:\nGET BASE/subnets/u\n" HEADERS "\n"
	  "let keys:\nGET BASE/keys\n" HEADERS "\n"
	  "POST BASE/servers\n" SENT "\n{\n  \"name\": \"n\",\n  \"flavor\": \"{flavor.id}\",\n"
	  "  \"image\": \"i\",\n  \"net\": \"{network.net}\",\n  \"keys\": [\n    \"{keys[].id}\"\n"
	  "  ]\n}\n" },
	{ "snapshot.create", "{\"volume_id\":\"v\"}",
	  "let volume:\nGET BASE/volumes/v\n" HEADERS "\n"
	  "POST BASE/volumes/{volume.uuid}/snapshots\n" HEADERS },
	{ "node_pool.list", "{}",
	  "over cluster.list:\nGET BASE/clusters\n" HEADERS
	  "\nGET BASE/clusters/{over.id}/pools\n" HEADERS },
	{ "region.list", "{}",
	  "GET BASE/regions\n" HEADERS "\nalso private_regions:\nGET BASE/private\n" HEADERS
	  "\nalso far_regions:\nGET {session.far}/r\n" HEADERS },
};

static void test_explain(void **state)
{
	struct error err = { 0 };

	(void)state;
	call_init();
	for (size_t i = 0; i < ARRAY_LEN(explained); i++) {
		AUTO_JSON json_t *args = json_read(explained[i].args,
						   strlen(explained[i].args), NULL);
		AUTO_FREE char *text = with_base(explained[i].text);
		AUTO(buf_done) struct buf out = { 0 };

		if (!rest_explain(&call, rest_choose(&driver, explained[i].op, args),
				  args, &out, &err))
			fail_msg("%s: %s", explained[i].op, err.message);
		assert_string_equal(out.p, text);
	}
	call_done();
	assert_int_equal(fake.requests, 0);
}

/* ---- conflicts ----------------------------------------------------------- */

#define STATE(word) "{\"s\":{\"id\":\"s\",\"name\":\"n\",\"status\":\"" word "\"}}"

static const struct row conflicts[] = {
	{ "instance.start", "{\"id\":\"s\"}",
	  { { "POST /servers/s/start", 409 }, { "GET /servers/s", 200, STATE("pending") } },
	  "null" },
	{ "instance.start", "{\"id\":\"s\"}",
	  { { "POST /servers/s/start", 409 }, { "GET /servers/s", 200, STATE("error") } },
	  .code = ERR_CONFLICT, .effect = EFFECT_NONE, .why = "409" },
	{ "instance.start", "{\"id\":\"s\"}",
	  { { "POST /servers/s/start", 409 }, { "GET /servers/s", 404 } },
	  .code = ERR_CONFLICT, .effect = EFFECT_NONE, .why = "409" },
	{ "instance.start", "{\"id\":\"s\"}", { { "POST /servers/s/start", 400 } },
	  .code = ERR_INVALID, .effect = EFFECT_NONE },
};

/* Once something is made it is told, seen or not. */
static const struct row afterwards[] = {
	{ "key_pair.create", "{\"name\":\"a\"}",
	  { { "POST /keys", 201, "{\"k\":" NAMED("a") "}" },
	    { "GET /keys/a", 200, "{\"k\":{\"n\":5}}" } }, "{\"id\":\"5\",\"name\":\"5\"}" },
	{ "key_pair.create", "{\"name\":\"a\"}",
	  { { "POST /keys", 201, "{\"k\":" NAMED("a") "}" }, { "GET /keys/a", 404 } }, NAMED("a") },
	{ "key_pair.create", "{\"name\":\"a\"}",
	  { { "POST /keys", 201, "{\"k\":{\"id\":\"a\"}}" }, { "GET /keys/a", 404 } },
	  .code = ERR_NOT_FOUND, .effect = EFFECT_APPLIED },
	/* What is not there may be what was wanted. */
	{ "volume.detach", "{\"id\":\"v\"}",
	  { { "DELETE /volumes/v/of", 404 }, { "GET /volumes/v", 200, "{\"v\":" NAMED("v") "}" } },
	  .value = NAMED("v") },
	{ "volume.attach", "{\"id\":\"v\",\"instance_id\":\"v\"}",
	  { { "POST /volumes/v/of/v", 409 }, { "GET /volumes/v", 200, "{\"v\":" NAMED("v") "}" } },
	  .value = NAMED("v") },
	{ "volume.attach", "{\"id\":\"v\",\"instance_id\":\"w\"}",
	  { { "POST /volumes/v/of/w", 409 }, { "GET /volumes/v", 200, "{\"v\":" NAMED("v") "}" } },
	  .code = ERR_CONFLICT, .effect = EFFECT_NONE, .why = "409" },
	{ "volume.detach", "{\"id\":\"v\"}",
	  { { "DELETE /volumes/v/of", 404 }, { "GET /volumes/v", 404 } },
	  .code = ERR_NOT_FOUND, .effect = EFFECT_NONE, .why = "volume.detach" },
};

#define NET(id) "{\"id\":\"" id "\",\"name\":\"n\"}"
#define MAKE_NET "POST /nets {\"name\":\"n\"}"

static const struct row steps[] = {
	{ "network.create", "{\"name\":\"n\"}",
	  { { MAKE_NET, 201, NET("1") }, { "GET /nets/1", 200, NET("1") } }, NET("1") },
	{ "network.create", "{\"name\":\"n\",\"cidr\":\"c\"}",
	  { { MAKE_NET, 201, NET("1") }, { "POST /nets/1/subnets {\"cidr\":\"c\"}", 201 },
	    { "GET /nets/1", 200, NET("1") } }, NET("1") },
	/* What cannot be shown has been made; what cannot be finished has not. */
	{ "network.create", "{\"name\":\"n\",\"cidr\":\"c\"}",
	  { { MAKE_NET, 201, NET("1") }, { "POST /nets/1/subnets {\"cidr\":\"c\"}", 201 },
	    { "GET /nets/1", 404 } }, NET("1") },
	{ "network.create", "{\"name\":\"n\",\"cidr\":\"c\"}",
	  { { MAKE_NET, 201, NET("1") }, { "POST /nets/1/subnets {\"cidr\":\"c\"}", 409 },
	    { "DELETE /nets/1", 204 } },
	  .code = ERR_CONFLICT, .effect = EFFECT_NONE,
	  .why = "network 1 was removed again: first" },
	{ "network.create", "{\"name\":\"n\",\"cidr\":\"c\"}",
	  { { MAKE_NET, 201, NET("1") }, { "POST /nets/1/subnets {\"cidr\":\"c\"}", 400 },
	    { "DELETE /nets/1", 409 } },
	  .code = ERR_INVALID, .effect = EFFECT_PARTIAL, .why = "network 1 is left behind: first" },
};

#define TARGET "{\"id\":\"b\",\"address\":\"a\"}"
#define POOLS(list) "GET /pools?of=b", 200, "{\"pools\":[" list "]}"
#define ADD(pool) "POST /pools/" pool " {\"at\":\"a\"}"
#define BALANCER(status) "{\"id\":\"b\",\"name\":\"n\",\"status\":\"" status "\"}"
#define SHOW(status) "GET /balancers/b", 200, "{\"b\":" BALANCER(status) "}"

static const struct row each[] = {
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1},{\"id\":2}") }, { ADD("1"), 201 }, { ADD("2"), 201 },
	    { SHOW("available") } }, BALANCER("available") },
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1}") }, { ADD("1"), 404 }, { SHOW("pending") },
	    { SHOW("available") } }, BALANCER("available") },
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1},{\"id\":2}") }, { ADD("1"), 201 }, { ADD("2"), 403 } },
	  .code = ERR_FORBIDDEN, .effect = EFFECT_PARTIAL },
	{ "load_balancer.add_target", TARGET, { { POOLS("{\"id\":1}") }, { ADD("1"), 403 } },
	  .code = ERR_FORBIDDEN, .effect = EFFECT_NONE },
	{ ".drop", "{\"extra\":[{\"id\":1},{\"id\":2}]}",
	  { { "DELETE /rules/1", 404 }, { "DELETE /rules/2", 204 } }, "null" },
	{ ".drop", "{}", .value = "null" },
	/* Refused while the cloud is at work: again, and once when it is at rest now. */
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1}") }, { ADD("1"), 409 }, { SHOW("pending") }, { ADD("1"), 201 },
	    { SHOW("available") } }, BALANCER("available") },
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1}") }, { ADD("1"), 409 }, { SHOW("error") }, { ADD("1"), 201 },
	    { SHOW("available") } }, BALANCER("available") },
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1}") }, { ADD("1"), 409 }, { SHOW("error") }, { ADD("1"), 409 },
	    { SHOW("error") }, { SHOW("error") } },
	  .code = ERR_CONFLICT, .effect = EFFECT_NONE },
	/* Refused twice at rest: it is there already. */
	{ "load_balancer.add_target", TARGET,
	  { { POOLS("{\"id\":1}") }, { ADD("1"), 409 }, { SHOW("available") }, { ADD("1"), 409 },
	    { SHOW("available") }, { SHOW("available") }, { SHOW("available") } },
	  BALANCER("available") },
	{ "load_balancer.remove_target", "{\"id\":\"b\",\"target_id\":\"t\"}",
	  { { POOLS("{\"id\":1},{\"id\":2}") },
	    { "GET /pools/1", 200, "{\"members\":[{\"id\":\"x\"}]}" },
	    { "GET /pools/2", 200, "{\"members\":[{\"id\":\"t\"},{\"id\":\"u\"}]}" },
	    { "DELETE /pools/2/t", 404 }, { SHOW("available") } }, BALANCER("available") },
};

static void test_steps(void **state)
{
	(void)state;
	RUN(steps);
	run_row(&steps[3]);
	assert_string_equal(call.fault.path, "/cidr");
}

static void test_each(void **state)
{
	(void)state;
	RUN(each);
}

static void test_afterwards(void **state)
{
	(void)state;
	RUN(afterwards);
}

static void test_lists(void **state)
{
	AUTO_JSON json_t *has = json_pack("{s[ss]}", "a", "x", "y");

	(void)state;
	assert_true(rest_holds("a=y|z", has));
	assert_false(rest_holds("a=z", has));
	assert_true(rest_holds("a !a=z", has));
	assert_false(rest_holds("!a=x", has));
	json_object_set_new(has, "t", json_pack("[{s:s}, {s:s}]", "k", "x", "k", "y"));
	assert_true(rest_holds("t[].k=y", has));
	assert_false(rest_holds("t[].k=z", has));
}

static void test_conflicts(void **state)
{
	(void)state;
	RUN(conflicts);
}

#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLOUD(test_pages),
		WITH_CLOUD(test_choices),
		WITH_CLOUD(test_refused),
		WITH_CLOUD(test_understood),
		WITH_CLOUD(test_lookups),
		WITH_CLOUD(test_joins),
		WITH_CLOUD(test_explain),
		WITH_CLOUD(test_lists),
		WITH_CLOUD(test_conflicts),
		WITH_CLOUD(test_afterwards),
		WITH_CLOUD(test_steps),
		WITH_CLOUD(test_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
