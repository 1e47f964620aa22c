/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of several requests: one for each record of another list (`over`), and
 * other rows' records after them (`also`).  A token of the cloud would lead to
 * a page of one part, so these lists are read whole and the SDK pages them.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/rest_run.h"

struct join {
	struct sc_call *call;
	const struct sc_rest *row;
	json_t *args; /* without those of paging */
	rest_sink sink;
	void *arg;
	bool enough, failed;
};

static bool pass_on(void *arg, json_t *record)
{
	struct join *j = arg;

	j->enough = !j->sink(j->arg, record);
	return !j->enough;
}

/* All records of @row, which has no parts of its own.  A part that ends with
 * @absent is empty. */
WAITS static void list_part(struct join *j, const struct sc_rest *row,
			    json_t *args, enum err_code absent)
{
	char *next;

	if (rest_list(j->call, row, args, pass_on, j, &next))
		return;
	if (j->call->fault.code == absent)
		j->call->fault = (struct error){ 0 };
	else
		j->failed = true;
}

/* ---- over --------------------------------------------------------------- */

/* Takes each record that the row is run for; one may be gone meanwhile. */
WAITS static bool run_for(void *arg, json_t *record)
{
	struct join *j = arg;
	AUTO_JSON json_t *args = json_copy(j->args);
	struct sc_rest one = *j->row;

	one.over = one.also = NULL;
	json_object_set_new(args, "over", record);
	list_part(j, &one, args, ERR_NOT_FOUND);
	return !j->enough && !j->failed;
}

/* The filters of one kind mean nothing to the other: it is listed whole. */
WAITS static void list_over(struct join *j)
{
	bool kind = cat_op_find(j->row->over);
	AUTO_JSON json_t *args = kind ? json_object() : json_incref(j->args);
	const struct sc_driver *d = j->call->driver;
	const struct sc_rest *row = rest_choose(d, j->row->over, args);
	struct sc_rest others;
	char *next;

	if (!row) {
		j->failed = true;
		rest_no_row(d, j->row->over, args, &j->call->fault);
		return;
	}
	others = *row;
	others.over = NULL; /* one step only, so no circle */
	if (!rest_list(j->call, &others, args, run_for, j, &next))
		j->failed = true;
}

/* ---- also --------------------------------------------------------------- */

/* What the cloud does not offer has no records. */
WAITS static void list_also(struct join *j, const char *name)
{
	const struct sc_driver *d = j->call->driver;
	const struct sc_rest *row = rest_choose(d, name, j->args);
	struct sc_rest more;

	if (!row && rest_find(d, name))
		return; /* not wanted with these arguments */
	if (!row) {
		j->failed = true;
		rest_no_row(d, name, j->args, &j->call->fault);
		return;
	}
	more = *row;
	more.op = j->row->op; /* its records are of the same kind */
	more.also = NULL;
	list_part(j, &more, j->args, ERR_UNSUPPORTED);
}

/* ---- both --------------------------------------------------------------- */

static bool takes_token(struct sc_call *call, const struct sc_rest *row,
			json_t *args)
{
	const char *token = json_str(args, "page_token", NULL);

	if (!token || !*token)
		return true;
	return fail_at(&call->fault, ERR_INVALID, "/page_token",
		       "%s: page_token is not one that was given out; start "
		       "the list again without it",
		       row->op);
}

WAITS static void list_parts(struct join *j)
{
	const char *names = j->row->also;
	struct sc_rest own = *j->row;
	struct slice word;

	own.also = NULL;
	if (own.over)
		list_over(j);
	else
		list_part(j, &own, j->args, ERR_NONE);
	while (!j->enough && !j->failed && names &&
	       text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		list_also(j, name);
	}
}

bool rest_list_join(struct sc_call *call, const struct sc_rest *row,
		    json_t *args, rest_sink sink, void *arg)
{
	AUTO_JSON json_t *whole = json_copy(args ? args : call->args);
	struct join j = { .call = call,
			  .row = row,
			  .args = whole,
			  .sink = sink,
			  .arg = arg };

	if (!takes_token(call, row, whole))
		return false;
	json_object_del(whole, "page_token");
	json_object_del(whole, "limit");
	list_parts(&j);
	return !j.failed;
}
