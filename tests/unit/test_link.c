/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: batching, limits, back-pressure, ends, and that two of them never
 * block each other.
 */
#include "two_links.h"

/* ---- reading ------------------------------------------------------------- */

static void test_frames_come(void **state)
{
	struct end a, b;

	(void)state;
	open_two(&a, &b);
	assert_true(send_text(&a, "one"));
	assert_true(link_send(
		&a.link, (struct slice[]){ SLICE("t"), SLICE(""), SLICE("wo") },
		3));
	assert_int_equal(link_backlog(&a.link), 8);
	wait_for(&b, 2, 0);
	assert_string_equal(b.got.p, "one|two|");
	assert_int_equal(link_backlog(&a.link), 0);
	assert_int_equal(a.link.bytes_out, 8);
	assert_int_equal(a.link.bytes_queued, 8);
	assert_int_equal(b.link.bytes_in, 8);
	assert_true(send_text(&b, "back"));
	wait_for(&a, 1, 0);
	close_end(&a);
	close_end(&b);
}

static void test_oversized_is_told(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	e.link.reader.max = 10;
	put(to, "01234567890\nok\nxxxxxxxxxxxxxxxxxxx\nxxxxxxxxxxxxx\nok\n");
	wait_for(&e, 2, 0);
	assert_int_equal(e.oversized, 3);
	close(to);
	close(from);
	close_end(&e);
}

static void test_eof(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	put(to, "last\nhalf a li");
	close(to);
	wait_for(&e, 1, 1);
	assert_int_equal(e.why, LINK_EOF);
	assert_string_equal(e.got.p, "last|");
	run_turns(3);
	assert_int_equal(e.ends, 1);
	assert_true(send_text(&e, "still writing"));
	close(from);
	close_end(&e);
}

static void test_read_failure(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	put(to, "x\n");
	sys_fail(SYS_READ, 1, EIO);
	wait_for(&e, 0, 1);
	assert_int_equal(e.why, LINK_READ_FAILED);
	assert_int_equal(e.error, EIO);
	close(to);
	close(from);
	close_end(&e);
}

static void test_pause(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	link_pause_reading(&e.link, true);
	put(to, "one\ntwo\n");
	run_turns(3);
	assert_int_equal(e.frames, 0);
	link_pause_reading(&e.link, false);
	wait_for(&e, 2, 0);
	close(to);
	close(from);
	close_end(&e);
}

static void pause_at_frame(struct link *l, struct slice frame)
{
	on_frame(l, frame);
	link_pause_reading(l, true);
}

/* Frames that were read already wait, too. */
static void test_pause_at_each_frame(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	e.link.on_frame = pause_at_frame;
	put(to, "one\ntwo\nthree\n");
	for (size_t n = 1; n <= 3; n++) {
		wait_for(&e, n, 0);
		run_turns(3);
		assert_int_equal(e.frames, n);
		link_pause_reading(&e.link, false);
	}
	close(to);
	close(from);
	close_end(&e);
}

static struct buf order; /* "f" for a frame, "w" for the work it starts */

static void work(void *arg)
{
	struct link *l = arg;

	buf_add_char(&order, 'w');
	assert_true(link_send(l, (struct slice[]){ SLICE("done") }, 1));
}

static void start_work(struct link *l, struct slice frame)
{
	on_frame(l, frame);
	buf_add_char(&order, 'f');
	assert_non_null(fiber_spawn("work", work, l));
	link_yield(l);
}

/* The work that a frame starts runs before the next frame comes, and what it
 * says leaves in one write all the same. */
static void test_yield(void **state)
{
	char bytes[64];
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	e.link.on_frame = start_work;
	put(to, "1\n2\n3\n");
	close(to);
	sys_fail(SYS_WRITE, 2, EIO); /* a second write would fail */
	wait_for(&e, 3, 1);
	run_turns(2);
	assert_string_equal(order.p, "fwfwfw");
	assert_int_equal(read(from, bytes, sizeof(bytes)), 15);
	assert_int_equal(e.why, LINK_EOF);
	assert_int_equal(e.ends, 1);
	sys_fail(SYS_WRITE, 0, 0);
	close(from);
	buf_done(&order);
	close_end(&e);
}

static void test_close_inside_callbacks(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	e.close_at_frame = true;
	put(to, "one\ntwo\n");
	wait_for(&e, 1, 0);
	run_turns(3);
	assert_int_equal(e.frames, 1);
	assert_false(send_text(&e, "x"));
	link_close(&e.link);
	link_pause_reading(&e.link, true);
	link_finish(&e.link);
	close(to);
	close(from);
	close_end(&e);

	to = open_one(&e, &from);
	e.close_at_end = true;
	close(to);
	wait_for(&e, 0, 1);
	close(from);
	close_end(&e);
}

/* ---- writing ------------------------------------------------------------- */

/* All frames of a turn leave in one write: they are there together. */
static void test_one_write_a_turn(void **state)
{
	char bytes[4096];
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(send_text(&e, "0123456789"));
	assert_int_equal(read(from, bytes, sizeof(bytes)), -1);
	sys_fail(SYS_WRITE, 2, EIO); /* a second write would fail */
	run_turns(2);
	assert_int_equal(read(from, bytes, sizeof(bytes)), 1100);
	assert_int_equal(e.ends, 0);
	sys_fail(SYS_WRITE, 0, 0);
	close(to);
	close(from);
	close_end(&e);
}

static bool is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void test_sent_bytes_are_wiped(void **state)
{
	struct end a, b;

	(void)state;
	open_two(&a, &b);
	assert_true(send_text(&a, "a secret"));
	assert_false(is_zero(a.link.queue, 8));
	wait_for(&b, 1, 0);
	assert_true(is_zero(a.link.queue, 9));
	close_end(&a);
	close_end(&b);
}

/* Fill the pipe and the queue of @e, whose other end nobody reads. */
static size_t fill(struct end *e)
{
	char block[1025];
	size_t n = 0;

	memset(block, 'x', 1024);
	block[1024] = '\0';
	for (int round = 0; round < 3; round++) {
		while (send_text(e, block))
			n++;
		run_turns(2);
	}
	while (send_text(e, block))
		n++;
	return n;
}

static void test_queue_limit(void **state)
{
	struct end a, b;
	size_t sent;

	(void)state;
	open_two(&a, &b);
	link_pause_reading(&b.link, true);
	a.link.queue_max = 100 << 10;
	sent = fill(&a);
	assert_true(link_backlog(&a.link) <= a.link.queue_max);
	assert_true(link_backlog(&a.link) > a.link.queue_max - 2048);
	link_pause_reading(&b.link, false);
	wait_for(&b, sent, 0);
	assert_int_equal(b.bytes, sent * 1024);
	close_end(&a);
	close_end(&b);
}

static void test_large_frame_fits_an_empty_queue(void **state)
{
	struct end a, b;
	struct buf big = { 0 };

	(void)state;
	open_two(&a, &b);
	a.link.queue_max = 1000;
	buf_reserve(&big, 1 << 20);
	memset(big.p, 'x', 1 << 20);
	big.n = 1 << 20;
	assert_true(link_send(&a.link, (struct slice[]){ buf_slice(&big) }, 1));
	assert_false(send_text(&a, "x"));
	wait_for(&b, 1, 0);
	assert_int_equal(b.bytes, 1 << 20);
	assert_true(send_text(&a, "x"));
	wait_for(&b, 2, 0);
	close_end(&a);
	close_end(&b);
	buf_done(&big);
}

static void test_write_failure(void **state)
{
	struct end e;
	int from, to = open_one(&e, &from);

	(void)state;
	assert_true(send_text(&e, "x"));
	close(from);
	assert_int_equal(e.ends, 0); /* never inside a call of ours */
	wait_for(&e, 0, 1);
	assert_int_equal(e.why, LINK_WRITE_FAILED);
	assert_int_equal(e.error, EPIPE);
	assert_false(send_text(&e, "y"));
	put(to, "still reading\n");
	wait_for(&e, 1, 1);
	close(to);
	close_end(&e);
}

static void test_finish(void **state)
{
	struct end a, b;

	(void)state;
	open_two(&a, &b);
	assert_true(send_text(&a, "last"));
	link_finish(&a.link);
	link_finish(&a.link);
	assert_false(send_text(&a, "more"));
	wait_for(&b, 1, 1);
	assert_int_equal(b.why, LINK_EOF);
	assert_true(send_text(&b, "back"));
	wait_for(&a, 1, 0);
	close_end(&a);
	close_end(&b);
}

/* ---- waiting for room ---------------------------------------------------- */

struct sender {
	struct end *end;
	size_t size, frames;
	int64_t deadline;
	int done; /* frames sent */
	bool finished;
};

static void send_many(void *arg)
{
	struct sender *s = arg;
	char *block = mem_alloc(s->size);

	memset(block, 'x', s->size);
	for (size_t i = 0; i < s->frames; i++) {
		struct slice part = { block, s->size };

		if (link_send_wait(&s->end->link, &part, 1, s->deadline))
			s->done++;
	}
	mem_free(block);
	s->finished = true;
}

static bool is_finished(void *sender)
{
	return ((struct sender *)sender)->finished;
}

/* Both write as much as they can: 1,000 x 64 KiB each way at once. */
static void test_no_deadlock(void **state)
{
	struct end a, b;
	struct sender s[2] = { { &a, 64 << 10, 1000 }, { &b, 64 << 10, 1000 } };

	(void)state;
	open_two(&a, &b);
	for (int i = 0; i < 2; i++)
		assert_non_null(fiber_spawn("sender", send_many, &s[i]));
	for (int i = 0; i < 2; i++)
		assert_true(
			loop_run_until(is_finished, &s[i], clock_ms() + 60000));
	wait_for(&a, 1000, 0);
	wait_for(&b, 1000, 0);
	assert_int_equal(a.bytes, 1000 * (64 << 10));
	assert_int_equal(b.bytes, 1000 * (64 << 10));
	close_end(&a);
	close_end(&b);
}

/* Everyone who waits for room gets it, one after the other. */
static void test_many_wait_for_room(void **state)
{
	enum { SENDERS = 50 };
	struct sender s[SENDERS];
	struct end a, b;
	size_t filled;

	(void)state;
	open_two(&a, &b);
	a.link.queue_max = 64 << 10;
	link_pause_reading(&b.link, true);
	filled = fill(&a);
	for (int i = 0; i < SENDERS; i++) {
		s[i] = (struct sender){ &a, 1024, 20 };
		assert_non_null(fiber_spawn("sender", send_many, &s[i]));
	}
	run_turns(3);
	link_pause_reading(&b.link, false);
	wait_for(&b, filled + SENDERS * 20, 0);
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(s[i].done, 20);
	close_end(&a);
	close_end(&b);
}

static void test_wait_ends(void **state)
{
	struct sender late, cancelled, closed;
	struct end a, b;
	struct fiber *f;

	(void)state;
	open_two(&a, &b);
	a.link.queue_max = 64 << 10;
	link_pause_reading(&b.link, true);
	fill(&a);
	late = (struct sender){ &a, 2000, 1, .deadline = clock_ms() + 5 };
	cancelled = closed = (struct sender){ &a, 2000, 1 };
	assert_non_null(fiber_spawn("late", send_many, &late));
	f = fiber_spawn("cancelled", send_many, &cancelled);
	assert_non_null(f);
	assert_non_null(fiber_spawn("closed", send_many, &closed));
	run_turns(3);
	fiber_cancel(f);
	assert_true(loop_run_until(is_finished, &late, clock_ms() + 60000));
	assert_true(
		loop_run_until(is_finished, &cancelled, clock_ms() + 60000));
	assert_false(closed.finished);
	close_end(&a);
	run_turns(3);
	assert_true(closed.finished);
	assert_int_equal(late.done + cancelled.done + closed.done, 0);
	close_end(&b);
}

/* ---- main ---------------------------------------------------------------- */

static int set_up(void **state)
{
	static size_t before;

	before = mem_live();
	*state = &before;
	return 0;
}

static int tear_down(void **state)
{
	return mem_live() == *(size_t *)*state ? 0 : -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static struct timer warm_up;

static void nothing(struct timer *timer)
{
	(void)timer;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_come),
		TEST(test_oversized_is_told),
		TEST(test_eof),
		TEST(test_read_failure),
		TEST(test_pause),
		TEST(test_pause_at_each_frame),
		TEST(test_yield),
		TEST(test_close_inside_callbacks),
		TEST(test_one_write_a_turn),
		TEST(test_sent_bytes_are_wiped),
		TEST(test_queue_limit),
		TEST(test_large_frame_fits_an_empty_queue),
		TEST(test_write_failure),
		TEST(test_finish),
		TEST(test_no_deadlock),
		TEST(test_many_wait_for_room),
		TEST(test_wait_ends),
	};
	int failed;

	loop_init();
	warm_up.run = nothing; /* the heap of timers is the loop's, not ours */
	timer_arm(&warm_up, clock_ms());
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_done();
	fiber_done();
	return failed;
}
