/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nova: instances, their types, zones and key pairs.
 * API: https://docs.openstack.org/api-ref/compute/
 */
#include "openstack.h"

#include <stdio.h>
#include <string.h>

/* 2.37 (2016) finds a network by itself, and we cannot do without; 2.67 (2019)
 * chooses the boot disk's type.  Higher ones have nothing that we use and take
 * away: 2.92 makes no keys any more. */
#define OLDEST 37
#define NEWEST 67

bool nova_version(struct sc_call *call, json_t *session)
{
	const char *url = text_of(session, "compute"), *text;
	const char *v2 = url ? strstr(url, "/v2") : NULL;
	char versions[1024];
	struct sc_http http = { .method = "GET", .url = versions };
	int has = NEWEST; /* of a Nova that is down, too: it will be missed */

	if (!v2)
		return true;
	snprintf(versions, sizeof(versions), "%.*s/v2.1/", (int)(v2 - url), url);
	if (sc_http(call, &http) &&
	    (text = text_of(json_object_get(http.answer, "version"), "version")))
		sscanf(text, "2.%d", &has);
	sc_http_done(&http);
	sc_fault_clear(call);
	json_object_set_new(session, "nova_version",
			    json_sprintf("2.%d", has < NEWEST ? has : NEWEST));
	if (has < OLDEST)
		sc_fail(call, SC_UNSUPPORTED,
			"this cloud's Nova has microversion 2.%d, and 2.%d "
			"(2016) is the oldest that will do", has, OLDEST);
	return has >= OLDEST;
}

/* ---- changing the size -------------------------------------------------- */

#define POLL_MS 2000

static bool is(const json_t *object, const char *name, const char *wanted)
{
	const char *have = text_of(object, name);

	return have && wanted && !strcmp(have, wanted);
}

/* Is @type what @handle wants?  Before 2.47 Nova shows a type's id. */
static bool is_wanted(const json_t *handle, const char *type)
{
	return is(handle, "instance_type", type) || is(handle, "flavor", type);
}

/* instance.resize, and instance.update with a type: op.poll goes on. */
SC_WAITS static struct sc_reply *resize(struct sc_call *call)
{
	json_t *handle = sc_rest_call(call, "resize_handle", NULL), *done;

	if (handle && is_wanted(handle, text_of(handle, "was"))) {
		json_decref(handle);
		return sc_rest_reply(call, "instance.get", NULL);
	}
	done = handle ? sc_rest_call(call, "resize_server", json_incref(handle))
		      : NULL;
	if (!done) {
		json_decref(handle);
		return sc_failed(call);
	}
	json_decref(done);
	return sc_pending(call, handle, POLL_MS);
}

/* The server has come to rest; steals @server. */
static struct sc_reply *resized(struct sc_call *call, const json_t *handle,
				json_t *server)
{
	bool broken = is(server, "status", "error");
	const struct sc_fault fault = {
		.code = broken ? SC_NEEDS_ATTENTION : SC_CLOUD_UNAVAILABLE,
		.effect = broken ? SC_EFFECT_PARTIAL : SC_EFFECT_NONE,
	};

	if (!broken && is_wanted(handle, text_of(server, "instance_type")))
		return sc_value(call, server);
	json_decref(server);
	return sc_fail_with(call, &fault,
			    broken ? "the instance broke while its size was "
				     "changed"
				   : "no host had room for the new size; the "
				     "instance keeps its old one");
}

/* Nova keeps the old size aside until somebody confirms, once. */
SC_WAITS static bool confirm(struct sc_call *call, json_t *handle)
{
	json_t *done;

	if (json_is_true(json_object_get(handle, "confirmed")))
		return true;
	done = sc_rest_call(call, "confirm_resize", json_incref(handle));
	if (!done && sc_fault_code(call) != SC_CONFLICT)
		return false;
	json_decref(done);
	json_object_set_new(handle, "confirmed", json_true());
	return true;
}

/* op.poll: only resize leaves handles. */
SC_WAITS static struct sc_reply *poll(struct sc_call *call)
{
	json_t *handle = json_object_get(sc_args(call), "handle"), *event;
	json_t *server = sc_rest_call(call, "instance.get", json_incref(handle));
	bool ready = is(server, "provider_status", "VERIFY_RESIZE");

	if (!server)
		return sc_failed(call);
	if (!ready && !is(server, "provider_status", "RESIZE"))
		return resized(call, handle, server);
	json_decref(server);
	if (ready && !confirm(call, handle))
		return sc_failed(call);
	if ((event = sc_rest_call(call, "resize_event", json_incref(handle))))
		sc_progress(call, 0, 0, text_of(event, "event"));
	json_decref(event);
	sc_fault_clear(call); /* what it is at can be left untold */
	return sc_pending(call, json_incref(handle), POLL_MS);
}

/* Rows are read as a table. */
/* clang-format off */

/* ---- records ------------------------------------------------------------ */

static const struct sc_map flavor_map[] = {
	{ "id name description vcpus" }, { "memory_mib", "ram" }, { "storage_gib", "disk" },
	{ "price", "{config.prices.instance_types[name]}" },
	{ "currency", "{config.prices.currency}" }, { NULL },
};

static const struct sc_map zone_map[] = {
	{ "id", "zoneName" }, { "name", "zoneName" }, { "is_active", "zoneState.available" },
	{ NULL },
};

static const struct sc_map key_pair_map[] = {
	{ "id", "name" }, { "name fingerprint public_key private_key created_at" }, { NULL },
};

/* What Nova is about to do shows in the task before it does in the status. */
#define SERVER_STATE                                                                            \
	{ "id name" },                                                                          \
	{ "status", "OS-EXT-STS:task_state", .words = "pending=powering-on|resuming|unpausing "  \
	  "stopping=powering-off suspending=suspending|pausing "                                \
	  "terminating=deleting|soft-deleting -=*" },                                           \
	{ "status", "status", .words = "running=ACTIVE|MIGRATING|PASSWORD|RESCUE|VERIFY_RESIZE " \
	  "pending=BUILD|REBUILD|RESIZE|REVERT_RESIZE rebooting=REBOOT|HARD_REBOOT "            \
	  "stopped=SHUTOFF|SHELVED|SHELVED_OFFLOADED suspended=PAUSED|SUSPENDED "               \
	  "terminated=DELETED|SOFT_DELETED error=ERROR unknown=*" },                            \
	{ "provider_status", "status" }

/* Before 2.47 a type's id. */
#define SERVER_TYPE "{flavor.original_name|flavor.id}"

static const struct sc_map state_map[] = { SERVER_STATE, { NULL } };

static const struct sc_map server_map[] = {
	SERVER_STATE, { "instance_type", SERVER_TYPE }, { "image_id", "image.id" },
	{ "private_ip", "addresses.*[OS-EXT-IPS:type=fixed].addr" },
	{ "private_ips", "addresses.*[OS-EXT-IPS:type=fixed].addr" },
	{ "public_ip", "addresses.*[OS-EXT-IPS:type=floating].addr" },
	{ "public_ips", "addresses.*[OS-EXT-IPS:type=floating].addr" },
	{ "security_groups", "security_groups[].name" }, { "key_pair", "key_name" },
	{ "block_disks", "os-extended-volumes:volumes_attached[].id" },
	{ "fault", "fault.message" }, { "host", "OS-EXT-SRV-ATTR:host" },
	{ "zone", "OS-EXT-AZ:availability_zone" }, { "tags", "metadata" },
	{ "started_at", "OS-SRV-USG:launched_at" },
	{ "created_at", "created" }, { "updated_at", "updated" }, { NULL },
};

/* A new server's answer has the id alone. */
static const struct sc_map new_server_map[] = {
	{ "id" }, { "name", "{arg.name}" }, { "status", .value = "pending" }, { NULL },
};

/* What op.poll is to remember of a resize. */
static const struct sc_map handle_map[] = {
	{ "id" }, { "was", SERVER_TYPE }, { "instance_type", "{arg.flavor.name}" },
	{ "flavor", "{arg.flavor.id}" }, { NULL },
};

static const struct sc_map log_map[] = { { "type", .value = "log" }, { "output" }, { NULL } };
static const struct sc_map console_map[] = { { "type", "protocol" }, { "url" }, { NULL } };

/* ---- rows --------------------------------------------------------------- */

#define ACTION "POST /servers/{id}/action"
#define SERVER .items = "server", .map = server_map
#define KEY_PAIR .items = "keypair", .map = key_pair_map

/* Nova takes networks or ports, or finds the project's only network. */
#define NEW_SERVER(boot)                                                                        \
	"POST /servers",                                                                        \
	"{'server': {'name': '{name}', 'flavorRef': '{flavor.id}', 'key_name': '{key_pair?}',"  \
	"  'networks': {'|': [[{'port': '{vnic_id?}'}],"                                        \
	"                     [{'uuid': '{network_id|subnet.network_id?}'}], 'auto']},"         \
	"  'security_groups': [{'name': '{security_groups[]?}'}],"                              \
	"  'availability_zone': '{zone?}', 'user_data': '{user_data?:base64}',"                 \
	"  'metadata': " TAGGED ", " boot "}}",                                                 \
	.items = "server", .map = new_server_map, .then = "instance.get",                       \
	.let = "flavor subnet only_subnet", .errors = full, MARKED

/* Nova answers 403 alike to what a policy forbids and for a full quota. */
static const struct sc_error_row full[] = {
	{ 403, NULL, SC_QUOTA, .only_if = quota_is_full }, { 0 },
};

const struct sc_rest compute_rest[] = {
	{ "instance.list", "GET /servers/detail", .items = "servers[]", .map = server_map },
	{ "instance.status_list", "GET /servers/detail", .items = "servers[]", .map = state_map },
	{ "instance.get", "GET /servers/{id}", SERVER },
	{ "instance.create", NEW_SERVER(
	  "'block_device_mapping_v2': [{'boot_index': 0, 'uuid': '{image_id}',"
	  "  'source_type': 'image', 'destination_type': 'volume', 'delete_on_termination': true,"
	  "  'volume_size': '{boot_disk_gib}', 'volume_type': '{boot_disk_type?}'}]"),
	  .when = "boot_disk_gib" },
	{ "instance.create", NEW_SERVER("'imageRef': '{image_id}'") },
	{ "flavor", "GET /flavors/detail", .items = "flavors[id|name={instance_type}]",
	  .map = flavor_map },
	/* A network that is named by its subnet must have no other. */
	{ "subnet", "GET /subnets/{subnet_id}", .items = "subnet", .when = "subnet_id",
	  .service = "network" },
	{ "only_subnet", "GET /networks/{subnet.network_id}", .items = "network.subnets[only]",
	  .when = "subnet_id", .service = "network" },
	{ "instance.delete", "DELETE /servers/{id}" },
	{ "instance.start", ACTION, "{'os-start': null}", .already = "status=running|pending" },
	{ "instance.stop", ACTION, "{'os-stop': null}", .already = "status=stopped|stopping" },
	{ "instance.suspend", ACTION, "{'suspend': null}",
	  .already = "status=suspended|suspending" },
	{ "instance.resume", ACTION, "{'resume': null}", .already = "status=running|pending" },
	{ "instance.restart", ACTION, "{'reboot': {'type': '{force:true=HARD *=SOFT -=SOFT}'}}" },
	{ "instance.console", ACTION, "{'os-getConsoleOutput': {'length': '{lines|=1000}'}}",
	  .map = log_map, .when = "type=log" },
	{ "instance.console", "POST /servers/{id}/remote-consoles",
	  "{'remote_console': {'protocol': '{type|=vnc}',"
	  "  'type': '{type:spice=spice-html5 serial=serial *=novnc -=novnc}'}}",
	  .items = "remote_console", .map = console_map },

	{ "instance.update", .run = resize, .when = "instance_type" },
	{ "instance.update", "GET /servers/{id}", SERVER, .let = "renamed retagged" },
	{ "renamed", "PUT /servers/{id}", "{'server': {'name': '{name}'}}", .when = "name" },
	{ "retagged", "PUT /servers/{id}/metadata", "{'metadata': '{tags}'}", .when = "tags" },
	{ "instance.resize", .run = resize },
	{ "resize_handle", "GET /servers/{id}", .items = "server", .map = handle_map,
	  .let = "renamed retagged flavor" },
	{ "resize_server", ACTION, "{'resize': {'flavorRef': '{flavor}'}}", .errors = full },
	{ "confirm_resize", ACTION, "{'confirmResize': null}" },
	{ "op.poll", .run = poll },
	/* The step that the newest resize is at. */
	{ "resize_event", "GET /servers/{id}/os-instance-actions/{resize_action.request_id}",
	  .items = "instanceAction.events[result!=Success]", .let = "resize_action" },
	{ "resize_action", "GET /servers/{id}/os-instance-actions",
	  .items = "instanceActions[action=resize]" },

	{ "instance_type.list", "GET /flavors/detail", .items = "flavors[]", .map = flavor_map },
	{ "instance_type.get", "GET /flavors/detail", .items = "flavors[id|name={id}]",
	  .map = flavor_map },
	{ "zone.list", "GET /os-availability-zone", .items = "availabilityZoneInfo[]",
	  .map = zone_map },
	{ "zone.get", "GET /os-availability-zone", .items = "availabilityZoneInfo[zoneName={id}]",
	  .map = zone_map },

	{ "key_pair.list", "GET /os-keypairs", .items = "keypairs[].keypair", .map = key_pair_map },
	{ "key_pair.get", "GET /os-keypairs/{id}", KEY_PAIR },
	{ "key_pair.create", "POST /os-keypairs", "{'keypair': {'name': '{name}'}}", KEY_PAIR,
	  .takes = "type=rsa", .errors = full, .unique = "name" },
	{ "key_pair.import", "POST /os-keypairs",
	  "{'keypair': {'name': '{name}', 'public_key': '{public_key}'}}", KEY_PAIR,
	  .errors = full, .unique = "name" },
	{ "key_pair.delete", "DELETE /os-keypairs/{id}" },
	{ NULL },
};
/* clang-format on */
