/* SPDX-License-Identifier: Apache-2.0 */
/* A filled-in request goes out, what it says comes back. */
#include "base/auto.h"
#include "base/json.h"
#include "cloud/record.h"
#include "cloud/rest_run.h"
#include "cloud/session.h"

WAITS static bool send(const struct rest_run *run, struct rest_request *rq,
		       struct http_answer *answer)
{
	struct redact secrets = { 0 };
	struct http_request http = {
		.method = rq->method,
		.url = rq->url,
		.headers = (const char *const *)rq->headers,
		.body = buf_slice(&rq->body),
		.is_read = run->is_read,
	};
	bool ok;

	rest_http_settings(run->call, &http);
	if (record_wanted()) {
		redact_init(&secrets, run->call);
		http.redact = &secrets;
	}
	ok = http_send(&http, answer, &run->call->fault);
	redact_done(&secrets);
	return ok || fail_within(&run->call->fault, "%s", run->row->op);
}

/* Fill in and send; any answer is true. */
WAITS static bool exchange_once(const struct rest_run *run,
				const struct rest_page *page,
				struct http_answer *answer)
{
	struct rest_request rq;
	bool ok;

	if (!rest_request_init(&rq, run, page, false, &run->call->fault)) {
		run->call->fault.effect = EFFECT_NONE;
		return false;
	}
	ok = send(run, &rq, answer);
	rest_request_done(&rq);
	return ok;
}

/* A session that the cloud refuses is replaced, once. */
WAITS static bool exchange(const struct rest_run *run,
			   const struct rest_page *page,
			   struct http_answer *answer)
{
	bool session = rest_needs_session(run);

	if (session && !session_get(run->call))
		return false;
	if (!exchange_once(run, page, answer))
		return false;
	if (answer->status != 401 || !session)
		return true;
	http_answer_done(answer);
	session_drop(run->call);
	return session_get(run->call) && exchange_once(run, page, answer);
}

/* Keep what {header.X} of the map may ask for. */
static void keep_headers(const struct rest_run *run,
			 const struct http_answer *answer)
{
	const char *name = NULL, *value;

	json_object_clear(run->headers);
	while (run->headers && (name = http_next_header(answer, name, &value)))
		json_object_set_new(run->headers, name, json_string(value));
}

/* The decoded answer of 2xx, new; json_null() for an empty one. */
static json_t *decode(const struct rest_run *run,
		      const struct http_answer *answer)
{
	struct error err;
	json_t *v;

	if (!answer->body.n || (!run->row->map && !run->row->items))
		return json_null();
	v = json_read(answer->body.p, answer->body.n, &err);
	if (!v)
		rest_bad_answer(run, "the answer is not JSON: %s", err.message);
	return v;
}

json_t *rest_ask(const struct rest_run *run, const struct rest_page *page)
{
	struct http_answer answer;
	json_t *v = NULL;

	if (!exchange(run, page, &answer))
		return NULL;
	keep_headers(run, &answer);
	if (answer.status >= 200 && answer.status < 300)
		v = decode(run, &answer);
	else
		rest_refused(run, &answer);
	http_answer_done(&answer);
	return v;
}

bool rest_raw(struct sc_call *call, const struct sc_rest *row, json_t *args,
	      struct http_answer *answer)
{
	const struct rest_page whole = { 0 };
	struct rest_run run;
	bool ok = rest_run_init(&run, call, row, args) && rest_look_up(&run) &&
		  exchange(&run, &whole, answer);

	rest_run_done(&run);
	return ok;
}
