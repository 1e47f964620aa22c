/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a credential good?  The cloud is asked when somebody wants to know
 * (driver.health with these secrets), and tells unasked when it refuses a call.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "credential/credential_impl.h"

/* A refusal is written once in so many ms, however many calls it meets. */
#define REFUSAL_MS 10000
#define REFUSALS_MAX 256

/* What @code says of the credential: a state, or NULL: nothing. */
static const char *state_after(enum err_code code)
{
	if (code == ERR_NONE)
		return "valid";
	if (code == ERR_CREDENTIAL_EXPIRED)
		return "expired";
	return code == ERR_UNAUTHENTICATED ? "invalid" : NULL;
}

static void put_audit(struct trust *t, struct tx *tx, const struct actor *who,
		      const char *action, const char *id, const char *workspace,
		      const struct error *err)
{
	audit_put(
		t, tx,
		&(struct audit_event){
			.who = who,
			.action = action,
			.outcome = err->code ? "failed" : "succeeded",
			.reason = err->code ? err_info(err->code)->name : NULL,
			.workspace = workspace,
			.target = id,
			.effect = "applied" });
}

/* ---- asked ------------------------------------------------------------------ */

/* When the driver knows the end of a credential, it may tell it in its answer
 * as `expires_at`. */
static int64_t told_expiry(const struct driver_reply *reply)
{
	AUTO_JSON json_t *value =
		json_read(reply->value.p, reply->value.n, NULL);
	const char *text = json_str(value, "expires_at", NULL);
	int64_t end = 0;

	return text && clock_parse(text, &end) ? end : 0;
}

/* Ask the cloud; @ends becomes the end it tells, or 0. */
WAITS static void ask(struct trust *t, const struct actor *who,
		      const struct rows *rows, const struct secret *secrets,
		      int64_t *ends, struct error *answer)
{
	struct driver_request req = {
		.provider = row_text(rows, 0, "provider"),
		.method = "driver.health",
		.workspace = row_text(rows, 0, "workspace_id"),
		.trace = who->trace,
		.secrets = secrets,
		.credential = row_text(rows, 0, "id"),
		.deadline = clock_ms() + t->config->call_timeout_ms,
	};
	struct driver_reply reply;

	*ends = 0;
	*answer = (struct error){ 0 };
	if (!driver_call(t->registry, &req, &reply, answer))
		return;
	*answer = (struct error){ 0 };
	*ends = told_expiry(&reply);
	driver_reply_done(&reply);
}

/* Write down what the cloud said of this version of the row; the record. */
WAITS static json_t *store_answer(struct trust *t, const struct actor *who,
				  const struct rows *old, int64_t ends,
				  const struct error *answer, struct error *err)
{
	const char *id = row_text(old, 0, "id");
	struct tx *tx = tx_begin(t->store, who->workspace);
	struct rows rows = { 0 };
	json_t *record = NULL;

	if (!tx_query(tx,
		      "UPDATE credentials SET state = $1, last_error = $2,"
		      " verified_at = $3,"
		      " expires_at = COALESCE(expires_at, NULLIF($4, 0))"
		      " WHERE id = $5 AND version = $6"
		      " RETURNING " CREDENTIAL_ROW,
		      &rows, err, P_TEXT(state_after(answer->code)),
		      P_TEXT(answer->code ? answer->message : NULL),
		      P_INT(clock_wall_ms()), P_INT(ends), P_TEXT(id),
		      P_INT(row_int(old, 0, "version")))) {
		tx_abort(tx);
		return NULL;
	}
	if (rows.n)
		record = credential_record(t, &rows, 0);
	else
		fail(err, ERR_CONFLICT, "%s was changed meanwhile; ask again",
		     id);
	rows_done(&rows);
	put_audit(t, tx, who, "credential.verify", id, who->workspace, answer);
	if (record && tx_commit(tx, err))
		return record;
	if (!record)
		tx_abort(tx);
	json_decref(record);
	return NULL;
}

WAITS json_t *credential_verify(struct trust *t, const struct actor *who,
				json_t *args, struct error *err)
{
	struct rows rows = { 0 };
	struct secret *secrets;
	struct error answer;
	json_t *record = NULL;
	int64_t ends;

	if (!credential_read(t, who, json_str(args, "id", ""), &rows, err))
		return NULL;
	secrets = credential_secrets(t, who, &rows, 0, err);
	if (secrets) {
		ask(t, who, &rows, secrets, &ends, &answer);
		if (state_after(answer.code))
			record =
				store_answer(t, who, &rows, ends, &answer, err);
		else
			*err = answer; /* it says nothing of the credential */
	}
	secret_free(secrets);
	rows_done(&rows);
	return record;
}

/* ---- told unasked ----------------------------------------------------------- */

struct refusal {
	struct list link;
	struct credentials *owner;
	char id[TRUST_ID_SIZE];
	struct error why;
	int64_t until; /* clock_ms: the same is no news before */
	bool busy;     /* a fiber writes it down */
};

static void forget(struct refusal *r)
{
	list_del(&r->link);
	mem_free(r);
}

void credential_forget_refusals(struct credentials *c)
{
	struct refusal *r, *next;

	list_each_safe (r, next, &c->refusals, struct refusal, link)
		forget(r);
}

WAITS static bool record_refusal(const struct refusal *r, struct error *err)
{
	struct trust *t = r->owner->trust;
	struct tx *tx = tx_begin(t->store, NULL);
	struct rows rows = { 0 };

	if (!tx_query(tx,
		      "UPDATE credentials SET state = $1, last_error = $2"
		      " WHERE id = $3 AND state <> $1 RETURNING workspace_id",
		      &rows, err, P_TEXT(state_after(r->why.code)),
		      P_TEXT(r->why.message), P_TEXT(r->id)) ||
	    !rows.n) {
		rows_done(&rows);
		tx_abort(tx);
		return false;
	}
	put_audit(t, tx, NULL, "credential.refused", r->id,
		  row_text(&rows, 0, "workspace_id"), &r->why);
	rows_done(&rows);
	return tx_commit(tx, err);
}

WAITS static void record_fiber(void *arg)
{
	struct refusal *r = arg;
	struct credentials *c = r->owner;
	struct error err = { 0 };

	if (record_refusal(r, &err))
		log_warn("a cloud refuses a credential",
			 LOG_STR("credential", r->id), LOG_ERR(&r->why));
	else if (err.code)
		log_warn("that a cloud refuses a credential is not written "
			 "down",
			 LOG_STR("credential", r->id), LOG_ERR(&err));
	r->busy = false;
	c->recorders--;
	cond_broadcast(&c->quiet);
}

/* The refusal of @id that is no news yet, NULL: there is none.  Those that are
 * over go. */
static struct refusal *find_recent(struct credentials *c, const char *id)
{
	struct refusal *r, *next, *found = NULL;
	int64_t now = clock_ms();

	list_each_safe (r, next, &c->refusals, struct refusal, link) {
		if (r->until <= now && !r->busy)
			forget(r);
		else if (!strcmp(r->id, id))
			found = r;
	}
	return found;
}

void credential_refused(void *credentials, const struct driver_request *req,
			const struct error *err)
{
	struct credentials *c = credentials;
	const char *id = req->credential;
	struct refusal *r;

	if (!strcmp(req->method, "driver.health") || !state_after(err->code) ||
	    c->stopping || c->recorders >= REFUSALS_MAX || find_recent(c, id))
		return;
	r = mem_alloc(sizeof(*r));
	r->owner = c;
	r->why = *err;
	r->until = clock_ms() + REFUSAL_MS;
	text_copy(r->id, sizeof(r->id), id);
	list_add_tail(&c->refusals, &r->link);
	r->busy = fiber_spawn("refusal", record_fiber, r) != NULL;
	c->recorders += r->busy;
}
