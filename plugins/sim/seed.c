/* SPDX-License-Identifier: Apache-2.0 */
#include "seed.h"

#include <stdio.h>

#include "ip.h"
#include "members.h"
#include "moment.h"
#include "resource.h"
#include "settings.h"
#include "status.h"

#define BORN 1767225600000LL	 /* 2026-01-01T00:00:00Z */
#define FIRST_NUMBER (-100000LL) /* seeds come before all that is created */

static const struct {
	const char *id, *title;
	int second; /* of its default network, 10.SECOND.0.0/16 */
} regions[] = {
	{ "sim-east", "Simulated East", 0 },
	{ "sim-west", "Simulated West", 1 },
};

static const char zones[] = { 'a', 'b' };

static const struct {
	const char *id, *os, *version;
	long long mib;
} images[] = {
	{ "ubuntu-22.04", "ubuntu", "22.04", 660 },
	{ "ubuntu-24.04", "ubuntu", "24.04", 590 },
	{ "debian-12", "debian", "12", 430 },
	{ "alpine-3.20", "alpine", "3.20", 130 },
	{ "windows-2022", "windows", "2022", 9600 },
};

static const struct {
	const char *id;
	int vcpus, memory_mib, storage_gib, network_mbps, gpu;
	const char *price;
} types[] = {
	{ "tiny", 1, 512, 8, 100, 0, "0.0052" },
	{ "small", 1, 2048, 20, 1000, 0, "0.0104" },
	{ "m1.small", 1, 2048, 20, 1000, 0, "0.0104" },
	{ "medium", 2, 4096, 40, 1000, 0, "0.0416" },
	{ "large", 4, 16384, 80, 10000, 0, "0.1664" },
	{ "xlarge", 16, 65536, 160, 25000, 0, "0.6656" },
	{ "gpu", 8, 61440, 160, 25000, 1, "3.06" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static long long number;

/* Put @record (stolen) as if it had always been there. */
static void put(struct world *w, const char *kind_name, json_t *record)
{
	const struct kind *kind = kind_find(kind_name);
	json_t *entry;

	fill_defaults(kind, record);
	status_write(record, kind->there);
	if (!has(record, "tags"))
		set(record, "tags", json_object());
	set(record, "created_at", moment_json(BORN));
	set(record, "updated_at", moment_json(BORN));
	entry = json_pack("{so sI sI}", "record", record, "seq",
			  (json_int_t)number++, "born", (json_int_t)BORN);
	world_put(w, kind_name, entry);
	json_decref(entry);
}

/* ---- what is in no region ------------------------------------------------ */

static void put_types(struct world *w)
{
	for (size_t i = 0; i < COUNT(types); i++)
		put(w, "instance_type",
		    json_pack("{ss ss si si si si si ss ss ss sb}", "id",
			      types[i].id, "name", types[i].id, "vcpus",
			      types[i].vcpus, "memory_mib", types[i].memory_mib,
			      "storage_gib", types[i].storage_gib,
			      "network_mbps", types[i].network_mbps, "gpu",
			      types[i].gpu, "architecture", "x86_64", "price",
			      types[i].price, "currency", "USD", "is_available",
			      1));
}

static void put_images(struct world *w)
{
	for (size_t i = 0; i < COUNT(images); i++)
		put(w, "image",
		    json_pack("{ss ss ss ss sI si ss sb}", "id", images[i].id,
			      "name", images[i].id, "os", images[i].os,
			      "os_version", images[i].version, "size",
			      (json_int_t)(images[i].mib << 20), "min_disk_gib",
			      8, "owner", "sim", "is_public", 1));
}

static void put_identity(struct world *w)
{
	put(w, "project",
	    json_pack("{ss ss}", "id", "prj-default", "name", w->account));
	put(w, "role",
	    json_pack("{ss ss ss s[s]}", "id", "role-cluster", "name",
		      "cluster", "trusted_service", "kubernetes", "policies",
		      "cluster-nodes"));
}

/* ---- regions ------------------------------------------------------------- */

static void put_zone(struct world *w, size_t region, size_t zone)
{
	char id[32], subnet[48], network[40], cidr[32], gateway[32];

	snprintf(id, sizeof(id), "%s-%c", regions[region].id, zones[zone]);
	snprintf(subnet, sizeof(subnet), "subnet-%s", id);
	snprintf(network, sizeof(network), "net-%s", regions[region].id);
	snprintf(cidr, sizeof(cidr), "10.%d.%zu.0/18", regions[region].second,
		 zone * 64);
	snprintf(gateway, sizeof(gateway), "10.%d.%zu.1",
		 regions[region].second, zone * 64);
	put(w, "zone",
	    json_pack("{ss ss ss sb}", "id", id, "name", id, "region",
		      regions[region].id, "is_active", 1));
	put(w, "subnet",
	    json_pack("{ss ss ss ss ss ss ss sb}", "id", subnet, "name", subnet,
		      "region", regions[region].id, "zone", id, "network_id",
		      network, "cidr", cidr, "gateway_ip", gateway,
		      "is_default", 1));
}

static void put_network(struct world *w, size_t region)
{
	const char *name = regions[region].id;
	char id[40], cidr[32], group[40], a[48], b[48];

	snprintf(id, sizeof(id), "net-%s", name);
	snprintf(group, sizeof(group), "sg-%s", name);
	snprintf(cidr, sizeof(cidr), "10.%d.0.0/16", regions[region].second);
	snprintf(a, sizeof(a), "subnet-%s-a", name);
	snprintf(b, sizeof(b), "subnet-%s-b", name);
	put(w, "network",
	    json_pack("{ss ss ss ss s[ss] sb}", "id", id, "name", "default",
		      "region", name, "cidr", cidr, "subnet_ids", a, b,
		      "is_default", 1));
	put(w, "security_group",
	    json_pack("{ss ss ss ss sb}", "id", group, "name", "default",
		      "region", name, "description", "Lets nothing in.",
		      "is_default", 1));
}

static void put_region(struct world *w, size_t i)
{
	char endpoint[80];

	snprintf(endpoint, sizeof(endpoint), "https://%s.sim.invalid",
		 regions[i].id);
	put(w, "region",
	    json_pack("{ss ss ss ss sb}", "id", regions[i].id, "name",
		      regions[i].id, "display_name", regions[i].title,
		      "endpoint", endpoint, "is_active", 1));
	put_network(w, i);
	for (size_t zone = 0; zone < COUNT(zones); zone++)
		put_zone(w, i, zone);
}

/* ---- instances ----------------------------------------------------------- */

/* In turn over the zones of the first region, with addresses from the end of
 * their subnets: those that are created look for free ones from the front. */
static void put_instance(struct world *w, unsigned n)
{
	unsigned zone = n % COUNT(zones);
	uint32_t last = (10U << 24) + ((zone + 1) << 14) - 2;
	char id[32], name[32], where[32], subnet[48], dns[64];
	json_t *ip = ip_json(last - n / COUNT(zones));

	snprintf(id, sizeof(id), "i-seed-%05u", n + 1);
	snprintf(name, sizeof(name), "vm-seed-%05u", n + 1);
	snprintf(where, sizeof(where), "%s-%c", regions[0].id, zones[zone]);
	snprintf(subnet, sizeof(subnet), "subnet-%s", where);
	snprintf(dns, sizeof(dns), "%s.%s.internal", id, regions[0].id);
	put(w, "instance",
	    json_pack("{ss ss ss ss ss ss ss ss s[s] s[] sO ss s[o]}", "id", id,
		      "name", name, "region", regions[0].id, "zone", where,
		      "instance_type", types[n % 3].id, "image_id",
		      images[n % COUNT(images)].id, "network_id",
		      "net-sim-east", "subnet_id", subnet, "security_groups",
		      "sg-sim-east", "vnics", "private_ip", ip, "private_dns",
		      dns, "private_ips", ip));
}

void seed_world(struct world *w)
{
	number = FIRST_NUMBER;
	put_types(w);
	put_images(w);
	put_identity(w);
	for (size_t i = 0; i < COUNT(regions); i++)
		put_region(w, i);
	for (unsigned n = 0; n < settings()->seed_instances; n++)
		put_instance(w, n);
}
