/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callers' half of a peer: begin, events, end.
 *
 * A call is open until call_close() gives it its one outcome.  Whatever comes
 * later for it (an answer after a cancel, a second answer) finds no open call.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rpc/peer_impl.h"

/* Frames from this size on are not copied: the reader's buffer is taken. */
#define STEAL_MIN (64 << 10)

/* Checkpoints that may wait for their caller; more is a fault of the driver,
 * because none may be dropped. */
#define CHECKPOINTS_MAX 16

/* ---- outcome ------------------------------------------------------------- */

static void wake(struct rpc_call *call)
{
	if (call->waiter)
		fiber_wake(call->waiter);
}

void call_close(struct rpc_call *call, enum call_state state)
{
	call->state = state;
	wake(call);
}

static void send_cancel(struct rpc_call *call, const char *reason)
{
	struct peer *p = call->peer;
	struct buf params = { 0 };
	char text[ID_TEXT];

	buf_add_str(&params, "{\"id\":\"");
	buf_add_slice(&params, peer_id(p, call->sequence, text));
	buf_add_str(&params, "\",\"reason\":\"");
	buf_add_str(&params, reason);
	buf_add_str(&params, "\"}");
	peer_send_control(p, "$/cancel", buf_slice(&params));
	buf_done(&params);
}

void call_abandon(struct rpc_call *call, enum call_state state,
		  const char *reason)
{
	struct pending *pending = &call->peer->pending;

	if (call->state != CALL_OPEN)
		return;
	pending_abandon(pending, pending_find(pending, call->sequence));
	send_cancel(call, reason);
	call_close(call, state);
}

static void give_up(struct rpc_call *call, enum fiber_wait why)
{
	if (why == WAIT_CANCELLED)
		call_abandon(call, CALL_CANCELLED, "cancelled");
	else
		call_abandon(call, CALL_DEADLINE, "deadline");
}

/* ---- answers ------------------------------------------------------------- */

/* Make @frame outlive the reader; gives its first byte's new place. */
static const char *keep(struct rpc_call *call, struct slice frame,
			struct buf *to)
{
	if (frame.n >= STEAL_MIN) {
		frame_steal(&call->peer->link.reader, to);
		return frame.p;
	}
	to->p = mem_realloc(NULL, frame.n + 1);
	memcpy(to->p, frame.p, frame.n);
	to->p[frame.n] = '\0';
	to->n = frame.n;
	to->cap = frame.n + 1;
	return to->p;
}

/* A slice of the frame that was at @from, now that it is at @to. */
static struct slice moved(struct slice s, const char *from, const char *to)
{
	return s.n ? (struct slice){ to + (s.p - from), s.n } : SLICE("");
}

static struct slice field_or(const struct message *m, const char *name,
			     struct slice otherwise)
{
	struct message_field field;

	return message_field(m, name, &field) ? field.raw : otherwise;
}

static const char *read_stream_end(const struct rpc_call *call,
				   const struct message *m,
				   struct rpc_reply *reply)
{
	struct slice token = field_or(m, "next_page_token", SLICE("null"));
	long long chunks, items;

	if (!message_int(m, "chunks", &chunks) ||
	    !message_int(m, "items", &items))
		return "a stream's end without totals";
	if ((uint64_t)chunks != call->chunks || (uint64_t)items != call->items)
		return "a stream's totals do not match what came";
	reply->type = RPC_STREAM_END;
	reply->value = m->result;
	reply->chunks = call->chunks;
	reply->items = call->items;
	if (!slice_eq(token, "null"))
		reply->next_page_token = token;
	return NULL;
}

/* Slices still point into the reader's frame. */
static const char *read_result(const struct rpc_call *call,
			       const struct message *m, struct rpc_reply *reply)
{
	struct slice type;

	if (message_string(m, "type", &type) && slice_eq(type, "stream_end"))
		return read_stream_end(call, m, reply);
	if (call->chunks > 0)
		return "a stream that does not end with stream_end";
	if (!message_string(m, "type", &type)) {
		reply->type = RPC_OTHER;
		reply->value = m->result;
	} else if (slice_eq(type, "done")) {
		reply->type = RPC_DONE;
		reply->value = field_or(m, "value", SLICE(""));
	} else if (slice_eq(type, "pending")) {
		if (!field_or(m, "handle", SLICE("")).n)
			return "a pending result without a handle";
		reply->type = RPC_PENDING;
		reply->value = m->result;
	} else {
		return "a result of unknown type";
	}
	return NULL;
}

static void move_reply(struct rpc_reply *reply, const char *from,
		       const char *to)
{
	reply->value = moved(reply->value, from, to);
	reply->next_page_token = moved(reply->next_page_token, from, to);
	if (reply->value.n == 0)
		reply->value = SLICE("null");
}

const char *call_take_answer(struct rpc_call *call, const struct message *m,
			     struct slice frame)
{
	const char *fault = NULL, *kept;

	if (m->type == MSG_RESULT)
		fault = read_result(call, m, &call->reply);
	if (fault) {
		call->fault = fault;
		call_close(call, CALL_BROKEN);
		return fault;
	}
	kept = keep(call, frame, &call->reply.frame);
	if (m->type == MSG_ERROR) {
		call->error = moved(m->error, frame.p, kept);
		call_close(call, CALL_ERROR);
	} else {
		move_reply(&call->reply, frame.p, kept);
		call_close(call, CALL_RESULT);
	}
	return NULL;
}

/* ---- events -------------------------------------------------------------- */

static void event_free(struct call_event *e)
{
	if (!e)
		return;
	list_del(&e->node);
	buf_done(&e->frame);
	mem_free(e);
}

static struct call_event *add_event(struct rpc_call *call, int type,
				    struct slice data, struct slice frame)
{
	struct call_event *e = mem_alloc(sizeof(*e));
	const char *kept = keep(call, frame, &e->frame);

	e->event.type = type;
	e->event.data = moved(data, frame.p, kept);
	list_add_tail(&call->events, &e->node);
	wake(call);
	return e;
}

static const char *take_chunk(struct rpc_call *call, const struct message *m,
			      struct slice frame)
{
	struct message_field items;
	long long number;

	if (!message_int(m, "seq", &number) || (uint64_t)number != call->chunks)
		return "a chunk out of sequence";
	if (!message_field(m, "items", &items) || items.raw.p[0] != '[')
		return "a chunk without items";
	if (call->credit == 0)
		return "a chunk without credit";
	call->credit--;
	call->chunks++;
	call->items += items.items;
	add_event(call, RPC_CHUNK, items.raw, frame)->event.items = items.items;
	return NULL;
}

static const char *take_progress(struct rpc_call *call, const struct message *m,
				 struct slice frame)
{
	event_free(call->progress);
	call->progress = add_event(call, RPC_PROGRESS, m->params, frame);
	return NULL;
}

static const char *take_checkpoint(struct rpc_call *call,
				   const struct message *m, struct slice frame)
{
	struct message_field data;

	if (!message_field(m, "data", &data))
		return "a checkpoint without data";
	if (call->checkpoints == CHECKPOINTS_MAX)
		return "too many checkpoints at once";
	call->checkpoints++;
	add_event(call, RPC_CHECKPOINT, data.raw, frame);
	return NULL;
}

static const struct {
	const char *method;
	const char *(*take)(struct rpc_call *call, const struct message *m,
			    struct slice frame);
} takers[] = {
	{ "$/chunk", take_chunk },
	{ "$/progress", take_progress },
	{ "$/checkpoint", take_checkpoint },
};

bool call_wants(struct slice method)
{
	for (size_t i = 0; i < ARRAY_LEN(takers); i++)
		if (slice_eq(method, takers[i].method))
			return true;
	return false;
}

const char *call_take_event(struct rpc_call *call, const struct message *m,
			    struct slice frame)
{
	const char *fault = NULL;

	for (size_t i = 0; i < ARRAY_LEN(takers); i++)
		if (slice_eq(m->method, takers[i].method))
			fault = takers[i].take(call, m, frame);
	if (fault) {
		call->fault = fault;
		call_abandon(call, CALL_BROKEN, "bad_stream");
	}
	return fault;
}

/* ---- the caller ---------------------------------------------------------- */

static bool method_is_plain(const char *method)
{
	for (const char *c = method; *c; c++)
		if (*c < 0x21 || *c > 0x7e || *c == '"' || *c == '\\')
			return false;
	return true;
}

/* JSON may hold newlines between its tokens, a frame may not. */
static struct slice on_one_line(struct slice params, char **copy)
{
	if (!memchr(params.p, '\n', params.n))
		return params;
	*copy = mem_realloc(NULL, params.n);
	memcpy(*copy, params.p, params.n);
	for (size_t i = 0; i < params.n; i++)
		if ((*copy)[i] == '\n')
			(*copy)[i] = ' ';
	return (struct slice){ *copy, params.n };
}

/* may_begin() made sure that there is room. */
static void send_request(struct rpc_call *call, const struct rpc_request *req)
{
	struct peer *p = call->peer;
	char text[ID_TEXT], *copy = NULL;
	struct slice params = req->params.n ? req->params : SLICE("{}");
	const struct slice parts[] = {
		SLICE("{\"jsonrpc\":\"2.0\",\"id\":\""),
		peer_id(p, call->sequence, text),
		SLICE("\",\"method\":\""),
		slice_of(req->method),
		SLICE("\",\"params\":"),
		on_one_line(params, &copy),
		SLICE("}"),
	};

	call->queued_at = p->link.bytes_queued;
	link_send(&p->link, parts, ARRAY_LEN(parts));
	if (copy && req->wipe)
		mem_wipe(copy, params.n);
	mem_free(copy);
}

#define ENVELOPE_MAX 512 /* around the params */

/* False: the call cannot begin now. */
static bool may_begin(struct peer *p, const struct rpc_request *req,
		      struct error *err)
{
	size_t size = req->params.n + ENVELOPE_MAX;
	size_t backlog = link_backlog(&p->link);

	if (!p->ended && p->link.finishing)
		return fail(err, ERR_DRIVER_UNAVAILABLE,
			    "the driver is being stopped");
	if (p->ended || p->link.out < 0) {
		*err = p->why;
		err->effect = EFFECT_NONE;
		return false;
	}
	if (!method_is_plain(req->method) ||
	    strlen(req->method) > ENVELOPE_MAX / 2)
		return fail(err, ERR_UNSUPPORTED, "no driver has the method %s",
			    req->method);
	if (size > p->max_frame)
		return fail(err, ERR_TOO_LARGE,
			    "the request for %s has %zu bytes, a driver takes "
			    "%zu: send less at once",
			    req->method, size, p->max_frame);
	if (backlog > 0 && backlog + size > LINK_QUEUE_MAX)
		return fail(err, ERR_BUSY,
			    "%zu bytes wait to be read by the driver: try "
			    "again later",
			    backlog);
	return true;
}

static void call_free(struct rpc_call *call)
{
	struct call_event *e, *next;
	struct peer *p = call->peer;

	list_each_safe (e, next, &call->events, struct call_event, node)
		event_free(e);
	event_free(call->current);
	rpc_reply_done(&call->reply);
	mem_free(call);
	p->callers--;
	peer_release(p);
}

struct rpc_call *rpc_begin(struct peer *p, const struct rpc_request *req,
			   struct error *err)
{
	struct rpc_call *call;
	struct error unused;

	if (!may_begin(p, req, err ? err : &unused))
		return NULL;
	call = mem_alloc(sizeof(*call));
	call->peer = p;
	call->deadline = req->deadline;
	call->credit = req->credit;
	list_init(&call->events);
	p->callers++;
	call->sequence = pending_add(&p->pending, call);
	p->stats.calls++;
	send_request(call, req);
	return call;
}

/* Done with the last event: the driver may send another chunk for it. */
static void release_current(struct rpc_call *call)
{
	struct call_event *e = call->current;

	if (e && e->event.type == RPC_CHUNK)
		call->owed++;
	event_free(e);
	call->current = NULL;
}

static void give_credit(struct rpc_call *call)
{
	struct buf params = { 0 };
	char text[ID_TEXT];

	buf_add_str(&params, "{\"id\":\"");
	buf_add_slice(&params, peer_id(call->peer, call->sequence, text));
	buf_printf(&params, "\",\"n\":%u}", call->owed);
	if (peer_send_control(call->peer, "$/credit", buf_slice(&params))) {
		call->credit += call->owed;
		call->owed = 0;
	}
	buf_done(&params);
}

static bool pop_event(struct rpc_call *call, struct rpc_event *event)
{
	struct call_event *e =
		list_first(&call->events, struct call_event, node);

	if (!e)
		return false;
	list_del(&e->node);
	if (e == call->progress)
		call->progress = NULL;
	if (e->event.type == RPC_CHECKPOINT)
		call->checkpoints--;
	call->current = e;
	*event = e->event;
	return true;
}

/* Gave the call up for a reason of ours, not the driver's? */
static bool given_up(const struct rpc_call *call)
{
	return call->state == CALL_CANCELLED || call->state == CALL_DEADLINE;
}

static enum fiber_wait wait_for_more(struct rpc_call *call)
{
	enum fiber_wait why;

	call->waiter = fiber_self();
	why = fiber_park(call->deadline);
	call->waiter = NULL;
	return why;
}

bool rpc_next(struct rpc_call *call, struct rpc_event *event)
{
	release_current(call);
	if (call->state == CALL_OPEN && call->owed)
		give_credit(call);
	if (fiber_cancelled())
		give_up(call, WAIT_CANCELLED);
	else if (!list_empty(&call->events) && clock_left(call->deadline) == 0)
		give_up(call, WAIT_TIMEOUT); /* it never lets us park */
	while (!given_up(call)) {
		enum fiber_wait why;

		if (pop_event(call, event))
			return true;
		if (call->state != CALL_OPEN)
			break;
		why = wait_for_more(call);
		if (why != WAIT_WOKEN && list_empty(&call->events))
			give_up(call, why);
	}
	return false;
}

void rpc_cancel(struct rpc_call *call)
{
	if (call->state != CALL_OPEN || call->asked_to_stop)
		return;
	call->asked_to_stop = true;
	send_cancel(call, "cancelled");
}

/* Why an ended call has no result. */
static bool outcome(struct rpc_call *call, struct error *err)
{
	switch (call->state) {
	case CALL_RESULT:
		return true;
	case CALL_ERROR:
		message_error(call->error, err);
		return false;
	case CALL_CANCELLED:
		return fail(err, ERR_CANCELLED, "the caller has gone");
	case CALL_DEADLINE:
		return fail(err, ERR_DEADLINE,
			    "the driver did not answer in time");
	case CALL_BROKEN:
		return fail(err, ERR_DRIVER_BAD_ANSWER,
			    "the driver broke the protocol: %s", call->fault);
	case CALL_OPEN:
	case CALL_LOST:
		break;
	}
	*err = call->peer->why;
	err->effect = call->was_sent ? EFFECT_UNKNOWN : EFFECT_NONE;
	return false;
}

bool rpc_end(struct rpc_call *call, struct rpc_reply *reply, struct error *err)
{
	struct rpc_event event;
	struct error unused;
	bool ok;

	while (rpc_next(call, &event))
		;
	ok = outcome(call, err ? err : &unused);
	if (ok) {
		*reply = call->reply;
		call->reply = (struct rpc_reply){ 0 };
	}
	call_free(call);
	return ok;
}

bool rpc_call(struct peer *p, const struct rpc_request *req,
	      struct rpc_reply *reply, struct error *err)
{
	struct rpc_call *call = rpc_begin(p, req, err);

	return call && rpc_end(call, reply, err);
}

void rpc_reply_done(struct rpc_reply *reply)
{
	if (reply)
		buf_done(&reply->frame);
}
