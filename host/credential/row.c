/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row of the table: what is shown of it, and how its secrets are bound to
 * it.  The fields that are no secret stand beside the sealed ones in plain
 * text, for reading; they count for nothing, and must agree.
 */
#include "act.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "credential/credential_impl.h"
#include "credential/fields.h"
#include "keys/seal.h"

#define DAY_MS (24LL * 3600 * 1000)

/* ---- shown ---------------------------------------------------------------- */

static const char *state_of(const struct trust *t, const struct rows *rows,
			    size_t i)
{
	int64_t end = row_int(rows, i, "expires_at");
	int64_t left = end - clock_wall_ms();
	const char *state = row_text(rows, i, "state");

	if (!end || !strcmp(state, "invalid") || !strcmp(state, "expired"))
		return state;
	if (left <= 0)
		return "expired";
	return left <= t->config->credential_warning_ms ? "expiring" : state;
}

/* Whole days until @end, rounded down: -1 from the moment it is over. */
static json_t *days_until(int64_t end)
{
	int64_t left = end - clock_wall_ms();

	if (!end)
		return json_null();
	return json_integer(left >= 0 ? left / DAY_MS
				      : (left + 1) / DAY_MS - 1);
}

static json_t *time_or_null(const struct rows *rows, size_t i,
			    const char *column)
{
	return row_is_null(rows, i, column)
		       ? json_null()
		       : trust_time(row_int(rows, i, column));
}

static json_t *public_fields(const struct rows *rows, size_t i)
{
	const char *text = row_text(rows, i, "public");
	json_t *fields = json_read(text, strlen(text), NULL);

	return fields ? fields : json_object();
}

json_t *credential_record(const struct trust *t, const struct rows *rows,
			  size_t i)
{
	return json_pack(
		"{ss ss ss ss so sb ss so so so so ss sI so so}", "id",
		row_text(rows, i, "id"), "workspace_id",
		row_text(rows, i, "workspace_id"), "provider",
		row_text(rows, i, "provider"), "name",
		row_text(rows, i, "name"), "fields", public_fields(rows, i),
		"is_default", row_int(rows, i, "is_default") != 0, "state",
		state_of(t, rows, i), "last_error",
		act_text(row_text(rows, i, "last_error")), "expires_at",
		time_or_null(rows, i, "expires_at"), "expires_in_days",
		days_until(row_int(rows, i, "expires_at")), "verified_at",
		time_or_null(rows, i, "verified_at"), "created_by",
		row_text(rows, i, "created_by"), "version",
		(json_int_t)row_int(rows, i, "version"), "created_at",
		trust_time(row_int(rows, i, "created_at")), "updated_at",
		trust_time(row_int(rows, i, "updated_at")));
}

/* ---- sealed --------------------------------------------------------------- */

static char *place_text(const struct credential_place *p)
{
	return mem_printf("credentials:%s:%s:%s:%lld", p->id, p->workspace,
			  p->provider, (long long)p->version);
}

void credential_seal(const struct trust *t,
		     const struct credential_place *place, const json_t *fields,
		     struct buf *sealed)
{
	AUTO_FREE char *aad = place_text(place);
	struct buf text = { 0 };

	buf_reserve(&text, FIELDS_MAX); /* growing leaves old bytes behind */
	json_write(fields, &text);
	seal(t->keyring, aad, buf_slice(&text), sealed);
	buf_wipe(&text);
}

static bool agrees(const struct rows *rows, size_t i, const json_t *fields)
{
	AUTO_JSON json_t *shown = public_fields(rows, i);

	return fields_are_as_shown(fields, shown) &&
	       row_int(rows, i, "key_version") ==
		       seal_key_version(row_blob(rows, i, "sealed"));
}

json_t *credential_unseal(const struct trust *t, const struct rows *rows,
			  size_t i, struct error *err)
{
	AUTO_FREE char *aad = place_text(&(struct credential_place){
		.id = row_text(rows, i, "id"),
		.workspace = row_text(rows, i, "workspace_id"),
		.provider = row_text(rows, i, "provider"),
		.version = row_int(rows, i, "version") });
	struct slice sealed = row_blob(rows, i, "sealed");
	struct buf text = { 0 };
	json_t *fields = NULL;

	buf_reserve(&text, sealed.n);
	if (unseal(t->keyring, aad, sealed, &text, err))
		fields = json_read(text.p, text.n, err);
	buf_wipe(&text);
	if (!fields || agrees(rows, i, fields))
		return fields;
	json_wipe(fields);
	json_decref(fields);
	fail(err, ERR_INTERNAL,
	     "credential %s was altered: what stands beside its secrets is "
	     "not what was stored with them",
	     row_text(rows, i, "id"));
	return NULL;
}

/* ---- found ---------------------------------------------------------------- */

WAITS bool credential_read(struct trust *t, const struct actor *who,
			   const char *id, struct rows *rows, struct error *err)
{
	if (!store_read(t->store, who->workspace,
			"SELECT " CREDENTIAL_ROW " FROM credentials"
			" WHERE id = $1 AND workspace_id = $2",
			rows, err, P_TEXT(id), P_TEXT(who->workspace)))
		return false;
	if (rows->n)
		return true;
	rows_done(rows);
	return fail(err, ERR_NOT_FOUND, "there is no credential %s here", id);
}

enum egress credential_egress(const struct trust *t, const char *provider)
{
	const struct config_provider *block =
		config_provider_find(t->config, provider);

	return block && block->private_networks ? EGRESS_ANY : EGRESS_PUBLIC;
}
