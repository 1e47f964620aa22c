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
#include "reply.h"

#define SCHEMAS "#/components/schemas/"
#define PROBLEM_REF "#/components/responses/problem"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *ref_to(const char *name)
{
	AUTO_FREE char *ref = mem_printf(SCHEMAS "%s", name);

	return json_pack("{ss}", "$ref", ref);
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
	AUTO_JSON json_t *schema = cat_args_schema(route->op, SCHEMAS);
	json_t *properties = json_object_get(schema, "properties");
	const struct cat_field *f;

	for (size_t i = 0; (f = cat_arg(route->op, i)); i++)
		if (!in_path(route, f->name))
			json_array_append_new(
				list, query_param(f, json_object_get(properties,
								     f->name)));
}

/* Whose account of the cloud it is about. */
static void add_tenant_params(json_t *list)
{
	static const struct {
		const char *name, *help;
	} params[] = {
		{ "workspace_id",
		  "Workspace to work in; without it your only one." },
		{ "credential_id", "Credential of the cloud account; without "
				   "it the workspace's default one." },
	};

	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		json_array_append_new(list,
				      json_pack("{ss ss ss s{ss}}", "name",
						params[i].name, "in", "query",
						"description", params[i].help,
						"schema", "type", "string"));
}

/* Changes of clouds are operations; those of SkyClust itself are done at once. */
static bool is_operation(const struct route *route)
{
	if (route->noun)
		return false;
	return route->op ? route->op->flags & CAT_MUTATES
			 : route->method != HTTP_GET;
}

static void add_operation_headers(json_t *list)
{
	static const struct {
		const char *name, *help;
	} headers[] = {
		{ "Idempotency-Key",
		  "1 to 255 printable ASCII characters: the same request with "
		  "the same key is done once and answered the same." },
		{ "Prefer",
		  "wait=SECONDS or respond-async (RFC 7240): how long to wait "
		  "for the end before the answer is 202." },
	};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		json_array_append_new(list,
				      json_pack("{ss ss ss s{ss}}", "name",
						headers[i].name, "in", "header",
						"description", headers[i].help,
						"schema", "type", "string"));
}

static json_t *parameters(const struct route *route)
{
	json_t *list = json_array();

	for (size_t i = 0; i < HTTP_MAX_PARAMS && route->param[i]; i++)
		json_array_append_new(list, path_param(route->param[i]));
	if (route->op && !takes_body(route))
		add_query_params(list, route);
	if (!route->noun && route->scope == ACCESS_NAMED)
		add_tenant_params(list);
	if (is_operation(route))
		add_operation_headers(list);
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

static json_t *body_schema(const struct route *route)
{
	json_t *schema = cat_args_schema(route->op, SCHEMAS);

	for (size_t i = 0; i < HTTP_MAX_PARAMS && route->param[i]; i++) {
		json_object_del(json_object_get(schema, "properties"),
				route->param[i]);
		forget_required(schema, route->param[i]);
	}
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
	return ref_to(name);
}

static json_t *request_body(const struct route *route, json_t *schemas)
{
	json_t *schema = route->op ? body_ref(route, schemas)
				   : json_pack("{ss}", "type", "object");

	return json_pack("{sb s{s{so}}}", "required", 0, "content", REPLY_JSON,
			 "schema", schema);
}

/* ---- answers ------------------------------------------------------------- */

static json_t *list_schema(const char *record)
{
	return json_pack("{ss s[sss] s{s{ss so} s{s[ss]} s{ss so}}}", "type",
			 "object", "required", "items", "next_page_token",
			 "errors", "properties", "items", "type", "array",
			 "items", ref_to(record), "next_page_token", "type",
			 "string", "null", "errors", "type", "array", "items",
			 ref_to("problem"));
}

static json_t *list_ref(const char *record, json_t *schemas)
{
	AUTO_FREE char *name = mem_printf("%s_list", record);

	if (!json_object_get(schemas, name))
		set(schemas, name, list_schema(record));
	return ref_to(name);
}

static json_t *answer_schema(const struct route *route, json_t *schemas)
{
	const struct cat_op *op = route->op;

	if (!op || !op->result)
		return json_object();
	return op->flags & CAT_PAGED ? list_ref(op->result->name, schemas)
				     : ref_to(op->result->name);
}

static bool is_verb(const struct route *route, const char *verb)
{
	const char *own = route->op ? route->op->verb : route->verb;

	return own && !strcmp(own, verb);
}

static json_t *with_content(const struct route *route, const char *description,
			    json_t *schemas)
{
	AUTO_FREE char *type =
		mem_strndup(route->type, strcspn(route->type, ";"));
	json_t *media = json_object();

	if (!strcmp(type, REPLY_JSON))
		set(media, "schema", answer_schema(route, schemas));
	return json_pack("{ss s{so}}", "description", description, "content",
			 type, media);
}

static json_t *described(const char *text)
{
	return json_pack("{ss}", "description", text);
}

static json_t *header(const char *description)
{
	return json_pack("{ss s{ss}}", "description", description, "schema",
			 "type", "string");
}

static json_t *created(const struct route *route, json_t *schemas)
{
	json_t *answer = with_content(route, "It was made.", schemas);

	set(answer, "headers",
	    json_pack("{so}", "Location", header("Path of the new resource.")));
	return answer;
}

static json_t *accepted(void)
{
	return json_pack("{ss s{so so} s{s{so}}}", "description",
			 "The cloud still works on it: the operation tells how "
			 "it goes.",
			 "headers", "Location",
			 header("Path of the operation."), "Retry-After",
			 header("Seconds, until something new is to be "
				"expected."),
			 "content", REPLY_JSON, "schema", ref_to("operation"));
}

static json_t *responses(const struct route *route, json_t *schemas)
{
	json_t *all = json_object();
	bool mutates = route->op ? route->op->flags & CAT_MUTATES
				 : route->method != HTTP_GET;

	if (is_verb(route, "create"))
		set(all, "201", created(route, schemas));
	else if (!is_verb(route, "delete") &&
		 (!route->op || route->op->result ||
		  strcmp(route->type, REPLY_JSON) != 0))
		set(all, "200", with_content(route, "The answer.", schemas));
	if (is_operation(route))
		set(all, "202", accepted());
	if (mutates && !is_verb(route, "create"))
		set(all, "204", described("Done; there is nothing to tell."));
	if (!strcmp(route->id, "openapi"))
		set(all, "304", described("Not changed (If-None-Match)."));
	set(all, "default", json_pack("{ss}", "$ref", PROBLEM_REF));
	return all;
}

/* ---- paths --------------------------------------------------------------- */

static json_t *operation(const struct route *route, json_t *schemas)
{
	json_t *v = json_pack(
		"{ss s[s] ss ss ss so so}", "operationId", route->id, "tags",
		route->tag, "summary", route->summary, "x-permission",
		route->permission ? route->permission : "", "x-scope",
		access_scope_name(route->scope), "parameters",
		parameters(route), "responses", responses(route, schemas));

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
	set(schemas, rec->name, cat_record_schema(rec, SCHEMAS));
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
		set(schemas, (*rec)->name, cat_record_schema(*rec, SCHEMAS));
	add_nouns(schemas);
	set(schemas, "problem", problem_schema());
	return json_pack("{s{s{ss ss}} sO s{s{ss s{s{so}}}}}",
			 "securitySchemes", "token", "type", "http", "scheme",
			 "bearer", "schemas", schemas, "responses", "problem",
			 "description", "What went wrong (RFC 9457).",
			 "content", REPLY_PROBLEM, "schema", ref_to("problem"));
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
