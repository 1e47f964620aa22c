/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing what is wanted with what is there.
 */
#include "compare.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cell.h"

#define OWN_TAGS "skyclust-"

struct comparing {
	compare_fn *same;
	void *arg;
};

static bool equal(const struct comparing *c, const struct cat_field *f,
		  json_t *given, json_t *have);

/* ---- what need not be told ----------------------------------------------- */

/* Null, false, "", [] and {} are what a record leaves out; and words that mean
 * the same as none. */
static bool means_nothing(const json_t *given)
{
	const char *text = json_string_value(given);

	return !cell_has_value(given) || json_is_false(given) ||
	       (text && (!strcmp(text, "any") || !strcmp(text, "allow")));
}

/* ---- tags, objects ------------------------------------------------------- */

static bool same_tags(const json_t *given, const json_t *have)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)given, name, value)
		if (!json_equal(value, json_object_get(have, name)))
			return false;
	json_object_foreach ((json_t *)have, name, value)
		if (!json_object_get(given, name) &&
		    !text_starts(name, OWN_TAGS))
			return false;
	return true;
}

/* The members that are given. */
static bool same_object(const struct comparing *c, const struct cat_field *f,
			const json_t *given, const json_t *have)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)given, name, value) {
		json_t *other = json_object_get(have, name);
		const struct cat_field *member =
			f->of ? cat_field_find(f->of->fields, name) : NULL;

		if (!other || json_is_null(other)) {
			if (!means_nothing(value))
				return false;
		} else if (!member || !equal(c, member, value, other)) {
			return false;
		}
	}
	return json_is_object(have);
}

/* ---- lists --------------------------------------------------------------- */

/* Each of @given is one of @have, and none is left over. */
static bool same_set(const struct comparing *c, const struct cat_field *f,
		     const json_t *given, const json_t *have)
{
	AUTO_JSON json_t *left = json_copy((json_t *)have);
	struct cat_field one = *f;
	json_t *wanted, *other;
	size_t i, j;

	one.flags &= ~(unsigned)CAT_LIST;
	json_array_foreach (given, i, wanted) {
		bool found = false;

		json_array_foreach (left, j, other) {
			if (!equal(c, &one, wanted, other))
				continue;
			json_array_remove(left, j);
			found = true;
			break;
		}
		if (!found)
			return false;
	}
	return json_array_size(left) == 0;
}

static bool same_text(const struct comparing *c, const struct cat_field *f,
		      const char *given, const char *have)
{
	if (!strcmp(given, have))
		return true;
	if (f->type == CAT_IP || f->type == CAT_CIDR)
		return !strcasecmp(given, have);
	return f->type == CAT_STRING && c->same &&
	       c->same(c->arg, f, given, have);
}

static bool equal(const struct comparing *c, const struct cat_field *f,
		  json_t *given, json_t *have)
{
	if (f->flags & CAT_LIST && json_is_array(have))
		return same_set(c, f, given, have);
	if (f->type == CAT_TAGS)
		return same_tags(given, have);
	if (f->type == CAT_OBJECT)
		return same_object(c, f, given, have);
	if (json_is_string(given) && json_is_string(have))
		return same_text(c, f, json_string_value(given),
				 json_string_value(have));
	return json_equal(given, have);
}

/* ---- rules --------------------------------------------------------------- */

static bool are_rules(const struct cat_field *f)
{
	return f->of && f->flags & CAT_LIST &&
	       cat_field_find(f->of->fields, "direction");
}

static bool has_direction(const json_t *rules, const char *direction)
{
	json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule)
		if (!strcmp(json_str(rule, "direction", ""), direction))
			return true;
	return json_array_size(rules) == 0;
}

/* Of @have those that go where @given says something about (@said), or not. */
static json_t *rules_of(const json_t *have, const json_t *given, bool said)
{
	json_t *some = json_array(), *rule;
	size_t i;

	json_array_foreach (have, i, rule)
		if (has_direction(given, json_str(rule, "direction", "")) ==
		    said)
			json_array_append(some, rule);
	return some;
}

/* A rule as an argument: without its number and what is unknown. */
static json_t *as_argument(const json_t *rule)
{
	json_t *copy = json_object(), *value;
	const char *name;

	json_object_foreach ((json_t *)rule, name, value)
		if (strcmp(name, "id") != 0 && !json_is_null(value))
			json_object_set(copy, name, value);
	return copy;
}

/* ---- public -------------------------------------------------------------- */

enum compare_result compare_argument(const struct cat_field *f,
				     const json_t *given, const json_t *record,
				     compare_fn *same, void *arg)
{
	struct comparing c = { .same = same, .arg = arg };
	AUTO_JSON json_t *rules = NULL;
	json_t *have = json_object_get(record, f->name);

	if (!have || json_is_null(have))
		return means_nothing(given) ? COMPARE_SAME : COMPARE_UNSEEN;
	if (are_rules(f) && json_is_array(have))
		have = rules = rules_of(have, given, true);
	return equal(&c, f, (json_t *)given, have) ? COMPARE_SAME
						   : COMPARE_DIFFERENT;
}

json_t *compare_wanted(const struct cat_field *f, const json_t *given,
		       const json_t *record)
{
	const json_t *have = json_object_get(record, f->name);
	json_t *wanted = json_deep_copy(given), *value;
	AUTO_JSON json_t *others = NULL;
	const char *name;
	size_t i;

	if (f->type == CAT_TAGS)
		json_object_foreach ((json_t *)have, name, value)
			if (text_starts(name, OWN_TAGS))
				json_object_set(wanted, name, value);
	if (!are_rules(f))
		return wanted;
	others = rules_of(have, given, false);
	json_array_foreach (others, i, value)
		json_array_append_new(wanted, as_argument(value));
	return wanted;
}
