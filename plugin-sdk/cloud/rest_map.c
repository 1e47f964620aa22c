/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the cloud's records to ours: find, translate words, give the type that
 * the catalogue says.  What is missing is null, and so is an optional field
 * that is an empty text (clouds write "" for none) or of another type, so that
 * one odd value does not hide a whole list; a required one must be right.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/rest_run.h"
#include "cloud/rest_types.h"
#include "cloud/template_fill.h"
#include "cloud/words.h"

struct mapper {
	const struct rest_run *run;
	struct template_scope scope; /* args: the node at hand */
	bool partial;		     /* `.then` will tell the rest */
	bool failed;		     /* call->fault says why */
};

static json_t *map_record(struct mapper *m, const struct sc_map *map,
			  const struct cat_field *fields, json_t *node);

/* ---- one value ---------------------------------------------------------- */

/* Text of a scalar for the word table, new, or NULL. */
static char *word_of(const json_t *v)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (json_is_string(v))
		return mem_strdup(json_string_value(v));
	if (!json_is_number(v) && !json_is_boolean(v))
		return NULL;
	json_write(v, &text);
	return buf_steal(&text, NULL);
}

/* Our word for the cloud's; steals @v, new; NULL: the word says nothing. */
static json_t *translate(const char *words, json_t *v)
{
	AUTO_FREE char *word = word_of(v);
	struct slice ours;

	if (!word || !words_find(words, word, &ours))
		return v;
	json_decref(v);
	return slice_eq(ours, "-") ? NULL : json_stringn(ours.p, ours.n);
}

/* Steals @v; new, NULL: not of the field's type. */
static json_t *map_value(struct mapper *m, const struct sc_map *map,
			 const struct cat_field *f, json_t *v)
{
	json_t *made;

	if (map->until)
		v = value_until(v, slice_of(map->until));
	if (map->words)
		v = translate(map->words, v);
	if (!v)
		return NULL;
	if (!map->map)
		return f ? rest_typed(f->type, v) : v;
	made = map_record(m, map->map, f && f->of ? f->of->fields : NULL, v);
	json_decref(v);
	return made;
}

/* ---- where it is -------------------------------------------------------- */

/* "{node}/{vmid}": a text made of several places; NULL when one is missing.
 * "{arg.rules}": the value as it is. */
static json_t *fill_text(struct mapper *m, const char *from)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct hole whole;
	bool dropped;

	if (hole_is_all(from, &whole))
		return hole_value(&whole, &m->scope, true);
	if (!template_text(from, &m->scope, &text, &dropped, NULL) || dropped)
		return NULL;
	return json_stringn(text.p ? text.p : "", text.n);
}

/* All that a path finds, new; what its holes need may be missing. */
static json_t *find_all(struct mapper *m, const char *from)
{
	AUTO(buf_done) struct buf path = { 0 };

	if (!strchr(from, '{'))
		return path_find(m->scope.args, from);
	if (!template_path(from, &m->scope, &path, NULL))
		return json_array();
	return path_find(m->scope.args, path.n ? path.p : "");
}

/* The one value of a field, new, or NULL. */
static json_t *find_one(struct mapper *m, const struct sc_map *map)
{
	const char *from = map->from ? map->from : "";
	AUTO_JSON json_t *found = NULL;

	if (map->value)
		return json_string(map->value);
	if (!strchr(from, '{'))
		return json_incref(path_first(m->scope.args, from));
	if (!template_is_path(from))
		return fill_text(m, from);
	found = find_all(m, from);
	return json_incref(path_first(found, "[]"));
}

static void add_each(struct mapper *m, const struct sc_map *map,
		     const struct cat_field *f, json_t *found, json_t *out)
{
	json_t *v, *made;
	size_t i;

	json_array_foreach (found, i, v) {
		if (json_is_array(v)) {
			add_each(m, map, f, v, out);
		} else if (!json_is_null(v)) {
			made = map_value(m, map, f, json_incref(v));
			if (made)
				json_array_append_new(out, made);
		}
	}
}

/* Every match; an array among them counts as its elements. */
static json_t *map_list(struct mapper *m, const struct sc_map *map,
			const struct cat_field *f)
{
	const char *from = map->from ? map->from : "";
	AUTO_JSON json_t *found = NULL;
	json_t *out;

	if (template_is_path(from))
		found = find_all(m, from);
	else
		found = json_pack("[o*]", fill_text(m, from));
	if (text_starts(from, "{arg.") && !json_array_size(found))
		return NULL; /* not looked up: that is not "none" */
	out = json_array();
	add_each(m, map, f, found, out);
	return out;
}

/* ---- one record --------------------------------------------------------- */

static bool is_required(const struct mapper *m, const struct cat_field *f)
{
	return f && f->flags & CAT_REQUIRED && !(f->flags & CAT_NULLABLE) &&
	       !m->partial;
}

static bool is_empty(const json_t *v)
{
	return json_is_string(v) && !json_string_length(v);
}

/* Does one of the rows from @map on give the field? */
static bool gives(const struct sc_map *map, const char *field)
{
	for (; map->to; map++)
		if (text_has_word(map->to, field))
			return true;
	return false;
}

static bool no_value(struct mapper *m, const struct sc_map *map, bool found)
{
	m->failed = true;
	return rest_bad_answer(m->run,
			       "the cloud's record has %s \"%s\" (from \"%s\")",
			       found ? "an unusable" : "no", map->to,
			       map->from ? map->from : "");
}

/* False: a required field is missing, and no row from @later on gives it;
 * call->fault says which. */
static bool map_field(struct mapper *m, const struct sc_map *map,
		      const struct cat_field *f, const struct sc_map *later,
		      json_t *out)
{
	json_t *one = NULL, *v;
	bool found = false;

	if (map->list || (f && f->flags & CAT_LIST)) {
		v = map_list(m, map, f);
	} else {
		one = find_one(m, map);
		if (one && map->until) /* it may leave nothing */
			one = value_until(one, slice_of(map->until));
		if (is_empty(one) && !is_required(m, f) && !map->words) {
			json_decref(one);
			one = NULL;
		}
		found = one != NULL;
		v = found ? map_value(m, map, f, one) : NULL;
	}
	if (m->failed) { /* in a record within */
		json_decref(v);
		return false;
	}
	if (!v && is_required(m, f) && !gives(later, map->to))
		return no_value(m, map, found);
	if (!v && found && !map->words)
		log_debug("a field of the cloud's record has another type",
			  LOG_STR("operation", m->run->row->op),
			  LOG_STR("field", map->to));
	json_object_set_new(out, map->to, v ? v : json_null());
	return true;
}

/* Of several rows for one field the first that gives a value counts. */
static bool has_value(const json_t *record, const char *field)
{
	const json_t *v = json_object_get(record, field);

	return v && !json_is_null(v);
}

/* One row: one field, or several that the cloud calls the same. */
static bool map_row(struct mapper *m, const struct sc_map *map,
		    const struct cat_field *fields, json_t *out)
{
	const char *words = map->to;
	bool same = !map->from && !map->value && !map->map;
	struct sc_map one = *map;
	struct slice word;

	while (text_next_word(&words, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		one.to = name;
		if (same)
			one.from = name;
		if (!has_value(out, name) &&
		    !map_field(m, &one, cat_field_find(fields, name), map + 1,
			       out))
			return false;
	}
	return true;
}

static json_t *map_record(struct mapper *m, const struct sc_map *map,
			  const struct cat_field *fields, json_t *node)
{
	json_t *out = json_object(), *outer = m->scope.args;
	bool ok = true;

	m->scope.args = node;
	for (; ok && map->to; map++)
		ok = map_row(m, map, fields, out);
	m->scope.args = outer;
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

/* The cloud's own object, new: without what path_records() put into it. */
static json_t *native(json_t *node)
{
	json_t *own;

	if (!json_object_get(node, "~"))
		return json_incref(node);
	own = json_copy(node);
	json_object_del(own, "~");
	return own;
}

json_t *rest_record(const struct rest_run *run, json_t *node)
{
	const struct sc_call *call = run->call;
	const struct cat_record *rec = run->op ? run->op->result : NULL;
	struct mapper m = {
		.run = run,
		.partial = run->row->then,
		.scope = { .row = run->args,
			   .headers = run->headers,
			   .config = call->config,
			   .session = call->session,
			   .region = call->region },
	};
	json_t *made;

	if (!run->row->map)
		return json_incref(node);
	if (!json_is_object(node) && !json_is_string(node)) {
		rest_bad_answer(run, "a record of the answer is not an object");
		return NULL;
	}
	made = map_record(&m, run->row->map, rec ? rec->fields : NULL, node);
	if (made && call->native)
		json_object_set_new(made, "native", native(node));
	return made;
}

char *rest_items(const struct rest_run *run, const char *otherwise)
{
	const struct template_scope scope = { .args = run->args,
					      .config = run->call->config,
					      .session = run->call->session,
					      .region = run->call->region };
	const char *items = run->row->items ? run->row->items : otherwise;
	struct error *fault = &run->call->fault;
	struct buf path = { 0 };

	buf_reserve(&path, 1);
	if (template_path(items, &scope, &path, fault))
		return buf_steal(&path, NULL);
	buf_done(&path);
	fail_within(fault, "%s", run->row->op);
	fault->effect = run->is_read ? EFFECT_NONE : EFFECT_APPLIED;
	return NULL;
}
