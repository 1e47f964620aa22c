/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, storage: volumes and their snapshots (seeds 000 and 001).
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

/* ---- volume -------------------------------------------------------------- */

static const char *const volume_status[] = {
	"creating", "available", "attaching", "in_use", "detaching", "resizing",
	"deleting", "error", "unknown", NULL,
};

const struct cat_record cat_record_volume = {
	"volume", "A disk of its own.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(volume_status),
		F_DESCRIPTION,
		{ "size_gib", CAT_INT, 0, "Size.", .unit = "GiB" },
		{ "type", CAT_STRING, FIXED, "The cloud's kind of disk." },
		{ "encrypted", CAT_BOOL, FIXED, "Whether it is encrypted at rest." },
		{ "bootable", CAT_BOOL, 0, "Whether an instance can boot from it." },
		{ "iops", CAT_INT, 0, "Operations a second it is made for." },
		{ "snapshot_id", CAT_STRING, FIXED, "Snapshot it was made from." },
		{ "image_id", CAT_STRING, FIXED, "Image it was made from." },
		{ "instance_id", CAT_STRING, 0, "Instance it is attached to." },
		{ "device", CAT_STRING, 0, "Device name in that instance." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field volume_filters[] = {
	BY_NAME, BY_STATUS(volume_status), BY_ZONE, BY_INSTANCE,
	{ "type", CAT_STRING, FILTER, "Only those of this kind of disk." },
	{ NULL },
};

#define A_SIZE                                                        \
	{ "size_gib", CAT_INT, REQ, "Size.", .unit = "GiB",           \
	  .aliases = WORDS("size"), .min = 1, .max = 65536 }

static const struct cat_field volume_create[] = {
	A_NAME,
	A_SIZE,
	{ "type", CAT_STRING, 0, "The cloud's kind of disk; its usual one without it.",
	  .aliases = WORDS("volume_type"), .min = 1, .max = 255 },
	A_ZONE,
	{ "encrypted", CAT_BOOL, 0, "Encrypt it at rest.", .aliases = WORDS("is_encrypted") },
	{ "iops", CAT_INT, 0, "Operations a second it shall be made for.", .min = 1,
	  .max = 1000000 },
	REF("snapshot_id", 0, "Snapshot to fill it from."),
	REF("image_id", 0, "Image to fill it from."),
	A_DESCRIPTION,
	A_TAGS,
	{ NULL },
};

static const struct cat_field volume_resize[] = { A_SIZE, { NULL } };

static const struct cat_field volume_attach[] = {
	REF("instance_id", REQ, "Instance to attach it to."),
	{ "device", CAT_STRING, 0, "Device name to ask for.", .min = 1, .max = 64,
	  .example = "\"/dev/vdb\"" },
	{ NULL },
};

static const struct cat_field volume_detach[] = {
	REF("instance_id", 0, "Instance to detach it from; its only one without it."),
	{ "force", CAT_BOOL, 0, "Do not ask the guest." },
	{ NULL },
};

const struct cat_kind cat_kind_volume = {
	"volume", "volumes", "Volume", "Disks that outlive instances.",
	&cat_record_volume,
	(const struct cat_op[]){
		OP_LIST(volume, &cat_record_volume, volume_filters),
		OP_GET(volume, &cat_record_volume),
		OP(volume, create, CAT_MUTATES, "Make a volume.", .args = volume_create,
		   .result = &cat_record_volume),
		OP(volume, resize, ACTS | CAT_NATURAL, "Make it larger.", .args = volume_resize,
		   .result = &cat_record_volume),
		OP_DELETE(volume),
		OP(volume, attach, ACTS | CAT_NATURAL, "Attach it to an instance.",
		   .args = volume_attach, .result = &cat_record_volume),
		OP(volume, detach, ACTS | CAT_NATURAL, "Detach it from its instance.",
		   .args = volume_detach, .result = &cat_record_volume),
		{ NULL },
	},
};

/* ---- snapshot ------------------------------------------------------------ */

static const char *const snapshot_status[] = { "creating", "available", "deleting", "error",
					       "unknown", NULL };

const struct cat_record cat_record_snapshot = {
	"snapshot", "A volume's content at one moment.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(snapshot_status),
		F_DESCRIPTION,
		{ "volume_id", CAT_STRING, FIXED, "Volume it was made of." },
		{ "size_gib", CAT_INT, FIXED, "Size of that volume.", .unit = "GiB" },
		{ "encrypted", CAT_BOOL, FIXED, "Whether it is encrypted at rest." },
		{ "progress", CAT_INT, 0, "How much is copied.", .unit = "percent" },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field snapshot_filters[] = {
	BY_NAME,
	BY_STATUS(snapshot_status),
	{ "volume_id", CAT_STRING, FILTER, "Only those of this volume." },
	{ NULL },
};

static const struct cat_field snapshot_create[] = {
	A_NAME,
	REF("volume_id", REQ, "Volume to copy."),
	{ "force", CAT_BOOL, 0, "Also while the volume is attached." },
	A_DESCRIPTION,
	A_TAGS,
	{ NULL },
};

const struct cat_kind cat_kind_snapshot = {
	"snapshot", "snapshots", "Snapshot", "Volumes' content at one moment.",
	&cat_record_snapshot,
	(const struct cat_op[]){
		OP_LIST(snapshot, &cat_record_snapshot, snapshot_filters),
		OP_GET(snapshot, &cat_record_snapshot),
		OP(snapshot, create, CAT_MUTATES, "Make a snapshot of a volume.",
		   .args = snapshot_create, .result = &cat_record_snapshot),
		OP_DELETE(snapshot),
		{ NULL },
	},
};
