/* SPDX-License-Identifier: Apache-2.0 */
/* The route table, and which route a path belongs to. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "handlers.h"
#include "router.h"

static void handler(struct request *req UNUSED)
{
}

#define ROW(m, path) \
	&(const struct route){ .method = m, .pattern = path, .handle = handler }

static const struct route *const small[] = {
	ROW(HTTP_GET, "/"),
	ROW(HTTP_GET, "/a"),
	ROW(HTTP_POST, "/a"),
	ROW(HTTP_GET, "/a/{x}"),
	ROW(HTTP_DELETE, "/a/{x}"),
	ROW(HTTP_GET, "/a/b"),
	ROW(HTTP_GET, "/a/x.{y}"),
	ROW(HTTP_POST, "/a/{x}/go/{z}"),
	ROW(HTTP_GET, "/{p}/b/c"),
};

static struct router *router;

static int make_small(void **state UNUSED)
{
	router = router_new(small, ARRAY_LEN(small));
	return 0;
}

static int drop(void **state UNUSED)
{
	router_free(router);
	routes_done();
	return 0;
}

/* ---- a small table --------------------------------------------------------- */

static const struct {
	enum http_method method;
	const char *path, *pattern;     /* NULL: none */
	const char *params;             /* with commas */
	unsigned allowed;               /* when none */
} cases[] = {
	{ HTTP_GET, "/", "/", "" },
	{ HTTP_GET, "/a", "/a", "" },
	{ HTTP_HEAD, "/a", "/a", "" },
	{ HTTP_POST, "/a", "/a", "" },
	{ HTTP_GET, "/a/b", "/a/b", "" },
	{ HTTP_GET, "/a/q", "/a/{x}", "q" },
	{ HTTP_GET, "/a/x.q", "/a/x.{y}", "q" },
	{ HTTP_GET, "/a/x.", "/a/{x}", "x." },
	{ HTTP_GET, "/a/xq", "/a/{x}", "xq" },
	{ HTTP_GET, "/a/%2F%62", "/a/{x}", "%2F%62" },
	/* where the better branch has no such method, the others count */
	{ HTTP_DELETE, "/a/b", "/a/{x}", "b" },
	{ HTTP_DELETE, "/a/x.q", "/a/{x}", "x.q" },
	{ HTTP_POST, "/a/b/go/on", "/a/{x}/go/{z}", "b,on" },
	{ HTTP_GET, "/a/b/c", "/{p}/b/c", "a" },
	{ HTTP_GET, "/zz/b/c", "/{p}/b/c", "zz" },
	/* nobody's */
	{ HTTP_GET, "/b", NULL, "", 0 },
	{ HTTP_GET, "/a/", NULL, "", 0 },
	{ HTTP_GET, "//a", NULL, "", 0 },
	{ HTTP_GET, "/a//go/x", NULL, "", 0 },
	{ HTTP_GET, "a", NULL, "", 0 },
	{ HTTP_GET, "", NULL, "", 0 },
	{ HTTP_GET, "*", NULL, "", 0 },
	{ HTTP_GET, "/A", NULL, "", 0 },
	{ HTTP_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL, "", 0 },
	/* another method's */
	{ HTTP_DELETE, "/a", NULL, "",
	  HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_OPTIONS },
	{ HTTP_POST, "/a/b", NULL, "",
	  HTTP_GET | HTTP_HEAD | HTTP_DELETE | HTTP_OPTIONS },
	{ HTTP_OTHER, "/a/q", NULL, "",
	  HTTP_GET | HTTP_HEAD | HTTP_DELETE | HTTP_OPTIONS },
	{ HTTP_HEAD, "/a/b/go/on", NULL, "", HTTP_POST | HTTP_OPTIONS },
};

static void check_params(const struct route_match *m, const char *params)
{
	char text[64] = "";

	for (unsigned i = 0; i < m->params; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%.*s", i ? "," : "", (int)m->param[i].n,
			 m->param[i].p);
	assert_string_equal(text, params);
}

static void test_match(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route_match m;
		bool found = router_match(router, cases[i].method,
					  slice_of(cases[i].path), &m);

		print_message("%s %s\n", http_method_name(cases[i].method),
			      cases[i].path);
		assert_int_equal(found, cases[i].pattern != NULL);
		if (found)
			assert_string_equal(m.route->pattern, cases[i].pattern);
		else
			assert_int_equal(m.allowed, cases[i].allowed);
		check_params(&m, cases[i].params);
	}
}

static void test_allow(void **state UNUSED)
{
	char text[ROUTER_ALLOW];

	assert_string_equal(router_allow(0, text), "");
	assert_string_equal(router_allow(HTTP_POST, text), "POST");
	assert_string_equal(router_allow(0xff, text),
			    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

/* ---- the real table -------------------------------------------------------- */

/* The pattern with a name in place of each parameter. */
static const char *fill(const char *pattern, char path[256])
{
	size_t n = 0;

	for (const char *p = pattern; *p; p++) {
		if (*p != '{') {
			path[n++] = *p;
			continue;
		}
		path[n++] = 'q';
		p = strchr(p, '}');
	}
	path[n] = '\0';
	return path;
}

static void test_every_route_is_found(void **state UNUSED)
{
	const struct route *const *routes;
	struct router *real;
	size_t n;

	routes = routes_all(&n);
	real = router_new(routes, n);
	assert_true(n > 150);
	for (size_t i = 0; i < n; i++) {
		struct route_match m;
		char path[256];

		fill(routes[i]->pattern, path);
		assert_true(router_match(real, routes[i]->method,
					 slice_of(path), &m));
		assert_ptr_equal(m.route, routes[i]);
		assert_true(m.allowed & routes[i]->method);
	}
	router_free(real);
}

static void test_every_route_says_who_it_is_for(void **state UNUSED)
{
	const struct route *const *routes;
	size_t n;

	routes = routes_all(&n);
	for (size_t i = 0; i < n; i++) {
		const struct route *r = routes[i];
		bool guarded = !strncmp(r->pattern, "/api/", 5);

		assert_int_not_equal(r->scope, ACCESS_NONE);
		if (!guarded)
			assert_int_equal(r->scope, ACCESS_OPEN);
		/* Only ways to show who one is. */
		if (r->scope == ACCESS_OPEN && guarded)
			assert_true(text_starts(r->id, "auth."));
		if (r->scope > ACCESS_SELF && !r->verb)
			assert_non_null(strchr(r->permission, ':'));
		if (r->handle == noun_call && !r->act)
			fail_msg("no act for %s", r->id);
		assert_non_null(r->handle);
		assert_non_null(r->type);
	}
}

static bool is_routed(const struct cat_op *op, const char *prefix)
{
	const struct route *const *routes;
	size_t n;

	routes = routes_all(&n);
	for (size_t i = 0; i < n; i++)
		if (routes[i]->op == op &&
		    !strncmp(routes[i]->pattern, prefix, strlen(prefix)))
			return true;
	return false;
}

static void test_every_operation_is_routed(void **state UNUSED)
{
	const struct cat_kind *const *kind = cat_kinds();

	for (; *kind; kind++)
		for (const struct cat_op *op = (*kind)->ops; op->name; op++)
			if (!is_routed(op, "/api/v1/providers/{provider}/"))
				fail_msg("no route for %s", op->name);
	assert_true(is_routed(cat_op_find("cluster.kubeconfig"),
			      "/api/v1/{provider}/kubernetes/clusters/"));
	assert_true(is_routed(cat_op_find("node_pool.list"),
			      "/api/v1/{provider}/kubernetes/clusters/"));
	assert_true(is_routed(cat_op_find("network.create"),
			      "/api/v1/{provider}/network/vpcs"));
	assert_true(is_routed(cat_op_find("security_group.set_rules"),
			      "/api/v1/{provider}/network/firewall-rules/"));
}

static void test_parameters_have_names(void **state UNUSED)
{
	const struct route *const *routes;
	size_t n;

	routes = routes_all(&n);
	for (size_t i = 0; i < n; i++) {
		const struct route *r = routes[i];

		if (strcmp(r->id, "vendor.act"))
			continue;
		assert_string_equal(r->param[0], "provider");
		assert_string_equal(r->param[1], "vendor_kind");
		assert_string_equal(r->param[2], "id");
		assert_string_equal(r->param[3], "verb");
		return;
	}
	fail_msg("vendor.act is not there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_every_route_is_found),
		cmocka_unit_test(test_every_route_says_who_it_is_for),
		cmocka_unit_test(test_every_operation_is_routed),
		cmocka_unit_test(test_parameters_have_names),
	};

	return cmocka_run_group_tests(tests, make_small, drop);
}
