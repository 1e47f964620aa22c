/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of the audit log: what its writer and its verifiers compute alike.
 * A link is a record with its place and the digests that hold it there:
 *
 *	hash = SHA-256(lane 8 | seq 8 | before 32 | length 8 | record)
 *
 * with numbers big-endian, `before` the hash of the link before it in its lane
 * (zeros: it is the first).  Nothing here knows of the store.
 */
#ifndef SKYCLUST_HOST_AUDIT_CHAIN_H
#define SKYCLUST_HOST_AUDIT_CHAIN_H

#include "base/base.h"
#include "base/buf.h"

#define CHAIN_HASH 32
#define CHAIN_HEX (2 * CHAIN_HASH + 1)

struct chain_link {
	int64_t lane, seq; /* lanes from 0, records of a lane from 1 */
	unsigned char before[CHAIN_HASH], hash[CHAIN_HASH];
	struct slice record; /* JSON; borrowed */
};

/* What link->hash must be.  May be called on any thread. */
void chain_hash(const struct chain_link *link, unsigned char hash[CHAIN_HASH]);

/*
 * A line of an export, without its end:
 *
 *	{"lane":0,"seq":1,"before":"…","hash":"…","record":{…}}
 *
 * There is one way to write it, and only that is read.
 */
void chain_write_line(const struct chain_link *link, struct buf *out);
bool chain_read_line(struct slice line, struct chain_link *link);

void chain_to_hex(const unsigned char hash[CHAIN_HASH], char hex[CHAIN_HEX]);
/* False: @hex is not exactly 2 * @n lower-case digits. */
bool chain_from_hex(struct slice hex, unsigned char *bytes, size_t n);

#endif
