/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/checkpoint.h"

#include <inttypes.h>

#include "audit/checkpoint_file.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "keys/crypto.h"
#include "keys/keyring.h"
#include "metrics.h"

/* ---- reading ---------------------------------------------------------------- */

bool audit_row_hash(const struct rows *rows, size_t i, const char *column,
		    unsigned char hash[CHAIN_HASH])
{
	struct slice blob = row_blob(rows, i, column);

	if (blob.n != CHAIN_HASH)
		return false;
	memcpy(hash, blob.p, CHAIN_HASH);
	return true;
}

/* The lanes of @last, ended at 0. */
static void begin_lanes(const struct heads *last, struct heads *now)
{
	for (size_t i = 0; last && i < last->n; i++) {
		struct heads_lane *l = heads_add(now, last->lanes[i].lane);

		l->first = last->lanes[i].first;
		memcpy(l->before, last->lanes[i].before, CHAIN_HASH);
	}
}

WAITS bool audit_read_heads(struct store *s, const struct heads *last,
			    struct heads *now, struct error *err)
{
	struct rows rows;

	*now = (struct heads){ 0 };
	if (!store_read(s, NULL, "SELECT lane, seq, hash FROM audit_heads",
			&rows, err))
		return false;
	begin_lanes(last, now);
	for (size_t i = 0; i < rows.n; i++) {
		struct heads_lane *l =
			heads_add(now, row_int(&rows, i, "lane"));

		l->seq = row_int(&rows, i, "seq");
		audit_row_hash(&rows, i, "hash", l->hash);
	}
	rows_done(&rows);
	return true;
}

static bool read_body(const struct rows *rows, struct heads *last,
		      unsigned char digest[CHAIN_HASH], struct error *err)
{
	struct slice body = slice_of(row_text(rows, 0, "body"));

	if (digest)
		heads_digest(body, digest);
	return heads_read(body, last, NULL) ||
	       fail(err, ERR_INTERNAL,
		    "checkpoint %" PRId64 " of the audit log is damaged",
		    row_int(rows, 0, "id"));
}

WAITS bool checkpoint_read(struct store *s, const char *sql, int64_t number,
			   struct heads *h, unsigned char digest[CHAIN_HASH],
			   struct error *err)
{
	struct rows rows;
	bool good = true;

	*h = (struct heads){ 0 };
	if (!store_read(s, NULL, sql, &rows, err, P_INT(number)))
		return false;
	if (rows.n)
		good = read_body(&rows, h, digest, err);
	rows_done(&rows);
	return good;
}

WAITS bool checkpoint_last(struct store *s, struct heads *last,
			   unsigned char digest[CHAIN_HASH], struct error *err)
{
	return checkpoint_read(s,
			       "SELECT id, body FROM audit_checkpoints"
			       " WHERE id > $1 ORDER BY id DESC LIMIT 1",
			       0, last, digest, err);
}

void checkpoint_envelope(const struct rows *rows, size_t i, struct buf *out)
{
	struct slice signature = row_blob(rows, i, "signature");
	struct envelope e = { .signature_n = signature.n };

	if (signature.n > ENVELOPE_SIGNATURE)
		e.signature_n = signature.n = ENVELOPE_SIGNATURE;
	memcpy(e.signature, signature.p, signature.n);
	buf_add_str(&e.body, row_text(rows, i, "body"));
	envelope_write(&e, out);
	envelope_done(&e);
}

/* ---- signing ---------------------------------------------------------------- */

/* What the next checkpoint says. */
static WAITS bool prepare(struct audit *a, const struct heads *cut,
			  struct heads *next, struct error *err)
{
	struct store *s = a->trust->store;
	unsigned char digest[CHAIN_HASH];
	struct heads last;
	bool good;

	if (!checkpoint_last(s, &last, digest, err))
		return false;
	good = audit_read_heads(s, &last, next, err);
	next->id = last.id + 1;
	next->at = clock_wall_ms();
	next->has_previous = last.id > 0;
	if (next->has_previous)
		memcpy(next->previous, digest, CHAIN_HASH);
	for (size_t i = 0; cut && i < cut->n; i++) {
		struct heads_lane *l = heads_add(next, cut->lanes[i].lane);

		l->first = cut->lanes[i].seq + 1;
		memcpy(l->before, cut->lanes[i].hash, CHAIN_HASH);
	}
	heads_done(&last);
	return good;
}

static bool sign(const struct audit *a, struct heads *next, struct envelope *e,
		 struct error *err)
{
	const struct key *key = keyring_active(a->trust->keyring, KEY_AUDIT);

	text_copy(next->key, sizeof(next->key), key->id);
	heads_write(next, &e->body);
	e->signature_n = CRYPTO_SIGNATURE;
	return crypto_sign((struct slice){ key->secret, key->secret_length },
			   buf_slice(&e->body), e->signature) ||
	       fail(err, ERR_INTERNAL, "%s cannot sign", key->id);
}

/* That it was signed by somebody's wish, or that records were removed. */
static void put_record(struct audit *a, struct tx *tx, const struct actor *who,
		       const struct heads *next, const struct heads *cut)
{
	AUTO_JSON json_t *more = NULL;
	char id[24];

	if (!who && !cut)
		return;
	snprintf(id, sizeof(id), "%" PRId64, next->id);
	if (cut)
		more = json_pack("{s:I, s:o}", "up_to_checkpoint",
				 (json_int_t)cut->id, "until",
				 trust_time(cut->at));
	audit_put(a->trust, tx,
		  &(struct audit_event){ .who = who,
					 .action = cut ? "audit.removed"
						       : "audit.checkpoint",
					 .outcome = "succeeded",
					 .workspace = "",
					 .target = id,
					 .more = more });
}

static WAITS bool commit(struct audit *a, const struct actor *who,
			 const struct heads *next, const struct envelope *e,
			 const struct heads *cut, struct error *err)
{
	struct tx *tx = tx_begin(a->trust->store, NULL);

	tx_put(tx,
	       "INSERT INTO audit_checkpoints (id, at, body, key_id, signature)"
	       " VALUES ($1, $2, $3, $4, $5)",
	       P_INT(next->id), P_INT(next->at), P_TEXT(e->body.p),
	       P_TEXT(next->key),
	       P_BLOB(((struct slice){ (const char *)e->signature,
				       e->signature_n })));
	if (cut)
		tx_put(tx, "DELETE FROM audit_checkpoints WHERE id < $1",
		       P_INT(cut->id));
	put_record(a, tx, who, next, cut);
	return tx_commit(tx, err);
}

WAITS bool checkpoint_make(struct audit *a, const struct actor *who,
			   const struct heads *cut, struct error *err)
{
	AUTO(envelope_done) struct envelope e = { 0 };
	struct heads next = { 0 };

	if (!prepare(a, cut, &next, err) || !sign(a, &next, &e, err) ||
	    !commit(a, who, &next, &e, cut, err)) {
		heads_done(&next);
		return false;
	}
	heads_done(&a->last);
	a->last = next;
	metric_add("skyclust_audit_checkpoints_total", NULL, NULL, NULL, NULL,
		   1);
	checkpoint_write_files(a->trust, &next, &e);
	return true;
}

/* ---- at intervals ----------------------------------------------------------- */

static bool same_ends(const struct heads *a, const struct heads *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct heads_lane *l = heads_find(a, b->lanes[i].lane);

		if (!l || l->seq != b->lanes[i].seq)
			return false;
	}
	return a->n == b->n;
}

/* Whether something happened since the last one, which may be another
 * host's. */
static WAITS bool is_due(struct audit *a, int64_t apart_ms, struct error *err)
{
	struct store *s = a->trust->store;
	struct heads last, now;
	bool due;

	if (!checkpoint_last(s, &last, NULL, err))
		return false;
	due = audit_read_heads(s, &last, &now, err) &&
	      !same_ends(&last, &now) && clock_wall_ms() >= last.at + apart_ms;
	heads_done(&a->last);
	a->last = last;
	heads_done(&now);
	return due;
}

WAITS bool checkpoint_due(struct audit *a, int64_t apart_ms)
{
	struct error err = { 0 };

	if (is_due(a, apart_ms, &err))
		checkpoint_make(a, NULL, NULL, &err);
	if (err.code == ERR_NONE)
		return true;
	if (err.code != ERR_CONFLICT)
		log_error("the audit log cannot be signed", LOG_ERR(&err));
	return false;
}
