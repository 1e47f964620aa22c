/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * Credentials as clients see them.  What a credential consists of the driver
 * says (credential_schema), so a driver that does not run is started for it;
 * all of it is sealed, bound to its row and version, before it gets near the
 * database.  Each change seals it anew.
 */
#include "credential/credential.h"

#include <string.h>

#include "act.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "credential/credential_impl.h"
#include "credential/fields.h"
#include "keys/seal.h"
#include "registry.h"

#define MOST 500 /* of one workspace */

/* ---- reading -------------------------------------------------------------- */

WAITS json_t *credential_list(struct trust *t, const struct actor *who,
			      json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	json_t *records;

	if (!store_read(t->store, who->workspace,
			"SELECT " CREDENTIAL_ROW " FROM credentials"
			" WHERE workspace_id = $1 AND id > $2"
			" AND ($3 = '' OR provider = $3)"
			" ORDER BY id LIMIT $4",
			&rows, err, P_TEXT(who->workspace),
			P_TEXT(act_after(args)),
			P_TEXT(json_str(args, "provider", "")),
			P_INT(act_limit(args) + 1)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records, credential_record(t, &rows, i));
	rows_done(&rows);
	return act_page(records, "id", args);
}

WAITS json_t *credential_get(struct trust *t, const struct actor *who,
			     json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	json_t *record;

	if (!credential_read(t, who, json_str(args, "id", ""), &rows, err))
		return NULL;
	record = credential_record(t, &rows, 0);
	rows_done(&rows);
	return record;
}

/* ---- what is to be stored ------------------------------------------------- */

/* A new row, or a new version of one. */
struct draft {
	struct credential_place place;
	const char *name;
	json_t *fields;	    /* ours, wiped at the end */
	char *shown;	    /* JSON, new */
	int64_t expires_at; /* 0: never */
	struct buf sealed;
};

static void draft_done(struct draft *d)
{
	json_wipe(d->fields);
	json_decref(d->fields);
	mem_free(d->shown);
	buf_done(&d->sealed);
}

/* What the driver of @provider said of itself; it is started when nobody knows
 * yet.  New reference. */
WAITS static json_t *driver_hello(struct trust *t, const char *provider,
				  struct error *err)
{
	int64_t deadline = clock_ms() + t->config->call_timeout_ms;
	struct provider_info info;

	if (!registry_info_by_name(t->registry, provider, &info)) {
		fail_at(err, ERR_INVALID, "/provider",
			"there is no provider %s", provider);
		return NULL;
	}
	if (info.hello)
		return json_incref((json_t *)info.hello);
	if (!registry_ensure_ready(t->registry, provider, deadline, err))
		return NULL;
	if (registry_info_by_name(t->registry, provider, &info) && info.hello)
		return json_incref((json_t *)info.hello);
	fail(err, ERR_DRIVER_UNAVAILABLE, "provider %s has gone", provider);
	return NULL;
}

/* The fields of @args, put over those of @d; checked, and as they are shown. */
WAITS static bool take_fields(struct trust *t, struct draft *d,
			      const json_t *args, struct error *err)
{
	const char *file = json_str(args, "key_file", NULL);
	enum egress egress = credential_egress(t, d->place.provider);
	AUTO_JSON json_t *hello = driver_hello(t, d->place.provider, err);
	AUTO_JSON json_t *shown = NULL;
	AUTO(buf_done) struct buf text = { 0 };

	if (!hello ||
	    (file && !fields_read_file(d->fields, hello, file, err)) ||
	    !fields_merge(d->fields, json_object_get(args, "fields"), err) ||
	    !fields_check(d->fields, hello, egress, err))
		return false;
	shown = fields_shown(d->fields, hello);
	json_write(shown, &text);
	d->shown = buf_steal(&text, NULL);
	return true;
}

/* It ends when the client says so, else when its fields say so. */
static bool take_expiry(struct draft *d, const json_t *args, struct error *err)
{
	const json_t *given = json_object_get(args, "expires_at");
	const char *text = json_str(args, "expires_at", NULL);
	const char *inside = json_str(d->fields, "expires_at", NULL);

	if (text)
		return clock_parse(text, &d->expires_at) ||
		       fail_at(err, ERR_INVALID, "/expires_at",
			       "/expires_at must be a time such as "
			       "2026-11-21T09:41:59Z");
	if (json_is_null(given))
		d->expires_at = 0;
	else if (inside)
		clock_parse(inside, &d->expires_at);
	return true;
}

static struct store_param time_param(int64_t wall_ms)
{
	return wall_ms ? P_INT(wall_ms) : P_NULL;
}

/* What was given must not stay in memory longer than this. */
static void wipe_args(const json_t *args)
{
	json_wipe(json_object_get(args, "fields"));
	json_wipe(json_object_get(args, "key_file"));
}

/* ---- storing -------------------------------------------------------------- */

static void put_audit(struct trust *t, struct tx *tx, const struct actor *who,
		      const char *action, const char *id, const char *provider)
{
	audit_put(t, tx,
		  &(struct audit_event){ .who = who,
					 .action = action,
					 .outcome = "succeeded",
					 .workspace = who->workspace,
					 .target = id,
					 .provider = provider,
					 .effect = "applied" });
}

/* The provider's default one is to be another. */
static void put_no_default(struct tx *tx, const struct draft *d)
{
	tx_put(tx,
	       "UPDATE credentials SET is_default = 0"
	       " WHERE workspace_id = $1 AND provider = $2 AND is_default = 1"
	       " AND id <> $3",
	       P_TEXT(d->place.workspace), P_TEXT(d->place.provider),
	       P_TEXT(d->place.id));
}

/* End @tx, whose last statement gave @rows; the record, or NULL. */
WAITS static json_t *finish(struct trust *t, struct tx *tx,
			    const struct actor *who, const char *action,
			    const struct draft *d, struct rows *rows,
			    struct error *err)
{
	json_t *record = credential_record(t, rows, 0);

	rows_done(rows);
	put_audit(t, tx, who, action, d->place.id, d->place.provider);
	if (tx_commit(tx, err))
		return record;
	json_decref(record);
	return NULL;
}

static void put_room(struct tx *tx, const struct draft *d)
{
	tx_put(tx,
	       "SELECT id FROM credentials WHERE workspace_id = $1"
	       " ORDER BY id LIMIT 1 OFFSET $2",
	       P_TEXT(d->place.workspace), P_INT(MOST - 1));
	tx_must_not(tx, ERR_QUOTA, "a workspace has at most %d credentials",
		    MOST);
}

static json_t *name_is_taken(const struct draft *d, struct error *err)
{
	if (err->code == ERR_CONFLICT)
		fail_at(err, ERR_CONFLICT, "/name",
			"a credential called %s for provider %s is there "
			"already, or was made this moment",
			d->name, d->place.provider);
	return NULL;
}

/* is_default: 1 and 0 as asked for, 2: if there is none yet. */
WAITS static json_t *insert(struct trust *t, const struct actor *who,
			    const struct draft *d, int is_default,
			    struct error *err)
{
	struct tx *tx = tx_begin(t->store, who->workspace);
	int64_t now = clock_wall_ms();
	struct rows rows = { 0 };

	put_room(tx, d);
	if (is_default == 1)
		put_no_default(tx, d);
	if (tx_query(tx,
		     "INSERT INTO credentials (id, workspace_id, provider,"
		     " name, sealed, key_version, public, is_default, state,"
		     " expires_at, created_by, version, created_at, updated_at)"
		     " VALUES ($1, $2, $3, $4, $5, $6, $7,"
		     " CASE WHEN $8 = 1 THEN 1 WHEN $8 = 2 AND NOT EXISTS"
		     " (SELECT 1 FROM credentials WHERE workspace_id = $2"
		     " AND provider = $3 AND is_default = 1) THEN 1 ELSE 0 END,"
		     " 'unverified', $9, $10, $11, $12, $12)"
		     " RETURNING " CREDENTIAL_ROW,
		     &rows, err, P_TEXT(d->place.id),
		     P_TEXT(d->place.workspace), P_TEXT(d->place.provider),
		     P_TEXT(d->name), P_BLOB(buf_slice(&d->sealed)),
		     P_INT(seal_key_version(buf_slice(&d->sealed))),
		     P_TEXT(d->shown), P_INT(is_default),
		     time_param(d->expires_at), P_TEXT(who->user_id),
		     P_INT(d->place.version), P_INT(now)))
		return finish(t, tx, who, "credential.create", d, &rows, err);
	tx_abort(tx);
	return name_is_taken(d, err);
}

static int wanted_default(const json_t *args)
{
	const json_t *given = json_object_get(args, "is_default");

	return json_is_boolean(given) ? json_is_true(given) : 2;
}

WAITS json_t *credential_create(struct trust *t, const struct actor *who,
				json_t *args, struct error *err)
{
	char id[TRUST_ID_SIZE];
	struct draft d = {
		.place = { id, who->workspace, json_str(args, "provider", ""),
			   1 },
		.name = json_str(args, "name", ""),
		.fields = json_object(),
	};
	json_t *record = NULL;

	trust_new_id("crd_", id);
	if (take_fields(t, &d, args, err) && take_expiry(&d, args, err)) {
		credential_seal(t, &d.place, d.fields, &d.sealed);
		record = insert(t, who, &d, wanted_default(args), err);
	}
	wipe_args(args);
	draft_done(&d);
	return record;
}

/* ---- update --------------------------------------------------------------- */

static bool is_version(const struct actor *who, const char *id,
		       const struct rows *rows, struct error *err)
{
	return row_int(rows, 0, "version") == who->if_match ||
	       fail(err, ERR_PRECONDITION_FAILED,
		    "%s was changed meanwhile; read it again", id);
}

/* The next version of the row, with what @args changes. */
WAITS static bool draft_update(struct trust *t, struct draft *d,
			       const struct rows *old, const json_t *args,
			       struct error *err)
{
	bool changed = json_object_get(args, "fields") ||
		       json_object_get(args, "key_file");

	d->place = (struct credential_place){
		.id = row_text(old, 0, "id"),
		.workspace = row_text(old, 0, "workspace_id"),
		.provider = row_text(old, 0, "provider"),
		.version = row_int(old, 0, "version") + 1
	};
	d->name = json_str(args, "name", row_text(old, 0, "name"));
	d->expires_at = row_int(old, 0, "expires_at");
	d->fields = credential_unseal(t, old, 0, err);
	if (!d->fields || (changed && !take_fields(t, d, args, err)) ||
	    !take_expiry(d, args, err))
		return false;
	credential_seal(t, &d->place, d->fields, &d->sealed);
	return true;
}

/* Of other fields nothing is known yet. */
WAITS static json_t *replace(struct trust *t, const struct actor *who,
			     const struct draft *d, int is_default,
			     struct error *err)
{
	struct tx *tx = tx_begin(t->store, who->workspace);
	struct rows rows = { 0 };

	if (is_default == 1)
		put_no_default(tx, d);
	if (!tx_query(
		    tx,
		    "UPDATE credentials SET name = $1, sealed = $2,"
		    " key_version = $3, public = COALESCE($4, public),"
		    " is_default = CASE WHEN $5 = 2 THEN is_default ELSE $5 "
		    "END,"
		    " state = CASE WHEN $4 IS NOT NULL OR (state = 'expired'"
		    " AND COALESCE(expires_at, 0) <> $6) THEN 'unverified'"
		    " ELSE state END,"
		    " last_error = CASE WHEN $4 IS NULL THEN last_error END,"
		    " verified_at = CASE WHEN $4 IS NULL THEN verified_at END,"
		    " warned_at = CASE WHEN COALESCE(expires_at, 0) = $6"
		    " THEN warned_at END,"
		    " expires_at = NULLIF($6, 0), version = $7, updated_at = $8"
		    " WHERE id = $9 AND workspace_id = $10 AND version = $7 - 1"
		    " RETURNING " CREDENTIAL_ROW,
		    &rows, err, P_TEXT(d->name), P_BLOB(buf_slice(&d->sealed)),
		    P_INT(seal_key_version(buf_slice(&d->sealed))),
		    P_TEXT(d->shown), P_INT(is_default), P_INT(d->expires_at),
		    P_INT(d->place.version), P_INT(clock_wall_ms()),
		    P_TEXT(d->place.id), P_TEXT(d->place.workspace))) {
		tx_abort(tx);
		return name_is_taken(d, err);
	}
	if (rows.n)
		return finish(t, tx, who, "credential.update", d, &rows, err);
	rows_done(&rows);
	tx_abort(tx);
	fail(err, ERR_PRECONDITION_FAILED,
	     "%s was changed meanwhile; read it again", d->place.id);
	return NULL;
}

WAITS json_t *credential_update(struct trust *t, const struct actor *who,
				json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	struct draft d = { 0 };
	struct rows old = { 0 };
	json_t *record = NULL;

	if (!act_has_version(who, err) ||
	    !credential_read(t, who, id, &old, err))
		return NULL;
	if (is_version(who, id, &old, err) &&
	    draft_update(t, &d, &old, args, err))
		record = replace(t, who, &d, wanted_default(args), err);
	wipe_args(args);
	draft_done(&d);
	rows_done(&old);
	return record;
}

/* ---- delete --------------------------------------------------------------- */

static void put_delete(struct tx *tx, const struct actor *who, const char *id)
{
	tx_put(tx,
	       "SELECT id FROM operations WHERE workspace_id = $1"
	       " AND credential_id = $2 AND state = 'running'",
	       P_TEXT(who->workspace), P_TEXT(id));
	tx_must_not(tx, ERR_CONFLICT,
		    "credential %s is used by operations that are under way",
		    id);
	tx_put(tx,
	       "DELETE FROM credentials WHERE workspace_id = $1 AND id = $2"
	       " AND ($3 < 0 OR version = $3)",
	       P_TEXT(who->workspace), P_TEXT(id), P_INT(who->if_match));
	tx_must(tx, ERR_PRECONDITION_FAILED,
		"%s was changed meanwhile; read it again", id);
}

WAITS json_t *credential_delete(struct trust *t, const struct actor *who,
				json_t *args, struct error *err)
{
	const char *id = json_str(args, "id", "");
	struct rows old = { 0 };
	struct tx *tx;
	bool ok;

	if (!credential_read(t, who, id, &old, err))
		return NULL;
	tx = tx_begin(t->store, who->workspace);
	put_delete(tx, who, id);
	put_audit(t, tx, who, "credential.delete", id,
		  row_text(&old, 0, "provider"));
	ok = tx_commit(tx, err);
	rows_done(&old);
	return ok ? json_null() : NULL;
}
