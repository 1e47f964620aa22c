/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue, compute: regions and zones, images, instance types,
 * instances and key pairs (seeds 000, 001 and 004).
 */
#include "catalog/tables.h"

/* Rows are read as a table. */
/* clang-format off */

static const struct cat_field by_name[] = { BY_NAME, { NULL } };

/* ---- region, zone -------------------------------------------------------- */

const struct cat_record cat_record_region = {
	"region", "A place where a cloud runs.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		{ "display_name", CAT_STRING, 0, "Name for people." },
		{ "endpoint", CAT_STRING, 0, "URL of the cloud's API there." },
		{ "is_active", CAT_BOOL, 0, "Whether it can be used with this credential." },
		F_COMMON,
		{ NULL },
	},
};

const struct cat_kind cat_kind_region = {
	"region", "regions", "Region", "Places where the cloud runs.",
	&cat_record_region,
	(const struct cat_op[]){
		OP_LIST(region, &cat_record_region, by_name),
		OP_GET(region, &cat_record_region),
		{ NULL },
	},
};

const struct cat_record cat_record_zone = {
	"zone", "A part of a region that fails on its own.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		{ "is_active", CAT_BOOL, 0, "Whether new resources can be made there." },
		F_COMMON,
		{ NULL },
	},
};

const struct cat_kind cat_kind_zone = {
	"zone", "zones", "Zone", "Parts of a region that fail on their own.",
	&cat_record_zone,
	(const struct cat_op[]){
		OP_LIST(zone, &cat_record_zone, by_name),
		OP_GET(zone, &cat_record_zone),
		{ NULL },
	},
};

/* ---- image --------------------------------------------------------------- */

static const char *const image_status[] = { "pending", "available", "deleting", "error",
					    "unknown", NULL };

const struct cat_record cat_record_image = {
	"image", "What an instance boots from.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "status", CAT_STRING, 0, "State, in our words.", .words = image_status },
		{ "os", CAT_STRING, 0, "Operating system.", .example = "\"debian\"" },
		{ "os_version", CAT_STRING, 0, "Version of the operating system." },
		{ "architecture", CAT_STRING, 0,
		  "Processor architecture.", .example = "\"x86_64\"" },
		{ "size", CAT_INT, 0, "Size of the image.", .unit = "bytes" },
		{ "min_disk_gib", CAT_INT, 0, "Smallest disk it fits on.", .unit = "GiB" },
		{ "owner", CAT_STRING, 0, "Account or project that owns it." },
		{ "is_public", CAT_BOOL, 0, "Whether everybody can use it." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field image_filters[] = {
	BY_NAME,
	BY_STATUS(image_status),
	{ "os", CAT_STRING, FILTER, "Only those with this operating system." },
	{ "architecture", CAT_STRING, FILTER, "Only those for this processor architecture." },
	{ "owner", CAT_STRING, FILTER, "Only those of this owner." },
	{ NULL },
};

static const struct cat_field image_create[] = {
	A_NAME,
	REF("instance_id", 0, "Instance to make it from; this or volume_id."),
	REF("volume_id", 0, "Volume to make it from; this or instance_id."),
	A_DESCRIPTION,
	A_TAGS,
	{ NULL },
};

const struct cat_kind cat_kind_image = {
	"image", "images", "Image", "What instances boot from.",
	&cat_record_image,
	(const struct cat_op[]){
		OP_LIST(image, &cat_record_image, image_filters),
		OP_GET(image, &cat_record_image),
		OP(image, create, CAT_MUTATES, "Make an image of an instance or a volume.",
		   .args = image_create, .result = &cat_record_image),
		OP_DELETE(image),
		{ NULL },
	},
};

/* ---- instance_type ------------------------------------------------------- */

const struct cat_record cat_record_instance_type = {
	"instance_type", "A size of instance (flavor, machine type).",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_DESCRIPTION,
		{ "vcpus", CAT_INT, 0, "Virtual processors." },
		{ "memory_mib", CAT_INT, 0, "Memory.", .unit = "MiB" },
		{ "storage_gib", CAT_INT, 0, "Local disk.", .unit = "GiB" },
		{ "network_mbps", CAT_INT, 0, "Network rate.", .unit = "Mbit/s" },
		{ "gpu", CAT_INT, 0, "Graphics processors." },
		{ "architecture", CAT_STRING, 0, "Processor architecture." },
		{ "price", CAT_DECIMAL, 0, "Price of an hour.", .example = "\"0.0104\"" },
		{ "currency", CAT_STRING, 0, "ISO 4217 code of the price.", .example = "\"USD\"" },
		{ "is_available", CAT_BOOL, 0, "Whether it can be used now." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field instance_type_filters[] = {
	BY_NAME,
	{ "architecture", CAT_STRING, FILTER, "Only those of this processor architecture." },
	{ "vcpus", CAT_INT, FILTER, "Only those with so many virtual processors.", .min = 1,
	  .max = 65536 },
	{ "is_available", CAT_BOOL, FILTER, "Only those that can be used now." },
	{ NULL },
};

const struct cat_kind cat_kind_instance_type = {
	"instance_type", "instance-types", "Instance type",
	"Sizes of instances: flavors, machine types.",
	&cat_record_instance_type,
	(const struct cat_op[]){
		OP_LIST(instance_type, &cat_record_instance_type, instance_type_filters),
		OP_GET(instance_type, &cat_record_instance_type),
		{ NULL },
	},
};

/* ---- instance ------------------------------------------------------------ */

static const char *const instance_status[] = {
	"pending", "running", "stopping", "stopped", "suspending", "suspended",
	"rebooting", "terminating", "terminated", "error", "unknown", NULL,
};

const struct cat_record cat_record_instance = {
	"instance", "A virtual machine.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		F_STATUS(instance_status),
		{ "instance_type", CAT_STRING, 0, "Size of the instance." },
		{ "image_id", CAT_STRING, FIXED, "Image it was made from." },
		{ "network_id", CAT_STRING, 0, "Network of its first interface." },
		{ "subnet_id", CAT_STRING, 0, "Subnet of its first interface." },
		{ "vnics", CAT_STRING, LIST, "Identifiers of its interfaces." },
		{ "security_groups", CAT_STRING, LIST,
		  "Names or identifiers of its security groups." },
		{ "public_ip", CAT_IP, 0, "First address from outside." },
		{ "public_dns", CAT_STRING, 0, "Name for that address." },
		{ "private_ip", CAT_IP, 0, "First address inside its network." },
		{ "private_dns", CAT_STRING, 0, "Name for that address." },
		{ "public_ips", CAT_IP, LIST, "All addresses from outside." },
		{ "private_ips", CAT_IP, LIST, "All addresses inside its networks." },
		{ "key_pair", CAT_STRING, FIXED, "Key pair for the first login." },
		{ "guest_user", CAT_STRING, 0, "User for the first login." },
		{ "guest_password", CAT_STRING, CAT_SECRET,
		  "Password for the first login, where the cloud gives one." },
		{ "boot_disk", CAT_STRING, 0, "Volume or device it boots from." },
		{ "block_disks", CAT_STRING, LIST, "Volumes attached beside the boot disk." },
		{ "started_at", CAT_TIME, 0, "Time of the last start." },
		{ "host", CAT_STRING, 0, "Machine it runs on, where the cloud tells." },
		{ "fault", CAT_STRING, 0, "What the cloud says went wrong, in state error." },
		F_COMMON,
		{ NULL },
	},
};

const struct cat_record cat_record_instance_status = {
	"instance_status", "The state of one instance.",
	(const struct cat_field[]){
		F_ID,
		{ "name", CAT_STRING, 0, "Name of the instance." },
		F_STATUS(instance_status),
		{ "provider_status", CAT_STRING, 0, "State, in the cloud's own words." },
		{ NULL },
	},
};

const struct cat_record cat_record_console = {
	"console", "A way to an instance's console.",
	(const struct cat_field[]){
		{ "type", CAT_STRING, REQ, "Kind of console.",
		  .words = WORDS("vnc", "spice", "serial", "log") },
		{ "url", CAT_STRING, CAT_SECRET,
		  "Where to open it; gives access to who knows it." },
		{ "output", CAT_STRING, 0, "Last lines of the serial console." },
		{ "expires_at", CAT_TIME, 0, "Until when the URL works." },
		{ NULL },
	},
};

static const struct cat_field instance_filters[] = {
	BY_NAME,
	BY_STATUS(instance_status),
	BY_ZONE,
	{ "instance_type", CAT_STRING, FILTER, "Only those of this size.",
	  .aliases = WORDS("type", "spec_id") },
	{ "image_id", CAT_STRING, FILTER, "Only those made from this image." },
	BY_NETWORK,
	{ "key_pair", CAT_STRING, FILTER, "Only those with this key pair.",
	  .aliases = WORDS("key_pair_name", "key_pair_id") },
	{ NULL },
};

static const struct cat_field status_filters[] = {
	BY_NAME,
	BY_STATUS(instance_status),
	{ NULL },
};

#define A_INSTANCE_TYPE(type_flags)                                            \
	REF("instance_type", type_flags, "Size of the instance, by id or name.", \
	    .aliases = WORDS("type", "spec_id"), .example = "\"m1.small\"")

static const struct cat_field instance_create[] = {
	A_NAME,
	A_INSTANCE_TYPE(REQ),
	REF("image_id", REQ, "Image to boot from."),
	A_ZONE,
	REF("network_id", 0, "Network to be in; the default one without it.",
	    .aliases = WORDS("vpc_id")),
	REF("subnet_id", 0, "Subnet to be in; one of the network's without it."),
	REF("vnic_id", 0, "Existing interface to use instead of a new one."),
	REF("public_ip_id", 0, "Existing public address to give it."),
	{ "assign_public_ip", CAT_BOOL, 0, "Give it a new public address." },
	{ "security_groups", CAT_STRING, LIST, "Names or identifiers of security groups.",
	  .aliases = WORDS("security_group_ids"), .min = 1, .max = 1024 },
	REF("key_pair", 0, "Key pair for the first login.",
	    .aliases = WORDS("key_pair_name", "key_pair_id")),
	{ "boot_disk_gib", CAT_INT, 0, "Size of the boot disk.", .unit = "GiB", .min = 1,
	  .max = 65536 },
	{ "boot_disk_type", CAT_STRING, 0, "Volume type of the boot disk.", .min = 1, .max = 255 },
	{ "user_data", CAT_STRING, 0,
	  "Text for the instance's first boot (cloud-init), not encoded.",
	  .min = 0, .max = 65535 },
	A_TAGS,
	{ NULL },
};

static const struct cat_field instance_update[] = {
	A_NEW_NAME,
	A_INSTANCE_TYPE(0),
	{ "tags", CAT_TAGS, 0, "All tags it shall have from now on." },
	{ NULL },
};

static const struct cat_field instance_stop[] = {
	{ "force", CAT_BOOL, 0, "Cut the power instead of asking the guest." },
	{ NULL },
};

static const struct cat_field instance_restart[] = {
	{ "force", CAT_BOOL, 0, "Press reset instead of asking the guest.",
	  .aliases = WORDS("hard") },
	{ NULL },
};

static const struct cat_field instance_resize[] = {
	A_INSTANCE_TYPE(REQ),
	{ NULL },
};

static const struct cat_field instance_console[] = {
	{ "type", CAT_STRING, 0, "Kind of console; the cloud's usual one without it.",
	  .words = WORDS("vnc", "spice", "serial", "log") },
	{ "lines", CAT_INT, 0, "Lines of a log.", .min = 1, .max = 10000 },
	{ NULL },
};

const struct cat_kind cat_kind_instance = {
	"instance", "instances", "Instance", "Virtual machines.",
	&cat_record_instance,
	(const struct cat_op[]){
		OP_LIST(instance, &cat_record_instance, instance_filters),
		OP_GET(instance, &cat_record_instance),
		OP(instance, create, CAT_MUTATES, "Make and start an instance.",
		   .args = instance_create, .result = &cat_record_instance),
		OP(instance, update, CHANGES | CAT_NATURAL, "Change name, size or tags.",
		   .args = instance_update, .result = &cat_record_instance),
		OP_DELETE(instance),
		OP(instance, start, ACTS | CAT_NATURAL, "Start a stopped instance."),
		OP(instance, stop, ACTS | CAT_NATURAL, "Stop a running instance; its disks stay.",
		   .args = instance_stop),
		OP(instance, restart, ACTS, "Restart a running instance.",
		   .args = instance_restart),
		OP(instance, suspend, ACTS | CAT_NATURAL,
		   "Keep its memory and free the processors."),
		OP(instance, resume, ACTS | CAT_NATURAL, "Go on after suspend."),
		OP(instance, resize, ACTS | CAT_NATURAL, "Give it another size.",
		   .args = instance_resize, .result = &cat_record_instance),
		OP(instance, console, CAT_BY_ID | CAT_ACTION, "Get a way to its console.",
		   .args = instance_console, .result = &cat_record_console),
		OP(instance, status_list, CAT_PAGED | CAT_ACTION, "List the states only.",
		   .args = status_filters, .result = &cat_record_instance_status),
		{ NULL },
	},
};

/* ---- key_pair ------------------------------------------------------------ */

static const char *const key_types[] = { "ed25519", "rsa", NULL };

const struct cat_record cat_record_key_pair = {
	"key_pair", "A key for the first login to instances.",
	(const struct cat_field[]){
		F_ID,
		F_NAME,
		{ "type", CAT_STRING, FIXED, "Algorithm.", .words = key_types },
		{ "fingerprint", CAT_STRING, FIXED, "Digest of the public key." },
		{ "public_key", CAT_STRING, FIXED, "Public key, in OpenSSH's format." },
		{ "private_key", CAT_STRING, CAT_SECRET | FIXED,
		  "Private key; given once, by create, and kept nowhere." },
		{ "is_active", CAT_BOOL, 0, "Whether it can be used." },
		F_COMMON,
		{ NULL },
	},
};

static const struct cat_field key_pair_create[] = {
	A_NAME,
	{ "type", CAT_STRING, 0, "Algorithm; the cloud's usual one without it.",
	  .words = key_types },
	A_TAGS,
	{ NULL },
};

static const struct cat_field key_pair_import[] = {
	A_NAME,
	{ "public_key", CAT_STRING, REQ, "Public key, in OpenSSH's format.", .min = 1,
	  .max = 16384, .example = "\"ssh-ed25519 AAAAC3Nza… me@home\"" },
	A_TAGS,
	{ NULL },
};

const struct cat_kind cat_kind_key_pair = {
	"key_pair", "key-pairs", "Key pair", "Keys for the first login to instances.",
	&cat_record_key_pair,
	(const struct cat_op[]){
		OP_LIST(key_pair, &cat_record_key_pair, by_name),
		OP_GET(key_pair, &cat_record_key_pair),
		OP(key_pair, create, CAT_MUTATES,
		   "Make a key pair; the private key is in this answer only.",
		   .args = key_pair_create, .result = &cat_record_key_pair),
		OP(key_pair, import, CAT_MUTATES | CAT_ACTION, "Register your own public key.",
		   .args = key_pair_import, .result = &cat_record_key_pair),
		OP_DELETE(key_pair),
		{ NULL },
	},
};
