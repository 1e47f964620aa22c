/* SPDX-License-Identifier: Apache-2.0 */
/* What a row would send, for people. */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
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

bool rest_explain(struct sc_call *call, const struct sc_rest *row, json_t *args,
		  struct buf *out, struct error *err)
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
	if (ok && row->then)
		buf_printf(out, "\nthen: %s\n", row->then);
	return ok;
}
