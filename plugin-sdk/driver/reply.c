/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a request ends.  The functions a handler returns with only note how; the
 * dispatcher sends what was returned once the handler is back, so there is
 * exactly one answer whatever the handler does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "driver/runtime.h"

/* ---- keeping ---------------------------------------------------------- */

struct sc_reply *reply_result(struct request *rq, struct slice json)
{
	buf_clear(&rq->result);
	buf_add_slice(&rq->result, json);
	return &rq->done;
}

/* Deleting what is not there succeeds (SDP-052). */
static bool is_deleted_already(const struct request *rq, const struct error *e)
{
	return e->code == ERR_NOT_FOUND && rq->handler->op &&
	       !strcmp(rq->handler->op->verb, "delete");
}

struct sc_reply *reply_fault(struct request *rq, const struct error *err)
{
	if (is_deleted_already(rq, err))
		return reply_result(
			rq, SLICE("{\"type\":\"done\",\"value\":null}"));
	if (&rq->call.fault != err)
		rq->call.fault = *err;
	if (rq->timed_out && err->code == ERR_CANCELLED)
		rq->call.fault.code = ERR_DEADLINE;
	/* op.poll speaks of the change that it asks about. */
	if (!rq->handler->mutates && strcmp(rq->handler->name, "op.poll") != 0)
		rq->call.fault.effect = EFFECT_NONE;
	return &rq->failed;
}

struct sc_reply *reply_defect(struct request *rq, const char *what)
{
	struct error err;

	log_error("defect in the driver", LOG_STR("what", what),
		  LOG_STR("method", rq->call.method));
	fail(&err, ERR_INTERNAL,
	     "driver %s has a defect in %s: %s; report it to its author",
	     rq->call.driver->name, rq->call.method, what);
	return reply_fault(rq, &err);
}

/* ---- what handlers return with ---------------------------------------- */

/* The value as it may leave: the cloud's own object only when wanted. A copy,
 * because the handler may share @value with what it keeps. */
static json_t *without_native(struct sc_call *call, json_t *value)
{
	json_t *copy;

	if (call->native || !json_object_get(value, "native"))
		return value;
	copy = json_copy(value);
	json_decref(value);
	json_object_del(copy, "native");
	return copy;
}

/* Is it for the SDK to say which provider @record comes from? */
static bool wants_provider(const struct request *rq, const json_t *record)
{
	const struct cat_op *op = rq->handler->op;

	return rq->call.provider && op && op->result &&
	       json_is_object(record) && !json_object_get(record, "provider") &&
	       cat_field_find(op->result->fields, "provider");
}

void reply_write_record(const struct request *rq, const json_t *record,
			struct buf *out)
{
	size_t brace;

	if (!wants_provider(rq, record)) {
		json_write(record, out);
		return;
	}
	buf_add_str(out, "{\"provider\":\"");
	buf_add_json_escaped(out, slice_of(rq->call.provider));
	buf_add_char(out, '"');
	brace = out->n;
	json_write(record, out);
	if (json_object_size(record)) {
		out->p[brace] = ',';
		return;
	}
	buf_truncate(out, brace);
	buf_add_char(out, '}');
}

static struct sc_reply *reply_value(struct request *rq, json_t *value)
{
	AUTO(buf_done) struct buf out = { 0 };

	buf_add_str(&out, "{\"type\":\"done\",\"value\":");
	reply_write_record(rq, value, &out);
	buf_add_char(&out, '}');
	return reply_result(rq, buf_slice(&out));
}

struct sc_reply *sc_ok(struct sc_call *call)
{
	struct request *rq = request_of(call);

	if (rq->handler->paged)
		return sc_list(call, json_array(), NULL);
	return reply_result(rq, SLICE("{\"type\":\"done\",\"value\":null}"));
}

struct sc_reply *sc_value(struct sc_call *call, json_t *value)
{
	struct request *rq = request_of(call);
	const struct cat_op *op = rq->handler->op;
	struct sc_reply *reply;
	struct error err;

	if (!value)
		return reply_defect(rq, "sc_value() was given no value");
	if (rq->handler->paged)
		return sc_list(call, value, NULL);
	value = without_native(call, value);
	if (op && op->result &&
	    !(json_is_null(value) && rq->handler->mutates) &&
	    !cat_check_record(op->result, value, &err))
		reply = reply_fault(rq, &err);
	else
		reply = reply_value(rq, value);
	json_decref(value);
	return reply;
}

static void text_field(char *to, size_t size, const char *from)
{
	text_copy(to, size, from ? from : "");
}

struct sc_reply *sc_fail_with(struct sc_call *call,
			      const struct sc_fault *fault, const char *fmt,
			      ...)
{
	char text[sizeof(call->fault.message)];
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail_at(&err, err_from_rpc(fault->code), fault->path ? fault->path : "",
		"%s", text);
	if (fault->effect != SC_EFFECT_UNKNOWN)
		err.effect = (enum err_effect)fault->effect;
	err.retry_after_ms = fault->retry_after_ms;
	err.cloud.http = fault->cloud_status;
	text_field(err.cloud.code, sizeof(err.cloud.code), fault->cloud_code);
	text_field(err.cloud.request_id, sizeof(err.cloud.request_id),
		   fault->cloud_request_id);
	return reply_fault(request_of(call), &err);
}

struct sc_reply *sc_fail(struct sc_call *call, enum sc_code code,
			 const char *fmt, ...)
{
	char text[sizeof(call->fault.message)];
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail(&err, err_from_rpc(code), "%s", text);
	return reply_fault(request_of(call), &err);
}

struct sc_reply *sc_failed(struct sc_call *call)
{
	struct request *rq = request_of(call);

	if (call->fault.code == ERR_NONE)
		return reply_defect(rq, "sc_failed() without a failure");
	return reply_fault(rq, &call->fault);
}

struct sc_reply *sc_pending(struct sc_call *call, json_t *handle,
			    int poll_after_ms)
{
	struct request *rq = request_of(call);
	AUTO(buf_done) struct buf out = { 0 };
	AUTO_JSON json_t *result =
		json_pack("{s:s, s:o?, s:i}", "type", "pending", "handle",
			  handle, "poll_after_ms", poll_after_ms);

	if (!handle || !result)
		return reply_defect(rq, "sc_pending() was given no handle");
	if (!handlers_find(&rq->rt->handlers, "op.poll"))
		return reply_defect(rq, "sc_pending(), but nothing answers "
					"op.poll");
	json_write(result, &out);
	return reply_result(rq, buf_slice(&out));
}

/* ---- sending ---------------------------------------------------------- */

void reply_settle(struct request *rq, const struct sc_reply *reply)
{
	if (reply == &rq->done || reply == &rq->failed)
		rq->outcome = reply;
	else if (!reply && rq->call.fault.code != ERR_NONE)
		rq->outcome = reply_fault(rq, &rq->call.fault);
	else
		rq->outcome = reply_defect(
			rq, reply ? "it returned another call's reply"
				  : "it returned no reply");
}

/* An answer over the frame limit would be thrown away by the host's reader. */
static void check_size(struct request *rq)
{
	size_t n = rq->result.n;
	struct error err;

	if (rq->outcome != &rq->done || n + 128 < rq->rt->max_frame)
		return;
	fail(&err, ERR_INTERNAL,
	     "the answer of %s has %zu bytes, over the frame limit of %zu; "
	     "a list is sent in parts when the request gives credit",
	     rq->call.method, n, rq->rt->max_frame);
	if (rq->handler->mutates)
		err.effect = EFFECT_APPLIED;
	rq->outcome = reply_fault(rq, &err);
}

static void write_version_error(const struct error *err, struct buf *out)
{
	AUTO_JSON json_t *v =
		json_pack("{s:i, s:s, s:{s:s, s:b, s:s, s:[s]}}", "code",
			  err_info(err->code)->rpc, "message", err->message,
			  "data", "effect", "none", "retryable", 0, "path",
			  err->path, "supported", SDP_VERSION);

	json_write(v, out);
}

static void write_error(const struct error *err, struct buf *out)
{
	if (err->code == ERR_VERSION)
		write_version_error(err, out);
	else
		message_write_error(err, out);
}

static void keep_secrets(struct request *rq)
{
	struct error *err = &rq->call.fault;
	const char *text = withhold(&rq->call, err->message);

	if (text != err->message)
		text_copy(err->message, sizeof(err->message), text);
}

void reply_send(struct request *rq)
{
	AUTO(buf_done) struct buf error = { 0 };
	struct slice parts[] = {
		SLICE("{\"jsonrpc\":\"2.0\",\"id\":\""),
		slice_of(rq->id),
		SLICE("\",\"result\":"),
		{ 0 },
		SLICE("}"),
	};

	check_size(rq);
	if (rq->outcome == &rq->failed) {
		keep_secrets(rq);
		write_error(&rq->call.fault, &error);
		parts[2] = SLICE("\",\"error\":");
		parts[3] = buf_slice(&error);
	} else {
		parts[3] = buf_slice(&rq->result);
	}
	if (!rq->rt->send_wait(rq->rt, parts, ARRAY_LEN(parts)))
		log_warn("nobody reads the answer",
			 LOG_STR("method", rq->call.method));
}

static void refuse(struct runtime *rt, struct slice id, struct slice error)
{
	struct slice quote = id.n ? SLICE("\"") : SLICE("");
	struct slice parts[] = {
		SLICE("{\"jsonrpc\":\"2.0\",\"id\":"),
		quote,
		id.n ? id : SLICE("null"),
		quote,
		SLICE(",\"error\":"),
		error,
		SLICE("}"),
	};

	if (!rt->send(rt, parts, ARRAY_LEN(parts)))
		log_warn("nobody reads the answer", LOG_SLICE("id", id));
}

void reply_error(struct runtime *rt, struct slice id, const struct error *err)
{
	AUTO(buf_done) struct buf out = { 0 };

	message_write_error(err, &out);
	refuse(rt, id, buf_slice(&out));
}

void reply_refuse(struct runtime *rt, struct slice id, int rpc_code,
		  const char *message)
{
	AUTO(buf_done) struct buf out = { 0 };
	AUTO_JSON json_t *error = json_pack(
		"{s:i, s:s, s:{s:s, s:b}}", "code", rpc_code, "message",
		message, "data", "effect", "none", "retryable", 0);

	json_write(error, &out);
	refuse(rt, id, buf_slice(&out));
}
