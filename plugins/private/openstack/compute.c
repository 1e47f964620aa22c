/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nova: instances.  flavor.c has what they are made with.
 *
 * Microversion 2.67 is pinned for every call (openstack.c).  It is the lowest
 * that has all we use: 2.35 pages key pairs, 2.37 chooses the network by
 * itself, 2.47 puts the flavor into the server, 2.67 chooses the boot disk's
 * type; so every cloud since Stein (2019) will do.  Higher ones take away:
 * 2.92 makes no key pairs any more.
 * API: https://docs.openstack.org/api-ref/compute/
 */
#include "openstack.h"

#include <string.h>

#define LOG_LINES 1000 /* unless asked for otherwise */

/* ---- records ------------------------------------------------------------ */

static const char server_status[] =
	"running=ACTIVE|MIGRATING|PASSWORD|RESCUE|VERIFY_RESIZE "
	"pending=BUILD|REBUILD|RESIZE|REVERT_RESIZE "
	"terminated=DELETED|SOFT_DELETED error=ERROR "
	"rebooting=HARD_REBOOT|REBOOT suspended=PAUSED|SUSPENDED "
	"stopped=SHELVED|SHELVED_OFFLOADED|SHUTOFF unknown=*";

/* What Nova is about to do shows in the task before it does in the status. */
static const char server_task[] =
	"terminating=deleting|soft-deleting "
	"suspending=pausing|suspending stopping=powering-off "
	"pending=powering-on|resuming|unpausing -=*";

static const struct sc_map server_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "OS-EXT-STS:task_state", .words = server_task },
	{ "status", "status", .words = server_status },
	{ "provider_status", "status" },
	{ "instance_type", "flavor.original_name" },
	{ "image_id", "image.id" },
	{ "security_groups", "security_groups[].name", .list = true },
	{ "private_ip", "addresses.*[OS-EXT-IPS:type=fixed].addr" },
	{ "private_ips", "addresses.*[OS-EXT-IPS:type=fixed].addr",
	  .list = true },
	{ "public_ip", "addresses.*[OS-EXT-IPS:type=floating].addr" },
	{ "public_ips", "addresses.*[OS-EXT-IPS:type=floating].addr",
	  .list = true },
	{ "key_pair", "key_name" },
	{ "block_disks", "os-extended-volumes:volumes_attached[].id",
	  .list = true },
	{ "fault", "fault.message" },
	{ "zone", "OS-EXT-AZ:availability_zone" },
	{ "tags", "metadata" },
	{ "created_at", "created" },
	{ "updated_at", "updated" },
	{ NULL },
};

static const struct sc_map state_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "OS-EXT-STS:task_state", .words = server_task },
	{ "status", "status", .words = server_status },
	{ "provider_status", "status" },
	{ NULL },
};

static const struct sc_map log_map[] = {
	{ "type", .value = "log" },
	{ "output", "output" },
	{ NULL },
};

static const struct sc_map console_map[] = {
	{ "type", "protocol" },
	{ "url", "url" },
	{ NULL },
};

/* ---- instance.create ---------------------------------------------------- */

/* The network of @subnet_id if that is its only subnet, new; else NULL:
 * failed.  Nova takes a network or a port, not a subnet. */
SC_WAITS static json_t *network_of(struct sc_call *call, const char *subnet_id)
{
	json_t *args = json_pack("{s:s}", "id", subnet_id), *subnet, *network;
	json_t *id;

	subnet = sc_rest_call(call, "subnet.get", args);
	if (!subnet)
		return NULL;
	args = json_pack("{s:O}", "id", json_object_get(subnet, "network_id"));
	network = sc_rest_call(call, "network.get", args);
	id = json_incref(json_object_get(subnet, "network_id"));
	json_decref(subnet);
	if (network &&
	    json_array_size(json_object_get(network, "subnet_ids")) == 1) {
		json_decref(network);
		return id;
	}
	if (network)
		fail_arg(call, SC_UNSUPPORTED, "/subnet_id",
			 "the subnet's network has several subnets: make an "
			 "interface in it (vnic) and give vnic_id");
	json_decref(network);
	json_decref(id);
	return NULL;
}

/* Put what Nova calls networks into @args; false: failed. */
SC_WAITS static bool add_networks(struct sc_call *call, json_t *args)
{
	const char *vnic = sc_str(call, "vnic_id");
	const char *subnet = sc_str(call, "subnet_id");
	const char *network = sc_str(call, "network_id");
	json_t *list, *id;

	if (vnic) {
		list = json_pack("[{s:s}]", "port", vnic);
	} else if (subnet) {
		if (!(id = network_of(call, subnet)))
			return false;
		list = json_pack("[{s:o}]", "uuid", id);
	} else if (network) {
		list = json_pack("[{s:s}]", "uuid", network);
	} else {
		list = json_string("auto");
	}
	json_object_set_new(args, "networks", list);
	return true;
}

/* The boot disk: the flavor's own, or a volume when a size or type is given. */
static void add_disk(struct sc_call *call, json_t *args)
{
	json_t *disk;

	if (!sc_has(call, "boot_disk_gib")) {
		json_object_set(args, "image",
				json_object_get(args, "image_id"));
		return;
	}
	disk = json_pack("{s:i, s:s, s:s, s:s, s:I, s:b, s:s*}", "boot_index",
			 0, "uuid", sc_str(call, "image_id"), "source_type",
			 "image", "destination_type", "volume", "volume_size",
			 (json_int_t)sc_int(call, "boot_disk_gib"),
			 "delete_on_termination", 1, "volume_type",
			 sc_str(call, "boot_disk_type"));
	json_object_set_new(args, "disks", json_pack("[o]", disk));
}

/* The operation's id among the tags: op.reconcile finds the server by it. */
static void add_tags(struct sc_call *call, json_t *args)
{
	json_t *tags = json_copy(json_object_get(args, "tags"));

	if (!tags)
		tags = json_object();
	if (sc_op(call))
		json_object_set_new(tags, OP_TAG, json_string(sc_op(call)));
	json_object_set_new(args, "tags", tags);
}

/* Arguments that Nova cannot follow?  False: failed. */
static bool are_possible(struct sc_call *call)
{
	const char *path = sc_has(call, "public_ip_id") ? "/public_ip_id"
							: "/assign_public_ip";

	if (sc_has(call, "public_ip_id") || sc_bool(call, "assign_public_ip")) {
		fail_arg(call, SC_UNSUPPORTED, path,
			 "attach a public address once the instance runs");
		return false;
	}
	if (sc_has(call, "boot_disk_type") && !sc_has(call, "boot_disk_gib")) {
		fail_arg(call, SC_INVALID, "/boot_disk_gib",
			 "boot_disk_type needs boot_disk_gib");
		return false;
	}
	return true;
}

static bool add_user_data(struct sc_call *call, json_t *args)
{
	const char *text = sc_str(call, "user_data");
	json_t *data;

	if (!text || !*text)
		data = json_null();
	else if (!(data = openstack_base64(text))) {
		fail_arg(call, SC_INVALID, "/user_data",
			 "Nova takes 49149 bytes of user data");
		return false;
	}
	json_object_set_new(args, "user_data", data);
	return true;
}

/* What the row create_server takes, new; NULL: failed. */
SC_WAITS static json_t *server_args(struct sc_call *call, const json_t *type)
{
	json_t *args = json_copy(sc_args(call));

	json_object_set(args, "flavor", json_object_get(type, "id"));
	add_disk(call, args);
	add_tags(call, args);
	if (are_possible(call) && add_user_data(call, args) &&
	    add_networks(call, args))
		return args;
	json_decref(args);
	return NULL;
}

/* The new server as Nova shows it; only what is known when it cannot. */
SC_WAITS static struct sc_reply *created(struct sc_call *call, json_t *id)
{
	json_t *args = json_pack("{s:O}", "id", id), *server;

	sc_checkpoint(call, json_incref(args));
	server = sc_rest_call(call, "instance.get", args);
	if (server)
		return sc_value(call, server);
	sc_fault_clear(call);
	return sc_value(call,
			json_pack("{s:O, s:s, s:s}", "id", id, "name",
				  sc_str(call, "name"), "status", "pending"));
}

SC_WAITS static struct sc_reply *instance_create(struct sc_call *call)
{
	json_t *type = nova_find_type(call, sc_str(call, "instance_type"));
	json_t *args = type ? server_args(call, type) : NULL;
	bool asked = args != NULL;
	json_t *server =
		asked ? sc_rest_call(call, "create_server", args) : NULL;
	struct sc_reply *reply;

	if (server)
		reply = created(call, json_object_get(server, "id"));
	else if (asked && sc_fault_code(call) == SC_FORBIDDEN)
		reply = nova_refused(call, type);
	else
		reply = sc_failed(call);
	json_decref(server);
	json_decref(type);
	return reply;
}

/* ---- power -------------------------------------------------------------- */

/* The catalogue calls these natural: asked again, they have succeeded.  Nova
 * calls it a conflict, so a conflict is looked into. */
static const struct act {
	const char *method, *row, *wanted, *underway;
} acts[] = {
	{ "instance.start", "start_server", "running", "pending" },
	{ "instance.stop", "stop_server", "stopped", "stopping" },
	{ "instance.suspend", "suspend_server", "suspended", "suspending" },
	{ "instance.resume", "resume_server", "running", "pending" },
	{ NULL },
};

SC_WAITS static bool is_already(struct sc_call *call, const struct act *a)
{
	json_t *server = sc_rest_call(call, "instance.get", NULL);
	const char *status =
		json_string_value(json_object_get(server, "status"));
	bool already = status && (!strcmp(status, a->wanted) ||
				  !strcmp(status, a->underway));

	json_decref(server);
	sc_fault_clear(call);
	return already;
}

SC_WAITS static struct sc_reply *act(struct sc_call *call)
{
	static const struct sc_fault wrong_state = {
		.code = SC_CONFLICT,
		.effect = SC_EFFECT_NONE,
		.cloud_status = 409,
		.cloud_code = "conflictingRequest",
	};
	const struct act *a = acts;
	json_t *done;

	if (sc_bool(call, "force"))
		return fail_arg(call, SC_UNSUPPORTED, "/force",
				"Nova asks the guest first, always");
	while (a->method && strcmp(a->method, sc_method_name(call)))
		a++;
	if (!a->method)
		return sc_fail(call, SC_INTERNAL, "%s is not in acts[]",
			       sc_method_name(call));
	if ((done = sc_rest_call(call, a->row, NULL)))
		json_decref(done);
	else if (sc_fault_code(call) != SC_CONFLICT)
		return sc_failed(call);
	else if (!is_already(call, a))
		return sc_fail_with(call, &wrong_state,
				    "the instance's state does not allow %s",
				    a->method);
	return sc_ok(call);
}

SC_WAITS static struct sc_reply *instance_restart(struct sc_call *call)
{
	return sc_rest_reply(
		call, sc_bool(call, "force") ? "reset_server" : "reboot_server",
		NULL);
}

/* ---- change, console ---------------------------------------------------- */

/* One step of update; false: failed. */
SC_WAITS static bool step(struct sc_call *call, const char *row)
{
	json_t *done = sc_rest_call(call, row, NULL);

	json_decref(done);
	return done != NULL;
}

SC_WAITS static struct sc_reply *instance_update(struct sc_call *call)
{
	if ((sc_has(call, "name") && !step(call, "rename_server")) ||
	    (sc_has(call, "tags") && !step(call, "retag_server")))
		return sc_failed(call);
	if (sc_has(call, "instance_type"))
		return nova_resize(call);
	return sc_rest_reply(call, "instance.get", NULL);
}

SC_WAITS static struct sc_reply *show_log(struct sc_call *call)
{
	json_t *args = json_copy(sc_args(call));
	struct sc_reply *reply;

	if (!sc_has(call, "lines"))
		json_object_set_new(args, "lines", json_integer(LOG_LINES));
	reply = sc_rest_reply(call, "console_log", args);
	return reply;
}

SC_WAITS static struct sc_reply *instance_console(struct sc_call *call)
{
	static const char *const html[][2] = {
		{ "vnc", "novnc" },
		{ "spice", "spice-html5" },
		{ "serial", "serial" },
	};
	const char *type = sc_str(call, "type");
	struct sc_reply *reply;
	json_t *args;
	size_t i = 0;

	if (type && !strcmp(type, "log"))
		return show_log(call);
	while (type && strcmp(html[i][0], type) && i < 2)
		i++;
	args = json_pack("{s:O, s:s, s:s}", "id",
			 json_object_get(sc_args(call), "id"), "protocol",
			 html[i][0], "html", html[i][1]);
	reply = sc_rest_reply(call, "open_console", args);
	return reply;
}

/* ---- the table ---------------------------------------------------------- */

/* clang-format off */
const struct sc_rest nova_rest[] = {
	{ "instance.list", "GET /servers/detail?limit={limit?}&marker={page_token?}",
	  .items = "servers[]", .map = server_map, .next = "servers_links[rel=next].href" },
	{ "instance.get", "GET /servers/{id}", .items = "server", .map = server_map },
	{ "instance.create", .run = instance_create, .idempotency = "tag" },
	{ "instance.delete", "DELETE /servers/{id}" },
	{ "instance.start", .run = act },
	{ "instance.stop", .run = act },
	{ "instance.restart", .run = instance_restart },
	{ "instance.suspend", .run = act },
	{ "instance.resume", .run = act },
	{ "instance.status_list", "GET /servers/detail?limit={limit?}&marker={page_token?}",
	  .items = "servers[]", .map = state_map, .next = "servers_links[rel=next].href" },

	{ "create_server", "POST /servers",
	  "{'server': {'name': '{name}', 'flavorRef': '{flavor}', 'imageRef': '{image?}',"
	  "            'networks': '{networks}', 'key_name': '{key_pair?}',"
	  "            'availability_zone': '{zone?}',"
	  "            'security_groups': [{'name': '{security_groups[]?}'}],"
	  "            'block_device_mapping_v2': '{disks?}',"
	  "            'metadata': '{tags?}', 'user_data': '{user_data?}'}}",
	  .items = "server" },
	{ "start_server", "POST /servers/{id}/action", "{'os-start': null}" },
	{ "stop_server", "POST /servers/{id}/action", "{'os-stop': null}" },
	{ "suspend_server", "POST /servers/{id}/action", "{'suspend': null}" },
	{ "resume_server", "POST /servers/{id}/action", "{'resume': null}" },
	{ "reboot_server", "POST /servers/{id}/action", "{'reboot': {'type': 'SOFT'}}" },
	{ "reset_server", "POST /servers/{id}/action", "{'reboot': {'type': 'HARD'}}" },
	{ "instance.update", .run = instance_update },
	{ "instance.resize", .run = nova_resize },
	{ "rename_server", "PUT /servers/{id}", "{'server': {'name': '{name}'}}" },
	{ "retag_server", "PUT /servers/{id}/metadata", "{'metadata': '{tags}'}" },
	{ "instance.console", .run = instance_console },
	{ "console_log", "POST /servers/{id}/action",
	  "{'os-getConsoleOutput': {'length': '{lines}'}}", .map = log_map },
	{ "open_console", "POST /servers/{id}/remote-consoles",
	  "{'remote_console': {'protocol': '{protocol}', 'type': '{html}'}}",
	  .items = "remote_console", .map = console_map },
	{ NULL },
};
/* clang-format on */
