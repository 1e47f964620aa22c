/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a row to the secrets of one call.  Nothing is kept: a credential that
 * was changed or deleted is so for the next call, on every host.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "credential/credential_impl.h"
#include "credential/fields.h"

WAITS const char *credential_workspace(struct trust *t, const char *id,
				       struct arena *arena, struct error *err)
{
	const char *workspace = NULL;
	struct rows rows = { 0 };

	if (!store_read(t->store, NULL,
			"SELECT workspace_id FROM credentials WHERE id = $1",
			&rows, err, P_TEXT(id)))
		return NULL;
	if (rows.n)
		workspace =
			arena_strdup(arena, row_text(&rows, 0, "workspace_id"));
	else
		fail(err, ERR_NOT_FOUND, "there is no credential %s", id);
	rows_done(&rows);
	return workspace;
}

/* ---- the secrets ---------------------------------------------------------- */

static void note_use(struct trust *t, const struct actor *who,
		     const struct rows *rows, size_t i, const struct error *err)
{
	audit_note(t, &(struct audit_event){
			      .who = who && who->user_id ? who : NULL,
			      .action = "secret.used",
			      .outcome = err ? "failed" : "succeeded",
			      .reason = err ? err_info(err->code)->name : NULL,
			      .workspace = row_text(rows, i, "workspace_id"),
			      .target = row_text(rows, i, "id"),
			      .provider = row_text(rows, i, "provider") });
}

static struct secret *as_secret(const json_t *fields)
{
	struct secret *secrets;
	struct buf text = { 0 };

	buf_reserve(&text, FIELDS_MAX); /* growing leaves old bytes behind */
	json_write(fields, &text);
	secrets = secret_new(text.p, text.n);
	buf_wipe(&text);
	return secrets;
}

static bool is_over(const struct rows *rows, size_t i, struct error *err)
{
	int64_t end = row_int(rows, i, "expires_at");
	char text[CLOCK_TEXT];

	if (!end || end > clock_wall_ms())
		return false;
	fail(err, ERR_CREDENTIAL_EXPIRED,
	     "credential %s (%s) has expired at %s; give it new fields",
	     row_text(rows, i, "id"), row_text(rows, i, "name"),
	     clock_format(end, text));
	err->effect = EFFECT_NONE;
	return true;
}

struct secret *credential_secrets(struct trust *t, const struct actor *who,
				  const struct rows *rows, size_t i,
				  struct error *err)
{
	struct secret *secrets = NULL;
	json_t *fields = credential_unseal(t, rows, i, err);

	if (fields)
		secrets = as_secret(fields);
	json_wipe(fields);
	json_decref(fields);
	note_use(t, who, rows, i, secrets ? NULL : err);
	return secrets;
}

/* ---- which one -------------------------------------------------------------- */

WAITS static bool find_row(struct trust *t, const char *workspace,
			   const char *provider, const char *id,
			   struct rows *rows, struct error *err)
{
	if (id)
		return store_read(t->store, workspace,
				  "SELECT " CREDENTIAL_ROW " FROM credentials"
				  " WHERE id = $1 AND workspace_id = $2"
				  " AND provider = $3",
				  rows, err, P_TEXT(id), P_TEXT(workspace),
				  P_TEXT(provider));
	return store_read(t->store, workspace,
			  "SELECT " CREDENTIAL_ROW " FROM credentials"
			  " WHERE workspace_id = $1 AND provider = $2"
			  " AND is_default = 1",
			  rows, err, P_TEXT(workspace), P_TEXT(provider));
}

/* Nothing was found; false with ERR_NONE: the provider's own is to be used. */
static bool use_own(const struct trust *t, const char *provider, const char *id,
		    struct error *err)
{
	const struct config_provider *block =
		config_provider_find(t->config, provider);

	*err = (struct error){ 0 };
	if (id)
		return fail(err, ERR_NOT_FOUND,
			    "the workspace has no credential %s for provider "
			    "%s",
			    id, provider);
	if (block && block->shared)
		return false;
	return fail(err, ERR_NOT_FOUND,
		    "the workspace has no default credential for provider %s; "
		    "make one, or name one with credential_id",
		    provider);
}

WAITS struct secret *credential_open(struct trust *t, const struct actor *who,
				     const char *workspace,
				     const char *provider, const char *id,
				     const char **used, struct arena *arena,
				     struct error *err)
{
	struct secret *secrets = NULL;
	struct rows rows = { 0 };

	*err = (struct error){ 0 };
	if (used)
		*used = NULL;
	if (!workspace && !id)
		return NULL;
	if (!workspace) {
		use_own(t, provider, id, err);
		return NULL;
	}
	if (!find_row(t, workspace, provider, id, &rows, err))
		return NULL;
	if (!rows.n) {
		use_own(t, provider, id, err);
	} else if (!is_over(&rows, 0, err)) {
		secrets = credential_secrets(t, who, &rows, 0, err);
		if (used)
			*used = arena_strdup(arena, row_text(&rows, 0, "id"));
	}
	rows_done(&rows);
	return secrets;
}
