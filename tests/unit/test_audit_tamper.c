/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hands that reach past the host into the database: what they change is found,
 * by verification or at the next start.
 */
#include "unit.h"

#include "audit/checkpoint_file.h"
#include "audit_run.h"

static const char *const tables[] = { "audit", "audit_heads",
				      "audit_checkpoints" };

/* ---- copies of the three tables ------------------------------------------- */

static void on_tables(const char *fmt)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		AUTO(buf_done) struct buf sql = { 0 };

		for (const char *p = fmt; *p; p++)
			if (*p == '@')
				buf_add_str(&sql, tables[i]);
			else
				buf_add_char(&sql, *p);
		store_exec(sql.p);
	}
}

static void keep_tables(void)
{
	on_tables("CREATE TABLE kept_@ AS SELECT * FROM @");
}

static void put_tables_back(void)
{
	on_tables("DELETE FROM @");
	on_tables("INSERT INTO @ SELECT * FROM kept_@");
}

/* ---- by verification ------------------------------------------------------- */

#define AT_5 " WHERE seq = 5"
#define NEWEST " WHERE seq = (SELECT MAX(seq) FROM audit)"

static const struct {
	const char *sql, *kind;
} tamperings[] = {
	{ "UPDATE audit SET record = replace(record, 'vm-4', 'vm-9')" AT_5,
	  "edited" },
	{ "UPDATE audit SET record = 'nonsense'" AT_5, "edited" },
	{ "UPDATE audit SET record = record || ' '" AT_5, "edited" },
	{ "UPDATE audit SET hash = before" AT_5, "edited" },
	{ "UPDATE audit SET before = hash" AT_5, "edited" },
	{ "UPDATE audit SET at = at + 1" AT_5, "edited" },
	{ "UPDATE audit SET workspace_id = 'ws_b'" AT_5, "edited" },
	{ "UPDATE audit SET actor = 'usr_eve'" AT_5, "edited" },
	{ "UPDATE audit SET action = 'instance.delete'" AT_5, "edited" },
	{ "UPDATE audit SET outcome = 'denied'" AT_5, "edited" },
	{ "UPDATE audit SET target = 'vm-9'" AT_5, "edited" },
	{ "UPDATE audit SET target = NULL" AT_5, "edited" },
	{ "UPDATE audit SET provider = NULL" AT_5, "edited" },
	{ "UPDATE audit SET seq = 1000" AT_5, "deleted" },
	{ "UPDATE audit SET lane = 77" AT_5, "deleted" },
	{ "DELETE FROM audit" AT_5, "deleted" },
	{ "DELETE FROM audit WHERE seq = 1", "truncated" },
	{ "DELETE FROM audit WHERE seq <= 3", "truncated" },
	{ "DELETE FROM audit" NEWEST, "truncated" },
	{ "DELETE FROM audit", "truncated" },
	{ "INSERT INTO audit SELECT lane, seq + 1, hash, hash, record, at,"
	  " workspace_id, actor, action, outcome, target, provider"
	  " FROM audit" NEWEST,
	  "edited" },
	{ "UPDATE audit_heads SET seq = seq - 1", "repeated" },
	{ "UPDATE audit_heads SET seq = seq + 1", "truncated" },
	{ "UPDATE audit_heads SET hash = (SELECT before FROM audit" AT_5 ")",
	  "replaced" },
	{ "DELETE FROM audit_heads", "repeated" },
	{ "UPDATE audit_checkpoints SET body = replace(body, '\"id\":2',"
	  " '\"id\":1') WHERE id = 2",
	  "forged" },
	{ "UPDATE audit_checkpoints SET signature = (SELECT signature FROM"
	  " audit_checkpoints WHERE id = 1) WHERE id = 2",
	  "forged" },
	{ "UPDATE audit_checkpoints SET key_id = 'audit-2' WHERE id = 2",
	  "edited" },
	{ "UPDATE audit_checkpoints SET at = at - 1 WHERE id = 2", "edited" },
	{ "UPDATE audit_checkpoints SET id = 9 WHERE id = 2", "edited" },
	{ "DELETE FROM audit_checkpoints WHERE id = 2", "deleted" },
	{ "DELETE FROM audit_checkpoints WHERE id = 3", "deleted" },
	{ "DELETE FROM audit_checkpoints", "deleted" },
};

/* Eighteen changes, a checkpoint after each six. */
static void make_log(void)
{
	for (int i = 0; i < 3; i++) {
		AUTO_JSON json_t *checkpoint = NULL;

		audit_changes(6);
		checkpoint = audit_act(audit_checkpoint_create, &root, "{}");
		assert_non_null(checkpoint);
	}
	audit_settle();
}

static struct verify_fault first;

static void keep_first(void *arg, const struct verify_fault *fault)
{
	if (!(*(int *)arg)++)
		first = *fault;
}

static int verify_database(void)
{
	int n = 0;
	AUTO(verify_done) struct verify v = { .report = keep_first, .arg = &n };

	first = (struct verify_fault){ 0 };
	if (!check_all(trust.audit, &v, &err))
		fail_msg("%s", err.message);
	return n;
}

/* On PostgreSQL the records may be in several lanes: then it is found, but
 * which fault comes first is another question. */
static void check_tampering(size_t i)
{
	store_exec(tamperings[i].sql);
	if (!verify_database())
		fail_msg("not found: %s", tamperings[i].sql);
	if (!store_postgres_url() && strcmp(first.kind, tamperings[i].kind))
		fail_msg("%s: %s: %s", tamperings[i].sql, first.kind,
			 first.text);
}

static void every_column(void)
{
	audit_open();
	make_log();
	keep_tables();
	assert_int_equal(verify_database(), 0);
	for (size_t i = 0; i < ARRAY_LEN(tamperings); i++) {
		check_tampering(i);
		put_tables_back();
	}
	assert_int_equal(verify_database(), 0);
	audit_close();
}
STORE_DEFINE(every_column)

/* ---- at the next start ------------------------------------------------------ */

static void check_agreement(bool agreed)
{
	AUTO_JSON json_t *stats = audit_act(audit_stats, &root, "{}");
	AUTO_JSON json_t *items =
		audit_list(&root, "{'action':'audit.disagrees'}");

	assert_int_equal(json_bool(stats, "agreed_at_start", !agreed), agreed);
	assert_int_equal(json_array_size(items) > 0, !agreed);
	assert_int_equal(json_is_string(json_object_get(stats, "disagreement")),
			 !agreed);
}

static void silent(const char *line UNUSED, size_t n UNUSED)
{
}

/* The next process: it knows nothing but the database and the files. */
static void start_again(void)
{
	store_end();
	store_begin();
	trust.store = store;
	log_set_sink(silent);
	audit_begin();
	audit_settle();
	log_set_sink(NULL);
}

static void all_is_well(void)
{
	audit_open();
	make_log();
	audit_stop(&trust);
	start_again();
	check_agreement(true);
	audit_close();
}
STORE_DEFINE(all_is_well)

/* The whole database as it was earlier: within itself it is right. */
static void database_put_back(void)
{
	audit_open();
	make_log();
	keep_tables();
	audit_changes(4);
	audit_stop(&trust);
	put_tables_back();
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(database_put_back)

static int64_t written;

/* audit.heads tells of all that is written. */
static bool is_mirrored(void *arg UNUSED)
{
	const struct heads *h = &trust.audit->mirrored;
	int64_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->lanes[i].seq;
	return n == written;
}

static void await_mirror(void)
{
	audit_settle();
	written = store_number("SELECT SUM(seq) AS n FROM audit_heads");
	trust.audit->dirty = true;
	trust.audit->mirror_at = clock_ms();
	fiber_wake(trust.audit->fiber);
	host_await(is_mirrored, NULL);
}

/* The same behind a process that was killed: no checkpoint came after. */
static void database_put_back_behind_the_dead(void)
{
	AUTO_FREE char *file = mem_printf("%s/audit.heads", host_dir);
	AUTO(buf_done) struct buf text = { 0 };

	audit_open();
	make_log();
	keep_tables();
	audit_changes(4);
	await_mirror();
	assert_int_equal(sys_read_file(file, 65536, &text), 0);
	audit_stop(&trust);
	put_tables_back();
	host_file("audit.heads", text.p);
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(database_put_back_behind_the_dead)

static void newest_checkpoint_gone(void)
{
	audit_open();
	make_log();
	audit_stop(&trust);
	store_exec("DELETE FROM audit_checkpoints WHERE id ="
		   " (SELECT MAX(id) FROM audit_checkpoints)");
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(newest_checkpoint_gone)

static void end_cut_off(void)
{
	audit_open();
	make_log();
	audit_stop(&trust);
	store_exec("DELETE FROM audit WHERE seq > 10");
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(end_cut_off)

/* Record and head go together, so that the rest fits. */
static void end_cut_off_with_care(void)
{
	audit_open();
	make_log();
	audit_stop(&trust);
	store_exec("DELETE FROM audit WHERE seq > 10");
	store_exec("UPDATE audit_heads SET seq = 10, hash ="
		   " (SELECT hash FROM audit WHERE seq = 10)");
	store_exec("DELETE FROM audit_checkpoints");
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(end_cut_off_with_care)

static void last_record_edited(void)
{
	audit_open();
	make_log();
	audit_stop(&trust);
	store_exec("UPDATE audit SET record ="
		   " replace(record, 'usr_ada', 'usr_eve') WHERE seq > 15");
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(last_record_edited)

/* Of audit.heads, every byte. */
static void the_file_is_forged(void)
{
	AUTO_FREE char *file = NULL;
	AUTO(buf_done) struct buf text = { 0 };
	struct heads h;

	audit_open();
	make_log();
	audit_stop(&trust);
	file = mem_printf("%s/audit.heads", host_dir);
	assert_int_equal(sys_read_file(file, 65536, &text), 0);
	for (size_t i = 0; i < text.n; i++) {
		text.p[i] ^= 1;
		host_file("audit.heads", text.p);
		text.p[i] ^= 1;
		assert_false(heads_file_read(&trust, &h, &err));
	}
	host_file("audit.heads", text.p);
	assert_true(heads_file_read(&trust, &h, &err));
	heads_done(&h);
	text.p[text.n / 2] ^= 1;
	host_file("audit.heads", text.p);
	start_again();
	check_agreement(false);
	audit_close();
}
STORE_DEFINE(the_file_is_forged)

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_ROW(every_column)
		STORE_ROW(all_is_well)
		STORE_ROW(database_put_back)
		STORE_ROW(database_put_back_behind_the_dead)
		STORE_ROW(newest_checkpoint_gone)
		STORE_ROW(end_cut_off)
		STORE_ROW(end_cut_off_with_care)
		STORE_ROW(last_record_edited)
		STORE_ROW(the_file_is_forged)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
