/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * One call of a driver, from its caller's fiber to the answer.
 *
 * The arguments become one text; the answer stays the text it came as.  What
 * makes this more than a question and an answer is failure: a read whose
 * process died is asked again of the next one, at most twice and never after
 * an item was handed out; of a mutation the next one is first asked what
 * became of it (settle.c), and when nobody knows the caller is told so.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"
#include "metrics.h"
#include "registry_impl.h"
#include "settle.h"

#define ATTEMPTS 3	/* once, and twice again */
#define STREAM_CREDIT 4 /* chunks on their way at once */
#define SPARE_MS 250	/* what the driver gets less than the caller */

/* ---- what is sent ------------------------------------------------------- */

static void add_text(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_add_char(b, '"');
	buf_add_str(b, name);
	buf_add_str(b, "\":\"");
	buf_add_json_escaped(b, slice_of(value));
	buf_add_str(b, "\",");
}

static void add_context(struct buf *b, const struct provider *p,
			const struct driver_request *req, unsigned attempt)
{
	int64_t left = clock_left(req->deadline);
	int64_t spare = req->spare_ms ? req->spare_ms : SPARE_MS;

	buf_add_str(b, "{\"ctx\":{");
	add_text(b, "provider", p->o.name);
	add_text(b, "op", req->op);
	add_text(b, "workspace", req->workspace);
	add_text(b, "region", req->region);
	add_text(b, "zone", req->zone);
	add_text(b, "trace", req->trace);
	if (req->secrets) /* whoever gave them may have named the hosts */
		add_text(b, "egress", p->o.private_networks ? "any" : "public");
	if (req->on_items)
		buf_printf(b, "\"credit\":%d,", STREAM_CREDIT);
	if (req->native)
		buf_add_str(b, "\"native\":true,");
	buf_printf(b, "\"deadline_ms\":%lld,\"attempt\":%u,\"progress\":%s}",
		   (long long)(left > 2 * spare ? left - spare : left), attempt,
		   req->on_progress ? "true" : "false");
}

/* The secrets come last, into room that is there: a buffer that grows leaves
 * its old bytes behind. */
static void add_params(struct buf *b, const struct provider *p,
		       const struct driver_request *req, unsigned attempt)
{
	const struct secret *secrets =
		req->secrets ? req->secrets : p->settings.secrets;

	add_context(b, p, req, attempt);
	buf_add_str(b, ",\"args\":");
	if (req->args)
		json_write(req->args, b);
	else
		buf_add_str(b, "{}");
	buf_add_str(b, ",\"secrets\":");
	buf_reserve(b, secret_length(secrets) + 1);
	buf_add(b, secret_reveal(secrets), secret_length(secrets));
	buf_add_char(b, '}');
}

/* ---- one attempt -------------------------------------------------------- */

static bool is_lifecycle(const char *method)
{
	return !strcmp(method, "driver.health") ||
	       !strcmp(method, "driver.selftest") ||
	       !strcmp(method, "config.validate") || !strncmp(method, "op.", 3);
}

static bool check_method(const struct generation *g, const char *method,
			 struct error *err)
{
	const json_t *reasons = json_object_get(g->hello, "unsupported");
	const char *why = json_str(reasons, method, "");

	if (generation_operation(g, method) || is_lifecycle(method))
		return true;
	return fail(err, ERR_UNSUPPORTED, "driver %s %s does not offer %s%s%s",
		    json_str(g->hello, "name", ""),
		    json_str(g->hello, "version", ""), method, *why ? ": " : "",
		    why);
}

static bool check_secrets(const struct provider *p,
			  const struct driver_request *req, struct error *err)
{
	if (req->secrets || !p->settings.no_secret.code)
		return true;
	*err = p->settings.no_secret;
	return false;
}

/* One call's way through its attempts. */
struct course {
	struct provider *p;
	const struct driver_request *req;
	unsigned attempt;
	struct redact_guest *guest; /* of the request's secrets, or NULL */
	uint64_t generation; /* of the last attempt; 0: never reached one */
	uint64_t items;	     /* that were handed out */
	bool sent;	     /* the last attempt was */
	bool unsure;	     /* an earlier one may have done something */
	struct lost lost;    /* of a mutation: what settle() goes by */
};

/* ---- stopping it --------------------------------------------------------- */

/* From now on another fiber may stop @call (NULL: nothing). */
static void let_cancel(const struct driver_request *req, struct rpc_call *call)
{
	if (req->cancel)
		req->cancel->call = call;
}

void driver_cancel(struct driver_cancel *cancel)
{
	cancel->asked = true;
	if (cancel->call)
		rpc_cancel(cancel->call);
}

static bool is_wanted(const struct driver_request *req, struct error *err)
{
	if (!req->cancel || !req->cancel->asked)
		return true;
	fail(err, ERR_CANCELLED, "%s was cancelled before it was sent",
	     req->method);
	err->effect = EFFECT_NONE;
	return false;
}

/* ---- waiting for it ------------------------------------------------------ */

/* Hand out one event; false when the caller wants no more. */
WAITS static bool hand_out(struct course *c, const struct rpc_event *event)
{
	const struct driver_request *req = c->req;

	switch (event->type) {
	case RPC_CHUNK:
		c->items += event->items;
		return req->on_items(req->arg, event->data, event->items);
	case RPC_PROGRESS:
		if (req->on_progress)
			req->on_progress(req->arg, event->data);
		return true;
	case RPC_CHECKPOINT:
		lost_checkpoint(&c->lost, event->data);
		if (req->on_checkpoint)
			req->on_checkpoint(req->arg, event->data);
		return true;
	}
	return true;
}

/* Pass events on until the answer comes.  When the caller stops, the call is
 * ended as a cancelled one, but not the caller's fiber. */
WAITS static bool finish(struct rpc_call *call, struct course *c,
			 struct rpc_reply *reply, struct error *err)
{
	bool was_cancelled = fiber_cancelled(), stopped = false, ok;
	struct rpc_event event;

	while (!stopped && rpc_next(call, &event))
		stopped = !hand_out(c, &event);
	if (stopped)
		fiber_cancel(fiber_self());
	let_cancel(c->req, NULL);
	ok = rpc_end(call, reply, err);
	if (stopped && !was_cancelled)
		fiber_clear_cancel();
	if (!stopped || !ok)
		return ok;
	rpc_reply_done(reply); /* the answer was there before the stop */
	return fail(err, ERR_CANCELLED, "the caller has gone");
}

static struct rpc_call *begin(const struct course *c, struct generation *g,
			      struct error *err)
{
	const struct driver_request *req = c->req;
	struct rpc_request rpc = { .method = req->method,
				   .wipe = true,
				   .deadline = req->deadline,
				   .credit =
					   req->on_items ? STREAM_CREDIT : 0 };
	struct rpc_call *call;
	struct buf params = { 0 };

	add_params(&params, c->p, req, c->attempt);
	rpc.params = buf_slice(&params);
	call = rpc_begin(g->peer, &rpc, err);
	buf_wipe(&params);
	if (!call)
		err->effect = EFFECT_NONE;
	return call;
}

/* What the driver says from now on is masked by the request's secrets. */
static void hold_secrets(struct course *c)
{
	const struct driver_request *req = c->req;

	if (req->secrets && !c->guest)
		c->guest = redact_hold(
			&c->p->guests, req->credential ? req->credential : "",
			req->secrets,
			json_object_get(c->p->hello, "credential_schema"));
}

/* Send it to a live generation. */
WAITS static bool attempt_call(struct course *c, struct rpc_reply *reply,
			       struct error *err)
{
	struct generation *g = provider_live(c->p, c->req->deadline, err);
	struct rpc_call *call;
	bool ok = false;

	c->attempt++;
	c->sent = false;
	if (!g || !check_method(g, c->req->method, err) ||
	    !check_secrets(c->p, c->req, err) || !is_wanted(c->req, err))
		return false;
	c->generation = g->o.number;
	hold_secrets(c);
	lost_learn(&c->lost, g, c->req->method);
	generation_enter(g);
	call = begin(c, g, err);
	let_cancel(c->req, call);
	c->sent = call;
	if (call)
		ok = finish(call, c, reply, err);
	generation_leave(g);
	provider_room(c->p);
	return ok;
}

/* ---- the whole call ----------------------------------------------------- */

/* May the same be sent to the next process? */
static bool may_repeat(const struct course *c, const struct error *err)
{
	if (err->code != ERR_DRIVER_UNAVAILABLE || err->retry_after_ms ||
	    c->attempt >= ATTEMPTS || clock_left(c->req->deadline) == 0)
		return false;
	if (!c->req->mutates)
		return c->items == 0;
	if (c->req->cancel && c->req->cancel->asked)
		return false;
	return err->effect == EFFECT_NONE || c->lost.repeatable;
}

static void fill_reply(struct driver_reply *reply, struct rpc_reply *rpc,
		       uint64_t generation)
{
	*reply = (struct driver_reply){
		.frame = rpc->frame,
		.value = rpc->value,
		.next_page_token = rpc->next_page_token,
		.streamed = rpc->type == RPC_STREAM_END,
		.pending = rpc->type == RPC_PENDING,
		.generation = generation,
	};
}

/* The driver's fault, so worth a line; what the cloud or the caller did wrong
 * is the caller's to know. */
static bool worth_a_line(enum err_code code)
{
	return code == ERR_DRIVER_UNAVAILABLE ||
	       code == ERR_DRIVER_BAD_ANSWER || code == ERR_DEADLINE ||
	       code == ERR_UNSUPPORTED || code == ERR_INTERNAL;
}

static void account(struct provider *p, const struct driver_request *req,
		    int64_t began, const struct error *err)
{
	p->calls++;
	metric_observe("skyclust_driver_call_seconds", "provider", p->o.name,
		       NULL, NULL, (double)(clock_us() - began) / 1e6);
	if (err->code == ERR_NONE)
		return;
	p->errors++;
	if (worth_a_line(err->code))
		log_warn("driver call failed", LOG_STR("driver", p->o.name),
			 LOG_STR("method", req->method), LOG_ERR(err));
}

/* Attempt by attempt, until there is an answer or no use in another. */
WAITS static bool run(struct course *c, struct driver_reply *reply,
		      struct error *err)
{
	struct rpc_reply rpc;

	for (;;) {
		if (attempt_call(c, &rpc, err)) {
			fill_reply(reply, &rpc, c->generation);
			return true;
		}
		if (c->unsure && !c->sent)
			err->effect = EFFECT_UNKNOWN;
		c->unsure = err->effect == EFFECT_UNKNOWN;
		if (may_repeat(c, err))
			continue;
		if (!c->req->mutates || err->effect != EFFECT_UNKNOWN)
			return false;
		if (settle(c->p, c->req, &c->lost, reply, err))
			return true;
		c->unsure = err->effect == EFFECT_UNKNOWN;
		if (!may_repeat(c, err))
			return false;
	}
}

WAITS bool call_provider(struct provider *p, const struct driver_request *req,
			 struct driver_reply *reply, struct error *err)
{
	struct breaker *breaker =
		breaker_of(&p->breakers, req->region, req->credential);
	struct course course = { .p = p, .req = req };
	int64_t began = clock_us();
	bool tells = req->mutates || !strcmp(req->method, "op.poll");
	bool ok;

	if (!breaker_pass(breaker, clock_ms(), err))
		return false;
	ok = run(&course, reply, err);
	if (req->reached)
		*req->reached = course.sent;
	lost_done(&course.lost);
	if (ok) {
		err->code = ERR_NONE;
	} else {
		redact_error(&p->settings.redact, course.guest, err);
		if (!tells)
			err->effect = EFFECT_NONE;
	}
	/* What never reached the driver says nothing of the cloud. */
	breaker_report(breaker, clock_ms(),
		       course.generation ? err->code : ERR_BUSY);
	account(p, req, began, err);
	redact_release(&p->guests, course.guest);
	return ok;
}

WAITS bool driver_call(struct registry *r, const struct driver_request *req,
		       struct driver_reply *reply, struct error *err)
{
	struct provider *p = registry_provider(r, req->provider);
	struct error own;
	bool ok;

	if (!p)
		return fail(err, ERR_NOT_FOUND, "no provider %s",
			    req->provider);
	err = err ? err : &own;
	provider_ref(p);
	ok = call_provider(p, req, reply, err);
	provider_unref(p);
	if (!ok && req->credential && r->on_refusal)
		r->on_refusal(r->on_refusal_arg, req, err);
	return ok;
}

void driver_reply_done(struct driver_reply *reply)
{
	buf_done(&reply->frame);
	*reply = (struct driver_reply){ 0 };
}
