/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrap keys: everything stored gets the new one while the host works and when
 * it is killed half-way; the old one goes when nothing needs it, not before.
 */
#include "unit.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "credential/rewrap.h"
#include "credential_run.h"

extern char **environ;

#define MANY 100 /* rows of each table: several batches */

/* ---- rows of all tables -------------------------------------------------------- */

static void seal_for(const char *place, const char *text, struct buf *out)
{
	seal(trust.keyring, place, slice_of(text), out);
}

static void put_user(struct tx *tx, int i)
{
	const char *id = argf("usr_%03d", i);
	struct buf sealed = { 0 };

	seal_for(argf("users:%s:password", id), id, &sealed);
	tx_put(tx,
	       "INSERT INTO users (id, name, kind, role, state, password,"
	       " version, created_at, updated_at)"
	       " VALUES ($1, $1, 'person', 'user', 'active', $2, 1, 1, 1)",
	       P_TEXT(id),
	       P_BLOB(i % 3 ? buf_slice(&sealed) : (struct slice){ 0 }));
	buf_done(&sealed);
}

static void put_operation(struct tx *tx, int i)
{
	static const char *const names[] = { "args", "result", "checkpoint",
					     "handle" };
	const char *id = argf("op_%03d", i);
	struct buf sealed[4] = { { 0 } };

	for (size_t n = 0; n < ARRAY_LEN(names); n++)
		seal_for(argf("operations:%s:%s:ws_a", id, names[n]), names[n],
			 &sealed[n]);
	tx_put(tx,
	       "INSERT INTO operations (id, workspace_id, user_id, provider,"
	       " method, state, effect, args, result, checkpoint, handle,"
	       " attempt, cancel_requested, owner, lease_until, created_at,"
	       " updated_at, version) VALUES ($1, 'ws_a', 'usr_a', 'sim', 'm',"
	       " 'succeeded', 'applied', $2, $3, $4, $5, 1, 0, 'h', 1, 1, 1,"
	       " 1)",
	       P_TEXT(id), P_BLOB(buf_slice(&sealed[0])),
	       P_BLOB(i % 2 ? buf_slice(&sealed[1]) : (struct slice){ 0 }),
	       P_BLOB(buf_slice(&sealed[2])), P_BLOB(buf_slice(&sealed[3])));
	for (size_t n = 0; n < ARRAY_LEN(names); n++)
		buf_done(&sealed[n]);
}

static void put_credential(struct tx *tx, int i)
{
	const char *id = argf("crd_%03d", i);
	struct credential_place place = { id, "ws_a", "sim", 1 };
	json_t *fields = json_pack("{s:s}", "account", id);
	struct buf sealed = { 0 };

	credential_seal(&trust, &place, fields, &sealed);
	tx_put(tx,
	       "INSERT INTO credentials (id, workspace_id, provider, name,"
	       " sealed, key_version, public, is_default, state, created_by,"
	       " version, created_at, updated_at) VALUES ($1, 'ws_a', 'sim',"
	       " $1, $2, 1, $3, 0, 'valid', 'usr_a', 1, 1, 1)",
	       P_TEXT(id), P_BLOB(buf_slice(&sealed)),
	       P_TEXT(argf("{\"account\":\"%s\"}", id)));
	buf_done(&sealed);
	json_decref(fields);
}

static void fill(void)
{
	struct tx *tx = tx_begin(store, NULL);

	for (int i = 0; i < MANY; i++) {
		put_user(tx, i);
		put_operation(tx, i);
		put_credential(tx, i);
	}
	if (!tx_commit(tx, &store_err))
		fail_msg("%s", store_err.message);
}

/* ---- what is looked at ------------------------------------------------------------ */

/* How many texts of all columns wrap key @version wraps. */
static int64_t wrapped_by(long long version)
{
	const struct rewrap_column *column = rewrap_columns;
	char head[SEAL_HEAD];
	int64_t n = 0;

	seal_head(version, head);
	for (; column->name; column++) {
		struct rows rows;

		assert_true(store_read(
			store, NULL, column->count, &rows, &store_err,
			P_BLOB(((struct slice){ head, sizeof(head) }))));
		n += row_int(&rows, 0, "n");
		rows_done(&rows);
	}
	return n;
}

static void opens(const char *place, struct slice sealed, const char *wanted)
{
	struct buf text = { 0 };

	if (!unseal(trust.keyring, place, sealed, &text, &err))
		fail_msg("%s", err.message);
	assert_string_equal(text.p, wanted);
	buf_done(&text);
}

/* Every text is still what it was. */
static void everything_opens(void)
{
	struct rows rows;

	assert_true(store_read(store, NULL,
			       "SELECT id, password FROM users"
			       " WHERE password IS NOT NULL",
			       &rows, &store_err));
	for (size_t i = 0; i < rows.n; i++)
		opens(argf("users:%s:password", row_text(&rows, i, "id")),
		      row_blob(&rows, i, "password"), row_text(&rows, i, "id"));
	rows_done(&rows);
	assert_true(store_read(store, NULL, "SELECT id, handle FROM operations",
			       &rows, &store_err));
	for (size_t i = 0; i < rows.n; i++)
		opens(argf("operations:%s:handle:ws_a",
			   row_text(&rows, i, "id")),
		      row_blob(&rows, i, "handle"), "handle");
	rows_done(&rows);
	for (int i = 0; i < MANY; i++)
		assert_non_null(open_as("ws_a", "sim", argf("crd_%03d", i)));
}

static void rotate(void)
{
	json_t *key = act_works(of(NULL), wrap_key_rotate, "{}");

	assert_string_equal(json_str(key, "state", ""), "active");
	json_decref(key);
}

static bool is_done(void *arg UNUSED)
{
	return wrapped_by(1) == 0;
}

/* ---- tests ----------------------------------------------------------------------- */

static void everything_gets_the_new_key(void)
{
	json_t *answer, *list;
	int64_t all;

	fill();
	all = wrapped_by(1);
	assert_true(all > 4 * MANY);
	rotate();
	host_await(is_done, NULL);
	assert_int_equal(wrapped_by(2), all);
	everything_opens();
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM credentials"
				      " WHERE key_version <> 2"),
			 0);
	answer = act_works(of(NULL), wrap_key_list, "{}");
	list = json_object_get(answer, "items");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_int(json_array_get(list, 0), "secrets", -1), 0);
	assert_int_equal(json_int(json_array_get(list, 1), "secrets", -1), all);
	json_decref(answer);
}

/* A row that was changed meanwhile keeps the change. */
static void work_goes_on_meanwhile(void)
{
	struct actor *who = of("ws_a");
	struct error why;

	fill();
	rotate();
	who->if_match = 1;
	for (int i = 0; i < MANY; i += 9) {
		const char *args =
			argf("{'id': 'crd_%03d', 'fields': {'account':"
			     " 'changed'}}",
			     i);

		json_decref(act_works(who, credential_update, args));
	}
	host_await(is_done, NULL);
	assert_true(rotate_pass(trust.credentials, &why));
	for (int i = 0; i < MANY; i++)
		assert_string_equal(
			open_as("ws_a", "sim", argf("crd_%03d", i)),
			i % 9 ? argf("{\"account\":\"crd_%03d\"}", i)
			      : "{\"account\":\"changed\"}");
}

/* One damaged row does not keep the others from it, and is not made whole. */
static void a_damaged_row_stays(void)
{
	fill();
	store_exec("UPDATE credentials SET version = 7 WHERE id = 'crd_050'");
	rotate();
	while (wrapped_by(1) > 1)
		fiber_sleep(1);
	assert_null(open_as("ws_a", "sim", "crd_050"));
	assert_int_equal(err.code, ERR_INTERNAL);
	act_fails(of(NULL), wrap_key_delete, "{'id': 'wrap-1'}", ERR_CONFLICT,
		  "1 stored secrets");
}

static void old_keys_go_when_nothing_needs_them(void)
{
	fill();
	config->store_timeout_ms = 0;
	act_fails(of(NULL), wrap_key_delete, "{'id': 'wrap-1'}", ERR_CONFLICT,
		  "active");
	act_fails(of(NULL), wrap_key_delete, "{'id': 'mac-1'}", ERR_NOT_FOUND,
		  "no wrap key");
	rotate();
	host_await(is_done, NULL);
	if (!strncmp(store_engine(store), "SQLite", 6)) {
		json_decref(act_works(of(NULL), wrap_key_delete,
				      "{'id': 'wrap-1'}"));
		act_fails(of(NULL), wrap_key_delete, "{'id': 'wrap-1'}",
			  ERR_NOT_FOUND, "no wrap key");
	} else { /* other hosts may still write with it */
		act_fails(of(NULL), wrap_key_delete, "{'id': 'wrap-1'}",
			  ERR_CONFLICT, "try again later");
		assert_true(err.retry_after_ms > 200000);
	}
	everything_opens();
}

/* ---- killed ------------------------------------------------------------------------ */

/* In a process of its own: a host that rotates, and dies where it is told to. */
static void rotate_until_death(void)
{
	struct credentials c = { .trust = &trust };

	store_begin();
	trust = (struct trust){ .store = store, .keyring = keys() };
	if (!keyring_rotate(trust.keyring, KEY_WRAP, &err) ||
	    !rotate_pass(&c, &err))
		print_error("%s\n", err.message);
}

static int be_the_one_that_dies(const char *folder, const char *url)
{
	snprintf(host_dir, sizeof(host_dir), "%s", folder);
	snprintf(store_url, sizeof(store_url), "%s", url);
	loop_init();
	host_run(rotate_until_death);
	return 0;
}

static void kill_at(const char *point)
{
	char *words[] = { (char *)"test_rotate", host_dir, store_url, NULL };
	pid_t pid;
	int status;

	assert_int_equal(setenv("SKYCLUST_DIE_AT", point, 1), 0);
	assert_int_equal(
		posix_spawn(&pid, "/proc/self/exe", NULL, NULL, words, environ),
		0);
	unsetenv("SKYCLUST_DIE_AT");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(keyring_reload(trust.keyring, &err));
}

static bool has_newest(void *arg)
{
	const int64_t *all = arg;

	return wrapped_by(keyring_active(trust.keyring, KEY_WRAP)->version) ==
	       *all;
}

/* Wherever it dies, nothing is lost, and the next one ends the work. */
static void goes_on_after_a_kill(void)
{
	static const char *const points[] = {
		"rotate.put:1",	    "rotate.wrapped:1",	 "rotate.put:9",
		"rotate.wrapped:9", "rotate.wrapped:30",
	};
	int64_t all, done;

#ifndef SKYCLUST_FAULTS
	skip(); /* built without points to die at */
#endif
	fill();
	all = wrapped_by(1);
	credential_stop(&trust);
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		kill_at(points[i]);
		done = wrapped_by((long long)i + 2);
		assert_true(i == 0 ? done == 0 : done > 0 && done < all);
		everything_opens();
	}
	assert_true(credential_start(&trust, &err));
	host_await(has_newest, &all);
	everything_opens();
}

/* clang-format off */
#define TESTS(T) \
	T(everything_gets_the_new_key) T(work_goes_on_meanwhile) T(a_damaged_row_stays) \
	T(old_keys_go_when_nothing_needs_them) T(goes_on_after_a_kill)
/* clang-format on */

TESTS(CREDENTIAL_DEFINE)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { TESTS(STORE_ROW) };

	log_set_level(LOG_ERROR);
	if (argc == 3)
		return be_the_one_that_dies(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
