/* SPDX-License-Identifier: Apache-2.0 */
/* Mutations whose answer was lost: sent again, found out, or told honestly. */
#include "unit.h"

#include "registry_run.h"

static struct driver_reply reply;

/* A mutation that does @what; @outcome is what op.reconcile will say of it
 * (NULL: that dies, too).  True: reply. */
static bool change(const char *method, const char *what, const char *outcome)
{
	json_t *args = json_pack("{s:s, s:s*}", "do", what, "outcome", outcome);
	struct driver_request req = { .provider = "one",
				      .method = method,
				      .mutates = true,
				      .op = "op-1",
				      .args = args,
				      .deadline = clock_ms() + 10000 };
	bool ok;

	memset(&err, 0, sizeof(err));
	ok = driver_call(registry, &req, &reply, &err);
	json_decref(args);
	return ok;
}

static void assert_lost(enum err_code code, enum err_effect effect)
{
	assert_int_equal(err.code, code);
	assert_int_equal(err.effect, effect);
}

static void token_is_sent_again(void)
{
	begin("", BLOCK("one", ""));
	assert_true(change("snapshot.create", "die once", NULL));
	driver_reply_done(&reply);
	assert_int_equal(info_of("one").restarts, 1);
	end();
}

static void natural_is_sent_again(void)
{
	begin("", BLOCK("one", ""));
	assert_true(change("volume.delete", "die once", NULL));
	driver_reply_done(&reply);
	end();
}

static void again_has_an_end(void)
{
	begin("", BLOCK("one", ""));
	assert_false(change("volume.delete", "die", NULL));
	assert_lost(ERR_DRIVER_UNAVAILABLE, EFFECT_UNKNOWN);
	await_restarts("one", 3 + 3); /* and three that were asked of it */
	end();
}

static void applied_is_success(void)
{
	json_t *asked;

	begin("", BLOCK("one", ""));
	assert_true(change("volume.create", "checkpoint and die", "applied"));
	assert_false(reply.pending);
	asked = json_read(reply.value.p, reply.value.n, &err);
	assert_string_equal(json_str(asked, "op", ""), "op-1");
	assert_string_equal(json_str(asked, "method", ""), "volume.create");
	assert_string_equal(
		json_str(json_object_get(asked, "checkpoint"), "id", ""),
		"made-1");
	json_decref(asked);
	driver_reply_done(&reply);
	assert_int_equal(info_of("one").restarts, 1);
	end();
}

static void not_applied_is_sent_again(void)
{
	begin("", BLOCK("one", ""));
	assert_true(change("volume.create", "die once", "not_applied"));
	driver_reply_done(&reply);
	end();
}

static void running_is_pending(void)
{
	json_t *value;

	begin("", BLOCK("one", ""));
	assert_true(change("volume.create", "die", "running"));
	assert_true(reply.pending);
	value = json_read(reply.value.p, reply.value.n, &err);
	assert_string_equal(
		json_str(json_object_get(value, "handle"), "id", ""), "made-1");
	json_decref(value);
	driver_reply_done(&reply);
	end();
}

static void cannot_tell_is_told(void)
{
	begin("", BLOCK("one", ""));
	assert_false(change("volume.create", "die", "cannot_tell"));
	assert_lost(ERR_DRIVER_UNAVAILABLE, EFFECT_UNKNOWN);
	await_restarts("one", 1);
	end();
}

static void nonsense_is_told(void)
{
	begin("", BLOCK("one", ""));
	assert_false(change("volume.create", "die", "perhaps"));
	assert_lost(ERR_DRIVER_UNAVAILABLE, EFFECT_UNKNOWN);
	await_restarts("one", 1);
	end();
}

static void dying_again_is_told(void)
{
	begin("", BLOCK("one", ""));
	assert_false(change("volume.create", "die", NULL));
	assert_lost(ERR_DRIVER_UNAVAILABLE, EFFECT_UNKNOWN);
	await_restarts("one", 1 + 3);
	end();
}

/* The cloud did not answer, but the driver lives. */
static void silent_cloud(void)
{
	begin("", BLOCK("one", ""));
	assert_true(change("volume.create", "lose answer", "applied"));
	driver_reply_done(&reply);
	assert_false(change("volume.create", "lose answer", "not_applied"));
	assert_lost(ERR_CLOUD_UNAVAILABLE, EFFECT_NONE);
	assert_false(change("volume.create", "lose answer", "cannot_tell"));
	assert_lost(ERR_CLOUD_UNAVAILABLE, EFFECT_UNKNOWN);
	assert_int_equal(info_of("one").restarts, 0);
	end();
}

/* clang-format off */
#define TESTS(T) \
	T(token_is_sent_again) T(natural_is_sent_again) T(again_has_an_end) \
	T(applied_is_success) T(not_applied_is_sent_again) T(running_is_pending) \
	T(cannot_tell_is_told) T(nonsense_is_told) T(dying_again_is_told) T(silent_cloud)
/* clang-format on */

TESTS(REGISTRY_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(REGISTRY_ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
