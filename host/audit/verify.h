/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Verification of the audit log, from what anybody can have: records, signed
 * checkpoints, the public key.  The program skyclust-audit-verify and the host
 * itself (check.h) use the same code.
 *
 * Keys first, then checkpoints, then records in the order of an export, then
 * the end.  Each fault is told with its place:
 *
 *	damaged	     a line or a checkpoint that is none
 *	edited	     a record's text, place or hash was changed
 *	replaced     the record before it is not the one that was there when it
 *		     was written; or it was inserted
 *	deleted	     records are missing before it
 *	repeated     it was there already, or is not in its order
 *	truncated    records are missing at the end, or from the beginning on
 *	rolled back  the log, or a checkpoint, is not the one that was signed:
 *		     an older state was put back, and went on from there
 *	forged	     a checkpoint is not signed by a known key
 */
#ifndef SKYCLUST_HOST_AUDIT_VERIFY_H
#define SKYCLUST_HOST_AUDIT_VERIFY_H

#include "audit/heads.h"

struct crypto_public;

struct verify_fault {
	const char *kind;  /* of the list above */
	const char *file;  /* or NULL */
	long line;	   /* from 1; 0: not about a line */
	int64_t lane, seq; /* -1: not about a lane, a record */
	char text[200];	   /* what is wrong */
};

/* What is known of a lane so far. */
struct verify_lane {
	int64_t lane, first, seq; /* seq 0: no record yet */
	unsigned char hash[CHAIN_HASH];
};

/* A record that a checkpoint tells of. */
struct verify_mark {
	int64_t lane, seq, id; /* of the checkpoint */
	unsigned char hash[CHAIN_HASH];
};

struct verify_checkpoint {
	struct heads heads;
	unsigned char digest[CHAIN_HASH]; /* of its body */
};

struct verify {
	/* Set by the caller. */
	void (*report)(void *arg, const struct verify_fault *fault);
	void *arg;
	const char *file; /* where the next thing stands, for reports */
	long line;
	bool complete; /* no checkpoint is left out between the first and
			* the last */

	/* Results. */
	long long records, faults;

	/* Its own. */
	struct crypto_public **keys;
	size_t n_keys;
	struct verify_checkpoint *checkpoints; /* by id */
	size_t n_checkpoints;
	struct verify_mark *marks; /* by lane and seq */
	size_t n_marks;
	struct verify_lane *lanes; /* in the order they came */
	size_t n_lanes;
	size_t now; /* the lane of the last record */
};

/* A zeroed one with `report` set is ready. */
void verify_done(struct verify *v);

/* Add a public key (PEM, Ed25519).  False: it is none. */
bool verify_key(struct verify *v, struct slice pem);
/* Add a checkpoint, as its envelope; in any order. */
void verify_checkpoint(struct verify *v, struct slice envelope);
/* All checkpoints are there: compares them with each other. */
void verify_checkpoints(struct verify *v);

/* The next line of an export, without its end; or the next record. */
void verify_line(struct verify *v, struct slice line);
void verify_record(struct verify *v, const struct chain_link *link);
/* A new file begins: lanes may come again, from where they ended. */
void verify_next_file(struct verify *v);

/* All records are there: compares the ends with the checkpoints. */
void verify_end(struct verify *v);

/* Tell a fault of the caller's own finding. */
void verify_fault(struct verify *v, const char *kind, int64_t lane, int64_t seq,
		  const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
