/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer whose driver is the test: it says lines and hears what was written.
 * For test_peer.c and test_call.c, each test in a fiber of its own.
 */
#ifndef SKYCLUST_TESTS_UNIT_SCRIPTED_DRIVER_H
#define SKYCLUST_TESTS_UNIT_SCRIPTED_DRIVER_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/sys.h"
#include "rpc/peer_impl.h"

#define GENERATION 7
#define MAX_FRAME (1 << 20)

/* ---- a peer and the bare ends of its pipes ------------------------------- */

static struct fixture {
	struct peer *peer;
	int to_peer, from_peer; /* the driver's stdout and stdin */
	unsigned violations, notifications, ends;
	enum link_end why;
	char what[200];
	char method[64];
	bool free_at_violation, free_at_end;
} fx;

static const struct error stopped = { .code = ERR_DRIVER_UNAVAILABLE,
				      .effect = EFFECT_UNKNOWN,
				      .message = "stopped by the test" };

static void on_violation(struct peer *p, const char *what, struct slice line)
{
	assert_ptr_equal(peer_owner(p), &fx);
	(void)line;
	fx.violations++;
	snprintf(fx.what, sizeof(fx.what), "%s", what);
	if (fx.free_at_violation)
		peer_free(p, &stopped);
}

static void on_notification(struct peer *p, const struct message *m)
{
	(void)p;
	fx.notifications++;
	snprintf(fx.method, sizeof(fx.method), "%.*s", (int)m->method.n,
		 m->method.p);
}

static void on_end(struct peer *p, enum link_end why)
{
	fx.ends++;
	fx.why = why;
	if (fx.free_at_end)
		peer_free(p, &stopped);
}

static const struct peer_events events = { on_violation, on_notification,
					   on_end };

static void open_peer(void)
{
	int in[2], out[2];

	fx = (struct fixture){ 0 };
	assert_int_equal(sys_pipe(in, 0), 0);
	assert_int_equal(sys_pipe(out, O_NONBLOCK), 0);
	fx.to_peer = in[1];
	fx.from_peer = out[0];
	fx.peer = peer_new(in[0], out[1], GENERATION, MAX_FRAME, &events, &fx);
}

static UNUSED void close_driver(void)
{
	if (fx.to_peer >= 0)
		close(fx.to_peer);
	if (fx.from_peer >= 0)
		close(fx.from_peer);
	fx.to_peer = fx.from_peer = -1;
}

static UNUSED void close_peer(void)
{
	close_driver();
	peer_free(fx.peer, &stopped);
}

static UNUSED struct peer_stats stats(void)
{
	struct peer_stats s;

	peer_stats(fx.peer, &s);
	return s;
}

/* What the driver says: a line, its ' stand for ". */
static UNUSED void say(const char *line)
{
	char *text = mem_printf("%s\n", line);

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	assert_true(sys_write_all(fx.to_peer, text, strlen(text)));
	mem_free(text);
}

#define ID(n) "'id':'7." #n "'"
#define RESULT(n, r) "{'jsonrpc':'2.0'," ID(n) ",'result':" r "}"
#define CHUNK(n, seq, items) \
	"{'jsonrpc':'2.0','method':'$/chunk','params':{" ID( \
		n) "," \
		   "'seq':" #seq ",'items':" items "}}"
#define NOTE(n, method, more) \
	"{'jsonrpc':'2.0','method':'" method "','params':{" ID(n) more "}}"

/* What the driver hears, all that was written until now. */
static UNUSED const char *hear(void)
{
	static char text[1 << 16];
	ssize_t n = read(fx.from_peer, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Until what was said has been read and what that made us say is written. */
static UNUSED void settle(void)
{
	int unread = 0;

	do {
		fiber_sleep(1);
		if (fx.to_peer >= 0)
			assert_int_equal(ioctl(fx.to_peer, FIONREAD, &unread),
					 0);
	} while (unread > 0 || stats().queued_bytes > 0);
	fiber_yield();
}

static UNUSED void wait_for_end(void)
{
	while (!fx.ends)
		fiber_sleep(1);
}

/* ---- tests run in a fiber ------------------------------------------------ */

struct run {
	void (*fn)(void);
	bool done;
};

static void run_entry(void *arg)
{
	struct run *run = arg;

	open_peer();
	run->fn();
	run->done = true;
}

static bool run_is_done(void *arg)
{
	return ((struct run *)arg)->done;
}

static size_t live_before;

static UNUSED void in_fiber(void (*fn)(void))
{
	struct run run = { fn };

	live_before = mem_live();
	assert_non_null(fiber_spawn("test", run_entry, &run));
	assert_true(loop_run_until(run_is_done, &run, clock_ms() + 60000));
	assert_int_equal(mem_live(), live_before);
}

static UNUSED const struct rpc_request plain = { .method = "a.b" };
static UNUSED const struct rpc_request stream = { .method = "a.list",
						  .credit = 2 };

static UNUSED struct rpc_call *begin(const struct rpc_request *req)
{
	struct error err;
	struct rpc_call *call = rpc_begin(fx.peer, req, &err);

	if (!call)
		fail_msg("%s", err.message);
	return call;
}

/* The driver says @line; what comes of a call that is open. */
static UNUSED bool ends_with(struct rpc_call *call, const char *line,
			     struct rpc_reply *reply, struct error *err)
{
	say(line);
	return rpc_end(call, reply, err);
}

#define FIBER_TEST(fn) \
	static void test_##fn(void **state) \
	{ \
		(void)state; \
		in_fiber(fn); \
	}

static void nothing(struct timer *timer)
{
	(void)timer;
}

/* Before the group of tests. */
static void set_up_loop(void)
{
	static struct timer warm_up = { .run = nothing };

	mem_use_for_jansson();
	loop_init();
	/* The heap of timers stays with the loop: it is no leak of a test. */
	timer_arm(&warm_up, clock_ms());
}

/* After it; gives @failed on. */
static int tear_down_loop(int failed)
{
	loop_done();
	fiber_done();
	return failed;
}

#endif
