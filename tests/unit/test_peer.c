/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers: answers and noise of a scripted driver, its end in every way, the
 * queue to it.
 */
#include "scripted_driver.h"

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

/* ---- main ---------------------------------------------------------------- */

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
	};

	set_up_loop();
	return tear_down_loop(cmocka_run_group_tests(tests, NULL, NULL));
}
