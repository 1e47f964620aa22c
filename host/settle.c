/* SPDX-License-Identifier: Apache-2.0 */
#include "settle.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "rpc/scan.h"

/* ---- what is known ------------------------------------------------------ */

/* @operation: what a handshake says of it; NULL: nothing. */
static bool is_repeatable(const json_t *operation)
{
	const char *how = json_str(operation, "idempotency", "none");

	return !strcmp(how, "natural") || !strcmp(how, "token");
}

void lost_learn(struct lost *lost, const struct generation *g,
		const char *method)
{
	lost->repeatable = is_repeatable(generation_operation(g, method));
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
static json_t *question(const struct driver_request *req, struct slice told)
{
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

/* What @reply, the answer, says; it becomes what the operation itself would
 * have answered, or is done away with. */
static enum driver_fate fate_of(struct driver_reply *reply)
{
	enum driver_fate fate = FATE_CANNOT_TELL;
	struct finding f;

	if (!read_finding(reply->value, &f))
		f = (struct finding){ 0 };
	if (slice_eq(f.outcome, "applied")) {
		reply->value = f.value;
		return FATE_APPLIED;
	}
	if (slice_eq(f.outcome, "running") && f.handle.n) {
		reply->pending = true; /* and the value has its handle */
		return FATE_RUNNING;
	}
	if (slice_eq(f.outcome, "not_applied"))
		fate = FATE_NOT_APPLIED;
	driver_reply_done(reply);
	return fate;
}

WAITS static enum driver_fate ask(struct provider *p,
				  const struct driver_request *req,
				  struct slice checkpoint,
				  struct driver_reply *reply, struct error *err)
{
	AUTO_JSON json_t *args = question(req, checkpoint);
	const struct driver_request call = {
		.provider = req->provider,
		.method = "op.reconcile",
		.args = args,
		.region = req->region,
		.zone = req->zone,
		.workspace = req->workspace,
		.op = req->op,
		.trace = req->trace,
		.native = req->native,
		.secrets = req->secrets,
		.credential = req->credential,
		.deadline = req->deadline,
	};

	if (call_provider(p, &call, reply, err))
		return fate_of(reply);
	return err->code == ERR_UNSUPPORTED ? FATE_CANNOT_TELL : FATE_UNASKED;
}

WAITS bool settle(struct provider *p, const struct driver_request *req,
		  const struct lost *lost, struct driver_reply *reply,
		  struct error *err)
{
	struct error unanswered;

	if (!lost->reconciles || !req->op || fiber_cancelled() ||
	    clock_left(req->deadline) == 0)
		return false;
	switch (ask(p, req, buf_slice(&lost->checkpoint), reply, &unanswered)) {
	case FATE_APPLIED:
	case FATE_RUNNING:
		return true;
	case FATE_NOT_APPLIED:
		err->effect = EFFECT_NONE;
		break;
	case FATE_UNASKED:
		log_warn("the fate of a mutation stays unknown",
			 LOG_STR("driver", p->o.name),
			 LOG_STR("method", req->method), LOG_ERR(&unanswered));
		break;
	case FATE_CANNOT_TELL:
		break;
	}
	return false;
}

/* ---- for those who ask later --------------------------------------------- */

WAITS enum driver_fate driver_reconcile(struct registry *r,
					const struct driver_request *req,
					struct slice checkpoint,
					struct driver_reply *reply,
					struct error *err)
{
	struct provider *p = registry_provider(r, req->provider);
	enum driver_fate fate;

	if (!p) {
		fail(err, ERR_NOT_FOUND, "no provider %s", req->provider);
		return FATE_UNASKED;
	}
	provider_ref(p);
	fate = ask(p, req, checkpoint, reply, err);
	provider_unref(p);
	return fate;
}

bool driver_repeatable(struct registry *r, const char *provider,
		       const char *method)
{
	const struct provider *p = registry_provider(r, provider);
	const json_t *operations =
		p ? json_object_get(p->hello, "operations") : NULL;

	return is_repeatable(json_object_get(operations, method));
}
