/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /docs: the interface for reading, written out on the server.  One page, one
 * style sheet, no script, nothing from elsewhere; the policy in its headers
 * lets a browser do no more.
 */
#include <string.h>

#include "api_impl.h"
#include "base/error.h"
#include "handlers.h"
#include "reply.h"
#include "routes.h"

static const char policy[] =
	"default-src 'none'; style-src 'self'; base-uri 'none'; "
	"form-action 'none'; frame-ancestors 'none'";

static const char style[] =
	"body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;"
	"padding:1rem;color:#1b1f24;background:#fff}\n"
	"h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid "
	"#ccd}\n"
	"nav a{margin-right:.8rem;white-space:nowrap}\n"
	"code{font:14px ui-monospace,monospace;overflow-wrap:anywhere}\n"
	"pre{background:#f4f5f7;padding:.7rem;overflow:auto}\n"
	"details{border:1px solid #dde;border-radius:4px;margin:.4rem "
	"0;padding:.3rem .7rem}\n"
	"summary{cursor:pointer}summary "
	"b{display:inline-block;min-width:4.2rem}\n"
	"table{border-collapse:collapse;width:100%;margin:.5rem 0}\n"
	"th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;"
	"border-bottom:1px solid #eef}\n"
	"a{color:#0645ad}\n"
	"@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#"
	"14171a}"
	"pre{background:#1f2429}details,th,td,h2{border-color:#333b44}a{color:#"
	"7db3ff}}\n";

/* ---- text ---------------------------------------------------------------- */

static void add_escaped(struct buf *b, const char *text)
{
	static const struct {
		char c;
		const char *as;
	} special[] = { { '&', "&amp;" },
			{ '<', "&lt;" },
			{ '>', "&gt;" },
			{ '"', "&quot;" } };

	for (; *text; text++) {
		const char *as = NULL;

		for (size_t i = 0; i < ARRAY_LEN(special); i++)
			if (*text == special[i].c)
				as = special[i].as;
		if (as)
			buf_add_str(b, as);
		else
			buf_add_char(b, *text);
	}
}

/* <TAG>text</TAG> */
static void add_element(struct buf *b, const char *tag, const char *text)
{
	buf_printf(b, "<%s>", tag);
	add_escaped(b, text);
	buf_printf(b, "</%s>", tag);
}

/* "Load balancer" becomes "load-balancer". */
static void add_anchor(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_add_char(b, *text == ' ' ? '-' : (char)(*text | 0x20));
}

/* ---- fields -------------------------------------------------------------- */

static const char *type_name(enum cat_type type)
{
	static const char *const names[] = {
		[CAT_STRING] = "string", [CAT_INT] = "integer",
		[CAT_BOOL] = "boolean",	 [CAT_DECIMAL] = "decimal string",
		[CAT_TIME] = "time",	 [CAT_CIDR] = "CIDR",
		[CAT_IP] = "IP address", [CAT_TAGS] = "object of strings",
		[CAT_OBJECT] = "object", [CAT_ANY] = "any",
		[CAT_DATE] = "date",
	};

	return names[type];
}

static void add_type(struct buf *b, const struct cat_field *f)
{
	if (f->flags & CAT_LIST)
		buf_add_str(b, "list of ");
	if (f->type == CAT_OBJECT)
		buf_printf(b, "<a href=\"#record-%s\">%s</a>", f->of->name,
			   f->of->name);
	else
		buf_add_str(b, type_name(f->type));
	if (f->unit)
		buf_printf(b, ", %s", f->unit);
}

static void add_words(struct buf *b, const char *const *words,
		      const char *before)
{
	if (!words)
		return;
	buf_add_str(b, before);
	for (size_t i = 0; words[i]; i++) {
		buf_add_str(b, i ? ", " : "");
		add_element(b, "code", words[i]);
	}
	buf_add_char(b, '.');
}

static void add_field(struct buf *b, const struct cat_field *f)
{
	buf_add_str(b, "<tr><td>");
	add_element(b, "code", f->name);
	if (f->flags & CAT_REQUIRED)
		buf_add_str(b, " *");
	buf_add_str(b, "<td>");
	add_type(b, f);
	buf_add_str(b, "<td>");
	add_escaped(b, f->help);
	add_words(b, f->words, " One of ");
	add_words(b, f->aliases, " Also: ");
	buf_add_char(b, '\n');
}

/* ---- routes -------------------------------------------------------------- */

static void add_arguments(struct buf *b, const struct route *route)
{
	bool body = route->method & (HTTP_POST | HTTP_PATCH);
	const struct cat_field *f;

	buf_printf(b, "<p>Arguments in the %s; * is required.</p><table>\n",
		   body ? "body" : "query");
	for (size_t i = 0; (f = cat_arg(route->op, i)); i++)
		if (strcmp(f->name, "id"))
			add_field(b, f);
	buf_add_str(b, "</table>\n");
	if (route->op->result)
		buf_printf(b,
			   "<p>Answers %s<a href=\"#record-%s\">%s</a>.</p>\n",
			   route->op->flags & CAT_PAGED ? "a list of " : "",
			   route->op->result->name, route->op->result->name);
}

static void add_route(struct buf *b, const struct route *route)
{
	buf_printf(b, "<details id=\"%s\"><summary><b>%s</b> ", route->id,
		   http_method_name(route->method));
	add_element(b, "code", route->pattern);
	buf_add_char(b, ' ');
	add_escaped(b, route->summary);
	buf_printf(b, "</summary><p>Permission: %s.</p>\n",
		   route->permission ? route->permission
				     : access_scope_name(route->scope));
	if (route->op)
		add_arguments(b, route);
	buf_add_str(b, "</details>\n");
}

static bool is_first_of_tag(const struct route *const *routes, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(routes[j]->tag, routes[i]->tag))
			return false;
	return true;
}

static void add_tag(struct buf *b, const struct route *const *routes, size_t n,
		    size_t first)
{
	buf_add_str(b, "<h2 id=\"tag-");
	add_anchor(b, routes[first]->tag);
	buf_add_str(b, "\">");
	add_escaped(b, routes[first]->tag);
	buf_add_str(b, "</h2>\n");
	for (size_t i = first; i < n; i++)
		if (!strcmp(routes[i]->tag, routes[first]->tag))
			add_route(b, routes[i]);
}

/* ---- the page ------------------------------------------------------------ */

static void add_head(struct buf *b, const struct route *const *routes, size_t n)
{
	buf_add_str(
		b,
		"<!doctype html><html lang=\"en\"><head>"
		"<meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width\">"
		"<title>SkyClust API</title>"
		"<link rel=\"stylesheet\" href=\"/docs/style.css\"></head>\n"
		"<body><h1>SkyClust API</h1>\n"
		"<p>JSON over HTTP. Every path under <code>/api/v1</code> "
		"needs "
		"the header <code>Authorization: Bearer TOKEN</code>; "
		"<code>POST /api/v1/auth/login</code> gives one. "
		"For programs: <code>/api/v1/openapi.json</code>.</p>\n"
		"<pre>curl -H \"Authorization: Bearer $TOKEN\" "
		"localhost:8080/api/v1/providers</pre>\n<nav>");
	for (size_t i = 0; i < n; i++) {
		if (!is_first_of_tag(routes, i))
			continue;
		buf_add_str(b, "<a href=\"#tag-");
		add_anchor(b, routes[i]->tag);
		buf_add_str(b, "\">");
		add_escaped(b, routes[i]->tag);
		buf_add_str(b, "</a>\n");
	}
	buf_add_str(b, "<a href=\"#records\">Records</a>\n"
		       "<a href=\"#problems\">Problems</a></nav>\n");
}

static void add_records(struct buf *b)
{
	const struct cat_record *const *rec = cat_records();

	buf_add_str(b, "<h2 id=\"records\">Records</h2>\n");
	for (; *rec; rec++) {
		buf_printf(b, "<details id=\"record-%s\"><summary>",
			   (*rec)->name);
		add_element(b, "code", (*rec)->name);
		buf_add_char(b, ' ');
		add_escaped(b, (*rec)->help);
		buf_add_str(b, "</summary><table>\n");
		for (const struct cat_field *f = (*rec)->fields; f->name; f++)
			add_field(b, f);
		buf_add_str(b, "</table></details>\n");
	}
}

static void add_problems(struct buf *b)
{
	buf_add_str(b,
		    "<h2 id=\"problems\">Problems</h2>\n"
		    "<p>Whatever fails is answered as "
		    "<code>application/problem+json</code> (RFC 9457). "
		    "<code>effect</code> says what became of the cloud: none, "
		    "partial, applied or unknown.</p><table>\n"
		    "<tr><th>type<th>status<th>title\n");
	for (unsigned i = ERR_NONE + 1; i < ERR_COUNT; i++) {
		const struct err_info *info = err_info((enum err_code)i);

		buf_printf(b,
			   "<tr><td><code>" REPLY_PROBLEM_TYPE
			   "%s</code><td>%d<td>%s\n",
			   info->name, info->http, info->title);
	}
	buf_add_str(b, "</table>\n</body></html>\n");
}

void docs_page(struct request *req)
{
	struct buf page = { 0 };
	const struct route *const *routes;
	size_t n;

	routes = routes_all(&n);
	add_head(&page, routes, n);
	for (size_t i = 0; i < n; i++)
		if (is_first_of_tag(routes, i))
			add_tag(&page, routes, n, i);
	add_records(&page);
	add_problems(&page);
	http_add_header(req, "Content-Security-Policy", policy);
	http_add_header(req, "Referrer-Policy", "no-referrer");
	http_keep(req, &page);
	http_reply(req, 200, req->route->type, buf_slice(&req->kept));
}

void docs_style(struct request *req)
{
	http_reply(req, 200, req->route->type, SLICE(style));
}
