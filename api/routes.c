/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that are written out come first, then those that the catalogue
 * gives: each kind under its collection, and under seed 002's spelling.
 */
#include "routes.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "handlers.h"

#define V1 "/api/v1"
#define PROVIDER V1 "/providers/{provider}"
#define JSON_TYPE "application/json"
#define HTML_TYPE "text/html; charset=utf-8"

/* A row; all of it is required, so none goes without a permission. */
#define ROUTE(http, path, perm, handler, op_id, op_tag, answer_type, help) \
	{ \
		.method = HTTP_##http, .pattern = path, \
		.permission = PERM_##perm, .handle = handler, .id = op_id, \
		.tag = op_tag, .type = answer_type, .summary = help \
	}

/* The same for a kind that only a driver knows. */
#define VENDOR(http, path, perm, op_verb, help) \
	{ \
		.method = HTTP_##http, \
		.pattern = PROVIDER "/x.{vendor_kind}" path, \
		.permission = PERM_##perm, .handle = vendor_call, \
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
	ROUTE(GET, V1 "/openapi.json", READ, openapi_get, "openapi", "Documentation", JSON_TYPE,
	      "Give this interface's OpenAPI 3.1 document."),
	ROUTE(GET, V1 "/system/status", READ, health_status, "system.status", "Health",
	      JSON_TYPE,
	      "Tell version, age and load of the host and the state of each driver."),
	ROUTE(GET, V1 "/providers", READ, providers_list, "provider.list", "Providers", JSON_TYPE,
	      "List the providers."),
	ROUTE(GET, PROVIDER, READ, providers_get, "provider.get", "Providers", JSON_TYPE,
	      "Describe a provider: its driver, state, sandbox, operations and schemas."),
	VENDOR(GET, "", READ, "list", "List resources of a vendor kind."),
	VENDOR(POST, "", WRITE, "create", "Make a resource of a vendor kind."),
	VENDOR(GET, "/{id}", READ, "get", "Get a resource of a vendor kind."),
	VENDOR(PATCH, "/{id}", WRITE, "update", "Change a resource of a vendor kind."),
	VENDOR(DELETE, "/{id}", DESTROY, "delete", "Delete a resource of a vendor kind."),
	VENDOR(GET, "/{id}/{verb}", READ, "read",
	       "Ask of a resource of a vendor kind what its driver offers."),
	VENDOR(POST, "/{id}/{verb}", WRITE, "act",
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

const char *permission_name(enum permission permission)
{
	static const char *const names[] = {
		[PERM_NONE] = "none",	    [PERM_OPEN] = "open",
		[PERM_READ] = "read",	    [PERM_WRITE] = "write",
		[PERM_DESTROY] = "destroy",
	};

	return names[permission];
}

static enum permission permission_of(const struct cat_op *op)
{
	if (op->flags & CAT_DESTROYS)
		return PERM_DESTROY;
	return op->flags & CAT_MUTATES ? PERM_WRITE : PERM_READ;
}

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

static void add_op(const struct cat_op *op, enum http_method method,
		   const char *base, const char *id, const char *path)
{
	const char *again = op->flags & CAT_ACTION && method == HTTP_POST &&
					    !(op->flags & CAT_MUTATES)
				    ? ".post"
				    : "";

	add_route(&(struct route){
		.method = method,
		.pattern = arena_printf(&table.arena, "%s%s", base, path),
		.permission = permission_of(op),
		.handle = resource_call,
		.id = arena_printf(&table.arena, "%s.%s%s", id, op->verb,
				   again),
		.tag = op->kind->title,
		.summary = op->help,
		.type = JSON_TYPE,
		.op = op,
	});
}

/* POST …/{id}/{verb}, with dashes as in all paths; what changes nothing answers
 * to GET as well. */
static void add_action(const struct cat_op *op, const char *base,
		       const char *id)
{
	char *path =
		arena_printf(&table.arena, "%s/%s",
			     op->flags & CAT_BY_ID ? "/{id}" : "", op->verb);

	for (char *p = strrchr(path, '/'); *p; p++)
		if (*p == '_')
			*p = '-';

	add_op(op, HTTP_POST, base, id, path);
	if (!(op->flags & CAT_MUTATES))
		add_op(op, HTTP_GET, base, id, path);
}

static void add_kind(const struct cat_kind *kind, const char *base,
		     const char *id, bool nested)
{
	for (const struct cat_op *op = kind->ops; op->name; op++) {
		if ((op->flags & CAT_ACTION) && !nested)
			add_action(op, base, id);
		for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
			if (!(op->flags & CAT_ACTION) &&
			    !strcmp(shapes[i].verb, op->verb) &&
			    (shapes[i].nests || !nested))
				add_op(op, shapes[i].method, base, id,
				       shapes[i].path);
	}
}

static void make_table(void)
{
	const struct cat_kind *const *kinds = cat_kinds();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		add_route(&rows[i]);
	for (size_t i = 0; kinds[i]; i++)
		add_kind(kinds[i],
			 arena_printf(&table.arena, PROVIDER "/%s",
				      kinds[i]->collection),
			 kinds[i]->name, false);
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		add_kind(cat_kind_find(spellings[i].kind), spellings[i].pattern,
			 spellings[i].id, spellings[i].nested);
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		add_op(cat_op_find(singles[i].op), HTTP_GET, singles[i].pattern,
		       singles[i].id, "");
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
