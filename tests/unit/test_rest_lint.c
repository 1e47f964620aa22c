/* SPDX-License-Identifier: Apache-2.0 */
/* What --check finds in tables, and what it leaves alone. */
#include "rest_cloud.h"

/* clang-format off: tables */
/* ---- lint ---------------------------------------------------------------- */

static const char odd_words[] =
	"sleeping=a running=* stopped=b";

static const struct sc_map odd_map[] = {
	{ "id", "a..b" }, { "id", "id" }, { "no_such", "x" },
	{ "status", "s", .words = odd_words }, { "name", "{", },
	{ "zone", "z", .list = true },
	{ "private_ip public_ip no_field", .words = "x=y |z" },
	{ "host native", "from" },
	{ "key_pair", "{arg.nobody}-{op}" },
	{ "image_id", "a[k={arg.noone}]", .until = "" },
	{ "instance_type", "a[k={id}].{arg.id}-{config.none}" },
	{ "fault", "[{cred.x}]" },
	{ NULL },
};

static const struct sc_map bare_group[] = {
	{ "id", "id" }, { "name", "name" }, { "rules", "rules[]", .list = true },
	{ NULL },
};

static const struct sc_error_row odd_errors[] = { { 400, NULL, 5 }, { 0 } };

static const struct sc_map odd_volume[] = { { "id" }, { NULL } };

static const struct sc_rest odd[] = {
	{ "instance.lst", "GET /x" },
	{ "instance.get", "GET /{id}/{idd}/{zone?}", .items = "a[", .map = odd_map },
	{ "instance.list", "GET /x?y={list[]}", .map = odd_map, .items = "x" },
	{ "instance.create", "POST x", "{'a': '{name}', 'b': '{volume}'}" },
	{ "instance.stop", "post /x", "{'a': b}", .map = server, .service = "none" },
	{ "instance.start", NULL },
	{ "instance.resume", "POST /{cred.x}/{config.y}", .then = "instance.none" },
	{ "instance.suspend", "POST /x", .then = "instance.list", .errors = odd_errors },
	{ "security_group.get", "GET /x/{id}", .map = bare_group, .next = "n" },
	{ "instance.delete", "DELETE" },
	{ "instance.restart", "POST /x/{anything}", .run = by_hand },
	{ ".private", "GET /x/{whatever}" },
	{ "volume.get", "GET /x?a={id|wrong}&b={arg.id}", .items = "x[k={y}][l={id}]",
	  .map = odd_volume },
	{ "volume.delete", "DELETE /x/{id}", .items = "a.{id}" },
	{ "volume.list", "GET /x", .items = "a[k={id/x}]", .next = "a[k={name}]",
	  .map = odd_volume },
	{ NULL },
};

static const char *const odd_service_headers[] = { "X: {", "Y: {session.t}",
						   "Z: {name}", NULL };

static const struct sc_service odd_services[] = {
	{ "", "{config.nowhere}", odd_service_headers, odd_errors, "a..b", "[" },
	{ NULL },
};

static const char *const findings[] = {
	"service \"\": {config.nowhere}: the config schema has no nowhere",
	"service \"\": headers: template: bad hole",
	"service \"\": {session.t}: the driver has no login",
	"service \"\": {name}: a service has no parameters",
	"service \"\": errors: there is no code 5",
	"service \"\": error_code:",
	"service \"\": error_message:",
	"instance.lst: is no operation of the catalogue",
	"instance.get: {idd}: instance.get has no parameter idd",
	"instance.get: {zone?}: nothing in a URL's path is optional",
	"instance.get: items:",
	"instance.get: id: path",
	"instance.get: id is mapped twice",
	"instance.get: instance has no field no_such",
	"instance.get: status: the catalogue has no word \"sleeping\"",
	"instance.get: status: words after \"*\" are never reached",
	"instance.get: name: template: bad hole",
	"instance.get: zone is not a list",
	"instance.get: instance has no field no_field",
	"instance.get: public_ip: words: \"|z\" is not ours=theirs|theirs",
	"instance.get: \"host native\": only what the cloud calls the same",
	"instance.get: {nobody}: instance.get has no parameter nobody",
	"instance.get: {op}: a map does not have it",
	"instance.get: {noone}: instance.get has no parameter noone",
	"instance.get: image_id: .until is a text",
	"instance.get: {config.none}: the config schema has no none",
	"instance.get: {cred.x}: a map does not have it",
	"instance.list: {list[]}: only bodies are repeated",
	"instance.list: is a list, and .items selects no elements",
	"instance.create: \"POST x\" is not a method and a path",
	"instance.create: {volume}: instance.create has no parameter volume",
	"instance.create: answers with instance, and the row has no .map",
	"instance.stop: \"post /x\" is not a method and a path",
	"instance.stop: body: body template: JSON:",
	"instance.stop: answers with nothing, and the row has a .map",
	"instance.stop: there is no service \"none\"",
	"instance.start: has neither a request nor a function",
	"instance.resume: {cred.x}: the credential schema has no x",
	"instance.resume: {config.y}: the config schema has no y",
	"instance.resume: then: instance.none is no row with a request",
	"instance.suspend: then: instance.list is a list",
	"instance.suspend: errors: there is no code 5",
	"security_group.get: rules is a record: it needs a .map",
	"security_group.get: has .next and is not a list",
	"volume.get: {wrong}: volume.get has no parameter wrong",
	"volume.get: {arg.id}: outside of maps this is {id}",
	"volume.get: {y}: volume.get has no parameter y",
	"volume.delete: items: \"a.{id}\": only what a selector compares with",
	"volume.list: items: template: bad hole",
	"volume.list: next: \"a[k={name}]\": no holes are filled in here",
	"instance.delete: \"DELETE\" is not a method and a path",
};

static bool has_finding(json_t *all, const char *start)
{
	json_t *v;
	size_t i;

	json_array_foreach(all, i, v)
		if (!strncmp(json_string_value(v), start, strlen(start)))
			return true;
	return false;
}

static void test_lint(void **state)
{
	const struct sc_driver bad = { .name = "odd", .rest = odd,
				       .services = odd_services };
	AUTO_JSON json_t *all = json_array();

	(void)state;
	rest_lint(&bad, all);
	for (size_t i = 0; i < ARRAY_LEN(findings); i++)
		if (!has_finding(all, findings[i]))
			fail_msg("nothing begins with %s", findings[i]);
	assert_false(has_finding(all, "instance.get: {id}"));
	assert_false(has_finding(all, "volume.get: {id"));
	assert_false(has_finding(all, "instance.restart"));
	assert_false(has_finding(all, ".private"));
}

static void test_lint_is_silent(void **state)
{
	static const struct sc_rest sound[] = {
		{ "instance_type.list", "GET /types?page={page_token?}",
		  .items = "types[]?", .map = type_map, .next = "next" },
		{ "instance.delete", "DELETE /servers/{id}" },
		{ NULL },
	};
	const struct sc_driver good = { .name = "good", .rest = sound,
					.services = services, .login = log_in,
		.config_schema = "{\"properties\":{\"url\":{}}}",
		.credential_schema = "{\"properties\":{\"zone\":{},\"nobody\":{}}}" };
	AUTO_JSON json_t *all = json_array();

	(void)state;
	rest_lint(&good, all);
	if (json_array_size(all))
		fail_msg("%s", json_string_value(json_array_get(all, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_lint_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
