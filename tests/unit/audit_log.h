/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An audit log in memory for tests of its verifier: lanes of records, and
 * checkpoints that were signed while it grew.
 */
#ifndef SKYCLUST_TESTS_UNIT_AUDIT_LOG_H
#define SKYCLUST_TESTS_UNIT_AUDIT_LOG_H

#include "audit/verify.h"
#include "base/auto.h"
#include "keys/crypto.h"

#define AUDIT_LOG_LANES 3
#define AUDIT_LOG_RECORDS 40 /* of a lane */
#define AUDIT_LOG_CHECKPOINTS 4

struct audit_log {
	struct buf line[AUDIT_LOG_LANES *
			AUDIT_LOG_RECORDS]; /* without their ends */
	size_t n;
	struct buf checkpoint[AUDIT_LOG_CHECKPOINTS];
};

static struct buf audit_log_private, audit_log_public;

static inline void audit_log_keys(void)
{
	crypto_pair_new("Ed25519", &audit_log_private);
	assert_true(crypto_pair_public("Ed25519", buf_slice(&audit_log_private),
				       &audit_log_public));
}

static inline void audit_log_done(struct audit_log *log)
{
	for (size_t i = 0; i < log->n; i++)
		buf_done(&log->line[i]);
	for (size_t i = 0; i < AUDIT_LOG_CHECKPOINTS; i++)
		buf_done(&log->checkpoint[i]);
}

static inline void audit_log_sign(const struct heads *h, struct buf *out)
{
	AUTO(envelope_done) struct envelope e = { 0 };

	heads_write(h, &e.body);
	e.signature_n = CRYPTO_SIGNATURE;
	assert_true(crypto_sign(buf_slice(&audit_log_private),
				buf_slice(&e.body), e.signature));
	envelope_write(&e, out);
}

/* Write record @seq of @lane behind @before, which becomes its hash. */
static inline void audit_log_link(int64_t lane, int64_t seq, const char *record,
				  unsigned char before[CHAIN_HASH],
				  struct buf *line)
{
	struct chain_link link = {
		.lane = lane,
		.seq = seq,
		.record = slice_of(record),
	};

	memcpy(link.before, before, CHAIN_HASH);
	chain_hash(&link, link.hash);
	memcpy(before, link.hash, CHAIN_HASH);
	chain_write_line(&link, line);
}

static inline const struct chain_link *audit_log_read(const struct buf *line)
{
	static struct chain_link link;

	assert_true(chain_read_line(buf_slice(line), &link));
	return &link;
}

/* Checkpoint @i of AUDIT_LOG_CHECKPOINTS: the first part of each lane is written. */
static inline void audit_log_checkpoint(struct audit_log *log, size_t i,
					struct buf *previous)
{
	struct heads h = {
		.id = (int64_t)i + 1,
		.at = 1767225600000,
	};
	size_t seq = AUDIT_LOG_RECORDS * (i + 1) / AUDIT_LOG_CHECKPOINTS;

	snprintf(h.key, sizeof(h.key), "audit-1");
	h.has_previous = i > 0;
	if (i > 0)
		heads_digest(buf_slice(previous), h.previous);
	for (size_t lane = 0; lane < AUDIT_LOG_LANES; lane++) {
		struct heads_lane *l = heads_add(&h, (int64_t)lane);

		l->seq = (int64_t)seq;
		memcpy(l->hash,
		       audit_log_read(
			       &log->line[lane * AUDIT_LOG_RECORDS + seq - 1])
			       ->hash,
		       CHAIN_HASH);
	}
	buf_clear(previous);
	heads_write(&h, previous);
	audit_log_sign(&h, &log->checkpoint[i]);
	heads_done(&h);
}

/* @flavour makes logs that differ from record @from on. */
static inline void audit_log_make(struct audit_log *log, int flavour, int from)
{
	AUTO(buf_done) struct buf previous = { 0 };

	*log = (struct audit_log){ 0 };
	for (int lane = 0; lane < AUDIT_LOG_LANES; lane++) {
		unsigned char hash[CHAIN_HASH] = { 0 };

		for (int i = 1; i <= AUDIT_LOG_RECORDS; i++) {
			AUTO_FREE char *record = mem_printf(
				"{\"at\":\"2026-01-01T00:00:%02d.000Z\","
				"\"action\":\"instance.create\",\"outcome\":"
				"\"allowed\",\"target\":\"%d-%d-%d\"}",
				i, lane, i, i < from ? 0 : flavour);

			audit_log_link(lane, i, record, hash,
				       &log->line[log->n++]);
		}
	}
	for (size_t i = 0; i < AUDIT_LOG_CHECKPOINTS; i++)
		audit_log_checkpoint(log, i, &previous);
}

/* @to becomes the same. */
static inline void audit_log_copy(const struct audit_log *from,
				  struct audit_log *to)
{
	*to = (struct audit_log){ .n = from->n };
	for (size_t i = 0; i < from->n; i++)
		buf_add_slice(&to->line[i], buf_slice(&from->line[i]));
	for (size_t i = 0; i < AUDIT_LOG_CHECKPOINTS; i++)
		buf_add_slice(&to->checkpoint[i],
			      buf_slice(&from->checkpoint[i]));
}

static inline void audit_log_text(const struct audit_log *log, struct buf *text)
{
	for (size_t i = 0; i < log->n; i++) {
		buf_add_slice(text, buf_slice(&log->line[i]));
		buf_add_char(text, '\n');
	}
}

#endif
