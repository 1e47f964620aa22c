/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver's run time in this process, which is asked one question after the
 * other, as its host would.
 */
#ifndef SKYCLUST_TESTS_UNIT_ONE_QUESTION_H
#define SKYCLUST_TESTS_UNIT_ONE_QUESTION_H

#include "unit.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/loop.h"
#include "driver/runtime.h"

static struct runtime rt;
static struct buf said; /* the value, or the error's message */
static bool refused;	/* it was an error */

static inline bool receive(struct runtime *r, const struct slice *parts,
			   size_t n)
{
	AUTO(buf_done) struct buf frame = { 0 };
	struct message_field value;
	struct message m;
	struct error err;

	(void)r;
	for (size_t i = 0; i < n; i++)
		buf_add_slice(&frame, parts[i]);
	assert_true(message_parse(buf_slice(&frame), &m, &err));
	if (m.type == MSG_RESULT && message_field(&m, "value", &value)) {
		buf_add_slice(&said, value.raw);
	} else if (m.type == MSG_ERROR) {
		message_error(m.error, &err);
		buf_add_str(&said, err.message);
		refused = true;
	}
	return true;
}

static inline bool idle(void *arg)
{
	(void)arg;
	return list_empty(&rt.open);
}

static inline void runtime_open(const struct sc_driver *d)
{
	runtime_init(&rt, d);
	rt.send = rt.send_wait = receive;
	rt.state = RUNTIME_READY;
}

static inline void runtime_close(void)
{
	runtime_done(&rt);
	buf_done(&said);
}

/* Returns when @method (@params: stolen) has been answered. */
static inline void runtime_ask(const char *method, json_t *params)
{
	AUTO_JSON json_t *frame =
		json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", "0.1",
			  "method", method, "params", params);
	AUTO(buf_done) struct buf text = { 0 };
	struct message m;
	struct error err;

	buf_clear(&said);
	refused = false;
	json_write(frame, &text);
	assert_true(message_parse(buf_slice(&text), &m, &err));
	dispatch(&rt, &m);
	assert_true(loop_run_until(idle, NULL, 0));
}

#endif
