/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An audit log on a store, for tests of audit/: begun and ended as the host
 * does, with keys in the test's folder.
 */
#ifndef SKYCLUST_TESTS_UNIT_AUDIT_RUN_H
#define SKYCLUST_TESTS_UNIT_AUDIT_RUN_H

#include "audit/audit_impl.h"
#include "audit/check.h"
#include "keys/keyring.h"
#include "store_run.h"

static struct trust trust;
static struct config *config;
static struct error err;

static struct actor ada = {
	.kind = ACTOR_USER,
	.user_id = "usr_ada",
	.name = "ada",
	.session_id = "ses_1",
	.request_id = "req-1",
	.source = "192.0.2.1",
	.agent = "test/1",
	.workspace = "ws_a",
};
static struct actor root = { .kind = ACTOR_LOCAL, .user_id = "local" };

/* Nothing is signed by itself. */
static inline void audit_begin(void)
{
	if (!audit_start(&trust, &err))
		fail_msg("%s", err.message);
	trust.audit->sign_at = clock_ms() + 3600000;
}

static inline void audit_open(void)
{
	AUTO_FREE char *keys = mem_printf("%s/keys.json", host_dir);

	config = config_load(NULL, &err);
	assert_non_null(config);
	mem_free(config->data_dir);
	config->data_dir = mem_strdup(host_dir);
	trust = (struct trust){
		.config = config,
		.store = store,
		.keyring = keyring_open(keys, "HS256", &err),
	};
	assert_non_null(trust.keyring);
	audit_begin();
}

static inline void audit_close(void)
{
	audit_stop(&trust);
	keyring_free(trust.keyring);
	config_free(config);
}

/* What is noted is in the log. */
static inline bool audit_is_quiet(void *arg UNUSED)
{
	return !trust.audit->notes.n && trust.audit->idle;
}

static inline void audit_settle(void)
{
	host_await(audit_is_quiet, NULL);
}

/* A committed change of @target, with its record. */
static inline void audit_change(const char *target)
{
	struct tx *tx = tx_begin(store, ada.workspace);

	audit_put(&trust, tx,
		  &(struct audit_event){ .who = &ada,
					 .action = "instance.create",
					 .outcome = "allowed",
					 .target = target,
					 .provider = "sim" });
	if (!tx_commit(tx, &err))
		fail_msg("%s", err.message);
}

static inline void audit_changes(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *target = mem_printf("vm-%zu", i);

		audit_change(target);
	}
}

/* What the act @fn gives to @who for @args (JSON with ' for "); new. */
static inline json_t *audit_act(trust_act *fn, const struct actor *who,
				const char *args)
{
	AUTO_JSON json_t *object = json_read_quoted(args, &err);
	json_t *value = fn(&trust, who, object, &err);

	if (!value)
		fail_msg("%s", err.message);
	return value;
}

/* The log verifies, or (kind) its first fault is such a one. */
static inline void audit_check(const char *kind)
{
	AUTO_JSON json_t *value = audit_act(audit_verify_now, &root, "{}");
	json_t *fault = json_object_get(value, "first_fault");

	if (!kind) {
		if (!json_bool(value, "ok", false))
			fail_msg("%s: %s", json_str(fault, "kind", "?"),
				 json_str(fault, "detail", ""));
		return;
	}
	assert_false(json_bool(value, "ok", true));
	if (*kind && strcmp(json_str(fault, "kind", "?"), kind) != 0)
		fail_msg("wanted %s, got %s: %s", kind,
			 json_str(fault, "kind", "?"),
			 json_str(fault, "detail", ""));
}

/* The records of list @args, newest first; new. */
static inline json_t *audit_list(const struct actor *who, const char *args)
{
	AUTO_JSON json_t *page = audit_act(audit_record_list, who, args);

	return json_incref(json_object_get(page, "items"));
}

#endif
