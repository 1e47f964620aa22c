/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes on by itself: one fiber wraps anew what an old key wraps, and tells
 * of credentials whose time is nearly over or over, each once.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "credential/credential_impl.h"
#include "keys/keyring.h"
#include "registry.h"

#define TICK_MS 60000
/* Rows that another host left when it died, or wrote with a key that was old
 * already, are looked for this often: it reads whole tables. */
#define SWEEP_MS (60 * TICK_MS)
#define ROWS_AT_ONCE 64

/* ---- expiry --------------------------------------------------------------- */

/* Told by whoever is the first of the hosts that share the database. */
WAITS static bool tell_one(struct trust *t, const struct rows *rows, size_t i,
			   int64_t now, struct error *err)
{
	const char *id = row_text(rows, i, "id");
	int64_t end = row_int(rows, i, "expires_at");
	bool over = end <= now;
	struct tx *tx = tx_begin(t->store, NULL);
	char text[CLOCK_TEXT];

	tx_put(tx,
	       "UPDATE credentials SET warned_at = COALESCE(warned_at, $1),"
	       " state = CASE WHEN $2 = 1 THEN 'expired' ELSE state END"
	       " WHERE id = $3 AND expires_at = $4"
	       " AND (warned_at IS NULL OR ($2 = 1 AND state <> 'expired'))",
	       P_INT(now), P_INT(over), P_TEXT(id), P_INT(end));
	tx_must(tx, ERR_CONFLICT, "another host was first");
	audit_put(t, tx,
		  &(struct audit_event){
			  .action = over ? "credential.expired"
					 : "credential.expiring",
			  .outcome = "succeeded",
			  .workspace = row_text(rows, i, "workspace_id"),
			  .target = id,
			  .provider = row_text(rows, i, "provider") });
	if (!tx_commit(tx, err))
		return err->code == ERR_CONFLICT;
	log_warn(over ? "a credential has expired"
		      : "a credential expires soon",
		 LOG_STR("credential", id),
		 LOG_STR("workspace", row_text(rows, i, "workspace_id")),
		 LOG_STR("provider", row_text(rows, i, "provider")),
		 LOG_STR("expires_at", clock_format(end, text)));
	return true;
}

WAITS static bool tell_some(struct trust *t, size_t *n, struct error *err)
{
	int64_t now = clock_wall_ms();
	struct rows rows = { 0 };
	bool ok = true;

	if (!store_read(t->store, NULL,
			"SELECT id, workspace_id, provider, expires_at"
			" FROM credentials WHERE"
			" (expires_at <= $1 AND state <> 'expired')"
			" OR (expires_at <= $2 AND warned_at IS NULL)"
			" ORDER BY id LIMIT $3",
			&rows, err, P_INT(now),
			P_INT(now + t->config->credential_warning_ms),
			P_INT(ROWS_AT_ONCE)))
		return false;
	*n = rows.n;
	for (size_t i = 0; i < rows.n && ok; i++)
		ok = tell_one(t, &rows, i, now, err);
	rows_done(&rows);
	return ok;
}

WAITS bool expiry_pass(struct credentials *c, struct error *err)
{
	size_t n = 0;

	do
		if (!tell_some(c->trust, &n, err))
			return false;
	while (n == ROWS_AT_ONCE && !c->stopping);
	return true;
}

/* ---- the fiber ------------------------------------------------------------ */

/* Hosts that share a database share the key file, too. */
static void read_keys_again(struct trust *t)
{
	struct error err;

	if (!text_starts(store_engine(t->store), "SQLite") &&
	    !keyring_reload(t->keyring, &err))
		log_warn("the key file cannot be read again", LOG_ERR(&err));
}

/* At the start, after a rotation, and once in a while. */
WAITS static bool rotate_if_due(struct credentials *c, struct error *err)
{
	if (!c->rotates && clock_ms() < c->sweep_at)
		return true;
	c->rotates = false;
	c->sweep_at = 0; /* again soon, should it fail */
	if (!rotate_pass(c, err))
		return false;
	c->sweep_at = clock_ms() + SWEEP_MS;
	return true;
}

WAITS static void watch(void *arg)
{
	struct credentials *c = arg;
	struct error err;

	while (!c->stopping) {
		read_keys_again(c->trust);
		if (!rotate_if_due(c, &err) || !expiry_pass(c, &err))
			log_warn("the watch over credentials is interrupted",
				 LOG_ERR(&err));
		if (!c->stopping && !c->rotates)
			cond_wait(&c->wake, clock_ms() + TICK_MS);
	}
	c->watcher = NULL;
	cond_broadcast(&c->quiet);
}

bool credential_start(struct trust *t, struct error *err)
{
	struct credentials *c = mem_alloc(sizeof(*c));

	c->trust = t;
	list_init(&c->refusals);
	cond_init(&c->wake);
	cond_init(&c->quiet);
	c->watcher = fiber_spawn("credentials", watch, c);
	if (!c->watcher) {
		mem_free(c);
		return fail(err, ERR_BUSY, "too many fibers");
	}
	if (t->registry)
		registry_on_refusal(t->registry, credential_refused, c);
	t->credentials = c;
	return true;
}

WAITS void credential_stop(struct trust *t)
{
	struct credentials *c = t->credentials;

	if (!c)
		return;
	if (t->registry)
		registry_on_refusal(t->registry, NULL, NULL);
	c->stopping = true;
	cond_broadcast(&c->wake);
	while (c->watcher || c->recorders)
		cond_wait(&c->quiet, 0);
	credential_forget_refusals(c);
	mem_free(c);
	t->credentials = NULL;
}
