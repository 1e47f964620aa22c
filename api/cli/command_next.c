/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may come next: the words so far are read as a command line is, faults
 * passed over, and the reader's state says what it would understand.
 */
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cli/command_impl.h"

/* ---- candidates -------------------------------------------------------------- */

static void add(struct next *next, const char *word, const char *help)
{
	json_t *pair = json_array();

	json_array_append_new(pair, json_string(word));
	json_array_append_new(pair, json_string(help ? help : ""));
	json_array_append_new(next->words, pair);
}

static void add_dashed(struct next *next, const char *name, const char *help)
{
	AUTO_FREE char *dashed = command_dashed(name);

	add(next, dashed, help);
}

static void add_live(struct next *next, enum live live)
{
	for (size_t i = 0; i < ARRAY_LEN(next->live); i++)
		if (next->live[i] == LIVE_NONE) {
			next->live[i] = live;
			return;
		}
}

static void add_words(struct next *next, const char *const *words)
{
	for (; words && *words; words++)
		add(next, *words, NULL);
}

static void add_kinds(struct next *next)
{
	const struct cat_kind *const *kinds = command_kinds();

	for (size_t i = 0; kinds[i]; i++)
		add(next, kinds[i]->collection, kinds[i]->help);
	add_live(next, LIVE_KIND);
}

/* Each name once, with the first row's help. */
static void add_builtins(struct next *next)
{
	const char *last = "";

	for (const struct builtin *b = command_builtins; b->name; b++) {
		if (strcmp(b->name, last) != 0 && b->help)
			add(next, b->name, b->help);
		last = b->name;
	}
}

static void add_subs(struct next *next, const char *name)
{
	for (const struct builtin *b = command_builtins; b->name; b++)
		if (!strcmp(b->name, name) && b->sub && b->help)
			add(next, b->sub, b->help);
}

/* ---- values -------------------------------------------------------------------- */

static void value_of_option(struct next *next, const struct option_row *row)
{
	add_words(next, row->words);
	add_live(next, row->live);
}

static void value_of_field(struct next *next, const struct command *c,
			   const struct cat_field *f, const char *begun)
{
	static const char *const bools[] = { "true", "false", NULL };

	add_words(next, f->type == CAT_BOOL ? bools : f->words);
	next->kind = command_refers_to(f, c->kind && command_is_own(c->kind));
	if (next->kind)
		add_live(next, LIVE_RESOURCE);
	if (*begun == '@')
		add_live(next, LIVE_FILE);
}

/* ---- options ---------------------------------------------------------------------- */

static void add_option(struct next *next, const char *before, const char *name,
		       const char *help)
{
	AUTO_FREE char *dashed = command_dashed(name);
	AUTO_FREE char *option = mem_printf("--%s%s", before, dashed);

	add(next, option, help);
}

static void add_options(struct next *next, const struct command *c)
{
	const struct cat_field *f;

	for (size_t i = 0; c->op && (f = command_arg(c->op, i)); i++) {
		AUTO_FREE char *option = command_option_name(f);

		add_option(next, "", option, f->help);
		if (f->type == CAT_BOOL)
			add_option(next, "no-", option, f->help);
	}
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const char *name = command_options[i].name;

		if (command_option(c, name, strlen(name)))
			add_option(next, "", name, command_options[i].help);
	}
}

/* "--type=m1": the value of what stands before the "=". */
static void value_after_equals(struct next *next, struct reader *r,
			       const char *begun)
{
	size_t n = strcspn(begun, "=");
	const struct option_row *row = command_option(r->c, begun, n);
	AUTO_FREE char *name = mem_strndup(begun, n);
	const struct cat_field *f =
		!row && r->c->op ? command_arg_find(r->c->op, name) : NULL;

	if (row)
		value_of_option(next, row);
	else if (f)
		value_of_field(next, r->c, f, begun + n + 1);
}

/* ---- words ------------------------------------------------------------------------- */

static void next_of_builtin(struct next *next, const struct reader *r)
{
	const struct builtin *b = r->c->builtin;

	if (b->sub && r->first)
		add_subs(next, b->name);
	else if (json_array_size(r->c->words) < (size_t)b->most)
		add_live(next, b->live);
}

static void next_of_op(struct next *next, const struct command *c)
{
	bool first = json_array_size(c->words) == 0;

	if (!(c->op->flags & CAT_BY_ID) ||
	    (!first && !command_takes_many(c->op)))
		return;
	next->kind = c->kind;
	add_live(next, LIVE_RESOURCE);
}

static void next_word(struct next *next, const struct reader *r)
{
	const struct command *c = r->c;

	if (c->builtin)
		next_of_builtin(next, r);
	else if (c->op)
		next_of_op(next, c);
	else if (c->kind)
		for (const struct cat_op *op = c->kind->ops; op->name; op++)
			add_dashed(next, op->verb, op->help);
	else if (!c->vendor)
		add_kinds(next);
	if (!c->builtin && !c->provider && !c->kind && !c->vendor) {
		add_builtins(next);
		add_live(next, LIVE_PROVIDER);
	}
}

/* ---- public -------------------------------------------------------------------------- */

void command_next(const char *const *words, size_t n, const char *begun,
		  const struct cat_kind *vendor, struct next *next)
{
	struct command c = { .words = json_array(), .args = json_object() };
	struct reader r = { .c = &c, .vendor = vendor, .completing = true };

	*next = (struct next){ .words = json_array() };
	for (size_t i = 0; i < n; i++)
		command_read(&r, words[i], NULL);
	if (r.option)
		value_of_option(next, r.option);
	else if (r.field)
		value_of_field(next, &c, r.field, begun);
	else if (*begun == '-' && text_starts(begun, "--") &&
		 strchr(begun, '='))
		value_after_equals(next, &r, begun + 2);
	else if (*begun == '-' && !r.only_words)
		add_options(next, &c);
	else
		next_word(next, &r);
	next->provider = c.provider ? c.provider : c.option[OPTION_PROVIDER];
	next->vendor = c.vendor;
	command_done(&c);
}

void command_next_done(struct next *next)
{
	json_decref(next->words);
	next->words = NULL;
}
