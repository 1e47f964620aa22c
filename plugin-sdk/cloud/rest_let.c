/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups (`let`): rows that are run before another, whose records become its
 * arguments.  What does not exist is the fault of the argument it was looked
 * up by; nothing was begun then.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/rest_run.h"

/* ---- what was it looked up by ------------------------------------------- */

struct search {
	json_t *given; /* arguments of the caller, not of other look-ups */
	char *name;    /* found, new */
};

static bool take_argument(const struct hole *h, void *arg)
{
	struct search *s = arg;
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);

	name[strcspn(name, ".")] = '\0';
	if (!strcmp(name, "region") || !json_object_get(s->given, name))
		return true;
	s->name = mem_strdup(name);
	return false;
}

/* The first argument in the row's holes, else the one that its `when` is
 * about; new, or NULL. */
static char *sought_by(const struct sc_rest *row, json_t *given)
{
	struct search s = { .given = given };
	const char *when = row->when;
	struct rest_condition c;

	template_holes(row->http, TEMPLATE_URL, take_argument, &s, NULL);
	if (!s.name && row->items)
		template_holes(row->items, TEMPLATE_TEXT, take_argument, &s,
			       NULL);
	if (!s.name && row->body)
		template_holes(row->body, TEMPLATE_BODY, take_argument, &s,
			       NULL);
	if (!s.name && rest_next_condition(&when, &c))
		s.name = mem_strndup(c.name.p, c.name.n);
	return s.name;
}

/* "; image.list names those it has" for "image_id", as far as that is true. */
static void add_advice(const struct rest_run *run, const char *argument,
		       char *text, size_t size)
{
	size_t n = strlen(argument);
	AUTO_FREE char *list = NULL;

	if (text_ends(argument, "_id"))
		n -= 3;
	list = mem_printf("%.*s.list", (int)n, argument);
	if (cat_op_find(list) && rest_find(run->call->driver, list))
		snprintf(text, size, "; %s names those it has", list);
}

/* ---- failing ------------------------------------------------------------ */

static void blame(const struct rest_run *run, const struct sc_rest *row,
		  json_t *given)
{
	AUTO_FREE char *argument = sought_by(row, given);
	struct error *fault = &run->call->fault;
	char pointer[sizeof(fault->path)] = "", advice[80] = "";
	const char *value;

	/* The subject itself is not there: that is for the caller to know. */
	if (!argument || !strcmp(argument, "id"))
		return;
	value = json_str(given, argument, "");
	json_pointer_add(pointer, sizeof(pointer), argument);
	if (fault->code == ERR_INVALID && !fault->path[0]) {
		text_copy(fault->path, sizeof(fault->path), pointer);
	} else if (fault->code == ERR_NOT_FOUND) {
		add_advice(run, argument, advice, sizeof(advice));
		fail_at(fault, ERR_INVALID, pointer,
			"%s: this cloud has no %s \"%s\"%s", run->row->op,
			argument, value, advice);
		fault->effect = EFFECT_NONE;
	}
}

/* ---- looking up --------------------------------------------------------- */

/* False: call->fault. */
WAITS static bool look_up(struct rest_run *run, const char *name, json_t *given)
{
	struct sc_call *call = run->call;
	const struct sc_rest *row = rest_choose(call->driver, name, run->args);
	struct sc_rest last;
	json_t *found;

	if (!row && rest_find(call->driver, name))
		return true; /* not needed with these arguments */
	if (!row)
		return rest_no_row(call->driver, name, run->args, &call->fault);
	last = *row;
	last.let = NULL; /* one step only, so no circle */
	found = rest_is_list(row) ? rest_whole_list(call, &last, run->args)
				  : rest_value(call, &last, run->args);
	if (found)
		json_object_set_new(run->args, name, found);
	else
		blame(run, row, given);
	return found;
}

bool rest_look_up(struct rest_run *run)
{
	const char *names = run->row->let;
	AUTO_JSON json_t *given = NULL;
	struct slice word;
	bool ok = true;

	if (!names)
		return true;
	given = run->args;
	run->args = json_copy(given);
	while (ok && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		ok = look_up(run, name, given);
	}
	return ok;
}
