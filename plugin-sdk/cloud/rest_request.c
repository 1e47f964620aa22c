/* SPDX-License-Identifier: Apache-2.0 */
/* From a row to a request. */
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/rest_run.h"

/* ---- what a row works with ---------------------------------------------- */

static const struct sc_service *find_service(const struct sc_driver *driver,
					     const char *name)
{
	const struct sc_service *s;

	for (s = driver->services; s && s->endpoint; s++)
		if (!strcmp(s->name ? s->name : "", name ? name : ""))
			return s;
	return NULL;
}

bool rest_is_read(const struct sc_rest *row)
{
	const struct cat_op *op = cat_op_find(row->op);
	const char *http = row->http;
	char method[16];
	size_t n = strcspn(http, " ");

	if (op)
		return !(op->flags & CAT_MUTATES);
	if (n >= sizeof(method))
		return false;
	memcpy(method, http, n);
	method[n] = '\0';
	return http_is_read(method);
}

const char *rest_query(const char *url)
{
	bool inside = false;

	for (; *url && (inside || *url != '?'); url++)
		inside = *url == '{' || (inside && *url != '}');
	return url;
}

/* Does @row read an array whose pages are the service's? */
static bool has_service_pages(const struct sc_rest *row,
			      const struct sc_service *service)
{
	return service->next && !row->next &&
	       rest_is_read(row) &&
	       (rest_is_list(row) || (row->items && strchr(row->items, '[')));
}

char *rest_http(const struct sc_rest *row, const struct sc_service *service)
{
	if (!service->page || !has_service_pages(row, service) ||
	    template_uses(row->http, TEMPLATE_URL, "page_token"))
		return mem_strdup(row->http);
	return mem_printf("%s%c%s", row->http,
			  *rest_query(row->http) ? '&' : '?', service->page);
}

static bool asks_for_headers(const struct sc_map *map)
{
	for (; map && map->to; map++)
		if (map->from && strstr(map->from, "{header."))
			return true;
	return false;
}

bool rest_run_init(struct rest_run *run, struct sc_call *call,
		   const struct sc_rest *row, json_t *args)
{
	*run = (struct rest_run){
		.call = call,
		.row = row,
		.service = find_service(call->driver, row->service),
		.op = cat_op_find(row->op),
		.args = json_incref(args ? args : call->args),
		.next = row->next,
	};
	if (!row->http)
		return fail(&call->fault, ERR_UNSUPPORTED,
			    "%s is answered by "
			    "a function of driver %s, there is no request in "
			    "its row",
			    row->op, call->driver->name);
	if (!run->service)
		return fail(&call->fault, ERR_INTERNAL,
			    "%s: driver %s has no service \"%s\"", row->op,
			    call->driver->name,
			    row->service ? row->service : "");
	run->is_read = rest_is_read(row);
	run->http = rest_http(row, run->service);
	if (asks_for_headers(row->map))
		run->headers = json_object();
	if (has_service_pages(row, run->service))
		run->next = run->service->next;
	if (run->next && !*run->next)
		run->next = NULL;
	return true;
}

void rest_run_done(struct rest_run *run)
{
	json_decref(run->args);
	json_decref(run->headers);
	mem_free(run->http);
}

bool rest_needs_session(const struct rest_run *run)
{
	const char *const *h = run->service->headers;

	for (; h && *h; h++)
		if (template_uses(*h, TEMPLATE_TEXT, "session."))
			return true;
	return template_uses(run->service->endpoint, TEMPLATE_TEXT,
			     "session.") ||
	       template_uses(run->http, TEMPLATE_URL, "session.") ||
	       template_uses(run->row->body, TEMPLATE_BODY, "session.") ||
	       template_uses(run->row->items, TEMPLATE_TEXT, "session.");
}

void rest_http_settings(const struct sc_call *call, struct http_request *rq)
{
	long long max = json_int(call->config, "max_answer_bytes", 0);

	rq->deadline = call->deadline;
	rq->egress = call->egress;
	rq->ca_file = json_str(call->config, "ca_file", NULL);
	rq->answer_max = max > 0 ? (size_t)max : 0;
}

/* ---- filling in --------------------------------------------------------- */

void rest_page_done(struct rest_page *page)
{
	mem_free(page->url);
	mem_free(page->query);
	mem_free(page->marker);
	*page = (struct rest_page){ 0 };
}

/* The arguments; page_token is what the cloud calls its marker, never our own
 * token.  New. */
static json_t *page_args(const struct rest_run *run,
			 const struct rest_page *page)
{
	json_t *args;

	if (!page->marker && !json_object_get(run->args, "page_token"))
		return json_incref(run->args);
	args = json_copy(run->args);
	json_object_del(args, "page_token");
	if (page->marker)
		json_object_set_new(args, "page_token",
				    json_string(page->marker));
	return args;
}

/* Addresses in settings and sessions end with a slash or not, and an endpoint
 * goes on after them: "https://h//v3" is "https://h/v3". */
static void join_slashes(struct buf *url)
{
	const char *scheme = url->n ? strstr(url->p, "://") : NULL;
	size_t start = scheme ? (size_t)(scheme - url->p) + 3 : 0, n = start;

	for (size_t i = start; i < url->n; i++)
		if (url->p[i] != '/' || n == start || url->p[n - 1] != '/')
			url->p[n++] = url->p[i];
	while (n && url->p[n - 1] == '/')
		n--;
	buf_truncate(url, n);
}

/* The service's address without a slash at its end. */
static bool add_endpoint(struct buf *url, const struct rest_run *run,
			 const struct template_scope *scope, struct error *err)
{
	struct slice origin;

	if (!template_text(run->service->endpoint, scope, url, NULL, err))
		return false;
	join_slashes(url);
	if (scope->explain || (url->n && http_origin(url->p, &origin)))
		return true;
	return fail(err, ERR_INVALID,
		    "the address of service \"%s\" is not an "
		    "http(s) URL: \"%s\"",
		    run->row->service ? run->row->service : "",
		    url->n ? url->p : "");
}

static bool add_url(struct rest_request *rq, const struct rest_run *run,
		    const struct rest_page *page,
		    const struct template_scope *scope, struct error *err)
{
	const char *http = run->http, *path = strchr(http, ' ');
	AUTO(buf_done) struct buf url = { 0 };
	size_t n = strcspn(http, " ");

	if (!path || path[1] != '/' || n >= sizeof(rq->method))
		return fail(err, ERR_INTERNAL,
			    "the row of %s has no method "
			    "and path: \"%s\"",
			    run->row->op, http);
	memcpy(rq->method, http, n);
	if (!add_endpoint(&url, run, scope, err) ||
	    !template_url(path + 1, scope, &url, err))
		return false;
	if (page->query) {
		buf_truncate(&url, strcspn(url.p, "?"));
		buf_printf(&url, "?%s", page->query);
	}
	rq->url = page->url ? mem_strdup(page->url) : buf_steal(&url, NULL);
	return true;
}

static bool has_header(const struct rest_request *rq, const char *name)
{
	size_t n = strlen(name);

	for (char *const *h = rq->headers; *h; h++)
		if (!strncasecmp(*h, name, n) && (*h)[n] == ':')
			return true;
	return false;
}

static bool add_headers(struct rest_request *rq, const struct rest_run *run,
			const struct template_scope *scope, struct error *err)
{
	const char *const *h = run->service->headers;
	size_t n = 0;
	bool dropped;

	for (; h && *h && n < REST_HEADERS - 3; h++) {
		struct buf text = { 0 };

		if (!template_text(*h, scope, &text, &dropped, err)) {
			buf_wipe(&text);
			return false;
		}
		if (dropped)
			buf_done(&text);
		else
			rq->headers[n++] = buf_steal(&text, NULL);
	}
	if (!has_header(rq, "Accept"))
		rq->headers[n++] = mem_strdup("Accept: application/json");
	if (rq->body.p && !has_header(rq, "Content-Type"))
		rq->headers[n++] = mem_strdup("Content-Type: application/json");
	if (!has_header(rq, "User-Agent"))
		rq->headers[n++] = mem_printf("User-Agent: skyclust-%s/%s",
					      run->call->driver->name,
					      run->call->driver->version);
	return true;
}

static bool add_body(struct rest_request *rq, const struct rest_run *run,
		     const struct template_scope *scope, struct error *err)
{
	AUTO_JSON json_t *body = NULL;

	if (!run->row->body)
		return true;
	body = template_body(run->row->body, scope, err);
	if (!body)
		return false;
	if (!json_is_null(body))
		json_write(body, &rq->body);
	return true;
}

bool rest_request_init(struct rest_request *rq, const struct rest_run *run,
		       const struct rest_page *page, bool explain,
		       struct error *err)
{
	const struct sc_call *call = run->call;
	AUTO_JSON json_t *args = page_args(run, page);
	struct template_scope scope = {
		.args = args,
		.cred = call->secrets,
		.config = call->config,
		.session = call->session,
		.region = call->region,
		.op = call->op,
		.explain = explain,
	};

	*rq = (struct rest_request){ 0 };
	if (add_body(rq, run, &scope, err) &&
	    add_url(rq, run, page, &scope, err) &&
	    add_headers(rq, run, &scope, err))
		return true;
	rest_request_done(rq);
	return fail_within(err, "%s", run->row->op);
}

void rest_request_done(struct rest_request *rq)
{
	for (char **h = rq->headers; *h; h++) {
		mem_wipe(*h, strlen(*h));
		mem_free(*h);
	}
	mem_free(rq->url);
	buf_wipe(&rq->body);
	*rq = (struct rest_request){ 0 };
}
