/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotas: how many operations a workspace may have under way, how many
 * resources of a kind, and how long a request's body may be.  What is being
 * made counts as made.
 */
#include "act.h"
#include "audit/audit.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "access/permission.h"
#include "tenancy/workspace.h"

#define OPERATIONS "operations"
#define BODY "body"

/* ---- inside a transaction -------------------------------------------------- */

/* The row itself is the lock: on PostgreSQL the next transaction that changes
 * it waits for our end, and its counts see what we did.  SQLite has one writer
 * at a time anyway. */
static void put_lock(struct tx *tx, const char *workspace, const char *name)
{
	tx_put(tx,
	       "UPDATE quotas SET most = most"
	       " WHERE workspace_id = $1 AND name = $2",
	       P_TEXT(workspace), P_TEXT(name));
}

#define COUNT_OPERATIONS \
	"(SELECT COUNT(*) FROM operations o" \
	" WHERE o.workspace_id = $1 AND o.state = 'running')"

/* $2 is the kind, $3 the method that makes one. */
#define COUNT_RESOURCES \
	"(SELECT COUNT(*) FROM resources r" \
	" WHERE r.workspace_id = $1 AND r.kind = $2)" \
	" + (SELECT COUNT(*) FROM operations o" \
	" WHERE o.workspace_id = $1 AND o.method = $3" \
	" AND o.state = 'running')"

static void put_operations(struct tx *tx, const char *workspace)
{
	put_lock(tx, workspace, OPERATIONS);
	tx_put(tx,
	       "SELECT 1 FROM quotas q WHERE q.workspace_id = $1"
	       " AND q.name = 'operations' AND q.most <= " COUNT_OPERATIONS,
	       P_TEXT(workspace));
	tx_must_not(tx, ERR_QUOTA,
		    "this workspace has as many operations under way as its "
		    "quota allows; wait for one to end");
}

static void put_resources(struct tx *tx, const char *workspace,
			  const char *kind)
{
	AUTO_FREE char *method = mem_printf("%s.create", kind);

	put_lock(tx, workspace, kind);
	tx_put(tx,
	       "SELECT 1 FROM quotas q WHERE q.workspace_id = $1"
	       " AND q.name = $2 AND q.most <= " COUNT_RESOURCES,
	       P_TEXT(workspace), P_TEXT(kind), P_TEXT(method));
	tx_must_not(tx, ERR_QUOTA,
		    "this workspace has as many resources of kind %s as its "
		    "quota allows; delete one",
		    kind);
}

void quota_put(struct tx *tx, const char *workspace, const char *kind)
{
	/* Always in this order, so that no two wait for each other. */
	put_operations(tx, workspace);
	if (kind)
		put_resources(tx, workspace, kind);
}

/* ---- before the request is looked at ---------------------------------------- */

WAITS bool quota_allows_body(struct trust *t, const char *workspace, size_t n,
			     struct error *err)
{
	struct rows rows = { 0 };
	long long most;

	if (n <= QUOTA_BODY_FREE)
		return true;
	if (!store_read(t->store, workspace,
			"SELECT most FROM quotas"
			" WHERE workspace_id = $1 AND name = $2",
			&rows, err, P_TEXT(workspace), P_TEXT(BODY)))
		return false;
	most = rows.n ? row_int(&rows, 0, "most") : INT64_MAX;
	rows_done(&rows);
	return (long long)n <= most ||
	       fail(err, ERR_TOO_LARGE,
		    "the body is longer than the %lld bytes that this "
		    "workspace's quota allows",
		    most);
}

/* ---- acts ------------------------------------------------------------------ */

static json_t *quota_record(const struct rows *rows, size_t i,
			    const char *workspace)
{
	return json_pack("{ss ss sI sI}", "id", row_text(rows, i, "name"),
			 "workspace_id", workspace, "most",
			 (json_int_t)row_int(rows, i, "most"), "used",
			 (json_int_t)row_int(rows, i, "used"));
}

/* Those after @after; only @name unless NULL. */
WAITS static json_t *read_quotas(struct trust *t, const char *workspace,
				 const char *after, const char *name,
				 long long limit, struct error *err)
{
	struct rows rows = { 0 };
	json_t *records;

	if (!store_read(t->store, workspace,
			"SELECT q.name, q.most, CASE q.name WHEN 'operations'"
			" THEN " COUNT_OPERATIONS " ELSE (SELECT COUNT(*)"
			" FROM resources r WHERE r.workspace_id = $1"
			" AND r.kind = q.name) + (SELECT COUNT(*)"
			" FROM operations o WHERE o.workspace_id = $1"
			" AND o.method = q.name || '.create'"
			" AND o.state = 'running') END AS used"
			" FROM quotas q WHERE q.workspace_id = $1"
			" AND q.name > $2 AND (q.name = $3 OR $3 IS NULL)"
			" ORDER BY q.name LIMIT $4",
			&rows, err, P_TEXT(workspace), P_TEXT(after),
			P_TEXT(name), P_INT(limit)))
		return NULL;
	records = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(records,
				      quota_record(&rows, i, workspace));
	rows_done(&rows);
	return records;
}

WAITS json_t *quota_list(struct trust *t, const struct actor *who, json_t *args,
			 struct error *err)
{
	json_t *records =
		read_quotas(t, json_str(args, "workspace_id", ""),
			    act_after(args), NULL, act_limit(args) + 1, err);

	(void)who;
	return records ? act_page(records, "id", args) : NULL;
}

/* "operations", "body", or a kind that can be made. */
static bool check_name(const char *name, struct error *err)
{
	AUTO_FREE char *permission = mem_printf("%s:create", name);
	const struct permission *known = permission_find(permission);

	if (!strcmp(name, OPERATIONS) || !strcmp(name, BODY) || (known && !known->noun) ||
	    permission_is_vendor(permission))
		return true;
	return fail_at(err, ERR_INVALID, "/id",
		       "there is no quota of \"%.64s\"; it is \"operations\", "
		       "\"body\", or a kind of resource that can be made, such as "
		       "\"instance\"",
		       name);
}

static void put_quota(struct tx *tx, const char *workspace, const char *name,
		      const json_t *most)
{
	if (json_is_integer(most))
		tx_put(tx,
		       "INSERT INTO quotas (workspace_id, name, most)"
		       " VALUES ($1, $2, $3) ON CONFLICT (workspace_id, name)"
		       " DO UPDATE SET most = excluded.most",
		       P_TEXT(workspace), P_TEXT(name),
		       P_INT(json_integer_value(most)));
	else
		tx_put(tx,
		       "DELETE FROM quotas"
		       " WHERE workspace_id = $1 AND name = $2",
		       P_TEXT(workspace), P_TEXT(name));
}

static void put_audit(struct trust *t, struct tx *tx, const struct actor *who,
		      const char *workspace, const char *name, json_t *most)
{
	AUTO_JSON json_t *more = json_pack("{sO}", "most", most);

	audit_put(t, tx,
		  &(struct audit_event){ .who = who,
					 .action = "workspace_quota.update",
					 .outcome = "succeeded",
					 .workspace = workspace,
					 .target = name,
					 .effect = "applied",
					 .more = more });
}

/* The record of @name, new; without a limit when there is none. */
WAITS static json_t *read_quota(struct trust *t, const char *workspace,
				const char *name, struct error *err)
{
	AUTO_JSON json_t *records = read_quotas(t, workspace, "", name, 1, err);

	if (!records)
		return NULL;
	if (json_array_size(records))
		return json_incref(json_array_get(records, 0));
	return json_pack("{ss ss sn si}", "id", name, "workspace_id", workspace,
			 "most", "used", 0);
}

WAITS json_t *quota_update(struct trust *t, const struct actor *who,
			   json_t *args, struct error *err)
{
	const char *workspace = json_str(args, "workspace_id", "");
	const char *name = json_str(args, "id", "");
	json_t *most = json_object_get(args, "most");
	struct tx *tx;

	if (!check_name(name, err))
		return NULL;
	tx = tx_begin(t->store, workspace);
	workspace_lock(tx, workspace);
	put_quota(tx, workspace, name, most);
	put_audit(t, tx, who, workspace, name, most);
	if (!tx_commit(tx, err))
		return NULL;
	return read_quota(t, workspace, name, err);
}
