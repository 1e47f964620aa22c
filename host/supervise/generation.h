/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A generation is one process of a driver, from its birth to its burial.
 *
 *	spawning → starting → ready → draining → stopping → terminating
 *	                                             ↓            ↓
 *	                              dead ← reaped ← ──────── killed
 *
 * A provider has one live generation and maybe older ones that drain: that is
 * what restarts, and later swaps and canaries, are made of.  All changes of
 * state go through one table (generation.c).
 */
#ifndef SKYCLUST_SUPERVISE_GENERATION_H
#define SKYCLUST_SUPERVISE_GENERATION_H

#include <jansson.h>

#include "base/child.h"
#include "base/error.h"
#include "base/list.h"
#include "base/loop.h"
#include "rpc/peer.h"
#include "supervise/process.h"
#include "supervise/redact.h"
#include "supervise/stderr.h"

enum gen_state {
	GEN_SPAWNING,           /* the child is not yet its own program */
	GEN_UNWANTED,           /* …and is to be ended when it is */
	GEN_STARTING,           /* the handshake is under way */
	GEN_READY,              /* serves */
	GEN_DRAINING,           /* finishes what it has */
	GEN_STOPPING,           /* was asked to shut down */
	GEN_TERMINATING,        /* was sent SIGTERM */
	GEN_KILLED,             /* was sent SIGKILL */
	GEN_REAPED,             /* the process is gone, its pipes may not be */
	GEN_DEAD,
	GEN_STATES
};

enum gen_event {
	GEN_EV_SPAWNED,
	GEN_EV_SPAWN_FAILED,
	GEN_EV_HELLO,   /* a good handshake */
	GEN_EV_REFUSED, /* a bad one */
	GEN_EV_DRAIN,   /* the owner wants it to end */
	GEN_EV_IDLE,    /* the last call left */
	GEN_EV_TIMER,
	GEN_EV_SICK,    /* too many violations, pings missed, … */
	GEN_EV_PIPE_END,
	GEN_EV_EXIT,
	GEN_EV_KILL,    /* the owner cannot wait */
	GEN_EVENTS
};

struct generation;

/* Called on the loop.  Each may call any function of this module. */
struct generation_owner {
	void (*on_ready)(struct generation *g);
	/* It still runs but should be replaced; it drains already. */
	void (*on_sick)(struct generation *g);
	/* The process is gone, or was never there: g->why says why.  Called
	 * once, also after generation_drain(). */
	void (*on_gone)(struct generation *g);
	/* The last word: it is freed when the last reference is. */
	void (*on_dead)(struct generation *g);
};

struct generation_options {
	const char *name;       /* the provider's, borrowed for life */
	const char *path;       /* program; copied */
	const char *copies;     /* folder for scripts; copied */
	const char *state_dir;  /* made when missing; NULL; copied */
	const json_t *config;   /* settings; NULL */
	bool probe;             /* only describe yourself */
	uint64_t number;
	long long max_inflight; /* the host's limit */
	int64_t start_ms, health_ms, ping_ms, drain_ms, stop_ms;
	struct sandbox_policy policy;
	const struct redact *redact;    /* borrowed for life */
	const struct generation_owner *owner;
	void *arg;
};

struct generation {
	struct list link;       /* the owner's */
	void *arg;              /* the owner's */
	enum gen_state state;
	unsigned refs;
	struct generation_options o;
	char *path, *copies, *state_dir;
	struct image *image;
	struct child child;
	int group;              /* a pidfd of ours, outlives the reaping */
	struct peer *peer;      /* NULL before and after */
	struct stderr_capture err;
	json_t *hello;  /* NULL before */
	unsigned inflight, max_inflight;
	char sandbox[128];
	int64_t started_wall_ms, ready_ms;
	struct timer timer;
	struct loop_task burial;
	int64_t start_limit;    /* no `$/starting` goes beyond it */
	uint64_t pings, pongs;
	int64_t pinged_ms;
	unsigned missed;        /* pings in a row */
	uint64_t violations;
	int64_t minute;         /* of in_minute */
	unsigned in_minute;     /* violations */
	bool pipe_ended;
	struct error why;       /* once gone, or sick */
};

/* Start a process; everything else comes by the owner's functions, never from
 * inside this call.  New, counted. */
struct generation *generation_new(const struct generation_options *o);
void generation_ref(struct generation *g);
void generation_unref(struct generation *g);

/* Finish what is in hand, then shut down. */
void generation_drain(struct generation *g);
/* End it now. */
void generation_kill(struct generation *g);

/* A call goes in (the peer stays valid until it leaves) and out. */
void generation_enter(struct generation *g);
void generation_leave(struct generation *g);

/* For tests of the table: the state that @event leads to. */
enum gen_state generation_next(enum gen_state state, enum gen_event event);
const char *generation_state_name(enum gen_state state);

/* What the driver said of @method in its handshake, borrowed; NULL: it does not
 * offer it, or there was no handshake. */
const json_t *generation_operation(const struct generation *g,
				   const char *method);

#endif
