/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --call: one operation from a person's hand.  It plays the host within the
 * process: a handshake and a request go through the same dispatcher as those
 * of the real host, and what comes back is printed instead of sent.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/loop.h"
#include "cloud/record.h"
#include "driver/commands.h"
#include "driver/options.h"
#include "driver/runtime.h"
#include "rpc/frame.h"

#define HELLO_ID "0.0"
#define CALL_ID "0.1"
#define DEADLINE_MS (10 * 60 * 1000)

struct caller {
	struct runtime rt;
	struct options options;
	int status;
};

/* ---- what goes in ----------------------------------------------------- */

static void ask(struct caller *c, const char *id, const char *method,
		json_t *params)
{
	AUTO_JSON json_t *frame =
		json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", id,
			  "method", method, "params", params);
	struct buf text = { 0 };
	struct message m;
	struct error err;

	json_write(frame, &text);
	if (message_parse(buf_slice(&text), &m, &err))
		dispatch(&c->rt, &m);
	buf_wipe(&text);
}

static void ask_hello(struct caller *c)
{
	ask(c, HELLO_ID, "initialize",
	    json_pack("{s:[s], s:{s:i}, s:O, s:s*}", "protocol", SDP_VERSION,
		      "limits", "max_frame", FRAME_MAX_LIMIT, "config",
		      c->options.config, "state_dir", c->options.state_dir));
}

static void ask_operation(struct caller *c)
{
	const struct options *o = &c->options;

	ask(c, CALL_ID, o->op,
	    json_pack("{s:{s:i, s:s*, s:b, s:b}, s:O, s:O}", "ctx",
		      "deadline_ms", DEADLINE_MS, "region", o->region,
		      "progress", 1, "native", o->native, "secrets", o->secrets,
		      "args", o->args));
}

/* ---- what comes out --------------------------------------------------- */

static void print_raw(FILE *to, struct slice raw)
{
	AUTO_JSON json_t *v = json_read(raw.p, raw.n, NULL);

	json_dumpf(v, to, JSON_INDENT(2) | JSON_ENCODE_ANY);
	fputc('\n', to);
}

static void end(struct caller *c, int status)
{
	c->status = status;
	loop_stop();
}

static void answered(struct caller *c, const struct message *m)
{
	struct message_field value;

	if (m->type == MSG_ERROR) {
		print_raw(stderr, m->error);
		end(c, 1);
	} else if (slice_eq(m->id, HELLO_ID)) {
		ask_operation(c);
	} else {
		print_raw(stdout, message_field(m, "value", &value)
					  ? value.raw
					  : m->result);
		end(c, 0);
	}
}

static bool receive(struct runtime *rt, const struct slice *parts, size_t n)
{
	struct caller *c = container_of(rt, struct caller, rt);
	AUTO(buf_done) struct buf frame = { 0 };
	struct message m;
	struct error err;

	for (size_t i = 0; i < n; i++)
		buf_add_slice(&frame, parts[i]);
	if (!message_parse(buf_slice(&frame), &m, &err)) {
		fprintf(stderr, "%s\n", err.message);
		end(c, 1);
	} else if (m.type == MSG_NOTIFICATION) {
		if (slice_eq(m.method, "$/starting"))
			return true;
		fprintf(stderr, "%.*s %.*s\n", (int)m.method.n, m.method.p,
			(int)m.params.n, m.params.p);
	} else {
		answered(c, &m);
	}
	return true;
}

/* ---- the command ------------------------------------------------------ */

static bool prepare(const struct options *o, struct error *err)
{
	if (o->replay && !replay_from(o->replay, err))
		return false;
	return !o->record || record_to(o->record, err);
}

static void on_idle(struct runtime *rt)
{
	/* The handshake ended and the operation did not begin. */
	if (rt->state == RUNTIME_FRESH)
		loop_stop();
}

static int run(struct caller *c, const struct sc_driver *driver)
{
	runtime_init(&c->rt, driver);
	c->rt.send = receive;
	c->rt.send_wait = receive;
	c->rt.on_idle = on_idle;
	c->status = 1;
	ask_hello(c);
	loop_run();
	runtime_done(&c->rt);
	return c->status;
}

int call_main(const struct sc_driver *driver, int argc, char **argv)
{
	struct caller caller = { 0 };
	struct error err;
	int status = EX_USAGE;

	if (options_read(&caller.options, driver, argc, argv, &err) &&
	    prepare(&caller.options, &err))
		status = run(&caller, driver);
	else
		fprintf(stderr, "%s --call: %s\n", driver->name, err.message);
	options_done(&caller.options);
	return status;
}
