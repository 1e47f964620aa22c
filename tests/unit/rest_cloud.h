/* SPDX-License-Identifier: Apache-2.0 */
/* The driver that the table engine's tests share. */
#ifndef SKYCLUST_TESTS_UNIT_REST_CLOUD_H
#define SKYCLUST_TESTS_UNIT_REST_CLOUD_H

#include "rest_play.h"

/* clang-format off: tables */
/* ---- the driver ---------------------------------------------------------- */

static const char states[] =
	"running=ACTIVE stopped=1 unknown=*";

static const char tasks[] =
	"stopping=powering-off -=*";

static const struct sc_map server[] = {
	{ "id name" },
	{ "status", "task", .words = tasks },
	{ "status", "status", .words = states },
	{ "provider_status", "status" },
	{ "instance_type", "flavor.id" },
	{ "public_ips", "addr.*[kind=out].ip", .list = true },
	{ "security_groups", "groups", .list = true },
	{ "host", "{host.name}/{host.slot?}" },
	{ "tags", "meta" },
	{ "zone", .value = "z1" },
	{ "created_at", "created" },
	{ "native", "extra" },
	{ NULL },
};

static const struct sc_map type_map[] = {
	{ "id", "id" }, { "name", "id" }, { "vcpus", "cpu" },
	{ "is_available", "up" }, { "price", "cost" }, { NULL },
};

static const struct sc_map rule[] = {
	{ "id", "id" }, { "direction", "dir" }, { "port_from", "from" },
	{ "port_to", "to" }, { NULL },
};

static const struct sc_map group[] = {
	{ "id name" },
	{ "rules", "rules[]", .map = rule, .list = true }, { NULL },
};

/* What the cloud would say if it were asked. */
static bool is_full;

static inline bool ask_if_full(struct sc_call *c)
{
	(void)c;
	return is_full;
}

static const struct sc_error_row start_errors[] = {
	{ 409, "AlreadyOn", SC_BUSY }, { 403, "Either", SC_QUOTA, .only_if = ask_if_full }, { 0 },
};

static const struct sc_error_row errors[] = {
	{ 0, "OverQuota", SC_QUOTA }, { 418, NULL, SC_UNSUPPORTED }, { 0 },
};

static inline struct sc_reply *by_hand(struct sc_call *c)
{
	(void)c;
	return NULL;
}

static const struct sc_rest compute[] = {
	{ "instance.list", "GET /servers?limit={limit?}&marker={page_token?}&name={name?}",
	  .items = "servers[]", .map = server, .next = "links[rel=next].href" },
	{ "instance.get", "GET /servers/{id}", .items = "server", .map = server },
	{ "instance.create", "POST /servers",
	  "{'server': {'name': '{name}', 'flavor': '{instance_type}', 'zone': '{zone?}',"
	  " 'groups': [{'name': '{security_groups[]?}'}]}}",
	  .items = "server", .then = "instance.get" },
	{ "instance.delete", "DELETE /servers/{id}" },
	{ "instance.start", "POST /servers/{id}/start", .errors = start_errors },
	{ "instance.resize", "POST /servers/{id}/resize", "{'to': '{instance_type}'}",
	  .map = server, .then = "instance.get" },
	{ "instance.stop", "POST /servers/{id}/stop", .then = "nobody" },
	{ "instance.restart", .run = by_hand },
	{ "instance_type.list", "GET /types?page={page_token?}", .items = "types[]?",
	  .map = type_map, .next = "next" },
	{ "instance_type.get", "GET /types?id={id}", .items = "types[]", .map = type_map },
	{ NULL },
};

static const struct sc_rest more[] = {
	{ "security_group.get", "GET /groups/{id}", .items = "", .map = group,
	  .service = "other" },
	{ ".raw", "GET /raw", .items = "" , .service = "other"},
	{ ".rows", "GET /rows", .items = "rows[].row", .service = "other" },
	{ ".post-read", "POST /read", .service = "other" },
	{ ".lost", "GET /lost", .service = "nowhere" },
	{ ".ftp", "GET /x", .service = "ftp" },
	{ ".volume", "GET /x", .service = "volume" },
	{ ".bad", "GET x", .service = "other" },
	{ ".missing", "GET /x/{nobody}", .service = "other" },
	{ ".header", "GET /x", .service = "header" },
	{ ".slashes", "GET /x", .service = "slashes" },
	{ NULL },
};

static const char *const headers[] = { "X-Token: {session.token}",
				       "X-Zone: {cred.zone?}", NULL };
static const char *const odd_headers[] = { "X: {cred.nobody}", NULL };

static const struct sc_service services[] = {
	{ "", "{session.compute}/", headers, errors, "error.code",
	  "error.message", "X-Request-Id" },
	{ "other", "{config.url}" },
	{ "ftp", "ftp://h" },
	{ "volume", "{session.volume}" },
	{ "header", "{config.url}", odd_headers },
	{ "slashes", "{config.url}//v3/" },
	{ NULL },
};

static inline json_t *log_in(struct sc_call *c)
{
	(void)c;
	return json_pack("{s:s, s:o}", "compute", fake.base, "token",
			 json_sprintf("t%d", ++logins));
}

static const struct sc_driver driver = {
	.name = "test", .version = "1.0", .services = services,
	.rest = compute,
	.rest_tables = (const struct sc_rest *const[]){ more, NULL },
	.login = log_in,
	.credential_schema = "{\"properties\":{\"password\":{\"writeOnly\":true}}}",
};

/* ---- records ------------------------------------------------------------- */

#define ONE(id) "{\"id\":\"" id "\",\"name\":\"n\",\"status\":\"ACTIVE\"}"
#define SERVER ONE("s1")
#define NULLS                                                                \
	"\"instance_type\":null,\"public_ips\":[],\"security_groups\":[],"   \
	"\"host\":null,\"tags\":null,\"zone\":\"z1\",\"created_at\":null,"   \
	"\"native\":null"
#define RECORD(id)                                                           \
	"{\"id\":\"" id "\",\"name\":\"n\",\"status\":\"running\","          \
	"\"provider_status\":\"ACTIVE\"," NULLS "}"
#define TYPE(id) "{\"id\":\"" id "\"}"
#define TYPE_RECORD(id)                                                      \
	"{\"id\":\"" id "\",\"name\":\"" id "\",\"vcpus\":null,"             \
	"\"is_available\":null,\"price\":null}"
#define NEXT(url) "\"links\":[{\"rel\":\"next\",\"href\":\"" url "\"}]"

#endif
