/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The audit log: who did what, where, when, and what came of it.  A record is
 * written in the same transaction as the effect it tells of (audit_put()), so
 * there is no effect without one.  What changes nothing (a read, a refusal, a
 * driver's start) is gathered and written within a tenth of a second
 * (audit_note()); while the store is down it is kept, up to a limit.
 *
 * Each record carries the SHA-256 of the one before it in its lane
 * (store/store.h), heads of all lanes are signed at intervals (Ed25519,
 * RFC 8032) and exported; audit/verify.h names the place of any alteration.
 */
#ifndef SKYCLUST_HOST_AUDIT_AUDIT_H
#define SKYCLUST_HOST_AUDIT_AUDIT_H

#include <jansson.h>

#include "actor.h"
#include "store/store.h"
#include "trust.h"

/* One thing that happened.  All text is borrowed and may be NULL. */
struct audit_event {
	const struct actor *who; /* NULL: the host itself */
	const char *action;	 /* "instance.create", "auth.login",
				  * "driver.started", "secret.used" */
	const char *outcome;	 /* "allowed", "denied", "succeeded", "failed" */
	const char *reason;	 /* of denied and failed: an error's code */
	const char *workspace;	 /* NULL: the actor's; "": none */
	const char *target;	 /* the identifier it was done to */
	const char *provider, *driver, *driver_version, *driver_digest;
	const char *operation; /* the operation's id */
	const char *effect;    /* "none", "applied", … */
	const char *body;      /* what was asked, for its digest; never kept */
	const json_t *more;    /* members worth keeping, no secrets */
};

/* Add a record to @tx. */
void audit_put(struct trust *t, struct tx *tx, const struct audit_event *event);

/* Write a record soon, without waiting for it.  False: the buffer is full
 * (ERR_STORE_UNAVAILABLE); a read may go on, and is counted as unaudited. */
bool audit_note(struct trust *t, const struct audit_event *event);

/* The HMAC of a secret value as hex, to stand for it in a record. */
void audit_mac(struct trust *t, const char *secret, char hex[65]);

/*
 * Begin: looks whether the log is where it was left (the end of each lane, the
 * last checkpoint, DATA_DIR/audit.heads), and tells it in the log when it is
 * not; then writes, signs and removes in a fiber of its own.  False: the store
 * does not answer.
 */
WAITS bool audit_start(struct trust *t, struct error *err);
/* Write what was noted, sign the last checkpoint. */
WAITS void audit_stop(struct trust *t);

/* ---- export ---------------------------------------------------------------- */

/* Gets the next piece; false ends the export. */
typedef WAITS bool audit_writer(void *arg, struct slice piece);

/*
 * The records, in the order of their lanes, as @args say: format "jsonl" (each
 * line as in audit/chain.h; what skyclust-audit-verify reads) or "csv" (RFC
 * 4180), since, until (RFC 3339); of who->workspace only when it is set.  A
 * selection cannot be verified, for its records do not follow each other.
 * False with @err, also when @writer returned false (ERR_CANCELLED).
 */
WAITS bool audit_export(struct trust *t, const struct actor *who,
			const json_t *args, audit_writer *writer, void *arg,
			struct error *err);

/* ---- acts (trust.h) ------------------------------------------------------ */

trust_act audit_record_list, audit_stats, audit_verify_now;
trust_act audit_checkpoint_list, audit_checkpoint_create, audit_key;

#endif
