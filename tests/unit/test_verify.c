/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier of the audit log: each kind of tampering once, by name, then
 * 2,000 at random, and 200 readings of a log that is as it was.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit_log.h"

#define TAMPERINGS 2000
#define READINGS 200

/* ---- the verifier ---------------------------------------------------------- */

static struct verify_fault first;

static void remember(void *arg, const struct verify_fault *fault)
{
	long long *n = arg;

	if (!(*n)++)
		first = *fault;
}

/* The number of faults; the first is in `first`. */
static long long verify_text(const struct audit_log *log, struct slice text)
{
	long long n = 0;
	AUTO(verify_done) struct verify v = { .report = remember, .arg = &n };

	first = (struct verify_fault){ 0 };
	assert_true(verify_key(&v, buf_slice(&audit_log_public)));
	for (size_t i = 0; i < AUDIT_LOG_CHECKPOINTS; i++)
		if (log->checkpoint[i].n)
			verify_checkpoint(&v, buf_slice(&log->checkpoint[i]));
	verify_checkpoints(&v);
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t line = end ? (size_t)(end - text.p) : text.n;

		v.line++;
		if (!end)
			verify_fault(&v, "truncated", -1, -1, "no end");
		else
			verify_line(&v, (struct slice){ text.p, line });
		text.p += line + (end != NULL);
		text.n -= line + (end != NULL);
	}
	verify_end(&v);
	assert_int_equal(v.faults, n);
	return n;
}

static long long verify_log(const struct audit_log *log)
{
	AUTO(buf_done) struct buf text = { 0 };

	audit_log_text(log, &text);
	return verify_text(log, buf_slice(&text));
}

static void check_first(const char *kind, long line, int64_t lane, int64_t seq)
{
	if (!first.kind || strcmp(first.kind, kind) != 0)
		fail_msg("wanted %s, got %s: %s", kind,
			 first.kind ? first.kind : "nothing", first.text);
	assert_int_equal(first.line, line);
	assert_int_equal(first.lane, lane);
	assert_int_equal(first.seq, seq);
}

/* ---- changing a log -------------------------------------------------------- */

static void drop_line(struct audit_log *log, size_t i)
{
	buf_done(&log->line[i]);
	memmove(&log->line[i], &log->line[i + 1],
		(log->n - i - 1) * sizeof(log->line[0]));
	log->n--;
}

static void swap_lines(struct audit_log *log, size_t a, size_t b)
{
	struct buf line = log->line[a];

	log->line[a] = log->line[b];
	log->line[b] = line;
}

/* Write a line again, with another text or another place. */
static void put_line(struct audit_log *log, size_t i,
		     const struct chain_link *link, bool with_hash)
{
	struct buf line = { 0 };
	struct chain_link now = *link;

	if (with_hash)
		chain_hash(&now, now.hash);
	chain_write_line(&now, &line);
	buf_done(&log->line[i]);
	log->line[i] = line;
}

static const char other[] = "{\"at\":\"2026-01-01T00:00:07.000Z\"}";

static void edit(struct audit_log *log, size_t i, bool with_hash)
{
	struct chain_link link = *audit_log_read(&log->line[i]);

	link.record = SLICE(other);
	put_line(log, i, &link, with_hash);
}

/* Write all that follows line @i in its lane anew, as a forger would who knows
 * how the chain is made. */
static void forge_rest(struct audit_log *log, size_t i)
{
	for (size_t next = i + 1; next < log->n; next++) {
		struct chain_link last = *audit_log_read(&log->line[next - 1]);
		struct chain_link link = *audit_log_read(&log->line[next]);

		if (link.lane != last.lane)
			return;
		link.seq = last.seq + 1;
		memcpy(link.before, last.hash, CHAIN_HASH);
		put_line(log, next, &link, true);
	}
}

/* ---- each kind once -------------------------------------------------------- */

static struct audit_log pristine, the_log;

static int setup(void **state UNUSED)
{
	audit_log_copy(&pristine, &the_log);
	return 0;
}

static int teardown(void **state UNUSED)
{
	audit_log_done(&the_log);
	return 0;
}

static void test_as_it_was(void **state UNUSED)
{
	assert_int_equal(verify_log(&the_log), 0);
}

static void test_one_way_to_write(void **state UNUSED)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"null",
		"{\"lane\":00,\"seq\":1,\"before\":\"",
		"{\"lane\": 0,\"seq\":1,\"before\":\"",
		"{\"seq\":1,\"lane\":0,\"before\":\"",
		"{\"lane\":-1,\"seq\":1,\"before\":\"",
		"{\"lane\":9999999999999999999,\"seq\":1,\"before\":\"",
	};
	AUTO(buf_done) struct buf again = { 0 };
	struct chain_link link;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(chain_read_line(slice_of(wrong[i]), &link));
	chain_write_line(audit_log_read(&the_log.line[7]), &again);
	assert_string_equal(again.p, the_log.line[7].p);
}

/* A known value, so that no later version computes another hash: made by
 * Python's hashlib. */
static void test_hash(void **state UNUSED)
{
	struct chain_link link = {
		.lane = 2,
		.seq = 258,
		.record = SLICE("{\"at\":1}"),
	};
	char hex[CHAIN_HEX];

	for (int i = 0; i < CHAIN_HASH; i++)
		link.before[i] = (unsigned char)i;
	chain_hash(&link, link.hash);
	chain_to_hex(link.hash, hex);
	assert_string_equal(hex, "eb522f94d0a906a9252e4fe831219749"
				 "c9f9ece8803015859918d508cfcbb00f");
}

static void test_edited(void **state UNUSED)
{
	edit(&the_log, 10, false);
	assert_true(verify_log(&the_log) > 0);
	check_first("edited", 11, 0, 11);
}

static void test_edited_with_its_hash(void **state UNUSED)
{
	edit(&the_log, 10, true);
	assert_true(verify_log(&the_log) > 0);
	check_first("replaced", 12, 0, 12);
}

static void test_edited_with_all_hashes(void **state UNUSED)
{
	edit(&the_log, 10, true);
	forge_rest(&the_log, 10);
	assert_true(verify_log(&the_log) > 0);
	check_first("rolled back", 20, 0, 20); /* checkpoint 2 */
}

static void test_deleted(void **state UNUSED)
{
	drop_line(&the_log, 50);
	drop_line(&the_log, 50);
	assert_int_equal(verify_log(&the_log), 1);
	check_first("deleted", 51, 1, 13);
	assert_non_null(strstr(first.text, "11 to 12"));
}

static void test_deleted_and_closed(void **state UNUSED)
{
	drop_line(&the_log, 50);
	forge_rest(&the_log, 49);
	assert_true(verify_log(&the_log) > 0);
	check_first("rolled back", 60, 1, 20);
}

static void test_swapped(void **state UNUSED)
{
	swap_lines(&the_log, 20, 21);
	assert_true(verify_log(&the_log) > 0);
	check_first("deleted", 21, 0, 22);
}

static void test_inserted_again(void **state UNUSED)
{
	buf_done(&the_log.line[30]);
	buf_add_slice(&the_log.line[30], buf_slice(&the_log.line[5]));
	assert_true(verify_log(&the_log) > 0);
	check_first("repeated", 31, 0, 6);
}

static void test_truncated_at_end(void **state UNUSED)
{
	drop_line(&the_log, the_log.n - 1);
	assert_int_equal(verify_log(&the_log), 1);
	check_first("truncated", 0, 2, 39);
}

static void test_truncated_at_beginning(void **state UNUSED)
{
	drop_line(&the_log, 0);
	assert_int_equal(verify_log(&the_log), 1);
	check_first("truncated", 1, 0, 2);
}

static void test_lane_is_gone(void **state UNUSED)
{
	for (int i = 0; i < AUDIT_LOG_RECORDS; i++)
		drop_line(&the_log, AUDIT_LOG_RECORDS);
	assert_int_equal(verify_log(&the_log), 1);
	check_first("truncated", 0, 1, -1);
}

static void test_cut_line(void **state UNUSED)
{
	AUTO(buf_done) struct buf text = { 0 };

	audit_log_text(&the_log, &text);
	text.n--;
	assert_true(verify_text(&the_log, buf_slice(&text)) > 0);
}

static void test_moved_to_another_lane(void **state UNUSED)
{
	struct chain_link link = *audit_log_read(&the_log.line[60]);

	link.lane = 0;
	put_line(&the_log, 60, &link, false);
	assert_true(verify_log(&the_log) > 0);
	check_first("repeated", 61, 0, 21);
}

static void test_forged_checkpoint(void **state UNUSED)
{
	struct buf *c = the_log.checkpoint;
	struct buf mine = audit_log_private, c3 = c[3], previous = { 0 };

	audit_log_private = (struct buf){ 0 };
	crypto_pair_new("Ed25519", &audit_log_private);
	c[3] = (struct buf){ 0 };
	audit_log_checkpoint(&the_log, 3, &previous);
	buf_done(&previous);
	buf_done(&c3);
	buf_done(&audit_log_private);
	audit_log_private = mine;
	assert_int_equal(verify_log(&the_log), 1);
	check_first("forged", 0, -1, -1);
}

static void test_older_checkpoint_in_its_place(void **state UNUSED)
{
	buf_clear(&the_log.checkpoint[3]);
	buf_add_slice(&the_log.checkpoint[3],
		      buf_slice(&the_log.checkpoint[2]));
	assert_int_equal(verify_log(&the_log), 1);
	check_first("repeated", 0, -1, -1);
}

/* The log was put back to checkpoint 2, and went on otherwise, with all
 * signatures: the checkpoints that were exported before tell. */
static void test_rolled_back(void **state UNUSED)
{
	struct audit_log was;

	audit_log_make(&was, 1, 21);
	for (int i = 0; i < 2; i++)
		assert_string_equal(was.checkpoint[i].p,
				    the_log.checkpoint[i].p);
	assert_int_equal(verify_log(&was), 0);
	for (size_t i = 0; i < the_log.n; i++) {
		buf_done(&the_log.line[i]);
		the_log.line[i] = was.line[i];
		was.line[i] = (struct buf){ 0 };
	}
	assert_true(verify_log(&the_log) > 0);
	check_first("rolled back", 30, 0, 30);
	buf_done(&the_log.checkpoint[3]);
	the_log.checkpoint[3] = was.checkpoint[3];
	was.checkpoint[3] = (struct buf){ 0 };
	assert_true(verify_log(&the_log) > 0);
	check_first("rolled back", 0, -1, -1);
	audit_log_done(&was);
}

/* ---- at random -------------------------------------------------------------- */

static unsigned roll(size_t sides)
{
	static uint64_t x = 88172645463325252ULL; /* xorshift64 */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)((x >> 11) % sides);
}

/* Two lines that are not the same. */
static void roll_two(size_t *a, size_t *b)
{
	*a = roll(the_log.n);
	do
		*b = roll(the_log.n);
	while (*a == *b);
}

static void insert_copy(size_t from, size_t to)
{
	struct buf copy = { 0 };

	drop_line(&the_log, to);
	from -= from > to;
	buf_add_slice(&copy, buf_slice(&the_log.line[from]));
	memmove(&the_log.line[to + 1], &the_log.line[to],
		(the_log.n - to) * sizeof(the_log.line[0]));
	the_log.line[to] = copy;
	the_log.n++;
}

static void change_byte(struct buf *b)
{
	unsigned char bit = (unsigned char)(1 << roll(8));

	b->p[roll(b->n)] ^= (char)bit;
}

static void swap_lanes(size_t a, size_t b)
{
	struct chain_link x = *audit_log_read(&the_log.line[a]);
	struct chain_link y = *audit_log_read(&the_log.line[b]);
	int64_t lane = x.lane;

	if (x.lane == y.lane)
		lane = (y.lane + 1) % AUDIT_LOG_LANES;
	x.lane = y.lane;
	y.lane = lane;
	if (x.lane != audit_log_read(&the_log.line[a])->lane)
		put_line(&the_log, a, &x, roll(2));
	put_line(&the_log, b, &y, roll(2));
}

static void swap_signatures(size_t a, size_t b)
{
	struct envelope x, y;
	unsigned char signature[ENVELOPE_SIGNATURE];

	assert_true(envelope_read(buf_slice(&the_log.checkpoint[a]), &x, NULL));
	assert_true(envelope_read(buf_slice(&the_log.checkpoint[b]), &y, NULL));
	memcpy(signature, x.signature, sizeof(signature));
	memcpy(x.signature, y.signature, sizeof(signature));
	memcpy(y.signature, signature, sizeof(signature));
	buf_clear(&the_log.checkpoint[a]);
	envelope_write(&x, &the_log.checkpoint[a]);
	buf_clear(&the_log.checkpoint[b]);
	envelope_write(&y, &the_log.checkpoint[b]);
	envelope_done(&x);
	envelope_done(&y);
}

enum { WAYS = 13 };

/* Ways to tamper with lines @a and @b, or with a checkpoint. */
static void tamper(unsigned way, size_t a, size_t b)
{
	switch (way) {
	case 0:
		change_byte(&the_log.line[a]);
		break;
	case 1:
		drop_line(&the_log, a);
		break;
	case 2:
		insert_copy(a, b);
		break;
	case 3:
		swap_lines(&the_log, a, b);
		break;
	case 4:
		for (size_t n = 1 + roll(20); n; n--)
			drop_line(&the_log, the_log.n - 1);
		break;
	case 5:
		swap_lanes(a, b);
		break;
	case 6:
		edit(&the_log, a, roll(2));
		break;
	case 7:
		edit(&the_log, a, true);
		forge_rest(&the_log, a);
		break;
	case 8:
		change_byte(&the_log.checkpoint[roll(AUDIT_LOG_CHECKPOINTS)]);
		break;
	case 9:
		swap_signatures(a % AUDIT_LOG_CHECKPOINTS,
				(a + 1 + b % 3) % AUDIT_LOG_CHECKPOINTS);
		break;
	case 10: /* an older checkpoint for a newer one */
		a = roll(AUDIT_LOG_CHECKPOINTS - 1);
		buf_clear(&the_log.checkpoint[a + 1]);
		buf_add_slice(&the_log.checkpoint[a + 1],
			      buf_slice(&the_log.checkpoint[a]));
		break;
	case 11: /* a record of nobody's, that fits to what is before it */
		drop_line(&the_log, a);
		if (a < the_log.n)
			edit(&the_log, a, true);
		break;
	default: /* a byte is lost */
		memmove(the_log.line[a].p + 5, the_log.line[a].p + 6,
			the_log.line[a].n-- - 6);
	}
}

static void test_random_tamperings(void **state UNUSED)
{
	for (int i = 0; i < TAMPERINGS; i++) {
		unsigned way = roll(WAYS);
		size_t a, b;

		audit_log_done(&the_log);
		audit_log_copy(&pristine, &the_log);
		roll_two(&a, &b);
		tamper(way, a, b);
		if (!verify_log(&the_log))
			fail_msg("tampering %d, way %u, lines %zu and %zu, was "
				 "not found",
				 i, way, a + 1, b + 1);
	}
}

/* Any of the checkpoints, in any order, in one file or two. */
static long long read_again(void)
{
	long long n = 0;
	AUTO(verify_done) struct verify v = { .report = remember, .arg = &n };
	size_t cut = roll(the_log.n), start = roll(AUDIT_LOG_CHECKPOINTS);

	assert_true(verify_key(&v, buf_slice(&audit_log_public)));
	for (size_t i = 0; i < AUDIT_LOG_CHECKPOINTS; i++)
		if (roll(3))
			verify_checkpoint(
				&v,
				buf_slice(&the_log.checkpoint
						   [(i + start) %
						    AUDIT_LOG_CHECKPOINTS]));
	verify_checkpoints(&v);
	for (size_t i = 0; i < the_log.n; i++) {
		if (i == cut)
			verify_next_file(&v);
		verify_line(&v, buf_slice(&the_log.line[i]));
	}
	verify_end(&v);
	assert_int_equal(v.records, the_log.n);
	return n;
}

static void test_harmless_readings(void **state UNUSED)
{
	for (int i = 0; i < READINGS; i++)
		assert_int_equal(read_again(), 0);
}

/* ---- all --------------------------------------------------------------------- */

static int keys(void **state UNUSED)
{
	audit_log_keys();
	audit_log_make(&pristine, 0, 0);
	return 0;
}

static int no_keys(void **state UNUSED)
{
	audit_log_done(&pristine);
	buf_wipe(&audit_log_private);
	buf_done(&audit_log_public);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_as_it_was),
		TEST(test_one_way_to_write),
		TEST(test_hash),
		TEST(test_edited),
		TEST(test_edited_with_its_hash),
		TEST(test_edited_with_all_hashes),
		TEST(test_deleted),
		TEST(test_deleted_and_closed),
		TEST(test_swapped),
		TEST(test_inserted_again),
		TEST(test_truncated_at_end),
		TEST(test_truncated_at_beginning),
		TEST(test_lane_is_gone),
		TEST(test_cut_line),
		TEST(test_moved_to_another_lane),
		TEST(test_forged_checkpoint),
		TEST(test_older_checkpoint_in_its_place),
		TEST(test_rolled_back),
		TEST(test_random_tamperings),
		TEST(test_harmless_readings),
	};

	return cmocka_run_group_tests(tests, keys, no_keys);
}
