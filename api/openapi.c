/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document is made once, when first asked for: the routes and the
 * catalogue are part of the program and do not change.  Bodies share schemas by
 * operation; what the path gives is taken out of them.
 */
#include "openapi.h"

#include <openssl/evp.h>
#include <string.h>

#include "api_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "handlers.h"
#include "openapi_answers.h"
#include "reply.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* ---- arguments ----------------------------------------------------------- */

static bool in_path(const struct route *route, const char *name)
{
	for (size_t i = 0; i < HTTP_MAX_PARAMS && route->param[i]; i++)
		if (!strcmp(route->param[i], name))
			return true;
	return false;
}

static bool takes_body(const struct route *route)
{
	return route->method & (HTTP_POST | HTTP_PUT | HTTP_PATCH);
}

static json_t *path_param(const char *name)
{
	return json_pack("{ss ss sb s{ss si}}", "name", name, "in", "path",
			 "required", 1, "schema", "type", "string", "minLength",
			 1);
}

static json_t *query_param(const struct cat_field *f, json_t *schema)
{
	json_t *p = json_pack("{ss ss sb sO}", "name", f->name, "in", "query",
			      "required", (f->flags & CAT_REQUIRED) != 0,
			      "schema", schema);

	set(p, "description", json_string(f->help));
	if (f->flags & CAT_LIST) {
		set(p, "style", json_string("form"));
		set(p, "explode", json_false());
	}
	return p;
}

static void add_query_params(json_t *list, const struct route *route)
{
	AUTO_JSON json_t *schema = cat_args_schema(route->op, OPENAPI_SCHEMAS);
	json_t *properties = json_object_get(schema, "properties");
	const struct cat_field *f;

	for (size_t i = 0; (f = cat_arg(route->op, i)); i++)
		if (!in_path(route, f->name))
			json_array_append_new(
				list, query_param(f, json_object_get(properties,
								     f->name)));
}

/* Whose account of the cloud it is about; beside a body, in the query or in
 * the body. */
static const struct tenant_param {
	const char *name, *help;
} tenant_params[] = {
	{ "workspace_id", "Workspace to work in; without it your only one." },
	{ "credential_id", "Credential of the cloud account; without it the "
			   "workspace's default one." },
};

static bool takes_tenant(const struct route *route)
{
	return !route->noun && route->scope == ACCESS_NAMED;
}

static void add_tenant_params(json_t *list)
{
	for (size_t i = 0; i < ARRAY_LEN(tenant_params); i++)
		json_array_append_new(
			list,
			json_pack("{ss ss ss s{ss si}}", "name",
				  tenant_params[i].name, "in", "query",
				  "description", tenant_params[i].help,
				  "schema", "type", "string", "minLength", 1));
}

/* Beside a body the query says where. */
static void add_where_params(json_t *list, const struct route *route)
{
	const struct cat_field *f;

	for (size_t i = 0; (f = cat_arg(route->op, i)); i++)
		if (!strcmp(f->name, "region") || !strcmp(f->name, "zone"))
			json_array_append_new(
				list,
				json_pack("{ss ss ss s{ss si}}", "name",
					  f->name, "in", "query", "description",
					  f->help, "schema", "type", "string",
					  "minLength", 1));
}

/* ---- headers ------------------------------------------------------------- */

static json_t *header_param(const char *name, bool required, const char *help,
			    int most)
{
	return json_pack("{ss ss sb ss s{ss si si}}", "name", name, "in",
			 "header", "required", required, "description", help,
			 "schema", "type", "string", "minLength", 1,
			 "maxLength", most);
}

static void add_header_params(json_t *list, const struct route *route)
{
	if (openapi_is_versioned(route))
		json_array_append_new(
			list,
			header_param("If-Match", true,
				     "ETag of what is changed, as an earlier "
				     "answer told it.",
				     23));
	if (!openapi_begins_operation(route))
		return;
	json_array_append_new(
		list, header_param("Idempotency-Key", false,
				   "Asked again with the same key, the same is "
				   "answered and nothing is done.",
				   255));
	json_array_append_new(
		list, header_param("Prefer", false,
				   "wait=SECONDS or respond-async: how long to "
				   "wait for the end (RFC 7240).",
				   4096));
}

static json_t *parameters(const struct route *route)
{
	json_t *list = json_array();

	for (size_t i = 0; i < HTTP_MAX_PARAMS && route->param[i]; i++)
		json_array_append_new(list, path_param(route->param[i]));
	if (route->op && !takes_body(route))
		add_query_params(list, route);
	if (route->op && takes_body(route))
		add_where_params(list, route);
	if (takes_tenant(route))
		add_tenant_params(list);
	add_header_params(list, route);
	return list;
}

/* Take what the path gives out of what a schema requires. */
static void forget_required(json_t *schema, const char *name)
{
	json_t *required = json_object_get(schema, "required"), *value;
	size_t i;

	json_array_foreach (required, i, value)
		if (!strcmp(json_string_value(value), name)) {
			json_array_remove(required, i);
			break;
		}
	if (required && !json_array_size(required))
		json_object_del(schema, "required");
}

/* What seed 002's bodies hold beside the arguments. */
static void add_tenant_members(json_t *properties)
{
	for (size_t i = 0; i < ARRAY_LEN(tenant_params); i++)
		set(properties, tenant_params[i].name,
		    json_pack("{ss si ss}", "type", "string", "minLength", 1,
			      "description", tenant_params[i].help));
	set(properties, "provider",
	    json_pack("{ss ss}", "type", "string", "description",
		      "The provider once more, as in the path."));
}

static json_t *body_schema(const struct route *route)
{
	json_t *schema = cat_args_schema(route->op, OPENAPI_SCHEMAS);
	json_t *properties = json_object_get(schema, "properties");

	for (size_t i = 0; i < HTTP_MAX_PARAMS && route->param[i]; i++) {
		json_object_del(properties, route->param[i]);
		forget_required(schema, route->param[i]);
	}
	if (takes_tenant(route))
		add_tenant_members(properties);
	return schema;
}

/* Both spellings of an operation share their schema, unless the path of one
 * gives more than the identifier. */
static json_t *body_ref(const struct route *route, json_t *schemas)
{
	bool nested = in_path(route, "cluster_id");
	AUTO_FREE char *name = mem_printf("%s.arguments",
					  nested ? route->id : route->op->name);

	if (!json_object_get(schemas, name))
		set(schemas, name, body_schema(route));
	return openapi_ref(name);
}

static json_t *request_body(const struct route *route, json_t *schemas)
{
	json_t *schema = route->op ? body_ref(route, schemas)
				   : json_pack("{ss}", "type", "object");

	return json_pack("{sb s{s{so}}}", "required", 0, "content", REPLY_JSON,
			 "schema", schema);
}

/* ---- paths --------------------------------------------------------------- */

static json_t *operation(const struct route *route, json_t *schemas)
{
	json_t *v = json_pack("{ss s[s] ss ss ss so so}", "operationId",
			      route->id, "tags", route->tag, "summary",
			      route->summary, "x-permission",
			      route->permission ? route->permission : "",
			      "x-scope", access_scope_name(route->scope),
			      "parameters", parameters(route), "responses",
			      openapi_answers(route, schemas));

	if (takes_body(route))
		set(v, "requestBody", request_body(route, schemas));
	if (route->scope == ACCESS_OPEN)
		set(v, "security", json_array());
	if (route->op && !route->noun)
		set(v, "x-operation", json_string(route->op->name));
	return v;
}

static void add_path(json_t *paths, const struct route *route, json_t *schemas)
{
	json_t *item = json_object_get(paths, route->pattern);
	char method[8] = "";

	for (size_t i = 0; http_method_name(route->method)[i] && i < 7; i++)
		method[i] = (char)(http_method_name(route->method)[i] | 0x20);
	if (!item) {
		item = json_object();
		set(paths, route->pattern, item);
	}
	set(item, method, operation(route, schemas));
}

/* ---- the document -------------------------------------------------------- */

static json_t *problem_schema(void)
{
	json_t *codes = json_array();

	for (unsigned i = ERR_NONE + 1; i < ERR_COUNT; i++)
		json_array_append_new(
			codes, json_string(err_info((enum err_code)i)->name));
	return json_pack(
		"{ss ss s[sssssss] s{s{ss ss} s{ss} s{ss} s{ss} s{ss}"
		" s{ss so} s{ss s[ssss]} s{ss} s{ss} s{ss}"
		" s{ss s{s{ss} s{ss} s{ss}}}}}",
		"type", "object", "description", "What went wrong (RFC 9457).",
		"required", "type", "title", "status", "detail", "code",
		"effect", "retryable", "properties", "type", "type", "string",
		"format", "uri", "title", "type", "string", "status", "type",
		"integer", "detail", "type", "string", "instance", "type",
		"string", "code", "type", "string", "examples", codes, "effect",
		"type", "string", "enum", "none", "partial", "applied",
		"unknown", "retryable", "type", "boolean", "pointer", "type",
		"string", "provider", "type", "string", "cloud", "type",
		"object", "properties", "http", "type", "integer", "code",
		"type", "string", "request_id", "type", "string");
}

static void add_record(json_t *schemas, const struct cat_record *rec)
{
	if (!rec || json_object_get(schemas, rec->name))
		return;
	set(schemas, rec->name, cat_record_schema(rec, OPENAPI_SCHEMAS));
	for (const struct cat_field *f = rec->fields; f->name; f++)
		add_record(schemas, f->of);
}

static void add_nouns(json_t *schemas)
{
	const struct noun *const *noun = nouns_all();

	for (; *noun; noun++)
		for (const struct cat_op *op = (*noun)->kind->ops; op->name;
		     op++)
			add_record(schemas, op->result);
}

static json_t *components(json_t *schemas)
{
	const struct cat_record *const *rec = cat_records();

	for (; *rec; rec++)
		set(schemas, (*rec)->name,
		    cat_record_schema(*rec, OPENAPI_SCHEMAS));
	add_nouns(schemas);
	set(schemas, "problem", problem_schema());
	return json_pack("{s{s{ss ss}} sO so}", "securitySchemes", "token",
			 "type", "http", "scheme", "bearer", "schemas", schemas,
			 "responses", openapi_problems());
}

json_t *openapi_document(const struct route *const *routes, size_t n,
			 const char *version)
{
	AUTO_JSON json_t *schemas = json_object();
	json_t *paths = json_object();

	for (size_t i = 0; i < n; i++)
		add_path(paths, routes[i], schemas);
	return json_pack(
		"{ss s{ss ss ss s{ss}} s[{ss}] s[{s[]}] so so}", "openapi",
		"3.1.0", "info", "title", "SkyClust", "version", version,
		"description", "One interface to many clouds.", "license",
		"name", "Apache-2.0", "servers", "url", "/", "security",
		"token", "paths", paths, "components", components(schemas));
}

/* ---- /api/v1/openapi.json ------------------------------------------------ */

static void make_document(struct api *api)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const struct route *const *routes;
	char hex[2 * 16 + 1];
	json_t *doc;
	size_t n;

	routes = routes_all(&n);
	doc = openapi_document(routes, n, api->options.version);
	json_write(doc, &api->openapi);
	json_decref(doc);
	EVP_Digest(api->openapi.p, api->openapi.n, digest, NULL, EVP_sha256(),
		   NULL);
	text_hex(digest, 16, hex);
	snprintf(api->openapi_tag, sizeof(api->openapi_tag), "\"%s\"", hex);
}

void openapi_get(struct request *req)
{
	struct api *api = api_of(req);
	const char *known = http_header(req, "If-None-Match");

	if (!api->openapi.n)
		make_document(api);
	http_add_header(req, "ETag", api->openapi_tag);
	http_add_header(req, "Cache-Control", "private, no-cache");
	if (known && (strstr(known, api->openapi_tag) || !strcmp(known, "*")))
		http_reply(req, 304, NULL, (struct slice){ 0 });
	else
		http_reply(req, 200, REPLY_JSON, buf_slice(&api->openapi));
}
