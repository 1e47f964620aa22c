/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nova: instances, instance types (flavors), zones and key pairs.
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

/* Nova takes this many characters of base64. */
#define USER_DATA_MAX 65535

/* ---- records -------------------------------------------------------------- */

static const char *const server_status[][2] = {
	{ "ACTIVE", "running" },
	{ "BUILD", "pending" },
	{ "DELETED", "terminated" },
	{ "ERROR", "error" },
	{ "HARD_REBOOT", "rebooting" },
	{ "MIGRATING", "running" },
	{ "PASSWORD", "running" },
	{ "PAUSED", "suspended" },
	{ "REBOOT", "rebooting" },
	{ "REBUILD", "pending" },
	{ "RESCUE", "running" },
	{ "RESIZE", "pending" },
	{ "REVERT_RESIZE", "pending" },
	{ "SHELVED", "stopped" },
	{ "SHELVED_OFFLOADED", "stopped" },
	{ "SHUTOFF", "stopped" },
	{ "SOFT_DELETED", "terminated" },
	{ "SUSPENDED", "suspended" },
	{ "VERIFY_RESIZE", "running" },
	{ "*", "unknown" },
	{ NULL }
};

static const struct sc_map server_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = server_status },
	{ "provider_status", "status" },
	{ "instance_type", "flavor.original_name" },
	{ "image_id", "image.id" },
	{ "security_groups", "security_groups[].name", .list = true },
	{ "private_ip", "addresses.*[OS-EXT-IPS:type=fixed].addr" },
	{ "private_ips", "addresses.*[OS-EXT-IPS:type=fixed].addr", .list = true },
	{ "public_ip", "addresses.*[OS-EXT-IPS:type=floating].addr" },
	{ "public_ips", "addresses.*[OS-EXT-IPS:type=floating].addr", .list = true },
	{ "key_pair", "key_name" },
	{ "block_disks", "os-extended-volumes:volumes_attached[].id", .list = true },
	{ "fault", "fault.message" },
	{ "zone", "OS-EXT-AZ:availability_zone" },
	{ "tags", "metadata" },
	{ "created_at", "created" },
	{ "updated_at", "updated" },
	{ NULL }
};

static const struct sc_map state_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = server_status },
	{ "provider_status", "status" },
	{ NULL }
};

static const struct sc_map flavor_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "vcpus", "vcpus" },
	{ "memory_mib", "ram" },
	{ "storage_gib", "disk" },
	{ NULL }
};

static const struct sc_map zone_map[] = {
	{ "id", "zoneName" },
	{ "name", "zoneName" },
	{ "is_active", "zoneState.available" },
	{ NULL }
};

static const struct sc_map key_pair_map[] = {
	{ "id", "name" },
	{ "name", "name" },
	{ "fingerprint", "fingerprint" },
	{ "public_key", "public_key" },
	{ "private_key", "private_key" },
	{ NULL }
};

/* Nova's limits, for telling a full quota from a forbidden act. */
static const struct sc_map limits_map[] = {
	{ "instances_max", "maxTotalInstances" },
	{ "instances", "totalInstancesUsed" },
	{ "cores_max", "maxTotalCores" },
	{ "cores", "totalCoresUsed" },
	{ "memory_max", "maxTotalRAMSize" },
	{ "memory", "totalRAMUsed" },
	{ "key_pairs_max", "maxTotalKeypairs" },
	{ NULL }
};

/* ---- looking things up ----------------------------------------------------- */

/* The element of @list whose @member is @text, borrowed, or NULL. */
static json_t *find(json_t *list, const char *member, const char *text)
{
	const char *have;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		have = json_string_value(json_object_get(item, member));
		if (have && !strcmp(have, text))
			return item;
	}
	return NULL;
}

/* The record of @op, a list, with this @member; new, NULL: failed. */
SC_WAITS static json_t *look_up(struct sc_call *call, const char *op,
				const char *what, const char *member,
				const char *text)
{
	json_t *none = json_object(), *list, *found;

	list = sc_rest_call(call, op, none);
	json_decref(none);
	if (!list)
		return NULL;
	found = json_incref(find(list, member, text));
	json_decref(list);
	if (!found)
		sc_fail(call, SC_NOT_FOUND, "no %s %s", what, text);
	return found;
}

/* The flavor with this id or name; new, NULL: failed. */
SC_WAITS static json_t *find_type(struct sc_call *call, const char *type)
{
	json_t *args = json_pack("{s:s}", "id", type), *found;

	found = sc_rest_call(call, ".flavor.get", args);
	json_decref(args);
	if (found || sc_fault_code(call) != SC_NOT_FOUND)
		return found;
	sc_fault_clear(call);
	return look_up(call, "instance_type.list", "instance type", "name",
		       type);
}

SC_WAITS static struct sc_reply *instance_type_get(struct sc_call *call)
{
	json_t *type = find_type(call, sc_str(call, "id"));

	return type ? sc_value(call, type) : sc_failed(call);
}

SC_WAITS static struct sc_reply *zone_get(struct sc_call *call)
{
	json_t *zone = look_up(call, "zone.list", "zone", "id",
			       sc_str(call, "id"));

	return zone ? sc_value(call, zone) : sc_failed(call);
}

/* ---- quota ------------------------------------------------------------------ */

static long long number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Would @need more of @what be over the limit?  Limit -1 is none. */
static bool is_over(const json_t *limits, const char *what, const char *max,
		    long long used, long long need, struct sc_call *call)
{
	const json_t *limit = json_object_get(limits, max);

	if (!json_is_integer(limit) || number(limits, max) < 0 ||
	    used + need <= number(limits, max))
		return false;
	sc_fail_with(call, &(struct sc_fault) {
		.code = SC_QUOTA, .effect = SC_EFFECT_NONE,
		.cloud_status = 403, .cloud_code = "forbidden" },
		"quota of %s: %lld of %lld used, %lld more needed", what, used,
		number(limits, max), need);
	return true;
}

/*
 * Nova says 403 "forbidden" both when a policy is against it and when a quota
 * is full; only the text differs, and text is not for programs.  So after a
 * 403 the limits are asked for: is there no room for what was wanted?  The
 * failure of @call is replaced by a clearer one if so.
 */
SC_WAITS static struct sc_reply *forbidden(struct sc_call *call,
					   const json_t *type)
{
	json_t *none = json_object(), *limits, *pairs = NULL;
	bool over;

	sc_fault_clear(call);
	limits = sc_rest_call(call, ".limits", none);
	if (limits && !type)
		pairs = sc_rest_call(call, "key_pair.list", none);
	json_decref(none);
	sc_fault_clear(call);
	over = type ? is_over(limits, "instances", "instances_max",
			      number(limits, "instances"), 1, call) ||
		      is_over(limits, "cores", "cores_max",
			      number(limits, "cores"), number(type, "vcpus"),
			      call) ||
		      is_over(limits, "MiB of memory", "memory_max",
			      number(limits, "memory"),
			      number(type, "memory_mib"), call)
		    : pairs && is_over(limits, "key pairs", "key_pairs_max",
				       (long long)json_array_size(pairs), 1,
				       call);
	json_decref(limits);
	json_decref(pairs);
	if (over)
		return sc_failed(call);
	return sc_fail_with(call, &(struct sc_fault) {
		.code = SC_FORBIDDEN, .effect = SC_EFFECT_NONE,
		.cloud_status = 403, .cloud_code = "forbidden" },
		"the cloud's policy does not allow %s with this credential",
		sc_method_name(call));
}

/* ---- instance.create ----------------------------------------------------------- */

/* @text in base64 (RFC 4648), new; NULL: too long for Nova. */
static json_t *base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static char out[USER_DATA_MAX + 1]; /* no wait happens while in use */
	size_t n = strlen(text), at = 0;
	unsigned bits;

	if ((n + 2) / 3 * 4 > USER_DATA_MAX)
		return NULL;
	for (size_t i = 0; i < n; i += 3) {
		bits = (unsigned char)text[i] << 16;
		bits |= i + 1 < n ? (unsigned char)text[i + 1] << 8 : 0;
		bits |= i + 2 < n ? (unsigned char)text[i + 2] : 0;
		out[at++] = digits[bits >> 18];
		out[at++] = digits[bits >> 12 & 63];
		out[at++] = i + 1 < n ? digits[bits >> 6 & 63] : '=';
		out[at++] = i + 2 < n ? digits[bits & 63] : '=';
	}
	return json_stringn(out, at);
}

/* A fault of the argument at @path; false. */
static bool bad_arg(struct sc_call *call, enum sc_code code, const char *path,
		    const char *why)
{
	sc_fail_with(call, &(struct sc_fault) {
		.code = code, .effect = SC_EFFECT_NONE, .path = path },
		"%s", why);
	return false;
}

/* The network of @subnet_id if that is its only subnet, new; else NULL:
 * failed.  Nova takes a network or a port, not a subnet. */
SC_WAITS static json_t *network_of(struct sc_call *call, const char *subnet_id)
{
	json_t *args = json_pack("{s:s}", "id", subnet_id), *subnet, *network;
	json_t *id;

	subnet = sc_rest_call(call, "subnet.get", args);
	json_decref(args);
	if (!subnet)
		return NULL;
	args = json_pack("{s:O}", "id", json_object_get(subnet, "network_id"));
	network = sc_rest_call(call, "network.get", args);
	json_decref(args);
	id = json_incref(json_object_get(subnet, "network_id"));
	json_decref(subnet);
	if (network &&
	    json_array_size(json_object_get(network, "subnet_ids")) == 1) {
		json_decref(network);
		return id;
	}
	if (network)
		bad_arg(call, SC_UNSUPPORTED, "/subnet_id",
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
	disk = json_pack("{s:i, s:s, s:s, s:s, s:I, s:b, s:s*}",
			 "boot_index", 0, "uuid", sc_str(call, "image_id"),
			 "source_type", "image", "destination_type", "volume",
			 "volume_size", (json_int_t)sc_int(call, "boot_disk_gib"),
			 "delete_on_termination", 1, "volume_type",
			 sc_str(call, "boot_disk_type"));
	json_object_set_new(args, "disks", json_pack("[o]", disk));
}

static void add_groups(json_t *args)
{
	json_t *given = json_object_get(args, "security_groups"), *group;
	json_t *groups = json_array();
	size_t i;

	json_array_foreach(given, i, group)
		json_array_append_new(groups, json_pack("{s:O}", "name", group));
	if (i)
		json_object_set(args, "groups", groups);
	json_decref(groups);
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

/* What the row .server.create takes, new; NULL: failed. */
SC_WAITS static json_t *server_args(struct sc_call *call, const json_t *type)
{
	json_t *args = json_copy(sc_args(call)), *data;
	const char *user_data = sc_str(call, "user_data");
	bool ok = true;

	if (sc_has(call, "public_ip_id") || sc_bool(call, "assign_public_ip"))
		ok = bad_arg(call, SC_UNSUPPORTED,
			     sc_has(call, "public_ip_id") ? "/public_ip_id"
							  : "/assign_public_ip",
			     "attach a public address once the instance runs");
	if (ok && sc_has(call, "boot_disk_type") &&
	    !sc_has(call, "boot_disk_gib"))
		ok = bad_arg(call, SC_INVALID, "/boot_disk_gib",
			     "boot_disk_type needs boot_disk_gib");
	if (ok && user_data && *user_data) {
		if ((data = base64(user_data)))
			json_object_set_new(args, "user_data", data);
		else
			ok = bad_arg(call, SC_INVALID, "/user_data",
				     "Nova takes 49149 bytes of user data");
	} else {
		json_object_del(args, "user_data");
	}
	json_object_set(args, "flavor", json_object_get(type, "id"));
	add_disk(call, args);
	add_groups(args);
	add_tags(call, args);
	if (ok && add_networks(call, args))
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
	json_decref(args);
	if (server)
		return sc_value(call, server);
	sc_fault_clear(call);
	return sc_value(call, json_pack("{s:O, s:s, s:s}", "id", id, "name",
					sc_str(call, "name"), "status",
					"pending"));
}

SC_WAITS static struct sc_reply *instance_create(struct sc_call *call)
{
	json_t *type = find_type(call, sc_str(call, "instance_type"));
	json_t *args = type ? server_args(call, type) : NULL;
	json_t *server = args ? sc_rest_call(call, ".server.create", args)
			      : NULL;
	struct sc_reply *reply;

	if (server)
		reply = created(call, json_object_get(server, "id"));
	else if (args && sc_fault_code(call) == SC_FORBIDDEN)
		reply = forbidden(call, type);
	else
		reply = sc_failed(call);
	json_decref(server);
	json_decref(args);
	json_decref(type);
	return reply;
}

/* ---- power --------------------------------------------------------------------- */

/* The catalogue calls these natural: asked again, they have succeeded.  Nova
 * calls it a conflict, so a conflict is looked into. */
static const struct act {
	const char *method, *row, *wanted;
} acts[] = {
	{ "instance.start", ".server.start", "running" },
	{ "instance.stop", ".server.stop", "stopped" },
	{ "instance.suspend", ".server.suspend", "suspended" },
	{ "instance.resume", ".server.resume", "running" },
	{ NULL }
};

SC_WAITS static bool is_already(struct sc_call *call, const char *wanted)
{
	json_t *server = sc_rest_call(call, "instance.get", NULL);
	const char *status =
		json_string_value(json_object_get(server, "status"));
	bool already = status && !strcmp(status, wanted);

	json_decref(server);
	sc_fault_clear(call);
	return already;
}

SC_WAITS static struct sc_reply *act(struct sc_call *call)
{
	const struct act *a = acts;
	json_t *done;

	while (a->method && strcmp(a->method, sc_method_name(call)))
		a++;
	if (!a->method)
		return sc_fail(call, SC_INTERNAL, "%s is not in acts[]",
			       sc_method_name(call));
	if ((done = sc_rest_call(call, a->row, NULL)))
		json_decref(done);
	else if (sc_fault_code(call) != SC_CONFLICT)
		return sc_failed(call);
	else if (!is_already(call, a->wanted))
		return sc_fail_with(call, &(struct sc_fault) {
			.code = SC_CONFLICT, .effect = SC_EFFECT_NONE,
			.cloud_status = 409,
			.cloud_code = "conflictingRequest" },
			"the instance's state does not allow %s",
			a->method);
	return sc_ok(call);
}

SC_WAITS static struct sc_reply *instance_restart(struct sc_call *call)
{
	return sc_rest_reply(call, sc_bool(call, "force") ? ".server.reset"
							  : ".server.reboot",
			     NULL);
}

/* ---- key pairs --------------------------------------------------------------------- */

SC_WAITS static struct sc_reply *make_key_pair(struct sc_call *call,
					       const char *row)
{
	const char *type = sc_str(call, "type");
	json_t *pair;

	if (type && strcmp(type, "rsa") &&
	    !bad_arg(call, SC_UNSUPPORTED, "/type",
		     "Nova makes rsa keys only; import your own instead"))
		return sc_failed(call);
	if (sc_has(call, "tags") &&
	    !bad_arg(call, SC_UNSUPPORTED, "/tags", "key pairs have no tags"))
		return sc_failed(call);
	if ((pair = sc_rest_call(call, row, NULL)))
		return sc_value(call, pair);
	if (sc_fault_code(call) == SC_FORBIDDEN)
		return forbidden(call, NULL);
	return sc_failed(call);
}

SC_WAITS static struct sc_reply *key_pair_create(struct sc_call *call)
{
	return make_key_pair(call, ".key_pair.create");
}

SC_WAITS static struct sc_reply *key_pair_import(struct sc_call *call)
{
	return make_key_pair(call, ".key_pair.import");
}

/* ---- the table ----------------------------------------------------------------------- */

/* What Nova answers with 400 instead of 404 is the argument's fault there too. */
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

	{ ".server.create", "POST /servers",
	  "{'server': {'name': '{name}', 'flavorRef': '{flavor}', 'imageRef': '{image?}',"
	  "            'networks': '{networks}', 'key_name': '{key_pair?}',"
	  "            'availability_zone': '{zone?}', 'security_groups': '{groups?}',"
	  "            'block_device_mapping_v2': '{disks?}',"
	  "            'metadata': '{tags?}', 'user_data': '{user_data?}'}}",
	  .items = "server" },
	{ ".server.start", "POST /servers/{id}/action", "{'os-start': null}" },
	{ ".server.stop", "POST /servers/{id}/action", "{'os-stop': null}" },
	{ ".server.suspend", "POST /servers/{id}/action", "{'suspend': null}" },
	{ ".server.resume", "POST /servers/{id}/action", "{'resume': null}" },
	{ ".server.reboot", "POST /servers/{id}/action", "{'reboot': {'type': 'SOFT'}}" },
	{ ".server.reset", "POST /servers/{id}/action", "{'reboot': {'type': 'HARD'}}" },
	{ ".limits", "GET /limits", .items = "limits.absolute", .map = limits_map },

	{ "instance_type.list", "GET /flavors/detail?limit={limit?}&marker={page_token?}",
	  .items = "flavors[]", .map = flavor_map, .next = "flavors_links[rel=next].href" },
	{ "instance_type.get", .run = instance_type_get },
	{ ".flavor.get", "GET /flavors/{id}", .items = "flavor", .map = flavor_map },

	{ "zone.list", "GET /os-availability-zone",
	  .items = "availabilityZoneInfo[]", .map = zone_map },
	{ "zone.get", .run = zone_get },

	{ "key_pair.list", "GET /os-keypairs?limit={limit?}&marker={page_token?}",
	  .items = "keypairs[].keypair", .map = key_pair_map,
	  .next = "keypairs_links[rel=next].href" },
	{ "key_pair.get", "GET /os-keypairs/{id}", .items = "keypair", .map = key_pair_map },
	{ "key_pair.create", .run = key_pair_create },
	{ "key_pair.import", .run = key_pair_import },
	{ "key_pair.delete", "DELETE /os-keypairs/{id}" },
	{ ".key_pair.create", "POST /os-keypairs", "{'keypair': {'name': '{name}'}}",
	  .items = "keypair", .map = key_pair_map },
	{ ".key_pair.import", "POST /os-keypairs",
	  "{'keypair': {'name': '{name}', 'public_key': '{public_key}'}}",
	  .items = "keypair", .map = key_pair_map },
	{ NULL }
};
