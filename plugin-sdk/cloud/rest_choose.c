/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several rows with one name is run: the first whose `when` holds. */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/rest_run.h"

/* ---- finding ------------------------------------------------------------ */

const struct sc_rest *rest_next(const struct sc_driver *driver, const char *op,
				const struct sc_rest *after)
{
	const struct sc_rest *const *table = driver->rest_tables;
	const struct sc_rest *row = driver->rest;
	bool past = !after;

	for (;;) {
		for (; row && row->op; row++) {
			if (past && !strcmp(row->op, op))
				return row;
			past = past || row == after;
		}
		if (!table || !*table)
			return NULL;
		row = *table++;
	}
}

const struct sc_rest *rest_find(const struct sc_driver *driver, const char *op)
{
	return rest_next(driver, op, NULL);
}

/* ---- conditions --------------------------------------------------------- */

bool rest_next_condition(const char **when, struct rest_condition *c)
{
	const char *equals;

	if (!*when || !text_next_word(when, &c->name))
		return false;
	c->negated = c->name.p[0] == '!';
	c->name.p += c->negated;
	c->name.n -= c->negated;
	c->words = (struct slice){ NULL, 0 };
	equals = memchr(c->name.p, '=', c->name.n);
	if (equals) {
		c->words.p = equals + 1;
		c->words.n = (size_t)(c->name.p + c->name.n - equals - 1);
		c->name.n = (size_t)(equals - c->name.p);
	}
	return true;
}

bool rest_is_among(const json_t *v, struct slice words)
{
	AUTO(buf_done) struct buf text = { 0 };
	const char *p = words.p, *end = words.p + words.n, *bar;

	if (json_is_string(v))
		buf_add_str(&text, json_string_value(v));
	else
		json_write(v, &text);
	for (; p <= end; p = bar + 1) {
		bar = memchr(p, '|', (size_t)(end - p));
		if (!bar)
			bar = end;
		if (slice_eq((struct slice){ p, (size_t)(bar - p) },
			     text.p ? text.p : ""))
			return true;
	}
	return false;
}

static bool is_or_has(const json_t *v, struct slice words)
{
	const json_t *e;
	size_t i;

	json_array_foreach (v, i, e)
		if (rest_is_among(e, words))
			return true;
	return v && rest_is_among(v, words);
}

static bool condition_holds(const struct rest_condition *c, json_t *object)
{
	AUTO_FREE char *name = mem_strndup(c->name.p, c->name.n);
	AUTO_JSON json_t *all = path_find(object, name);
	const json_t *v = path_first(object, name);
	bool holds = v && !json_is_false(v);

	if (c->words.p)
		holds = is_or_has(v, c->words) || is_or_has(all, c->words);
	return holds != c->negated;
}

bool rest_holds(const char *when, json_t *object)
{
	struct rest_condition c;

	while (rest_next_condition(&when, &c))
		if (!condition_holds(&c, object))
			return false;
	return true;
}

const struct sc_rest *rest_choose(const struct sc_driver *driver,
				  const char *op, json_t *args)
{
	const struct sc_rest *row = NULL;

	while ((row = rest_next(driver, op, row)))
		if (rest_holds(row->when, args))
			return row;
	return NULL;
}

/* ---- when none holds ---------------------------------------------------- */

/* Write down what a row asks for; true: the argument is there, and has a word
 * that this row does not know. */
static bool add_wish(const struct rest_condition *c, json_t *args,
		     struct buf *wishes, struct error *err)
{
	AUTO_FREE char *name = mem_strndup(c->name.p, c->name.n);
	bool other = c->words.p && path_first(args, name);

	if (c->negated)
		return false;
	if (!wishes->n || other) {
		err->path[0] = '\0';
		json_pointer_add(err->path, sizeof(err->path), name);
	}
	buf_printf(wishes, "%s%s%s%.*s", wishes->n ? ", " : "", name,
		   c->words.p ? "=" : "", (int)c->words.n, c->words.p);
	return other;
}

bool rest_no_row(const struct sc_driver *driver, const char *op, json_t *args,
		 struct error *err)
{
	AUTO(buf_done) struct buf wishes = { 0 };
	const struct sc_rest *row = NULL;
	struct error where = { 0 };
	struct rest_condition c;
	const char *when;
	bool other = false;

	if (!rest_find(driver, op))
		return fail(err, ERR_INTERNAL,
			    "no table of driver %s has a row %s", driver->name,
			    op);
	while ((row = rest_next(driver, op, row)))
		for (when = row->when; rest_next_condition(&when, &c);)
			other |= add_wish(&c, args, &wishes, &where);
	fail_at(err, other ? ERR_UNSUPPORTED : ERR_INVALID, where.path,
		"%s: this cloud needs one of these: %s", op,
		wishes.p ? wishes.p : "other arguments");
	err->effect = EFFECT_NONE;
	return false;
}
