/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * sim: a fake cloud that never lies, and the oracle of the reliability tests.
 * What it says it did is in its ledger on disk before it says so; what it was
 * told to do wrong (faults.h) it does exactly there and not elsewhere.
 *
 * From the outside in: this file takes a call, finds its row in verbs.c,
 * opens the account's world (world.h) and runs the row: a read at once, a
 * change between lock and ledger (request.h).  Kinds of resources are rows of
 * kinds.c, their special sides in a file each.
 */
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "members.h"
#include "moment.h"
#include "settings.h"
#include "verbs.h"

/* ---- opening a request --------------------------------------------------- */

/* It becomes the name of a directory. */
static bool is_account(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < ACCOUNT_MAX && !name[n] && name[0] != '-';
}

static bool check_credential(struct request *req)
{
	const char *token = sc_cred(req->call, "token");
	const char *expires = sc_cred(req->call, "expires_at");
	const char *wanted = settings()->token;

	if (wanted[0] && (!token || strcmp(token, wanted) != 0))
		return refuse(req, SC_UNAUTHENTICATED, NULL,
			      "the fake cloud does not know this token");
	if (expires && moment_parse(expires) <= req->now)
		return refuse(req, SC_CREDENTIAL_EXPIRED, NULL,
			      "the credential has expired at %s", expires);
	return true;
}

static bool open_world(struct request *req)
{
	const char *account = sc_cred(req->call, "account");
	char why[LEDGER_PATH + 256] = "";

	if (!account)
		account = "demo";
	if (!is_account(account))
		return refuse(req, SC_UNAUTHENTICATED, NULL,
			      "there is no account \"%.64s\": names are "
			      "[a-z0-9-], at most %d bytes",
			      account, ACCOUNT_MAX - 1);
	req->world =
		world_of(account, sc_state_dir(req->call), why, sizeof(why));
	return req->world || refuse(req, SC_INTERNAL, NULL, "%.380s", why);
}

static bool choose_region(struct request *req)
{
	req->region = sc_region(req->call);
	if (!req->region)
		req->region = "sim-east";
	return world_entry(req->world, "region", req->region) ||
	       refuse(req, SC_INVALID, "/region", "no region \"%.64s\"",
		      req->region);
}

static bool open_request(struct request *req)
{
	const char *method = sc_method_name(req->call);
	char kind[32];

	snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(method, "."), method);
	req->kind = kind_find(kind);
	req->verb = verb_find(method);
	req->now = moment_now();
	return check_credential(req) && open_world(req) && choose_region(req);
}

/* ---- answering ----------------------------------------------------------- */

static struct sc_reply *answer(struct request *req, bool ok)
{
	json_t *value = req->value;

	if (!ok || req->reply) {
		json_decref(value);
		json_decref(req->once);
		return req->reply;
	}
	if (!value)
		return sc_ok(req->call);
	if (req->once) {
		value = json_copy(req->value);
		json_object_update(value, req->once);
		json_decref(req->value);
		json_decref(req->once);
	}
	return sc_value(req->call, value);
}

static struct sc_reply *run_read(struct request *req)
{
	fault_die(DIE_ON_READ);
	if (!world_refresh(req->world, req->now)) {
		refuse(req, SC_INTERNAL, NULL, "%.380s",
		       req->world->ledger.why);
		return answer(req, false);
	}
	return answer(req, req->verb->run(req));
}

/* ---- changes ------------------------------------------------------------- */

/* What operation @op left behind: the resource as it is now, or as it was
 * when it was applied; new, NULL: nothing to tell. */
static json_t *value_of(const struct request *req, const json_t *op)
{
	const char *kind = get_str(op, "kind"), *id = get_str(op, "id");
	const json_t *entry = id ? world_entry(req->world, kind, id) : NULL;

	if (!has(op, "value"))
		return NULL;
	return json_incref(entry ? record_of(entry)
				 : json_object_get(op, "value"));
}

/* The same operation again has the same effect: none. */
static bool done_before(struct request *req, bool *ok)
{
	const char *id = sc_op(req->call);
	const json_t *op = id ? json_object_get(req->world->ops, id) : NULL;

	if (!op)
		return false;
	*ok = same_str(op, "method", sc_method_name(req->call)) ||
	      refuse(req, SC_CONFLICT, NULL, "operation %.64s was a %s", id,
		     get_str(op, "method"));
	if (*ok)
		req->value = value_of(req, op);
	return true;
}

/* What was made, before the answer. */
SC_WAITS static void tell(struct request *req)
{
	const char *id = get_str(req->value, "id");

	if (!id)
		return;
	sc_checkpoint(req->call, json_pack("{ss}", "id", id));
	fault_die(DIE_AFTER_CHECKPOINT);
}

/* Does the cloud work on?  What can be answered only once cannot wait. */
static bool goes_on(const struct request *req)
{
	return settings()->pending_ms && sc_op(req->call) && !req->once;
}

static struct sc_reply *pend(struct request *req)
{
	long long ms = settings()->pending_ms;

	json_decref(req->value);
	return sc_pending(req->call,
			  json_pack("{ss sI}", "op", sc_op(req->call), "ready",
				    (json_int_t)(req->now + ms)),
			  (int)ms);
}

bool run_poll(struct request *req)
{
	json_t *handle = json_object_get(sc_args(req->call), "handle");
	const char *id = get_str(handle, "op");
	const json_t *op = id ? json_object_get(req->world->ops, id) : NULL;
	int64_t left =
		json_integer_value(json_object_get(handle, "ready")) - req->now;

	fault_die(DIE_ON_POLL);
	if (!op)
		return refuse(req, SC_NOT_FOUND, "/handle",
			      "no such work is under way");
	if (left > 0)
		req->reply =
			sc_pending(req->call, json_incref(handle), (int)left);
	else
		req->value = value_of(req, op);
	return true;
}

SC_WAITS static struct sc_reply *run_write(struct request *req)
{
	bool ok = change_begin(req);

	if (ok && !done_before(req, &ok))
		ok = req->verb->run(req) && change_commit(req);
	change_end(req);
	if (ok)
		fault_die(DIE_BEFORE_ANSWER);
	if (ok && settings()->checkpoint)
		tell(req);
	if (ok && goes_on(req))
		return pend(req);
	if (ok && fault_loses_answer()) {
		json_decref(req->value);
		json_decref(req->once);
		return fault_lose_answer(req->call);
	}
	return answer(req, ok);
}

bool run_reconcile(struct request *req)
{
	const char *id = sc_str(req->call, "op");
	const json_t *op = id ? json_object_get(req->world->ops, id) : NULL;

	if (!id)
		return refuse(req, SC_INVALID, "/op", "op is missing");
	req->value = op ? json_pack("{ss so?}", "outcome", "applied", "value",
				    value_of(req, op))
			: json_pack("{ss}", "outcome", "not_applied");
	return true;
}

/* ---- the driver ---------------------------------------------------------- */

SC_WAITS static struct sc_reply *run(struct sc_call *call)
{
	struct request req = { .call = call };
	struct sc_reply *reply = faults_before(call);

	if (reply)
		return reply;
	if (!open_request(&req))
		return req.reply;
	return req.verb->writes ? run_write(&req) : run_read(&req);
}

SC_WAITS static struct sc_reply *health(struct sc_call *call)
{
	struct request req = { .call = call, .now = moment_now() };
	struct sc_reply *reply = faults_before(call);

	if (reply)
		return reply;
	if (!check_credential(&req) || !open_world(&req) ||
	    !choose_region(&req))
		return req.reply;
	return sc_value(call, json_pack("{sb ss}", "ok", 1, "account",
					req.world->account));
}

static bool start(json_t *config, const char *state_dir, char *why, size_t size)
{
	if (!settings_read(config, why, size))
		return false;
	faults_start(state_dir);
	fault_die(DIE_ON_START);
	return true;
}

/* One method a verb: the tables are filled in from verbs.c, once. */
#define METHODS_MAX 160

static struct sc_method methods[METHODS_MAX];

static void fill_methods(void)
{
	size_t n = 0;

	for (struct verb *v = verbs; v->op && n + 1 < METHODS_MAX; v++) {
		v->name = strchr(v->op, '.') + 1;
		methods[n++] = (struct sc_method){ v->op, run,
						   v->writes ? "token" : NULL,
						   "late" };
	}
}

int main(int argc, char **argv)
{
	fill_methods();
	return sc_main(
		argc, argv,
		&(struct sc_driver){
			.name = "sim",
			.version = "1.0.0",
			.description =
				"A fake cloud with a ledger on disk: demo, and "
				"oracle of the tests",
			.config_schema = settings_schema,
			.credential_schema = credential_schema,
			.methods = methods,
			.check_config = settings_check,
			.health = health,
			.start = start,
			.max_inflight = 256,
		});
}
