/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/rest.h"
#include "driver/commands.h"
#include "driver/runtime.h"
#include "base/validate.h"

struct report {
	const struct sc_driver *driver;
	json_t *findings;
};

static void find(struct report *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void find(struct report *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(r->findings, json_string(text));
}

/* ---- the driver itself ------------------------------------------------ */

static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= 32 && !name[n] && name[0] >= 'a' && name[0] <= 'z';
}

static void check_identity(struct report *r)
{
	const struct sc_driver *d = r->driver;

	if (!d->name || !is_name(d->name))
		find(r, "name: \"%s\" is not [a-z][a-z0-9-]{0,31}",
		     d->name ? d->name : "");
	if (!d->version || !*d->version)
		find(r, "version: is missing");
	if (d->max_inflight < 0)
		find(r, "max_inflight: is negative");
}

static void check_schema(struct report *r, const char *what, const char *text)
{
	AUTO_JSON json_t *schema = NULL;
	struct error err;

	if (!text)
		return;
	schema = json_read_quoted(text, &err);
	if (!schema || !validate_schema(schema, "", &err))
		find(r, "%s: %s", what, err.message);
}

static bool has_property(const char *schema_text, const char *name)
{
	AUTO_JSON json_t *schema = json_read_quoted(schema_text, NULL);

	return json_object_get(json_object_get(schema, "properties"), name);
}

static void check_env(struct report *r)
{
	const struct sc_driver *d = r->driver;

	for (const char *const(*e)[2] = d->env; e && (*e)[0]; e++)
		if (!(*e)[1] || (!has_property(d->config_schema, (*e)[1]) &&
				 !has_property(d->credential_schema, (*e)[1])))
			find(r, "env: %s: no schema has a field %s", (*e)[0],
			     (*e)[1] ? (*e)[1] : "(none)");
}

static void check_kind(struct report *r, const char *name, json_t *kind)
{
	json_t *operations = json_object_get(kind, "operations"), *op;
	const char *verb;

	if (!text_starts(name, "x.") || !json_is_object(operations))
		find(r,
		     "kinds: %s: is not \"x.<vendor>.<kind>\": "
		     "{\"operations\": {…}}",
		     name);
	json_object_foreach (operations, verb, op) {
		json_t *args = json_object_get(op, "args");
		struct error err;

		if (args && !validate_schema(args, "", &err))
			find(r, "kinds: %s.%s: args: %s", name, verb,
			     err.message);
	}
}

static void check_kinds(struct report *r)
{
	AUTO_JSON json_t *kinds = NULL;
	const char *name;
	json_t *kind;
	struct error err;

	if (!r->driver->kinds)
		return;
	kinds = json_read_quoted(r->driver->kinds, &err);
	if (!json_is_object(kinds)) {
		find(r, "kinds: %s", kinds ? "is not an object" : err.message);
		return;
	}
	json_object_foreach (kinds, name, kind)
		check_kind(r, name, kind);
}

/* ---- its rows --------------------------------------------------------- */

static bool is_word(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* "x.<vendor>.<kind>.<verb>" */
static bool is_vendor(const char *name)
{
	size_t dots = 0;

	for (const char *p = name; *p; p++)
		dots += *p == '.';
	return text_starts(name, "x.") && dots == 3;
}

static bool is_recovery(const char *name)
{
	return !strcmp(name, "op.poll") || !strcmp(name, "op.reconcile");
}

static bool is_lifecycle(const char *name)
{
	for (const struct sc_method *m = lifecycle_methods; m->name; m++)
		if (!strcmp(name, m->name))
			return true;
	return false;
}

static const char *nearest_op(const char *name)
{
	const char *names[512];
	size_t n = 0;

	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
		for (const struct cat_op *op = (*k)->ops; op && op->name; op++)
			if (n < ARRAY_LEN(names))
				names[n++] = op->name;
	return text_nearest(name, names, n);
}

static void check_name(struct report *r, const struct handler *row)
{
	const char *nearest;

	/* rest_lint() knows which names rows may have. */
	if (row->is_rest || row->op || is_vendor(row->name) ||
	    is_recovery(row->name) || is_lifecycle(row->name))
		return;
	nearest = nearest_op(row->name);
	find(r, "%s: is no operation of the catalogue%s%s", row->name,
	     nearest ? "; did you mean " : "", nearest ? nearest : "");
}

static void check_words(struct report *r, const struct handler *row)
{
	static const char *const how[] = { "token", "tag", "natural", "none",
					   NULL };
	static const char *const when[] = { "safe", "late", "no", NULL };

	if (!is_word(row->idempotency, how))
		find(r,
		     "%s: idempotency \"%s\" is not token, tag, natural or "
		     "none",
		     row->name, row->idempotency);
	if (!is_word(row->cancel, when))
		find(r, "%s: cancel \"%s\" is not safe, late or no", row->name,
		     row->cancel);
	if (!row->is_rest && !row->run)
		find(r, "%s: has no function", row->name);
}

static void check_row(const struct handler *row, void *arg)
{
	struct report *r = arg;

	check_name(r, row);
	check_words(r, row);
}

struct count {
	const char *name;
	size_t n;
	bool has_rest;
};

/* The rows of the REST tables that share a name count as one: rest_lint()
 * knows whether they can. */
static void count_row(const struct handler *row, void *arg)
{
	struct count *c = arg;

	if (strcmp(row->name, c->name) || (row->is_rest && c->has_rest))
		return;
	c->n++;
	c->has_rest = c->has_rest || row->is_rest;
}

static size_t count_rows(const struct sc_driver *driver, const char *name)
{
	struct count c = { .name = name };

	handlers_each(driver, count_row, &c);
	return c.n;
}

/* ---- the whole catalogue ---------------------------------------------- */

static bool covers(const char *pattern, const char *op)
{
	size_t n = strlen(pattern);

	if (n >= 2 && !strcmp(pattern + n - 2, ".*"))
		return !strncmp(pattern, op, n - 1);
	return !strcmp(pattern, op);
}

const char *check_unsupported(const struct sc_driver *driver, const char *op)
{
	const char *const(*u)[2] = driver->unsupported;

	for (; u && (*u)[0]; u++)
		if (covers((*u)[0], op))
			return (*u)[1] ? (*u)[1] : "";
	return NULL;
}

static void check_operation(struct report *r, const struct cat_op *op)
{
	const char *why = check_unsupported(r->driver, op->name);
	size_t n = count_rows(r->driver, op->name);

	if (n > 1)
		find(r, "%s: has %zu rows", op->name, n);
	if (n == 0 && !why)
		find(r, "%s: has no row and is not listed as unsupported",
		     op->name);
	if (why && !*why)
		find(r, "%s: is unsupported without a reason", op->name);
}

static bool covers_any(const char *pattern)
{
	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
		for (const struct cat_op *op = (*k)->ops; op && op->name; op++)
			if (covers(pattern, op->name))
				return true;
	return false;
}

static void check_catalogue(struct report *r)
{
	const char *const(*u)[2] = r->driver->unsupported;

	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
		for (const struct cat_op *op = (*k)->ops; op && op->name; op++)
			check_operation(r, op);
	for (; u && (*u)[0]; u++)
		if (!covers_any((*u)[0]))
			find(r,
			     "unsupported: %s: is no operation of the "
			     "catalogue",
			     (*u)[0]);
}

json_t *check_findings(const struct sc_driver *driver)
{
	struct report r = { .driver = driver, .findings = json_array() };

	check_identity(&r);
	check_schema(&r, "config_schema", driver->config_schema);
	check_schema(&r, "credential_schema", driver->credential_schema);
	check_env(&r);
	check_kinds(&r);
	handlers_each(driver, check_row, &r);
	rest_lint(driver, r.findings);
	check_catalogue(&r);
	return r.findings;
}

int check_main(const struct sc_driver *driver, int argc, char **argv)
{
	AUTO_JSON json_t *findings = check_findings(driver);
	json_t *text;
	size_t i;

	(void)argv;
	if (argc > 0) {
		fprintf(stderr, "%s --check: takes nothing\n", driver->name);
		return EX_USAGE;
	}
	json_array_foreach (findings, i, text)
		printf("%s: %s\n", driver->name, json_string_value(text));
	if (json_array_size(findings) == 0)
		printf("%s: ok\n", driver->name);
	return json_array_size(findings) ? 1 : 0;
}
