/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that take longer: streams, cancel, deadline; and races of all these,
 * with a driver that answers at random times of a virtual clock.
 */
#include "scripted_driver.h"

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

/* Another fiber asks the driver to stop: its answer is still what counts. */
static void stopped_from_outside(void)
{
	struct rpc_call *call = begin(&plain);
	struct rpc_reply reply;
	struct error err;

	settle();
	hear();
	rpc_cancel(call);
	rpc_cancel(call);
	settle();
	assert_string_equal(hear(),
			    "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\","
			    "\"params\":{\"id\":\"7.1\",\"reason\":"
			    "\"cancelled\"}}\n");
	assert_false(ends_with(call,
			       "{'jsonrpc':'2.0'," ID(1) ",'error':{'code':"
			       "-31001,'message':'undone','data':"
			       "{'effect':'none'}}}",
			       &reply, &err));
	assert_int_equal(err.code, ERR_CANCELLED);
	assert_int_equal(err.effect, EFFECT_NONE);
	assert_int_equal(stats().abandoned, 0);
	call = begin(&plain);
	say(RESULT(2, "{'type':'done','value':1}"));
	settle();
	rpc_cancel(call); /* too late */
	assert_true(rpc_end(call, &reply, &err));
	rpc_reply_done(&reply);
	assert_null(strstr(hear(), "$/cancel"));
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

FIBER_TEST(stream_of_chunks)
FIBER_TEST(stream_passed_over)
FIBER_TEST(all_broken_streams)
FIBER_TEST(all_truncated_streams)
FIBER_TEST(floods_are_bounded)
FIBER_TEST(cancel_and_late_answer)
FIBER_TEST(stopped_from_outside)
FIBER_TEST(deadline_passes)
FIBER_TEST(deadline_within_a_stream)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_of_chunks),
		cmocka_unit_test(test_stream_passed_over),
		cmocka_unit_test(test_all_broken_streams),
		cmocka_unit_test(test_all_truncated_streams),
		cmocka_unit_test(test_floods_are_bounded),
		cmocka_unit_test(test_cancel_and_late_answer),
		cmocka_unit_test(test_stopped_from_outside),
		cmocka_unit_test(test_deadline_passes),
		cmocka_unit_test(test_deadline_within_a_stream),
		cmocka_unit_test(test_races),
	};

	set_up_loop();
	return tear_down_loop(cmocka_run_group_tests(tests, NULL, NULL));
}
