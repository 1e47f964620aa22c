/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client asks for becomes an operation.  It lives in a fiber of its own
 * from the first commit on, so that the client can go away at any moment: what
 * he waits for here is only the news of it.
 */
#include "operation/operation_impl.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "credential/credential.h"
#include "metrics.h"

/* ---- one of them ---------------------------------------------------------- */

struct operation *operation_new(struct operations *all)
{
	struct operation *op = mem_alloc(sizeof(*op));

	op->owner = all;
	op->refs = 1;
	op->workspace = "";
	op->poll_ms = OPERATION_POLL_MS;
	list_init(&op->link);
	list_init(&op->slot_link);
	cond_init(&op->changed);
	return op;
}

void operation_ref(struct operation *op)
{
	op->refs++;
}

void operation_unref(struct operation *op)
{
	if (!op || --op->refs)
		return;
	json_wipe(op->args);
	json_decref(op->args);
	secret_free(op->secrets);
	buf_wipe(&op->value);
	buf_wipe(&op->checkpoint);
	buf_wipe(&op->handle);
	buf_done(&op->progress);
	arena_done(&op->arena);
	mem_free(op);
}

/* FNV-1a: clients ask for whatever they like. */
static struct list *slot_of(struct operations *all, const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return &all->slot[hash % OPERATION_SLOTS];
}

static void count(struct operations *all, bool one_more)
{
	all->n = one_more ? all->n + 1 : all->n - 1;
	metric_set("skyclust_operations_open", NULL, NULL, NULL, NULL,
		   (double)all->n);
}

void operation_enter(struct operation *op)
{
	operation_ref(op);
	list_add_tail(&op->owner->all, &op->link);
	list_add_tail(slot_of(op->owner, op->id), &op->slot_link);
	count(op->owner, true);
}

void operation_leave(struct operation *op)
{
	struct operations *all = op->owner;

	list_del(&op->link);
	list_del(&op->slot_link);
	count(all, false);
	if (list_empty(&all->all))
		cond_broadcast(&all->quiet);
	operation_unref(op);
}

void operation_set_phase(struct operation *op, enum operation_phase phase)
{
	op->phase = phase;
	cond_broadcast(&op->changed);
}

struct operation *operation_find(struct operations *all, const char *id)
{
	struct operation *op;

	list_each (op, slot_of(all, id), struct operation, slot_link)
		if (!strcmp(op->id, id))
			return op;
	return NULL;
}

const char *operation_scope(const char *workspace)
{
	return *workspace ? workspace : NULL;
}

/* ---- what is asked for ------------------------------------------------------ */

/* A copy of @who that outlives his request; who audits is told by others. */
static struct actor copy_actor(struct arena *a, const struct actor *who)
{
	return (struct actor){
		.kind = who->kind,
		.user_id = arena_strdup(a, who->user_id ? who->user_id : ""),
		.name = arena_strdup(a, who->name),
		.session_id = arena_strdup(a, who->session_id),
		.token_id = arena_strdup(a, who->token_id),
		.role = arena_strdup(a, who->role),
		.workspace = arena_strdup(a, who->workspace),
		.request_id = arena_strdup(a, who->request_id),
		.trace = arena_strdup(a, who->trace),
		.source = arena_strdup(a, who->source),
		.agent = arena_strdup(a, who->agent),
		.if_match = -1,
	};
}

static struct operation *make(struct trust *t, const struct actor *who,
			      const struct operation_request *req)
{
	struct operation *op = operation_new(t->operations);
	struct arena *a = &op->arena;

	trust_new_id("op_", op->id);
	op->who = copy_actor(a, who);
	op->user_id = op->who.user_id;
	if (op->who.workspace)
		op->workspace = op->who.workspace;
	op->request_id = op->who.request_id;
	op->trace = op->who.trace;
	op->provider = arena_strdup(a, req->provider);
	op->method = arena_strdup(a, req->method);
	op->region = arena_strdup(a, req->region);
	op->zone = arena_strdup(a, req->zone);
	op->key = arena_strdup(a, req->idempotency_key);
	op->route = arena_strdup(a, req->route);
	op->kind = req->creates ? arena_strdup(a, req->kind) : NULL;
	op->args = req->args ? json_deep_copy(req->args) : json_object();
	op->created_at = clock_wall_ms();
	return op;
}

/* What can be said without making a row of it. */
static bool may_begin(struct trust *t, const struct operation_request *req,
		      struct error *err)
{
	struct provider_info info;

	if (!registry_info_by_name(t->registry, req->provider, &info))
		return fail(err, ERR_NOT_FOUND, "no provider %s",
			    req->provider);
	if (!t->operations->stopping)
		return true;
	fail(err, ERR_BUSY, "the host is being stopped; try again");
	return false;
}

/* The account it is for; fixed here, so that it stays the same whatever becomes
 * the default one while the operation is under way. */
WAITS static bool open_credential(struct trust *t, struct operation *op,
				  const char *id, struct error *err)
{
	const char *used = NULL;
	struct error why = { 0 };

	op->secrets =
		credential_open(t, &op->who, operation_scope(op->workspace),
				op->provider, id, &used, &op->arena, &why);
	op->credential = used;
	if (op->secrets || why.code == ERR_NONE)
		return true;
	*err = why;
	err->effect = EFFECT_NONE;
	return false;
}

/* ---- its fiber ----------------------------------------------------------------- */

WAITS static void live(void *arg)
{
	struct operation *op = arg;
	struct operations *all = op->owner;

	log_set_context("operation", op->id);
	op->lease_ms = clock_ms() + all->trust->config->operation_lease_ms;
	if (operation_row_insert(op, &op->refused)) {
		die_at("operation.committed");
		op->since_ms = clock_ms();
		operation_set_phase(op, PHASE_UNDER_WAY);
		operation_settle(op);
	} else {
		operation_set_phase(op, PHASE_REFUSED);
		if (op->refused.effect == EFFECT_UNKNOWN)
			operation_row_revoke(op);
	}
	log_set_context(NULL, NULL);
	operation_leave(op);
}

static bool start(struct operation *op, struct error *err)
{
	op->fiber = fiber_spawn("operation", live, op);
	if (!op->fiber)
		return fail(err, ERR_BUSY,
			    "too many operations at once; try again");
	operation_enter(op);
	return true;
}

/* ---- its client ------------------------------------------------------------------ */

WAITS bool operation_await(struct operation *op, int64_t deadline)
{
	while (op->phase == PHASE_UNDER_WAY) {
		enum fiber_wait why = cond_wait(&op->changed, deadline);

		if (why != WAIT_WOKEN)
			return why == WAIT_TIMEOUT;
	}
	return true;
}

void operation_tell(const struct operation *op, struct operation_outcome *o)
{
	memcpy(o->id, op->id, sizeof(o->id));
	o->finished = op->phase == PHASE_ENDED;
	o->poll_after_ms = op->poll_ms;
	o->failed = o->finished && op->state != STATE_SUCCEEDED;
	if (o->failed)
		o->error = op->err;
	else if (o->finished)
		buf_add_slice(&o->value, buf_slice(&op->value));
}

/* Until its row is committed, or was refused. */
WAITS static bool await_commit(struct operation *op, struct error *err)
{
	while (op->phase == PHASE_BEGINNING)
		if (cond_wait(&op->changed, 0) == WAIT_CANCELLED)
			return fail(err, ERR_CANCELLED, "the client is gone");
	if (op->phase != PHASE_REFUSED)
		return true;
	*err = op->refused;
	return false;
}

WAITS static bool begin(struct trust *t, struct operation *op,
			const struct operation_request *req, int64_t deadline,
			struct operation_outcome *outcome, bool *again,
			struct error *err)
{
	if (!open_credential(t, op, req->credential_id, err) || !start(op, err))
		return false;
	if (await_commit(op, err)) {
		if (!operation_await(op, deadline))
			return fail(err, ERR_CANCELLED, "the client is gone");
		operation_tell(op, outcome);
		return true;
	}
	return err->code == ERR_CONFLICT && op->key &&
	       idempotency_replay(op, deadline, outcome, again, err);
}

/* The same request came twice at once, and the first is not yet to be seen: look
 * again soon. */
#define AGAIN_MS 10
#define AGAIN_MOST 100

WAITS bool operation_begin(struct trust *t, const struct actor *who,
			   const struct operation_request *req,
			   struct operation_outcome *outcome, struct error *err)
{
	int64_t deadline = clock_ms() + req->wait_ms;
	bool ok, again;

	*outcome = (struct operation_outcome){ 0 };
	if (!may_begin(t, req, err))
		return false;
	for (int i = 0; i < AGAIN_MOST; i++) {
		struct operation *op = make(t, who, req);

		again = false;
		ok = begin(t, op, req, deadline, outcome, &again, err);
		operation_unref(op);
		if (!again || fiber_sleep(AGAIN_MS) == WAIT_CANCELLED)
			break;
	}
	if (ok && who->audited)
		*who->audited = true;
	return ok;
}

void operation_outcome_done(struct operation_outcome *outcome)
{
	buf_wipe(&outcome->value);
}

/* ---- all of them -------------------------------------------------------------------- */

bool operation_start(struct trust *t, struct error *err)
{
	struct operations *all = mem_alloc(sizeof(*all));

	all->trust = t;
	list_init(&all->all);
	for (size_t i = 0; i < OPERATION_SLOTS; i++)
		list_init(&all->slot[i]);
	cond_init(&all->stop);
	cond_init(&all->quiet);
	t->operations = all;
	all->keeper = fiber_spawn("operations", operation_keep, all);
	if (all->keeper)
		return true;
	mem_free(all);
	t->operations = NULL;
	return fail(err, ERR_BUSY, "too many fibers to keep operations");
}

/* What is in a driver's hands at @deadline stays there: the next host asks. */
WAITS static void give_up(struct operations *all)
{
	struct operation *op;

	list_each (op, &all->all, struct operation, link)
		fiber_cancel(op->fiber);
	while (!list_empty(&all->all))
		cond_wait(&all->quiet, 0);
}

/* So that the next host need not wait until they run out. */
WAITS static void release_leases(struct trust *t)
{
	struct tx *tx = tx_begin(t->store, NULL);
	struct error err;

	tx_put(tx,
	       "UPDATE operations SET lease_until = 0"
	       " WHERE owner = $1 AND state = 'running'",
	       P_TEXT(t->host_id));
	if (!tx_commit(tx, &err))
		log_warn("leases of operations were not released",
			 LOG_ERR(&err));
}

WAITS void operation_stop(struct trust *t, int64_t deadline)
{
	struct operations *all = t->operations;

	if (!all)
		return;
	all->stopping = true;
	cond_broadcast(&all->stop);
	while (all->keeper || !list_empty(&all->all))
		if (cond_wait(&all->quiet, deadline) != WAIT_WOKEN)
			break;
	give_up(all);
	while (all->keeper)
		cond_wait(&all->quiet, 0);
	release_leases(t);
	t->operations = NULL;
	mem_free(all);
}
