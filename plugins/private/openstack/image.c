/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glance: images.
 * API: https://docs.openstack.org/api-ref/image/v2/
 */
#include "openstack.h"

static const char *const image_status[][2] = {
	{ "active", "available" },
	{ "deleted", "deleting" },
	{ "importing", "pending" },
	{ "killed", "error" },
	{ "pending_delete", "deleting" },
	{ "queued", "pending" },
	{ "saving", "pending" },
	{ "uploading", "pending" },
	{ "*", "unknown" },
	{ NULL },
};

static const char *const is_public[][2] = {
	{ "public", "true" },
	{ "*", "false" },
	{ NULL },
};

static const struct sc_map image_map[] = {
	{ "id", "id" },
	{ "name", "name" },
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

/* Glance's `next` is a path from its root, with marker and filters in it. */
const struct sc_rest glance_rest[] = {
	{ "image.list",
	  "GET /images?limit={limit?}&marker={page_token?}&name={name?}&os_distro={os?}"
	  "&architecture={architecture?}&owner={owner?}",
	  .items = "images[]", .map = image_map, .next = "next", .service = "image" },
	{ "image.get", "GET /images/{id}", .items = "", .map = image_map, .service = "image" },
	{ "image.delete", "DELETE /images/{id}", .service = "image" },
	{ NULL },
};
