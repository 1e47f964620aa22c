/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handler tells while it runs: progress, at most ten lines a second and
 * never going back, and checkpoints, which are never dropped.
 */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "driver/runtime.h"

#define TELL_EVERY_MS 100

static void notify(struct buf *out, const char *method, json_t *params)
{
	AUTO_JSON json_t *frame = json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0",
					    "method", method, "params", params);

	json_write(frame, out);
}

/* ---- progress --------------------------------------------------------- */

static void tell(struct request *rq)
{
	struct progress *p = &rq->progress;
	AUTO(buf_done) struct buf out = { 0 };
	AUTO_JSON json_t *params =
		json_pack("{s:s, s:I, s:I, s:s}", "id", rq->id, "done",
			  (json_int_t)p->done, "total", (json_int_t)p->total,
			  "message", p->message);
	struct slice part;

	notify(&out, "$/progress", params);
	part = buf_slice(&out);
	rq->rt->send(rq->rt, &part, 1); /* no room: the next one tells more */
	p->pending = false;
	p->told_at = clock_ms();
}

static void on_timer(struct timer *timer)
{
	struct progress *p = container_of(timer, struct progress, timer);

	tell(container_of(p, struct request, progress));
}

void sc_progress(struct sc_call *call, long long done, long long total,
		 const char *message)
{
	struct request *rq = request_of(call);
	struct progress *p = &rq->progress;

	if (!p->wanted || done < p->done)
		return;
	p->done = done;
	p->total = total;
	text_copy(p->message, sizeof(p->message), message ? message : "");
	if (p->pending)
		return;
	if (p->told_at == 0 || clock_ms() - p->told_at >= TELL_EVERY_MS) {
		tell(rq);
		return;
	}
	p->pending = true;
	p->timer.run = on_timer;
	timer_arm(&p->timer, p->told_at + TELL_EVERY_MS);
}

void progress_stop(struct progress *p)
{
	timer_stop(&p->timer);
}

/* ---- checkpoint ------------------------------------------------------- */

void sc_checkpoint(struct sc_call *call, json_t *data)
{
	struct request *rq = request_of(call);
	AUTO(buf_done) struct buf out = { 0 };
	AUTO_JSON json_t *params =
		json_pack("{s:s, s:o?}", "id", rq->id, "data", data);
	struct slice part;

	notify(&out, "$/checkpoint", params);
	part = buf_slice(&out);
	if (!rq->rt->send_wait(rq->rt, &part, 1))
		log_warn("nobody reads the checkpoint",
			 LOG_STR("method", call->method));
}
