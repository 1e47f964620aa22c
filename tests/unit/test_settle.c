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

/* What the caller is told of as soon as the driver says it. */
static void told(void *arg, struct slice data)
{
	assert_true(slice_eq(data, "{\"id\":\"made-1\"}"));
	fiber_yield(); /* it may wait */
	++*(unsigned *)arg;
}

static void checkpoint_is_handed_out(void)
{
	json_t *args = json_pack("{s:s, s:s}", "do", "checkpoint and die",
				 "outcome", "applied");
	unsigned times = 0;
	struct driver_request req = { .provider = "one",
				      .method = "volume.create",
				      .mutates = true,
				      .op = "op-1",
				      .args = args,
				      .on_checkpoint = told,
				      .arg = &times,
				      .deadline = clock_ms() + 10000 };

	begin("", BLOCK("one", ""));
	assert_true(driver_call(registry, &req, &reply, &err));
	driver_reply_done(&reply);
	assert_int_equal(times, 1);
	json_decref(args);
	end();
}

/* What was cancelled before it was sent was not done. */
static void cancelled_is_not_sent(void)
{
	struct driver_cancel cancel = { 0 };
	struct driver_request req = { .provider = "one",
				      .method = "volume.create",
				      .mutates = true,
				      .op = "op-1",
				      .cancel = &cancel,
				      .deadline = clock_ms() + 10000 };

	begin("", BLOCK("one", ""));
	driver_cancel(&cancel);
	assert_false(driver_call(registry, &req, &reply, &err));
	assert_lost(ERR_CANCELLED, EFFECT_NONE);
	end();
}

/* The first attempt may have done something: that the second one could not
 * even be made does not undo it. */
static void unsure_stays_unsure(void)
{
	begin("  {restart_burst: 1, backoff_min: 60s}\n", BLOCK("one", ""));
	assert_false(change("volume.delete", "die", NULL));
	assert_int_equal(err.effect, EFFECT_UNKNOWN);
	end();
}

/* Asked later, by whoever wants to know. */
static void asked_later(void)
{
	static const struct {
		const char *outcome;
		enum driver_fate fate;
	} cases[] = {
		{ "applied", FATE_APPLIED },
		{ "running", FATE_RUNNING },
		{ "not_applied", FATE_NOT_APPLIED },
		{ "cannot_tell", FATE_CANNOT_TELL },
		{ "perhaps", FATE_CANNOT_TELL },
		{ NULL, FATE_UNASKED }, /* it dies of the question */
	};

	begin("", BLOCK("one", ""));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *args = json_pack("{s:s*}", "outcome", cases[i].outcome);
		struct driver_request req = { .provider = "one",
					      .method = "volume.create",
					      .op = "op-1",
					      .args = args,
					      .deadline = clock_ms() + 10000 };

		assert_int_equal(driver_reconcile(registry, &req,
						  SLICE("{\"id\":\"v\"}"),
						  &reply, &err),
				 cases[i].fate);
		if (cases[i].fate == FATE_APPLIED ||
		    cases[i].fate == FATE_RUNNING)
			driver_reply_done(&reply);
		json_decref(args);
	}
	assert_true(driver_repeatable(registry, "one", "volume.delete"));
	assert_true(driver_repeatable(registry, "one", "snapshot.create"));
	assert_false(driver_repeatable(registry, "one", "volume.create"));
	assert_false(driver_repeatable(registry, "two", "volume.delete"));
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
	T(checkpoint_is_handed_out) T(cancelled_is_not_sent) T(unsure_stays_unsure) \
	T(asked_later) T(cannot_tell_is_told) T(nonsense_is_told) T(dying_again_is_told) \
	T(silent_cloud)
/* clang-format on */

TESTS(REGISTRY_DEFINE)

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS(REGISTRY_ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
