/* SPDX-License-Identifier: Apache-2.0 */
/* What --check finds in what rows say beside their request. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "cloud/rest.h"

/* clang-format off: tables */
static const struct sc_map record[] = { { "id name size_gib status" }, { NULL } };
static const struct sc_map pool[] = { { "id name cluster_id status" }, { NULL } };
static const struct sc_map cluster[] = { { "id name status" }, { NULL } };

static struct sc_reply *by_hand(struct sc_call *call)
{
	(void)call;
	return NULL;
}

static const struct sc_rest odd[] = {
	{ "instance.start", "POST /s/{id}", .when = "force=a nobody", .takes = "none" },
	{ "instance.start", "POST /t/{id}" , .idempotency = "token" },
	{ "instance.start", "POST /u/{id}" },
	{ "instance.console", "POST /c/{id}", .when = "type=vnc|rdp", .run = by_hand,
	  .already = "status=running" },
	{ "volume.list", "GET /v", .items = "v[]", .map = record, .takes = "name",
	  .also = "one nobody", .over = "volume.list" },
	{ "volume.get", "GET /v/{id}/{id.name}", .items = "v", .map = record, .over = "one" },
	{ "volume.create", "POST /v", .items = "v", .map = record, .let = "name deep nobody bare",
	  .mark = "a..b", .unique = "size" },
	{ "volume.attach", "POST /v/{id}", .already = "state=running status=ready" },
	{ "volume.delete", "DELETE /v/{id}", .mark = "a" },
	{ "snapshot.create", "POST /s", "{'op': '{op}'}", .items = "s", .map = record,
	  .mark = "op" },
	{ "snapshot.delete", "DELETE /s/{id}", .already = "status=error" },
	{ "image.create", .run = by_hand, .already = "status=error" },
	{ "one", "GET /one" },
	{ "deep", "GET /deep", .let = "one" },
	{ "bare", .run = by_hand },
	{ NULL },
};

static const char *const findings[] = {
	"instance.start: when: instance.start has no parameter nobody",
	"instance.start: takes: instance.start has no parameter none",
	"instance.start: its rows differ in .idempotency or .cancel",
	"instance.start: is never reached: a row of this name before it has no .when",
	"instance.console: when: type has no word \"rdp\"",
	"instance.console: already: there is no row instance.get",
	"instance.console: already: instance.console does not answer with a instance",
	"volume.list: takes: nothing is refused of what changes nothing",
	"volume.list: also: one is no list",
	"volume.list: also: there is no row nobody",
	"volume.list: over: volume.list has one of its own",
	"volume.create: let: name is a parameter of volume.create",
	"volume.create: let: deep has look-ups of its own",
	"volume.create: let: there is no row nobody",
	"volume.create: let: bare has no request",
	"volume.create: mark: path",
	"volume.create: mark: {op} is nowhere in the request",
	"volume.create: unique: size is no parameter and field",
	"volume.attach: already: volume has no field state",
	"volume.attach: already: status has no word \"ready\"",
	"volume.delete: mark and unique are of what makes a record of its kind",
	"snapshot.create: mark, unique: there is no row snapshot.list",
	"image.create: already: is about one resource of the catalogue",
};

static const struct sc_rest sound[] = {
	{ "instance.console", "POST /c/{id}/{type}", .when = "type=vnc|spice", .items = "",
	  .run = by_hand },
	{ "instance.console", .when = "type", .run = by_hand },
	{ "volume.create", "POST /v", "{'op': '{op}', 'type': '{kind.id}', 'name': '{name}'}",
	  .items = "v", .map = record, .let = "kind", .mark = "op", .unique = "name",
	  .takes = "zone" },
	{ "kind", "GET /kinds/{type}", .when = "type", .items = "" },
	{ "volume.list", "GET /v", .items = "v[]", .map = record, .also = "other" },
	{ "other", "GET /w", .items = "w[]", .map = record },
	{ "volume.get", "GET /v/{id}", .items = "v", .map = record },
	{ "volume.attach", "POST /v/{id}/{instance_id}", .then = "volume.get",
	  .already = "instance_id status=in_use" },
	{ "node_pool.list", "GET /{cluster_id}/p", .when = "cluster_id", .items = "p[]",
	  .map = pool },
	{ "node_pool.list", "GET /{over.id}/p", .over = "cluster.list", .items = "p[]",
	  .map = pool },
	{ "cluster.list", "GET /c", .items = "c[]", .map = cluster },
	{ NULL },
};
/* clang-format on */

static const struct sc_service services[] = {
	{ "", "https://h", .page = "limit={limit?}&marker={page_token?}",
	  .next = "next" },
	{ NULL },
};

static const struct sc_service odd_services[] = {
	{ "", "https://h", .page = "limit={limit?}&x={name?}" },
	{ NULL },
};

static json_t *lint(const struct sc_rest *rows, const struct sc_service *all)
{
	const struct sc_driver driver = { .name = "t",
					  .rest = rows,
					  .services = all };
	json_t *found = json_array();

	rest_lint(&driver, found);
	return found;
}

static bool has(const json_t *all, const char *start)
{
	json_t *v;
	size_t i;

	json_array_foreach (all, i, v)
		if (!strncmp(json_string_value(v), start, strlen(start)))
			return true;
	return false;
}

static void test_odd(void **state)
{
	AUTO_JSON json_t *all = lint(odd, odd_services);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(findings); i++)
		if (!has(all, findings[i]))
			fail_msg("nothing begins with %s", findings[i]);
	assert_true(has(all, "service \"\": {name}: a service has no param"));
	assert_true(has(all, "service \"\": has .page, and no .next says"));
	assert_false(has(all, "service \"\": {limit}"));
	assert_false(has(all, "snapshot.create: mark: {op}"));
}

static void test_sound(void **state)
{
	AUTO_JSON json_t *all = lint(sound, services);

	(void)state;
	if (json_array_size(all))
		fail_msg("%s", json_string_value(json_array_get(all, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
