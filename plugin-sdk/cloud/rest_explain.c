/* SPDX-License-Identifier: Apache-2.0 */
/* What a row would send, for people. */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cloud/rest_run.h"

/* A header that shows {holes} has no secret in it; a filled one may be one. */
static void add_header(struct buf *out, const struct redact *secrets,
		       const char *header)
{
	size_t n = strcspn(header, ":");
	AUTO_FREE char *name = mem_strndup(header, n);
	bool secret = redact_hits(secrets, header) ||
		      (redact_header_is_secret(name) && !strchr(header, '{'));

	if (secret)
		buf_printf(out, "%s: " REDACTED "\n", name);
	else
		buf_printf(out, "%s\n", header);
}

static int add_text(const char *p, size_t n, void *out)
{
	buf_add(out, p, n);
	return 0;
}

static void add_body(struct buf *out, const struct redact *secrets,
		     const struct buf *body)
{
	AUTO_JSON json_t *v = json_read(body->p, body->n, NULL);
	AUTO_JSON json_t *shown = redact_json(secrets, v);

	buf_add_char(out, '\n');
	json_dump_callback(shown, add_text, out,
			   JSON_INDENT(2) | JSON_ENCODE_ANY);
	buf_add_char(out, '\n');
}

static void add_request(struct buf *out, const struct sc_call *call,
			const struct rest_request *rq)
{
	struct redact secrets;

	redact_init(&secrets, call);
	buf_printf(out, "%s %s\n", rq->method,
		   redact_hits(&secrets, rq->url) ? REDACTED : rq->url);
	for (char *const *h = rq->headers; *h; h++)
		add_header(out, &secrets, *h);
	if (rq->body.p)
		add_body(out, &secrets, &rq->body);
	redact_done(&secrets);
}

/* Which record of the answer is taken, where the arguments say so. */
static bool add_choice(struct buf *out, const struct rest_run *run,
		       struct error *err)
{
	const struct sc_call *call = run->call;
	const struct template_scope scope = { .args = run->args,
					      .config = call->config,
					      .region = call->region,
					      .explain = true };
	AUTO(buf_done) struct buf path = { 0 };
	struct redact secrets;

	if (!run->row->items || !strchr(run->row->items, '{'))
		return true;
	if (!template_path(run->row->items, &scope, &path, err))
		return fail_within(err, "%s", run->row->op);
	redact_init(&secrets, call);
	buf_printf(out, "\nrecord: %s\n",
		   redact_hits(&secrets, path.p) ? REDACTED : path.p);
	redact_done(&secrets);
	return true;
}

/* The request of @row itself. */
static bool add_row(struct sc_call *call, const struct sc_rest *row,
		    json_t *args, struct buf *out, struct error *err)
{
	struct rest_page page;
	struct rest_request rq;
	struct rest_run run;
	bool ok;

	if (!rest_run_init(&run, call, row, args) ||
	    !rest_page_first(&run, &page)) {
		rest_run_done(&run);
		*err = call->fault;
		return false;
	}
	ok = rest_request_init(&rq, &run, &page, true, err);
	rest_page_done(&page);
	if (ok) {
		add_request(out, call, &rq);
		rest_request_done(&rq);
		ok = add_choice(out, &run, err);
	}
	rest_run_done(&run);
	return ok;
}

/* ---- what nobody knows before it is asked -------------------------------- */

/* The results of the row @name, as far as holes ask for them: {flavor.id}
 * stays as it is. */
struct stand_in {
	json_t *args;
	const char *name;
};

/* "{x.y}" as the member y of the member x of @object. */
static void put(json_t *object, const char *path, json_t *value)
{
	size_t n = strcspn(path, ".");
	json_t *inner;

	if (!path[n]) {
		json_object_set_new(object, path, value);
		return;
	}
	inner = json_object_getn(object, path, n);
	if (!json_is_object(inner)) {
		inner = json_object();
		json_object_setn_new(object, path, n, inner);
	}
	put(inner, path + n + 1, value);
}

static bool add_stand_in(const struct hole *h, void *arg)
{
	const struct stand_in *s = arg;
	AUTO_FREE char *name = mem_strndup(h->name.p, h->name.n);
	AUTO_FREE char *member = mem_printf("%.*s", (int)h->member.n,
					    h->member.n ? h->member.p : "");
	size_t n = strcspn(name, ".");
	json_t *value, *element;

	if (n != strlen(s->name) || strncmp(name, s->name, n) != 0)
		return true;
	value = json_sprintf("{%s%s%s%s}", name, h->each ? "[]" : "",
			     *member ? "." : "", member);
	if (h->each || h->only) {
		element = *member ? json_object() : json_incref(value);
		if (*member)
			put(element, member, json_incref(value));
		json_decref(value);
		value = json_pack("[o]", element);
	}
	put(s->args, name, value);
	return true;
}

static void stand_in(const struct sc_rest *row, json_t *args, const char *name)
{
	struct stand_in s = { args, name };

	if (row->http)
		template_holes(row->http, TEMPLATE_URL, add_stand_in, &s, NULL);
	if (row->body)
		template_holes(row->body, TEMPLATE_BODY, add_stand_in, &s,
			       NULL);
	if (row->items)
		template_holes(row->items, TEMPLATE_TEXT, add_stand_in, &s,
			       NULL);
}

/* ---- rows beside the row ------------------------------------------------- */

/* "let flavor:" and its request; the result is for @row and those that are
 * looked up after it. */
static bool add_look_up(struct sc_call *call, const struct sc_rest *row,
			const char *name, json_t *args, struct buf *out,
			struct error *err)
{
	const struct sc_rest *it = rest_choose(call->driver, name, args), *user;
	const char *names = row->let;
	struct slice word;

	if (!it)
		return true; /* not needed with these arguments */
	buf_printf(out, "let %s:\n", name);
	if (!add_row(call, it, args, out, err))
		return false;
	buf_add_char(out, '\n');
	stand_in(row, args, name);
	while (text_next_word(&names, &word)) {
		AUTO_FREE char *other = mem_strndup(word.p, word.n);

		user = rest_choose(call->driver, other, args);
		if (user)
			stand_in(user, args, name);
	}
	return true;
}

static bool add_look_ups(struct sc_call *call, const struct sc_rest *row,
			 json_t *args, struct buf *out, struct error *err)
{
	const char *names = row->let;
	struct slice word;
	bool ok = true;

	while (ok && names && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		ok = add_look_up(call, row, name, args, out, err);
	}
	return ok;
}

static bool add_over(struct sc_call *call, const struct sc_rest *row,
		     json_t *args, struct buf *out, struct error *err)
{
	AUTO_JSON json_t *none = json_object();
	const struct sc_rest *it;

	if (!row->over)
		return true;
	/* As rest_join.c does: the list of another kind is whole. */
	it = rest_choose(call->driver, row->over,
			 cat_op_find(row->over) ? none : args);
	buf_printf(out, "over %s%s\n", row->over, it ? ":" : "");
	if (it &&
	    !add_row(call, it, cat_op_find(row->over) ? none : args, out, err))
		return false;
	buf_add_char(out, '\n');
	stand_in(row, args, "over");
	return true;
}

static bool add_also(struct sc_call *call, const struct sc_rest *row,
		     json_t *args, struct buf *out, struct error *err)
{
	const char *names = row->also;
	const struct sc_rest *it;
	struct slice word;
	bool ok = true;

	while (ok && names && text_next_word(&names, &word)) {
		AUTO_FREE char *name = mem_strndup(word.p, word.n);

		it = rest_choose(call->driver, name, args);
		if (!it)
			continue;
		buf_printf(out, "\nalso %s:\n", name);
		ok = add_row(call, it, args, out, err);
	}
	return ok;
}

bool rest_explain(struct sc_call *call, const struct sc_rest *row, json_t *args,
		  struct buf *out, struct error *err)
{
	AUTO_JSON json_t *all = json_copy(args ? args : call->args);

	if (!all)
		all = json_object();
	if (!add_over(call, row, all, out, err) ||
	    !add_look_ups(call, row, all, out, err) ||
	    !add_row(call, row, all, out, err) ||
	    !add_also(call, row, all, out, err))
		return false;
	if (row->then)
		buf_printf(out, "\nthen: %s\n", row->then);
	return true;
}
