/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody gives to skyclust-audit-verify: lines of an export, or (when it
 * begins with '{"body') checkpoints, and heads inside of them.
 *
 * Beside memory faults it finds a line that is read and would not be written the
 * same, and a log of nobody's hand that verifies.
 */
#include <stdlib.h>

#include "audit/verify.h"
#include "base/auto.h"
#include "keys/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void count(void *arg UNUSED, const struct verify_fault *fault)
{
	must(*fault->text && fault->kind);
}

static void check_line(struct slice line)
{
	AUTO(buf_done) struct buf again = { 0 };
	struct chain_link link;

	if (!chain_read_line(line, &link))
		return;
	chain_write_line(&link, &again);
	must(again.n == line.n && !memcmp(again.p, line.p, line.n));
}

/* Read and written, it is the same for who reads it again. */
static void check_heads(struct slice text)
{
	AUTO(buf_done) struct buf once = { 0 }, twice = { 0 };
	struct heads h;

	if (!heads_read(text, &h, NULL))
		return;
	heads_write(&h, &once);
	heads_done(&h);
	must(heads_read(buf_slice(&once), &h, NULL));
	heads_write(&h, &twice);
	heads_done(&h);
	must(once.n == twice.n && !memcmp(once.p, twice.p, once.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(verify_done) struct verify v = { .report = count };
	struct slice rest = { (const char *)data, size };

	check_heads(rest);
	verify_checkpoint(&v, rest);
	must(v.faults == 1); /* there is no key */
	verify_checkpoints(&v);
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;

		check_line((struct slice){ rest.p, n });
		verify_line(&v, (struct slice){ rest.p, n });
		rest.p += n + (end != NULL);
		rest.n -= n + (end != NULL);
	}
	verify_end(&v);
	return 0;
}
