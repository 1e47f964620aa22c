/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of operations share: a host with a store, the test driver as
 * its only provider, and clients.  The cloud is the driver's file `applied`: a
 * line for each thing that was really done.
 */
#ifndef SKYCLUST_TESTS_UNIT_OPERATION_RUN_H
#define SKYCLUST_TESTS_UNIT_OPERATION_RUN_H

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
static UNUSED const struct actor the_host = { .kind = ACTOR_HOST,
					      .user_id = "host" };

/* ---- a host ---------------------------------------------------------------- */

/* A process of the installation called @id begins, with @blocks. */
static inline void host_starts_with(const char *id, const char *blocks)
{
	begin("  {}\noperations:\n  lease: 1s\n", blocks);
	trust.config = config;
	trust.registry = registry;
	snprintf(trust.host_id, sizeof(trust.host_id), "%s", id);
	if (!operation_start(&trust, &err))
		fail_msg("%s", err.message);
}

static inline void host_starts(const char *id)
{
	host_starts_with(id, BLOCK("one", "      shared: true\n"));
}

/* It ends, and leaves what is under way to the next one. */
static inline void host_ends(void)
{
	operation_stop(&trust, clock_ms());
	end();
}

static inline void open_trust(void)
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

static inline void close_trust(void)
{
	host_ends();
	access_stop(&trust);
	keyring_free(trust.keyring);
	arena_done(&arena);
	operation_outcome_done(&outcome);
}

/* ---- asking ------------------------------------------------------------------ */

static const char *key; /* of the next request, or NULL */

/* Begin @method with {"do": what, "outcome": fate}; the args of one request
 * are those of the next, so that it is the same again. */
static inline bool ask(const char *method, const char *what, const char *fate,
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

static inline void assert_begun(bool ok)
{
	if (!ok)
		fail_msg("%s", err.message);
}

static inline void assert_done(bool ok, const char *what)
{
	assert_begun(ok);
	assert_true(outcome.finished);
	if (outcome.failed)
		fail_msg("%s", outcome.error.message);
	if (what)
		assert_non_null(strstr(outcome.value.p, what));
}

static inline void assert_failed(bool ok, enum err_code code,
				 enum err_effect effect)
{
	assert_begun(ok);
	assert_true(outcome.finished && outcome.failed);
	assert_int_equal(outcome.error.code, code);
	assert_int_equal(outcome.error.effect, effect);
}

/* How often the cloud did what @op asked for; NULL: any. */
static inline unsigned applied(const char *op)
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
static inline const char *column(const char *id, const char *name)
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

static inline void await_column(const char *id, const char *name,
				const char *value)
{
	int64_t limit = clock_ms() + HOST_TEST_MS;
	const char *now;

	while (!(now = column(id, name)) || strcmp(now, value) != 0) {
		assert_true(clock_ms() < limit);
		fiber_sleep(5);
	}
}

static inline json_t *get(const char *id)
{
	json_t *args = json_pack("{s:s}", "id", id);
	json_t *record = operation_get(&trust, &the_host, args, &err);

	json_decref(args);
	if (!record)
		fail_msg("%s", err.message);
	return record;
}

#endif
