/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/retention.h"

#include "audit/checkpoint.h"
#include "base/clock.h"
#include "base/log.h"

#define DAY 86400000LL
#define AT_ONCE 2000 /* records in one transaction */

/* Whether @cut ends behind where the log begins now. */
static bool removes_something(const struct audit *a, const struct heads *cut)
{
	for (size_t i = 0; i < cut->n; i++) {
		const struct heads_lane *l =
			heads_find(&a->last, cut->lanes[i].lane);

		if (l && l->first <= cut->lanes[i].seq)
			return true;
	}
	return false;
}

/* Sign that the log begins behind the newest checkpoint that is old enough. */
static WAITS bool sign_cut(struct audit *a, long long days, struct error *err)
{
	struct heads cut;
	bool good =
		checkpoint_read(a->trust->store,
				"SELECT id, body FROM audit_checkpoints"
				" WHERE at < $1 ORDER BY id DESC LIMIT 1",
				clock_wall_ms() - days * DAY, &cut, NULL, err);

	if (good && removes_something(a, &cut))
		good = checkpoint_make(a, NULL, &cut, err);
	heads_done(&cut);
	return good;
}

/* The oldest record of @lane; 0: there is none. */
static WAITS bool find_oldest(struct store *s, int64_t lane, int64_t *seq,
			      struct error *err)
{
	struct rows rows;

	if (!store_read(s, NULL,
			"SELECT MIN(seq) AS seq FROM audit WHERE lane = $1",
			&rows, err, P_INT(lane)))
		return false;
	*seq = row_int(&rows, 0, "seq");
	rows_done(&rows);
	return true;
}

static WAITS bool remove_some(struct store *s, int64_t lane, int64_t end,
			      struct error *err)
{
	struct tx *tx = tx_begin(s, NULL);

	tx_put(tx, "DELETE FROM audit WHERE lane = $1 AND seq < $2",
	       P_INT(lane), P_INT(end));
	return tx_commit(tx, err);
}

static WAITS bool sweep_lane(struct audit *a, int64_t lane, int64_t first,
			     struct error *err)
{
	struct store *s = a->trust->store;
	int64_t oldest, end;

	while (!a->verifications && !a->stopping) {
		if (!find_oldest(s, lane, &oldest, err))
			return false;
		if (!oldest || oldest >= first)
			return true;
		end = oldest + AT_ONCE < first ? oldest + AT_ONCE : first;
		if (!remove_some(s, lane, end, err))
			return false;
	}
	return true;
}

WAITS void retention_due(struct audit *a)
{
	long long days = a->trust->config->audit_keep_days;
	struct error err = { 0 };
	bool good;

	if (!days || a->verifications)
		return;
	good = sign_cut(a, days, &err);
	for (size_t i = 0; good && i < a->last.n; i++)
		good = sweep_lane(a, a->last.lanes[i].lane,
				  a->last.lanes[i].first, &err);
	if (!good && err.code != ERR_CONFLICT)
		log_error("old records of the audit log cannot be removed",
			  LOG_ERR(&err));
}
