/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/provider.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "supervise/describe.h"

#define STOP_STEP_MS 5000	  /* shutdown → SIGTERM → SIGKILL */
#define DRAIN_MAX_MS (15 * 60000) /* longer work goes on by its handle */
#define SETTLED_MS 60000	  /* served so long: not a crash loop */
#define BUSY_RETRY_MS 1000

struct transition {
	void (*action)(struct provider *p);
	enum provider_state next;
};

static const struct transition table[PROVIDER_STATES][PROV_EVENTS];

const char *provider_state_name(enum provider_state state)
{
	static const char *const names[] = {
		"stopped", "starting", "ready", "backoff", "broken", "stopping"
	};

	return names[state];
}

enum provider_state provider_next(enum provider_state state,
				  enum provider_event event)
{
	const struct transition *t = &table[state][event];

	return t->action ? t->next : state;
}

/* The one place where a provider changes its state. */
static void happen(struct provider *p, enum provider_event event)
{
	const struct transition *t = &table[p->state][event];

	if (!t->action)
		return;
	p->state = t->next;
	provider_ref(p);
	t->action(p);
	cond_broadcast(&p->changed);
	provider_unref(p);
}

/* ---- generations -------------------------------------------------------- */

static void drop(struct generation **slot)
{
	struct generation *g = *slot;

	*slot = NULL;
	if (g)
		generation_unref(g);
}

static void start(struct provider *p);

static void probed(struct provider *p, struct generation *g)
{
	description_keep(g->image->digest, g->hello);
	generation_ref(g);
	drop(&p->starting);
	generation_drain(g);
	generation_unref(g);
	start(p);
}

static struct {
	void (*fn)(void *arg, const struct provider_step *step);
	void *arg;
} watcher;

void provider_watch(void (*fn)(void *arg, const struct provider_step *step),
		    void *arg)
{
	watcher.fn = fn;
	watcher.arg = arg;
}

/* @g may be NULL. */
static void tell(const struct provider *p, const struct generation *g,
		 const char *what, const struct error *err)
{
	struct provider_step step = {
		.what = what,
		.provider = p->o.name,
		.driver = p->o.driver,
		.version = json_str(p->hello, "version", ""),
		.digest = p->digest,
		.generation = g ? g->o.number : p->generation,
		.pid = g ? g->child.pid : 0,
		.err = err && err->code ? err : NULL,
	};

	if (watcher.fn && !(g && g->o.probe))
		watcher.fn(watcher.arg, &step);
}

static void on_ready(struct generation *g)
{
	struct provider *p = g->arg;

	if (g != p->starting)
		return;
	if (g->o.probe) {
		probed(p, g);
		return;
	}
	p->live = p->starting;
	p->starting = NULL;
	json_decref(p->hello);
	p->hello = json_incref(g->hello);
	tell(p, g, "ready", NULL);
	happen(p, PROV_EV_READY);
}

/* Starting the same bytes with the same settings again would end the same. */
static bool will_not_get_better(const struct generation *g)
{
	return g->ready_ms == 0 &&
	       (g->why.code == ERR_VERSION || g->why.code == ERR_INVALID ||
		g->why.code == ERR_DRIVER_BAD_ANSWER);
}

static enum provider_event after_death(struct provider *p,
				       const struct generation *g)
{
	int64_t now = clock_ms(), delay;
	uint32_t random = 0;

	if (will_not_get_better(g))
		return PROV_EV_HOPELESS;
	if (g->ready_ms && now - g->ready_ms > SETTLED_MS)
		backoff_settled(&p->backoff);
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)clock_us();
	delay = backoff_died(&p->backoff, now, random);
	p->retry_at = now + delay;
	p->restarts++;
	return delay < 0   ? PROV_EV_HOPELESS
	       : delay > 0 ? PROV_EV_DIED_AGAIN
			   : PROV_EV_DIED;
}

static void lose(struct provider *p, struct generation *g)
{
	enum provider_event event = after_death(p, g);

	p->last_error = g->why;
	redact_text(&p->settings.redact, p->last_error.message,
		    strlen(p->last_error.message));
	drop(g == p->live ? &p->live : &p->starting);
	happen(p, event);
}

static void on_gone(struct generation *g)
{
	struct provider *p = g->arg;

	/* Status 0 is how it ends when it is asked to. */
	tell(p, g, "ended",
	     g->child.exited && !g->child.status ? NULL : &g->why);
	if (g == p->live || g == p->starting)
		lose(p, g);
}

static void on_sick(struct generation *g)
{
	struct provider *p = g->arg;

	tell(p, g, "replaced", &g->why);
	if (g == p->live)
		lose(p, g);
}

static void on_dead(struct generation *g)
{
	struct provider *p = g->arg;

	p->violations += g->violations;
	p->stderr_lines += g->err.lines;
	p->stderr_dropped += g->err.dropped;
	list_del(&g->link);
	if (list_empty(&p->generations))
		happen(p, PROV_EV_GONE);
	provider_unref(p);
}

static const struct generation_owner owner = { on_ready, on_sick, on_gone,
					       on_dead };

/* ---- starting ----------------------------------------------------------- */

static void new_generation(struct provider *p, bool probe)
{
	const struct provider_limits *l = &p->o.limits;
	char *copies = mem_printf("%s/images", p->o.data_dir);
	char *state_dir = mem_printf("%s/drivers/%s", p->o.data_dir, p->o.name);
	struct generation_options o = {
		.name = p->o.name,
		.path = p->o.path,
		.copies = copies,
		.state_dir = state_dir,
		.probe = probe,
		.config = probe ? NULL : p->settings.config,
		.number = ++p->generation,
		.max_inflight = l->max_inflight,
		.start_ms = l->start_ms,
		.health_ms = l->health_ms,
		.ping_ms = l->ping_ms,
		.drain_ms = DRAIN_MAX_MS,
		.stop_ms = STOP_STEP_MS,
		.policy = p->policy,
		.redact = &p->settings.redact,
		.owner = &owner,
		.arg = p,
	};

	provider_ref(p); /* until on_dead */
	p->starting = generation_new(&o);
	generation_ref(p->starting);
	list_add_tail(&p->generations, &p->starting->link);
	mem_free(copies);
	mem_free(state_dir);
}

/* What the program with this digest says of itself; tell settings from secrets
 * as it wants them. */
static void know(struct provider *p, const char *digest, const json_t *hello)
{
	if (!strcmp(p->digest, digest))
		return;
	json_decref(p->hello);
	p->hello = json_incref((json_t *)hello);
	settings_done(&p->settings);
	settings_init(&p->settings, p->o.name, hello, p->o.block);
	p->settings.redact.guests = &p->guests;
	text_copy(p->digest, sizeof(p->digest), digest);
}

/* The next process: a probe first, when nothing is known of the program. */
static void start(struct provider *p)
{
	char *copies = mem_printf("%s/images", p->o.data_dir);
	struct image *image = NULL;
	const json_t *hello;

	if (!p->o.path)
		fail(&p->last_error, ERR_DRIVER_UNAVAILABLE,
		     "no driver program named %s in the plugin directory; see "
		     "plugins.directory, or give plugins.providers.%s.path",
		     p->o.driver, p->o.name);
	else
		image = image_get(p->o.path, copies, &p->last_error);
	mem_free(copies);
	if (!image) {
		happen(p, PROV_EV_HOPELESS);
		return;
	}
	hello = description_of(image->digest);
	if (hello)
		know(p, image->digest, hello);
	image_put(image);
	if (hello && p->settings.missing.code) {
		p->last_error = p->settings.missing;
		happen(p, PROV_EV_UNSET);
		return;
	}
	new_generation(p, !hello);
}

/* ---- actions ------------------------------------------------------------ */

static void a_nothing(struct provider *p)
{
	(void)p;
}

static void a_ready(struct provider *p)
{
	p->last_error = (struct error){ 0 };
}

static void a_back_off(struct provider *p)
{
	log_warn("driver is left alone for a while",
		 LOG_STR("driver", p->o.name),
		 LOG_INT("ms", (long long)(p->retry_at - clock_ms())),
		 LOG_ERR(&p->last_error));
	timer_arm(&p->retry, p->retry_at);
	tell(p, NULL, "backed_off", &p->last_error);
}

static void a_break(struct provider *p)
{
	log_error("driver is broken and not started again before a reload",
		  LOG_STR("driver", p->o.name), LOG_ERR(&p->last_error));
	tell(p, NULL, "broken", &p->last_error);
}

static void rang(struct timer *timer)
{
	happen(container_of(timer, struct provider, retry), PROV_EV_TIMER);
}

static void a_stop(struct provider *p)
{
	struct generation *g, *tmp;

	timer_stop(&p->retry);
	drop(&p->live);
	drop(&p->starting);
	list_each_safe (g, tmp, &p->generations, struct generation, link)
		generation_drain(g);
	if (list_empty(&p->generations))
		happen(p, PROV_EV_GONE);
}

static void a_stopped(struct provider *p)
{
	if (p->on_stopped)
		p->on_stopped(p, p->arg);
}

/* ---- waiting ------------------------------------------------------------ */

static bool refuse(struct provider *p, struct error *err)
{
	*err = p->last_error;
	err->effect = EFFECT_NONE;
	err->retryable = false; /* not before a person has mended it */
	return false;
}

static bool refuse_backoff(struct provider *p, struct error *err)
{
	int64_t left = clock_left(p->retry_at);

	fail(err, ERR_DRIVER_UNAVAILABLE,
	     "driver %s died too often and is started again later: %s",
	     p->o.name, p->last_error.message);
	err->effect = EFFECT_NONE;
	err->retry_after_ms = (int)(left > 1000 ? left : 1000);
	return false;
}

static bool refuse_stopping(struct provider *p, struct error *err)
{
	fail(err, ERR_DRIVER_UNAVAILABLE, "provider %s is being stopped",
	     p->o.name);
	err->effect = EFFECT_NONE;
	return false;
}

/* One turn in the queue. */
WAITS static bool wait_in_queue(struct provider *p, int64_t deadline,
				struct error *err)
{
	enum fiber_wait why;

	if (p->waiting >= (unsigned long long)p->o.limits.max_queue) {
		fail(err, ERR_BUSY, "%u requests wait for driver %s already",
		     p->waiting, p->o.name);
		err->retry_after_ms = BUSY_RETRY_MS;
		return false;
	}
	p->waiting++;
	why = cond_wait(&p->changed, deadline);
	p->waiting--;
	if (why == WAIT_WOKEN)
		return true;
	cond_signal(&p->changed); /* whoever is next, if this was its turn */
	fail(err, why == WAIT_TIMEOUT ? ERR_DEADLINE : ERR_CANCELLED,
	     "while waiting for driver %s (%s)", p->o.name,
	     provider_state_name(p->state));
	err->effect = EFFECT_NONE;
	return false;
}

/* True when there is a live generation; false: look at @err, or when that is
 * empty, wait and ask again. */
static bool look(struct provider *p, struct error *err)
{
	if (p->leaving)
		return refuse_stopping(p, err);
	switch (p->state) {
	case PROVIDER_READY:
		return true;
	case PROVIDER_STARTING:
		return false;
	case PROVIDER_STOPPED:
		happen(p, PROV_EV_NEED);
		if (p->state == PROVIDER_STOPPED || p->state == PROVIDER_BROKEN)
			return refuse(p, err);
		return false;
	case PROVIDER_BACKOFF:
		return refuse_backoff(p, err);
	case PROVIDER_BROKEN:
		return refuse(p, err);
	case PROVIDER_STOPPING:
		return refuse_stopping(p, err);
	}
	return false;
}

WAITS bool provider_wait_ready(struct provider *p, int64_t deadline,
			       struct error *err)
{
	err->code = ERR_NONE;
	while (!look(p, err))
		if (err->code || !wait_in_queue(p, deadline, err))
			return false;
	return true;
}

WAITS struct generation *provider_live(struct provider *p, int64_t deadline,
				       struct error *err)
{
	while (provider_wait_ready(p, deadline, err)) {
		/* It may have ended a moment ago; its owner is told soon. */
		if (p->live->state == GEN_READY &&
		    p->live->inflight < p->live->max_inflight)
			return p->live;
		if (!wait_in_queue(p, deadline, err))
			break;
	}
	return NULL;
}

void provider_room(struct provider *p)
{
	if (p->waiting)
		cond_signal(&p->changed);
}

/* ---- public ------------------------------------------------------------- */

struct provider *provider_new(struct provider_options *o)
{
	struct provider *p = mem_alloc(sizeof(*p));
	const struct provider_limits *l = &p->o.limits;

	p->o = *o;
	*o = (struct provider_options){ 0 };
	p->refs = 1;
	list_init(&p->link);
	list_init(&p->generations);
	cond_init(&p->changed);
	breakers_init(&p->breakers);
	backoff_init(&p->backoff, l->restart_burst, l->restart_window_ms,
		     l->backoff_min_ms, l->backoff_max_ms);
	p->policy = (struct sandbox_policy){ (enum sandbox_mode)l->sandbox,
					     l->memory_mib, l->open_files };
	p->retry.run = rang;
	return p;
}

void provider_ref(struct provider *p)
{
	p->refs++;
}

void provider_unref(struct provider *p)
{
	if (--p->refs)
		return;
	timer_stop(&p->retry);
	list_del(&p->link);
	breakers_done(&p->breakers);
	backoff_done(&p->backoff);
	settings_done(&p->settings);
	redact_guests_done(&p->guests);
	json_decref(p->hello);
	provider_options_done(&p->o);
	mem_free(p);
}

void provider_need(struct provider *p)
{
	happen(p, PROV_EV_NEED);
}

void provider_stop(struct provider *p)
{
	p->leaving = true;
	happen(p, PROV_EV_STOP);
}

void provider_kill(struct provider *p)
{
	struct generation *g, *tmp;

	provider_stop(p);
	list_each_safe (g, tmp, &p->generations, struct generation, link)
		generation_kill(g);
}

void provider_count(const struct provider *p, struct provider_info *info)
{
	const struct generation *g;

	info->restarts = p->restarts;
	info->calls = p->calls;
	info->errors = p->errors;
	info->violations = p->violations;
	info->stderr_lines = p->stderr_lines;
	info->stderr_dropped = p->stderr_dropped;
	list_each (g, &p->generations, struct generation, link) {
		info->violations += g->violations;
		info->stderr_lines += g->err.lines;
		info->stderr_dropped += g->err.dropped;
	}
}

/* ---- the table ---------------------------------------------------------- */

/* An empty field: the event changes nothing in that state. */
static const struct transition table[PROVIDER_STATES][PROV_EVENTS] = {
	[PROVIDER_STOPPED] = {
		[PROV_EV_NEED] = { start, PROVIDER_STARTING },
		[PROV_EV_STOP] = { a_stop, PROVIDER_STOPPING },
	},
	[PROVIDER_STARTING] = {
		[PROV_EV_UNSET] = { a_nothing, PROVIDER_STOPPED },
		[PROV_EV_READY] = { a_ready, PROVIDER_READY },
		[PROV_EV_DIED] = { start, PROVIDER_STARTING },
		[PROV_EV_DIED_AGAIN] = { a_back_off, PROVIDER_BACKOFF },
		[PROV_EV_HOPELESS] = { a_break, PROVIDER_BROKEN },
		[PROV_EV_STOP] = { a_stop, PROVIDER_STOPPING },
	},
	[PROVIDER_READY] = {
		[PROV_EV_DIED] = { start, PROVIDER_STARTING },
		[PROV_EV_DIED_AGAIN] = { a_back_off, PROVIDER_BACKOFF },
		[PROV_EV_HOPELESS] = { a_break, PROVIDER_BROKEN },
		[PROV_EV_STOP] = { a_stop, PROVIDER_STOPPING },
	},
	[PROVIDER_BACKOFF] = {
		[PROV_EV_TIMER] = { start, PROVIDER_STARTING },
		[PROV_EV_STOP] = { a_stop, PROVIDER_STOPPING },
	},
	[PROVIDER_BROKEN] = {
		[PROV_EV_STOP] = { a_stop, PROVIDER_STOPPING },
	},
	[PROVIDER_STOPPING] = {
		[PROV_EV_GONE] = { a_stopped, PROVIDER_STOPPED },
	},
};
