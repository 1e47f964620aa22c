/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: which generation of which driver serves a provider.  It finds
 * driver programs, starts them (lazily or at start), and routes calls to the
 * generation that is live.  Swap, canary and pools build on generations.
 */
#ifndef SKYCLUST_HOST_REGISTRY_H
#define SKYCLUST_HOST_REGISTRY_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "config.h"

struct registry;
struct secret;

/* Borrow @config for its life; makes a provider for each enabled block and,
 * with auto_load, for each driver found.  Starts the eager ones. */
struct registry *registry_new(const struct config *config);

/* Make it so as @config says: new ones start, removed ones drain and stop,
 * changed ones are restarted, unchanged ones are not touched. */
void registry_reload(struct registry *r, const struct config *config);

/* Drain and stop every driver (shutdown, then SIGTERM, then SIGKILL). */
WAITS void registry_stop(struct registry *r, int64_t deadline);
void registry_free(struct registry *r);

/* ---- looking ------------------------------------------------------------ */

enum provider_state {
	PROVIDER_STOPPED,       /* not started yet (lazy) */
	PROVIDER_STARTING,
	PROVIDER_READY,
	PROVIDER_BACKOFF,       /* died; next start at `retry_at` */
	PROVIDER_BROKEN,        /* crash loop or cannot start: needs a person */
	PROVIDER_STOPPING,
};
const char *provider_state_name(enum provider_state state);

struct provider_info {          /* borrowed, valid until the next WAITS */
	const char *name, *driver, *version, *description, *path;
	const char *digest;             /* hex SHA-256 of the running image */
	enum provider_state state;
	const char *last_error;         /* or "" */
	const char *sandbox;            /* level reached: "landlock,seccomp,rlimits,…" */
	uint64_t generation;
	pid_t pid;                      /* 0: none */
	int64_t started_ms;             /* wall clock; 0: not running */
	uint64_t restarts, calls, errors, violations, stderr_lines, stderr_dropped;
	unsigned inflight, max_inflight;
	long long rss_kib;              /* of the process, 0: none */
	bool breaker_open;
	const json_t *hello;            /* the handshake's result, or NULL */
};

size_t registry_count(const struct registry *r);
/* @i in name order; false when past the end. */
bool registry_info(struct registry *r, size_t i, struct provider_info *info);
bool registry_info_by_name(struct registry *r, const char *name,
			   struct provider_info *info);
/* Start it if it is not, and wait until it is ready or has failed. */
WAITS bool registry_ensure_ready(struct registry *r, const char *provider,
				 int64_t deadline, struct error *err);

/* ---- calling ------------------------------------------------------------ */

struct driver_request {
	const char *provider;
	const char *method;             /* "instance.list" */
	bool mutates;                   /* it changes the cloud: needs `op` */
	const json_t *args;             /* object, borrowed; NULL: {} */
	const char *region, *zone, *workspace, *op, *trace; /* may be NULL */
	bool native;                    /* the cloud's own objects, too */
	/* A tenant's credential: the text of its JSON object, and its id.  NULL:
	 * the provider's own. */
	const struct secret *secrets;
	const char *credential;
	int64_t deadline;               /* clock_ms, required */
	int64_t spare_ms;       /* what the driver gets less of it, so that it
				 * can still say how far it came; 0: a little */
	/* A list's items as they come: raw JSON array of @n items; may wait
	 * (back-pressure).  False: stop the call.  NULL: no stream wanted. */
	WAITS bool (*on_items)(void *arg, struct slice array, size_t n);
	WAITS void (*on_progress)(void *arg, struct slice progress); /* or NULL */
	/* What the driver has learned of a mutation, raw JSON: nothing else of
	 * the call happens before this returns.  NULL: kept for the call only. */
	WAITS void (*on_checkpoint)(void *arg, struct slice data);
	struct driver_cancel *cancel;   /* NULL: only by ending the fiber */
	bool *reached;  /* set: was it sent, the last time?  Else an error is
			 * the host's own.  Or NULL */
	void *arg;
};

struct driver_reply {
	struct buf frame;               /* owns the bytes */
	struct slice value;             /* raw JSON; list: {"items":…} unless it
					 * was streamed */
	struct slice next_page_token;   /* raw JSON string, or empty */
	bool streamed;                  /* on_items got the items */
	bool pending;                   /* value is {"handle","poll_after_ms"} */
	uint64_t generation;
};

/*
 * Call a driver.  ERR_NOT_FOUND: no such provider.  ERR_UNSUPPORTED: it does
 * not list the method.  ERR_BUSY / ERR_DRIVER_UNAVAILABLE with retry_after_ms.
 * A read whose driver dies before any item was handed out is sent again, at
 * most twice, within the deadline; so is a mutation that does nothing more the
 * second time.  Of another one whose answer was lost the next process is asked
 * (op.reconcile): applied is success, not applied is sent again; when nobody
 * can tell it ends with the error and EFFECT_UNKNOWN.  On success the caller
 * calls driver_reply_done().
 */
WAITS bool driver_call(struct registry *r, const struct driver_request *req,
		       struct driver_reply *reply, struct error *err);
void driver_reply_done(struct driver_reply *reply);

/* Be told, by @fn (it must not wait; NULL: no more), of each call with a
 * tenant's credential that failed. */
void registry_on_refusal(struct registry *r,
			 void (*fn)(void *arg, const struct driver_request *req,
				    const struct error *err),
			 void *arg);

/* How another fiber stops a call; zeroed, lives as long as the call. */
struct rpc_call;
struct driver_cancel {
	bool asked;
	struct rpc_call *call; /* under way, or NULL */
};
/* What was not sent yet is not sent, what was is asked to stop ($/cancel); the
 * call ends with the driver's own answer, which tells what it did. */
void driver_cancel(struct driver_cancel *cancel);

/* What became of a mutation whose answer nobody heard. */
enum driver_fate {
	FATE_UNASKED, /* its driver cannot be asked now: @err says why */
	FATE_APPLIED, /* reply->value is what it would have answered */
	FATE_RUNNING, /* reply is pending */
	FATE_NOT_APPLIED,
	FATE_CANNOT_TELL, /* or it does not know how to find out */
};
/* Ask op.reconcile about @req, of which @checkpoint (raw JSON, n 0: none) is
 * known.  Of applied and running @reply is filled in, and to be done with. */
WAITS enum driver_fate driver_reconcile(struct registry *r,
					const struct driver_request *req,
					struct slice checkpoint,
					struct driver_reply *reply,
					struct error *err);

/* Does the same again do nothing more (PROTOCOL.md, SDP-092)?  As its driver
 * said in its last handshake; false before the first. */
bool driver_repeatable(struct registry *r, const char *provider,
		       const char *method);

/* ---- programs ----------------------------------------------------------- */

/* Drivers found in the plugin directory: array of {name, path, source}; new. */
json_t *registry_find_drivers(const struct config *config);

/* Start the program at @path alone, shake hands, ask its health without a
 * credential, stop it: what --validate-plugin does.  The report (new) is an
 * object with "ok", "findings" and the handshake. */
WAITS json_t *registry_validate_driver(const struct config *config,
				       const char *path);

#endif
