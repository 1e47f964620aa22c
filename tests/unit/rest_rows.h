/* SPDX-License-Identifier: Apache-2.0 */
/* A driver whose rows say much beside their request. */
#ifndef SKYCLUST_TESTS_UNIT_REST_ROWS_H
#define SKYCLUST_TESTS_UNIT_REST_ROWS_H

#include "rest_play.h"

/* clang-format off: tables */

/* ---- the driver ---------------------------------------------------------- */

static const struct sc_map type_map[] = {
	{ "id name" }, { "vcpus", "cpu" }, { NULL },
};

static const struct sc_map key_map[] = { { "id name" }, { NULL } };

static const struct sc_map console_map[] = { { "url" }, { NULL } };

static const struct sc_map number_map[] = { { "id", "n" }, { "name", "n" }, { NULL } };
static const struct sc_map pool_map[] = {
	{ "id name" }, { "cluster_id", "c" }, { "node_count", "n" }, { NULL },
};

static const struct sc_map state_map[] = { { "id name status" }, { NULL } };

static const struct sc_rest rows[] = {
	{ "instance_type.list", "GET /types", .items = "types[]", .map = type_map },
	{ "instance_type.get", "GET /types?fields=all", .items = "types[id=c]",
	  .map = type_map },
	{ "instance.console", "POST /servers/{id}/vnc", .when = "type=vnc|spice", .items = "c",
	  .map = console_map },
	{ "instance.console", "POST /servers/{id}/serial", .when = "type=serial", .items = "c",
	  .map = console_map },
	{ "instance.restart", "POST /servers/{id}/reset", .when = "force" },
	{ "instance.restart", "POST /servers/{id}/reboot", .when = "!force" },
	{ "volume.attach", "POST /volumes/{id}/of/{instance_id}", .when = "!device",
	  .already = "name={instance_id}" },
	{ "volume.attach", "POST /volumes/{id}/of/{instance_id}/at", .when = "device read_only" },
	{ "volume.create", "POST /volumes", "{'size': '{size_gib}', 'name': '{name?}',"
	  " 'zone': '{zone?}'}", .items = "v", .map = key_map, .takes = "type",
	  .then = "volume.get" },
	{ "volume.get", "GET /volumes/{id}?of={snapshot_id?}", .items = "v", .map = key_map },
	{ "cluster.create", "POST /clusters",
	  "{'name': '{name}', 'size': '{node_pool.node_count?}',"
	  " 'rows': ['{taints[].key?}'], 'kind': '{node_pool.instance_type?}'}",
	  .items = "c", .map = key_map },
	{ "security_group.create", "POST /groups",
	  "{'name': '{name}', 'rules': [{'to': '{rules[].port_to?}'}]}", .items = "g",
	  .map = key_map },
	{ "load_balancer.create", "POST /balancers",
	  "{'name': '{name}', 'net': '{subnet_ids[only]?}',"
	  " 'at': ['{listeners[].port}']}", .items = "b", .map = key_map,
	  .takes = "scheme=internal listeners.protocol=tcp" },
	/* look-ups */
	{ "instance.create", "POST /servers", "{'name': '{name}', 'flavor': '{flavor.id}',"
	  " 'image': '{image_id}', 'net': '{network.net?}', 'keys': ['{keys[].id?}']}",
	  .items = "s", .map = key_map, .let = "flavor network keys" },
	{ "flavor", "GET /types?name={instance_type}&zone={region?}", .items = "types[name=big]",
	  .map = type_map },
	{ "network", "GET /subnets/{subnet_id}", .items = "subnet", .when = "subnet_id" },
	{ "keys", "GET /keys", .items = "keys[]", .map = key_map, .next = "",
	  .when = "key_pair" },
	{ "key_pair.create", "POST /keys", .items = "k", .map = key_map, .takes = "name",
	  .then = "key_pair.get" },
	{ "key_pair.get", "GET /keys/{id}", .items = "k", .map = number_map },
	{ "volume.detach", "DELETE /volumes/{id}/of", .then = "volume.get",
	  .already = "!instance_id" },
	{ "image.list", "GET /images", .items = "images[]", .map = key_map },
	{ "snapshot.create", "POST /volumes/{volume.uuid}/snapshots", .let = "volume",
	  .items = "s", .map = key_map },
	{ "volume", "GET /volumes/{volume_id}", .items = "v" },
	{ "volume.list", "GET /volumes", .items = "v[]", .map = key_map },
	{ "volume.delete", "DELETE /volumes/{subject.uuid}", .let = "subject" },
	{ "subject", "GET /volumes?of={id}", .items = "v[]?.x" },
	{ "volume.resize", "POST /volumes/{subject_id.uuid}/resize", "{'size': '{size_gib}'}",
	  .let = "subject_id", .items = "v", .map = key_map },
	{ "subject_id", "GET /volumes/{id}", .items = "v" },
	/* lists of several requests */
	{ "node_pool.list", "GET /clusters/{cluster_id}/pools", .when = "cluster_id",
	  .items = "pools[]", .map = pool_map },
	{ "node_pool.list", "GET /clusters/{over.id}/pools", .over = "cluster.list",
	  .items = "pools[]", .map = pool_map },
	{ "cluster.list", "GET /clusters?name={name?}", .items = "clusters[]", .map = key_map },
	{ "region.list", "GET /regions", .items = "r[]", .map = key_map, .next = "next",
	  .also = "private_regions far_regions" },
	{ "private_regions", "GET /private", .items = "r[]", .map = number_map },
	{ "far_regions", "GET /r", .service = "far", .items = "r[]", .map = key_map },
	/* steps after, taken back when they fail */
	{ "network.create", "POST /nets", "{'name': '{name}'}", .items = "", .map = key_map,
	  .then = "first_subnet network.get", .undo = "network.delete" },
	{ "first_subnet", "POST /nets/{id}/subnets", "{'cidr': '{cidr}'}", .when = "cidr" },
	{ "network.get", "GET /nets/{id}", .items = "", .map = key_map },
	{ "network.delete", "DELETE /nets/{id}" },
	/* once for each, and again while the cloud is at work */
	{ "load_balancer.get", "GET /balancers/{id}", .items = "b", .map = state_map },
	{ "load_balancer.add_target", "POST /pools/{over.id}", "{'at': '{address}'}",
	  .over = "pools", .busy = "status=pending", .already = "status=available",
	  .then = "load_balancer.get" },
	{ "pools", "GET /pools?of={id}", .items = "pools[]", .next = "" },
	{ "load_balancer.remove_target", "DELETE /pools/{over.pool}/{over.id}", .over = "members",
	  .then = "load_balancer.get" },
	{ ".drop", "DELETE /rules/{over.id}", .over = "arg.extra" },
	{ "members", "GET /pools/{over.id}", .items = "members[id={target_id}]", .over = "pools",
	  .map = (const struct sc_map[]){ { "id" }, { "pool", "{arg.over.id}" }, { NULL } },
	  .next = "" },
	/* conflicts */
	{ "instance.start", "POST /servers/{id}/start", .already = "status=running|pending" },
	{ "instance.get", "GET /servers/{id}", .items = "s", .map = state_map },
	{ "key_pair.list", "GET /keys", .items = "keys[]", .map = key_map, .next = "" },
	{ NULL },
};

static const struct sc_service services[] = {
	{ "", "{config.url}", .page = "limit={limit?}&marker={page_token?}",
	  .next = "next" },
	{ "far", "{session.far}" },
	{ NULL },
};

static json_t *log_in(struct sc_call *c)
{
	(void)c;
	logins++;
	return json_object();
}

static const struct sc_driver driver = {
	.name = "test", .version = "1.0", .services = services, .rest = rows,
	.login = log_in,
};

#define RUN(table) run_rows(table, ARRAY_LEN(table))
#define NAMED(id) "{\"id\":\"" id "\",\"name\":\"" id "\"}"
#define TYPE(id) "{\"id\":\"" id "\",\"name\":\"" id "\",\"vcpus\":null}"

#endif
