/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts, in the order in which they need each other; they are taken down
 * in the other one.
 */
#include "trust.h"

#include <unistd.h>

#include "access/access.h"
#include "audit/audit.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "credential/credential.h"
#include "identity/identity.h"
#include "keys/keyring.h"
#include "limit/limit.h"
#include "operation/operation.h"
#include "store/store.h"

/* ---- opening ------------------------------------------------------------- */

static char *in_data_dir(const struct config *c, const char *set,
			 const char *form)
{
	return *set ? mem_strdup(set) : mem_printf(form, c->data_dir);
}

WAITS static bool open_store(struct trust *t, struct error *err)
{
	const struct config *c = t->config;
	AUTO_FREE char *url =
		in_data_dir(c, c->store_url, "sqlite:%s/skyclust.db");
	const struct store_options options = {
		.url = url,
		.pool = (unsigned)c->store_pool,
		.timeout_ms = c->store_timeout_ms,
	};

	t->store = store_open(&options, err);
	return t->store != NULL;
}

/* New keys are for a new database: what an old one holds they cannot open. */
WAITS static bool may_make_keys(struct trust *t, const char *file,
				struct error *err)
{
	struct rows rows = { 0 };
	bool used;

	if (access(file, F_OK) == 0)
		return true;
	if (!store_read(t->store, NULL, "SELECT 1 FROM users LIMIT 1", &rows,
			err))
		return false;
	used = rows.n > 0;
	rows_done(&rows);
	return !used ||
	       fail(err, ERR_INVALID,
		    "the keys of this database are missing: %s is not there; "
		    "bring it back, since no stored secret can be opened "
		    "without it",
		    file);
}

WAITS static bool open_keyring(struct trust *t, struct error *err)
{
	const struct config *c = t->config;
	AUTO_FREE char *file = in_data_dir(c, c->key_file, "%s/keys.json");

	if (!may_make_keys(t, file, err))
		return false;
	t->keyring = keyring_open(file, c->token_algorithm, err);
	return t->keyring != NULL;
}

WAITS static bool start(struct trust *t, struct error *err)
{
	return open_store(t, err) && open_keyring(t, err) &&
	       audit_start(t, err) && identity_start(t, err) &&
	       access_start(t, err) && credential_start(t, err) &&
	       operation_start(t, err);
}

/* That the host began, or ended, to work. */
static void tell(struct trust *t, const char *action)
{
	AUTO_JSON json_t *more =
		json_pack("{s:s, s:s}", "version", SKYCLUST_VERSION, "store",
			  store_engine(t->store));

	audit_note(t, &(struct audit_event){ .action = action,
					     .outcome = "succeeded",
					     .target = t->host_id,
					     .more = more });
}

WAITS struct trust *trust_new(const struct config *config,
			      struct registry *registry, struct error *err)
{
	struct trust *t = mem_alloc(sizeof(*t));

	t->config = config;
	t->registry = registry;
	trust_new_id("host_", t->host_id);
	t->limits = limits_new(config);
	if (start(t, err)) {
		tell(t, "host.started");
		return t;
	}
	trust_stop(t, clock_ms());
	trust_free(t);
	return NULL;
}

void trust_reload(struct trust *t, const struct config *config)
{
	t->config = config;
	limits_reload(t->limits, config);
}

/* ---- the end ------------------------------------------------------------- */

WAITS void trust_stop(struct trust *t, int64_t deadline)
{
	if (!t)
		return;
	operation_stop(t, deadline);
	credential_stop(t);
	access_stop(t);
	identity_stop(t);
	if (t->audit)
		tell(t, "host.stopped");
	audit_stop(t);
	if (t->store)
		store_close(t->store);
	t->store = NULL;
}

void trust_free(struct trust *t)
{
	if (!t)
		return;
	keyring_free(t->keyring);
	limits_free(t->limits);
	mem_free(t);
}
