/* SPDX-License-Identifier: Apache-2.0 */
#include "settle.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "rpc/scan.h"

/* ---- what is known ------------------------------------------------------ */

void lost_learn(struct lost *lost, const struct generation *g,
		const char *method)
{
	const char *how = json_str(generation_operation(g, method),
				   "idempotency", "none");

	lost->repeatable = !strcmp(how, "natural") || !strcmp(how, "token");
	lost->reconciles = generation_operation(g, "op.reconcile") != NULL;
}

void lost_checkpoint(struct lost *lost, struct slice data)
{
	buf_truncate(&lost->checkpoint, 0);
	buf_add(&lost->checkpoint, data.p, data.n);
}

void lost_done(struct lost *lost)
{
	buf_done(&lost->checkpoint);
}

/* ---- asking ------------------------------------------------------------- */

/* The arguments of op.reconcile (PROTOCOL.md, "Methods"), new. */
static json_t *question(const struct driver_request *req,
			const struct lost *lost)
{
	struct slice told = buf_slice(&lost->checkpoint);
	json_t *checkpoint = told.n ? json_read(told.p, told.n, NULL) : NULL;

	return json_pack("{s:s, s:s, s:O?, s:o*}", "op", req->op, "method",
			 req->method, "args", req->args, "checkpoint",
			 checkpoint);
}

/* What the driver found out, in its own bytes. */
struct finding {
	struct slice outcome, value, handle;
};

static bool read_finding(struct slice text, struct finding *f)
{
	struct slice key;
	struct scan s;

	*f = (struct finding){ 0 };
	scan_init(&s, text.p, text.n);
	scan_object(&s);
	while (scan_member(&s, &key)) {
		if (slice_eq(key, "outcome") && scan_peek(&s) == SCAN_STRING)
			scan_string(&s, &f->outcome);
		else
			scan_skip(&s, slice_eq(key, "value")	? &f->value
				      : slice_eq(key, "handle") ? &f->handle
								: NULL);
	}
	return scan_end(&s, NULL);
}

/* True: @reply, which holds what was found, became the operation's answer. */
static bool is_answer(struct driver_reply *reply, const struct finding *f)
{
	if (slice_eq(f->outcome, "applied")) {
		reply->value = f->value;
		return true;
	}
	if (!slice_eq(f->outcome, "running") || !f->handle.n)
		return false;
	reply->pending = true; /* and the value has its handle */
	return true;
}

WAITS bool settle(struct provider *p, const struct driver_request *req,
		  const struct lost *lost, struct driver_reply *reply,
		  struct error *err)
{
	struct driver_request ask = *req;
	AUTO_JSON json_t *args = NULL;
	struct error unanswered;
	struct finding f;

	if (!lost->reconciles || !req->op || fiber_cancelled() ||
	    clock_left(req->deadline) == 0)
		return false;
	args = question(req, lost);
	ask.method = "op.reconcile";
	ask.mutates = false;
	ask.args = args;
	ask.on_items = NULL;
	if (!call_provider(p, &ask, reply, &unanswered)) {
		log_warn("the fate of a mutation stays unknown",
			 LOG_STR("driver", p->o.name),
			 LOG_STR("method", req->method), LOG_ERR(&unanswered));
		return false;
	}
	if (read_finding(reply->value, &f) && is_answer(reply, &f))
		return true;
	if (slice_eq(f.outcome, "not_applied"))
		err->effect = EFFECT_NONE;
	driver_reply_done(reply);
	return false;
}
