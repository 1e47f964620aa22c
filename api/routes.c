/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that are written out come first, then those that the catalogue
 * gives: each kind under its collection, and under seed 002's spelling.
 */
#include "routes.h"

#include <string.h>

#include "acts.h"
#include "base/arena.h"
#include "base/mem.h"
#include "handlers.h"

#define V1 "/api/v1"
#define PROVIDER V1 "/providers/{provider}"
#define JSON_TYPE "application/json"
#define HTML_TYPE "text/html; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"

/* A row; all of it is required, so none goes without saying who it is for:
 * OPEN, SELF, or SYSTEM(permission). */
#define ROUTE(http, path, who, handler, op_id, op_tag, answer_type, help) \
	{ \
		.method = HTTP_##http, .pattern = path, who, \
		.handle = handler, .id = op_id, .tag = op_tag, \
		.type = answer_type, .summary = help \
	}
#define OPEN .scope = ACCESS_OPEN
#define SELF .scope = ACCESS_SELF
#define SYSTEM(may) .scope = ACCESS_SYSTEM, .permission = may

/* The same for a kind that only a driver knows. */
#define VENDOR(http, path, op_verb, help) \
	{ \
		.method = HTTP_##http, \
		.pattern = PROVIDER "/x.{vendor_kind}" path, \
		.scope = ACCESS_NAMED, .handle = vendor_call, \
		.id = "vendor." op_verb, .tag = "Vendor kinds", \
		.type = JSON_TYPE, .summary = help, .verb = op_verb \
	}

/* clang-format off */
static const struct route rows[] = {
	ROUTE(GET, "/health", OPEN, health_live, "health", "Health", JSON_TYPE,
	      "Say that the host lives."),
	ROUTE(GET, "/ready", OPEN, health_ready, "ready", "Health", JSON_TYPE,
	      "Say whether the host can serve; 503 while every driver is broken."),
	ROUTE(GET, "/metrics", OPEN, health_metrics, "metrics", "Health",
	      "text/plain; version=0.0.4; charset=utf-8",
	      "Give the metrics in Prometheus' text format."),
	ROUTE(GET, "/docs", OPEN, docs_page, "docs", "Documentation", HTML_TYPE,
	      "Give this interface's documentation for reading."),
	ROUTE(GET, "/docs/style.css", OPEN, docs_style, "docs.style", "Documentation",
	      "text/css; charset=utf-8", "Give the looks of /docs."),
	ROUTE(GET, V1 "/openapi.json", SELF, openapi_get, "openapi", "Documentation",
	      JSON_TYPE,
	      "Give this interface's OpenAPI 3.1 document."),
	ROUTE(GET, V1 "/system/status", SYSTEM("system:read"), health_status,
	      "system.status", "Health", JSON_TYPE,
	      "Tell version, age and load of the host and the state of each driver."),
	ROUTE(GET, V1 "/providers", SYSTEM("provider:list"), providers_list,
	      "provider.list", "Providers", JSON_TYPE,
	      "List the providers."),
	ROUTE(GET, PROVIDER, SYSTEM("provider:get"), providers_get, "provider.get",
	      "Providers", JSON_TYPE,
	      "Describe a provider: its driver, state, sandbox, operations and schemas."),
	ROUTE(GET, V1 "/auth/oidc", OPEN, oidc_list, "auth.oidc.list", "Auth", JSON_TYPE,
	      "List the OpenID providers that one may sign in with."),
	ROUTE(GET, V1 "/auth/oidc/{oidc_provider}", OPEN, oidc_go, "auth.oidc", "Auth",
	      JSON_TYPE, "Send the browser to an OpenID provider."),
	ROUTE(GET, V1 "/auth/oidc/{oidc_provider}/callback", OPEN, oidc_back,
	      "auth.oidc.callback", "Auth", JSON_TYPE,
	      "Take what the OpenID provider sends back; gives what a login gives."),
	VENDOR(GET, "", "list", "List resources of a vendor kind."),
	VENDOR(POST, "", "create", "Make a resource of a vendor kind."),
	VENDOR(GET, "/{id}", "get", "Get a resource of a vendor kind."),
	VENDOR(PATCH, "/{id}", "update", "Change a resource of a vendor kind."),
	VENDOR(DELETE, "/{id}", "delete", "Delete a resource of a vendor kind."),
	VENDOR(GET, "/{id}/{verb}", "read",
	       "Ask of a resource of a vendor kind what its driver offers."),
	VENDOR(POST, "/{id}/{verb}", "act",
	       "Do with a resource of a vendor kind what its driver offers."),
};

/* ---- the catalogue's operations ------------------------------------------- */

/* Where a kind is found beside /providers/{provider}/COLLECTION: the spelling
 * of seed 002.  `nested` rows only list and create. */
static const struct spelling {
	const char *kind, *id, *pattern;
	bool nested;
} spellings[] = {
	{ "cluster", "kubernetes.clusters", V1 "/{provider}/kubernetes/clusters" },
	{ "node_pool", "kubernetes.nodepools", V1 "/{provider}/kubernetes/nodepools" },
	{ "node_pool", "kubernetes.clusters.nodepools",
	  V1 "/{provider}/kubernetes/clusters/{cluster_id}/nodepools", true },
	{ "node", "kubernetes.nodes", V1 "/{provider}/kubernetes/nodes" },
	{ "node", "kubernetes.clusters.nodes",
	  V1 "/{provider}/kubernetes/clusters/{cluster_id}/nodes", true },
	{ "network", "network.vpcs", V1 "/{provider}/network/vpcs" },
	{ "subnet", "network.subnets", V1 "/{provider}/network/subnets" },
	{ "security_group", "network.security-groups",
	  V1 "/{provider}/network/security-groups" },
	{ "security_group", "network.firewall-rules", V1 "/{provider}/network/firewall-rules" },
};

/* Operations that have a path of their own besides. */
static const struct single {
	const char *op, *id, *pattern;
} singles[] = {
	{ "cost.estimate", "cost-estimate", PROVIDER "/cost-estimate" },
	{ "cost.billing", "billing", PROVIDER "/billing" },
	{ "metric.query", "metrics", PROVIDER "/metrics" },
};

/* How an operation that is no CAT_ACTION is asked for. */
static const struct shape {
	const char *verb, *path;
	enum http_method method;
	bool nests;
} shapes[] = {
	{ "list", "", HTTP_GET, true },
	{ "create", "", HTTP_POST, true },
	{ "get", "/{id}", HTTP_GET },
	{ "update", "/{id}", HTTP_PATCH },
	{ "delete", "/{id}", HTTP_DELETE },
};
/* clang-format on */

static struct {
	struct arena arena;
	const struct route **all;
	size_t n, cap;
} table;

static void name_params(struct route *route)
{
	const char *p = route->pattern;

	for (size_t i = 0; (p = strchr(p, '{')) && i < HTTP_MAX_PARAMS; i++) {
		p++;
		route->param[i] =
			arena_strndup(&table.arena, p, strcspn(p, "}"));
	}
}

static void add_route(const struct route *row)
{
	struct route *route = arena_alloc(&table.arena, sizeof(*route));

	*route = *row;
	name_params(route);
	if (table.n == table.cap) {
		table.cap = table.cap ? table.cap * 2 : 256;
		table.all =
			mem_realloc(table.all, table.cap * sizeof(*table.all));
	}
	table.all[table.n++] = route;
}

/* Where the operations of a kind are found, and how. */
struct place {
	const char *base, *id;
	bool nested;		 /* only what lists and creates */
	const struct noun *noun; /* or NULL: the catalogue's */
};

/* "instance:create" */
static const char *permission_of(const struct cat_op *op)
{
	return arena_printf(&table.arena, "%s:%s", op->kind->name, op->verb);
}

/* Operations of nouns that answer in pieces, by a handler of their own. */
static const struct stream {
	const char *op, *type;
	WAITS void (*handle)(struct request *req);
} streams[] = {
	{ "audit_record.export", TEXT_TYPE, audit_export_get },
};

static const struct stream *stream_of(const struct cat_op *op)
{
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		if (!strcmp(streams[i].op, op->name))
			return &streams[i];
	return NULL;
}

static void add_op(const struct place *place, const struct cat_op *op,
		   enum http_method method, const char *path)
{
	const char *again = op->flags & CAT_ACTION && method == HTTP_POST &&
					    !(op->flags & CAT_MUTATES)
				    ? ".post"
				    : "";
	const struct noun *noun = place->noun;
	const struct stream *stream = stream_of(op);

	add_route(&(struct route){
		.method = method,
		.pattern =
			arena_printf(&table.arena, "%s%s", place->base, path),
		.scope = noun ? noun_scope(noun, op) : ACCESS_NAMED,
		.permission = permission_of(op),
		.handle = stream ? stream->handle
			  : noun ? noun_call
				 : resource_call,
		.id = arena_printf(&table.arena, "%s.%s%s", place->id,
				   op->verb, again),
		.tag = op->kind->title,
		.summary = op->help,
		.type = stream ? stream->type : JSON_TYPE,
		.op = op,
		.noun = noun,
		.act = noun ? act_find(op->name) : NULL,
	});
}

/* POST …/{id}/{verb}, with dashes as in all paths; what changes nothing answers
 * to GET as well. */
static void add_action(const struct place *place, const struct cat_op *op)
{
	char *path =
		arena_printf(&table.arena, "%s/%s",
			     op->flags & CAT_BY_ID ? "/{id}" : "", op->verb);

	for (char *p = strrchr(path, '/'); *p; p++)
		if (*p == '_')
			*p = '-';

	add_op(place, op, HTTP_POST, path);
	if (!(op->flags & CAT_MUTATES))
		add_op(place, op, HTTP_GET, path);
}

static void add_kind(const struct place *place, const struct cat_kind *kind)
{
	for (const struct cat_op *op = kind->ops; op->name; op++) {
		if ((op->flags & CAT_ACTION) && !place->nested)
			add_action(place, op);
		for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
			if (!(op->flags & CAT_ACTION) &&
			    !strcmp(shapes[i].verb, op->verb) &&
			    (shapes[i].nests || !place->nested))
				add_op(place, op, shapes[i].method,
				       shapes[i].path);
	}
}

static void add_catalogue(void)
{
	const struct cat_kind *const *kind = cat_kinds();

	for (; *kind; kind++)
		add_kind(&(struct place){
				 .base = arena_printf(&table.arena,
						      PROVIDER "/%s",
						      (*kind)->collection),
				 .id = (*kind)->name,
			 },
			 *kind);
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		add_kind(&(struct place){
				 .base = spellings[i].pattern,
				 .id = spellings[i].id,
				 .nested = spellings[i].nested,
			 },
			 cat_kind_find(spellings[i].kind));
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		add_op(&(struct place){ .base = singles[i].pattern,
					.id = singles[i].id },
		       cat_op_find(singles[i].op), HTTP_GET, "");
}

static void add_nouns(void)
{
	const struct noun *const *noun = nouns_all();

	for (; *noun; noun++)
		add_kind(&(struct place){ .base = (*noun)->path,
					  .id = (*noun)->kind->name,
					  .noun = *noun },
			 (*noun)->kind);
}

static void make_table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		add_route(&rows[i]);
	add_nouns();
	add_catalogue();
}

const struct route *const *routes_all(size_t *n)
{
	if (!table.n)
		make_table();
	*n = table.n;
	return table.all;
}

void routes_done(void)
{
	mem_free(table.all);
	arena_done(&table.arena);
	memset(&table, 0, sizeof(table));
}
