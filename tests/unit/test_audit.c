/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log on a store: what is written, in which order, and what becomes
 * of it when the store does not take it.
 */
#include "unit.h"

#include "audit_run.h"

#define NOTE(...) \
	audit_note(&trust, &(struct audit_event){ .who = &ada, ##__VA_ARGS__ })
#define READ_OF(what) \
	NOTE(.action = "instance.get", .outcome = "allowed", .target = (what))

/* ---- records -------------------------------------------------------------- */

static void everything_is_told(void)
{
	AUTO_JSON json_t *items = NULL, *wanted = NULL;
	AUTO_JSON json_t *more = json_pack("{s:i}", "n", 7);
	struct tx *tx;
	bool audited = false;

	audit_open();
	tx = tx_begin(store, ada.workspace);
	ada.audited = &audited;
	ada.token_id = "tok_1";
	ada.trace = "00-abc";
	audit_put(&trust, tx,
		  &(struct audit_event){ .who = &ada,
					 .action = "instance.create",
					 .outcome = "failed",
					 .reason = "quota",
					 .target = "vm-1",
					 .provider = "sim",
					 .driver = "sim",
					 .driver_version = "1.0",
					 .driver_digest = "d1",
					 .operation = "op_1",
					 .effect = "none",
					 .body = "the-body-canary",
					 .more = more });
	ada.audited = NULL;
	ada.token_id = ada.trace = NULL;
	assert_true(tx_commit(tx, &err));
	assert_true(audited);
	items = audit_list(&ada, "{}");
	assert_int_equal(json_array_size(items), 1);
	json_object_del(json_array_get(items, 0), "at");
	json_object_del(json_array_get(items, 0), "hash");
	wanted = json_read_quoted(
		"{'action':'instance.create','outcome':'failed',"
		"'reason':'quota','actor':{'kind':'user','id':'usr_ada',"
		"'name':'ada','session':'ses_1','token':'tok_1'},"
		"'workspace_id':'ws_a','target':'vm-1','provider':'sim',"
		"'driver':{'name':'sim','version':'1.0','digest':'d1'},"
		"'operation_id':'op_1','effect':'none','request_id':'req-1',"
		"'trace':'00-abc','source':'192.0.2.1','agent':'test/1',"
		"'body':'"
		"46e76e0b426c95026900199aa1b8a7d60d638e4f72b9940aa31c334a7efff3"
		"fe','more':{'n':7},'id':'0-1'}",
		&err);
	if (!json_equal(json_array_get(items, 0), wanted))
		fail_msg("%s", json_dumps(items, JSON_INDENT(1)));
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(everything_is_told)

/* Whatever a client sends is text of the log, and the log stays whole. */
static void any_bytes(void)
{
	char text[3000];
	AUTO_JSON json_t *items = NULL;

	audit_open();
	memset(text, '\xe4', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(NOTE(.action = "x.\xff\x01", .outcome = "denied",
			 .target = text, .provider = "\"\\\n\xc3"));
	assert_true(NOTE(.action = "x", .outcome = "denied",
			 .target = "</script>\xf0\x9f\x98\x80"));
	audit_settle();
	items = audit_list(&ada, "{}");
	assert_int_equal(json_array_size(items), 2);
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(any_bytes)

static void rolled_back_with_its_transaction(void)
{
	struct tx *tx;

	audit_open();
	audit_changes(3);
	tx = tx_begin(store, ada.workspace);
	audit_put(&trust, tx,
		  &(struct audit_event){ .who = &ada,
					 .action = "instance.create",
					 .outcome = "allowed" });
	tx_put(tx, "UPDATE users SET name = 'x' WHERE id = 'nobody'");
	tx_must(tx, ERR_NOT_FOUND, "nobody");
	assert_false(tx_commit(tx, &err));
	/* Neither the record, nor the head that would tell of it. */
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"), 3);
	assert_int_equal(store_number("SELECT SUM(seq) AS n FROM audit_heads"),
			 3);
	audit_check(NULL);
	audit_changes(2);
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(rolled_back_with_its_transaction)

static size_t finished;

static void one_change(void *index UNUSED)
{
	audit_change("vm");
	finished++;
}

static bool all_have_changed(void *arg UNUSED)
{
	return finished == 200;
}

/* Side by side, on PostgreSQL in several lanes. */
static void many_at_once(void)
{
	audit_open();
	finished = 0;
	for (size_t i = 0; i < 200; i++)
		assert_non_null(fiber_spawn("change", one_change, NULL));
	host_await(all_have_changed, NULL);
	assert_int_equal(finished, 200);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"), 200);
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(many_at_once)

/* ---- notes ---------------------------------------------------------------- */

/* They may be spread over lanes, in each of which their targets, which are
 * numbers, must ascend. */
#define OUT_OF_ORDER \
	"SELECT COUNT(*) AS n FROM audit a JOIN audit b" \
	" ON a.lane = b.lane AND a.seq = b.seq - 1" \
	" WHERE CAST(a.target AS BIGINT) >= CAST(b.target AS BIGINT)"

static void notes_keep_their_order(void)
{
	audit_open();
	for (int i = 0; i < 2500; i++) {
		AUTO_FREE char *target = mem_printf("%d", i);

		assert_true(NOTE(.action = "driver.started",
				 .outcome = "succeeded", .target = target));
	}
	audit_settle();
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"), 2500);
	assert_int_equal(store_number(OUT_OF_ORDER), 0);
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(notes_keep_their_order)

static void alike_reads_fold(void)
{
	AUTO_JSON json_t *items = NULL, *changes = NULL;

	audit_open();
	for (int i = 0; i < 100; i++) {
		AUTO_FREE char *id = mem_printf("req-%d", i);

		ada.request_id = id;
		assert_true(READ_OF("vm-1"));
		assert_true(READ_OF(i % 2 ? "vm-2" : "vm-3"));
		assert_true(NOTE(.action = "instance.create",
				 .outcome = "denied", .reason = "forbidden"));
	}
	ada.request_id = "req-1";
	audit_settle();
	items = audit_list(&ada, "{'action':'instance.get'}");
	assert_int_equal(json_array_size(items), 3);
	items = (json_decref(items),
		 audit_list(&ada, "{'action':'instance.get','target':'vm-1'}"));
	assert_int_equal(json_int(json_array_get(items, 0), "count", 0), 100);
	assert_string_equal(
		json_str(json_array_get(items, 0), "request_id", ""), "req-0");
	assert_string_equal(
		json_str(json_array_get(items, 0), "last_request_id", ""),
		"req-99");
	changes = audit_list(&ada, "{'action':'instance.create'}");
	assert_int_equal(json_array_size(changes), 100);
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(alike_reads_fold)

/* No room: the caller learns it, and so does who reads the log. */
static void the_queue_is_bounded(void)
{
	AUTO_JSON json_t *items = NULL;
	size_t taken = 0;

	audit_open();
	for (int i = 0; i < NOTES_MAX + 10; i++)
		taken += NOTE(.action = "a", .outcome = "denied");
	assert_int_equal(taken, NOTES_MAX);
	audit_settle();
	items = audit_list(&root, "{'action':'audit.lost'}");
	assert_int_equal(json_array_size(items), 1);
	assert_int_equal(
		json_int(json_object_get(json_array_get(items, 0), "more"),
			 "count", 0),
		10);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"),
			 NOTES_MAX + 1);
	assert_true(NOTE(.action = "a", .outcome = "denied"));
	audit_settle();
	audit_close();
}
STORE_DEFINE(the_queue_is_bounded)

static void silent(const char *line UNUSED, size_t n UNUSED)
{
}

static bool has_failed(void *arg UNUSED)
{
	return trust.audit->backoff > 0;
}

static void note_number(int n)
{
	AUTO_FREE char *target = mem_printf("%d", n);

	assert_true(NOTE(.action = "a", .outcome = "denied", .target = target));
}

/* While the store does not take them they wait, lose nothing, and keep their
 * order. */
static void the_store_is_down(void)
{
	audit_open();
	log_set_sink(silent);
	store_exec("ALTER TABLE audit RENAME TO hidden");
	for (int i = 0; i < 5; i++)
		note_number(i);
	host_await(has_failed, NULL);
	assert_int_equal(trust.audit->notes.n, 5);
	note_number(5);
	store_exec("ALTER TABLE hidden RENAME TO audit");
	audit_settle();
	log_set_sink(NULL);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"), 6);
	assert_int_equal(store_number(OUT_OF_ORDER), 0);
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(the_store_is_down)

static void nothing_is_left_at_stop(void)
{
	audit_open();
	assert_true(NOTE(.action = "a", .outcome = "denied"));
	audit_stop(&trust);
	assert_false(NOTE(.action = "a", .outcome = "denied"));
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"), 1);
	assert_int_equal(
		store_number("SELECT COUNT(*) AS n FROM audit_checkpoints"), 1);
	audit_begin();
	assert_true(trust.audit->file_was_there);
	assert_int_equal(trust.audit->disagreements, 0);
	audit_close();
}
STORE_DEFINE(nothing_is_left_at_stop)

/* ---- secrets -------------------------------------------------------------- */

static void macs_stand_for_secrets(void)
{
	char a[65], b[65], c[65];

	audit_open();
	audit_mac(&trust, "hunter2", a);
	audit_mac(&trust, "hunter2", b);
	audit_mac(&trust, "hunter3", c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_int_equal(strlen(a), 64);
	assert_true(
		NOTE(.action = "a", .outcome = "denied", .body = "the-canary"));
	audit_settle();
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"
				      " WHERE record LIKE '%canary%'"),
			 0);
	audit_close();
}
STORE_DEFINE(macs_stand_for_secrets)

/* ---- search --------------------------------------------------------------- */

static void search(void)
{
	AUTO_JSON json_t *mine = NULL, *none = NULL, *all = NULL, *later = NULL;
	struct actor eve = ada;

	audit_open();
	eve.workspace = "ws_b";
	audit_changes(5);
	assert_true(audit_note(&trust,
			       &(struct audit_event){ .who = &eve,
						      .action = "x.delete",
						      .outcome = "denied" }));
	audit_settle();
	mine = audit_list(&ada, "{'workspace_id':'ws_a'}");
	assert_int_equal(json_array_size(mine), 5);
	none = audit_list(&eve, "{'target':'vm-1'}");
	assert_int_equal(json_array_size(none), 0);
	all = audit_list(&root, "{}");
	assert_int_equal(json_array_size(all), 6);
	assert_string_equal(json_str(json_array_get(all, 0), "action", ""),
			    "x.delete");
	later = audit_list(&root, "{'since':'2999-01-01T00:00:00Z'}");
	assert_int_equal(json_array_size(later), 0);
	later = (json_decref(later),
		 audit_list(&root, "{'until':'2999-01-01T00:00:00Z',"
				   "'outcome':'denied','actor':'usr_ada'}"));
	assert_int_equal(json_array_size(later), 1);
	audit_close();
}
STORE_DEFINE(search)

static void pages(void)
{
	AUTO_FREE char *token = NULL;
	AUTO_JSON json_t *wrong = NULL;
	size_t n = 0;

	audit_open();
	audit_changes(25);
	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *args =
			mem_printf(token ? "{'limit':10,'page_token':'%s'}"
					 : "{'limit':10}",
				   token);
		AUTO_JSON json_t *page =
			audit_act(audit_record_list, &ada, args);

		n += json_array_size(json_object_get(page, "items"));
		mem_free(token);
		token = mem_strdup(json_str(page, "next_page_token", NULL));
		assert_int_equal(token != NULL, i < 2);
	}
	assert_int_equal(n, 25);
	wrong = json_pack("{s:s}", "page_token", "nonsense");
	assert_null(audit_record_list(&trust, &ada, wrong, &err));
	assert_int_equal(err.code, ERR_INVALID);
	audit_close();
}
STORE_DEFINE(pages)

static void stats(void)
{
	AUTO_JSON json_t *all = NULL, *mine = NULL;

	audit_open();
	audit_changes(4);
	assert_true(audit_note(&trust,
			       &(struct audit_event){ .action = "driver.died",
						      .outcome = "failed" }));
	audit_settle();
	all = audit_act(audit_stats, &root, "{}");
	assert_int_equal(json_int(all, "records", 0), 5);
	assert_int_equal(json_int(all, "kept", 0), 5);
	assert_int_equal(json_array_size(json_object_get(all, "actions")), 2);
	assert_int_equal(json_int(json_at(all, "/actions/1"), "count", 0), 4);
	assert_int_equal(json_array_size(json_object_get(all, "days")), 1);
	mine = audit_act(audit_stats, &ada, "{}");
	assert_int_equal(json_int(mine, "records", 0), 4);
	assert_null(json_object_get(mine, "lanes"));
	audit_close();
}
STORE_DEFINE(stats)

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_ROW(everything_is_told)
		STORE_ROW(any_bytes)
		STORE_ROW(rolled_back_with_its_transaction)
		STORE_ROW(many_at_once)
		STORE_ROW(notes_keep_their_order)
		STORE_ROW(alike_reads_fold)
		STORE_ROW(the_queue_is_bounded)
		STORE_ROW(the_store_is_down)
		STORE_ROW(nothing_is_left_at_stop)
		STORE_ROW(macs_stand_for_secrets)
		STORE_ROW(search)
		STORE_ROW(pages)
		STORE_ROW(stats)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
