/* SPDX-License-Identifier: Apache-2.0 */
/* The same request again, by the same user: one effect, one answer. */
#include "unit.h"

#include "operation_run.h"

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

/* clang-format off */
#define TESTS(T) \
	T(same_key_same_answer) T(same_key_same_failure) T(key_comes_back) T(key_expires) \
	T(pairs_at_once)
/* clang-format on */

TESTS(STORE_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(STORE_ROW) };

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
