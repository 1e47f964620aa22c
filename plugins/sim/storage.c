/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes, snapshots, and images made of them.
 */
#include "lookup.h"
#include "members.h"
#include "prepare.h"
#include "resource.h"
#include "verbs.h"

#define GIB (1024LL * 1024 * 1024)
#define ROOT_DISK_GIB 20

/* ---- volume -------------------------------------------------------------- */

static bool large_enough(struct request *req, const json_t *record)
{
	const json_t *snapshot =
		record_of(lookup(req, "snapshot", record, "snapshot_id"));
	long long size = get_int(record, "size_gib");

	if (size >= get_int(snapshot, "size_gib"))
		return true;
	return refuse(req, SC_INVALID, "/size_gib",
		      "snapshot %s needs %lld GiB, not %lld",
		      get_str(snapshot, "id"), get_int(snapshot, "size_gib"),
		      size);
}

bool prepare_volume(struct request *req, json_t *record)
{
	choose_zone(req, record);
	set_bool(record, "bootable", has(record, "image_id"));
	return large_enough(req, record);
}

bool run_volume_resize(struct request *req)
{
	const json_t *entry = find_or_refuse(req);
	long long size = sc_int(req->call, "size_gib");
	long long now;

	if (!entry)
		return false;
	now = get_int(record_of(entry), "size_gib");
	if (size < now)
		return refuse(req, SC_INVALID, "/size_gib",
			      "volume %s has %lld GiB and can only grow",
			      get_str(record_of(entry), "id"), now);
	if (size == now)
		return answer_entry(req, entry);
	return run_update(req);
}

/* ---- snapshot ------------------------------------------------------------ */

bool prepare_snapshot(struct request *req, json_t *record)
{
	const json_t *volume =
		record_of(lookup(req, "volume", record, "volume_id"));

	if (same_str(volume, "status", "in_use") && !get_bool(record, "force"))
		return refuse(req, SC_CONFLICT, "/volume_id",
			      "volume %s is attached; detach it or give force",
			      get_str(volume, "id"));
	set_int(record, "size_gib", get_int(volume, "size_gib"));
	set_bool(record, "encrypted", get_bool(volume, "encrypted"));
	return true;
}

/* ---- image --------------------------------------------------------------- */

bool prepare_image(struct request *req, json_t *record)
{
	const json_t *instance =
		record_of(lookup(req, "instance", record, "instance_id"));
	const json_t *volume =
		record_of(lookup(req, "volume", record, "volume_id"));
	const json_t *image =
		record_of(lookup(req, "image", instance, "image_id"));
	long long gib = volume ? get_int(volume, "size_gib") : ROOT_DISK_GIB;

	if (!instance == !volume)
		return refuse(req, SC_INVALID, "/instance_id",
			      "give one of instance_id and volume_id");
	if (image)
		set_str(record, "os", get_str(image, "os"));
	set_int(record, "size", gib * GIB);
	set_int(record, "min_disk_gib", gib);
	set_str(record, "owner", req->world->account);
	return true;
}
