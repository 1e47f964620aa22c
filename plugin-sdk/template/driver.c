/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cloud driver to start from.  It speaks with a cloud that has a REST API
 * and takes a token: servers are listed, read, made, deleted, started and
 * stopped by rows of a table, regions by a function.
 *
 * To make it yours: rename it (name below, and in CMakeLists.txt), write the
 * rows of your cloud, and shorten `unsupported` until --check is content.
 */
#include <skyclust/driver.h>

/* ---- servers: rows ------------------------------------------------------- */

static const char states[] =
	"pending=BUILDING running=ON stopped=OFF error=FAILED unknown=*";

static const struct sc_map server[] = {
	{ "id name" },
	{ "status", "state", .words = states },
	{ "provider_status", "state" },
	{ "instance_type", "size" },
	{ "image_id", "image" },
	{ "private_ip", "addresses[kind=private].ip" },
	{ "public_ip", "addresses[kind=public].ip" },
	{ "tags", "labels" },
	{ "created_at", "created" },
	{ NULL },
};

static const struct sc_rest servers[] = {
	{ "instance.list", "GET /servers?limit={limit?}&after={page_token?}",
	  .items = "servers[]", .map = server, .next = "next" },
	{ "instance.get", "GET /servers/{id}", .items = "server", .map = server },
	{ "instance.create", "POST /servers",
	  "{'name': '{name}', 'size': '{instance_type}', 'image': '{image_id}',"
	  " 'zone': '{zone?}', 'labels': '{tags?}', 'request_id': '{op?}'}",
	  .items = "server", .map = server, .idempotency = "token" },
	{ "instance.delete", "DELETE /servers/{id}" },
	{ "instance.start", "POST /servers/{id}/power", "{'on': true}" },
	{ "instance.stop", "POST /servers/{id}/power", "{'on': false}" },
	{ NULL },
};

/* ---- regions: a function ------------------------------------------------- */

static struct sc_reply *region_list(struct sc_call *call)
{
	return sc_list(call,
		       json_pack("[{s:s, s:s}, {s:s, s:s}]", "id", "north",
				 "name", "north", "id", "south", "name", "south"),
		       NULL);
}

static const struct sc_method methods[] = {
	{ "region.list", region_list },
	{ NULL },
};

/* ---- the cloud ----------------------------------------------------------- */

static const char *const headers[] = {
	"Authorization: Bearer {cred.token}",
	"X-Region: {region?}",
	NULL,
};

static const struct sc_error_row errors[] = {
	{ 409, "quota_exceeded", SC_QUOTA },
	{ 0 },
};

static const struct sc_service services[] = {
	{ "", "{config.endpoint}", headers, errors, .error_code = "error.code",
	  .error_message = "error.message", .request_id = "X-Request-Id" },
	{ NULL },
};

static const char *const env[][2] = {
	{ "EXAMPLE_ENDPOINT", "endpoint" },
	{ "EXAMPLE_TOKEN", "token" },
	{ NULL },
};

static const char *const unsupported[][2] = {
	{ "region.get", "the cloud has no call for a single region" },
	{ "instance.update", "names and sizes are fixed" },
	{ "instance.restart", "not written yet" },
	{ "instance.suspend", "the cloud cannot suspend" },
	{ "instance.resume", "the cloud cannot suspend" },
	{ "instance.resize", "sizes are fixed" },
	{ "instance.console", "the cloud has no consoles" },
	{ "instance.status_list", "not written yet" },
	{ "zone.*", "the cloud has no zones" },
	{ "image.*", "not written yet" },
	{ "instance_type.*", "not written yet" },
	{ "key_pair.*", "not written yet" },
	{ "network.*", "not written yet" },
	{ "subnet.*", "not written yet" },
	{ "router.*", "not written yet" },
	{ "security_group.*", "not written yet" },
	{ "vnic.*", "not written yet" },
	{ "public_ip.*", "not written yet" },
	{ "load_balancer.*", "not written yet" },
	{ "volume.*", "not written yet" },
	{ "snapshot.*", "not written yet" },
	{ "cluster.*", "the cloud has no clusters" },
	{ "node_pool.*", "the cloud has no clusters" },
	{ "node.*", "the cloud has no clusters" },
	{ "cost.*", "not written yet" },
	{ "quota.*", "not written yet" },
	{ "metric.*", "not written yet" },
	{ "project.*", "the cloud has no projects" },
	{ "user.*", "the cloud does not show its users" },
	{ "role.*", "the cloud has no roles" },
	{ "stack.*", "the cloud has no stacks" },
	{ NULL },
};

int main(int argc, char **argv)
{
	return sc_main(argc, argv, &(struct sc_driver){
		.name = "example",
		.version = "0.1.0",
		.description = "an example cloud",
		.config_schema =
			"{\"type\": \"object\", \"required\": [\"endpoint\"],"
			" \"additionalProperties\": false,"
			" \"properties\": {"
			"  \"endpoint\": {\"type\": \"string\", \"minLength\": 1,"
			"   \"description\": \"URL of the API\"},"
			"  \"region\": {\"type\": \"string\"}}}",
		.credential_schema =
			"{\"type\": \"object\", \"required\": [\"token\"],"
			" \"properties\": {"
			"  \"token\": {\"type\": \"string\", \"writeOnly\": true,"
			"   \"description\": \"API token\"}}}",
		.env = env,
		.methods = methods,
		.rest = servers,
		.services = services,
		.unsupported = unsupported,
	});
}
