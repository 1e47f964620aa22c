/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI document and the route table say the same. */
#include "unit.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "openapi.h"

static json_t *doc;
static const struct route *const *routes;
static size_t count;

static int make(void **state UNUSED)
{
	routes = routes_all(&count);
	doc = openapi_document(routes, count, "1.2.3");
	return doc ? 0 : -1;
}

static int drop(void **state UNUSED)
{
	json_decref(doc);
	routes_done();
	return 0;
}

static json_t *operation_of(const struct route *route)
{
	json_t *item = json_object_get(json_object_get(doc, "paths"),
				       route->pattern);
	char method[16] = "";

	for (size_t i = 0; http_method_name(route->method)[i]; i++)
		method[i] = (char)tolower(http_method_name(route->method)[i]);
	return json_object_get(item, method);
}

static void test_head(void **state UNUSED)
{
	assert_string_equal(json_str(doc, "openapi", ""), "3.1.0");
	assert_string_equal(json_string_value(json_at(doc, "/info/version")),
			    "1.2.3");
	assert_string_equal(
		json_string_value(json_at(doc,
			"/components/securitySchemes/token/scheme")), "bearer");
}

static void test_every_route_is_told(void **state UNUSED)
{
	for (size_t i = 0; i < count; i++) {
		json_t *op = operation_of(routes[i]);

		assert_non_null(op);
		assert_string_equal(json_str(op, "operationId", ""),
				    routes[i]->id);
		assert_string_equal(json_str(op, "x-permission", ""),
				    routes[i]->permission
					    ? routes[i]->permission
					    : "");
		assert_string_equal(json_str(op, "x-scope", ""),
				    access_scope_name(routes[i]->scope));
		assert_int_equal(json_object_get(op, "security") != NULL,
				 routes[i]->scope == ACCESS_OPEN);
	}
}

static void test_nothing_else_is_told(void **state UNUSED)
{
	const char *path;
	json_t *item;
	size_t told = 0;

	json_object_foreach(json_object_get(doc, "paths"), path, item)
		told += json_object_size(item);
	assert_int_equal(told, count);
}

/* The path gives the identifier, so the body neither may nor must. */
static void test_the_path_is_not_asked_for_again(void **state UNUSED)
{
	json_t *schemas = json_at(doc, "/components/schemas");
	json_t *resize = json_object_get(schemas, "instance.resize.arguments");
	json_t *pool = json_object_get(schemas,
		"kubernetes.clusters.nodepools.create.arguments");
	json_t *flat = json_object_get(schemas, "node_pool.create.arguments");

	assert_null(json_at(resize, "/properties/id"));
	assert_non_null(json_at(resize, "/properties/instance_type"));
	assert_null(json_at(pool, "/properties/cluster_id"));
	assert_non_null(json_at(flat, "/properties/cluster_id"));
	assert_string_equal(json_string_value(json_at(pool, "/required/0")),
			    "name");
	assert_null(json_at(pool, "/required/1"));
	assert_non_null(json_at(flat, "/required/1"));
}

static void test_every_record_has_a_schema(void **state UNUSED)
{
	json_t *schemas = json_at(doc, "/components/schemas");

	for (const struct cat_record *const *r = cat_records(); *r; r++)
		assert_non_null(json_object_get(schemas, (*r)->name));
	assert_non_null(json_object_get(schemas, "problem"));
	assert_non_null(json_object_get(schemas, "instance_list"));
}

static json_t *answers_of(const char *method, const char *path)
{
	json_t *item = json_object_get(json_object_get(doc, "paths"), path);
	json_t *op = json_object_get(item, method);

	assert_non_null(op);
	return json_object_get(op, "responses");
}

static void check_statuses(const char *method, const char *path,
			   const char *const *there, const char *const *not)
{
	json_t *answers = answers_of(method, path);

	for (; *there; there++)
		assert_non_null(json_object_get(answers, *there));
	for (; *not; not++)
		assert_null(json_object_get(answers, *not));
}

#define STATUSES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What can be answered follows from what the route does. */
static void test_answers(void **state UNUSED)
{
	const char *instances = "/api/v1/providers/{provider}/instances";

	check_statuses("get", "/health", STATUSES("200", "400", "default"),
		       STATUSES("401", "404", "422", "429", "503"));
	check_statuses("get", instances,
		       STATUSES("200", "401", "403", "404", "424", "501", "504"),
		       STATUSES("201", "202", "204", "412", "428"));
	check_statuses("post", instances,
		       STATUSES("201", "202", "409", "415", "499"),
		       STATUSES("200", "204", "412", "428"));
	check_statuses("patch", "/api/v1/users/{id}",
		       STATUSES("200", "409", "412", "422", "428"),
		       STATUSES("201", "202", "204", "424", "501"));
	check_statuses("delete", "/api/v1/users/{id}", STATUSES("204", "409"),
		       STATUSES("200", "202", "415", "428"));
	check_statuses("post", "/api/v1/auth/login", STATUSES("200", "401"),
		       STATUSES("202", "204", "424"));
}

/* Whose account it is about may be said in the body, too. */
static void test_the_tenant_is_asked_for(void **state UNUSED)
{
	json_t *create = json_at(
		doc, "/components/schemas/instance.create.arguments/properties");
	json_t *user = json_at(
		doc,
		"/components/schemas/skyclust_user.create.arguments/properties");

	assert_non_null(json_object_get(create, "workspace_id"));
	assert_non_null(json_object_get(create, "credential_id"));
	assert_null(json_object_get(user, "credential_id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_the_tenant_is_asked_for),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_every_route_is_told),
		cmocka_unit_test(test_nothing_else_is_told),
		cmocka_unit_test(test_the_path_is_not_asked_for_again),
		cmocka_unit_test(test_every_record_has_a_schema),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
