/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick look at start.  It does not read the log, only its ends: a database
 * that was put back, or cut off, is behind what the file beside it says.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "audit/check.h"
#include "audit/checkpoint.h"
#include "audit/checkpoint_file.h"
#include "base/auto.h"
#include "base/log.h"

#define LAST_RECORDS 100 /* of a lane */

static void disagree(struct audit *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void disagree(struct audit *a, const char *fmt, ...)
{
	AUTO_JSON json_t *more = NULL;
	char text[sizeof(a->disagreement)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!a->disagreements++)
		memcpy(a->disagreement, text, sizeof(text));
	log_error("the audit log is not where it was left: it was altered, or "
		  "the database was put back",
		  LOG_STR("what", text));
	more = json_pack("{s:s}", "what", text);
	notes_add(&a->notes, &(struct audit_event){ .action = "audit.disagrees",
						    .outcome = "failed",
						    .reason = "altered",
						    .more = more });
}

/* Is record @seq of @lane there, with @hash?  @by tells of it. */
static WAITS bool check_record(struct audit *a, int64_t lane, int64_t seq,
			       const unsigned char hash[CHAIN_HASH],
			       const char *by, struct error *err)
{
	unsigned char found[CHAIN_HASH];
	struct rows rows;

	if (!store_read(a->trust->store, NULL,
			"SELECT hash FROM audit WHERE lane = $1 AND seq = $2",
			&rows, err, P_INT(lane), P_INT(seq)))
		return false;
	if (!rows.n)
		disagree(a,
			 "record %" PRId64 " of lane %" PRId64
			 ", which %s tells of, is not there",
			 seq, lane, by);
	else if (!audit_row_hash(&rows, 0, "hash", found) ||
		 memcmp(found, hash, CHAIN_HASH) != 0)
		disagree(a,
			 "record %" PRId64 " of lane %" PRId64
			 " is not the one that %s tells of",
			 seq, lane, by);
	rows_done(&rows);
	return true;
}

/* All that @h tells of, unless it was removed by our own rule. */
static WAITS bool check_ends(struct audit *a, const struct heads *h,
			     const char *by, struct error *err)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct heads_lane *l = &h->lanes[i];
		const struct heads_lane *now = heads_find(&a->last, l->lane);

		if (l->seq < 1 || (now && l->seq < now->first))
			continue;
		if (!check_record(a, l->lane, l->seq, l->hash, by, err))
			return false;
	}
	return true;
}

/* ---- the last records of each lane ------------------------------------------- */

static void report(void *arg, const struct verify_fault *f)
{
	disagree(arg, "lane %" PRId64 ", record %" PRId64 ": %s: %s", f->lane,
		 f->seq, f->kind, f->text);
}

/* Each by itself, and that it follows the one before. */
static void check_tail(struct audit *a, const struct rows *rows,
		       const struct heads_lane *end)
{
	unsigned char hash[CHAIN_HASH], before[CHAIN_HASH] = { 0 };
	struct verify_fault f = { .kind = "edited", .lane = end->lane };
	size_t i;

	for (i = 0; i < rows->n && !*f.text; i++) {
		struct chain_link link = {
			.lane = end->lane,
			.seq = row_int(rows, i, "seq"),
			.record = slice_of(row_text(rows, i, "record")),
		};

		f.seq = link.seq;
		if (!audit_row_hash(rows, i, "before", link.before) ||
		    !audit_row_hash(rows, i, "hash", link.hash))
			snprintf(f.text, sizeof(f.text), "no digest");
		chain_hash(&link, hash);
		if (memcmp(hash, link.hash, CHAIN_HASH) != 0 ||
		    (i && memcmp(before, link.before, CHAIN_HASH) != 0))
			snprintf(f.text, sizeof(f.text),
				 "the record does not match its hash, or not "
				 "the record before it");
		memcpy(before, link.hash, CHAIN_HASH);
	}
	if (*f.text)
		report(a, &f);
	else if (!rows->n || f.seq != end->seq ||
		 memcmp(before, end->hash, CHAIN_HASH) != 0)
		disagree(a,
			 "lane %" PRId64 " does not end with record %" PRId64
			 ", which audit_heads tells of",
			 end->lane, end->seq);
}

static WAITS bool check_tails(struct audit *a, struct error *err)
{
	struct heads now;
	struct rows rows;
	bool good = audit_read_heads(a->trust->store, &a->last, &now, err);

	for (size_t i = 0; good && i < now.n; i++) {
		const struct heads_lane *l = &now.lanes[i];
		int64_t from = l->seq - LAST_RECORDS;

		if (from < l->first - 1)
			from = l->first - 1;
		if (!l->seq && !from)
			continue; /* nothing was ever written */
		good = store_read(a->trust->store, NULL,
				  "SELECT seq, before, hash, record FROM audit"
				  " WHERE lane = $1 AND seq > $2 ORDER BY seq",
				  &rows, err, P_INT(l->lane), P_INT(from));
		if (good && (rows.n || l->seq >= l->first))
			check_tail(a, &rows, l);
		if (good)
			rows_done(&rows);
	}
	heads_done(&now);
	return good;
}

/* ---- all of it ---------------------------------------------------------------- */

static WAITS bool check_file(struct audit *a, struct error *err)
{
	struct heads h;
	struct error why;
	bool good;

	if (!heads_file_read(a->trust, &h, &why)) {
		a->file_was_there = why.code == ERR_INVALID;
		if (a->file_was_there)
			disagree(a, "%s", why.message);
		else if (a->last.id)
			log_warn("no record of where the audit log ended",
				 LOG_ERR(&why));
		return true;
	}
	a->file_was_there = true;
	if (h.id > a->last.id)
		disagree(a,
			 "checkpoint %" PRId64 ", which audit.heads tells of, "
			 "is not there",
			 h.id);
	good = check_ends(a, &h, "audit.heads", err);
	heads_done(&h);
	return good;
}

/* The newest checkpoint is signed by us. */
static WAITS bool check_checkpoint(struct audit *a, struct error *err)
{
	struct error why = { 0 };

	if (!checkpoint_last(a->trust->store, &a->last, NULL, &why)) {
		if (why.code == ERR_STORE_UNAVAILABLE) {
			*err = why;
			return false;
		}
		disagree(a, "%s", why.message);
		return true;
	}
	return check_ends(a, &a->last, "the newest checkpoint", err);
}

WAITS bool check_start(struct audit *a, struct error *err)
{
	return check_checkpoint(a, err) && check_tails(a, err) &&
	       check_file(a, err);
}
