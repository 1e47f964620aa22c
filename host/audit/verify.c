/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "keys/crypto.h"

static const unsigned char zeros[CHAIN_HASH];

void verify_fault(struct verify *v, const char *kind, int64_t lane, int64_t seq,
		  const char *fmt, ...)
{
	struct verify_fault fault = {
		.kind = kind,
		.file = v->file,
		.line = v->line,
		.lane = lane,
		.seq = seq,
	};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault.text, sizeof(fault.text), fmt, ap);
	va_end(ap);
	v->faults++;
	v->report(v->arg, &fault);
}

void verify_done(struct verify *v)
{
	for (size_t i = 0; i < v->n_keys; i++)
		crypto_public_free(v->keys[i]);
	for (size_t i = 0; i < v->n_checkpoints; i++)
		heads_done(&v->checkpoints[i].heads);
	mem_free(v->keys);
	mem_free(v->checkpoints);
	mem_free(v->marks);
	mem_free(v->lanes);
}

bool verify_key(struct verify *v, struct slice pem)
{
	struct crypto_public *key = crypto_public_new(pem);

	if (!key)
		return false;
	v->keys = mem_realloc(v->keys, (v->n_keys + 1) * sizeof(*v->keys));
	v->keys[v->n_keys++] = key;
	return true;
}

/* ---- checkpoints ------------------------------------------------------------ */

static bool is_signed(const struct verify *v, const struct envelope *e)
{
	struct slice signature = { (const char *)e->signature, e->signature_n };

	for (size_t i = 0; i < v->n_keys; i++)
		if (crypto_verify(v->keys[i], buf_slice(&e->body), signature))
			return true;
	return false;
}

/* Steals @heads. */
static void add_checkpoint(struct verify *v, const struct envelope *e,
			   const struct heads *heads)
{
	struct verify_checkpoint new = { .heads = *heads }, *at;
	size_t i = v->n_checkpoints;

	heads_digest(buf_slice(&e->body), new.digest);
	v->checkpoints = mem_realloc(v->checkpoints, (i + 1) * sizeof(new));
	while (i > 0 && v->checkpoints[i - 1].heads.id > heads->id)
		i--;
	at = &v->checkpoints[i];
	memmove(at + 1, at, (v->n_checkpoints - i) * sizeof(new));
	*at = new;
	v->n_checkpoints++;
}

void verify_checkpoint(struct verify *v, struct slice envelope)
{
	AUTO(envelope_done) struct envelope e = { 0 };
	struct heads heads;
	struct error err;

	if (!envelope_read(envelope, &e, &err)) {
		verify_fault(v, "damaged", -1, -1, "no checkpoint: %.160s",
			     err.message);
		return;
	}
	if (!is_signed(v, &e)) {
		verify_fault(v, "forged", -1, -1,
			     "the checkpoint is not signed by a known key");
		return;
	}
	if (!heads_read(buf_slice(&e.body), &heads, &err)) {
		verify_fault(v, "damaged", -1, -1, "no checkpoint: %.160s",
			     err.message);
		return;
	}
	add_checkpoint(v, &e, &heads);
}

static void compare_lanes(struct verify *v, const struct heads *old,
			  const struct heads *new)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct heads_lane *a = &old->lanes[i];
		const struct heads_lane *b = heads_find(new, a->lane);

		if (!b || b->seq < a->seq || b->first < a->first)
			verify_fault(v, "rolled back", a->lane, a->seq,
				     "checkpoint %" PRId64
				     " tells of less than checkpoint %" PRId64,
				     new->id, old->id);
	}
}

/* An older one in the place of a newer one looks like this. */
static void tell_twice(struct verify *v, const struct verify_checkpoint *old,
		       const struct verify_checkpoint *new)
{
	bool same = !memcmp(old->digest, new->digest, CHAIN_HASH);

	verify_fault(v, same ? "repeated" : "rolled back", -1, -1,
		     "there are two checkpoints %" PRId64 "%s", new->heads.id,
		     same ? "" : ": the log was put back, and went on");
}

/* Two that follow each other in the list. */
static void compare_checkpoints(struct verify *v,
				const struct verify_checkpoint *old,
				const struct verify_checkpoint *new)
{
	int64_t id = new->heads.id;

	if (old->heads.id == id) {
		tell_twice(v, old, new);
		return;
	}
	if (old->heads.id + 1 < id) {
		if (v->complete)
			verify_fault(v, "deleted", -1, -1,
				     "checkpoint %" PRId64 " is missing",
				     id - 1);
	} else if (!new->heads.has_previous ||
		   memcmp(new->heads.previous, old->digest, CHAIN_HASH) != 0) {
		verify_fault(v, "rolled back", -1, -1,
			     "checkpoint %" PRId64
			     " does not follow the checkpoint before it",
			     id);
	}
	compare_lanes(v, &old->heads, &new->heads);
}

static int mark_order(const void *a, const void *b)
{
	const struct verify_mark *x = a, *y = b;

	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void add_marks(struct verify *v, const struct heads *h)
{
	v->marks = mem_realloc(v->marks,
			       (v->n_marks + 2 * h->n) * sizeof(*v->marks));
	for (size_t i = 0; i < h->n; i++) {
		const struct heads_lane *l = &h->lanes[i];
		struct verify_mark *mark = &v->marks[v->n_marks];

		mark[0] = (struct verify_mark){ l->lane, l->seq, h->id, { 0 } };
		memcpy(mark[0].hash, l->hash, CHAIN_HASH);
		mark[1] = mark[0];
		mark[1].seq = l->first - 1;
		memcpy(mark[1].hash, l->before, CHAIN_HASH);
		v->n_marks += 2;
	}
}

void verify_checkpoints(struct verify *v)
{
	v->line = 0;
	for (size_t i = 1; i < v->n_checkpoints; i++)
		compare_checkpoints(v, &v->checkpoints[i - 1],
				    &v->checkpoints[i]);
	for (size_t i = 0; i < v->n_checkpoints; i++)
		add_marks(v, &v->checkpoints[i].heads);
	if (v->n_marks)
		qsort(v->marks, v->n_marks, sizeof(*v->marks), mark_order);
}

/* ---- where a lane begins, and what is signed of it -------------------------- */

static bool may_begin(const struct verify *v, const struct chain_link *link)
{
	if (link->seq == 1)
		return !memcmp(link->before, zeros, CHAIN_HASH);
	for (size_t i = 0; i < v->n_checkpoints; i++) {
		const struct heads_lane *l =
			heads_find(&v->checkpoints[i].heads, link->lane);

		if (l && l->first == link->seq &&
		    !memcmp(l->before, link->before, CHAIN_HASH))
			return true;
	}
	return false;
}

/* The newest checkpoint that tells of the lane, or NULL. */
static const struct heads_lane *newest(const struct verify *v, int64_t lane)
{
	const struct heads_lane *l = NULL;

	for (size_t i = v->n_checkpoints; !l && i-- > 0;)
		l = heads_find(&v->checkpoints[i].heads, lane);
	return l;
}

static void check_begin(struct verify *v, const struct chain_link *link)
{
	const struct heads_lane *l = newest(v, link->lane);
	int64_t wanted = l ? l->first : 1;

	if (link->seq > wanted)
		verify_fault(v, "truncated", link->lane, link->seq,
			     "records %" PRId64 " to %" PRId64
			     " are missing at the beginning",
			     wanted, link->seq - 1);
	else if (!may_begin(v, link))
		verify_fault(v, "truncated", link->lane, link->seq,
			     "no checkpoint lets the lane begin here");
}

/* The first mark of this place or a later one. */
static size_t find_mark(const struct verify *v, int64_t lane, int64_t seq)
{
	struct verify_mark wanted = { .lane = lane, .seq = seq };
	size_t low = 0, high = v->n_marks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mark_order(&v->marks[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is it the one that was signed? */
static void check_signed(struct verify *v, const struct chain_link *link)
{
	const struct verify_mark *m;

	for (size_t i = find_mark(v, link->lane, link->seq); i < v->n_marks;
	     i++) {
		m = &v->marks[i];
		if (m->lane != link->lane || m->seq != link->seq)
			return;
		if (memcmp(m->hash, link->hash, CHAIN_HASH) == 0)
			continue;
		verify_fault(v, "rolled back", link->lane, link->seq,
			     "it is not the record that checkpoint %" PRId64
			     " tells of",
			     m->id);
		return;
	}
}

/* ---- records ---------------------------------------------------------------- */

/* The lane of @link; when it is new, or not in its order, that is looked at. */
static struct verify_lane *lane_of(struct verify *v,
				   const struct chain_link *link)
{
	size_t i = 0;

	while (i < v->n_lanes && v->lanes[i].lane != link->lane)
		i++;
	if (i == v->n_lanes) {
		v->lanes = mem_realloc(v->lanes, (i + 1) * sizeof(*v->lanes));
		v->lanes[v->n_lanes++] =
			(struct verify_lane){ .lane = link->lane };
	}
	if (v->now < v->n_lanes && link->lane < v->lanes[v->now].lane)
		verify_fault(v, "repeated", link->lane, link->seq,
			     "the record is not in its order: it is of an "
			     "earlier lane");
	v->now = i;
	return &v->lanes[i];
}

/* Does it follow the last one?  False: it is from before that. */
static bool check_place(struct verify *v, const struct verify_lane *lane,
			const struct chain_link *link)
{
	if (link->seq <= lane->seq) {
		verify_fault(v, "repeated", link->lane, link->seq,
			     "the record was there already, or is not in its "
			     "order: it stands behind record %" PRId64,
			     lane->seq);
		return false;
	}
	if (link->seq > lane->seq + 1)
		verify_fault(v, "deleted", link->lane, link->seq,
			     "records %" PRId64 " to %" PRId64
			     " are missing before it",
			     lane->seq + 1, link->seq - 1);
	else if (memcmp(link->before, lane->hash, CHAIN_HASH) != 0)
		verify_fault(v, "replaced", link->lane, link->seq,
			     "the record before it is another than when it "
			     "was written, or it was inserted");
	return true;
}

void verify_record(struct verify *v, const struct chain_link *link)
{
	struct verify_lane *lane = lane_of(v, link);
	unsigned char hash[CHAIN_HASH];

	v->records++;
	chain_hash(link, hash);
	if (memcmp(hash, link->hash, CHAIN_HASH) != 0)
		verify_fault(v, "edited", link->lane, link->seq,
			     "the record does not match its hash");
	if (!lane->seq) {
		check_begin(v, link);
		lane->first = link->seq;
	} else if (!check_place(v, lane, link)) {
		return;
	}
	check_signed(v, link);
	lane->seq = link->seq;
	memcpy(lane->hash, link->hash, CHAIN_HASH);
}

void verify_line(struct verify *v, struct slice line)
{
	struct chain_link link;

	if (chain_read_line(line, &link))
		verify_record(v, &link);
	else
		verify_fault(v, "damaged", -1, -1,
			     "the line is no record of an export");
}

void verify_next_file(struct verify *v)
{
	v->now = v->n_lanes;
}

/* ---- the end ---------------------------------------------------------------- */

static void check_end(struct verify *v, const struct heads_lane *l, int64_t id)
{
	int64_t seq = 0;

	for (size_t i = 0; i < v->n_lanes; i++)
		if (v->lanes[i].lane == l->lane)
			seq = v->lanes[i].seq;
	if (seq >= l->seq || (!seq && l->first > l->seq))
		return;
	verify_fault(v, "truncated", l->lane, seq ? seq : -1,
		     "the lane ends here, but checkpoint %" PRId64
		     " tells of record %" PRId64,
		     id, l->seq);
}

void verify_end(struct verify *v)
{
	v->line = 0;
	/* The newest tells of all that the older ones do, and of more. */
	if (v->n_checkpoints) {
		const struct heads *h =
			&v->checkpoints[v->n_checkpoints - 1].heads;

		for (size_t i = 0; i < h->n; i++)
			check_end(v, &h->lanes[i], h->id);
	} else if (!v->records) {
		verify_fault(v, "truncated", -1, -1, "there is no record");
	}
}
