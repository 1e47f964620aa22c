/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: whatever ends a request first (its handler, a cancel, its
 * deadline), there is exactly one answer, and it fits what happened.
 */
#include "driver/runtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define ROUNDS 4000
#define AT_ONCE 32

static struct {
	struct runtime rt;
	unsigned answers[AT_ONCE]; /* to request i of this round */
	unsigned results, cancelled, late, defects, notes;
	bool stuck; /* nobody reads */
} t;

/* ---- a driver that waits to be told ----------------------------------- */

static struct fiber *waiting[AT_ONCE];

/* Args: {"i": which, "how": what to do when woken}. */
static struct sc_reply *wait_and_end(struct sc_call *call)
{
	long long i = sc_int(call, "i");
	bool ok;

	waiting[i] = fiber_self();
	ok = sc_sleep(call, 1000);
	waiting[i] = NULL;
	switch (sc_int(call, "how")) {
	case 0:
		return ok ? sc_ok(call)
			  : sc_fail(call, SC_CANCELLED, "gave up");
	case 1:
		return sc_value(call, json_integer(i)); /* in spite of all */
	case 2:
		return NULL;
	default:
		sc_value(call, json_integer(i));
		return sc_fail(call, SC_INTERNAL, "thought better of it");
	}
}

static const struct sc_method methods[] = {
	{ "x.test.call.wait", wait_and_end },
	{ NULL },
};

static const struct sc_driver driver = {
	.name = "test",
	.version = "1",
	.methods = methods,
	.max_inflight = AT_ONCE,
};

/* ---- a host that counts ----------------------------------------------- */

static void count(const struct message *m)
{
	struct error err;
	unsigned i = (unsigned)strtoul(strchr(m->id.p, '.') + 1, NULL, 10);

	assert_in_range(i, 0, AT_ONCE - 1);
	t.answers[i]++;
	if (m->type == MSG_RESULT) {
		t.results++;
		return;
	}
	message_error(m->error, &err);
	t.cancelled += err.code == ERR_CANCELLED;
	t.late += err.code == ERR_DEADLINE;
	t.defects += err.code == ERR_INTERNAL;
}

static bool receive(struct runtime *rt, const struct slice *parts, size_t n)
{
	struct buf frame = { 0 };
	struct message m;
	struct error err;

	(void)rt;
	if (t.stuck)
		return false;
	for (size_t i = 0; i < n; i++)
		buf_add_slice(&frame, parts[i]);
	assert_true(message_parse(buf_slice(&frame), &m, &err));
	if (m.type == MSG_NOTIFICATION)
		t.notes++;
	else
		count(&m);
	buf_done(&frame);
	return true;
}

static void ask(const char *id, const char *method, const char *params)
{
	char *text = mem_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s\","
				"\"method\":\"%s\",\"params\":%s}",
				id, method, params);
	struct message m;
	struct error err;

	assert_true(message_parse(slice_of(text), &m, &err));
	dispatch(&t.rt, &m);
	mem_free(text);
}

static bool idle(void *arg)
{
	(void)arg;
	return list_empty(&t.rt.open);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void settle(void)
{
	loop_run_until(never, NULL, clock_ms());
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	clock_set_virtual(1000);
	runtime_init(&t.rt, &driver);
	t.rt.send = receive;
	t.rt.send_wait = receive;
	ask("0.0", "initialize", "{\"protocol\":[\"1.0\"]}");
	settle();
	assert_int_equal(t.rt.state, RUNTIME_READY);
	t.answers[0] = t.results = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	runtime_done(&t.rt);
	clock_set_real();
	return 0;
}

/* ---- tests ------------------------------------------------------------ */

static void ask_wait(unsigned i, unsigned how, unsigned deadline_ms)
{
	char id[16], params[128];

	snprintf(id, sizeof(id), "1.%u", i);
	snprintf(params, sizeof(params),
		 "{\"ctx\":{\"deadline_ms\":%u},\"args\":{\"i\":%u,"
		 "\"how\":%u}}",
		 deadline_ms, i, how);
	ask(id, "x.test.call.wait", params);
}

static void provoke(unsigned i, unsigned what)
{
	char id[16];

	snprintf(id, sizeof(id), "1.%u", i);
	if (what == 0 || what == 3)
		dispatch_cancel(&t.rt, slice_of(id));
	if ((what == 1 || what == 3) && waiting[i])
		fiber_wake(waiting[i]);
	if (what == 2)
		clock_advance(1);
}

static void one_round(void)
{
	memset(t.answers, 0, sizeof(t.answers));
	for (unsigned i = 0; i < AT_ONCE; i++)
		ask_wait(i, (unsigned)rand() % 4, 1 + (unsigned)rand() % 20);
	if (rand() % 2)
		settle();
	for (unsigned n = 0; n < AT_ONCE; n++) {
		provoke((unsigned)rand() % AT_ONCE, (unsigned)rand() % 4);
		if (rand() % 8 == 0)
			settle();
	}
	clock_advance(2000);
	assert_true(loop_run_until(idle, NULL, clock_ms() + 5000));
	for (unsigned i = 0; i < AT_ONCE; i++)
		assert_int_equal(t.answers[i], 1);
}

static void every_race_ends_in_one_answer(void **state)
{
	(void)state;
	srand(20261121);
	for (int round = 0; round < ROUNDS; round++)
		one_round();
	/* The test would show nothing if one of them never happened. */
	assert_true(t.results > ROUNDS && t.cancelled > ROUNDS);
	assert_true(t.late > ROUNDS && t.defects > ROUNDS);
	assert_int_equal(t.results + t.cancelled + t.late + t.defects,
			 ROUNDS * AT_ONCE);
}

static void no_more_than_max_inflight(void **state)
{
	(void)state;
	for (unsigned i = 0; i < AT_ONCE; i++)
		ask_wait(i, 0, 0);
	settle();
	assert_int_equal(t.rt.inflight, AT_ONCE);
	ask_wait(0, 0, 0);
	assert_int_equal(t.answers[0], 1);
	assert_int_equal(t.rt.inflight, AT_ONCE);
	dispatch_cancel_all(&t.rt);
	settle();
	assert_int_equal(t.rt.inflight, 0);
	assert_int_equal(t.answers[0], 2); /* two requests of that id */
}

static void a_host_that_does_not_read_leaves_nothing_behind(void **state)
{
	(void)state;
	t.stuck = true;
	ask_wait(1, 0, 0);
	ask("1.2", "no.such", "{}");
	settle();
	dispatch_cancel_all(&t.rt);
	settle();
	assert_int_equal(t.rt.inflight, 0);
	assert_int_equal(t.answers[1] + t.answers[2], 0);
}

static void tables_are_one_sorted_list(void **state)
{
	static const struct sc_rest rows[] = {
		{ "instance.get", "GET /x" },
		{ "helper", "GET /y" },
		{ "instance.delete", "DELETE /x", .cancel = "no" },
		{ NULL },
	};
	static const struct sc_method own[] = {
		{ "instance.get", wait_and_end },
		{ "driver.health", wait_and_end },
		{ NULL },
	};
	const struct sc_driver d = { .name = "d",
				     .methods = own,
				     .rest = rows };
	struct handlers h;

	(void)state;
	handlers_init(&h, &d);
	for (size_t i = 1; i < h.n; i++)
		assert_true(strcmp(h.rows[i - 1].name, h.rows[i].name) < 0);
	assert_ptr_equal(handlers_find(&h, "instance.get")->run, wait_and_end);
	assert_ptr_equal(handlers_find(&h, "driver.health")->run, wait_and_end);
	assert_true(handlers_find(&h, "driver.health")->hidden);
	assert_string_equal(handlers_find(&h, "instance.delete")->cancel, "no");
	assert_string_equal(handlers_find(&h, "instance.delete")->idempotency,
			    "natural");
	assert_null(handlers_find(&h, "helper"));
	handlers_done(&h);
}

static void no_line(const char *line, size_t n)
{
	(void)line;
	(void)n;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_race_ends_in_one_answer,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_more_than_max_inflight,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_host_that_does_not_read_leaves_nothing_behind, set_up,
			tear_down),
		cmocka_unit_test(tables_are_one_sorted_list),
	};

	mem_use_for_jansson();
	loop_init();
	log_set_sink(no_line);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
