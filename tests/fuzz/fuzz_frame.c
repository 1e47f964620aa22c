/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes, in any pieces, from a driver: the first byte of the input is the
 * size of the pieces, the rest is the stream.
 *
 * Beside memory faults it finds lines that depend on how the stream was cut,
 * memory beyond the limit, text on which our scanner and jansson disagree, and
 * messages whose slices are no JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "rpc/frame.h"
#include "rpc/message.h"
#include "rpc/scan.h"

#define MAX 4096 /* of a line: long ones come up soon */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* All lines of the stream, each with a newline again. */
static void read_lines(const char *p, size_t n, size_t piece, struct buf *out)
{
	struct frame_reader r;
	struct slice line;

	frame_init(&r, MAX);
	while (n > 0) {
		size_t room, step = piece < n ? piece : n;
		char *space = frame_space(&r, &room);

		if (step > room)
			step = room;
		memcpy(space, p, step);
		frame_filled(&r, step);
		must(r.buf.cap <= MAX + FRAME_READ);
		p += step;
		n -= step;
		while (frame_next(&r, &line)) {
			buf_add_slice(out, line);
			buf_add_char(out, '\n');
		}
	}
	frame_done(&r);
}

static void must_be_json(struct slice raw)
{
	must(raw.n == 0 || scan_valid(raw.p, raw.n, NULL));
}

static void check_message(struct slice line)
{
	uint64_t generation, sequence;
	struct message_field field;
	struct message m;
	struct error err;

	if (!message_parse(line, &m, &err))
		return;
	must_be_json(m.params);
	must_be_json(m.result);
	must_be_json(m.error);
	if (message_field(&m, "items", &field) && field.raw.p[0] == '[')
		must(field.items == scan_count_items(field.raw));
	message_id_parse(m.id, &generation, &sequence);
	if (m.type == MSG_ERROR)
		message_error(m.error, &err);
}

static void check_tree(struct slice line, const json_t *theirs)
{
	AUTO_JSON json_t *ours = NULL;
	struct scan s;

	scan_init(&s, line.p, line.n);
	ours = scan_json(&s);
	if (scan_end(&s, NULL))
		must(json_equal(ours, theirs));
}

/* Theirs has no limit on the text of a number; all else must agree. */
static void check_line(struct slice line)
{
	struct error err = { 0 };
	bool ours = scan_valid(line.p, line.n, &err);
	AUTO_JSON json_t *theirs = json_read(line.p, line.n, NULL);

	must(ours == (theirs != NULL) ||
	     strstr(err.message, "a number is too long"));
	check_tree(line, theirs);
	check_message(line);
}

/* A copy of exactly its size, so that a read beyond the end is seen. */
static void check_copy(const char *p, size_t n)
{
	char *copy = mem_alloc(n);

	memcpy(copy, p, n);
	check_line((struct slice){ copy, n });
	mem_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *stream = (const char *)data + 1;
	struct buf pieces = { 0 }, whole = { 0 };

	if (size < 2)
		return 0;
	read_lines(stream, size - 1, data[0] + 1u, &pieces);
	read_lines(stream, size - 1, size, &whole);
	must(pieces.n == whole.n);
	must(whole.n == 0 || memcmp(pieces.p, whole.p, whole.n) == 0);
	for (size_t at = 0, end; at < whole.n; at = end + 1) {
		for (end = at; whole.p[end] != '\n';)
			end++;
		check_copy(whole.p + at, end - at);
	}
	buf_done(&pieces);
	buf_done(&whole);
	return 0;
}
