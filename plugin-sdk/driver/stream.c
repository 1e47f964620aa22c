/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists.  Items are checked, filtered and paged here, for every driver alike.
 * With credit they leave in chunks while the handler still gathers, and the
 * totals come last, so a truncated list is impossible; without credit they
 * are one answer.
 *
 * A handler that does not page gives whole lists; the SDK then pages by
 * itself, with tokens "sdk-offset:N" that the handler never sees.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/rest.h"
#include "cloud/template.h"
#include "driver/runtime.h"

#define OFFSET "sdk-offset:"
#define FLUSH_AFTER_MS 100 /* items do not wait longer for company */
#define ITEM_MAX (CHUNK_MAX - CHUNK_AIM - 1024)

/* ---- before the handler ----------------------------------------------- */

/* The arguments that are compared with the items' fields. */
static json_t *filters_of(const struct cat_op *op, json_t *args)
{
	json_t *filters = NULL, *value;
	const char *name;

	json_object_foreach (args, name, value) {
		const struct cat_field *arg = cat_arg_find(op, name);

		if (!arg || !(arg->flags & CAT_FILTER) ||
		    !cat_field_find(op->result->fields, name))
			continue;
		if (!filters)
			filters = json_object();
		json_object_set(filters, name, value);
	}
	return filters;
}

static bool take_token(struct request *rq, struct error *err)
{
	struct stream *st = &rq->stream;
	const char *token = json_str(rq->call.args, "page_token", NULL);
	long long skip;

	if (!token || !*token)
		return true;
	st->own_token = !text_starts(token, OFFSET);
	if (st->own_token)
		return true;
	if (!text_to_int(token + strlen(OFFSET), 0, JSON_MAX_INT, &skip))
		return fail_at(err, ERR_INVALID, "/page_token",
			       "page_token is not one that was given out");
	st->skip = (uint64_t)skip;
	json_object_del(rq->call.args, "page_token");
	return true;
}

bool stream_begin(struct request *rq, struct error *err)
{
	const struct cat_op *op = rq->handler->op;
	long long limit = json_int(rq->call.args, "limit", 0);

	if (!rq->handler->paged)
		return true;
	rq->stream.limit = limit > 0 ? (uint64_t)limit : 0;
	if (op && op->result)
		rq->stream.filters = filters_of(op, rq->call.args);
	rq->stream.fields = json_object_get(rq->call.args, "fields");
	return take_token(rq, err);
}

void stream_done(struct stream *st)
{
	json_decref(st->filters);
	buf_done(&st->buf);
}

/* ---- one item --------------------------------------------------------- */

static bool matches(const json_t *want, const json_t *have);

static bool matches_any(const json_t *array, const json_t *other, bool wanted)
{
	size_t i;
	json_t *v;

	json_array_foreach (array, i, v)
		if (wanted ? matches(v, other) : matches(other, v))
			return true;
	return false;
}

/* Equal; of a wanted list any; of an item's list any; of a wanted object
 * (tags) every member. */
static bool matches(const json_t *want, const json_t *have)
{
	const char *name;
	json_t *value;

	if (json_is_array(want))
		return matches_any(want, have, true);
	if (json_is_array(have))
		return matches_any(have, want, false);
	if (!json_is_object(want))
		return json_equal(want, have);
	json_object_foreach ((json_t *)want, name, value)
		if (!matches(value, json_object_get(have, name)))
			return false;
	return true;
}

static bool is_wanted(const struct stream *st, const json_t *item)
{
	return !st->filters || matches(st->filters, item);
}

static bool is_other(const struct hole *hole, void *name)
{
	return !slice_eq(hole->name, name);
}

/* Does the row ask the cloud itself to filter by @name? */
static bool cloud_filters(const struct request *rq, const char *name)
{
	const struct sc_rest *row =
		rq->handler->is_rest
			? rest_choose(rq->call.driver, rq->handler->name,
				      rq->call.args)
			: NULL;

	return row && row->http &&
	       !template_holes(row->http, TEMPLATE_URL, is_other, (void *)name,
			       NULL);
}

/* A filter by what the items do not tell would give an empty list, and nobody
 * would know why.  Where the cloud has filtered, its word counts. */
static bool can_filter(struct request *rq, const json_t *item,
		       struct error *err)
{
	json_t *filters = rq->stream.filters, *unused;
	const char *name;
	void *next;

	json_object_foreach_safe (filters, next, name, unused) {
		(void)unused;
		if (json_object_get(item, name))
			continue;
		if (!cloud_filters(rq, name)) {
			fail(err, ERR_UNSUPPORTED,
			     "%s: its items have no %s, so they cannot be "
			     "filtered by it",
			     rq->call.method, name);
			json_pointer_add(err->path, sizeof(err->path), name);
			return false;
		}
		json_object_del(filters, name);
	}
	return true;
}

static bool is_chosen(const struct stream *st, const char *name)
{
	size_t i;
	json_t *v;

	if (!strcmp(name, "id"))
		return true;
	json_array_foreach (st->fields, i, v)
		if (json_is_string(v) && !strcmp(json_string_value(v), name))
			return true;
	return false;
}

/* What leaves of @item: the fields asked for, `native` only on request. New. */
static json_t *projected(struct request *rq, json_t *item)
{
	const struct stream *st = &rq->stream;
	bool all = json_array_size(st->fields) == 0;
	json_t *out, *value;
	const char *name;

	if (all && (rq->call.native || !json_object_get(item, "native")))
		return json_incref(item);
	out = json_object();
	json_object_foreach (item, name, value) {
		if (!all && !is_chosen(st, name))
			continue;
		if (rq->call.native || strcmp(name, "native"))
			json_object_set(out, name, value);
	}
	return out;
}

/* The list cannot be whole any more: whatever follows, it ends with @err. */
static bool give_up(struct request *rq, const struct error *err)
{
	rq->stream.failed = true;
	reply_fault(rq, err);
	return false;
}

static bool is_sound(struct request *rq, json_t *item)
{
	const struct cat_op *op = rq->handler->op;
	struct error err;

	if (!item) {
		rq->stream.failed = true;
		reply_defect(rq, "a list item is missing");
		return false;
	}
	if (op && op->result && !cat_check_record(op->result, item, &err))
		return give_up(rq, &err);
	if (rq->stream.filters && !can_filter(rq, item, &err))
		return give_up(rq, &err);
	return true;
}

/* ---- chunks ----------------------------------------------------------- */

static bool stopped(struct request *rq)
{
	struct error err;

	if (rq->stream.failed)
		return true;
	if (!sc_cancelled(&rq->call))
		return false;
	fail(&err, ERR_CANCELLED, "%s was cancelled after %llu items",
	     rq->call.method, (unsigned long long)rq->stream.items);
	give_up(rq, &err);
	return true;
}

WAITS static bool wait_for_credit(struct request *rq)
{
	while (rq->stream.credit == 0 && !stopped(rq))
		fiber_park(rq->call.deadline);
	return !stopped(rq);
}

WAITS static bool flush(struct request *rq)
{
	struct stream *st = &rq->stream;
	char seq[48];
	struct slice parts[] = {
		SLICE("{\"jsonrpc\":\"2.0\",\"method\":\"$/chunk\",\"params\":"
		      "{\"id\":\""),
		slice_of(rq->id),
		{ seq, 0 },
		{ 0 },
		SLICE("]}}"),
	};

	if (!wait_for_credit(rq))
		return false;
	parts[2].n = (size_t)snprintf(seq, sizeof(seq),
				      "\",\"seq\":%llu,\"items\":[",
				      (unsigned long long)st->chunks);
	parts[3] = buf_slice(&st->buf);
	if (!rq->rt->send_wait(rq->rt, parts, ARRAY_LEN(parts))) {
		st->failed = !stopped(rq);
		return false;
	}
	st->credit--;
	st->chunks++;
	st->buffered = 0;
	st->flushed_at = clock_ms();
	buf_clear(&st->buf);
	return true;
}

void stream_add_credit(struct request *rq, unsigned n)
{
	unsigned room = UINT32_MAX - rq->stream.credit;

	rq->stream.credit += n < room ? n : room;
	if (rq->fiber)
		fiber_wake(rq->fiber);
}

static bool item_fits(struct request *rq, size_t item)
{
	size_t max = rq->stream.chunked ? ITEM_MAX : rq->rt->max_frame - 512;
	size_t n = rq->stream.chunked ? item : rq->stream.buf.n;
	struct error err;

	if (n <= max)
		return true;
	fail(&err, ERR_CLOUD_BAD_ANSWER,
	     "%s: %zu bytes are over the limit of %zu for one %s",
	     rq->call.method, n, max,
	     rq->stream.chunked ? "item"
				: "answer; ask with a limit or credit");
	return give_up(rq, &err);
}

WAITS static bool put(struct request *rq, json_t *item)
{
	struct stream *st = &rq->stream;
	AUTO_JSON json_t *out = projected(rq, item);
	size_t before = st->buf.n;

	if (st->buffered)
		buf_add_char(&st->buf, ',');
	if (!json_array_size(st->fields) || is_chosen(st, "provider"))
		reply_write_record(rq, out, &st->buf);
	else
		json_write(out, &st->buf);
	st->buffered++;
	st->items++;
	if (!item_fits(rq, st->buf.n - before))
		return false;
	if (!st->chunked)
		return true;
	if (st->buf.n >= CHUNK_AIM ||
	    clock_ms() - st->flushed_at >= FLUSH_AFTER_MS)
		return flush(rq);
	return true;
}

/* ---- for handlers ----------------------------------------------------- */

bool sc_emit(struct sc_call *call, json_t *item)
{
	struct request *rq = request_of(call);
	struct stream *st = &rq->stream;
	AUTO_JSON json_t *owned = item;

	if (stopped(rq) || !is_sound(rq, owned))
		return false;
	if (!is_wanted(st, owned) || st->seen++ < st->skip)
		return true;
	if (!st->own_token && st->limit && st->items == st->limit) {
		st->more = true;
		return false;
	}
	return put(rq, owned);
}

static struct sc_reply *end(struct request *rq, const char *token)
{
	struct stream *st = &rq->stream;
	AUTO(buf_done) struct buf out = { 0 };

	if (st->chunked)
		buf_printf(&out,
			   "{\"type\":\"stream_end\",\"chunks\":%llu,"
			   "\"items\":%llu,\"next_page_token\":",
			   (unsigned long long)st->chunks,
			   (unsigned long long)st->items);
	else {
		buf_add_str(&out, "{\"type\":\"done\",\"value\":{\"items\":[");
		buf_add_slice(&out, buf_slice(&st->buf));
		buf_add_str(&out, "],\"next_page_token\":");
	}
	if (token) {
		buf_add_char(&out, '"');
		buf_add_json_escaped(&out, slice_of(token));
		buf_add_char(&out, '"');
	} else {
		buf_add_str(&out, "null");
	}
	buf_add_str(&out, st->chunked ? "}" : "}}");
	return reply_result(rq, buf_slice(&out));
}

struct sc_reply *sc_list_end(struct sc_call *call, const char *next_page_token)
{
	struct request *rq = request_of(call);
	struct stream *st = &rq->stream;
	char offset[48];

	if (stopped(rq) || (st->chunked && st->buffered && !flush(rq)))
		return &rq->failed;
	if (st->more) {
		snprintf(offset, sizeof(offset), OFFSET "%llu",
			 (unsigned long long)(st->skip + st->items));
		next_page_token = offset;
	}
	if (next_page_token && !*next_page_token)
		next_page_token = NULL;
	return end(rq, next_page_token);
}

struct sc_reply *sc_list(struct sc_call *call, json_t *items,
			 const char *next_page_token)
{
	struct request *rq = request_of(call);
	AUTO_JSON json_t *owned = items;
	json_t *item;
	size_t i;

	if (!json_is_array(owned))
		return reply_defect(rq, "sc_list() was given no array");
	json_array_foreach (owned, i, item)
		if (!sc_emit(call, json_incref(item)))
			break;
	return sc_list_end(call, next_page_token);
}
