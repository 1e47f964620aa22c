/* SPDX-License-Identifier: Apache-2.0 */
/* Are rows sound in what they say beside their request? */
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cloud/rest_lint.h"

/* ---- when, takes -------------------------------------------------------- */

static const struct cat_field *arg_of(const struct lint *l, const char *name)
{
	return l->op ? cat_arg_find(l->op, name) : NULL;
}

static bool is_word(const struct cat_field *f, struct slice word)
{
	for (const char *const *w = f->words; *w; w++)
		if (slice_eq(word, *w))
			return true;
	return false;
}

/* Words that the catalogue does not know are never given. */
static void lint_choice(struct lint *l, const char *what,
			const struct cat_field *f, struct slice words)
{
	const char *p = words.p, *end = words.p + words.n, *bar;
	struct slice word;

	for (; f && f->words && p && p <= end; p = bar + 1) {
		bar = memchr(p, '|', (size_t)(end - p));
		if (!bar)
			bar = end;
		word = (struct slice){ p, (size_t)(bar - p) };
		if (!is_word(f, word))
			lint_find(l, "%s: %s has no word \"%.*s\"", what,
				  f->name, (int)word.n, word.p);
	}
}

static void lint_argument(struct lint *l, const char *what, const char *name)
{
	AUTO_FREE char *top = mem_strndup(name, strcspn(name, "."));

	if (l->op && !arg_of(l, top))
		lint_find(l, "%s: %s has no parameter %s", what, l->op->name,
			  top);
}

static void lint_when(struct lint *l)
{
	const char *when = l->row->when;
	struct rest_condition c;

	while (rest_next_condition(&when, &c)) {
		AUTO_FREE char *name = mem_strndup(c.name.p, c.name.n);

		lint_argument(l, "when", name);
		lint_choice(l, "when", arg_of(l, name), c.words);
	}
}

static void lint_takes(struct lint *l)
{
	const char *takes = l->row->takes;
	struct rest_condition c;

	if (takes && l->op && !(l->op->flags & CAT_MUTATES))
		lint_find(l, "takes: nothing is refused of what changes "
			     "nothing");
	while (rest_next_condition(&takes, &c)) {
		AUTO_FREE char *name = mem_strndup(c.name.p, c.name.n);

		lint_argument(l, "takes", name);
		lint_choice(l, "takes", arg_of(l, name), c.words);
	}
}

/* ---- let ---------------------------------------------------------------- */

static void lint_let(struct lint *l, const char *name)
{
	const struct sc_rest *row = rest_find(l->driver, name);

	if (!row)
		lint_find(l, "let: there is no row %s", name);
	if (arg_of(l, name))
		lint_find(l, "let: %s is a parameter of %s", name, l->op->name);
	for (; row; row = rest_next(l->driver, name, row)) {
		if (!row->http)
			lint_find(l, "let: %s has no request", name);
		if (row->let)
			lint_find(l, "let: %s has look-ups of its own", name);
	}
}

static void lint_lets(struct lint *l)
{
	const char *names = l->row->let;
	struct slice word;

	while (names && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		lint_let(l, name);
	}
}

/* ---- over, also --------------------------------------------------------- */

static void lint_part(struct lint *l, const char *what, const char *name)
{
	const struct sc_rest *row = rest_find(l->driver, name);

	if (!rest_is_list(l->row) &&
	    (strcmp(what, "over") != 0 || rest_is_read(l->row)))
		lint_find(l, "%s: is not of what reads one record", what);
	if (!row)
		lint_find(l, "%s: there is no row %s", what, name);
	for (; row; row = rest_next(l->driver, name, row)) {
		if (!row->http)
			lint_find(l, "%s: %s has no request", what, name);
		else if (!rest_is_list(row))
			lint_find(l, "%s: %s is no list", what, name);
		if (rest_is_list(l->row) &&
		    (!strcmp(what, "over") ? row->over : row->also))
			lint_find(l, "%s: %s has one of its own", what, name);
	}
}

static void lint_parts(struct lint *l)
{
	const char *names = l->row->also;
	struct slice word;

	if (l->row->over &&
	    (rest_is_list(l->row) || !text_starts(l->row->over, "arg.")))
		lint_part(l, "over", l->row->over);
	while (names && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		lint_part(l, "also", name);
	}
}

/* ---- then, undo --------------------------------------------------------- */

static void lint_step(struct lint *l, const char *what, const char *name)
{
	const struct sc_rest *row = rest_find(l->driver, name);

	if (!row || !row->http)
		lint_find(l, "%s: %s is no row with a request", what, name);
	else if (rest_is_list(row))
		lint_find(l, "%s: %s is a list", what, name);
}

static void lint_steps(struct lint *l)
{
	const char *names = l->row->then;
	struct slice word;

	while (names && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		lint_step(l, "then", name);
	}
	if (!l->row->undo)
		return;
	lint_step(l, "undo", l->row->undo);
	if (!l->op || !l->row->then)
		lint_find(l, "undo: is of an operation with .then");
}

/* ---- already, busy ------------------------------------------------------ */

/* A condition about the kind's record, as the kind's get row gives it. */
static void lint_subject(struct lint *l, const char *what, const char *condition)
{
	const struct cat_record *record = l->op ? l->op->kind->record : NULL;
	AUTO_FREE char *get = NULL;
	struct rest_condition c;

	if (!condition)
		return;
	if (!record || !(l->op->flags & CAT_BY_ID)) {
		lint_find(l, "%s: is about one resource of the catalogue", what);
		return;
	}
	get = mem_printf("%s.get", l->op->kind->name);
	if (!rest_find(l->driver, get))
		lint_find(l, "%s: there is no row %s", what, get);
	while (rest_next_condition(&condition, &c)) {
		AUTO_FREE char *path = mem_strndup(c.name.p, c.name.n);
		AUTO_FREE char *name = mem_strndup(path, strcspn(path, ".["));
		const struct cat_field *f = cat_field_find(record->fields, name);

		lint_path(l, what, path);
		if (!f)
			lint_find(l, "%s: %s has no field %s", what,
				  record->name, name);
		if (!c.words.p || !memchr(c.words.p, '{', c.words.n))
			lint_choice(l, what, f, c.words);
	}
}

static void lint_subjects(struct lint *l)
{
	lint_subject(l, "busy", l->row->busy);
	lint_subject(l, "already", l->row->already);
	if (l->row->already && l->op && l->op->result &&
	    l->op->result != l->op->kind->record)
		lint_find(l, "already: %s does not answer with a %s",
			  l->op->name, l->op->kind->record->name);
}

/* ---- mark, unique ------------------------------------------------------- */

static bool is_op(const struct hole *h, void *found)
{
	*(bool *)found = *(bool *)found || slice_eq(h->name, "op");
	return true;
}

static bool sends_op(const struct sc_rest *row)
{
	bool found = false;

	if (row->http)
		template_holes(row->http, TEMPLATE_URL, is_op, &found, NULL);
	if (row->body)
		template_holes(row->body, TEMPLATE_BODY, is_op, &found, NULL);
	return found;
}

static void lint_found_again(struct lint *l)
{
	const struct sc_rest *row = l->row;
	AUTO_FREE char *list = NULL;

	if (!row->mark && !row->unique)
		return;
	if (!l->op || !(l->op->flags & CAT_MUTATES) || !l->op->result ||
	    l->op->result != l->op->kind->record) {
		lint_find(l, "mark and unique are of what makes a record of "
			     "its kind");
		return;
	}
	list = mem_printf("%s.list", l->op->kind->name);
	if (!rest_find(l->driver, list))
		lint_find(l, "mark, unique: there is no row %s", list);
	lint_path(l, "mark", row->mark);
	if (row->mark && !row->run && !sends_op(row))
		lint_find(l, "mark: {op} is nowhere in the request");
	if (row->unique && (!arg_of(l, row->unique) ||
			    !cat_field_find(l->op->result->fields, row->unique)))
		lint_find(l, "unique: %s is no parameter and field", row->unique);
}

/* ---- several rows of one name ------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void lint_variants(struct lint *l)
{
	const struct sc_rest *row = rest_find(l->driver, l->name);
	const struct sc_rest *first = row;

	for (; row && row != l->row; row = rest_next(l->driver, l->name, row))
		if (!row->when) {
			lint_find(l, "is never reached: a row of this name "
				     "before it has no .when");
			return;
		}
	if (!is_same(first->idempotency, l->row->idempotency) ||
	    !is_same(first->cancel, l->row->cancel))
		lint_find(l, "its rows differ in .idempotency or .cancel");
}

void lint_extras(struct lint *l)
{
	lint_variants(l);
	lint_when(l);
	lint_takes(l);
	lint_lets(l);
	lint_parts(l);
	lint_steps(l);
	lint_subjects(l);
	lint_found_again(l);
}
