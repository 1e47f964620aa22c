/* SPDX-License-Identifier: Apache-2.0 */
/* Are the maps of a row's records sound? */
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/rest_lint.h"
#include "cloud/words.h"

/* ---- one field ---------------------------------------------------------- */

/* May @f be given as the word @ours? */
static bool is_word(const struct cat_field *f, struct slice ours)
{
	const char *const *word = f ? f->words : NULL;

	if (!word || slice_eq(ours, "-"))
		return true;
	for (; *word; word++)
		if (slice_eq(ours, *word))
			return true;
	return false;
}

/* Our side must be words of the catalogue; after "*" nothing is reached. */
static void lint_words(struct lint *l, const struct sc_map *m,
		       const struct cat_field *f)
{
	struct words w = { .p = m->words };
	bool all = false;

	while (words_next(&w)) {
		if (!is_word(f, w.ours))
			lint_find(l, "%s: the catalogue has no word \"%.*s\"",
				  m->to, (int)w.ours.n, w.ours.p);
		if (all)
			lint_find(l, "%s: words after \"*\" are never reached",
				  m->to);
		all = slice_eq(w.theirs, "*");
	}
	if (*w.p)
		lint_find(l, "%s: words: \"%s\" is not ours=theirs|theirs …",
			  m->to, w.p);
}

static void lint_from(struct lint *l, const struct sc_map *m)
{
	if (m->until && (!*m->until || m->value || m->map))
		lint_find(l,
			  "%s: .until is a text that cuts a text of the "
			  "cloud's",
			  m->to);
	if (!m->from || m->value)
		return;
	l->is_map = true;
	if (template_is_path(m->from))
		lint_open_path(l, m->to, m->from);
	else
		lint_template(l, m->to, m->from, TEMPLATE_TEXT);
	l->is_map = false;
}

static void lint_map(struct lint *l, const struct sc_map *map,
		     const struct cat_record *rec);

static void lint_field(struct lint *l, const struct sc_map *m,
		       const struct cat_record *rec)
{
	const struct cat_field *f =
		rec ? cat_field_find(rec->fields, m->to) : NULL;

	if (rec && !f)
		lint_find(l, "%s has no field %s", rec->name, m->to);
	if (f && m->list && !(f->flags & CAT_LIST))
		lint_find(l, "%s is not a list", m->to);
	if (f && f->type == CAT_OBJECT && f->of && !m->map)
		lint_find(l, "%s is a record: it needs a .map", m->to);
	if (m->words)
		lint_words(l, m, f);
	lint_from(l, m);
	if (m->map)
		lint_map(l, m->map, f ? f->of : NULL);
}

/* ---- one record --------------------------------------------------------- */

static size_t count(const struct sc_map *map, const char *field)
{
	size_t n = 0;

	for (; map->to; map++)
		n += text_has_word(map->to, field);
	return n;
}

/* Each field of a row; a later row may give it again only if this one may say
 * nothing. */
static void lint_fields(struct lint *l, const struct sc_map *m,
			const struct cat_record *rec)
{
	bool several = strchr(m->to, ' ');
	const char *words = m->to;
	struct sc_map one = *m;
	struct slice word;

	if (several && (m->from || m->value || m->map))
		lint_find(l,
			  "\"%s\": only what the cloud calls the same can "
			  "share a row",
			  m->to);
	while (text_next_word(&words, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		one.to = name;
		lint_field(l, &one, rec);
		if (count(m, name) > 1 &&
		    !(m->words && words_may_say_nothing(m->words)))
			lint_find(l, "%s is mapped twice", name);
	}
}

static void lint_map(struct lint *l, const struct sc_map *map,
		     const struct cat_record *rec)
{
	const struct cat_field *f;

	for (const struct sc_map *m = map; m->to; m++)
		lint_fields(l, m, rec);
	for (f = rec && !l->row->then ? rec->fields : NULL; f && f->name; f++)
		if (f->flags & CAT_REQUIRED && !count(map, f->name))
			lint_find(l, "required field %s of %s is not mapped",
				  f->name, rec->name);
}

static bool is_list(const struct lint *l)
{
	return l->op && l->op->flags & CAT_PAGED;
}

/* What the operation promises and what the row gives. */
static void lint_result(struct lint *l)
{
	const struct sc_rest *row = l->row;

	if (!l->op || row->run)
		return;
	if (l->op->result && !row->map && !row->then)
		lint_find(l, "answers with %s, and the row has no .map",
			  l->op->result->name);
	if (!l->op->result && row->map)
		lint_find(l, "answers with nothing, and the row has a .map");
	if (is_list(l) && (!row->items || !path_selects(row->items)))
		lint_find(l, "is a list, and .items selects no elements");
}

void lint_records(struct lint *l)
{
	const struct sc_rest *row = l->row;

	lint_result(l);
	lint_open_path(l, "items", row->items);
	lint_path(l, "next", row->next);
	if (row->next && !rest_is_list(row) &&
	    !(row->items && strchr(row->items, '[')))
		lint_find(l, "has .next and is not a list");
	if (row->map)
		lint_map(l, row->map, l->op ? l->op->result : NULL);
}
