/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification in the database.  Lanes grow while it goes on: a lane is read
 * until it ends where audit_heads said it ends, after its last record was read.
 */
#include "audit/check.h"

#include <inttypes.h>

#include "audit/checkpoint.h"
#include "audit/record.h"
#include "base/auto.h"
#include "base/json.h"
#include "keys/keyring.h"

#define ROWS_AT_ONCE 500

/* ---- checkpoints ------------------------------------------------------------- */

static void add_keys(struct audit *a, struct verify *v)
{
	const struct keyring *ring = a->trust->keyring;
	long long last = keyring_active(ring, KEY_AUDIT)->version;

	for (long long i = 1; i <= last; i++) {
		const struct key *key = keyring_find(ring, KEY_AUDIT, i);

		if (key)
			verify_key(v, slice_of(key->public_pem));
	}
}

/* The columns repeat what the body says. */
static void check_checkpoint_columns(struct verify *v, const struct rows *rows,
				     size_t i)
{
	int64_t id = row_int(rows, i, "id");
	struct heads h;

	if (!heads_read(slice_of(row_text(rows, i, "body")), &h, NULL))
		return; /* told already */
	if (h.id != id || h.at != row_int(rows, i, "at") ||
	    strcmp(h.key, row_text(rows, i, "key_id")) != 0)
		verify_fault(v, "edited", -1, -1,
			     "the row of checkpoint %" PRId64
			     " is not what was signed",
			     id);
	heads_done(&h);
}

/* This process remembers the last one it knew of. */
static void check_newest(struct verify *v, int64_t known)
{
	int64_t newest = v->n_checkpoints
				 ? v->checkpoints[v->n_checkpoints - 1].heads.id
				 : 0;

	if (newest < known)
		verify_fault(v, "deleted", -1, -1,
			     "checkpoint %" PRId64 " is missing", known);
}

static WAITS bool read_checkpoints(struct audit *a, struct verify *v,
				   struct error *err)
{
	int64_t known = a->last.id;
	struct rows rows;

	if (!store_read(a->trust->store, NULL,
			"SELECT id, at, body, key_id, signature"
			" FROM audit_checkpoints ORDER BY id",
			&rows, err))
		return false;
	for (size_t i = 0; i < rows.n; i++) {
		AUTO(buf_done) struct buf envelope = { 0 };

		checkpoint_envelope(&rows, i, &envelope);
		verify_checkpoint(v, buf_slice(&envelope));
		check_checkpoint_columns(v, &rows, i);
	}
	rows_done(&rows);
	verify_checkpoints(v);
	check_newest(v, known);
	return true;
}

/* ---- records ----------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The name of a column that does not repeat what the record says, or NULL. */
static const char *wrong_column(const struct rows *rows, size_t i,
				const json_t *root)
{
	struct record_columns c;

	record_columns_of(root, &c);
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "workspace_id", c.workspace }, { "actor", c.actor },
		{ "action", c.action },		 { "outcome", c.outcome },
		{ "target", c.target },		 { "provider", c.provider },
	};

	if (row_int(rows, i, "at") != c.at)
		return "at";
	for (size_t n = 0; n < ARRAY_LEN(texts); n++)
		if (!same_text(row_text(rows, i, texts[n].name),
			       texts[n].value))
			return texts[n].name;
	return NULL;
}

static void check_columns(struct verify *v, const struct rows *rows, size_t i,
			  const struct chain_link *link)
{
	AUTO_JSON json_t *root =
		json_read(link->record.p, link->record.n, NULL);
	const char *wrong = root ? wrong_column(rows, i, root) : "record";

	if (wrong)
		verify_fault(v, "edited", link->lane, link->seq,
			     "column %s is not what the record says", wrong);
}

/* False: the row is none. */
static bool link_of(const struct rows *rows, size_t i, struct chain_link *link)
{
	*link = (struct chain_link){
		.lane = row_int(rows, i, "lane"),
		.seq = row_int(rows, i, "seq"),
		.record = slice_of(row_text(rows, i, "record")),
	};
	return audit_row_hash(rows, i, "before", link->before) &&
	       audit_row_hash(rows, i, "hash", link->hash);
}

static void check_rows(struct verify *v, const struct rows *rows)
{
	struct chain_link link;

	for (size_t i = 0; i < rows->n; i++) {
		if (!link_of(rows, i, &link)) {
			verify_fault(v, "damaged", link.lane, link.seq,
				     "the row holds no digest");
			continue;
		}
		verify_record(v, &link);
		check_columns(v, rows, i, &link);
	}
}

/* ---- lanes ------------------------------------------------------------------- */

struct lane_end {
	bool known; /* audit_heads has a row */
	int64_t seq;
	unsigned char hash[CHAIN_HASH];
};

static WAITS bool read_end(struct store *s, int64_t lane, struct lane_end *end,
			   struct error *err)
{
	struct rows rows;

	*end = (struct lane_end){ 0 };
	if (!store_read(s, NULL,
			"SELECT seq, hash FROM audit_heads WHERE lane = $1",
			&rows, err, P_INT(lane)))
		return false;
	if (rows.n) {
		end->known = audit_row_hash(&rows, 0, "hash", end->hash);
		end->seq = row_int(&rows, 0, "seq");
	}
	rows_done(&rows);
	return true;
}

/* Verify the records of @lane behind @after; *@after becomes the last one's
 * seq. */
static WAITS bool check_records(struct audit *a, struct verify *v, int64_t lane,
				int64_t *after, struct error *err)
{
	struct rows rows;
	size_t n;

	do {
		if (!store_read(a->trust->store, NULL,
				"SELECT lane, seq, before, hash, record, at,"
				" workspace_id, actor, action, outcome, target,"
				" provider FROM audit"
				" WHERE lane = $1 AND seq > $2"
				" ORDER BY seq LIMIT $3",
				&rows, err, P_INT(lane), P_INT(*after),
				P_INT(ROWS_AT_ONCE)))
			return false;
		check_rows(v, &rows);
		n = rows.n;
		if (n)
			*after = row_int(&rows, n - 1, "seq");
		rows_done(&rows);
		fiber_yield();
	} while (n);
	return true;
}

static void check_end(struct verify *v, int64_t lane, int64_t last,
		      const struct lane_end *end)
{
	const struct verify_lane *l = v->n_lanes ? &v->lanes[v->now] : NULL;

	if (l && l->lane == lane && last > end->seq)
		verify_fault(v, "repeated", lane, last,
			     "the record stands behind the end of the lane, "
			     "which audit_heads says is %" PRId64,
			     end->seq);
	else if (last < end->seq)
		verify_fault(v, "truncated", lane, last,
			     "the lane ends here, but audit_heads tells of "
			     "record %" PRId64,
			     end->seq);
	else if (l && l->lane == lane && end->known &&
		 memcmp(l->hash, end->hash, CHAIN_HASH) != 0)
		verify_fault(v, "replaced", lane, last,
			     "the last record is not the one that "
			     "audit_heads tells of");
}

/* Records that were written meanwhile are read, too. */
static WAITS bool check_lane(struct audit *a, struct verify *v, int64_t lane,
			     int64_t first, struct error *err)
{
	struct lane_end end;
	int64_t last = first - 1, before;

	do {
		before = last;
		if (!check_records(a, v, lane, &last, err) ||
		    !read_end(a->trust->store, lane, &end, err))
			return false;
	} while (end.seq > last && last > before);
	check_end(v, lane, last, &end);
	return true;
}

/* The lane that follows @lane, in the records or in audit_heads; -1: none. */
static WAITS bool next_lane(struct store *s, int64_t *lane, struct error *err)
{
	struct rows rows;

	if (!store_read(s, NULL,
			"SELECT MIN(lane) AS lane FROM ("
			" SELECT MIN(lane) AS lane FROM audit WHERE lane > $1"
			" UNION"
			" SELECT MIN(lane) AS lane FROM audit_heads"
			" WHERE lane > $1) AS lanes",
			&rows, err, P_INT(*lane)))
		return false;
	*lane = row_is_null(&rows, 0, "lane") ? -1 : row_int(&rows, 0, "lane");
	rows_done(&rows);
	return true;
}

static WAITS bool check_lanes(struct audit *a, struct verify *v,
			      struct error *err)
{
	int64_t lane = -1;

	for (;;) {
		const struct heads_lane *l;

		if (!next_lane(a->trust->store, &lane, err))
			return false;
		if (lane < 0)
			return true;
		l = v->n_checkpoints
			    ? heads_find(&v->checkpoints[v->n_checkpoints - 1]
						  .heads,
					 lane)
			    : NULL;
		if (!check_lane(a, v, lane, l ? l->first : 1, err))
			return false;
	}
}

WAITS bool check_all(struct audit *a, struct verify *v, struct error *err)
{
	bool good;

	v->complete = true;
	add_keys(a, v);
	a->verifications++;
	good = read_checkpoints(a, v, err) && check_lanes(a, v, err);
	a->verifications--;
	if (good)
		verify_end(v);
	return good;
}
