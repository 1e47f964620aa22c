/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of sessions. */
#include "cloud/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/list.h"
#include "base/mem.h"
#include "cloud/digest.h"

struct entry {
	struct list link; /* most recently used first */
	char key[DIGEST_TEXT];
	json_t *session;  /* NULL: none yet, or none any more */
	int64_t renew_at; /* clock_wall_ms, 0: never */
	bool busy;	  /* a call is logging in */
	unsigned waiters;
	struct cond done;
	struct error fault; /* of the last login */
};

static struct list entries = LIST_INIT(entries);
static size_t count;

/* ---- wiping -------------------------------------------------------------- */

/* Overwrite the strings of @v that nobody else holds. */
static void wipe_own(json_t *v)
{
	const char *key;
	json_t *child;
	size_t i;

	if (v->refcount != 1)
		return;
	if (json_is_string(v))
		mem_wipe((char *)(uintptr_t)json_string_value(v),
			 json_string_length(v));
	json_object_foreach (v, key, child)
		wipe_own(child);
	json_array_foreach (v, i, child)
		wipe_own(child);
}

static void let_go(json_t *session)
{
	if (!session)
		return;
	wipe_own(session);
	json_decref(session);
}

void session_release(struct sc_call *call)
{
	let_go(call->session);
	call->session = NULL;
}

/* ---- entries ---------------------------------------------------------------
 */

static void make_key(struct sc_call *call, char key[DIGEST_TEXT])
{
	char config[DIGEST_TEXT];
	struct buf text = { 0 };

	digest_json(call->config, config);
	buf_printf(&text, "%s %s %d %s", sc_credential_digest(call), config,
		   (int)call->egress, call->region ? call->region : "");
	digest_hex(text.p, text.n, key);
	buf_done(&text);
}

static struct entry *find(const char *key)
{
	struct entry *e;

	list_each (e, &entries, struct entry, link)
		if (!strcmp(e->key, key))
			return e;
	return NULL;
}

static void forget(struct entry *e)
{
	let_go(e->session);
	e->session = NULL;
	if (e->busy || e->waiters)
		return; /* the last of them comes here again */
	list_del(&e->link);
	count--;
	mem_free(e);
}

/* The least recently used that nobody is at. */
static void make_room(void)
{
	struct list *at = entries.prev;

	while (count >= SESSION_MAX && at != &entries) {
		struct entry *e = container_of(at, struct entry, link);

		at = at->prev;
		if (!e->busy && !e->waiters)
			forget(e);
	}
}

static struct entry *find_or_add(const char *key)
{
	struct entry *e = find(key);

	if (e) {
		list_del(&e->link);
	} else {
		make_room();
		e = mem_alloc(sizeof(*e));
		memcpy(e->key, key, DIGEST_TEXT);
		cond_init(&e->done);
		count++;
	}
	list_add_head(&entries, &e->link);
	return e;
}

static bool is_fresh(const struct entry *e)
{
	return e->session && (!e->renew_at || clock_wall_ms() < e->renew_at);
}

/* ---- logging in --------------------------------------------------------- */

/* When to renew: a while before the end, and of a short life its last
 * quarter.  One that is over as it begins says that clocks differ (or that a
 * recording is replayed): then the cloud's 401 will tell. */
static int64_t renewal(const json_t *session)
{
	const char *text = json_str(session, "expires_at", NULL);
	int64_t end, early;

	if (!text || !clock_parse(text, &end))
		return 0;
	early = (end - clock_wall_ms()) / 4;
	if (early <= 0)
		return 0;
	return end - (early < SESSION_EARLY_MS ? early : SESSION_EARLY_MS);
}

static void check_made(struct sc_call *call, json_t *session)
{
	if (!session && call->fault.code == ERR_NONE)
		fail(&call->fault, ERR_INTERNAL,
		     "the login of driver %s "
		     "failed without saying why; report it to its author",
		     call->driver->name);
}

WAITS static bool log_in(struct sc_call *call, struct entry *e)
{
	json_t *made;

	e->busy = true;
	call->fault = (struct error){ 0 };
	call->logging_in = true;
	made = call->driver->login(call);
	call->logging_in = false;
	e->busy = false;
	check_made(call, made);
	call->fault.effect = EFFECT_NONE; /* the operation was not begun */
	let_go(e->session);
	e->session = made;
	e->renew_at = renewal(made);
	e->fault = call->fault;
	cond_broadcast(&e->done);
	if (!made) {
		forget(e);
		return false;
	}
	call->fault = (struct error){ 0 };
	call->session = json_incref(made);
	return true;
}

/* A failure that says something about the credential or the cloud, not about
 * the one call that met it. */
static bool is_shared(const struct error *fault)
{
	return fault->code != ERR_NONE && fault->code != ERR_CANCELLED &&
	       fault->code != ERR_DEADLINE;
}

/* Wait for another call's login.  False: it failed, and so does this call. */
WAITS static bool wait_for_login(struct sc_call *call, struct entry *e)
{
	enum fiber_wait how = WAIT_WOKEN;

	e->waiters++;
	while (e->busy && how == WAIT_WOKEN)
		how = cond_wait(&e->done, call->deadline);
	e->waiters--;
	if (how == WAIT_CANCELLED)
		return fail(&call->fault, ERR_CANCELLED,
			    "cancelled while waiting for a login");
	if (how == WAIT_TIMEOUT)
		return fail(&call->fault, ERR_DEADLINE,
			    "no login before the deadline");
	if (!e->session && is_shared(&e->fault)) {
		call->fault = e->fault;
		return false;
	}
	return true;
}

static bool adopt(struct sc_call *call, struct entry *e)
{
	call->session = json_incref(e->session);
	return true;
}

bool session_get(struct sc_call *call)
{
	char key[DIGEST_TEXT];
	struct entry *e;

	if (!call->driver->login)
		return fail(&call->fault, ERR_INTERNAL,
			    "a row of driver %s "
			    "needs a session, and the driver has no login",
			    call->driver->name);
	if (call->logging_in) /* it would wait for itself */
		return fail(&call->fault, ERR_INTERNAL,
			    "the login of driver %s uses a row that needs a "
			    "session; report it to its author",
			    call->driver->name);
	make_key(call, key);
	session_release(call);
	for (;;) {
		e = find_or_add(key);
		if (is_fresh(e))
			return adopt(call, e);
		if (!e->busy)
			return log_in(call, e);
		if (!wait_for_login(call, e)) {
			if (!e->session)
				forget(e);
			call->fault.effect = EFFECT_NONE;
			return false;
		}
	}
}

void session_drop(struct sc_call *call)
{
	char key[DIGEST_TEXT];
	struct entry *e;

	make_key(call, key);
	e = find(key);
	if (e && e->session == call->session)
		forget(e);
	session_release(call);
}

size_t session_count(void)
{
	return count;
}

void session_done(void)
{
	struct entry *e, *next;

	list_each_safe (e, next, &entries, struct entry, link)
		forget(e);
}
