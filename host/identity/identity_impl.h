/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share.
 */
#ifndef SKYCLUST_HOST_IDENTITY_IDENTITY_IMPL_H
#define SKYCLUST_HOST_IDENTITY_IDENTITY_IMPL_H

#include "audit/audit.h"
#include "base/list.h"
#include "base/secret.h"
#include "identity/cache.h"
#include "identity/identity.h"
#include "identity/password.h"

struct identity {
	struct cache *cache;
	struct password_queue passwords;

	struct list attempts; /* struct lockout: log-ins under way */
	struct cond attempt_ended;

	struct secret *bootstrap; /* NULL: there is an administrator */

	/* Of the watcher (watch.c). */
	struct trust *trust;
	struct fiber *watcher;
	struct cond watcher_ended;
	bool stopping;
	int64_t revision; /* as the database has it */
	struct list uses; /* struct use, to be written */
	size_t n_uses;
	int64_t keys_read_at; /* monotonic: the key file was read again */
};

/* The event @action of @who on @target; the rest is for the caller. */
#define IDENTITY_EVENT(w, a, o, tgt, ...) \
	(&(struct audit_event){ .who = (w), \
				.action = (a), \
				.outcome = (o), \
				.workspace = "", \
				.target = (tgt), \
				##__VA_ARGS__ })

/* Commit @tx, into which identity_touch() was put, and forget what is
 * remembered. */
WAITS bool identity_commit(struct trust *t, struct tx *tx, struct error *err);

/* ---- watch.c: what goes on without being asked ------------------------------ */

/* Remember that session or API token @used_id was used @now; written within a
 * minute. */
void watch_note_use(struct identity *id, bool is_token, const char *used_id,
		    int64_t now);
bool watch_start(struct trust *t, struct error *err);
WAITS void watch_stop(struct identity *id);

/* Several hosts use one database: what another one changed is to be asked for. */
bool watch_has_others(const struct trust *t);

/* ---- bootstrap.c ------------------------------------------------------------- */

WAITS bool bootstrap_start(struct trust *t, struct error *err);

#endif
