/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Until operations are stored, the request itself waits for the cloud.
 */
#include "pending.h"

#include "api_impl.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "reply.h"

#define LEAST_MS 50
#define MOST_MS 30000
#define USUAL_MS 1000
#define SPARE_MS 1000 /* what one more question may take */

/* {"handle":…, "poll_after_ms":…}; new. */
static json_t *read_pending(const struct driver_reply *reply)
{
	return json_read(reply->value.p, reply->value.n, NULL);
}

static int64_t pause_of(const json_t *pending)
{
	long long ms = json_int(pending, "poll_after_ms", USUAL_MS);

	return ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : ms;
}

/* Ask once; @reply is replaced. */
WAITS static bool ask_again(struct request *req,
			    const struct driver_request *asked,
			    const json_t *pending, struct driver_reply *reply,
			    struct error *err)
{
	AUTO_JSON json_t *args = json_pack("{sO?}", "handle",
					   json_object_get(pending, "handle"));
	struct driver_request ask = *asked;

	ask.method = "op.poll";
	ask.mutates = false;
	ask.args = args;
	ask.on_items = NULL;
	driver_reply_done(reply);
	return driver_call(api_of(req)->options.registry, &ask, reply, err);
}

WAITS bool pending_wait(struct request *req, const struct driver_request *asked,
			struct driver_reply *reply, struct error *err)
{
	while (reply->pending) {
		AUTO_JSON json_t *pending = read_pending(reply);
		int64_t pause = pause_of(pending);

		if (clock_left(asked->deadline) < pause + SPARE_MS)
			return true;
		if (fiber_sleep(pause) == WAIT_CANCELLED) {
			driver_reply_done(reply);
			return fail(err, ERR_CANCELLED, "the client is gone");
		}
		if (!ask_again(req, asked, pending, reply, err))
			return false;
	}
	return true;
}

void pending_answer(struct request *req, struct driver_reply *reply)
{
	AUTO_JSON json_t *pending = read_pending(reply);
	AUTO_FREE char *seconds =
		mem_printf("%lld", (long long)(pause_of(pending) + 999) / 1000);

	http_add_header(req, "Retry-After", seconds);
	reply_json(req, 202, json_pack("{ss}", "state", "running"));
}
