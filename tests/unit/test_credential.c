/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: what is shown, what is refused, what is found by whom, and that
 * a row whose bytes were changed opens no more.
 */
#include "unit.h"

#include "credential_run.h"

#define CANARY "c4nary-t0ken-value"
#define FIELDS "{'account': 'alpha', 'token': '" CANARY "'}"

/* ---- acts ------------------------------------------------------------------ */

static void shows_no_secret(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	json_t *record = get("ws_a", id), *fields;
	char *text = json_dumps(record, 0);

	fields = json_object_get(record, "fields");
	assert_string_equal(json_str(fields, "account", ""), "alpha");
	assert_string_equal(json_str(fields, "token", ""), "***");
	assert_null(strstr(text, CANARY));
	assert_string_equal(json_str(record, "state", ""), "unverified");
	assert_true(json_bool(record, "is_default", false));
	assert_int_equal(json_int(record, "version", 0), 1);
	assert_true(json_is_null(json_object_get(record, "expires_at")));
	mem_free(text);
	json_decref(record);
	assert_string_equal(open_as("ws_a", "sim", id),
			    "{\"account\":\"alpha\",\"token\":\"" CANARY "\"}");
}

static void checks_by_the_drivers_schema(void)
{
	static const struct {
		const char *fields, *path, *words;
	} bad[] = {
		{ "{'acount': 'a'}", "/fields/acount", "did you mean account" },
		{ "{'account': 7}", "/fields/account", "type string" },
		{ "{'token': null, 'x': 1}", "/fields/x", "not known" },
		{ "{'token': '***'}", "/fields/token", "the secret itself" },
		{ "[]", "/fields", "an object" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		act_fails(of("ws_a"), credential_create,
			  argf("{'provider': 'sim', 'name': 'x', 'fields': %s}",
			       bad[i].fields),
			  ERR_INVALID, bad[i].words);
		assert_string_equal(err.path, bad[i].path);
	}
	act_fails(of("ws_a"), credential_create,
		  "{'provider': 'nobody', 'name': 'x'}", ERR_INVALID,
		  "no provider nobody");
	assert_string_equal(err.path, "/provider");
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM credentials"),
			 0);
}

static void takes_a_key_file(void)
{
	json_t *made = act_json(
		of("ws_a"), credential_create,
		json_pack("{s:s, s:s, s:{s:s}, s:s}", "provider", "sim", "name",
			  "file", "fields", "account", "mine", "key_file",
			  "{\"account\": \"theirs\", \"type\": \"key\","
			  " \"token\": \"" CANARY "\"}"));

	assert_non_null(made);
	assert_string_equal(open_as("ws_a", "sim", NULL),
			    "{\"account\":\"mine\",\"token\":\"" CANARY "\"}");
	json_decref(made);
	act_fails(of("ws_a"), credential_create,
		  "{'provider': 'sim', 'name': 'x', 'key_file': 'nonsense'}",
		  ERR_INVALID, "none of this driver's fields");
	assert_string_equal(err.path, "/key_file");
}

static void names_are_unique(void)
{
	make("ws_a", "main", "{}");
	act_fails(of("ws_a"), credential_create,
		  "{'provider': 'sim', 'name': 'main', 'fields': {}}",
		  ERR_CONFLICT, "called main");
	json_decref(act_works(
		of("ws_a"), credential_create,
		"{'provider': 'other', 'name': 'main', 'fields': {}}"));
	make("ws_b", "main", "{}");
}

static void there_is_a_limit(void)
{
	struct tx *tx = tx_begin(store, NULL);

	for (int i = 0; i < 500; i++)
		tx_put(tx,
		       "INSERT INTO credentials (id, workspace_id, provider,"
		       " name, sealed, key_version, public, is_default, state,"
		       " created_by, version, created_at, updated_at) VALUES"
		       " ($1, 'ws_a', 'sim', $1, $2, 1, '{}', 0, 'valid',"
		       " 'usr_a', 1, 1, 1)",
		       P_TEXT(argf("crd_%d", i)), P_BLOB(SLICE("x")));
	assert_true(tx_commit(tx, &store_err));
	act_fails(of("ws_a"), credential_create,
		  "{'provider': 'sim', 'name': 'x', 'fields': {}}", ERR_QUOTA,
		  "at most 500");
	make("ws_b", "main", "{}");
}

static void one_is_the_default(void)
{
	const char *one = make("ws_a", "one", "{'account': 'one'}");
	const char *two = make("ws_a", "two", "{'account': 'two'}");
	struct actor *who = of("ws_a");
	json_t *record;

	assert_string_equal(open_as("ws_a", "sim", NULL),
			    "{\"account\":\"one\"}");
	who->if_match = 1;
	record = act_works(who, credential_update,
			   argf("{'id': '%s', 'is_default': true}", two));
	assert_true(json_bool(record, "is_default", false));
	json_decref(record);
	assert_string_equal(open_as("ws_a", "sim", NULL),
			    "{\"account\":\"two\"}");
	record = get("ws_a", one);
	assert_false(json_bool(record, "is_default", true));
	json_decref(record);
}

static void changes_what_was_seen(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	const char *args = argf("{'id': '%s', 'name': 'other', 'fields': "
				"{'account': 'beta', 'token': '***'}}",
				id);
	struct actor *who = of("ws_a");
	json_t *record;

	act_fails(who, credential_update, args, ERR_PRECONDITION_REQUIRED,
		  "If-Match");
	who->if_match = 2;
	act_fails(who, credential_update, args, ERR_PRECONDITION_FAILED,
		  "changed meanwhile");
	who->if_match = 1;
	record = act_works(who, credential_update, args);
	assert_int_equal(json_int(record, "version", 0), 2);
	assert_string_equal(json_str(record, "name", ""), "other");
	json_decref(record);
	assert_string_equal(open_as("ws_a", "sim", id),
			    "{\"account\":\"beta\",\"token\":\"" CANARY "\"}");
	who->if_match = 2;
	json_decref(
		act_works(who, credential_update,
			  argf("{'id': '%s', 'fields': {'token': null}}", id)));
	assert_string_equal(open_as("ws_a", "sim", id),
			    "{\"account\":\"beta\"}");
}

static void lists_its_own(void)
{
	json_t *list;

	make("ws_a", "one", "{}");
	make("ws_a", "two", "{}");
	make("ws_b", "three", "{}");
	list = act_works(of("ws_a"), credential_list, "{'limit': 1}");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
	assert_true(json_is_string(json_object_get(list, "next_page_token")));
	json_decref(list);
	list = act_works(of("ws_a"), credential_list, "{}");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 2);
	json_decref(list);
	list = act_works(of("ws_a"), credential_list, "{'provider': 'other'}");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 0);
	json_decref(list);
}

/* To everybody else it does not exist. */
static void belongs_to_one_workspace(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	struct actor *who = of("ws_b");

	who->if_match = 1;
	act_fails(who, credential_get, by_id(id), ERR_NOT_FOUND, id);
	act_fails(who, credential_update, by_id(id), ERR_NOT_FOUND, id);
	act_fails(who, credential_delete, by_id(id), ERR_NOT_FOUND, id);
	act_fails(who, credential_verify, by_id(id), ERR_NOT_FOUND, id);
	assert_null(open_as("ws_b", "sim", id));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(credential_workspace(&trust, id, &arena, &err),
			    "ws_a");
	assert_null(credential_workspace(&trust, "crd_x", &arena, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void goes_when_nothing_uses_it(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx,
	       "INSERT INTO operations (id, workspace_id, user_id,"
	       " credential_id, provider, method, state, effect, args, attempt,"
	       " cancel_requested, owner, lease_until, created_at, updated_at,"
	       " version) VALUES ('op_1', 'ws_a', 'usr_a', $1, 'sim', 'm',"
	       " 'running', 'unknown', $2, 1, 0, 'h', 1, 1, 1, 1)",
	       P_TEXT(id), P_BLOB(SLICE("x")));
	assert_true(tx_commit(tx, &store_err));
	act_fails(of("ws_a"), credential_delete, by_id(id), ERR_CONFLICT,
		  "under way");
	store_exec("UPDATE operations SET state = 'succeeded'");
	json_decref(act_works(of("ws_a"), credential_delete, by_id(id)));
	act_fails(of("ws_a"), credential_get, by_id(id), ERR_NOT_FOUND, id);
}

/* ---- which one is used ------------------------------------------------------- */

static void own_block_is_shared_or_not(void)
{
	assert_null(open_as("ws_a", "sim", NULL));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_null(open_as("ws_a", "own", NULL));
	assert_int_equal(err.code, ERR_NONE);
	assert_null(open_as("ws_a", "own", "crd_none"));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_null(open_as(NULL, "sim", NULL));
	assert_int_equal(err.code, ERR_NONE);
	assert_null(open_as(NULL, "sim", make("ws_a", "main", "{}")));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void one_is_for_one_provider(void)
{
	const char *id = make("ws_a", "main", FIELDS);

	assert_null(open_as("ws_a", "other", id));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* ---- good or not ------------------------------------------------------------- */

static void assert_state(const char *id, const char *state)
{
	json_t *record = get("ws_a", id);

	assert_string_equal(json_str(record, "state", ""), state);
	json_decref(record);
}

/* There is no account of such a name: the cloud refuses it. */
#define REFUSED "{'account': 'No Such', 'token': '" CANARY "'}"

static void the_cloud_is_asked(void)
{
	const char *good = make("ws_a", "good", FIELDS);
	const char *bad = make("ws_a", "bad", REFUSED);
	json_t *record = act_works(of("ws_a"), credential_verify, by_id(good));

	assert_string_equal(json_str(record, "state", ""), "valid");
	assert_true(json_is_string(json_object_get(record, "verified_at")));
	assert_int_equal(json_int(record, "version", 0), 1);
	json_decref(record);
	record = act_works(of("ws_a"), credential_verify, by_id(bad));
	assert_string_equal(json_str(record, "state", ""), "invalid");
	assert_non_null(strstr(json_str(record, "last_error", ""), "No Such"));
	json_decref(record);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"
				      " WHERE action = 'credential.verify'"),
			 2);
}

/* A call that the cloud refuses tells the same without being asked to. */
static void a_refusal_is_written_down(void)
{
	const char *id = make("ws_a", "bad", REFUSED);
	const char *used;
	struct secret *secrets = credential_open(
		&trust, of("ws_a"), "ws_a", "sim", id, &used, &arena, &err);
	struct driver_request req = { .provider = "sim",
				      .method = "instance.list",
				      .secrets = secrets,
				      .credential = used,
				      .deadline = clock_ms() + 10000 };
	struct driver_reply reply;

	assert_string_equal(used, id);
	for (int i = 0; i < 5; i++)
		assert_false(driver_call(registry, &req, &reply, &err));
	assert_int_equal(err.code, ERR_UNAUTHENTICATED);
	credential_stop(&trust); /* waits for what is being written */
	assert_true(credential_start(&trust, &err));
	assert_state(id, "invalid");
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit"
				      " WHERE action = 'credential.refused'"),
			 1);
	secret_free(secrets);
}

/* ---- the end ------------------------------------------------------------------ */

static const char *until(const char *name, int64_t end)
{
	char text[CLOCK_TEXT];

	return make("ws_a", name,
		    argf("{'expires_at': '%s'}", clock_format(end, text)));
}

static int64_t told(const char *action)
{
	return store_number(argf("SELECT COUNT(*) AS n FROM audit"
				 " WHERE action = 'credential.%s'",
				 action));
}

static void expiry_is_told_once(void)
{
	int64_t now = clock_wall_ms(), day = 86400000;
	const char *far = until("far", now + 30 * day);
	const char *near = until("near", now + 2 * day + 5000);
	const char *over = until("over", now - 1);
	json_t *record;

	for (int i = 0; i < 3; i++)
		assert_true(expiry_pass(trust.credentials, &err));
	assert_int_equal(told("expiring"), 1);
	assert_int_equal(told("expired"), 1);
	assert_state(far, "unverified");
	assert_state(near, "expiring");
	assert_state(over, "expired");
	record = get("ws_a", near);
	assert_int_equal(json_int(record, "expires_in_days", 0), 2);
	json_decref(record);
	record = get("ws_a", over);
	assert_int_equal(json_int(record, "expires_in_days", 0), -1);
	json_decref(record);
	assert_null(open_as("ws_a", "sim", over));
	assert_int_equal(err.code, ERR_CREDENTIAL_EXPIRED);
	assert_int_equal(err.effect, EFFECT_NONE);
}

/* With a later end it is as good as before; that one is told of again. */
static void expiry_can_be_put_off(void)
{
	int64_t now = clock_wall_ms();
	const char *id = until("over", now - 1);
	struct actor *who = of("ws_a");
	char text[CLOCK_TEXT];

	assert_true(expiry_pass(trust.credentials, &err));
	who->if_match = 1;
	json_decref(act_works(who, credential_update,
			      argf("{'id': '%s', 'expires_at': '%s'}", id,
				   clock_format(now + 60000, text))));
	assert_state(id, "expiring");
	assert_true(expiry_pass(trust.credentials, &err));
	assert_int_equal(told("expiring"), 1);
	who->if_match = 2;
	json_decref(act_works(who, credential_update,
			      argf("{'id': '%s', 'expires_at': null}", id)));
	assert_state(id, "unverified");
}

/* ---- altered rows ------------------------------------------------------------- */

static void exec(const char *sql, const char *a, const char *b)
{
	struct tx *tx = tx_begin(store, NULL);

	if (b)
		tx_put(tx, sql, P_TEXT(a), P_TEXT(b));
	else
		tx_put(tx, sql, P_TEXT(a));
	if (!tx_commit(tx, &store_err))
		fail_msg("%s: %s", sql, store_err.message);
}

static struct buf sealed_of(const char *id)
{
	struct buf copy = { 0 };
	struct rows rows;

	assert_true(store_read(store, NULL,
			       "SELECT sealed FROM credentials WHERE id = $1",
			       &rows, &store_err, P_TEXT(id)));
	buf_add_slice(&copy, row_blob(&rows, 0, "sealed"));
	rows_done(&rows);
	return copy;
}

static void put_sealed(const char *id, const struct buf *sealed)
{
	struct tx *tx = tx_begin(store, NULL);

	tx_put(tx, "UPDATE credentials SET sealed = $1 WHERE id = $2",
	       P_BLOB(buf_slice(sealed)), P_TEXT(id));
	assert_true(tx_commit(tx, &store_err));
}

static void assert_refused(const char *ws, const char *provider, const char *id)
{
	if (open_as(ws, provider, id))
		fail_msg("an altered row was opened");
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_null(strstr(err.message, CANARY));
}

static void no_byte_can_be_flipped(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	struct buf sealed = sealed_of(id);

	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 1 << (i % 8);
		put_sealed(id, &sealed);
		assert_refused("ws_a", "sim", id);
		sealed.p[i] ^= 1 << (i % 8);
	}
	for (size_t n = 0; n < sealed.n; n += 7) {
		struct buf cut = { .p = sealed.p, .n = n };

		put_sealed(id, &cut);
		assert_refused("ws_a", "sim", id);
	}
	put_sealed(id, &sealed);
	assert_non_null(open_as("ws_a", "sim", id));
	buf_done(&sealed);
}

static void nothing_can_be_moved(void)
{
	const char *a = make("ws_a", "one", FIELDS);
	const char *b = make("ws_a", "two", "{'account': 'beta'}");
	const char *c = make("ws_b", "main", FIELDS);
	struct buf of_a = sealed_of(a), of_b = sealed_of(b),
		   of_c = sealed_of(c);

	put_sealed(b, &of_a); /* another row, and another workspace */
	assert_refused("ws_a", "sim", b);
	put_sealed(a, &of_c);
	assert_refused("ws_a", "sim", a);
	put_sealed(a, &of_a);
	put_sealed(b, &of_b);
	exec("UPDATE credentials SET workspace_id = 'ws_b', name = 'x',"
	     " is_default = 0 WHERE id = $1",
	     a, NULL);
	assert_refused("ws_b", "sim", a);
	exec("UPDATE credentials SET workspace_id = 'ws_a', name = 'one',"
	     " provider = 'other' WHERE id = $1",
	     a, NULL);
	assert_refused("ws_a", "other", a);
	exec("UPDATE credentials SET provider = 'sim', id = 'crd_new'"
	     " WHERE id = $1",
	     a, NULL);
	assert_refused("ws_a", "sim", "crd_new");
	buf_done(&of_a);
	buf_done(&of_b);
	buf_done(&of_c);
}

static void nothing_can_be_rolled_back(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	struct actor *who = of("ws_a");
	struct buf old = sealed_of(id);

	who->if_match = 1;
	json_decref(act_works(
		who, credential_update,
		argf("{'id': '%s', 'fields': {'token': 'another-1'}}", id)));
	put_sealed(id, &old);
	assert_refused("ws_a", "sim", id);
	buf_done(&old);
}

/* What stands beside the secrets in plain text must be what was stored. */
static void nothing_beside_it_can_be_changed(void)
{
	static const char *const changes[] = {
		"UPDATE credentials SET public = '{\"account\":\"alpho\","
		"\"token\":\"***\"}' WHERE id = $1",
		"UPDATE credentials SET public = '{\"account\":\"alpha\"}'"
		" WHERE id = $1",
		"UPDATE credentials SET public = 'x' WHERE id = $1",
		"UPDATE credentials SET version = version + 1 WHERE id = $1",
		"UPDATE credentials SET version = version - 1 WHERE id = $1",
		"UPDATE credentials SET key_version = 2 WHERE id = $1",
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		const char *id = make("ws_a", argf("n%zu", i), FIELDS);

		assert_non_null(open_as("ws_a", "sim", id));
		exec(changes[i], id, NULL);
		assert_refused("ws_a", "sim", id);
	}
}

/* ---- what the log says -------------------------------------------------------- */

static void every_use_is_in_the_audit_log(void)
{
	const char *id = make("ws_a", "main", FIELDS);
	json_t *record;
	struct rows rows;

	assert_non_null(open_as("ws_a", "sim", id));
	record = act_works(of("ws_a"), credential_verify, by_id(id));
	json_decref(record);
	audit_stop(&trust);
	assert_true(store_read(store, NULL,
			       "SELECT action, actor, target, record FROM audit"
			       " WHERE workspace_id = 'ws_a' ORDER BY seq",
			       &rows, &store_err));
	for (size_t i = 0; i < rows.n; i++) {
		assert_string_equal(row_text(&rows, i, "target"), id);
		assert_null(strstr(row_text(&rows, i, "record"), CANARY));
	}
	rows_done(&rows);
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM audit WHERE"
				      " action = 'secret.used'"),
			 2);
	assert_true(audit_start(&trust, &err));
}

/* clang-format off */
#define TESTS(T) \
	T(shows_no_secret) T(checks_by_the_drivers_schema) T(takes_a_key_file) \
	T(names_are_unique) T(there_is_a_limit) T(one_is_the_default) \
	T(changes_what_was_seen) T(lists_its_own) \
	T(belongs_to_one_workspace) T(goes_when_nothing_uses_it) T(own_block_is_shared_or_not) \
	T(one_is_for_one_provider) T(the_cloud_is_asked) T(a_refusal_is_written_down) \
	T(expiry_is_told_once) T(expiry_can_be_put_off) T(no_byte_can_be_flipped) \
	T(nothing_can_be_moved) T(nothing_can_be_rolled_back) \
	T(nothing_beside_it_can_be_changed) T(every_use_is_in_the_audit_log)
/* clang-format on */

TESTS(CREDENTIAL_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(STORE_ROW) };

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
