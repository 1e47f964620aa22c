/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: kept before anything is sent, done once whatever their driver
 * does, and told to those who may know.
 */
#include "unit.h"

#include "operation_run.h"

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

/* ---- the store is down ---------------------------------------------------- */

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
	T(done_once) T(audited) T(quota_is_held) T(delete_forgets_the_resource) \
	T(failure_is_kept) T(no_provider_no_operation) T(goes_on_without_its_client) \
	T(goes_on_when_its_client_is_cut_off) T(applied_is_found_out) T(nobody_can_tell) \
	T(cancelled) T(cancelled_from_afar) T(private_key_is_told_once) T(newest_first) \
	T(old_ones_go) T(not_kept_not_sent) T(end_is_written_later)
/* clang-format on */

TESTS(STORE_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(STORE_ROW) };

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
