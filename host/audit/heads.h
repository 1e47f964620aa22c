/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of all lanes at one moment: where each begins and where it ends.
 * A checkpoint says so under a signature; the host's own file audit.heads says
 * so under a MAC.  Nothing here knows of the store.
 *
 *	{"id":7, "at":"…", "key":"audit-1", "previous":"digest of checkpoint 6",
 *	 "lanes":[{"lane":0, "first":1, "before":"…", "seq":123, "hash":"…"}]}
 *
 * first: the oldest record that is kept (seq + 1: none is), before: the hash it
 * carries of the one before it; seq, hash: the newest one.
 *
 * In a file that text stands in an envelope, which is written in one way only:
 *
 *	{"body":"…", "signature":"hex"}
 */
#ifndef SKYCLUST_HOST_AUDIT_HEADS_H
#define SKYCLUST_HOST_AUDIT_HEADS_H

#include "audit/chain.h"
#include "base/error.h"

struct heads_lane {
	int64_t lane, first, seq;
	unsigned char before[CHAIN_HASH], hash[CHAIN_HASH];
};

struct heads {
	int64_t id;   /* checkpoints count from 1; 0: it is none */
	int64_t at;   /* wall clock */
	char key[24]; /* id of the key that it is signed by */
	bool has_previous;
	unsigned char previous[CHAIN_HASH];
	size_t n;
	struct heads_lane *lanes; /* by their numbers */
};

void heads_done(struct heads *h);
struct heads_lane *heads_find(const struct heads *h,
			      int64_t lane); /* or NULL */
/* The lane, added (first 1, seq 0) when it is not there; valid until the next
 * heads_add(). */
struct heads_lane *heads_add(struct heads *h, int64_t lane);

void heads_write(const struct heads *h, struct buf *body);
/* ERR_INVALID: it is no such text. */
bool heads_read(struct slice body, struct heads *h, struct error *err);
/* SHA-256 of a body, the next one's `previous`. */
void heads_digest(struct slice body, unsigned char digest[CHAIN_HASH]);

/* ---- envelopes ------------------------------------------------------------- */

#define ENVELOPE_SIGNATURE 64 /* bytes, at most */

struct envelope {
	struct buf body;
	unsigned char signature[ENVELOPE_SIGNATURE];
	size_t signature_n;
};

void envelope_done(struct envelope *e);
void envelope_write(const struct envelope *e,
		    struct buf *out); /* and newline */
bool envelope_read(struct slice text, struct envelope *e, struct error *err);

#endif
