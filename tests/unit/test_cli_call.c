/* SPDX-License-Identifier: Apache-2.0 */
/* Operations as requests of the client, held to the server's own routes. */
#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/json.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/filter_split.h"
#include "cli/vendor.h"
#include "cli/wait.h"
#include "http.h"
#include "nouns/nouns.h"
#include "router.h"

/* ---- every operation ------------------------------------------------------------------ */

static json_t *sample_scalar(const struct cat_field *f);

static json_t *sample_object(const struct cat_record *record)
{
	json_t *object = json_object();

	for (const struct cat_field *f = record->fields; f->name; f++)
		if (f->flags & CAT_REQUIRED)
			json_object_set_new(object, f->name, sample_scalar(f));
	return object;
}

static json_t *sample_scalar(const struct cat_field *f)
{
	static const char *const texts[] = {
		[CAT_STRING] = "something long",
		[CAT_DECIMAL] = "1.5",
		[CAT_TIME] = "2026-11-21T09:41:59Z",
		[CAT_CIDR] = "10.0.0.0/16",
		[CAT_IP] = "10.0.0.1",
		[CAT_DATE] = "2026-11-21",
	};

	if (f->words)
		return json_string(f->words[0]);
	if (f->type == CAT_INT)
		return json_integer(f->min ? f->min : 1);
	if (f->type == CAT_BOOL)
		return json_true();
	if (f->type == CAT_OBJECT)
		return sample_object(f->of);
	if (f->type == CAT_TAGS || f->type == CAT_ANY)
		return json_object();
	return json_string(texts[f->type]);
}

static json_t *sample_args(const struct cat_op *op)
{
	json_t *args = json_object();
	const struct cat_field *f;

	for (size_t i = 0; (f = cat_arg(op, i)); i++) {
		json_t *one;

		if (!(f->flags & CAT_REQUIRED))
			continue;
		one = sample_scalar(f);
		json_object_set_new(args, f->name,
				    f->flags & CAT_LIST ? json_pack("[o]", one)
							: one);
	}
	if (op->flags & CAT_BY_ID)
		json_object_set_new(args, "id", json_string("a/b c"));
	return args;
}

static enum http_method method_of(const char *name)
{
	static const enum http_method all[] = { HTTP_GET, HTTP_POST, HTTP_PATCH,
						HTTP_DELETE };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!strcmp(http_method_name(all[i]), name))
			return all[i];
	fail_msg("no method %s", name);
	return HTTP_GET;
}

static void check_op(const struct router *router, const struct cat_op *op)
{
	AUTO_JSON json_t *args = sample_args(op);
	AUTO(call_done) struct call call = { 0 };
	struct route_match m;
	struct error err;

	if (!call_make(&call, "p", op, args, &err))
		fail_msg("%s: %s", op->name, err.message);
	if (!router_match(router, method_of(call.method), slice_of(call.path),
			  &m) ||
	    !m.route)
		fail_msg("%s: no route %s %s", op->name, call.method,
			 call.path);
	assert_ptr_equal(m.route->op, op);
	/* api/args.c: reading and deleting takes no body. */
	if (!strcmp(call.method, "GET") || !strcmp(call.method, "DELETE"))
		assert_null(call.body);
	else
		assert_null(call.query);
}

static void test_every_operation_has_its_route(void **state UNUSED)
{
	const struct cat_kind *const *kinds = command_kinds();
	const struct cat_kind *auth = noun_find("auth")->kind;
	struct router *router;
	size_t n;
	const struct route *const *routes = routes_all(&n);

	router = router_new(routes, n);
	for (size_t k = 0; kinds[k]; k++)
		for (const struct cat_op *op = kinds[k]->ops; op->name; op++)
			check_op(router, op);
	for (const struct cat_op *op = auth->ops; op->name; op++)
		check_op(router, op);
	router_free(router);
	routes_done();
}

/* ---- single ones ------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *op, *args, *gives;
} calls[] = {
	{ "member.delete", "{'id': 'usr/1', 'workspace_id': 'ws/1'}",
	  "DELETE /api/v1/workspaces/ws%2F1/members/usr%2F1" },
	{ "credential.create",
	  "{'workspace_id': 'w', 'provider': 'sim', 'name': 'n', 'fields': {}}",
	  "POST /api/v1/workspaces/w/credentials "
	  "{\"provider\":\"sim\",\"name\":\"n\",\"fields\":{}}" },
	{ "audit_record.list", "{'workspace_id': 'w'}",
	  "GET /api/v1/audit ?{\"workspace_id\":\"w\"}" },
	{ "instance.list", "{}", "GET /api/v1/providers/p%2Fq/instances" },
	{ "instance.list", "{'status': 'running'}",
	  "GET /api/v1/providers/p%2Fq/instances ?{\"status\":\"running\"}" },
	{ "instance.get", "{'id': 'a/b'}",
	  "GET /api/v1/providers/p%2Fq/instances/a%2Fb" },
	{ "network.delete", "{'id': 'n', 'cascade': true}",
	  "DELETE /api/v1/providers/p%2Fq/networks/n ?{\"cascade\":true}" },
	{ "instance.update", "{'id': 'i', 'name': 'x'}",
	  "PATCH /api/v1/providers/p%2Fq/instances/i {\"name\":\"x\"}" },
	{ "instance.start", "{'id': 'i'}",
	  "POST /api/v1/providers/p%2Fq/instances/i/start" },
	{ "security_group.remove_rule", "{'id': 'g', 'rule_id': 'r'}",
	  "POST /api/v1/providers/p%2Fq/security-groups/g/remove-rule "
	  "{\"rule_id\":\"r\"}" },
	{ "cluster.kubeconfig", "{'id': 'c'}",
	  "GET /api/v1/providers/p%2Fq/clusters/c/kubeconfig" },
	{ "key_pair.import", "{'name': 'k', 'public_key': 'ssh'}",
	  "POST /api/v1/providers/p%2Fq/key-pairs/import "
	  "{\"name\":\"k\",\"public_key\":\"ssh\"}" },
	{ "volume.create", "{'name': 'v', 'size': 3}",
	  "POST /api/v1/providers/p%2Fq/volumes "
	  "{\"name\":\"v\",\"size_gib\":3}" },
	{ "volume.create", "{'name': 'v'}", "invalid /size_gib" },
	{ "instance.get", "{}", "invalid /id" },
	{ "instance.get", "{'id': ''}", "invalid /id" },
};
/* clang-format on */

static char *as_text(const struct cat_op *op, const char *args_text)
{
	AUTO_FREE char *text = mem_strdup(args_text);
	AUTO_JSON json_t *args = NULL;
	AUTO(call_done) struct call call = { 0 };
	struct buf out = { 0 };
	struct error err;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	args = json_read(text, strlen(text), &err);
	if (!call_make(&call, "p/q", op, args, &err)) {
		buf_printf(&out, "%s %s", err_info(err.code)->name, err.path);
		return buf_steal(&out, NULL);
	}
	buf_printf(&out, "%s %s", call.method, call.path);
	if (call.query || call.body)
		buf_add_str(&out, call.query ? " ?" : " ");
	if (call.query || call.body)
		json_write(call.query ? call.query : call.body, &out);
	return buf_steal(&out, NULL);
}

static void test_calls(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const struct cat_op *own = noun_op_find(calls[i].op);
		const struct cat_op *op = own ? own : cat_op_find(calls[i].op);
		AUTO_FREE char *got = as_text(op, calls[i].args);

		assert_string_equal(got, calls[i].gives);
	}
}

/* ---- vendor kinds -------------------------------------------------------------------------- */

/* clang-format off */
static const char widget[] =
	"{\"title\":\"Widget\",\"operations\":{"
	"\"list\":{\"paged\":true,\"args\":{\"properties\":{\"size\":{\"type\":"
	"\"integer\"}}}},"
	"\"get\":{\"args\":{\"properties\":{\"id\":{\"type\":\"string\"}}}},"
	"\"create\":{\"args\":{\"required\":[\"size\"],\"properties\":{"
	"\"size\":{\"type\":\"integer\",\"description\":\"Its size.\"},"
	"\"colour\":{\"type\":\"string\",\"enum\":[\"red\",\"blue\"]},"
	"\"parts\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"key\":{\"type\":\"string\",\"writeOnly\":true},"
	"\"extra\":{\"type\":\"object\"}}}},"
	"\"delete\":{},"
	"\"weigh_in\":{\"mutates\":false},"
	"\"double\":{}}}";

static const struct {
	const char *verb, *args, *gives;
} vendor_calls[] = {
	{ "list", "{'size': 2}",
	  "GET /api/v1/providers/p%2Fq/x.test.widget ?{\"size\":2}" },
	{ "get", "{'id': 'w/1'}",
	  "GET /api/v1/providers/p%2Fq/x.test.widget/w%2F1" },
	{ "create",
	  "{'size': 2, 'colour': 'red', 'parts': ['a'], 'extra': {'b': 1}}",
	  "POST /api/v1/providers/p%2Fq/x.test.widget "
	  "{\"size\":2,\"colour\":\"red\","
	  "\"parts\":[\"a\"],\"extra\":{\"b\":1}}" },
	{ "create", "{}", "invalid /size" },
	{ "create", "{'size': 2, 'colour': 'green'}", "invalid /colour" },
	{ "delete", "{'id': 'w'}",
	  "DELETE /api/v1/providers/p%2Fq/x.test.widget/w" },
	{ "weigh_in", "{'id': 'w'}",
	  "GET /api/v1/providers/p%2Fq/x.test.widget/w/weigh_in" },
	{ "double", "{'id': 'w'}",
	  "POST /api/v1/providers/p%2Fq/x.test.widget/w/double" },
};
/* clang-format on */

static void test_vendor(void **state UNUSED)
{
	struct arena arena = { 0 };
	struct error err;
	AUTO_JSON json_t *about = json_read(widget, sizeof(widget) - 1, &err);
	const struct cat_kind *kind =
		vendor_kind(&arena, "x.test.widget", about);

	for (size_t i = 0; i < ARRAY_LEN(vendor_calls); i++) {
		const struct cat_op *op =
			command_op(kind, vendor_calls[i].verb);
		AUTO_FREE char *got = as_text(op, vendor_calls[i].args);

		assert_string_equal(got, vendor_calls[i].gives);
	}
	assert_true(command_op(kind, "delete")->flags & CAT_DESTROYS);
	assert_true(command_op(kind, "list")->flags & CAT_PAGED);
	assert_false(command_op(kind, "weigh-in")->flags & CAT_MUTATES);
	assert_true(command_arg_find(command_op(kind, "create"), "key")->flags &
		    CAT_SECRET);
	arena_done(&arena);
}

/* ---- filters ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *filter, *args, *rest;
} filters[] = {
	{ "", "{}", "" },
	{ "status=running", "{\"status\":\"running\"}", "" },
	{ "type=small,name~web", "{\"instance_type\":\"small\"}", "name~web" },
	{ "name!=web,zone=a", "{\"zone\":\"a\"}", "name!=web" },
	{ "tags.team=shop", "{}", "tags.team=shop" },
	{ "name=a\\,b,host=x", "{\"name\":\"a,b\"}", "host=x" },
	{ "name=", "{}", "name=" },
	{ "name", "{}", "name" },
	{ "name=a,name=b", "{\"name\":\"a\"}", "name=b" },
	{ "host=a,host!=b", "{}", "host=a,host!=b" },
};
/* clang-format on */

static void test_filters(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		AUTO_JSON json_t *args = json_object();
		AUTO(buf_done) struct buf text = { 0 };
		struct error err;
		AUTO_FREE char *rest =
			filter_split(cat_op_find("instance.list"),
				     filters[i].filter, args, &err);

		json_write(args, &text);
		assert_string_equal(text.p, filters[i].args);
		assert_string_equal(rest, filters[i].rest);
	}
}

/* ---- states ---------------------------------------------------------------------------------- */

/* Who waits must know every word that the catalogue can answer with. */
static void test_every_status_is_known(void **state UNUSED)
{
	const struct cat_kind *const *kinds = cat_kinds();

	for (size_t k = 0; kinds[k]; k++) {
		const struct cat_field *f =
			kinds[k]->record
				? cat_field_find(kinds[k]->record->fields,
						 "status")
				: NULL;

		for (size_t i = 0; f && f->words && f->words[i]; i++)
			if (wait_state(f->words[i]) == WAIT_OTHER)
				fail_msg("%s: %s", kinds[k]->name, f->words[i]);
	}
	assert_int_equal(wait_state("brand_new"), WAIT_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_operation_has_its_route),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_vendor),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_every_status_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
