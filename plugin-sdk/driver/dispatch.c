/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fiber per request.  Whatever happens in it (a handler that fails, waits
 * past its deadline, is cancelled or forgets to answer), it ends by sending
 * exactly one answer.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "cloud/session.h"
#include "driver/runtime.h"
#include "base/validate.h"

#define BUSY_RETRY_MS 100

/* ---- a request's life ------------------------------------------------- */

static void on_deadline(struct timer *timer)
{
	struct request *rq = container_of(timer, struct request, timer);

	rq->timed_out = true;
	fiber_cancel(rq->fiber);
}

static struct request *request_new(struct runtime *rt,
				   const struct handler *handler,
				   struct slice id)
{
	struct request *rq = mem_alloc(sizeof(*rq));

	rq->rt = rt;
	rq->handler = handler;
	rq->done.call = rq->failed.call = &rq->call;
	rq->timer.run = on_deadline;
	memcpy(rq->id, id.p, id.n);
	rq->call.driver = rt->driver;
	rq->call.method = handler->name;
	rq->call.config = rt->config;
	rq->call.state_dir = rt->state_dir;
	rq->call.checkpoint = sc_checkpoint;
	list_add_tail(&rt->open, &rq->link);
	rt->inflight++;
	return rq;
}

static void request_free(struct request *rq)
{
	struct runtime *rt = rq->rt;

	timer_stop(&rq->timer);
	progress_stop(&rq->progress);
	list_del(&rq->link);
	rt->inflight--;
	json_wipe(rq->call.secrets);
	json_decref(rq->call.secrets);
	json_decref(rq->call.args);
	session_release(&rq->call);
	stream_done(&rq->stream);
	buf_done(&rq->result);
	arena_done(&rq->call.arena);
	mem_free(rq);
	if (list_empty(&rt->open) && rt->on_idle)
		rt->on_idle(rt);
}

/* ---- in the fiber ----------------------------------------------------- */

/* Serial drivers run one request at a time, in the order of arrival. */
WAITS static bool take_turn(struct request *rq)
{
	struct runtime *rt = rq->rt;

	if (!rt->driver->serial)
		return !sc_cancelled(&rq->call);
	while (rt->turn_taken && !sc_cancelled(&rq->call))
		cond_wait(&rt->turn, rq->call.deadline);
	if (!sc_cancelled(&rq->call)) {
		rt->turn_taken = true;
		return true;
	}
	/* The turn may have come together with the cancel: pass it on. */
	if (!rt->turn_taken)
		cond_signal(&rt->turn);
	return false;
}

static void give_turn(struct runtime *rt)
{
	if (!rt->driver->serial)
		return;
	rt->turn_taken = false;
	cond_signal(&rt->turn);
}

/* What every list takes is not for the vendor's schema to know. */
static bool check_vendor_args(const struct handler *h, json_t *args,
			      struct error *err)
{
	static const char *const common[] = { "limit", "page_token", "fields",
					      "native", "region" };
	json_t *schema = h->args_schema;
	AUTO_JSON json_t *own = NULL;

	if (!schema)
		return true;
	own = json_copy(args);
	for (size_t i = 0; h->paged && i < ARRAY_LEN(common); i++)
		json_object_del(own, common[i]);
	return validate_value(schema, own, "", err);
}

static bool prepare(struct request *rq, struct error *err)
{
	const struct cat_op *op = rq->handler->op;

	if (op && !cat_check_args(op, rq->call.args, false, err))
		return false;
	if (!check_vendor_args(rq->handler, rq->call.args, err))
		return false;
	if (!rq->call.region)
		rq->call.region = sc_str(&rq->call, "region");
	if (op && !(op->flags & CAT_MUTATES) && sc_bool(&rq->call, "native"))
		rq->call.native = true;
	return stream_begin(rq, err);
}

WAITS static void run_handler(struct request *rq)
{
	const struct handler *h = rq->handler;
	struct sc_call *call = &rq->call;

	reply_settle(rq, h->is_rest ? rows_answer(call) : h->run(call));
}

static void never_ran(struct request *rq)
{
	struct error err;

	fail(&err, rq->timed_out ? ERR_DEADLINE : ERR_CANCELLED,
	     "%s was given up before it ran", rq->call.method);
	err.effect = EFFECT_NONE;
	reply_settle(rq, reply_fault(rq, &err));
}

WAITS static void run(void *arg)
{
	struct request *rq = arg;
	struct error err;

	rq->fiber = fiber_self();
	log_set_context("request", rq->id);
	if (!prepare(rq, &err)) {
		reply_settle(rq, reply_fault(rq, &err));
	} else if (!take_turn(rq)) {
		never_ran(rq);
	} else {
		run_handler(rq);
		give_turn(rq->rt);
	}
	timer_stop(&rq->timer);
	progress_stop(&rq->progress);
	fiber_clear_cancel();
	reply_send(rq);
	log_set_context("request", NULL);
	request_free(rq);
}

/* ---- at the door ------------------------------------------------------ */

static bool is_exempt(const struct handler *h)
{
	return h &&
	       (!strcmp(h->name, "initialize") || !strcmp(h->name, "shutdown"));
}

/* JSON-RPC's number of why a request in this state makes no sense, or 0. */
static int misplaced(const struct runtime *rt, const struct handler *h,
		     const char **why)
{
	bool hello = h && !strcmp(h->name, "initialize");

	if (hello ? rt->state != RUNTIME_FRESH : rt->state < RUNTIME_READY) {
		*why = hello ? "initialize was asked already"
			     : "initialize must be answered first";
		return RPC_INVALID_REQUEST;
	}
	*why = "the driver has no such method; initialize lists those it has";
	return h ? 0 : RPC_NO_METHOD;
}

static bool has_room(const struct runtime *rt, const struct handler *h,
		     struct error *err)
{
	if (is_exempt(h))
		return true;
	if (rt->state == RUNTIME_STOPPING)
		fail(err, ERR_BUSY, "the driver is stopping; ask the next one");
	else if (rt->inflight >= rt->max_inflight)
		fail(err, ERR_BUSY, "%u requests are open, the limit is %u",
		     rt->inflight, rt->max_inflight);
	else
		return true;
	err->retry_after_ms = BUSY_RETRY_MS;
	return false;
}

static const struct handler *handler_for(struct runtime *rt, struct slice name)
{
	char text[128];

	if (name.n >= sizeof(text))
		return NULL;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return handlers_find(&rt->handlers, text);
}

/* initialize has params of its own, which the handler reads itself. */
static bool read_params(struct request *rq, const struct message *m,
			struct error *err)
{
	if (rq->rt->state != RUNTIME_FRESH)
		return params_read(rq, m, err);
	rq->call.args = json_read(m->params.p, m->params.n, err);
	rq->call.secrets = json_object();
	return rq->call.args != NULL;
}

static void start(struct runtime *rt, const struct handler *h,
		  const struct message *m)
{
	struct request *rq = request_new(rt, h, m->id);
	struct error err;

	if (!read_params(rq, m, &err)) {
		reply_error(rt, m->id, &err);
		request_free(rq);
		return;
	}
	rq->fiber = fiber_spawn("request", run, rq);
	if (!rq->fiber) {
		fail(&err, ERR_BUSY, "no stack is left for %s", h->name);
		reply_error(rt, m->id, &err);
		request_free(rq);
		return;
	}
	if (rt->state == RUNTIME_FRESH)
		rt->state = RUNTIME_STARTING;
	if (rq->call.deadline)
		timer_arm(&rq->timer, rq->call.deadline);
}

void dispatch(struct runtime *rt, const struct message *m)
{
	const struct handler *h = handler_for(rt, m->method);
	const char *why;
	struct error err;
	int code;

	if (m->id.n == 0 || m->id.n >= REQUEST_ID_MAX) {
		reply_refuse(rt, (struct slice){ "", 0 }, RPC_INVALID_REQUEST,
			     "the id is not a text of 1 to 63 bytes");
		return;
	}
	code = misplaced(rt, h, &why);
	if (code)
		reply_refuse(rt, m->id, code, why);
	else if (!has_room(rt, h, &err))
		reply_error(rt, m->id, &err);
	else
		start(rt, h, m);
}

static struct request *request_find(struct runtime *rt, struct slice id)
{
	struct request *rq;

	list_each (rq, &rt->open, struct request, link)
		if (slice_eq(id, rq->id))
			return rq;
	return NULL;
}

static void cancel(struct request *rq)
{
	rq->cancelled = true;
	fiber_cancel(rq->fiber);
}

void dispatch_cancel(struct runtime *rt, struct slice id)
{
	struct request *rq = request_find(rt, id);

	if (!rq || (rq->handler->mutates && !strcmp(rq->handler->cancel, "no")))
		return;
	cancel(rq);
}

void dispatch_credit(struct runtime *rt, struct slice id, unsigned n)
{
	struct request *rq = request_find(rt, id);

	if (rq)
		stream_add_credit(rq, n);
}

void dispatch_cancel_all(struct runtime *rt)
{
	struct request *rq;

	list_each (rq, &rt->open, struct request, link)
		cancel(rq);
}
