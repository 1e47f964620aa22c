/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link's half of a peer: frames come in and find their call, the end of
 * the link ends them all.  Whatever a driver sends, the reader goes on.
 */
#include "rpc/peer.h"

#include <string.h>

#include "base/mem.h"
#include "rpc/peer_impl.h"

/* Room in the queue for cancels, credits and pings when calls have filled
 * theirs. */
#define CONTROL_RESERVE (256 << 10)

/* ---- going out ----------------------------------------------------------- */

/* @value as decimal digits before @end; gives the first. */
static char *put_number(char *end, uint64_t value)
{
	do
		*--end = (char)('0' + value % 10);
	while (value /= 10);
	return end;
}

struct slice peer_id(const struct peer *p, uint64_t sequence,
		     char text[ID_TEXT])
{
	char *end = text + ID_TEXT, *at = put_number(end, sequence);

	*--at = '.';
	at = put_number(at, p->generation);
	return (struct slice){ at, (size_t)(end - at) };
}

bool peer_send_control(struct peer *p, const char *method, struct slice params)
{
	const struct slice parts[] = {
		SLICE("{\"jsonrpc\":\"2.0\",\"method\":\""),
		slice_of(method),
		SLICE("\",\"params\":"),
		params,
		SLICE("}"),
	};

	return link_send(&p->link, parts, ARRAY_LEN(parts));
}

bool peer_notify(struct peer *p, const char *method, struct slice params)
{
	return peer_send_control(p, method, params.n ? params : SLICE("{}"));
}

bool peer_ping(struct peer *p, uint64_t n)
{
	char digits[ID_TEXT], *end = digits + sizeof(digits);
	char *at = put_number(end, n);
	struct buf params = { 0 };
	bool sent;

	buf_add_str(&params, "{\"n\":");
	buf_add(&params, at, (size_t)(end - at));
	buf_add_char(&params, '}');
	sent = peer_send_control(p, "$/ping", buf_slice(&params));
	buf_done(&params);
	return sent;
}

/* ---- coming in ----------------------------------------------------------- */

/* The last thing done with a frame, because the owner may free the peer. */
static void violation(struct peer *p, const char *what, struct slice line)
{
	if (p->events->on_violation)
		p->events->on_violation(p, what, line);
}

static struct pending_slot *find(struct peer *p, struct slice id)
{
	uint64_t generation, sequence;

	if (!message_id_parse(id, &generation, &sequence) ||
	    generation != p->generation)
		return NULL;
	return pending_find(&p->pending, sequence);
}

static void on_answer(struct peer *p, const struct message *m,
		      struct slice frame)
{
	struct pending_slot *slot = find(p, m->id);
	struct rpc_call *call;
	const char *fault = NULL;

	if (!slot) {
		p->stats.unknown_id++;
		violation(p, "an answer to no open call", frame);
		return;
	}
	if (m->type == MSG_RESULT)
		p->stats.answers++;
	else
		p->stats.errors++;
	call = slot->call;
	pending_remove(&p->pending, slot);
	if (call)
		fault = call_take_answer(call, m, frame);
	if (fault) {
		p->stats.bad_stream++;
		violation(p, fault, frame);
	}
}

static void on_event(struct peer *p, const struct message *m,
		     struct slice frame)
{
	struct slice id = { 0 };
	struct pending_slot *slot;
	const char *fault;

	message_string(m, "id", &id);
	slot = find(p, id);
	if (!slot) {
		p->stats.unknown_id++;
		violation(p, "a notification for no open call", frame);
		return;
	}
	if (!slot->call)
		return;
	fault = call_take_event(slot->call, m, frame);
	if (fault) {
		p->stats.bad_stream++;
		violation(p, fault, frame);
	}
}

static void on_notification(struct peer *p, const struct message *m,
			    struct slice frame)
{
	if (call_wants(m->method))
		on_event(p, m, frame);
	else if (p->events->on_notification)
		p->events->on_notification(p, m);
}

/* No message.  If it was meant as an answer, its call is over: there is no
 * other answer to wait for. */
static void on_garbage(struct peer *p, const struct message *m,
		       struct slice frame, const struct error *err)
{
	struct pending_slot *slot = find(p, m->id);
	struct rpc_call *call = slot ? slot->call : NULL;

	p->stats.not_json++;
	if (slot)
		pending_remove(&p->pending, slot);
	if (call) {
		call->fault = "its answer is no JSON-RPC message";
		call_close(call, CALL_BROKEN);
	}
	violation(p, err->message, frame);
}

static void on_frame(struct link *link, struct slice frame)
{
	struct peer *p = container_of(link, struct peer, link);
	struct message m;
	struct error err;

	if (!message_parse(frame, &m, &err)) {
		on_garbage(p, &m, frame, &err);
		return;
	}
	switch (m.type) {
	case MSG_RESULT:
	case MSG_ERROR:
		on_answer(p, &m, frame);
		break;
	case MSG_NOTIFICATION:
		on_notification(p, &m, frame);
		break;
	case MSG_REQUEST:
		p->stats.not_json++;
		violation(p, "a request, which only the host may send", frame);
		break;
	}
}

static void on_oversized(struct link *link)
{
	struct peer *p = container_of(link, struct peer, link);

	p->stats.oversized++;
	violation(p, "a line over the limit", SLICE(""));
}

/* ---- the end ------------------------------------------------------------- */

/* End the open calls: all, or only those of which nothing has left. */
static void lose_calls(struct peer *p, bool unsent_only)
{
	struct pending *t = &p->pending;

	for (size_t i = 0; i < t->size; i++) {
		struct rpc_call *call = t->slot[i].call;

		if (!t->slot[i].sequence)
			continue;
		if (call)
			call->was_sent = call->queued_at < p->link.bytes_out;
		if (unsent_only && (!call || call->was_sent))
			continue;
		pending_remove(t, &t->slot[i]);
		if (call)
			call_close(call, CALL_LOST);
	}
}

static void set_why(struct peer *p, const struct error *why, const char *text)
{
	if (why)
		p->why = *why;
	else
		fail(&p->why, ERR_DRIVER_UNAVAILABLE, "%s", text);
}

void peer_fail_all(struct peer *p, const struct error *why)
{
	if (p->ended)
		return;
	p->ended = true;
	set_why(p, why, "the driver was stopped");
	lose_calls(p, false);
}

static void on_link_end(struct link *link, enum link_end why, int error)
{
	struct peer *p = container_of(link, struct peer, link);
	bool told = p->told_end;

	if (p->ended) {
		/* The owner said why before the pipe did. */
	} else if (why == LINK_WRITE_FAILED) {
		set_why(p, NULL, "the driver closed its input");
		lose_calls(p, true);
	} else {
		p->ended = true;
		fail(&p->why, ERR_DRIVER_UNAVAILABLE,
		     error ? "reading from the driver failed: %s"
			   : "the driver ended%s",
		     error ? strerror(error) : "");
		lose_calls(p, false);
	}
	p->told_end = true;
	if (!told && p->events->on_end)
		p->events->on_end(p, why);
}

/* ---- life ---------------------------------------------------------------- */

struct peer *peer_new(int in, int out, uint64_t generation, size_t max_frame,
		      const struct peer_events *events, void *owner)
{
	struct peer *p = mem_alloc(sizeof(*p));

	p->generation = generation;
	p->max_frame = max_frame;
	p->events = events;
	p->owner = owner;
	p->link.on_frame = on_frame;
	p->link.on_oversized = on_oversized;
	p->link.on_end = on_link_end;
	pending_init(&p->pending);
	link_open(&p->link, in, out, max_frame);
	p->link.queue_max = LINK_QUEUE_MAX + CONTROL_RESERVE;
	return p;
}

void *peer_owner(const struct peer *p)
{
	return p->owner;
}

void peer_release(struct peer *p)
{
	if (!p->freeing || p->callers > 0)
		return;
	pending_done(&p->pending);
	mem_free(p);
}

void peer_free(struct peer *p, const struct error *why)
{
	if (!p || p->freeing)
		return;
	peer_fail_all(p, why);
	link_close(&p->link);
	p->freeing = true;
	peer_release(p);
}

void peer_close_input(struct peer *p)
{
	link_finish(&p->link);
}

void peer_stats(const struct peer *p, struct peer_stats *stats)
{
	*stats = p->stats;
	stats->bytes_in = p->link.bytes_in;
	stats->bytes_out = p->link.bytes_out;
	stats->inflight = (unsigned)p->pending.open;
	stats->abandoned = (unsigned)p->pending.abandoned;
	stats->queued_bytes = (unsigned)link_backlog(&p->link);
	stats->partial_since = p->link.reader.partial_since;
}
