/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of the audit log, and what others get of it: retention,
 * checkpoints as files, exports.
 */
#include "unit.h"

#include "audit/checkpoint.h"
#include "audit/retention.h"
#include "audit_run.h"

#define DAY 86400000LL

/* ---- exports ---------------------------------------------------------------- */

static bool take_piece(void *arg, struct slice piece)
{
	buf_add_slice(arg, piece);
	return true;
}

static bool take_nothing(void *arg UNUSED, struct slice piece UNUSED)
{
	return false;
}

static struct buf exported(const struct actor *who, const char *args)
{
	AUTO_JSON json_t *object = json_read_quoted(args, &err);
	struct buf text = { 0 };

	if (!audit_export(&trust, who, object, take_piece, &text, &err))
		fail_msg("%s", err.message);
	buf_add_str(&text, "");
	return text;
}

static size_t count_lines(const struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->n; i++)
		n += text->p[i] == '\n';
	return n;
}

static void tell_fault(void *arg UNUSED, const struct verify_fault *f)
{
	print_error("%s: %s\n", f->kind, f->text);
}

/* What the program skyclust-audit-verify would say of an export and the files
 * in @folder that begin with "checkpoint-". */
static long long verify_export(const struct buf *text, const char *folder)
{
	AUTO(verify_done) struct verify v = { .report = tell_fault };
	AUTO_FREE char *pem = mem_printf("%s/audit-1.pem", folder);
	AUTO(buf_done) struct buf key = { 0 };
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct slice rest = buf_slice(text);

	assert_int_equal(sys_read_file(pem, 4096, &key), 0);
	assert_true(verify_key(&v, buf_slice(&key)));
	while ((entry = readdir(dir))) {
		AUTO_FREE char *file =
			mem_printf("%s/%s", folder, entry->d_name);
		AUTO(buf_done) struct buf envelope = { 0 };

		if (strncmp(entry->d_name, "checkpoint-", 11) != 0)
			continue;
		assert_int_equal(sys_read_file(file, 65536, &envelope), 0);
		verify_checkpoint(&v, buf_slice(&envelope));
	}
	closedir(dir);
	verify_checkpoints(&v);
	while (rest.n) {
		size_t n =
			(size_t)((char *)memchr(rest.p, '\n', rest.n) - rest.p);

		verify_line(&v, (struct slice){ rest.p, n });
		rest = (struct slice){ rest.p + n + 1, rest.n - n - 1 };
	}
	verify_end(&v);
	assert_int_equal(v.records, count_lines(text));
	return v.faults;
}

static void sign(void)
{
	if (!checkpoint_make(trust.audit, NULL, NULL, &err))
		fail_msg("%s", err.message);
}

static char *folder(void)
{
	return mem_printf("%s/audit", host_dir);
}

static void export_verifies(void)
{
	AUTO_FREE char *files = folder();
	AUTO(buf_done) struct buf all = { 0 }, mine = { 0 }, none = { 0 };

	audit_open();
	audit_changes(700); /* more than are read at once */
	sign();
	audit_changes(5);
	sign();
	all = exported(&root, "{}");
	assert_int_equal(count_lines(&all), 705);
	assert_int_equal(verify_export(&all, files), 0);
	mine = exported(&ada, "{'format':'jsonl'}");
	assert_int_equal(count_lines(&mine), 705);
	none = exported(&root, "{'since':'2999-01-01T00:00:00Z'}");
	assert_int_equal(none.n, 0);
	assert_false(
		audit_export(&trust, &root, NULL, take_nothing, NULL, &err));
	assert_int_equal(err.code, ERR_CANCELLED);
	audit_close();
}
STORE_DEFINE(export_verifies)

static void csv(void)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct actor mallory = ada;

	audit_open();
	mallory.agent = "=HYPERLINK(\"x\")";
	mallory.name = "a,b\"c\n";
	audit_note(&trust, &(struct audit_event){ .who = &mallory,
						  .action = "auth.login",
						  .outcome = "denied",
						  .target = "plain" });
	audit_settle();
	text = exported(&root, "{'format':'csv'}");
	assert_true(!strncmp(text.p, "lane,seq,at,action,", 19));
	assert_non_null(strstr(text.p, ",auth.login,denied,"));
	assert_non_null(strstr(text.p, ",\"'=HYPERLINK(\"\"x\"\")\","));
	assert_non_null(strstr(text.p, ",\"a,b\"\"c\n\","));
	assert_non_null(strstr(text.p, ",plain,"));
	audit_close();
}
STORE_DEFINE(csv)

/* ---- checkpoints ------------------------------------------------------------ */

static void checkpoints(void)
{
	AUTO_JSON json_t *made = NULL, *page = NULL, *keys = NULL;
	bool audited = false;

	audit_open();
	audit_changes(3);
	root.audited = &audited;
	made = audit_act(audit_checkpoint_create, &root, "{}");
	root.audited = NULL;
	assert_true(audited);
	assert_string_equal(json_str(made, "id", ""), "1");
	sign();
	sign();
	page = audit_act(audit_checkpoint_list, &root, "{'limit':2}");
	assert_int_equal(json_array_size(json_object_get(page, "items")), 2);
	assert_string_equal(json_str(json_at(page, "/items/0"), "id", ""), "3");
	assert_string_equal(json_str(page, "next_page_token", ""), "2");
	page = (json_decref(page),
		audit_act(audit_checkpoint_list, &root, "{'page_token':'2'}"));
	assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
	keys = audit_act(audit_key, &root, "{}");
	assert_non_null(
		strstr(json_str(json_at(keys, "/keys/0"), "public_key", ""),
		       "BEGIN PUBLIC KEY"));
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(checkpoints)

/* What was signed stays right when the key is another. */
static void key_rotated(void)
{
	audit_open();
	audit_changes(3);
	sign();
	assert_true(keyring_rotate(trust.keyring, KEY_AUDIT, &err));
	audit_changes(3);
	sign();
	audit_check(NULL);
	audit_close();
}
STORE_DEFINE(key_rotated)

static void silent(const char *line UNUSED, size_t n UNUSED)
{
}

/* The folder cannot be written: the checkpoint stands in the database. */
static void no_folder(void)
{
	audit_open();
	mem_free(config->audit_export);
	config->audit_export = mem_printf("%s/keys.json/no", host_dir);
	audit_changes(1);
	log_set_sink(silent);
	sign();
	log_set_sink(NULL);
	audit_check(NULL);
	log_set_sink(silent);
	audit_close();
	log_set_sink(NULL);
}
STORE_DEFINE(no_folder)

/* ---- retention -------------------------------------------------------------- */

/* The first checkpoint becomes @days older.  Its body is not touched: the column
 * tells how old it is. */
static void age_checkpoint(int days)
{
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx,
	       "UPDATE audit_checkpoints SET at = at - $1"
	       " WHERE id = 1",
	       P_INT(days * DAY));
	assert_true(tx_commit(tx, &err));
}

static int64_t records(void)
{
	return store_number("SELECT COUNT(*) AS n FROM audit");
}

static void retention(void)
{
	AUTO_FREE char *files = folder();
	AUTO(buf_done) struct buf all = { 0 };

	audit_open();
	config->audit_keep_days = 30;
	audit_changes(20);
	sign();
	audit_changes(5);
	retention_due(trust.audit); /* nothing is old */
	assert_int_equal(records(), 25);

	age_checkpoint(31);
	audit_changes(5);
	retention_due(trust.audit);
	age_checkpoint(-31);
	assert_int_equal(records(), 5 + 5 + 1); /* and one that tells it */
	audit_check(NULL);
	audit_settle();
	all = exported(&root, "{}");
	assert_int_equal(verify_export(&all, files), 0);

	retention_due(trust.audit);
	audit_changes(5);
	sign();
	assert_int_equal(records(), 17);
	audit_check(NULL);
	audit_stop(&trust);
	audit_begin();
	assert_int_equal(trust.audit->disagreements, 0);
	audit_close();
}
STORE_DEFINE(retention)

/* A stop between signing and removing: the rest goes in the next round, and is
 * no fault until then. */
static void retention_in_two_parts(void)
{
	AUTO_JSON json_t *items = NULL;
	AUTO(buf_done) struct buf all = { 0 };

	audit_open();
	config->audit_keep_days = 30;
	audit_changes(20);
	sign();
	age_checkpoint(31);
	trust.audit->stopping = true;
	retention_due(trust.audit);
	trust.audit->stopping = false;
	age_checkpoint(-31);
	assert_int_equal(records(), 21);
	audit_check(NULL);
	audit_settle();
	all = exported(&root, "{}");
	assert_int_equal(count_lines(&all), 1 + 1); /* and the verification */
	retention_due(trust.audit);
	audit_check(NULL);
	items = audit_list(&root, "{'action':'audit.removed'}");
	assert_int_equal(json_array_size(items), 1);
	audit_close();
}
STORE_DEFINE(retention_in_two_parts)

/* Who removes the oldest records by hand is found out, also after the next
 * checkpoint: only retention moves the beginning. */
static void removed_by_hand(void)
{
	audit_open();
	audit_changes(20);
	sign();
	store_exec("DELETE FROM audit WHERE seq <= 4");
	sign();
	audit_check("truncated");
	audit_close();
}
STORE_DEFINE(removed_by_hand)

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_ROW(export_verifies)
		STORE_ROW(csv)
		STORE_ROW(checkpoints)
		STORE_ROW(key_rotated)
		STORE_ROW(no_folder)
		STORE_ROW(retention)
		STORE_ROW(retention_in_two_parts)
		STORE_ROW(removed_by_hand)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
