/* SPDX-License-Identifier: Apache-2.0 */
/* Are the maps of a row's records sound? */
#include <string.h>

#include "cloud/path.h"
#include "cloud/rest_lint.h"

/* ---- one field ---------------------------------------------------------- */

static bool is_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

/* Our side must be words of the catalogue, or NULL for "says nothing"; after
 * "*" nothing is reached. */
static void lint_words(struct lint *l, const struct sc_map *m,
		       const struct cat_field *f)
{
	const char *const(*w)[2];

	for (w = m->words; (*w)[0]; w++) {
		if ((*w)[1] && f && f->words && !is_word(f->words, (*w)[1]))
			lint_find(l, "%s: the catalogue has no word \"%s\"",
				  m->to, (*w)[1]);
		if (!strcmp((*w)[0], "*") && w[1][0])
			lint_find(l, "%s: words after \"*\" are never reached",
				  m->to);
	}
}

static bool any_hole(const struct hole *h, void *arg)
{
	(void)h;
	(void)arg;
	return true;
}

static void lint_from(struct lint *l, const struct sc_map *m)
{
	struct error err;

	if (!m->from || m->value)
		return;
	if (!strchr(m->from, '{'))
		lint_path(l, m->to, m->from);
	else if (!template_holes(m->from, TEMPLATE_TEXT, any_hole, NULL, &err))
		lint_find(l, "%s: %s", m->to, err.message);
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

/* May the rows after @m give the same field?  Only if @m may say nothing. */
static bool may_say_nothing(const struct sc_map *m)
{
	const char *const(*w)[2];

	for (w = m->words; w && (*w)[0]; w++)
		if (!(*w)[1])
			return true;
	return false;
}

static size_t count(const struct sc_map *map, const char *field)
{
	size_t n = 0;

	for (; map->to; map++)
		n += !strcmp(map->to, field);
	return n;
}

static void lint_map(struct lint *l, const struct sc_map *map,
		     const struct cat_record *rec)
{
	const struct cat_field *f;

	for (const struct sc_map *m = map; m->to; m++) {
		lint_field(l, m, rec);
		if (count(m, m->to) > 1 && !may_say_nothing(m))
			lint_find(l, "%s is mapped twice", m->to);
	}
	for (f = rec ? rec->fields : NULL; f && f->name; f++)
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
	if (is_list(l) && (!row->items || !strchr(row->items, '[')))
		lint_find(l, "is a list, and .items selects no elements");
}

void lint_records(struct lint *l)
{
	const struct sc_rest *row = l->row;

	lint_result(l);
	lint_path(l, "items", row->items);
	lint_path(l, "next", row->next);
	if (row->next && !rest_is_list(row))
		lint_find(l, "has .next and is not a list");
	if (row->map)
		lint_map(l, row->map, l->op ? l->op->result : NULL);
}
