/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new wrap key: what is stored from now on is wrapped with it, and what was
 * stored before is wrapped anew, a few rows at a time, while everything goes
 * on.  A row that changed meanwhile is left alone: who changed it has sealed it
 * with the new key.  Nothing is remembered of how far it came; whatever still
 * has an old key is found again, also by the next process.
 */
#include <string.h>

#include "act.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "credential/credential_impl.h"
#include "credential/rewrap.h"
#include "keys/seal.h"

#define ROWS_AT_ONCE 16
#define SHARED_WAIT_MS (5 * 60 * 1000) /* in which each host reads the file */

/* ---- wrapping anew -------------------------------------------------------- */

/* False: the row's text cannot be opened, and stays as it is. */
static bool put_row(struct trust *t, struct tx *tx,
		    const struct rewrap_column *column, const struct rows *rows,
		    size_t i)
{
	const char *id = row_text(rows, i, "id");
	struct slice old = row_blob(rows, i, "text");
	AUTO_FREE char *place = column->place(rows, i);
	AUTO(buf_done) struct buf sealed = { 0 };
	struct error err;

	if (!seal_rewrap(t->keyring, place, old, &sealed, &err)) {
		log_warn("a stored secret cannot be wrapped anew",
			 LOG_STR("column", column->name), LOG_STR("id", id),
			 LOG_ERR(&err));
		return false;
	}
	if (column->has_version)
		tx_put(tx, column->update, P_BLOB(buf_slice(&sealed)),
		       P_TEXT(id), P_BLOB(old),
		       P_INT(seal_key_version(buf_slice(&sealed))));
	else
		tx_put(tx, column->update, P_BLOB(buf_slice(&sealed)),
		       P_TEXT(id), P_BLOB(old));
	return true;
}

/* The next rows after *@after, which moves on; *@n of them were found. */
WAITS static bool rewrap_some(struct trust *t,
			      const struct rewrap_column *column,
			      char after[TRUST_ID_SIZE], size_t *n,
			      struct error *err)
{
	struct rows rows = { 0 };
	char head[SEAL_HEAD];
	struct tx *tx;

	seal_head(keyring_active(t->keyring, KEY_WRAP)->version, head);
	if (!store_read(t->store, NULL, column->select, &rows, err,
			P_TEXT(after),
			P_BLOB(((struct slice){ head, sizeof(head) })),
			P_INT(ROWS_AT_ONCE)))
		return false;
	*n = rows.n;
	if (!rows.n) {
		rows_done(&rows);
		return true;
	}
	tx = tx_begin(t->store, NULL);
	for (size_t i = 0; i < rows.n; i++)
		put_row(t, tx, column, &rows, i);
	die_at("rotate.put");
	text_copy(after, TRUST_ID_SIZE, row_text(&rows, rows.n - 1, "id"));
	rows_done(&rows);
	return tx_commit(tx, err);
}

WAITS bool rotate_pass(struct credentials *c, struct error *err)
{
	const struct rewrap_column *column = rewrap_columns;

	for (; column->name; column++) {
		char after[TRUST_ID_SIZE] = "";
		size_t n = 0;

		do {
			if (c->stopping)
				return true;
			if (!rewrap_some(c->trust, column, after, &n, err))
				return false;
			die_at("rotate.wrapped");
		} while (n == ROWS_AT_ONCE);
	}
	return true;
}

/* ---- acts ----------------------------------------------------------------- */

/* How many stored secrets key @version wraps, all columns together; -1. */
WAITS static int64_t count_secrets(struct trust *t, long long version,
				   struct error *err)
{
	const struct rewrap_column *column = rewrap_columns;
	char head[SEAL_HEAD];
	int64_t n = 0;

	seal_head(version, head);
	for (; column->name; column++) {
		struct rows rows = { 0 };

		if (!store_read(t->store, NULL, column->count, &rows, err,
				P_BLOB(((struct slice){ head, sizeof(head) }))))
			return -1;
		n += row_int(&rows, 0, "n");
		rows_done(&rows);
	}
	return n;
}

WAITS static json_t *key_record(struct trust *t, const struct key *key,
				struct error *err)
{
	long long version = key->version;
	bool active = key == keyring_active(t->keyring, KEY_WRAP);
	AUTO_JSON json_t *created = trust_time(key->created_at);
	char id[sizeof(key->id)];
	int64_t secrets;

	text_copy(id, sizeof(id), key->id);
	secrets = count_secrets(t, version, err); /* @key may be gone now */
	if (secrets < 0)
		return NULL;
	return json_pack("{ss sI ss sI sO}", "id", id, "version",
			 (json_int_t)version, "state",
			 active ? "active" : "old", "secrets",
			 (json_int_t)secrets, "created_at", created);
}

WAITS json_t *wrap_key_list(struct trust *t, const struct actor *who UNUSED,
			    json_t *args, struct error *err)
{
	AUTO_JSON json_t *keys = keyring_list(t->keyring);
	json_t *records = json_array(), *key;
	const struct key *last = keyring_find_id(t->keyring, act_after(args));
	long long after = last ? last->version : 0;
	size_t i;

	json_array_foreach (keys, i, key) {
		const struct key *found =
			keyring_find_id(t->keyring, json_str(key, "id", ""));
		json_t *record;

		if (!found || found->use != KEY_WRAP || found->version <= after)
			continue;
		record = key_record(t, found, err);
		if (!record) {
			json_decref(records);
			return NULL;
		}
		json_array_append_new(records, record);
	}
	return act_page(records, "id", args);
}

/* The log knows of it before it happens; @target may be NULL. */
WAITS static bool tell_log(struct trust *t, const struct actor *who,
			   const char *action, const char *target,
			   struct error *err)
{
	struct tx *tx = tx_begin(t->store, NULL);

	audit_put(t, tx,
		  &(struct audit_event){ .who = who,
					 .action = action,
					 .outcome = "succeeded",
					 .workspace = "",
					 .target = target,
					 .effect = "applied" });
	return tx_commit(tx, err);
}

static void tell_failure(struct trust *t, const struct actor *who,
			 const char *action, const struct error *err)
{
	audit_note(t,
		   &(struct audit_event){ .who = who,
					  .action = action,
					  .outcome = "failed",
					  .reason = err_info(err->code)->name,
					  .workspace = "" });
}

WAITS json_t *wrap_key_rotate(struct trust *t, const struct actor *who,
			      json_t *args UNUSED, struct error *err)
{
	if (!tell_log(t, who, "wrap_key.rotate", NULL, err))
		return NULL;
	if (!keyring_rotate(t->keyring, KEY_WRAP, err)) {
		tell_failure(t, who, "wrap_key.rotate", err);
		return NULL;
	}
	t->credentials->rotates = true;
	cond_broadcast(&t->credentials->wake);
	return key_record(t, keyring_active(t->keyring, KEY_WRAP), err);
}

/* How long after a rotation somebody may still write what he has sealed with
 * the key before: a transaction under way, or a host that shares the key file
 * and has not read it yet. */
static int64_t removal_wait_ms(const struct trust *t)
{
	bool alone = text_starts(store_engine(t->store), "SQLite");

	return alone ? 2 * t->config->store_timeout_ms : SHARED_WAIT_MS;
}

WAITS static bool may_remove(struct trust *t, const struct key *key,
			     struct error *err)
{
	const struct key *active = keyring_active(t->keyring, KEY_WRAP);
	int64_t left =
		active->created_at + removal_wait_ms(t) - clock_wall_ms();
	int64_t n;

	if (key == active)
		return fail(err, ERR_CONFLICT,
			    "%s is the active key; rotate first", key->id);
	n = count_secrets(t, key->version, err);
	if (n < 0)
		return false;
	if (n > 0 || left > 0) {
		fail(err, ERR_CONFLICT,
		     "%lld stored secrets still need the key, or may come to: "
		     "try again later",
		     (long long)n);
		err->retry_after_ms = left > 1000 ? (int)left : 1000;
		return false;
	}
	return true;
}

WAITS json_t *wrap_key_delete(struct trust *t, const struct actor *who,
			      json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	const struct key *key = keyring_find_id(t->keyring, id);
	long long version;

	if (!key || key->use != KEY_WRAP) {
		fail(err, ERR_NOT_FOUND, "there is no wrap key %s", id);
		return NULL;
	}
	version = key->version;
	if (!may_remove(t, key, err) ||
	    !tell_log(t, who, "wrap_key.delete", id, err))
		return NULL;
	if (keyring_remove(t->keyring, KEY_WRAP, version, err))
		return json_null();
	tell_failure(t, who, "wrap_key.delete", err);
	return NULL;
}
