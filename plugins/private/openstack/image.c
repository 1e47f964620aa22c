/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glance: images.
 * API: https://docs.openstack.org/api-ref/image/v2/
 */
#include "openstack.h"

static const char image_status[] =
	"available=active deleting=deleted|pending_delete "
	"pending=importing|queued|saving|uploading error=killed "
	"unknown=*";

static const char is_public[] = "true=public false=*";

static const struct sc_map image_map[] = {
	{ "id", "id" },
	{ "name", "name" },
	{ "description", "description" },
	{ "status", "status", .words = image_status },
	{ "provider_status", "status" },
	{ "os", "os_distro" },
	{ "os_version", "os_version" },
	{ "architecture", "architecture" },
	{ "size", "size" },
	{ "min_disk_gib", "min_disk" },
	{ "owner", "owner" },
	{ "is_public", "visibility", .words = is_public },
	{ "created_at", "created_at" },
	{ "updated_at", "updated_at" },
	{ NULL },
};

/* Of an instance by Nova, of a volume by Cinder; both then know the image. */
SC_WAITS static struct sc_reply *image_create(struct sc_call *call)
{
	bool instance = sc_has(call, "instance_id");

	if (instance == sc_has(call, "volume_id"))
		return fail_arg(call, SC_INVALID, "/instance_id",
				"name either an instance or a volume");
	if (sc_has(call, "tags"))
		return fail_arg(call, SC_UNSUPPORTED, "/tags",
				"Glance's tags are words without values");
	if (!instance && sc_has(call, "description"))
		return fail_arg(call, SC_UNSUPPORTED, "/description",
				"Cinder's images have none");
	return sc_rest_reply(
		call, instance ? "image_of_server" : "image_of_volume", NULL);
}

static const struct sc_map server_image[] = { { "id", "image_id" }, { NULL } };
static const struct sc_map volume_image[] = {
	{ "id", "os-volume_upload_image.image_id" },
	{ NULL },
};

/* Glance's `next` is a path from its root, with marker and filters in it. */
/* clang-format off */
const struct sc_rest glance_rest[] = {
	{ "image.list",
	  "GET /images?limit={limit?}&marker={page_token?}&name={name?}&os_distro={os?}"
	  "&architecture={architecture?}&owner={owner?}",
	  .items = "images[]", .map = image_map, .next = "next", .service = "image" },
	{ "image.get", "GET /images/{id}", .items = "", .map = image_map, .service = "image" },
	{ "image.create", .run = image_create },
	{ "image_of_server", "POST /servers/{instance_id}/action",
	  "{'createImage': {'name': '{name}', 'metadata': {'description': '{description?}'}}}",
	  .map = server_image, .then = "image.get" },
	{ "image_of_volume", "POST /volumes/{volume_id}/action",
	  "{'os-volume_upload_image': {'image_name': '{name}', 'disk_format': 'raw',"
	  "                            'container_format': 'bare'}}",
	  .map = volume_image, .then = "image.get", .service = "volume" },
	{ "image.delete", "DELETE /images/{id}", .service = "image" },
	{ NULL },
};
/* clang-format on */
