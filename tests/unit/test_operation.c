/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: kept before anything is sent, done once whatever dies, told the
 * same to whoever asks again.  The cloud is the test driver's file `applied`:
 * a line for each thing that was really done.
 */
#include "unit.h"

#include "registry_run.h"
#include "store_run.h"

#include "access/access.h"
#include "base/sys.h"
#include "keys/keyring.h"
#include "operation/operation_impl.h"

static struct trust trust;
static struct arena arena;
static struct operation_outcome outcome;

static struct actor user = { .kind = ACTOR_USER, .user_id = "usr_a" };
static const struct actor the_host = { .kind = ACTOR_HOST, .user_id = "host" };

/* ---- a host ---------------------------------------------------------------- */

/* A process of the installation called @id begins. */
static void host_starts(const char *id)
{
	begin("  {}\noperations:\n  lease: 1s\n",
	      BLOCK("one", "      shared: true\n"));
	trust.config = config;
	trust.registry = registry;
	snprintf(trust.host_id, sizeof(trust.host_id), "%s", id);
	if (!operation_start(&trust, &err))
		fail_msg("%s", err.message);
}

/* It ends: @orderly, or as when its time is over. */
static void host_ends(bool orderly)
{
	operation_stop(&trust, orderly ? clock_ms() + 10000 : clock_ms());
	end();
}

static void open_trust(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/keys.json", host_dir);
	memset(&trust, 0, sizeof(trust));
	trust.store = store;
	trust.keyring = keyring_open(path, "HS256", &err);
	assert_non_null(trust.keyring);
	assert_true(access_start(&trust, &err));
	host_starts("host-1");
}

static void close_trust(void)
{
	host_ends(true);
	access_stop(&trust);
	keyring_free(trust.keyring);
	arena_done(&arena);
	operation_outcome_done(&outcome);
}

/* ---- asking ------------------------------------------------------------------ */

static const char *key; /* of the next request, or NULL */

/* Begin @method with {"do": what, "outcome": fate}; the args of one request
 * are those of the next, so that it is the same again. */
static bool ask(const char *method, const char *what, const char *fate,
		int64_t wait_ms)
{
	json_t *args = json_pack("{s:s, s:s*}", "do", what, "outcome", fate);
	const struct operation_request req = {
		.provider = "one",
		.method = method,
		.args = args,
		.creates = true,
		.idempotency_key = key,
		.route = "POST /things",
		.wait_ms = wait_ms,
	};
	bool ok;

	operation_outcome_done(&outcome);
	memset(&err, 0, sizeof(err));
	ok = operation_begin(&trust, &user, &req, &outcome, &err);
	json_decref(args);
	return ok;
}

#define LONG 20000 /* ms, for what ends long before */

static void assert_begun(bool ok)
{
	if (!ok)
		fail_msg("%s", err.message);
}

static void assert_done(bool ok, const char *what)
{
	assert_begun(ok);
	assert_true(outcome.finished);
	if (outcome.failed)
		fail_msg("%s", outcome.error.message);
	if (what)
		assert_non_null(strstr(outcome.value.p, what));
}

static void assert_failed(bool ok, enum err_code code, enum err_effect effect)
{
	assert_begun(ok);
	assert_true(outcome.finished && outcome.failed);
	assert_int_equal(outcome.error.code, code);
	assert_int_equal(outcome.error.effect, effect);
}

/* How often the cloud did what @op asked for; NULL: any. */
static unsigned applied(const char *op)
{
	char path[256], *line, *rest;
	struct buf text = { 0 };
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/drivers/one/applied", host_dir);
	if (sys_read_file(path, 1 << 20, &text) < 0)
		return 0;
	rest = text.p;
	while ((line = strsep(&rest, "\n")))
		n += *line && (!op || !strcmp(line, op));
	buf_done(&text);
	return n;
}

/* One column of one row, as text; valid until arena_done(). */
static const char *column(const char *id, const char *name)
{
	char sql[128];
	struct rows rows = { 0 };
	const char *text;

	snprintf(sql, sizeof(sql),
		 "SELECT CAST(%s AS TEXT) AS v FROM operations WHERE id = $1",
		 name);
	if (!store_read(store, NULL, sql, &rows, &err, P_TEXT(id)))
		fail_msg("%s", err.message);
	text = rows.n ? arena_strdup(&arena, row_text(&rows, 0, "v")) : NULL;
	rows_done(&rows);
	return text;
}

static void await_column(const char *id, const char *name, const char *value)
{
	int64_t limit = clock_ms() + HOST_TEST_MS;
	const char *now;

	while (!(now = column(id, name)) || strcmp(now, value) != 0) {
		assert_true(clock_ms() < limit);
		fiber_sleep(5);
	}
}

static json_t *get(const char *id)
{
	json_t *args = json_pack("{s:s}", "id", id);
	json_t *record = operation_get(&trust, &the_host, args, &err);

	json_decref(args);
	if (!record)
		fail_msg("%s", err.message);
	return record;
}

/* ---- what is kept -------------------------------------------------------------- */

static void done_once(void)
{
	open_trust();
	assert_done(ask("volume.create", "apply", NULL, LONG), "private_key");
	assert_int_equal(applied(outcome.id), 1);
	assert_string_equal(column(outcome.id, "state"), "succeeded");
	assert_string_equal(column(outcome.id, "effect"), "applied");
	assert_string_equal(column(outcome.id, "resource_id"), outcome.id);
	assert_int_equal(
		store_number("SELECT COUNT(*) AS n FROM resources WHERE"
			     " kind = 'volume' AND workspace_id = ''"),
		1);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"
				      " WHERE length(args) = 0"),
			 1);
	close_trust();
}

static long long records(const char *outcome_word)
{
	struct rows rows = { 0 };
	long long n;

	assert_true(store_read(store, NULL,
			       "SELECT COUNT(*) AS n FROM audit WHERE"
			       " action = 'volume.create' AND outcome = $1",
			       &rows, &err, P_TEXT(outcome_word)));
	n = row_int(&rows, 0, "n");
	rows_done(&rows);
	return n;
}

/* The intent before, the outcome after; of what was refused neither. */
static void audited(void)
{
	open_trust();
	assert_done(ask("volume.create", "apply", NULL, LONG), NULL);
	assert_begun(ask("volume.create", "quota", NULL, LONG));
	assert_begun(ask("volume.create", "wait for cancel", NULL, 0));
	assert_int_equal(records("begun"), 3);
	assert_int_equal(records("succeeded"), 1);
	assert_int_equal(records("failed"), 1);
	close_trust();
}

/* Two at once where one is allowed: the second is not even kept. */
static void quota_is_held(void)
{
	open_trust();
	store_exec("INSERT INTO workspaces (id, name, settings, created_by,"
		   " version, created_at, updated_at)"
		   " VALUES ('ws_1', 'one', '{}', 'usr_a', 1, 1, 1)");
	store_exec("INSERT INTO quotas (workspace_id, name, most)"
		   " VALUES ('ws_1', 'operations', 1)");
	user.workspace = "ws_1";
	assert_begun(ask("volume.create", "wait for cancel", NULL, 0));
	assert_string_equal(column(outcome.id, "workspace_id"), "ws_1");
	assert_false(ask("volume.create", "apply", NULL, LONG));
	assert_int_equal(err.code, ERR_QUOTA);
	user.workspace = NULL;
	assert_begun(ask("volume.create", "apply", NULL, LONG));
	assert_int_equal(applied(NULL), 1);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"),
			 2);
	close_trust();
}

static void delete_forgets_the_resource(void)
{
	open_trust();
	store_exec("INSERT INTO resources (workspace_id, provider, kind, id,"
		   " operation_id, created_at)"
		   " VALUES ('', 'one', 'volume', 'v-1', 'op', 1)");
	{
		json_t *args =
			json_pack("{s:s, s:s}", "do", "apply", "id", "v-1");
		const struct operation_request req = { .provider = "one",
						       .method =
							       "volume.delete",
						       .args = args,
						       .route = "DELETE",
						       .wait_ms = LONG };

		assert_done(
			operation_begin(&trust, &user, &req, &outcome, &err),
			NULL);
		json_decref(args);
	}
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM resources"),
			 0);
	close_trust();
}

static void failure_is_kept(void)
{
	json_t *record;

	open_trust();
	assert_failed(ask("volume.create", "quota", NULL, LONG), ERR_QUOTA,
		      EFFECT_NONE);
	record = get(outcome.id);
	assert_string_equal(json_str(record, "state", ""), "failed");
	assert_string_equal(
		json_str(json_object_get(record, "error"), "code", ""),
		"quota");
	json_decref(record);
	close_trust();
}

static void no_provider_no_operation(void)
{
	struct operation_request req = { .provider = "none",
					 .method = "volume.create" };

	open_trust();
	assert_false(operation_begin(&trust, &user, &req, &outcome, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"),
			 0);
	close_trust();
}

/* The client gets an answer, the operation goes on. */
static void goes_on_without_its_client(void)
{
	open_trust();
	assert_begun(ask("volume.create", "pending", NULL, 0));
	assert_false(outcome.finished);
	await_column(outcome.id, "state", "succeeded");
	close_trust();
}

static void asker(void *arg)
{
	*(bool *)arg = ask("volume.create", "pending", NULL, LONG);
}

/* The same when he is cut off while he waits. */
static void goes_on_when_its_client_is_cut_off(void)
{
	struct fiber *fiber;
	bool ok = true;

	open_trust();
	fiber = fiber_spawn("client", asker, &ok);
	while (list_empty(&trust.operations->all))
		fiber_sleep(1);
	fiber_cancel(fiber);
	fiber_sleep(1);
	assert_false(ok);
	while (!list_empty(&trust.operations->all))
		fiber_sleep(1);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"
				      " WHERE state = 'succeeded'"),
			 1);
	close_trust();
}

/* ---- the same again ---------------------------------------------------------------- */

static void same_key_same_answer(void)
{
	char id[TRUST_ID_SIZE];

	open_trust();
	key = "k-1";
	assert_done(ask("volume.create", "apply", NULL, LONG), "id");
	assert_false(outcome.replayed);
	memcpy(id, outcome.id, sizeof(id));
	assert_done(ask("volume.create", "apply", NULL, LONG), id);
	assert_true(outcome.replayed);
	assert_string_equal(outcome.id, id);
	assert_int_equal(applied(NULL), 1);
	/* Something else, or somebody else. */
	assert_false(ask("volume.create", "apply", "look", LONG));
	assert_int_equal(err.code, ERR_INVALID);
	assert_false(ask("snapshot.create", "apply", NULL, LONG));
	assert_int_equal(err.code, ERR_INVALID);
	user.user_id = "usr_b";
	assert_done(ask("volume.create", "apply", NULL, LONG), "id");
	assert_false(outcome.replayed);
	user.user_id = "usr_a";
	assert_int_equal(applied(NULL), 2);
	key = NULL;
	close_trust();
}

static void same_key_same_failure(void)
{
	open_trust();
	key = "k-2";
	for (int i = 0; i < 2; i++) {
		assert_failed(ask("volume.create", "quota", NULL, LONG),
			      ERR_QUOTA, EFFECT_NONE);
		assert_string_equal(outcome.error.message, "no more of these");
		assert_int_equal(outcome.replayed, i);
	}
	key = NULL;
	close_trust();
}

/* What did nothing and may be tried again can be, with the same key. */
static void key_comes_back(void)
{
	open_trust();
	key = "k-3";
	assert_failed(ask("volume.create", "busy", NULL, LONG), ERR_BUSY,
		      EFFECT_NONE);
	assert_done(ask("volume.create", "apply", NULL, LONG), "id");
	assert_false(outcome.replayed);
	key = NULL;
	close_trust();
}

static void key_expires(void)
{
	open_trust();
	key = "k-4";
	assert_done(ask("volume.create", "apply", NULL, LONG), "id");
	store_exec("UPDATE idempotency_keys SET expires_at = 1");
	assert_done(ask("volume.create", "apply", "another", LONG), "id");
	assert_false(outcome.replayed);
	key = NULL;
	close_trust();
}

#define PAIRS 50

struct pair {
	char key[16];
	unsigned left;
	char id[2][TRUST_ID_SIZE];
	unsigned replayed;
};
static unsigned pairs_left;

static void one_of_a_pair(void *arg)
{
	struct pair *pair = arg;
	json_t *args = json_pack("{s:s}", "do", "apply");
	const struct operation_request req = {
		.provider = "one",
		.method = "volume.create",
		.args = args,
		.idempotency_key = pair->key,
		.route = "POST /things",
		.wait_ms = LONG,
	};
	struct operation_outcome o;
	struct error why;

	if (!operation_begin(&trust, &user, &req, &o, &why))
		fail_msg("%s", why.message);
	assert_true(o.finished && !o.failed);
	memcpy(pair->id[--pair->left], o.id, sizeof(o.id));
	pair->replayed += o.replayed;
	operation_outcome_done(&o);
	json_decref(args);
	pairs_left--;
}

static void pairs_at_once(void)
{
	static struct pair pairs[PAIRS];

	open_trust();
	pairs_left = 2 * PAIRS;
	for (size_t i = 0; i < 2 * PAIRS; i++) {
		struct pair *pair = &pairs[i % PAIRS];

		snprintf(pair->key, sizeof(pair->key), "p-%zu", i % PAIRS);
		pair->left = 2;
		if (i < PAIRS)
			pair->replayed = 0;
		assert_non_null(fiber_spawn("pair", one_of_a_pair, pair));
	}
	while (pairs_left)
		fiber_sleep(1);
	for (size_t i = 0; i < PAIRS; i++) {
		assert_string_equal(pairs[i].id[0], pairs[i].id[1]);
		assert_int_equal(pairs[i].replayed, 1);
		assert_int_equal(applied(pairs[i].id[0]), 1);
	}
	assert_int_equal(applied(NULL), PAIRS);
	close_trust();
}

/* ---- drivers that die --------------------------------------------------------------- */

static void applied_is_found_out(void)
{
	open_trust();
	assert_done(ask("volume.create", "apply and die", "look", LONG), "id");
	assert_int_equal(applied(outcome.id), 1);
	close_trust();
}

static void nobody_can_tell(void)
{
	json_t *record;

	open_trust();
	assert_failed(
		ask("volume.create", "apply and die", "cannot_tell", LONG),
		ERR_DRIVER_UNAVAILABLE, EFFECT_UNKNOWN);
	record = get(outcome.id);
	assert_string_equal(json_str(record, "state", ""), "needs_attention");
	assert_string_equal(json_str(record, "effect", ""), "unknown");
	json_decref(record);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"
				      " WHERE length(args) > 0"),
			 1);
	close_trust();
}

/* ---- hosts that die -------------------------------------------------------------------- */

/* What op.reconcile can say of what a host has left behind. */
static void taken_over(void)
{
	static const struct {
		const char *what, *fate, *state;
		unsigned applied;
	} cases[] = {
		{ "apply and hang", "look", "succeeded", 1 },
		{ "hang", "cannot_tell", "needs_attention", 0 },
		{ "hang", "running", "succeeded", 0 },
	};
	static char id[ARRAY_LEN(cases)][TRUST_ID_SIZE];

	open_trust();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_begun(
			ask("volume.create", cases[i].what, cases[i].fate, 50));
		assert_false(outcome.finished);
		memcpy(id[i], outcome.id, sizeof(outcome.id));
	}
	while (!applied(id[0]))
		fiber_sleep(1);
	host_ends(false);
	host_starts("host-2");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		await_column(id[i], "state", cases[i].state);
		assert_int_equal(applied(id[i]), cases[i].applied);
		assert_string_equal(column(id[i], "owner"), "host-2");
	}
	close_trust();
}

/* It was committed and never sent: the next host sends it, once. */
static void sent_by_the_next(void)
{
	struct tx *tx;
	char id[TRUST_ID_SIZE];

	open_trust();
	assert_done(ask("volume.create", "apply", "look", LONG), "id");
	assert_begun(ask("volume.create", "hang", "look", 10));
	memcpy(id, outcome.id, sizeof(id));
	host_ends(false);
	/* As if it had been another request. */
	{
		struct buf sealed = { 0 };

		operation_seal(&trust, id, "args", "",
			       SLICE("{\"do\":\"apply\",\"outcome\":\"look\"}"),
			       &sealed);
		tx = tx_begin(store, NULL);
		tx_put(tx, "UPDATE operations SET args = $1 WHERE id = $2",
		       P_BLOB(buf_slice(&sealed)), P_TEXT(id));
		assert_true(tx_commit(tx, &err));
		buf_done(&sealed);
	}
	host_starts("host-2");
	await_column(id, "state", "succeeded");
	assert_int_equal(applied(id), 1);
	close_trust();
}

static void pending_goes_on(void)
{
	char id[TRUST_ID_SIZE];

	open_trust();
	assert_begun(ask("volume.create", "pending", NULL, 0));
	memcpy(id, outcome.id, sizeof(id));
	while (!column(id, "length(handle)"))
		fiber_sleep(1);
	host_ends(false);
	assert_string_equal(column(id, "state"), "running");
	host_starts("host-2");
	await_column(id, "state", "succeeded");
	assert_string_equal(column(id, "resource_id"), "made-at-last");
	close_trust();
}

static void checkpoint_is_on_the_disk(void)
{
	char id[TRUST_ID_SIZE];
	json_t *record;

	open_trust();
	assert_begun(ask("volume.create", "checkpoint and hang", "applied", 0));
	memcpy(id, outcome.id, sizeof(id));
	while (!column(id, "progress"))
		fiber_sleep(1);
	assert_non_null(column(id, "length(checkpoint)"));
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"
				      " WHERE checkpoint LIKE '%made-1%'"),
			 0);
	record = get(id);
	assert_int_equal(
		json_int(json_object_get(record, "progress"), "done", 0), 7);
	json_decref(record);
	host_ends(false);
	host_starts("host-2");
	await_column(id, "state", "succeeded");
	/* The question told what it had learned. */
	record = get(id);
	assert_string_equal(
		json_str(json_object_get(json_object_get(record, "result"),
					 "checkpoint"),
			 "id", ""),
		"made-1");
	json_decref(record);
	close_trust();
}

/* A host that was thought dead and is not. */
static void lost_lease(void)
{
	char id[TRUST_ID_SIZE];
	struct tx *tx;

	open_trust();
	assert_begun(ask("volume.create", "pending for ever", NULL, 0));
	memcpy(id, outcome.id, sizeof(id));
	while (!column(id, "length(handle)"))
		fiber_sleep(1);
	tx = tx_begin(store, NULL);
	tx_put(tx, "UPDATE operations SET owner = 'another', lease_until = $1",
	       P_INT(clock_wall_ms() + 1000000));
	assert_true(tx_commit(tx, &err));
	while (!list_empty(&trust.operations->all))
		fiber_sleep(1);
	assert_string_equal(column(id, "owner"), "another");
	assert_string_equal(column(id, "state"), "running");
	close_trust();
}

/* ---- cancel ------------------------------------------------------------------------------ */

static json_t *cancel(const char *id)
{
	json_t *args = json_pack("{s:s}", "id", id);
	json_t *record = operation_cancel(&trust, &the_host, args, &err);

	json_decref(args);
	return record;
}

static void cancelled(void)
{
	char id[TRUST_ID_SIZE];
	json_t *record;

	open_trust();
	assert_begun(ask("volume.create", "wait for cancel", "look", 0));
	memcpy(id, outcome.id, sizeof(id));
	while (!column(id, "progress"))
		fiber_sleep(1);
	record = cancel(id);
	assert_non_null(record);
	assert_true(json_bool(record, "cancel_requested", false));
	json_decref(record);
	await_column(id, "state", "cancelled");
	assert_string_equal(column(id, "effect"), "none");
	assert_null(cancel(id));
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_null(cancel("op_nobody"));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	close_trust();
}

/* By another host, which only writes it into the row. */
static void cancelled_from_afar(void)
{
	open_trust();
	assert_begun(ask("volume.create", "wait for cancel", "look", 0));
	store_exec("UPDATE operations SET cancel_requested = 1");
	await_column(outcome.id, "state", "cancelled");
	close_trust();
}

/* ---- reading ------------------------------------------------------------------------------- */

/* The key that was made is told once, and again for the same key only. */
static void private_key_is_told_once(void)
{
	json_t *record, *result;

	open_trust();
	key = "k-5";
	assert_done(ask("key_pair.create", "apply", NULL, LONG),
		    "THE PRIVATE KEY");
	record = get(outcome.id);
	result = json_object_get(record, "result");
	assert_string_equal(json_str(result, "id", ""), outcome.id);
	assert_null(json_object_get(result, "private_key"));
	json_decref(record);
	assert_done(ask("key_pair.create", "apply", NULL, LONG),
		    "THE PRIVATE KEY");
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"
				      " WHERE result LIKE '%PRIVATE%'"),
			 0);
	key = NULL;
	close_trust();
}

static json_t *list(const char *method, long long limit, const char *token)
{
	json_t *args =
		json_pack("{s:I, s:s*, s:s*}", "limit", (json_int_t)limit,
			  "method", method, "page_token", token);
	json_t *page = operation_list(&trust, &the_host, args, &err);

	json_decref(args);
	if (!page)
		fail_msg("%s", err.message);
	return page;
}

static void newest_first(void)
{
	char last[TRUST_ID_SIZE];
	json_t *page, *items;
	const char *token;

	open_trust();
	assert_begun(ask("snapshot.create", "apply", NULL, LONG));
	memcpy(last, outcome.id, sizeof(last));
	for (int i = 0; i < 3; i++) {
		fiber_sleep(2); /* another time of creation */
		assert_begun(ask("volume.create", "apply", NULL, LONG));
	}
	page = list(NULL, 3, NULL);
	items = json_object_get(page, "items");
	assert_int_equal(json_array_size(items), 3);
	assert_string_equal(json_str(json_array_get(items, 0), "id", ""),
			    outcome.id);
	assert_null(json_object_get(json_array_get(items, 0), "result"));
	token = json_str(page, "next_page_token", NULL);
	{
		json_t *second = list(NULL, 3, token);

		items = json_object_get(second, "items");
		assert_int_equal(json_array_size(items), 1);
		assert_string_equal(
			json_str(json_array_get(items, 0), "id", ""), last);
		json_decref(second);
	}
	json_decref(page);
	page = list("snapshot.create", 3, NULL);
	assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
	json_decref(page);
	close_trust();
}

static void old_ones_go(void)
{
	open_trust();
	assert_done(ask("volume.create", "apply", NULL, LONG), NULL);
	assert_failed(
		ask("volume.create", "apply and die", "cannot_tell", LONG),
		ERR_DRIVER_UNAVAILABLE, EFFECT_UNKNOWN);
	operation_stop(&trust, clock_ms() + 10000);
	config->operation_keep_ms = -1;
	assert_true(operation_start(&trust, &err));
	while (store_number("SELECT COUNT(*) AS n FROM operations") > 1)
		fiber_sleep(1);
	assert_string_equal(column(outcome.id, "state"), "needs_attention");
	close_trust();
}

/* ---- the store is down ------------------------------------------------------------------------ */

/* The host's own way to the database, which @lock can bar: only SQLite has one
 * writer at a time. */
static bool bar(struct tx **lock)
{
	struct rows rows;

	if (strncmp(store_engine(store), "SQLite", 6) != 0)
		return false;
	open_trust();
	operation_stop(&trust, clock_ms() + 10000);
	trust.store = store_open(
		&(struct store_options){ .url = store_url, .timeout_ms = 300 },
		&err);
	assert_non_null(trust.store);
	assert_true(operation_start(&trust, &err));
	assert_done(ask("volume.create", "apply", NULL, LONG), NULL);
	*lock = tx_begin(store, NULL);
	assert_true(tx_query(*lock, "UPDATE revision SET n = n RETURNING n",
			     &rows, &err));
	rows_done(&rows);
	return true;
}

static void unbar(void)
{
	struct store *barred = trust.store;

	close_trust();
	store_close(barred);
}

/* Nothing is sent of what could not be kept. */
static void not_kept_not_sent(void)
{
	struct tx *lock;

	if (!bar(&lock))
		return;
	assert_false(ask("volume.create", "apply", NULL, LONG));
	assert_int_equal(err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(applied(NULL), 1);
	tx_abort(lock);
	while (!ask("volume.create", "apply", NULL, LONG))
		assert_int_equal(err.code, ERR_STORE_UNAVAILABLE);
	assert_int_equal(applied(NULL), 2);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"),
			 2);
	unbar();
}

/* What has come to its end meanwhile is written when it can be. */
static void end_is_written_later(void)
{
	struct operation *op;
	struct tx *lock;
	int64_t until;

	if (!bar(&lock))
		return;
	tx_abort(lock);
	assert_begun(ask("volume.create", "wait for cancel", "look", 0));
	while (!column(outcome.id, "progress"))
		fiber_sleep(1);
	lock = tx_begin(store, NULL);
	tx_put(lock, "UPDATE revision SET n = n");
	{
		struct rows rows;

		assert_true(
			tx_query(lock, "SELECT n FROM revision", &rows, &err));
		rows_done(&rows);
	}
	op = operation_find(trust.operations, outcome.id);
	driver_cancel(&op->cancel);
	until = clock_ms() + HOST_TEST_MS;
	while (!op->ending)
		assert_true(fiber_sleep(1) != WAIT_CANCELLED &&
			    clock_ms() < until);
	assert_string_equal(column(outcome.id, "state"), "running");
	tx_abort(lock);
	await_column(outcome.id, "state", "cancelled");
	unbar();
}

/* clang-format off */
#define TESTS(T) \
	T(done_once) T(audited) T(quota_is_held) T(delete_forgets_the_resource) T(failure_is_kept) \
	T(no_provider_no_operation) T(goes_on_without_its_client) \
	T(goes_on_when_its_client_is_cut_off) T(same_key_same_answer) \
	T(same_key_same_failure) T(key_comes_back) T(key_expires) T(pairs_at_once) \
	T(applied_is_found_out) T(nobody_can_tell) T(taken_over) T(sent_by_the_next) \
	T(pending_goes_on) T(checkpoint_is_on_the_disk) T(lost_lease) T(cancelled) \
	T(cancelled_from_afar) T(private_key_is_told_once) T(newest_first) T(old_ones_go) \
	T(not_kept_not_sent) T(end_is_written_later)
/* clang-format on */

TESTS(STORE_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(STORE_ROW) };

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
