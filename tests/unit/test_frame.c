/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: lines however they are cut into reads, the limit, memory.
 */
#include "unit.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rpc/frame.h"

#define MAX 100

/* Put @n bytes into the reader, in as many reads as it takes. */
static void feed(struct frame_reader *r, const char *p, size_t n,
		 void (*line)(struct slice line, void *arg), void *arg)
{
	struct slice s;

	while (n > 0) {
		size_t room, step;
		char *space = frame_space(r, &room);

		assert_true(room >= 4096);
		assert_true(r->buf.cap <= r->max + FRAME_READ);
		step = n < room ? n : room;
		memcpy(space, p, step);
		frame_filled(r, step);
		p += step;
		n -= step;
		while (frame_next(r, &s))
			line(s, arg);
	}
}

/* Lines as "a|b|c|". */
static void collect(struct slice line, void *out)
{
	buf_add_slice(out, line);
	buf_add_char(out, '|');
}

static void expect(const char *text, const char *lines, size_t cut1,
		   size_t cut2, uint64_t oversized)
{
	size_t n = strlen(text);
	struct buf got = { 0 };
	struct frame_reader r;

	frame_init(&r, MAX);
	feed(&r, text, cut1, collect, &got);
	feed(&r, text + cut1, cut2 - cut1, collect, &got);
	feed(&r, text + cut2, n - cut2, collect, &got);
	assert_string_equal(got.p ? got.p : "", lines);
	assert_int_equal(r.oversized, oversized);
	frame_done(&r);
	buf_done(&got);
}

static void test_lines_however_cut(void **state)
{
	static const char text[] =
		"{\"a\":1}\n\n{}\r\n\r\n[1,2]\nlast\npartial";

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		for (size_t j = i; j < sizeof(text); j++)
			expect(text, "{\"a\":1}|{}|[1,2]|last|", i, j, 0);
}

static void test_limit_however_cut(void **state)
{
	char text[3 * MAX + 16], lines[MAX + 16];
	char *p = text;

	(void)state;
	memset(lines, 'x', MAX);
	memcpy(lines + MAX, "|a|b|", 6);
	memset(p, 'x', MAX);
	p += MAX;
	memcpy(p, "\na\n", 3);
	p += 3;
	memset(p, 'y', MAX + 1);
	p += MAX + 1;
	memcpy(p, "\nb\n", 4);
	for (size_t i = 0; i < strlen(text); i++)
		expect(text, lines, i, i, 1);
}

static void test_memory_of_an_endless_line(void **state)
{
	enum { GIB = 1 << 30 };
	size_t before = mem_live();
	struct frame_reader r;
	struct slice line;
	char *space;
	size_t room;

	(void)state;
	frame_init(&r, FRAME_MAX_DEFAULT);
	for (size_t sent = 0; sent < GIB; sent += room) {
		space = frame_space(&r, &room);
		if (sent < 2 * FRAME_MAX_DEFAULT)
			memset(space, 'x', room);
		frame_filled(&r, room);
		assert_false(frame_next(&r, &line));
		assert_true(r.buf.cap <= FRAME_MAX_DEFAULT + FRAME_READ);
	}
	assert_int_equal(r.oversized, 1);
	space = frame_space(&r, &room);
	memcpy(space, "\nnext\n", 6);
	frame_filled(&r, 6);
	assert_true(frame_next(&r, &line));
	assert_true(slice_eq(line, "next"));
	frame_done(&r);
	assert_int_equal(mem_live(), before);
}

static void count(struct slice line, void *bytes)
{
	*(size_t *)bytes += line.n;
}

static void test_memory_shrinks_after_a_long_line(void **state)
{
	struct buf text = { 0 };
	struct frame_reader r;
	size_t bytes = 0, room;

	(void)state;
	frame_init(&r, FRAME_MAX_DEFAULT);
	buf_reserve(&text, FRAME_MAX_DEFAULT);
	memset(text.p, 'x', FRAME_MAX_DEFAULT);
	text.n = FRAME_MAX_DEFAULT;
	buf_add_char(&text, '\n');
	feed(&r, text.p, text.n, count, &bytes);
	assert_int_equal(bytes, FRAME_MAX_DEFAULT);
	assert_true(r.buf.cap > FRAME_MAX_DEFAULT);
	frame_space(&r, &room);
	assert_true(r.buf.cap <= 2 * FRAME_READ);
	frame_done(&r);
	buf_done(&text);
}

static void test_partial_since(void **state)
{
	struct frame_reader r;
	size_t n = 0;

	(void)state;
	clock_set_virtual(0);
	frame_init(&r, MAX);
	assert_int_equal(r.partial_since, 0);
	feed(&r, "abc", 3, count, &n);
	assert_int_equal(r.partial_since, 1); /* 0 would say that none began */
	clock_advance(500);
	feed(&r, "def", 3, count, &n);
	assert_int_equal(r.partial_since, 1);
	feed(&r, "\n", 1, count, &n);
	assert_int_equal(r.partial_since, 0);
	feed(&r, "x\ny", 3, count, &n);
	assert_int_equal(r.partial_since, 500);
	clock_set_real();
	frame_done(&r);
}

/* A line that is dropped is a partial line, too, until its newline. */
static void test_partial_while_discarding(void **state)
{
	char text[2 * MAX];
	struct frame_reader r;
	size_t n = 0;

	(void)state;
	clock_set_virtual(1000);
	memset(text, 'x', sizeof(text));
	frame_init(&r, MAX);
	feed(&r, text, sizeof(text), count, &n);
	clock_advance(1000);
	feed(&r, text, sizeof(text), count, &n);
	assert_int_equal(r.partial_since, 1000);
	feed(&r, "\n", 1, count, &n);
	assert_int_equal(r.partial_since, 0);
	assert_int_equal(n, 0);
	clock_set_real();
	frame_done(&r);
}

static void test_steal(void **state)
{
	struct buf first = { 0 }, second = { 0 };
	struct frame_reader r;
	struct slice a, b;
	size_t room;

	(void)state;
	frame_init(&r, MAX);
	memcpy(frame_space(&r, &room), "one\ntwo\nthr", 11);
	frame_filled(&r, 11);
	assert_true(frame_next(&r, &a));
	frame_steal(&r, &first);
	assert_true(frame_next(&r, &b));
	frame_steal(&r, &second);
	memcpy(frame_space(&r, &room), "ee\n", 3);
	frame_filled(&r, 3);
	assert_true(slice_eq(a, "one"));
	assert_true(slice_eq(b, "two"));
	assert_true(a.p >= first.p && a.p < first.p + first.n);
	assert_true(frame_next(&r, &a));
	assert_true(slice_eq(a, "three"));
	buf_done(&first);
	frame_steal(&r, &first);
	assert_false(frame_next(&r, &b));
	buf_done(&first);
	buf_done(&second);
	frame_done(&r);
	frame_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_however_cut),
		cmocka_unit_test(test_limit_however_cut),
		cmocka_unit_test(test_memory_of_an_endless_line),
		cmocka_unit_test(test_memory_shrinks_after_a_long_line),
		cmocka_unit_test(test_partial_since),
		cmocka_unit_test(test_partial_while_discarding),
		cmocka_unit_test(test_steal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
