/* SPDX-License-Identifier: Apache-2.0 */
/* Are a driver's tables sound?  Rows and services; rest_lint_map.c: records. */
#include "cloud/rest_lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/path.h"

void lint_find(struct lint *l, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(l->findings,
			      json_sprintf("%s: %s", l->name, text));
}

void lint_path(struct lint *l, const char *what, const char *path)
{
	struct error err;

	if (path && !path_check(path, &err))
		lint_find(l, "%s: %s", what, err.message);
	else if (path && strchr(path, '{'))
		lint_find(l, "%s: \"%s\": no holes are filled in here", what,
			  path);
}

void lint_open_path(struct lint *l, const char *what, const char *path)
{
	struct error err;

	if (path && !path_check(path, &err))
		lint_find(l, "%s: %s", what, err.message);
	else if (path && !template_is_path(path))
		lint_find(l,
			  "%s: \"%s\": only what a selector compares with "
			  "can be a hole",
			  what, path);
	else
		lint_template(l, what, path, TEMPLATE_TEXT);
}

/* ---- holes -------------------------------------------------------------- */

static void need_property(struct lint *l, json_t *properties, const char *name,
			  const char *prefix, const char *what)
{
	AUTO_FREE char *top = mem_strndup(name, strcspn(name, ".["));

	if (!json_object_get(properties, top))
		lint_find(l, "{%s.%s}: the %s schema has no %s", prefix, name,
			  what, top);
}

/* Does the row make this argument itself? */
static bool lint_is_made(const struct lint *l, const char *name)
{
	return (l->row->let && text_has_word(l->row->let, name)) ||
	       (l->row->over && !strcmp(name, "over"));
}

/* An argument of the operation; a path into one begins with it. */
static void need_argument(struct lint *l, const char *name)
{
	AUTO_FREE char *top = mem_strndup(name, strcspn(name, "."));

	if (l->op && !l->row->run && !cat_arg_find(l->op, top) &&
	    !lint_is_made(l, top))
		lint_find(l, "{%s}: %s has no parameter %s", name, l->op->name,
			  top);
	if (!l->row && !(l->is_page && text_has_word("limit page_token", name)))
		lint_find(l, "{%s}: a service has no parameters", name);
}

/* Maps have the record, the row's arguments, and nothing that is secret or of
 * the request; the others have no record. */
static void lint_scope(struct lint *l, const char *name)
{
	if (l->is_map && (!strcmp(name, "op") || text_starts(name, "cred.")))
		lint_find(l, "{%s}: a map does not have it", name);
	else if (l->is_map && text_starts(name, "arg.")) {
		if (!l->is_optional) /* rows that share the map may have it */
			need_argument(l, name + 4);
	}
	else if (!l->is_map && text_starts(name, "arg."))
		lint_find(l, "{%s}: outside of maps this is {%s}", name,
			  name + 4);
	else if (!l->is_map && strcmp(name, "op") != 0)
		need_argument(l, name);
}

static void lint_name(struct lint *l, const char *name)
{
	if (!strcmp(name, "region"))
		return;
	if (text_starts(name, "cred.") && !l->is_map)
		need_property(l, l->credential, name + 5, "cred", "credential");
	else if (text_starts(name, "config."))
		need_property(l, l->config, name + 7, "config", "config");
	else if (!text_starts(name, "session."))
		lint_scope(l, name);
	else if (!l->driver->login)
		lint_find(l, "{%s}: the driver has no login", name);
}

static bool lint_hole(const struct hole *h, void *arg)
{
	struct lint *l = arg;
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);

	l->is_optional = h->optional;
	lint_name(l, name);
	if (h->each && !l->is_body)
		lint_find(l, "{%s[]}: only bodies are repeated", name);
	if (h->optional && l->is_path)
		lint_find(l, "{%s?}: nothing in a URL's path is optional",
			  name);
	return true;
}

void lint_template(struct lint *l, const char *what, const char *text,
		   enum template_kind kind)
{
	struct error err;

	l->is_body = kind == TEMPLATE_BODY;
	if (text && !template_holes(text, kind, lint_hole, l, &err))
		lint_find(l, "%s: %s", what, err.message);
}

/* ---- rows --------------------------------------------------------------- */

static bool is_known_name(const char *name)
{
	return cat_op_find(name) || name[0] == '.' || !strchr(name, '.') ||
	       text_starts(name, "x.") || !strcmp(name, "op.poll") ||
	       !strcmp(name, "op.reconcile") || !strcmp(name, "driver.health");
}

static void lint_http(struct lint *l)
{
	const char *http = l->row->http, *url = strchr(http, ' ');
	AUTO_FREE char *path = NULL;
	size_t n;

	if (!url || url[1] != '/' ||
	    strspn(http, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != (size_t)(url - http))
		lint_find(l, "\"%s\" is not a method and a path", http);
	if (!url)
		return;
	n = (size_t)(rest_query(url) - url);
	path = mem_strndup(url, n);
	l->is_path = true;
	lint_template(l, "http", path, TEMPLATE_URL);
	l->is_path = false;
	lint_template(l, "http", url + n, TEMPLATE_URL);
}

static void lint_errors(struct lint *l, const struct sc_error_row *row)
{
	for (; row && row->code; row++)
		if (row->code != SC_INTERNAL &&
		    err_from_rpc(row->code) == ERR_INTERNAL)
			lint_find(l, "errors: there is no code %d", row->code);
}

static bool has_service(const struct sc_driver *d, const char *name)
{
	const struct sc_service *s;

	for (s = d->services; s && s->endpoint; s++)
		if (!strcmp(s->name ? s->name : "", name ? name : ""))
			return true;
	return false;
}

static void lint_row(struct lint *l)
{
	const struct sc_rest *row = l->row;

	if (!is_known_name(row->op))
		lint_find(l, "is no operation of the catalogue (rows of the "
			     "driver's own begin with a dot)");
	lint_extras(l);
	lint_errors(l, row->errors);
	if (!row->http) {
		if (!row->run)
			lint_find(l, "has neither a request nor a function");
		return;
	}
	if (!has_service(l->driver, row->service))
		lint_find(l, "there is no service \"%s\"",
			  row->service ? row->service : "");
	lint_http(l);
	lint_template(l, "body", row->body, TEMPLATE_BODY);
	lint_records(l);
}

static void lint_table(struct lint *l, const struct sc_rest *row)
{
	for (; row && row->op; row++) {
		l->row = row;
		l->name = row->op;
		l->op = cat_op_find(row->op);
		lint_row(l);
	}
}

/* ---- services ----------------------------------------------------------- */

static void lint_service(struct lint *l, const struct sc_service *s)
{
	AUTO_FREE char *name =
		mem_printf("service \"%s\"", s->name ? s->name : "");
	const char *const *h;

	l->name = name;
	lint_template(l, "endpoint", s->endpoint, TEMPLATE_TEXT);
	for (h = s->headers; h && *h; h++)
		lint_template(l, "headers", *h, TEMPLATE_TEXT);
	lint_errors(l, s->errors);
	lint_path(l, "error_code", s->error_code);
	lint_path(l, "error_message", s->error_message);
	lint_path(l, "next", s->next);
	l->is_page = true;
	lint_template(l, "page", s->page, TEMPLATE_URL);
	l->is_page = false;
	if (s->page && !s->next)
		lint_find(l, "has .page, and no .next says where it goes on");
}

void rest_lint(const struct sc_driver *driver, json_t *findings)
{
	AUTO_JSON json_t *credential =
		json_read_quoted(driver->credential_schema, NULL);
	AUTO_JSON json_t *config =
		json_read_quoted(driver->config_schema, NULL);
	const struct sc_rest *const *t = driver->rest_tables;
	const struct sc_service *s;
	struct lint l = {
		.driver = driver,
		.credential = json_object_get(credential, "properties"),
		.config = json_object_get(config, "properties"),
		.findings = findings,
	};

	for (s = driver->services; s && s->endpoint; s++)
		lint_service(&l, s);
	lint_table(&l, driver->rest);
	for (; t && *t; t++)
		lint_table(&l, *t);
}
