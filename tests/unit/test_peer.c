/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers: calls against a scripted driver at the other end of the pipes.  The
 * driver of most tests is a table of lines; that of the races answers by
 * itself at random times of a virtual clock.
 */
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

static void close_driver(void)
{
	if (fx.to_peer >= 0)
		close(fx.to_peer);
	if (fx.from_peer >= 0)
		close(fx.from_peer);
	fx.to_peer = fx.from_peer = -1;
}

static void close_peer(void)
{
	close_driver();
	peer_free(fx.peer, &stopped);
}

static struct peer_stats stats(void)
{
	struct peer_stats s;

	peer_stats(fx.peer, &s);
	return s;
}

/* What the driver says: a line, its ' stand for ". */
static void say(const char *line)
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
static const char *hear(void)
{
	static char text[1 << 16];
	ssize_t n = read(fx.from_peer, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Until what was said has been read and what that made us say is written. */
static void settle(void)
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

static void wait_for_end(void)
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

static void in_fiber(void (*fn)(void))
{
	struct run run = { fn };

	live_before = mem_live();
	assert_non_null(fiber_spawn("test", run_entry, &run));
	assert_true(loop_run_until(run_is_done, &run, clock_ms() + 60000));
	assert_int_equal(mem_live(), live_before);
}

static const struct rpc_request plain = { .method = "a.b" };
static const struct rpc_request stream = { .method = "a.list", .credit = 2 };

static struct rpc_call *begin(const struct rpc_request *req)
{
	struct error err;
	struct rpc_call *call = rpc_begin(fx.peer, req, &err);

	if (!call)
		fail_msg("%s", err.message);
	return call;
}

/* The driver says @line; what comes of a call that is open. */
static bool ends_with(struct rpc_call *call, const char *line,
		      struct rpc_reply *reply, struct error *err)
{
	say(line);
	return rpc_end(call, reply, err);
}

/* ---- plain calls --------------------------------------------------------- */

static void call_and_answer(void)
{
	struct rpc_request req = { .method = "instance.get",
				   .params = SLICE("{\"a\":\n1}") };
	struct rpc_call *call = begin(&req);
	struct rpc_reply reply;
	struct error err;

	assert_int_equal(stats().inflight, 1);
	assert_true(ends_with(call,
			      RESULT(1, "{'type':'done','value':{'x':[1]}}"),
			      &reply, &err));
	assert_int_equal(reply.type, RPC_DONE);
	assert_true(slice_eq(reply.value, "{\"x\":[1]}"));
	rpc_reply_done(&reply);
	assert_string_equal(hear(), "{\"jsonrpc\":\"2.0\",\"id\":\"7.1\","
				    "\"method\":\"instance.get\","
				    "\"params\":{\"a\": 1}}\n");
	assert_int_equal(stats().inflight, 0);
	assert_int_equal(stats().answers, 1);
	assert_int_equal(stats().calls, 1);
	assert_int_equal(fx.violations, 0);
	close_peer();
}

static const struct {
	const char *line;
	int type;
	const char *value, *token;
} results[] = {
	{ RESULT(1, "{'type':'done','value':null}"), RPC_DONE, "null", "" },
	{ RESULT(1, "{'type':'done'}"), RPC_DONE, "null", "" },
	{ RESULT(1, "{'value':'x','type':'done'}"), RPC_DONE, "\"x\"", "" },
	{ RESULT(1, "{'protocol':'1.0'}"), RPC_OTHER, "{\"protocol\":\"1.0\"}",
	  "" },
	{ RESULT(1, "[1]"), RPC_OTHER, "[1]", "" },
	{ RESULT(1, "{'type':'pending','handle':'h'}"), RPC_PENDING,
	  "{\"type\":\"pending\",\"handle\":\"h\"}", "" },
	{ RESULT(1, "{'type':'stream_end','chunks':0,'items':0,"
		    "'next_page_token':'t'}"),
	  RPC_STREAM_END, NULL, "\"t\"" },
	{ RESULT(1, "{'type':'stream_end','chunks':0,'items':0,"
		    "'next_page_token':null}"),
	  RPC_STREAM_END, NULL, "" },
};

static void every_result(void)
{
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		struct rpc_reply reply;
		struct error err;

		assert_true(ends_with(begin(&plain), results[i].line, &reply,
				      &err));
		assert_int_equal(reply.type, results[i].type);
		if (results[i].value)
			assert_true(slice_eq(reply.value, results[i].value));
		assert_true(slice_eq(reply.next_page_token, results[i].token));
		rpc_reply_done(&reply);
		close_peer();
		open_peer();
	}
	close_peer();
}

static const char *const broken_results[] = {
	RESULT(1, "{'type':'unheard-of'}"),
	RESULT(1, "{'type':'pending'}"),
	RESULT(1, "{'type':'stream_end'}"),
	RESULT(1, "{'type':'stream_end','chunks':0}"),
	RESULT(1, "{'type':'stream_end','chunks':1,'items':0}"),
	RESULT(1, "{'type':'stream_end','chunks':0,'items':-1}"),
	"{'jsonrpc':'2.0'," ID(1) ",'result':1,'error':{'code':1}}",
	"{'jsonrpc':'2.0'," ID(1) "}",
	"{'jsonrpc':'2.0'," ID(1) ",'error':{}}",
};

static void every_broken_result(void)
{
	for (size_t i = 0; i < ARRAY_LEN(broken_results); i++) {
		struct rpc_reply reply;
		struct error err;

		assert_false(ends_with(begin(&plain), broken_results[i], &reply,
				       &err));
		assert_int_equal(err.code, ERR_DRIVER_BAD_ANSWER);
		assert_int_equal(stats().inflight, 0);
		assert_int_equal(stats().abandoned, 0);
		close_peer();
		open_peer();
	}
	close_peer();
}

static void error_answer(void)
{
	struct rpc_reply reply;
	struct error err;

	assert_false(ends_with(
		begin(&plain),
		"{'jsonrpc':'2.0'," ID(
			1) ",'error':{'code':-31008,"
			   "'message':'full','data':{'effect':'none'}}}",
		&reply, &err));
	assert_int_equal(err.code, ERR_QUOTA);
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_string_equal(err.message, "full");
	assert_int_equal(stats().errors, 1);
	assert_false(
		ends_with(begin(&plain),
			  "{'jsonrpc':'2.0'," ID(2) ",'error':{'code':-31004,"
						    "'message':'x'}}",
			  &reply, NULL));
	close_peer();
}

/* Answers find their call in whatever order they come. */
static void out_of_order(void)
{
	enum { CALLS = 200 };
	struct rpc_call *calls[CALLS];

	for (int i = 0; i < CALLS; i++)
		calls[i] = begin(&plain);
	for (int i = CALLS; i > 0; i--) {
		char line[128];

		snprintf(line, sizeof(line),
			 "{'jsonrpc':'2.0','id':'7.%d','result':"
			 "{'type':'done','value':%d}}",
			 i, i);
		say(line);
	}
	for (int i = 0; i < CALLS; i++) {
		struct rpc_reply reply;
		char value[16];

		assert_true(rpc_end(calls[i], &reply, NULL));
		snprintf(value, sizeof(value), "%d", i + 1);
		assert_true(slice_eq(reply.value, value));
		rpc_reply_done(&reply);
	}
	assert_int_equal(fx.violations, 0);
	close_peer();
}

/* A long answer takes the reader's buffer along. */
static void long_answer(void)
{
	struct buf line = { 0 };
	struct rpc_reply reply, next;
	struct error err;

	buf_add_str(&line, "{'jsonrpc':'2.0'," ID(
				   1) ",'result':{'type':'done','value':'");
	while (line.n < 300 << 10)
		buf_add_str(&line, "0123456789abcdef");
	buf_add_str(&line, "'}}");
	fcntl(fx.to_peer, F_SETPIPE_SZ, 1 << 20);
	assert_true(ends_with(begin(&plain), line.p, &reply, &err));
	/* It must outlive what the reader does next. */
	assert_true(ends_with(begin(&plain), RESULT(2, "{'type':'done'}"),
			      &next, &err));
	assert_true(reply.value.n > 299 << 10);
	for (size_t i = 1; i + 1 < reply.value.n; i++)
		assert_int_equal(reply.value.p[i],
				 "0123456789abcdef"[(i - 1) % 16]);
	rpc_reply_done(&reply);
	rpc_reply_done(&next);
	buf_done(&line);
	rpc_reply_done(NULL);
	close_peer();
}

static void refused_at_once(void)
{
	struct buf big = { 0 };
	struct rpc_request req = { .method = "bad\"method" };
	struct error err;

	assert_null(rpc_begin(fx.peer, &req, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_null(rpc_begin(fx.peer, &req, NULL));
	buf_reserve(&big, MAX_FRAME);
	memset(big.p, ' ', MAX_FRAME);
	big.n = MAX_FRAME;
	req = (struct rpc_request){ .method = "a.b",
				    .params = buf_slice(&big) };
	assert_null(rpc_begin(fx.peer, &req, &err));
	assert_int_equal(err.code, ERR_TOO_LARGE);
	buf_done(&big);
	close_peer();
}

/* ---- what a driver may send and nothing comes of it ---------------------- */

static const struct {
	const char *line;
	unsigned not_json, unknown_id, violations, notifications;
} noise[] = {
	{ "*** Welcome to ACME cloud tools ***", 1, 0, 1, 0 },
	{ "[" RESULT(1, "1") "]", 1, 0, 1, 0 },
	{ RESULT(99, "1"), 0, 1, 1, 0 },
	{ "{'jsonrpc':'2.0','id':'6.1','result':1}", 0, 1, 1, 0 },
	{ "{'jsonrpc':'2.0','id':'1','result':1}", 0, 1, 1, 0 },
	{ "{'jsonrpc':'2.0','id':'7.0','result':1}", 0, 1, 1, 0 },
	{ "{'jsonrpc':'2.0','id':1,'result':1}", 1, 0, 1, 0 },
	{ "{'jsonrpc':'2.0','id':null,'error':{'code':1,'message':'x'}}", 0, 1,
	  1, 0 },
	{ "{'jsonrpc':'2.0','id':'x','method':'give.me'}", 1, 0, 1, 0 },
	{ "{'jsonrpc':'2.0','method':'$/log','params':{}}", 0, 0, 0, 1 },
	{ "{'jsonrpc':'2.0','method':'$/pong'}", 0, 0, 0, 1 },
	{ "{'jsonrpc':'2.0','method':'$/whatever'}", 0, 0, 0, 1 },
	{ CHUNK(99, 0, "[]"), 0, 1, 1, 0 },
	{ "{'jsonrpc':'2.0','method':'$/chunk'}", 0, 1, 1, 0 },
	{ NOTE(99, "$/progress", ""), 0, 1, 1, 0 },
	{ "{'\xff':1}", 1, 0, 1, 0 },
	{ "\x01\x02\x7f", 1, 0, 1, 0 },
};

/* Each kind of noise is counted, and the call beside it is answered. */
static void all_noise(void)
{
	for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
		struct rpc_call *call = begin(&plain);
		struct rpc_reply reply;

		say(noise[i].line);
		assert_true(ends_with(call, RESULT(1, "{'type':'done'}"),
				      &reply, NULL));
		assert_int_equal(reply.type, RPC_DONE);
		rpc_reply_done(&reply);
		if (stats().not_json != noise[i].not_json ||
		    stats().unknown_id != noise[i].unknown_id ||
		    fx.violations != noise[i].violations ||
		    fx.notifications != noise[i].notifications)
			fail_msg("miscounted: %s (%s)", noise[i].line, fx.what);
		close_peer();
		open_peer();
	}
	close_peer();
}

static void answered_twice(void)
{
	struct rpc_reply reply;

	say(RESULT(1, "{'type':'done','value':1}"));
	assert_int_equal(stats().unknown_id, 0);
	settle();
	assert_int_equal(stats().unknown_id, 1); /* before it was asked */
	assert_true(ends_with(begin(&plain), RESULT(1, "{'type':'done'}"),
			      &reply, NULL));
	rpc_reply_done(&reply);
	say(RESULT(1, "{'type':'done','value':2}"));
	settle();
	assert_int_equal(stats().unknown_id, 2);
	assert_int_equal(stats().answers, 1);
	close_peer();
}

/* One violation a line, however long; the reader is in step after each. */
static void hostile_lines(void)
{
	struct rpc_call *call = begin(&plain);
	struct buf line = { 0 };
	struct rpc_reply reply;

	fcntl(fx.to_peer, F_SETPIPE_SZ, 1 << 20);
	buf_add_str(&line, "{'jsonrpc':'2.0'," ID(1) ",'result':");
	for (int i = 0; i < 500000; i++)
		buf_add_char(&line, '[');
	say(line.p);
	settle();
	buf_clear(&line);
	buf_add_str(&line, "{'a':{");
	for (int i = 0; i < 60000; i++)
		buf_printf(&line, "'k%d':%d,", i, i);
	buf_add_str(&line, "'k0':0}}");
	say(line.p);
	settle();
	assert_true(sys_write_all(fx.to_peer, "\0\0{}\0\n", 6));
	for (int i = 0; i < 40; i++) {
		char block[65536];

		memset(block, 'x', sizeof(block));
		assert_true(sys_write_all(fx.to_peer, block, sizeof(block)));
		settle();
	}
	say("");
	assert_true(
		ends_with(call, RESULT(1, "{'type':'done'}"), &reply, NULL));
	rpc_reply_done(&reply);
	assert_int_equal(stats().not_json, 3);
	assert_int_equal(stats().oversized, 1);
	assert_int_equal(fx.violations, 4);
	buf_done(&line);
	close_peer();
}

/* ---- streams ------------------------------------------------------------- */

static void stream_of_chunks(void)
{
	struct rpc_call *call = begin(&stream);
	struct rpc_event e;
	struct rpc_reply reply;

	say(CHUNK(1, 0, "[{'id':1},{'id':2}]"));
	say(NOTE(1, "$/progress", ",'done':1"));
	say(NOTE(1, "$/progress", ",'done':2"));
	say(NOTE(1, "$/checkpoint", ",'data':{'vm':'a'}"));
	say(NOTE(1, "$/checkpoint", ",'data':{'vm':'b'}"));
	say(CHUNK(1, 1, "[]"));
	settle();
	hear();
	assert_true(rpc_next(call, &e) && e.type == RPC_CHUNK);
	assert_int_equal(e.items, 2);
	assert_true(slice_eq(e.data, "[{\"id\":1},{\"id\":2}]"));
	assert_true(rpc_next(call, &e) && e.type == RPC_PROGRESS);
	assert_true(slice_eq(e.data, "{\"id\":\"7.1\",\"done\":2}"));
	assert_true(rpc_next(call, &e) && e.type == RPC_CHECKPOINT);
	assert_true(slice_eq(e.data, "{\"vm\":\"a\"}"));
	assert_true(rpc_next(call, &e) && e.type == RPC_CHECKPOINT);
	assert_true(rpc_next(call, &e) && e.type == RPC_CHUNK);
	assert_int_equal(e.items, 0);
	settle();
	assert_string_equal(hear(),
			    "{\"jsonrpc\":\"2.0\",\"method\":\"$/credit\","
			    "\"params\":{\"id\":\"7.1\",\"n\":1}}\n");
	say(RESULT(1, "{'type':'stream_end','chunks':2,'items':2,"
		      "'next_page_token':'more'}"));
	assert_false(rpc_next(call, &e));
	assert_true(rpc_end(call, &reply, NULL));
	assert_int_equal(reply.type, RPC_STREAM_END);
	assert_int_equal(reply.chunks, 2);
	assert_int_equal(reply.items, 2);
	assert_true(slice_eq(reply.next_page_token, "\"more\""));
	rpc_reply_done(&reply);
	assert_int_equal(fx.violations, 0);
	close_peer();
}

/* Who only waits for the end passes the events over, and gives credit. */
static void stream_passed_over(void)
{
	struct rpc_call *call = begin(&stream);
	struct rpc_reply reply;

	say(CHUNK(1, 0, "[1]"));
	say(CHUNK(1, 1, "[2]"));
	say(RESULT(1, "{'type':'stream_end','chunks':2,'items':2}"));
	assert_true(rpc_end(call, &reply, NULL));
	rpc_reply_done(&reply);
	close_peer();
}

static const char *const broken_streams[][4] = {
	{ CHUNK(1, 1, "[]") },
	{ CHUNK(1, 0, "[]"), CHUNK(1, 0, "[]") },
	{ CHUNK(1, 0, "[]"), CHUNK(1, 2, "[]") },
	{ CHUNK(1, 0, "[]"), CHUNK(1, 1, "[]"), CHUNK(1, 2, "[]") },
	{ CHUNK(1, 0, "{}") },
	{ CHUNK(1, '0', "[]") },
	{ NOTE(1, "$/chunk", ",'seq':0") },
	{ NOTE(1, "$/chunk", ",'items':[]") },
	{ NOTE(1, "$/checkpoint", "") },
};

/* Each ends the call, asks the driver to stop, and waits for no answer. */
static void all_broken_streams(void)
{
	for (size_t i = 0; i < ARRAY_LEN(broken_streams); i++) {
		struct rpc_call *call = begin(&stream);
		struct rpc_reply reply;
		struct error err;

		for (size_t k = 0; k < 4 && broken_streams[i][k]; k++)
			say(broken_streams[i][k]);
		settle();
		assert_false(rpc_end(call, &reply, &err));
		assert_int_equal(err.code, ERR_DRIVER_BAD_ANSWER);
		assert_int_equal(stats().bad_stream, 1);
		assert_int_equal(fx.violations, 1);
		assert_int_equal(stats().abandoned, 1);
		assert_non_null(strstr(hear(), "$/cancel"));
		say(CHUNK(1, 5, "[]"));
		say(RESULT(1, "1"));
		settle();
		assert_int_equal(stats().abandoned, 0);
		assert_int_equal(fx.violations, 1);
		close_peer();
		open_peer();
	}
	close_peer();
}

static const char *const truncated_ends[] = {
	RESULT(1, "{'type':'stream_end','chunks':2,'items':1}"),
	RESULT(1, "{'type':'stream_end','chunks':1,'items':2}"),
	RESULT(1, "{'type':'stream_end','chunks':1}"),
	RESULT(1, "{'type':'done','value':[]}"),
	RESULT(1, "{}"),
};

static void all_truncated_streams(void)
{
	for (size_t i = 0; i < ARRAY_LEN(truncated_ends); i++) {
		struct rpc_call *call = begin(&stream);
		struct rpc_reply reply;
		struct error err;

		say(CHUNK(1, 0, "[1]"));
		assert_false(ends_with(call, truncated_ends[i], &reply, &err));
		assert_int_equal(err.code, ERR_DRIVER_BAD_ANSWER);
		assert_int_equal(stats().bad_stream, 1);
		close_peer();
		open_peer();
	}
	close_peer();
}

/* A driver that keeps sending is bounded: by credit, coalescing, a count. */
static void floods_are_bounded(void)
{
	struct rpc_call *call = begin(&plain);
	struct rpc_reply reply;
	struct error err;
	size_t before;

	say(NOTE(1, "$/progress", ",'done':0"));
	settle();
	before = mem_live();
	for (int i = 0; i < 100; i++)
		say(NOTE(1, "$/progress", ",'done':1"));
	settle();
	assert_int_equal(mem_live(), before);
	for (int i = 0; i < 17; i++)
		say(NOTE(1, "$/checkpoint", ",'data':1"));
	settle();
	assert_int_equal(stats().bad_stream, 1);
	assert_false(rpc_end(call, &reply, &err));
	assert_string_equal(err.message, "the driver broke the protocol: too "
					 "many checkpoints at once");
	close_peer();
}

/* ---- cancel and deadline ------------------------------------------------- */

static struct fiber *victim;
static struct error victim_err;
static bool victim_done;

static void victim_entry(void *arg)
{
	struct rpc_reply reply;

	assert_false(rpc_call(fx.peer, arg, &reply, &victim_err));
	victim_done = true;
}

static void spawn_victim(const struct rpc_request *req)
{
	victim_done = false;
	victim = fiber_spawn("victim", victim_entry, (void *)req);
	assert_non_null(victim);
	settle();
	hear();
}

static void cancel_and_late_answer(void)
{
	spawn_victim(&plain);
	fiber_cancel(victim);
	settle();
	assert_true(victim_done);
	assert_int_equal(victim_err.code, ERR_CANCELLED);
	assert_int_equal(stats().inflight, 0);
	assert_int_equal(stats().abandoned, 1);
	assert_string_equal(hear(),
			    "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\","
			    "\"params\":{\"id\":\"7.1\",\"reason\":"
			    "\"cancelled\"}}\n");
	say(CHUNK(1, 0, "[]"));
	say(RESULT(1, "{'type':'done'}"));
	settle();
	assert_int_equal(stats().abandoned, 0);
	assert_int_equal(stats().unknown_id, 0);
	assert_int_equal(fx.violations, 0);
	say(RESULT(1, "{'type':'done'}"));
	settle();
	assert_int_equal(stats().unknown_id, 1);
	close_peer();
}

static void deadline_passes(void)
{
	struct rpc_request req = plain;

	req.deadline = clock_ms() + 3;
	spawn_victim(&req);
	while (!victim_done)
		fiber_sleep(1);
	assert_int_equal(victim_err.code, ERR_DEADLINE);
	settle();
	assert_non_null(strstr(hear(), "\"reason\":\"deadline\""));
	assert_int_equal(stats().abandoned, 1);
	/* Garbage as the late answer is an answer, too. */
	say("{'jsonrpc':'2.0'," ID(1) "}");
	settle();
	assert_int_equal(stats().abandoned, 0);
	close_peer();
}

/* A stream that always has something to read ends at its deadline, too. */
static void deadline_within_a_stream(void)
{
	struct rpc_request req = stream;
	struct rpc_reply reply;
	struct rpc_call *call;
	struct rpc_event e;
	struct error err;

	req.deadline = clock_ms() + 60000;
	call = begin(&req);
	say(CHUNK(1, 0, "[]"));
	say(CHUNK(1, 1, "[]"));
	settle();
	assert_true(rpc_next(call, &e));
	call->deadline = clock_ms();
	assert_false(rpc_next(call, &e));
	assert_false(rpc_end(call, &reply, &err));
	assert_int_equal(err.code, ERR_DEADLINE);
	close_peer();
}

/* What was never answered must not be remembered for ever. */
static void forgotten_calls(void)
{
	struct pending t;
	struct rpc_call *call = (struct rpc_call *)&t; /* never looked into */
	uint64_t first, last = 0;

	pending_init(&t);
	first = pending_add(&t, call);
	for (int i = 0; i < 10 * PENDING_ABANDONED_MAX; i++) {
		uint64_t n = pending_add(&t, call);

		assert_true(n > last);
		last = n;
		pending_abandon(&t, pending_find(&t, n));
	}
	assert_int_equal(t.open, 1);
	assert_true(t.size <= 4 * PENDING_ABANDONED_MAX);
	assert_ptr_equal(pending_find(&t, first)->call, call);
	assert_null(pending_find(&t, 0));
	pending_done(&t);
	close_peer();
}

/* ---- ends ---------------------------------------------------------------- */

static void driver_dies(void)
{
	struct rpc_call *call = begin(&plain), *unsent;
	struct rpc_reply reply;
	struct error err;

	settle();
	unsent = begin(&plain);
	close_driver();
	assert_false(rpc_end(call, &reply, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_UNKNOWN);
	/* Nothing of this one had left: it can be sent again. */
	assert_false(rpc_end(unsent, &reply, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	assert_int_equal(err.effect, EFFECT_NONE);
	wait_for_end();
	assert_int_equal(fx.ends, 1);
	assert_null(rpc_begin(fx.peer, &plain, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	fiber_sleep(1);
	assert_int_equal(fx.ends, 1);
	assert_false(peer_ping(fx.peer, 1));
	close_peer();
}

/* What the driver had answered before it died still counts. */
static void answer_then_death(void)
{
	struct rpc_call *call = begin(&plain);
	struct rpc_reply reply;

	settle();
	say(RESULT(1, "{'type':'done','value':1}"));
	close_driver();
	assert_true(rpc_end(call, &reply, NULL));
	rpc_reply_done(&reply);
	wait_for_end();
	assert_int_equal(fx.why, LINK_EOF);
	close_peer();
}

static void driver_closes_input(void)
{
	struct rpc_call *sent = begin(&plain), *unsent;
	struct rpc_reply reply;
	struct error err;

	settle();
	close(fx.from_peer);
	fx.from_peer = -1;
	unsent = begin(&plain);
	assert_false(rpc_end(unsent, &reply, &err));
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_string_equal(err.message, "the driver closed its input");
	assert_int_equal(fx.ends, 1);
	assert_int_equal(fx.why, LINK_WRITE_FAILED);
	assert_null(rpc_begin(fx.peer, &plain, &err));
	assert_true(
		ends_with(sent, RESULT(1, "{'type':'done'}"), &reply, NULL));
	rpc_reply_done(&reply);
	close_driver();
	settle();
	assert_int_equal(fx.ends, 1);
	close_peer();
}

static void reading_fails(void)
{
	struct rpc_call *call = begin(&plain);
	struct rpc_reply reply;
	struct error err;

	say("x");
	sys_fail(SYS_READ, 1, EIO);
	assert_false(rpc_end(call, &reply, &err));
	assert_non_null(strstr(err.message, "Input/output error"));
	close_peer();
}

static void stopped_by_the_host(void)
{
	struct rpc_call *call = begin(&plain);
	struct rpc_reply reply;
	struct error err;

	settle();
	peer_fail_all(fx.peer, &stopped);
	peer_fail_all(fx.peer, NULL);
	assert_false(rpc_end(call, &reply, &err));
	assert_string_equal(err.message, "stopped by the test");
	assert_null(rpc_begin(fx.peer, &plain, &err));
	assert_string_equal(err.message, "stopped by the test");
	close_driver();
	wait_for_end();
	assert_int_equal(fx.ends, 1);
	close_peer();
}

/* The peer lives until its last caller has left it. */
static void freed_with_callers_inside(void)
{
	struct rpc_call *call = begin(&stream), *other = begin(&plain);
	struct rpc_reply reply;
	struct rpc_event e;
	struct error err;

	say(CHUNK(1, 0, "[1]"));
	settle();
	peer_free(fx.peer, NULL);
	peer_free(fx.peer, NULL);
	assert_true(rpc_next(call, &e));
	assert_false(rpc_next(call, &e));
	assert_false(rpc_end(call, &reply, &err));
	assert_string_equal(err.message, "the driver was stopped");
	assert_false(rpc_end(other, &reply, &err));
	peer_free(NULL, NULL);
	close_driver();
}

static void freed_inside_callbacks(void)
{
	fx.free_at_violation = true;
	say("garbage");
	say("garbage");
	while (!fx.violations)
		fiber_sleep(1);
	fiber_sleep(1);
	assert_int_equal(fx.violations, 1);
	close_driver();
	open_peer();
	fx.free_at_end = true;
	close_driver();
	wait_for_end();
}

static void input_closed_by_us(void)
{
	struct rpc_call *call = begin(&plain);
	struct rpc_reply reply;
	struct error err;

	peer_close_input(fx.peer);
	assert_null(rpc_begin(fx.peer, &plain, &err));
	assert_int_equal(err.code, ERR_DRIVER_UNAVAILABLE);
	settle();
	assert_true(strlen(hear()) > 0);
	assert_int_equal(read(fx.from_peer, &err, 1), 0);
	assert_true(
		ends_with(call, RESULT(1, "{'type':'done'}"), &reply, NULL));
	rpc_reply_done(&reply);
	close_peer();
}

/* ---- the queue ----------------------------------------------------------- */

static void queue_fills(void)
{
	enum { MOST = 8192 };
	struct rpc_call **calls = mem_alloc(MOST * sizeof(struct rpc_call *));
	char *text = mem_alloc(1024);
	struct rpc_request req = { .method = "a.b", .wipe = true };
	struct rpc_reply reply;
	struct error err;
	int n = 0;

	memset(text, '\n', 1024);
	text[0] = '{';
	text[1023] = '}';
	req.params = (struct slice){ text, 1024 };
	while (n < MOST && (calls[n] = rpc_begin(fx.peer, &req, &err)))
		n++;
	assert_true(n > 3000 && n < MOST);
	assert_int_equal(err.code, ERR_BUSY);
	assert_true(stats().queued_bytes <= LINK_QUEUE_MAX);
	/* Pings and the like still have room. */
	assert_true(peer_ping(fx.peer, 42));
	assert_true(peer_notify(fx.peer, "$/log", SLICE("")));
	peer_fail_all(fx.peer, NULL);
	while (n > 0)
		assert_false(rpc_end(calls[--n], &reply, NULL));
	mem_free(calls);
	mem_free(text);
	close_peer();
}

static void pings(void)
{
	assert_true(peer_ping(fx.peer, 42));
	assert_true(
		peer_notify(fx.peer, "$/log", SLICE("{\"level\":\"info\"}")));
	settle();
	assert_string_equal(hear(),
			    "{\"jsonrpc\":\"2.0\",\"method\":\"$/ping\","
			    "\"params\":{\"n\":42}}\n"
			    "{\"jsonrpc\":\"2.0\",\"method\":\"$/log\","
			    "\"params\":{\"level\":\"info\"}}\n");
	say("{'jsonrpc':'2.0','method':'$/pong','params':{'n':42}}");
	settle();
	assert_string_equal(fx.method, "$/pong");
	close_peer();
}

/* ---- races --------------------------------------------------------------- */

#define RACES 100000
#define AT_ONCE 500

/* A driver that answers every request once, after a random time. */
struct due {
	struct timer timer;
	uint64_t sequence;
};

static struct {
	struct link link;
	unsigned seed;
	size_t heard, answered;
	/* callers */
	size_t begun, finished, won, cancelled, late;
	struct fiber *fibers[AT_ONCE];
	bool over;
} race;

static unsigned roll(unsigned sides)
{
	race.seed = race.seed * 1103515245 + 12345;
	return (race.seed >> 16) % sides;
}

static void race_answer(struct timer *timer)
{
	struct due *due = container_of(timer, struct due, timer);
	char line[128];
	int n = snprintf(line, sizeof(line),
			 "{\"jsonrpc\":\"2.0\",\"id\":\"7.%llu\",\"result\":"
			 "{\"type\":\"done\",\"value\":%llu}}",
			 (unsigned long long)due->sequence,
			 (unsigned long long)due->sequence);

	assert_true(link_send(&race.link,
			      (struct slice[]){ { line, (size_t)n } }, 1));
	race.answered++;
	mem_free(due);
}

static void race_hears(struct link *l, struct slice frame)
{
	uint64_t generation;
	struct message m;
	struct due *due;

	(void)l;
	assert_true(message_parse(frame, &m, NULL));
	if (m.type != MSG_REQUEST)
		return; /* $/cancel: this driver answers all the same */
	race.heard++;
	due = mem_alloc(sizeof(*due));
	assert_true(message_id_parse(m.id, &generation, &due->sequence));
	due->timer.run = race_answer;
	timer_arm(&due->timer, clock_ms() + roll(10));
}

static void race_caller(void *arg)
{
	struct rpc_request req = { .method = "race" };
	size_t slot = (size_t)arg;
	struct rpc_reply reply;
	struct rpc_call *call;
	struct error err;
	char value[32];

	req.deadline = roll(2) ? clock_ms() + 1 + roll(10) : 0;
	call = rpc_begin(fx.peer, &req, &err);
	assert_non_null(call);
	race.begun++;
	snprintf(value, sizeof(value), "%llu",
		 (unsigned long long)call->sequence);
	if (rpc_end(call, &reply, &err)) {
		race.won++;
		assert_true(slice_eq(reply.value, value));
		rpc_reply_done(&reply);
	} else if (err.code == ERR_CANCELLED) {
		race.cancelled++;
	} else {
		assert_int_equal(err.code, ERR_DEADLINE);
		race.late++;
	}
	race.finished++;
	race.fibers[slot] = NULL;
}

/* A millisecond of virtual time: new callers, random cancels. */
static bool race_step(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < AT_ONCE; i++) {
		if (race.fibers[i] && roll(20) == 0)
			fiber_cancel(race.fibers[i]);
		if (race.fibers[i] || race.finished >= RACES)
			continue;
		race.fibers[i] = fiber_spawn("race", race_caller, (void *)i);
		assert_non_null(race.fibers[i]);
	}
	clock_advance(1);
	race.over = race.finished >= RACES && race.finished == race.begun &&
		    stats().abandoned == 0;
	return race.over;
}

/* While someone is ready the loop does not wait for the kernel. */
static void race_spin(void *arg)
{
	(void)arg;
	while (!race.over)
		fiber_yield();
}

static void open_race(void)
{
	int ab[2], ba[2];

	fx = (struct fixture){ .to_peer = -1, .from_peer = -1 };
	memset(&race, 0, sizeof(race));
	race.seed = 1;
	assert_int_equal(sys_pipe(ab, 0), 0);
	assert_int_equal(sys_pipe(ba, 0), 0);
	fx.peer = peer_new(ba[0], ab[1], GENERATION, MAX_FRAME, &events, &fx);
	race.link.on_frame = race_hears;
	link_open(&race.link, ab[0], ba[1], MAX_FRAME);
}

/* Each call has one outcome, each answer one taker, nobody a foreign one. */
static void test_races(void **state)
{
	struct peer_stats s;

	(void)state;
	clock_set_virtual(1000);
	open_race();
	assert_non_null(fiber_spawn("spin", race_spin, NULL));
	assert_true(loop_run_until(race_step, NULL, 0));
	s = stats();
	assert_int_equal(race.won + race.cancelled + race.late, race.finished);
	assert_int_equal(race.finished, race.begun);
	assert_true(race.finished >= RACES);
	assert_true(race.won > RACES / 10 && race.late > RACES / 10 &&
		    race.cancelled > RACES / 10);
	assert_int_equal(s.calls, race.begun);
	assert_int_equal(race.heard, race.begun);
	assert_int_equal(s.answers, race.begun);
	assert_int_equal(s.unknown_id, 0);
	assert_int_equal(fx.violations, 0);
	peer_free(fx.peer, NULL);
	link_close(&race.link);
	clock_set_real();
}

/* ---- main ---------------------------------------------------------------- */

#define FIBER_TEST(fn) \
	static void test_##fn(void **state) \
	{ \
		(void)state; \
		in_fiber(fn); \
	}

FIBER_TEST(call_and_answer)
FIBER_TEST(every_result)
FIBER_TEST(every_broken_result)
FIBER_TEST(error_answer)
FIBER_TEST(out_of_order)
FIBER_TEST(long_answer)
FIBER_TEST(refused_at_once)
FIBER_TEST(all_noise)
FIBER_TEST(answered_twice)
FIBER_TEST(hostile_lines)
FIBER_TEST(stream_of_chunks)
FIBER_TEST(stream_passed_over)
FIBER_TEST(all_broken_streams)
FIBER_TEST(all_truncated_streams)
FIBER_TEST(floods_are_bounded)
FIBER_TEST(cancel_and_late_answer)
FIBER_TEST(deadline_passes)
FIBER_TEST(deadline_within_a_stream)
FIBER_TEST(forgotten_calls)
FIBER_TEST(driver_dies)
FIBER_TEST(answer_then_death)
FIBER_TEST(driver_closes_input)
FIBER_TEST(reading_fails)
FIBER_TEST(stopped_by_the_host)
FIBER_TEST(freed_with_callers_inside)
FIBER_TEST(freed_inside_callbacks)
FIBER_TEST(input_closed_by_us)
FIBER_TEST(queue_fills)
FIBER_TEST(pings)

static void nothing(struct timer *timer)
{
	(void)timer;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_and_answer),
		cmocka_unit_test(test_every_result),
		cmocka_unit_test(test_every_broken_result),
		cmocka_unit_test(test_error_answer),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_long_answer),
		cmocka_unit_test(test_refused_at_once),
		cmocka_unit_test(test_all_noise),
		cmocka_unit_test(test_answered_twice),
		cmocka_unit_test(test_hostile_lines),
		cmocka_unit_test(test_stream_of_chunks),
		cmocka_unit_test(test_stream_passed_over),
		cmocka_unit_test(test_all_broken_streams),
		cmocka_unit_test(test_all_truncated_streams),
		cmocka_unit_test(test_floods_are_bounded),
		cmocka_unit_test(test_cancel_and_late_answer),
		cmocka_unit_test(test_deadline_passes),
		cmocka_unit_test(test_deadline_within_a_stream),
		cmocka_unit_test(test_forgotten_calls),
		cmocka_unit_test(test_driver_dies),
		cmocka_unit_test(test_answer_then_death),
		cmocka_unit_test(test_driver_closes_input),
		cmocka_unit_test(test_reading_fails),
		cmocka_unit_test(test_stopped_by_the_host),
		cmocka_unit_test(test_freed_with_callers_inside),
		cmocka_unit_test(test_freed_inside_callbacks),
		cmocka_unit_test(test_input_closed_by_us),
		cmocka_unit_test(test_queue_fills),
		cmocka_unit_test(test_pings),
		cmocka_unit_test(test_races),
	};
	struct timer warm_up = { .run = nothing };
	int failed;

	mem_use_for_jansson();
	loop_init();
	/* The heap of timers stays with the loop: it is no leak of a test. */
	timer_arm(&warm_up, clock_ms());
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_done();
	fiber_done();
	return failed;
}
