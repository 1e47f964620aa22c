/* SPDX-License-Identifier: Apache-2.0 */
/* A driver in which nearly everything is wrong: --check must find it all. */
#include <skyclust/driver.h>

static struct sc_reply *nothing(struct sc_call *call)
{
	return sc_ok(call);
}

static const struct sc_method methods[] = {
	{ "region.list", nothing },
	{ "region.list", nothing },
	{ "instance.lst", nothing },
	{ "instance.get", NULL },
	{ "instance.start", nothing, .idempotency = "maybe",
	  .cancel = "perhaps" },
	{ "x.acme", nothing },
	{ NULL }
};

static const struct sc_map image[] = {
	{ "id", "id" },
	{ "nmae", "name" },
	{ NULL }
};

static const struct sc_rest rows[] = {
	{ "image.get", "GET /images/{idd}", .items = "image", .map = image },
	{ NULL }
};

static const struct sc_service services[] = {
	{ "", "https://cloud.example.org" }, { NULL }
};

int main(int argc, char **argv)
{
	return sc_main(argc, argv, &(struct sc_driver){
		.name = "Broken",
		.version = "",
		.max_inflight = -1,
		.config_schema = "{\"type\": \"object\"",
		.credential_schema =
			"{\"properties\": {\"key\": {\"pattern\": \"^a\"}}}",
		.env = (const char *const[][2]){
			{ "BROKEN_KEY", "kee" }, { NULL } },
		.kinds = "{\"rack\": {}, \"x.acme.rack\": {\"operations\": "
			 "{\"go\": {\"args\": {\"not\": {}}}}}}",
		.methods = methods,
		.rest = rows,
		.services = services,
		.unsupported = (const char *const[][2]){
			{ "warp.*", "no engine" }, { "cluster.*", NULL },
			{ NULL } },
	});
}
