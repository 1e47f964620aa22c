/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lookup.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/member.h"

/* Of @args, which are another operation's, what says where to look: what @op
 * cannot do without, and the region.  What is to be changed is no filter. */
static json_t *args_for(const struct cat_op *op, const json_t *args)
{
	json_t *some = json_object(), *value;
	const struct cat_field *f;
	const char *name;

	json_object_foreach ((json_t *)args, name, value) {
		f = cat_arg_find(op, name);
		if (f && strcmp(name, "id") != 0 &&
		    (f->flags & CAT_REQUIRED || !strcmp(name, "region")))
			json_object_set(some, name, value);
	}
	return some;
}

json_t *lookup_get(struct session *s, const struct cat_kind *kind,
		   const char *id, const json_t *args, struct error *err)
{
	const struct cat_op *op = command_op(kind, "get");
	AUTO_JSON json_t *some = args_for(op, args);
	json_t *value;

	json_object_set_new(some, "id", json_string(id));
	return session_call(s, op, some, &value, NULL, err) ? value : NULL;
}

/* Faults that leave open whether the word is a name. */
static bool may_be_name(enum err_code code)
{
	return code == ERR_NOT_FOUND || code == ERR_CONFLICT ||
	       code == ERR_INVALID || code == ERR_UNSUPPORTED;
}

static bool needs_more(const struct cat_op *op, const json_t *args)
{
	for (const struct cat_field *f = op->args; f && f->name; f++)
		if (f->flags & CAT_REQUIRED &&
		    !json_object_get(args, f->name) &&
		    strcmp(f->name, "workspace_id")) /* the session's */
			return true;
	return false;
}

/* Those of @items that @word means; new. */
static json_t *matching(const json_t *items, const char *word)
{
	json_t *found = json_array(), *item;
	size_t i;

	json_array_foreach (items, i, item)
		if (!strcmp(json_str(item, "name", ""), word) ||
		    !strcmp(json_str(item, "id", ""), word))
			json_array_append(found, item);
	return found;
}

static json_t *list_named(struct session *s, const struct cat_op *op,
			  const char *word, bool by_name, const json_t *args,
			  struct error *err)
{
	AUTO_JSON json_t *some = args_for(op, args);
	AUTO_JSON json_t *items = NULL;

	if (by_name && cat_field_find(op->args, "name"))
		json_object_set_new(some, "name", json_string(word));
	items = session_list(s, op, some, 0, err);
	return items ? matching(items, word) : NULL;
}

static bool ambiguous(struct session *s, const struct cat_kind *kind,
		      const char *word, const json_t *found, struct error *err)
{
	AUTO(buf_done) struct buf ids = { 0 };

	member_names(&ids, found, "id");
	session_forget(s);
	return fail(err, ERR_CONFLICT,
		    "%zu of the %s are called \"%.64s\": %s; give the "
		    "identifier of one",
		    json_array_size(found), kind->collection, word, ids.p);
}

static json_t *by_list(struct session *s, const struct cat_kind *kind,
		       const char *word, const json_t *args, bool by_name,
		       struct error *err)
{
	const struct cat_op *op = command_op(kind, "list");
	AUTO_JSON json_t *found =
		op && !needs_more(op, args)
			? list_named(s, op, word, by_name, args, err)
			: NULL;

	if (!found)
		return NULL;
	if (json_array_size(found) == 1)
		return json_incref(json_array_get(found, 0));
	if (json_array_size(found) > 1)
		ambiguous(s, kind, word, found, err);
	else
		fail(err, ERR_NOT_FOUND,
		     "%s%snone of the %s has the identifier or name \"%.64s\"",
		     command_is_own(kind) ? "" : s->provider,
		     command_is_own(kind) ? "" : ": ", kind->collection, word);
	return NULL;
}

json_t *lookup_one(struct session *s, const struct cat_kind *kind,
		   const char *word, const json_t *args, struct error *err)
{
	const struct cat_op *op = command_op(kind, "get");
	json_t *one = NULL, *whole;
	bool can_get;

	err->code = ERR_UNSUPPORTED;
	if (op)
		one = lookup_get(s, kind, word, args, err);
	if (one || !may_be_name(err->code))
		return one;
	can_get = err->code != ERR_UNSUPPORTED;
	one = by_list(s, kind, word, args, can_get, err);
	if (!one && err->code == ERR_UNSUPPORTED) {
		session_forget(s);
		return json_pack("{ss}", "id", word); /* it may be one */
	}
	if (!one || !can_get)
		return one;
	whole = lookup_get(s, kind, json_str(one, "id", word), args, err);
	json_decref(one);
	return whole;
}

/* What is set whether it was there or not: nothing needs to be found. */
static bool is_set(const struct cat_op *op)
{
	return op->flags & CAT_NATURAL && !(op->flags & CAT_DESTROYS) &&
	       !command_op(op->kind, "get");
}

json_t *lookup_words(struct session *s, struct error *err)
{
	const struct command *c = &s->command;
	json_t *all = json_array(), *word;
	size_t i;

	json_array_foreach (c->words, i, word) {
		json_t *one = is_set(c->op)
				      ? json_pack("{sO}", "id", word)
				      : lookup_one(s, c->kind,
						   json_string_value(word),
						   c->args, err);

		if (!one) {
			json_decref(all);
			return NULL;
		}
		json_array_append_new(all, one);
	}
	return all;
}

/* ---- references ------------------------------------------------------------------ */

/* The identifier that @word stands for, new; a word that nothing is called stays
 * as it is. */
static json_t *resolve(struct session *s, const struct cat_kind *kind,
		       const json_t *word, struct error *err)
{
	AUTO_JSON json_t *one = NULL;

	if (!json_is_string(word))
		return json_incref((json_t *)word);
	one = lookup_one(s, kind, json_string_value(word), NULL, err);
	if (one && json_str(one, "id", NULL))
		return json_incref(json_object_get(one, "id"));
	if (!one && !may_be_name(err->code) && err->code != ERR_FORBIDDEN)
		return NULL;
	if (!one && err->code == ERR_CONFLICT)
		return NULL;
	session_forget(s);
	return json_incref((json_t *)word);
}

static json_t *resolve_all(struct session *s, const struct cat_kind *kind,
			   const json_t *words, struct error *err)
{
	json_t *list = json_array(), *word;
	size_t i;

	json_array_foreach (words, i, word) {
		json_t *id = resolve(s, kind, word, err);

		if (!id) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, id);
	}
	return list;
}

/* Fields without "_id" take names as well as identifiers: the cloud knows. */
static const struct cat_kind *kind_of(const struct cat_op *op,
				      const struct cat_field *f)
{
	return text_ends(f->name, "_id") || text_ends(f->name, "_ids")
		       ? command_refers_to(f, command_is_own(op->kind))
		       : NULL;
}

bool lookup_references(struct session *s, const struct cat_op *op, json_t *args,
		       struct error *err)
{
	for (const struct cat_field *f = op->args; f && f->name; f++) {
		json_t *value = json_object_get(args, f->name), *id;
		const struct cat_kind *kind = value ? kind_of(op, f) : NULL;

		if (!kind)
			continue;
		id = json_is_array(value) ? resolve_all(s, kind, value, err)
					  : resolve(s, kind, value, err);
		if (!id)
			return false;
		json_object_set_new(args, f->name, id);
	}
	return true;
}
