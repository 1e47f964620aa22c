/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A request's way through the API: its path finds a route, the route says what
 * its sender must be allowed to do, the parameters are decoded, the handler
 * answers.  Whatever fails on the way becomes a problem document.
 */
#include "api_impl.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "accept.h"
#include "args.h"
#include "auth.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "limit_headers.h"
#include "metrics.h"
#include "reply.h"
#include "tenancy/workspace.h"

#define ALL_METHODS \
	(HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_PATCH | HTTP_DELETE | \
	 HTTP_OPTIONS)
#define GUARDED "/api/"
#define REQUEST_TIMEOUT_MS 30000 /* for a request to arrive whole */

/* ---- the way in ---------------------------------------------------------- */

/* Once, and after the path was split, so that an identifier may hold any
 * character, '/' too. */
static bool decode_params(struct request *req, const struct route_match *m,
			  struct error *err)
{
	for (unsigned i = 0; i < m->params; i++) {
		struct buf text = { 0 };
		bool ok = text_percent_decode(&text, m->param[i]) && text.n &&
			  utf8_valid(text.p, text.n);

		if (ok)
			req->param[i] =
				arena_strndup(&req->arena, text.p, text.n);
		buf_done(&text);
		if (!ok)
			return fail(err, ERR_BAD_REQUEST,
				    "the path segment \"%.*s\" is not "
				    "percent-encoded UTF-8 (RFC 3986)",
				    (int)(m->param[i].n < 100 ? m->param[i].n
							      : 100),
				    m->param[i].p);
		if (!strcmp(req->route->param[i], "provider"))
			req->provider = req->param[i];
	}
	return true;
}

static void allow(struct request *req, const struct route_match *m)
{
	char text[ROUTER_ALLOW];

	http_add_header(req, "Allow", router_allow(m->allowed, text));
}

static bool no_route(struct request *req, const struct route_match *m,
		     struct error *err)
{
	if (!m->allowed)
		return fail(err, ERR_NOT_FOUND,
			    "there is no %s; /docs tells what there is",
			    req->path);
	allow(req, m);
	return fail(err, ERR_METHOD_NOT_ALLOWED,
		    "%s cannot be asked for with this method; see the header "
		    "Allow",
		    req->path);
}

/* What is behind the token does not say, without it, what is there. */
static bool is_guarded(const struct request *req, const struct route *route)
{
	return text_starts(req->path, GUARDED) &&
	       !(route && route->scope == ACCESS_OPEN);
}

/* OPTIONS is answered for every path that has a route, and for the server as
 * a whole (RFC 9110 section 9.3.7). */
static bool answers_options(struct request *req, struct route_match *m)
{
	if (req->method != HTTP_OPTIONS)
		return false;
	if (!strcmp(req->path, "*"))
		m->allowed = ALL_METHODS;
	if (!m->allowed)
		return false;
	allow(req, m);
	reply_empty(req);
	return true;
}

/* What tells whose account of a cloud it is about goes out of the arguments. */
static bool take_tenant(struct request *req, struct error *err)
{
	const struct {
		const char *name, **at;
	} members[] = {
		{ "workspace_id", &req->workspace_id },
		{ "credential_id", &req->credential_id },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *value = json_object_get(req->args, members[i].name);
		char path[32];

		if (!value)
			continue;
		snprintf(path, sizeof(path), "/%s", members[i].name);
		if (!json_string_length(value))
			return fail_at(err, ERR_INVALID, path,
				       "%s must be an identifier",
				       members[i].name);
		*members[i].at = arena_strdup(&req->arena,
					      json_string_value(value));
		if (!req->route->noun)
			json_object_del(req->args, members[i].name);
	}
	return true;
}

static bool read_args(struct request *req, struct error *err)
{
	if (!req->route->noun && req->route->scope == ACCESS_OPEN)
		return true;
	req->args = args_read(req, err);
	return req->args && take_tenant(req, err);
}

WAITS static bool fits_tenant(struct request *req, struct error *err)
{
	const char *workspace = req->who->workspace;

	return !workspace || quota_allows_body(api_of(req)->options.trust,
					       workspace, req->body.n, err);
}

WAITS static bool admit(struct request *req, const struct route_match *m,
			struct error *err)
{
	if (!m->route)
		return no_route(req, m, err);
	req->route = m->route;
	return decode_params(req, m, err) &&
	       accept_allows(http_header(req, "Accept"), req->route->type,
			     err) &&
	       read_args(req, err) && auth_decide(req, err) &&
	       fits_tenant(req, err);
}

/* ---- limits --------------------------------------------------------------- */

static int64_t deadline_of(struct request *req)
{
	return clock_ms() + api_of(req)->options.config->call_timeout_ms;
}

/* Guessing is dear: who fails too often from one address has to wait. */
WAITS static bool identify(struct request *req, const struct route *route,
			   struct error *err)
{
	struct limits *limits = api_of(req)->options.trust->limits;

	auth_nobody(req);
	if (!is_guarded(req, route))
		return true;
	if (!limit_attempt(limits, req->source, deadline_of(req), err))
		return false;
	if (auth_identify(req, err))
		return auth_is_known(req, err);
	if (err->code == ERR_UNAUTHORIZED)
		limit_failed(limits, req->source, LIMIT_WRONG_TOKEN);
	return false;
}

/* A way to show who one is: a login and its like. */
static bool is_attempt(const struct route *route)
{
	return route && route->noun && route->scope == ACCESS_OPEN;
}

/* Health and documents, which whoever watches us may always ask for. */
static bool is_free(const struct route *route)
{
	return route && !route->noun && route->scope == ACCESS_OPEN;
}

WAITS static bool enter(struct request *req, struct limits *limits,
			const char *tenant, struct error *err)
{
	struct limit_state state;
	bool ok;

	if (is_attempt(req->route) &&
	    !limit_attempt(limits, req->source, deadline_of(req), err))
		return false;
	ok = limit_enter(limits, tenant, deadline_of(req), &state, err);
	limit_headers_add(req, &state);
	return ok;
}

static const char *tenant_of(const struct request *req)
{
	const struct actor *who = req->who;

	return who->workspace ? who->workspace
	       : who->user_id ? who->user_id
			      : req->source;
}

/* @wrong: what is wrong with it, or NULL. */
WAITS static void answer(struct request *req, const struct error *wrong)
{
	if (wrong)
		reply_error(req, wrong);
	else
		req->route->handle(req);
}

/* What is refused counts against the limits as what is done. */
WAITS static void answer_within_limits(struct request *req,
				       const struct error *wrong)
{
	struct limits *limits = api_of(req)->options.trust->limits;
	const char *tenant = tenant_of(req);
	struct error err;

	if (!enter(req, limits, tenant, &err)) {
		reply_error(req, &err);
		return;
	}
	answer(req, wrong);
	limit_leave(limits, tenant);
	if (is_attempt(req->route) && req->status == 401)
		limit_failed(limits, req->source, LIMIT_WRONG_PASSWORD);
}

WAITS static void handle(struct request *req)
{
	struct route_match m;
	struct error err;
	bool ok;

	router_match(api_of(req)->router, req->method, slice_of(req->path), &m);
	ok = identify(req, m.route, &err);
	if (ok && answers_options(req, &m))
		return;
	ok = ok && admit(req, &m, &err);
	if (!ok)
		err.effect = EFFECT_NONE; /* nothing was begun */
	if (is_free(req->route))
		answer(req, ok ? NULL : &err);
	else
		answer_within_limits(req, ok ? NULL : &err);
}

/* ---- afterwards ---------------------------------------------------------- */

/* One line and one measurement for each request.  A request without a status
 * was so malformed, or lost so early, that nobody could answer it. */
static void done(struct request *req)
{
	const char *pattern = req->route ? req->route->pattern : "none";
	int64_t us = clock_us() - req->began_us;
	char status[12];

	snprintf(status, sizeof(status), "%u", req->status);
	metric_observe("skyclust_http_request_seconds", "route", pattern,
		       "status", status, (double)us / 1e6);
	log_info("request", LOG_STR("id", req->id),
		 LOG_STR("method", http_method_name(req->method)),
		 LOG_STR("path", req->path), LOG_STR("source", req->source),
		 LOG_INT("status", req->status),
		 LOG_DOUBLE("ms", (double)us / 1e3),
		 LOG_INT("bytes", (long long)req->sent),
		 LOG_STR("provider", req->provider ? req->provider : ""));
}

/* ---- the server ---------------------------------------------------------- */

/* Descriptors that clients may not take: pipes of drivers, files, connections
 * by the unix socket; those to the database come on top. */
#define RESERVED_FILES 192

/* Clients must not keep a driver from being started. */
static unsigned connection_limit(const struct config *c)
{
	long long most = c->max_connections;
	long long reserved = RESERVED_FILES + c->store_pool;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    (long long)files.rlim_cur >= most + reserved)
		return (unsigned)most;
	most = (long long)files.rlim_cur - reserved;
	if (most < 1)
		most = 1;
	log_warn("fewer connections than configured: few open files allowed",
		 LOG_INT("files", (long long)files.rlim_cur),
		 LOG_INT("connections", most));
	return (unsigned)most;
}

static struct tls_files tls_files_of(const struct config *c)
{
	return (struct tls_files){ c->tls_certificate, c->tls_key,
				   c->tls_client_ca };
}

static bool begin(struct api *api, struct error *err)
{
	const struct config *c = api->options.config;
	AUTO_FREE char *socket =
		*c->socket ? mem_strdup(c->socket)
			   : mem_printf("%s/skyclust.sock", c->data_dir);
	const struct http_options http = {
		.listen = c->listen,
		.socket = socket,
		.tls = tls_files_of(c),
		.max_body = (size_t)c->max_body,
		.max_connections = connection_limit(c),
		.request_timeout_ms = REQUEST_TIMEOUT_MS,
		.owner = api,
		.handle = handle,
		.refuse = reply_error,
		.done = done,
	};
	const struct route *const *routes;
	size_t n;

	routes = routes_all(&n);
	api->router = router_new(routes, n);
	api->http = http_new(&http, err);
	return api->http != NULL;
}

struct api *api_new(const struct api_options *options, struct error *err)
{
	struct api *api = mem_alloc(sizeof(*api));

	api->options = *options;
	api->started_ms = clock_wall_ms();
	if (!begin(api, err)) {
		api_free(api);
		return NULL;
	}
	return api;
}

const char *api_address(const struct api *api)
{
	return http_address(api->http);
}

bool api_reload(struct api *api, const struct config *config,
		struct error *err)
{
	const struct tls_files files = tls_files_of(config);

	if (!http_reload(api->http, &files, err))
		return false;
	api->options.config = config;
	return true;
}

WAITS void api_stop(struct api *api, int64_t deadline)
{
	http_stop(api->http, deadline);
}

void api_free(struct api *api)
{
	if (!api)
		return;
	http_free(api->http);
	router_free(api->router);
	routes_done();
	buf_done(&api->openapi);
	mem_free(api);
}
