/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * A provider: a named use of a driver, with its settings, its live generation
 * and the older ones that drain.  It decides when a process is started, and
 * what happens when it dies; callers wait here until there is one with room.
 */
#ifndef SKYCLUST_SUPERVISE_PROVIDER_H
#define SKYCLUST_SUPERVISE_PROVIDER_H

#include "registry.h"
#include "supervise/backoff.h"
#include "supervise/breaker.h"
#include "supervise/generation.h"
#include "supervise/settings.h"

enum provider_event {
	PROV_EV_NEED,   /* somebody calls, or it is to start eagerly */
	PROV_EV_UNSET,  /* a setting that the driver requires is missing */
	PROV_EV_READY,
	PROV_EV_DIED,           /* start another at once */
	PROV_EV_DIED_AGAIN,     /* start another after a delay */
	PROV_EV_HOPELESS,       /* a person must look */
	PROV_EV_TIMER,
	PROV_EV_STOP,
	PROV_EV_GONE,   /* the last generation is dead */
	PROV_EVENTS
};
#define PROVIDER_STATES (PROVIDER_STOPPING + 1)

/* Numbers of the configuration, all of them, so that they can be compared. */
struct provider_limits {
	long long start_ms, health_ms, ping_ms;
	long long max_inflight, max_queue;
	long long restart_burst, restart_window_ms, backoff_min_ms,
		backoff_max_ms;
	long long memory_mib, open_files, sandbox;      /* enum sandbox_mode */
};

/* What a provider is made of; two with equal options need no restart. */
struct provider_options {
	char *name, *driver, *path;     /* path NULL: no program was found */
	struct {
		uint64_t device, inode, size, seconds, nanoseconds;
	} file; /* behind the path, when the configuration was read */
	bool eager, private_networks;
	json_t *block;  /* settings and credential, as given */
	char *data_dir;
	struct provider_limits limits;
};

/* @block may be NULL (a driver found), @path too (none); both borrowed. */
void provider_options_init(struct provider_options *o,
			   const struct config *config, const char *name,
			   const struct config_provider *block,
			   const char *path);
bool provider_options_equal(const struct provider_options *a,
			    const struct provider_options *b);
void provider_options_done(struct provider_options *o);

struct provider {
	struct list link;       /* in the registry's leaving ones */
	struct provider_options o;
	enum provider_state state;
	unsigned refs;  /* callers inside, generations, registry */
	bool leaving;   /* provider_stop() was called */
	struct sandbox_policy policy;
	struct generation *live, *starting; /* each has a reference of ours */
	struct list generations;            /* all that are not dead */
	uint64_t generation;                /* number of the newest */
	struct settings settings;
	struct redact_guests guests; /* tenants' secrets in its calls */
	json_t *hello;             /* of the last good handshake, or NULL */
	char digest[IMAGE_DIGEST]; /* of the program behind `settings` */
	struct backoff backoff;
	struct timer retry;
	int64_t retry_at;       /* clock_ms */
	struct cond changed;    /* state, or room in the live one */
	unsigned waiting;
	struct breakers breakers;
	struct error last_error;
	uint64_t restarts, calls, errors, violations, stderr_lines,
		stderr_dropped; /* of dead generations, the last four */
	void (*on_stopped)(struct provider *p, void *arg); /* all are dead */
	void *arg;
};

/* Steals what @o points to. */
struct provider *provider_new(struct provider_options *o);
void provider_ref(struct provider *p);
void provider_unref(struct provider *p);

/* Have a process started, if there is none. */
void provider_need(struct provider *p);
/* Drain and stop all generations; on_stopped comes when they are dead, at
 * once (inside this call) when there are none. */
void provider_stop(struct provider *p);
/* The same without waiting for anybody. */
void provider_kill(struct provider *p);

/* The live generation, with room for one more call: starts it, waits for it.
 * Borrowed; the caller enters it before any WAITS.  NULL with ERR_BUSY,
 * ERR_DEADLINE, ERR_CANCELLED, ERR_DRIVER_UNAVAILABLE or what is wrong with
 * the settings; effect none in all cases. */
WAITS struct generation *provider_live(struct provider *p, int64_t deadline,
				       struct error *err);
/* As above, but for the process alone, not for room in it. */
WAITS bool provider_wait_ready(struct provider *p, int64_t deadline,
			       struct error *err);
/* A call has left: there is room for the next. */
void provider_room(struct provider *p);

/* Counters of the living and the dead. */
void provider_count(const struct provider *p, struct provider_info *info);

/* A step in the life of a driver's process, or of the attempts to have one. */
struct provider_step {
	const char *what; /* "ready", "replaced", "ended", "backed_off",
			   * "broken" */
	const char *provider, *driver, *version, *digest; /* "": not known */
	uint64_t generation;
	pid_t pid;		 /* 0: none */
	const struct error *err; /* why, or NULL */
};
/* Be told of each step of every provider by @fn, which must not wait; NULL: no
 * more. */
void provider_watch(void (*fn)(void *arg, const struct provider_step *step),
		    void *arg);

/* For tests of the table. */
enum provider_state provider_next(enum provider_state state,
				  enum provider_event event);

#endif
