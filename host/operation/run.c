/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The way of one operation, from its commit to its end:
 *
 *	        ┌──────────── not applied, and never sent ───────────┐
 *	        ▼                                                    │
 *	      send ── no answer ──► ask what became of it ───────────┤
 *	        │                       │ still running              │
 *	        ├── it goes on ──► poll ◄┘     │                     │
 *	        ▼                    ▼         ▼                     ▼
 *	   succeeded, failed, cancelled: told by the driver    needs_attention
 *
 * An operation that this host has inherited begins with the question, or with
 * the poll when its handle is known.  Nothing is sent a second time but what
 * the driver says was not applied, or what does nothing more the second time.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "credential/credential.h"

/* What the driver is given less than we wait: it can tell of its deadline. */
#define SPARE_MS 3000

/* Between two questions. */
#define PAUSE_FIRST_MS 250
#define PAUSE_MOST_MS 30000
#define POLL_LEAST_MS 50
#define POLL_USUAL_MS 1000
/* Whom nobody could ask for so long is left to a person. */
#define GIVE_UP_MS (15 * 60 * 1000)

enum step {
	STEP_SEND,
	STEP_ASK,
	STEP_POLL,
	STEP_END,   /* state and error, or value, are there */
	STEP_LEAVE, /* it is somebody else's from here on */
};

/* One way of an operation. */
struct way {
	struct operation *op;
	int64_t pause;	   /* before the next question */
	int64_t unreached; /* clock_ms since when nobody could be asked; 0 */
};

/* ---- waiting ------------------------------------------------------------------- */

WAITS bool operation_nap(struct operation *op, int64_t ms)
{
	struct operations *all = op->owner;

	if (!all->stopping && !op->lost)
		cond_wait(&all->stop, clock_ms() + ms);
	return !all->stopping && !op->lost && !fiber_cancelled();
}

/* Nothing is sent by a host that may have lost the operation. */
WAITS static bool await_lease(struct operation *op)
{
	while (clock_ms() >= op->lease_ms)
		if (!operation_nap(op, PAUSE_FIRST_MS))
			return false;
	return !op->lost;
}

/* ---- ends ------------------------------------------------------------------------ */

static enum step end_well(struct operation *op, struct slice value)
{
	op->state = STATE_SUCCEEDED;
	buf_add_slice(&op->value, value);
	return STEP_END;
}

static enum step end_badly(struct operation *op, const struct error *err)
{
	bool nothing = err->effect == EFFECT_NONE;

	op->err = *err;
	if (nothing && op->cancel.asked && err->retryable) {
		fail(&op->err, ERR_CANCELLED,
		     "%s was cancelled; nothing was done", op->method);
		op->err.effect = EFFECT_NONE;
	}
	if (nothing && op->err.code == ERR_CANCELLED)
		op->state = STATE_CANCELLED;
	else if (err->effect == EFFECT_UNKNOWN ||
		 (err->code == ERR_NEEDS_ATTENTION && !nothing))
		op->state = STATE_NEEDS_ATTENTION;
	else
		op->state = STATE_FAILED;
	return STEP_END;
}

/* ---- what the driver is asked ------------------------------------------------------ */

WAITS static void on_checkpoint(void *arg, struct slice data)
{
	operation_row_checkpoint(arg, data);
}

WAITS static void on_progress(void *arg, struct slice params)
{
	operation_row_progress(arg, params);
}

static struct driver_request question(struct operation *op, const char *method,
				      const json_t *args)
{
	const struct config *config = op->owner->trust->config;

	return (struct driver_request){
		.provider = op->provider,
		.method = method,
		.args = args,
		.region = op->region,
		.zone = op->zone,
		.workspace = operation_scope(op->workspace),
		.op = op->id,
		.trace = op->trace,
		.native = json_bool(op->args, "native", false),
		.secrets = op->secrets,
		.credential = op->credential,
		.deadline = clock_ms() + config->call_timeout_ms,
	};
}

/* ---- send ---------------------------------------------------------------------------- */

static enum step go_on_pending(struct operation *op, struct way *way,
			       struct driver_reply *reply);

/* The driver's answer; @reply is done away with. */
WAITS static enum step take(struct way *way, struct driver_reply *reply)
{
	struct operation *op = way->op;
	enum step next;

	if (reply->pending)
		next = go_on_pending(op, way, reply);
	else
		next = end_well(op, reply->value);
	buf_wipe(&reply->frame);
	driver_reply_done(reply);
	return next;
}

WAITS static enum step send(struct way *way)
{
	struct operation *op = way->op;
	struct driver_request req;
	struct driver_reply reply;
	struct error err;

	if (!await_lease(op))
		return STEP_LEAVE;
	req = question(op, op->method, op->args);
	req.mutates = true;
	req.deadline += SPARE_MS;
	req.spare_ms = SPARE_MS;
	req.on_checkpoint = on_checkpoint;
	req.on_progress = on_progress;
	req.arg = op;
	req.cancel = &op->cancel;
	op->sent = true;
	if (driver_call(op->owner->trust->registry, &req, &reply, &err))
		return take(way, &reply);
	if (op->lost || fiber_cancelled())
		return STEP_LEAVE;
	op->err = err;
	return err.effect == EFFECT_UNKNOWN ? STEP_ASK : end_badly(op, &err);
}

/* ---- ask ------------------------------------------------------------------------------- */

/* May it be sent, after all?  Not what was cancelled, and not what this process
 * has sent: call.c has tried again where that makes sense. */
static enum step not_applied(struct operation *op)
{
	struct error err = op->err;

	if (!op->sent && !op->cancel.asked)
		return STEP_SEND;
	if (err.code == ERR_NONE)
		fail(&err, ERR_CANCELLED, "%s was cancelled; nothing was done",
		     op->method);
	err.effect = EFFECT_NONE;
	return end_badly(op, &err);
}

static enum step nobody_knows(struct operation *op, const char *why)
{
	struct error err = op->err;

	if (err.code == ERR_NONE)
		fail(&err, ERR_NEEDS_ATTENTION,
		     "%s of %s was under way when its host ended, and %s; "
		     "look at the cloud for what carries %s",
		     op->method, op->provider, why, op->id);
	err.effect = EFFECT_UNKNOWN;
	return end_badly(op, &err);
}

static enum step cannot_tell(struct operation *op)
{
	if (!op->sent && !op->cancel.asked &&
	    driver_repeatable(op->owner->trust->registry, op->provider,
			      op->method))
		return STEP_SEND;
	return nobody_knows(op, "its driver cannot tell what became of it");
}

/* Secrets are not in the row: another process's operation needs them opened, and
 * so does one whose secrets the cloud no longer takes.  Without a credential it
 * was the provider's own, and still is. */
WAITS static bool open_secrets(struct operation *op, struct error *err)
{
	if (!op->credential || op->secrets)
		return true;
	op->secrets = credential_open(
		op->owner->trust, NULL, operation_scope(op->workspace),
		op->provider, op->credential, NULL, &op->arena, err);
	return op->secrets;
}

/* A tenant may have given his credential new fields meanwhile, or soon will. */
static bool is_about_secrets(struct operation *op, const struct error *why)
{
	if (!op->credential || (why->code != ERR_UNAUTHENTICATED &&
				why->code != ERR_CREDENTIAL_EXPIRED))
		return false;
	secret_free(op->secrets);
	op->secrets = NULL;
	return true;
}

/* Nobody could be asked because of @why: later, while there is hope. */
WAITS static enum step later(struct way *way, enum step again,
			     const struct error *why)
{
	struct operation *op = way->op;
	bool hope = why->retryable || is_about_secrets(op, why);
	int64_t now = clock_ms();

	if (!way->unreached)
		way->unreached = now;
	if (!hope || now - way->unreached > GIVE_UP_MS) {
		log_warn("an operation is left to a person",
			 LOG_STR("provider", op->provider),
			 LOG_STR("method", op->method), LOG_ERR(why));
		return nobody_knows(op, why->message);
	}
	if (!operation_nap(op, why->retry_after_ms > way->pause
				       ? why->retry_after_ms
				       : way->pause))
		return STEP_LEAVE;
	way->pause *= 2;
	if (way->pause > PAUSE_MOST_MS)
		way->pause = PAUSE_MOST_MS;
	return again;
}

static void reached(struct way *way)
{
	way->unreached = 0;
	way->pause = PAUSE_FIRST_MS;
}

WAITS static enum step ask(struct way *way)
{
	struct operation *op = way->op;
	struct driver_request req = question(op, op->method, op->args);
	struct driver_reply reply;
	enum driver_fate fate;
	struct error err;

	fate = driver_reconcile(op->owner->trust->registry, &req,
				buf_slice(&op->checkpoint), &reply, &err);
	if (fate != FATE_UNASKED)
		reached(way);
	switch (fate) {
	case FATE_APPLIED:
	case FATE_RUNNING:
		return take(way, &reply);
	case FATE_NOT_APPLIED:
		return not_applied(op);
	case FATE_CANNOT_TELL:
		return cannot_tell(op);
	case FATE_UNASKED:
		break;
	}
	return later(way, STEP_ASK, &err);
}

/* ---- poll -------------------------------------------------------------------------------- */

static int64_t pause_of(const json_t *pending)
{
	long long ms = json_int(pending, "poll_after_ms", POLL_USUAL_MS);

	return ms < POLL_LEAST_MS   ? POLL_LEAST_MS
	       : ms > PAUSE_MOST_MS ? PAUSE_MOST_MS
				    : ms;
}

/* The cloud works on: {"handle":…, "poll_after_ms":…}. */
WAITS static enum step go_on_pending(struct operation *op, struct way *way,
				     struct driver_reply *reply)
{
	AUTO_JSON json_t *pending =
		json_read(reply->value.p, reply->value.n, NULL);
	AUTO(buf_wipe) struct buf handle = { 0 };

	json_write(json_object_get(pending, "handle"), &handle);
	if (handle.n != op->handle.n ||
	    memcmp(handle.p, op->handle.p, handle.n) != 0)
		operation_row_handle(op, buf_slice(&handle));
	reached(way);
	op->poll_ms = pause_of(pending);
	return operation_nap(op, op->poll_ms) ? STEP_POLL : STEP_LEAVE;
}

/* What is wrong with the question, not with what was asked for. */
static bool is_about_asking(const struct error *err)
{
	return err->retryable || err->code == ERR_UNAUTHENTICATED ||
	       err->code == ERR_CREDENTIAL_EXPIRED ||
	       err->code == ERR_DRIVER_BAD_ANSWER ||
	       err->code == ERR_CLOUD_BAD_ANSWER ||
	       err->code == ERR_UNSUPPORTED;
}

WAITS static enum step poll(struct way *way)
{
	struct operation *op = way->op;
	AUTO_JSON json_t *args = json_pack(
		"{s:o}", "handle", json_read(op->handle.p, op->handle.n, NULL));
	struct driver_request req = question(op, "op.poll", args);
	struct driver_reply reply;
	bool reached = false;
	struct error err;

	req.on_progress = on_progress;
	req.arg = op;
	req.reached = &reached;
	if (driver_call(op->owner->trust->registry, &req, &reply, &err))
		return take(way, &reply);
	if (fiber_cancelled())
		return STEP_LEAVE;
	return !reached || is_about_asking(&err) ? later(way, STEP_POLL, &err)
						 : end_badly(op, &err);
}

/* ---- the way ------------------------------------------------------------------------------- */

WAITS static enum step first_step(struct way *way)
{
	struct operation *op = way->op;

	if (!op->inherited)
		return STEP_SEND;
	if (!op->args) /* and err says why it cannot be read */
		return end_badly(op, &op->err);
	return op->handle.n ? STEP_POLL : STEP_ASK;
}

WAITS static enum step do_step(struct way *way, enum step step)
{
	struct error err;

	if (!open_secrets(way->op, &err))
		return later(way, step, &err);
	switch (step) {
	case STEP_SEND:
		return send(way);
	case STEP_ASK:
		return ask(way);
	case STEP_POLL:
		return poll(way);
	case STEP_END:
	case STEP_LEAVE:
		break;
	}
	return step;
}

WAITS void operation_settle(struct operation *op)
{
	struct way way = { .op = op, .pause = PAUSE_FIRST_MS };
	enum step step = first_step(&way);

	while (step != STEP_END && step != STEP_LEAVE) {
		step = do_step(&way, step);
		if (op->lost)
			step = STEP_LEAVE;
	}
	if (step == STEP_END)
		operation_row_end(op);
	else
		operation_set_phase(op, PHASE_LEFT);
}
