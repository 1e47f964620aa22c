/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of each resource: a line as it happens, or data at the end.
 */
#include <string.h>

#include "apply_impl.h"
#include "base/auto.h"
#include "base/json.h"
#include "cell.h"
#include "member.h"

/* ---- results ------------------------------------------------------------- */

/* The entry of @r, new at first. */
static json_t *result_of(struct apply *a, const struct resource *r)
{
	const json_t *id = json_object_get(apply_outcome(a, r)->record, "id");
	size_t place = (size_t)(r - a->m.list), i;
	json_t *result;

	json_array_foreach (a->results, i, result)
		if (json_int(result, "number", 0) == (long long)place + 1)
			return result;
	result = json_pack("{si ss ss ss? sO?}", "number", (int)place + 1,
			   "kind", r->kind->name, "name", r->name, "provider",
			   a->s->provider, "id", id);
	json_array_append_new(a->results, result);
	return result;
}

static void set(json_t *result, const char *name, const char *text)
{
	json_object_set_new(result, name, json_string(text));
}

/* ---- lines --------------------------------------------------------------- */

static void print_line(struct apply *a, const struct resource *r,
		       const char *action, const char *more)
{
	AUTO(buf_done) struct buf line = { 0 };

	if (!a->lines)
		return;
	buf_printf(&line, "%s/", r->kind->name);
	cell_add_safe(&line, slice_of(r->name), false);
	buf_printf(&line, " %s%s%s\n", action, more ? ": " : "",
		   more ? more : "");
	fputs(line.p, a->s->output.to);
	fflush(a->s->output.to);
}

void apply_tell(struct apply *a, const struct resource *r, const char *action,
		const json_t *fields)
{
	AUTO(buf_done) struct buf names = { 0 };
	json_t *result = result_of(a, r);

	set(result, "action", action);
	member_names(&names, fields, NULL);
	if (fields)
		json_object_set(result, "fields", (json_t *)fields);
	print_line(a, r, action, names.p);
}

static void print_secret(struct apply *a, const struct resource *r,
			 const char *name, const char *text)
{
	const struct output *o = &a->s->output;
	AUTO(buf_wipe) struct buf lines = { 0 };

	if (o->columns)
		cell_add_safe(&lines, slice_of(text), true);
	else
		buf_add_str(&lines, text);
	fprintf(o->to, "%s of %s/%s, told this once:\n%s\n", name,
		r->kind->name, r->name, lines.p);
}

/* Nobody gets them again. */
void apply_tell_secrets(struct apply *a, const struct resource *r)
{
	const json_t *record = apply_outcome(a, r)->record;
	json_t *result = result_of(a, r);

	for (const struct cat_field *f = r->kind->record->fields; f->name;
	     f++) {
		json_t *value = json_object_get(record, f->name);

		if (!(f->flags & CAT_SECRET) || !cell_has_value(value))
			continue;
		json_object_set(result, f->name, value);
		if (a->lines && json_is_string(value))
			print_secret(a, r, f->name, json_string_value(value));
	}
}

/* ---- failures ------------------------------------------------------------ */

void apply_tell_failure(struct apply *a, const struct resource *r,
			enum exit_status status, struct error *err)
{
	json_t *result = result_of(a, r);
	struct error told = *err;

	apply_outcome(a, r)->failed = true;
	set(result, "action", "failed");
	set(result, "code", err_info(err->code)->name);
	set(result, "detail", err->message);
	set(result, "effect", effect_name(err->effect));
	print_line(a, r, "failed", NULL);
	fail_within(&told, "%s/%s", r->kind->name, r->name);
	/* A pointer is one into the file, not an option; identifiers are not
	 * in it. */
	if (!strcmp(err->path, "/id"))
		told.path[0] = '\0';
	if (*told.path)
		fail_within(&told, "%s:%d", a->m.file,
			    manifest_line(r, err->path));
	a->s->command.op = *told.path ? NULL : r->op;
	session_report(a->s, &told);
	a->s->command.op = NULL;
	if (status == STATUS_OK)
		status = session_status(err->code);
	if (a->status == STATUS_OK)
		a->status = status;
}

void apply_tell_skipped(struct apply *a, const struct resource *r,
			const struct resource *other)
{
	AUTO_FREE char *why = other ? resource_label(other) : NULL;
	json_t *result = result_of(a, r);

	apply_outcome(a, r)->failed = true;
	set(result, "action", "skipped");
	if (why)
		set(result, "because", why);
	print_line(a, r, "skipped", why);
}

/* The server cannot be reached or refuses us: it would be so with every other
 * one. */
bool apply_is_over(const struct apply *a, const struct error *err)
{
	return session_interrupted || err->code == ERR_UNAUTHORIZED ||
	       (err->code == ERR_CLOUD_UNAVAILABLE && !a->s->problem);
}
