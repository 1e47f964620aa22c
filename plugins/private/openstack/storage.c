/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cinder: volumes and snapshots, which Nova attaches.  Glance: images, which
 * Nova makes of instances and Cinder of volumes.
 * API: https://docs.openstack.org/api-ref/block-storage/v3/ and image/v2/
 */
#include "openstack.h"

/* Rows are read as a table. */
/* clang-format off */

static const struct sc_map volume_map[] = {
	{ "id name description encrypted bootable snapshot_id created_at updated_at" },
	{ "status", "status", .words = "available creating=creating|downloading "
	  "attaching=attaching|reserved in_use=in-use detaching deleting resizing=extending "
	  "error=error* unknown=*" },
	{ "provider_status", "status" }, { "size_gib", "size" }, { "type", "volume_type" },
	{ "image_id", "volume_image_metadata.image_id" }, { "device", "attachments[].device" },
	{ "instance_id", "attachments[].server_id" },
	{ "zone", "availability_zone" }, { "tags", "metadata" }, { NULL },
};

static const struct sc_map type_map[] = {
	{ "id name description is_public" }, { "tags", "extra_specs" }, { NULL },
};

static const struct sc_map snapshot_map[] = {
	{ "id name description volume_id created_at updated_at" },
	{ "status", "status", .words = "available creating deleting error=error* unknown=*" },
	{ "provider_status", "status" }, { "size_gib", "size" }, { "tags", "metadata" }, { NULL },
};

static const struct sc_map image_map[] = {
	{ "id name description os_version architecture size owner created_at updated_at" },
	{ "status", "status", .words = "available=active deleting=deleted|pending_delete "
	  "pending=importing|queued|saving|uploading error=killed unknown=*" },
	{ "provider_status", "status" }, { "os", "os_distro" }, { "min_disk_gib", "min_disk" },
	{ "is_public", "visibility", .words = "true=public false=*" }, { NULL },
};

static const struct sc_map new_image_map[] = {
	{ "id", "{image_id|os-volume_upload_image.image_id}" }, { NULL },
};

/* Nova's way to say that the volume is attached, or not ready for it. */
static const struct sc_error_row not_free[] = { { 400, NULL, SC_CONFLICT }, { 0 } };

#define VOLUME .items = "volume", .map = volume_map, .service = "volume"
#define SNAPSHOT .items = "snapshot", .map = snapshot_map, .service = "volume"

const struct sc_rest storage_rest[] = {
	{ "volume.list", "GET /volumes/detail", .items = "volumes[]", .map = volume_map,
	  .service = "volume" },
	{ "volume.get", "GET /volumes/{id}", VOLUME },
	{ "volume.create", "POST /volumes",
	  "{'volume': {'name': '{name}', 'size': '{size_gib}', 'volume_type': '{type?}',"
	  "  'availability_zone': '{zone?}', 'snapshot_id': '{snapshot_id?}',"
	  "  'imageRef': '{image_id?}', 'description': '{description?}', 'metadata': " TAGGED "}}",
	  VOLUME, MARKED },
	{ "volume.resize", "POST /volumes/{id}/action", "{'os-extend': {'new_size': '{size_gib}'}}",
	  .then = "volume.get", .service = "volume" },
	{ "volume.delete", "DELETE /volumes/{id}", .service = "volume" },
	{ "volume.attach", "POST /servers/{instance_id}/os-volume_attachments",
	  "{'volumeAttachment': {'volumeId': '{id}', 'device': '{device?}'}}",
	  .then = "volume.get", .already = "instance_id={instance_id}", .errors = not_free },
	/* No server has the id "none": one that is attached to nothing is detached already. */
	{ "volume.detach",
	  "DELETE /servers/{instance_id|volume.instance_id|=none}/os-volume_attachments/{id}",
	  .let = "volume", .then = "volume.get", .already = "!instance_id" },
	{ "volume", "GET /volumes/{id}", VOLUME },

	{ "x.openstack.volume_type.list", "GET /types", .items = "volume_types[]", .map = type_map,
	  .service = "volume" },
	{ "x.openstack.volume_type.get", "GET /types/{id}", .items = "volume_type", .map = type_map,
	  .service = "volume" },

	{ "snapshot.list", "GET /snapshots/detail?volume_id={volume_id?}", .items = "snapshots[]",
	  .map = snapshot_map, .service = "volume" },
	{ "snapshot.get", "GET /snapshots/{id}", SNAPSHOT },
	{ "snapshot.create", "POST /snapshots",
	  "{'snapshot': {'name': '{name}', 'volume_id': '{volume_id}', 'force': '{force?}',"
	  "  'description': '{description?}', 'metadata': " TAGGED "}}", SNAPSHOT, MARKED },
	{ "snapshot.delete", "DELETE /snapshots/{id}", .service = "volume" },

	{ "image.list",
	  "GET /images?name={name?}&os_distro={os?}&architecture={architecture?}&owner={owner?}",
	  .items = "images[]", .map = image_map, .service = "image" },
	{ "image.get", "GET /images/{id}", .items = "", .map = image_map, .service = "image" },
	{ "image.create", "POST /servers/{instance_id}/action",
	  "{'createImage': {'name': '{name}',"
	  "  'metadata': {'description': '{description?}', 'skyclust_op': '{op?}'}}}",
	  .map = new_image_map, .then = "image.get", .when = "instance_id", .mark = "skyclust_op" },
	{ "image.create", "POST /volumes/{volume_id}/action",
	  "{'os-volume_upload_image': {'image_name': '{name}', 'disk_format': 'raw',"
	  "  'container_format': 'bare'}}",
	  .map = new_image_map, .then = "image.get", .when = "volume_id", .service = "volume" },
	{ "image.delete", "DELETE /images/{id}", .service = "image" },
	{ NULL },
};
/* clang-format on */
