/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cinder: volumes and snapshots; attaching is Nova's part.
 *
 * Microversion 3.42 is pinned: the lowest that enlarges an attached volume.
 * API: https://docs.openstack.org/api-ref/block-storage/v3/
 */
#include "openstack.h"

static const char volume_status[] =
	"attaching=attaching|reserved available=available "
	"creating=creating|downloading deleting=deleting "
	"detaching=detaching "
	"error=error|error_deleting|error_extending|error_restoring "
	"resizing=extending in_use=in-use unknown=*";

static const struct sc_map volume_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = volume_status },
	{ "provider_status", "status" },
	{ "description", "description" },
	{ "size_gib", "size" },
	{ "type", "volume_type" },
	{ "encrypted", "encrypted" },
	{ "bootable", "bootable" },
	{ "snapshot_id", "snapshot_id" },
	{ "image_id", "volume_image_metadata.image_id" },
	{ "instance_id", "attachments[].server_id" },
	{ "device", "attachments[].device" },
	{ "zone", "availability_zone" },
	{ "tags", "metadata" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

static const char snapshot_status[] =
	"available=available creating=creating deleting=deleting "
	"error=error|error_deleting unknown=*";

static const struct sc_map snapshot_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "status", "status", .words = snapshot_status },
	{ "provider_status", "status" },
	{ "description", "description" },
	{ "volume_id", "volume_id" },
	{ "size_gib", "size" },
	{ "tags", "metadata" },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

SC_WAITS static struct sc_reply *volume_create(struct sc_call *call)
{
	bool encrypted = sc_bool(call, "encrypted");

	if (encrypted || sc_has(call, "iops"))
		return fail_arg(call, SC_UNSUPPORTED,
				encrypted ? "/encrypted" : "/iops",
				"that is decided by the volume's type");
	return sc_rest_reply(call, "volume.create", NULL);
}

/* The instance is looked up when it was not named; a volume that is attached
 * to nothing is detached already. */
SC_WAITS static struct sc_reply *volume_detach(struct sc_call *call)
{
	json_t *volume = sc_rest_call(call, "volume.get", NULL), *args;
	json_t *instance = json_object_get(volume, "instance_id");
	struct sc_reply *reply;

	if (!volume)
		return sc_failed(call);
	if (!json_is_string(instance))
		return sc_value(call, volume);
	args = json_copy(sc_args(call));
	if (!sc_has(call, "instance_id"))
		json_object_set(args, "instance_id", instance);
	json_decref(volume);
	reply = sc_rest_reply(call, "volume.detach", args);
	return reply;
}

/* clang-format off */
const struct sc_rest cinder_rest[] = {
	{ "volume.list", "GET /volumes/detail?limit={limit?}&marker={page_token?}",
	  .items = "volumes[]", .map = volume_map, .next = "volumes_links[rel=next].href",
	  .service = "volume" },
	{ "volume.get", "GET /volumes/{id}", .items = "volume", .map = volume_map,
	  .service = "volume" },
	{ "volume.create", "POST /volumes",
	  "{'volume': {'name': '{name}', 'size': '{size_gib}', 'volume_type': '{type?}',"
	  "            'availability_zone': '{zone?}', 'snapshot_id': '{snapshot_id?}',"
	  "            'imageRef': '{image_id?}', 'description': '{description?}',"
	  "            'metadata': '{tags?}'}}",
	  .items = "volume", .map = volume_map, .service = "volume", .run = volume_create },
	{ "volume.resize", "POST /volumes/{id}/action", "{'os-extend': {'new_size': '{size_gib}'}}",
	  .then = "volume.get", .service = "volume" },
	{ "volume.delete", "DELETE /volumes/{id}", .service = "volume" },
	{ "volume.attach", "POST /servers/{instance_id}/os-volume_attachments",
	  "{'volumeAttachment': {'volumeId': '{id}', 'device': '{device?}'}}",
	  .then = "volume.get" },
	{ "volume.detach", "DELETE /servers/{instance_id}/os-volume_attachments/{id}",
	  .then = "volume.get", .run = volume_detach },

	{ "snapshot.list",
	  "GET /snapshots/detail?limit={limit?}&marker={page_token?}&volume_id={volume_id?}",
	  .items = "snapshots[]", .map = snapshot_map, .next = "snapshots_links[rel=next].href",
	  .service = "volume" },
	{ "snapshot.get", "GET /snapshots/{id}", .items = "snapshot", .map = snapshot_map,
	  .service = "volume" },
	{ "snapshot.create", "POST /snapshots",
	  "{'snapshot': {'name': '{name}', 'volume_id': '{volume_id}', 'force': '{force?}',"
	  "              'description': '{description?}', 'metadata': '{tags?}'}}",
	  .items = "snapshot", .map = snapshot_map, .service = "volume" },
	{ "snapshot.delete", "DELETE /snapshots/{id}", .service = "volume" },
	{ NULL },
};
/* clang-format on */
