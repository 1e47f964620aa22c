/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row can pass on to the cloud.  An argument that it cannot is refused
 * before anything is sent: a tag or a zone that is silently dropped is found
 * much later, by somebody else.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/rest_run.h"

/*
 * What is understood: "name", or "pool.size" of "pool", and as its value how
 * much of it: true is all, a text the words "a|b", a number so many elements.
 */

/* Steals @most; of several that one counts which says less. */
static void add_name(json_t *used, struct slice name, struct slice member,
		     json_t *most)
{
	AUTO_FREE char *text =
		mem_printf("%.*s%s%.*s", (int)name.n, name.p,
			   member.n ? "." : "", (int)member.n, member.p);

	if (json_is_true(most) && json_object_get(used, text))
		json_decref(most);
	else
		json_object_set_new(used, text, most);
}

static bool add_hole(const struct hole *h, void *used)
{
	add_name(used, h->name, h->member,
		 h->only ? json_integer(1) : json_true());
	return true;
}

static void add_holes(json_t *used, const char *text, enum template_kind kind)
{
	struct error err;

	if (text)
		template_holes(text, kind, add_hole, used, &err);
}

/* "name", "name=a|b" */
static void add_takes(json_t *used, const char *takes)
{
	const struct slice none = { NULL, 0 };
	struct rest_condition c;

	while (rest_next_condition(&takes, &c))
		add_name(used, c.name, none,
			 c.words.p ? json_stringn(c.words.p, c.words.n)
				   : json_true());
}

static void add_conditions(json_t *used, const char *when)
{
	const struct slice none = { NULL, 0 };
	struct rest_condition c;

	while (rest_next_condition(&when, &c))
		add_name(used, c.name, none, json_true());
}

static void add_row(json_t *used, const struct sc_rest *row)
{
	add_holes(used, row->http, TEMPLATE_URL);
	add_holes(used, row->body, TEMPLATE_BODY);
	add_holes(used, row->items, TEMPLATE_TEXT);
	add_conditions(used, row->when);
	add_takes(used, row->takes);
}

static void add_other(json_t *used, const struct sc_driver *driver,
		      const char *op, json_t *args)
{
	const struct sc_rest *row = rest_choose(driver, op, args);

	if (row)
		add_row(used, row);
}

/* All that @row uses; new. */
static json_t *used_by(const struct sc_driver *driver,
		       const struct sc_rest *row, json_t *args)
{
	const char *lets = row->let, *then = row->then;
	json_t *used = json_object();
	struct slice name;

	add_row(used, row);
	while (then && text_next_word(&then, &name)) {
		AUTO_FREE char *after = mem_strndup(name.p, name.n);

		add_other(used, driver, after, args);
	}
	if (row->over)
		add_other(used, driver, row->over, args);
	while (lets && text_next_word(&lets, &name)) {
		AUTO_FREE char *let = mem_strndup(name.p, name.n);

		add_other(used, driver, let, args);
	}
	return used;
}

/* ---- what was given ----------------------------------------------------- */

static bool says_something(const json_t *v)
{
	if (json_is_string(v))
		return json_string_length(v) > 0;
	if (json_is_array(v) || json_is_object(v))
		return json_array_size(v) + json_object_size(v) > 0;
	return !json_is_null(v) && !json_is_false(v);
}

/* The subject, and what the SDK itself sees to. */
static bool is_ours(const char *name)
{
	return text_has_word("id region native fields limit page_token", name);
}

static bool uses_member_of(json_t *used, const char *name)
{
	size_t n = strlen(name);
	const char *key;
	json_t *v;

	json_object_foreach (used, key, v)
		if (!strncmp(key, name, n) && key[n] == '.')
			return true;
	return false;
}

static bool refuse(const struct sc_rest *row, const char *pointer,
		   struct error *err)
{
	fail_at(err, ERR_UNSUPPORTED, pointer,
		"%s: this cloud cannot set %s in this operation; leave it out",
		row->op, pointer);
	err->effect = EFFECT_NONE;
	return false;
}

/* Is @value what the row understands, all or some of it? */
static bool fits(const struct sc_rest *row, const json_t *most,
		 const json_t *value, const char *pointer, struct error *err)
{
	const char *words = json_string_value(most);

	if (words && !rest_is_among(value, slice_of(words)))
		fail_at(err, ERR_UNSUPPORTED, pointer,
			"%s: at %s this cloud can only do %s", row->op, pointer,
			words);
	else if (json_is_integer(most) && json_array_size(value) > 1)
		fail_at(err, ERR_UNSUPPORTED, pointer,
			"%s: at %s this cloud can only do with one", row->op,
			pointer);
	else
		return true;
	err->effect = EFFECT_NONE;
	return false;
}

/* Of "pool", which the row uses member by member: every member given? */
static bool check_members(const struct sc_rest *row, json_t *used,
			  const char *name, json_t *value, const char *pointer,
			  struct error *err)
{
	char at[sizeof(err->path)];
	const char *key;
	json_t *v;
	size_t i;

	json_array_foreach (value, i, v) {
		snprintf(at, sizeof(at), "%s/%zu", pointer, i);
		if (!check_members(row, used, name, v, at, err))
			return false;
	}
	json_object_foreach (value, key, v) {
		AUTO_FREE char *member = mem_printf("%s.%s", name, key);
		const json_t *most = json_object_get(used, member);

		text_copy(at, sizeof(at), pointer);
		json_pointer_add(at, sizeof(at), key);
		if (!says_something(v))
			continue;
		if (most ? !fits(row, most, v, at, err)
			 : !uses_member_of(used, member) &&
				    !refuse(row, at, err))
			return false;
	}
	return true;
}

static bool check_argument(const struct sc_rest *row, json_t *used,
			   const char *name, json_t *value, struct error *err)
{
	const json_t *most = json_object_get(used, name);
	char pointer[sizeof(err->path)] = "";

	json_pointer_add(pointer, sizeof(pointer), name);
	if (most)
		return fits(row, most, value, pointer, err);
	if (!uses_member_of(used, name))
		return refuse(row, pointer, err);
	return check_members(row, used, name, value, pointer, err);
}

bool rest_understands(const struct sc_driver *driver, const struct sc_rest *row,
		      json_t *args, struct error *err)
{
	const struct cat_op *op = cat_op_find(row->op);
	AUTO_JSON json_t *used = NULL;
	const char *name;
	json_t *v;

	if (!op || !(op->flags & CAT_MUTATES) || (row->run && !row->takes))
		return true;
	used = used_by(driver, row, args);
	json_object_foreach (args, name, v)
		if (says_something(v) && cat_arg_find(op, name) &&
		    !is_ours(name) && !check_argument(row, used, name, v, err))
			return false;
	return true;
}
