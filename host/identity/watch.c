/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fiber that asks twice a second whether another host has changed who may
 * do what, writes when sessions and tokens were last used, and sweeps out what
 * has ended.
 */
#include "base/clock.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "identity/identity_impl.h"
#include "identity/lockout.h"
#include "keys/keyring.h"

#define ASK_MS 500	   /* with other hosts */
#define ALONE_MS 30000	   /* without */
#define SWEEP_MS 3600000LL /* an hour */
#define KEEP_MS 86400000LL /* a day: an ended session can still be seen */
#define USES_MAX 10000

struct use {
	struct list link;
	bool is_token;
	char id[TRUST_ID_SIZE];
	int64_t at;
};

bool watch_has_others(const struct trust *t)
{
	return !text_starts(store_engine(t->store), "SQLite");
}

/* ---- last use ---------------------------------------------------------------- */

void watch_note_use(struct identity *id, bool is_token, const char *used_id,
		    int64_t now)
{
	struct use *use;

	if (id->n_uses >= USES_MAX)
		return;
	use = mem_alloc(sizeof(*use));
	use->is_token = is_token;
	use->at = now;
	text_copy(use->id, sizeof(use->id), used_id);
	list_add_tail(&id->uses, &use->link);
	id->n_uses++;
}

static void put_use(struct tx *tx, const struct use *use)
{
	tx_put(tx,
	       use->is_token
		       ? "UPDATE api_tokens SET used_at = $1 WHERE id = $2"
		       : "UPDATE sessions SET used_at = $1 WHERE id = $2",
	       P_INT(use->at), P_TEXT(use->id));
}

/* When that fails they are lost: nobody depends on them. */
WAITS static void write_uses(struct identity *id)
{
	struct use *use, *tmp;
	struct error err;
	struct tx *tx;

	if (list_empty(&id->uses))
		return;
	tx = tx_begin(id->trust->store, NULL);
	list_each_safe (use, tmp, &id->uses, struct use, link) {
		put_use(tx, use);
		list_del(&use->link);
		mem_free(use);
	}
	id->n_uses = 0;
	if (!tx_commit(tx, &err))
		log_warn("times of last use are lost", LOG_ERR(&err));
}

/* ---- other hosts --------------------------------------------------------------- */

WAITS static bool read_revision(struct trust *t, int64_t *revision,
				struct error *err)
{
	struct rows rows = { 0 };

	if (!store_read(t->store, NULL, "SELECT n FROM revision WHERE id = 1",
			&rows, err))
		return false;
	*revision = rows.n ? row_int(&rows, 0, "n") : 0;
	rows_done(&rows);
	return true;
}

/* While the database is down what is known goes on being used. */
WAITS static void ask_revision(struct identity *id)
{
	int64_t revision;
	struct error err;

	if (!watch_has_others(id->trust) ||
	    !read_revision(id->trust, &revision, NULL) ||
	    revision == id->revision)
		return;
	id->revision = revision;
	if (!keyring_reload(id->trust->keyring, &err))
		log_warn("the key file was not read again", LOG_ERR(&err));
	cache_forget(id->cache);
}

/* ---- sweeping ------------------------------------------------------------------- */

WAITS static void sweep(struct identity *id)
{
	int64_t now = clock_wall_ms();
	struct tx *tx = tx_begin(id->trust->store, NULL);
	struct error err;

	lockout_sweep(tx, now);
	tx_put(tx,
	       "DELETE FROM sessions WHERE expires_at < $1"
	       " OR revoked_at < $1",
	       P_INT(now - KEEP_MS));
	if (!tx_commit(tx, &err))
		log_warn("ended sessions were not removed", LOG_ERR(&err));
}

/* ---- the fiber -------------------------------------------------------------------- */

WAITS static void watch(void *arg)
{
	struct identity *id = arg;
	const int64_t turn = watch_has_others(id->trust) ? ASK_MS : ALONE_MS;
	int64_t swept = clock_ms(), written = swept;

	while (fiber_sleep(turn) != WAIT_CANCELLED && !id->stopping) {
		int64_t now = clock_ms();

		ask_revision(id);
		if (now - written >= ALONE_MS) {
			written = now;
			write_uses(id);
		}
		if (now - swept >= SWEEP_MS) {
			swept = now;
			sweep(id);
		}
	}
	fiber_clear_cancel();
	write_uses(id);
	id->watcher = NULL;
	cond_broadcast(&id->watcher_ended);
}

bool watch_start(struct trust *t, struct error *err)
{
	struct identity *id = t->identity;

	if (!read_revision(t, &id->revision, err))
		return false;
	id->watcher = fiber_spawn("identity", watch, id);
	return id->watcher ||
	       fail(err, ERR_INTERNAL, "no fiber to watch users with");
}

WAITS void watch_stop(struct identity *id)
{
	id->stopping = true;
	if (id->watcher)
		fiber_cancel(id->watcher);
	while (id->watcher)
		cond_wait(&id->watcher_ended, 0);
}
