/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call.h"

#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "nouns/nouns.h"

#define PROVIDERS "/api/v1/providers/"

/* How an operation that is no CAT_ACTION is asked for. */
static const struct {
	const char *verb, *method;
} shapes[] = {
	{ "list", "GET" },     { "create", "POST" },   { "get", "GET" },
	{ "update", "PATCH" }, { "delete", "DELETE" },
};

static const char *method_of(const struct cat_op *op)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (!(op->flags & CAT_ACTION) &&
		    !strcmp(op->verb, shapes[i].verb))
			return shapes[i].method;
	return op->flags & CAT_MUTATES ? "POST" : "GET";
}

static void add_segment(struct buf *path, const char *text)
{
	buf_add_char(path, '/');
	text_percent_encode(path, slice_of(text), "");
}

/* A vendor's verbs are spelt as its driver spells them. */
static void add_verb(struct buf *path, const struct cat_op *op)
{
	AUTO_FREE char *dashed = command_dashed(op->verb);
	bool vendor = command_is_vendor(op->kind->name);

	add_segment(path, vendor ? op->verb : dashed);
}

/* The noun's path; {workspace_id} is taken out of the arguments. */
static void add_noun(struct buf *path, const struct cat_op *op, json_t *args)
{
	static const char hole[] = "{workspace_id}";
	const char *form = noun_find(op->kind->name)->path;
	const char *at = strstr(form, hole);

	if (!at) {
		buf_add_str(path, form);
		return;
	}
	buf_add(path, form, (size_t)(at - form));
	text_percent_encode(path, slice_of(json_str(args, "workspace_id", "")),
			    "");
	buf_add_str(path, at + sizeof(hole) - 1);
	json_object_del(args, "workspace_id");
}

static char *make_path(const char *provider, const struct cat_op *op,
		       json_t *args, const char *id)
{
	struct buf path = { 0 };

	if (command_is_own(op->kind)) {
		add_noun(&path, op, args);
	} else {
		buf_add_str(&path, PROVIDERS);
		text_percent_encode(&path, slice_of(provider), "");
		add_segment(&path, op->kind->collection);
	}
	if (op->flags & CAT_BY_ID)
		add_segment(&path, id);
	if (op->flags & CAT_ACTION)
		add_verb(&path, op);
	return buf_steal(&path, NULL);
}

bool call_make(struct call *r, const char *provider, const struct cat_op *op,
	       const json_t *args, struct error *err)
{
	AUTO_JSON json_t *copy = json_deep_copy(args);
	const char *id;

	*r = (struct call){ .method = method_of(op) };
	if (!cat_check_args(op, copy, false, err))
		return false;
	id = json_str(copy, "id", "");
	r->path = make_path(provider, op, copy, id);
	json_object_del(copy, "id");
	if (!json_object_size(copy))
		return true;
	if (!strcmp(r->method, "GET") || !strcmp(r->method, "DELETE"))
		r->query = json_incref(copy);
	else
		r->body = json_incref(copy);
	return true;
}

void call_done(struct call *r)
{
	mem_free(r->path);
	json_decref(r->query);
	json_decref(r->body);
	mem_free(r->key);
	mem_free(r->version);
	*r = (struct call){ 0 };
}
