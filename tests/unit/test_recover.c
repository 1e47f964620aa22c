/* SPDX-License-Identifier: Apache-2.0 */
/* What a host leaves behind that dies, or is thought dead. */
#include "unit.h"

#include "operation_run.h"

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
	host_ends();
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
	host_ends();
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
	host_ends();
	assert_string_equal(column(id, "state"), "running");
	host_starts("host-2");
	await_column(id, "state", "succeeded");
	assert_string_equal(column(id, "resource_id"), "made-at-last");
	close_trust();
}

/* Whom nobody can ask any more has not failed for that: what it began may go
 * on. */
static void provider_is_gone(void)
{
	char id[TRUST_ID_SIZE];

	open_trust();
	assert_begun(ask("volume.create", "pending for ever", NULL, 0));
	memcpy(id, outcome.id, sizeof(id));
	while (!column(id, "length(handle)"))
		fiber_sleep(1);
	host_ends();
	host_starts_with("host-2", BLOCK("two", ""));
	await_column(id, "state", "needs_attention");
	assert_string_equal(column(id, "effect"), "unknown");
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
	host_ends();
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

/* clang-format off */
#define TESTS(T) \
	T(taken_over) T(sent_by_the_next) T(pending_goes_on) T(provider_is_gone) \
	T(checkpoint_is_on_the_disk) T(lost_lease)
/* clang-format on */

TESTS(STORE_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(STORE_ROW) };

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
