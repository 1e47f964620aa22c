/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"
#include "rpc/scan.h"
#include "supervise/hello.h"

#define STARTING_FACTOR 6 /* `$/starting` extends 10 s to 60 s */
#define MISSED_PINGS 3
#define VIOLATIONS_PER_MINUTE 100
#define VIOLATIONS_LOGGED 5 /* of those in a minute */
#define PARTIAL_LINE_MS 10000
#define PIPES_AFTER_EXIT_MS 2000

#define LOG_SELF(g) \
	LOG_STR("driver", (g)->o.name), \
		LOG_INT("generation", (long long)(g)->o.number)

struct transition {
	void (*action)(struct generation *g);
	enum gen_state next;
};

static const struct transition table[GEN_STATES][GEN_EVENTS];

static const char *const state_names[] = {
	"spawning", "unwanted",	   "starting", "ready",	 "draining",
	"stopping", "terminating", "killed",   "reaped", "dead",
};

const char *generation_state_name(enum gen_state state)
{
	return state_names[state];
}

enum gen_state generation_next(enum gen_state state, enum gen_event event)
{
	const struct transition *t = &table[state][event];

	return t->action ? t->next : state;
}

/* The one place where a generation changes its state. */
static void happen(struct generation *g, enum gen_event event)
{
	const struct transition *t = &table[g->state][event];

	if (!t->action)
		return;
	if (t->next != g->state)
		log_debug("driver state", LOG_SELF(g),
			  LOG_STR("from", state_names[g->state]),
			  LOG_STR("to", state_names[t->next]));
	g->state = t->next;
	t->action(g);
}

static void arm(struct generation *g, int64_t ms)
{
	timer_arm(&g->timer, clock_ms() + ms);
}

static void rang(struct timer *timer)
{
	happen(container_of(timer, struct generation, timer), GEN_EV_TIMER);
}

/* ---- the peer's events -----------------------------------------------------
 */

static void sick(struct generation *g, const char *what)
{
	fail(&g->why, ERR_DRIVER_UNAVAILABLE, "%s", what);
	happen(g, GEN_EV_SICK);
}

static void on_violation(struct peer *p, const char *what, struct slice line)
{
	struct generation *g = peer_owner(p);
	int64_t minute = clock_ms() / 60000;
	char text[160];

	if (minute != g->minute)
		g->in_minute = 0;
	g->minute = minute;
	g->violations++;
	if (++g->in_minute <= VIOLATIONS_LOGGED) {
		size_t n = utf8_cut(line.p, line.n, sizeof(text));

		memcpy(text, line.p, n);
		redact_text(g->o.redact, text, n);
		log_warn("driver protocol violation", LOG_SELF(g),
			 LOG_STR("what", what),
			 LOG_SLICE("line", ((struct slice){ text, n })));
	}
	if (g->in_minute == VIOLATIONS_PER_MINUTE + 1)
		sick(g, "it broke the protocol over 100 times in a minute");
}

static void write_log(struct generation *g, const struct message *m)
{
	enum log_level level = LOG_INFO;
	struct slice inside, name = { 0 };
	struct buf text = { 0 };
	char word[16] = "";

	buf_reserve(&text, 1);
	if (message_string(m, "level", &name) && name.n < sizeof(word))
		memcpy(word, name.p, name.n);
	log_level_from_name(word, &level);
	if (message_string(m, "message", &inside) &&
	    scan_unescape(inside, &text)) {
		redact_text(g->o.redact, text.p, text.n);
		log_at(level, "driver says", LOG_SELF(g),
		       LOG_SLICE("text", buf_slice(&text)));
	}
	buf_done(&text);
}

static void extend_start(struct generation *g)
{
	int64_t due = clock_ms() + g->o.start_ms;

	if (g->state == GEN_STARTING)
		timer_arm(&g->timer,
			  due < g->start_limit ? due : g->start_limit);
}

static void on_notification(struct peer *p, const struct message *m)
{
	struct generation *g = peer_owner(p);

	if (slice_eq(m->method, "$/pong")) {
		g->pongs = g->pings;
		g->missed = 0;
	} else if (slice_eq(m->method, "$/starting")) {
		extend_start(g);
	} else if (slice_eq(m->method, "$/log")) {
		write_log(g, m);
	}
}

static void on_pipe_end(struct peer *p, enum link_end why)
{
	struct generation *g = peer_owner(p);

	/* After a failed write the answers may still come: wait for the exit.
	 */
	g->pipe_ended = why != LINK_WRITE_FAILED;
	happen(g, GEN_EV_PIPE_END);
}

static const struct peer_events peer_events = { on_violation, on_notification,
						on_pipe_end };

/* ---- birth ------------------------------------------------------------------
 */

static void on_exit_(struct child *child)
{
	struct generation *g = container_of(child, struct generation, child);

	happen(g, GEN_EV_EXIT);
}

static void adopt(struct generation *g, const struct process *p)
{
	g->group = fcntl(p->pidfd, F_DUPFD_CLOEXEC, 0);
	child_watch(&g->child, p->pid, p->pidfd, on_exit_);
	g->peer = peer_new(p->out, p->in, g->o.number, HELLO_MAX_FRAME,
			   &peer_events, g);
	stderr_open(&g->err, p->err, g->o.name, g->o.number, g->o.redact);
	g->started_wall_ms = clock_wall_ms();
	text_copy(g->sandbox, sizeof(g->sandbox), sandbox_level(&g->o.policy));
}

static bool make_state_dir(struct generation *g, struct error *err)
{
	AUTO_FREE char *parent = mem_strdup(g->state_dir);

	if (!parent)
		return true;
	if (strrchr(parent, '/'))
		*strrchr(parent, '/') = 0;
	if ((sys_mkdir(parent, 0700) == 0 || errno == EEXIST) &&
	    (sys_mkdir(g->state_dir, 0700) == 0 || errno == EEXIST))
		return true;
	return fail(err, ERR_DRIVER_UNAVAILABLE,
		    "the driver's folder %s cannot be made: %s", g->state_dir,
		    strerror(errno));
}

WAITS static bool spawn(struct generation *g, struct process *p)
{
	g->image = image_get(g->path, g->copies, &g->why);
	return g->image && make_state_dir(g, &g->why) &&
	       process_spawn(g->image, g->o.name, g->state_dir, &g->o.policy, p,
			     &g->why);
}

/* The handshake, and what came of it; g->hello is set when it was good. */
WAITS static bool shake_hands(struct generation *g, struct error *err)
{
	const struct hello_request h = { g->o.probe, g->o.config, g->state_dir,
					 g->o.max_inflight };
	struct buf params = { 0 };
	struct rpc_request req = { .method = "initialize" };
	struct rpc_reply reply;
	bool ok;

	hello_write(&h, &params);
	req.params = buf_slice(&params);
	ok = rpc_call(g->peer, &req, &reply, err);
	buf_wipe(&params);
	if (!ok)
		return false;
	g->hello = hello_read(reply.value, err);
	rpc_reply_done(&reply);
	return g->hello != NULL;
}

WAITS static void start_fiber(void *arg)
{
	struct generation *g = arg;
	struct process p;
	struct error err;

	if (!spawn(g, &p)) {
		happen(g, GEN_EV_SPAWN_FAILED);
		generation_unref(g);
		return;
	}
	adopt(g, &p);
	happen(g, GEN_EV_SPAWNED);
	if (g->state == GEN_STARTING) {
		bool ok = shake_hands(g, &err);

		/* When its end came first, that is the reason. */
		if (!ok && g->state == GEN_STARTING &&
		    err.code != ERR_DRIVER_UNAVAILABLE)
			g->why = err;
		happen(g, ok ? GEN_EV_HELLO : GEN_EV_REFUSED);
	}
	generation_unref(g);
}

/* ---- actions ------------------------------------------------------------ */

static void a_nothing(struct generation *g)
{
	(void)g;
}

static void a_starting(struct generation *g)
{
	g->start_limit = clock_ms() + STARTING_FACTOR * g->o.start_ms;
	arm(g, g->o.start_ms);
}

static unsigned inflight_limit(const struct generation *g)
{
	long long own = json_int(g->hello, "max_inflight", g->o.max_inflight);

	if (!strcmp(json_str(g->hello, "concurrency", ""), "serial"))
		own = 1;
	if (own < 1)
		own = 1;
	return (unsigned)(own < g->o.max_inflight ? own : g->o.max_inflight);
}

static void a_ready(struct generation *g)
{
	g->max_inflight = inflight_limit(g);
	g->ready_ms = clock_ms();
	arm(g, g->o.health_ms);
	log_info("driver ready", LOG_SELF(g),
		 LOG_STR("version", json_str(g->hello, "version", "")),
		 LOG_INT("pid", g->child.pid), LOG_STR("sandbox", g->sandbox),
		 LOG_BOOL("probe", g->o.probe));
	g->o.owner->on_ready(g);
}

static void count_missed_ping(struct generation *g)
{
	struct peer_stats stats;

	if (g->pongs == g->pings || clock_ms() - g->pinged_ms < g->o.ping_ms)
		return;
	g->missed++;
	peer_stats(g->peer, &stats);
	log_warn("driver missed a ping", LOG_SELF(g),
		 LOG_INT("missed", g->missed));
	/* Nobody else is to blame for what it is doing: replace it. */
	if (g->missed >= MISSED_PINGS && g->inflight == 0)
		sick(g, "it missed three pings with no work in hand");
}

static bool has_old_partial_line(const struct generation *g)
{
	struct peer_stats stats;

	peer_stats(g->peer, &stats);
	return stats.partial_since &&
	       clock_ms() - stats.partial_since > PARTIAL_LINE_MS;
}

static void a_check_health(struct generation *g)
{
	if (has_old_partial_line(g)) {
		sick(g, "it left a line unfinished for over 10 s");
		return;
	}
	count_missed_ping(g);
	if (g->state != GEN_READY)
		return;
	if (g->pongs == g->pings || clock_ms() - g->pinged_ms >= g->o.ping_ms) {
		g->pinged_ms = clock_ms();
		peer_ping(g->peer, ++g->pings);
	}
	arm(g, g->o.health_ms);
}

static void a_drain(struct generation *g)
{
	arm(g, g->o.drain_ms);
	if (g->inflight == 0)
		happen(g, GEN_EV_IDLE);
}

static void a_sick(struct generation *g)
{
	log_warn("driver is replaced", LOG_SELF(g), LOG_ERR(&g->why));
	generation_ref(g);
	g->o.owner->on_sick(g);
	if (g->state == GEN_DRAINING)
		a_drain(g);
	generation_unref(g);
}

WAITS static void shutdown_fiber(void *arg)
{
	struct generation *g = arg;
	struct rpc_request req = { .method = "shutdown",
				   .deadline = clock_ms() + g->o.stop_ms };
	struct rpc_reply reply;

	if (g->state == GEN_STOPPING && rpc_call(g->peer, &req, &reply, NULL))
		rpc_reply_done(&reply);
	if (g->state == GEN_STOPPING)
		peer_close_input(g->peer);
	generation_unref(g);
}

static void a_shut_down(struct generation *g)
{
	arm(g, g->o.stop_ms);
	generation_ref(g);
	if (fiber_spawn("shutdown", shutdown_fiber, g))
		return;
	generation_unref(g); /* no room for a fiber: the timer goes on */
	peer_close_input(g->peer);
}

static void a_terminate(struct generation *g)
{
	log_warn("driver does not shut down; sending SIGTERM", LOG_SELF(g));
	peer_close_input(g->peer);
	process_kill_group(g->group, g->child.pid, SIGTERM);
	arm(g, g->o.stop_ms);
}

static void a_kill(struct generation *g)
{
	process_kill_group(g->group, g->child.pid, SIGKILL);
	arm(g, g->o.stop_ms);
}

static void a_too_slow(struct generation *g)
{
	fail(&g->why, ERR_DRIVER_UNAVAILABLE,
	     "no handshake within %lld ms; see supervisor.start_timeout",
	     (long long)g->o.start_ms);
	a_kill(g);
}

/* "killed by SIGSEGV; it wrote: …" */
static void explain_exit(struct generation *g)
{
	struct buf tail = { 0 };
	char status[64];

	if (g->why.code != ERR_NONE)
		return;
	stderr_tail(&g->err, &tail);
	fail(&g->why, ERR_DRIVER_UNAVAILABLE, "driver %s %s%s%.*s", g->o.name,
	     child_status_text(g->child.status, status, sizeof(status)),
	     tail.n ? "; it wrote: " : "",
	     (int)utf8_cut(tail.p ? tail.p : "", tail.n, 300),
	     tail.p ? tail.p : "");
	buf_done(&tail);
}

static void a_reaped(struct generation *g)
{
	char status[64];

	process_kill_group(g->group, g->child.pid, SIGKILL);
	stderr_drain(&g->err);
	explain_exit(g);
	log_info("driver ended", LOG_SELF(g), LOG_INT("pid", g->child.pid),
		 LOG_STR("status", child_status_text(g->child.status, status,
						     sizeof(status))));
	arm(g, PIPES_AFTER_EXIT_MS);
	generation_ref(g);
	g->o.owner->on_gone(g);
	if (g->pipe_ended)
		happen(g, GEN_EV_PIPE_END);
	generation_unref(g);
}

static void a_never_born(struct generation *g)
{
	generation_ref(g);
	g->o.owner->on_gone(g);
	loop_defer(&g->burial);
	generation_unref(g);
}

/* On the loop's next turn, because callers of this may be inside the peer. */
static void a_bury(struct generation *g)
{
	timer_stop(&g->timer);
	loop_defer(&g->burial);
}

static void bury(struct loop_task *task)
{
	struct generation *g = container_of(task, struct generation, burial);

	peer_free(g->peer, &g->why);
	g->peer = NULL;
	stderr_close(&g->err);
	if (g->group >= 0)
		close(g->group);
	g->group = -1;
	g->o.owner->on_dead(g);
	generation_unref(g);
}

/* ---- public ------------------------------------------------------------- */

struct generation *generation_new(const struct generation_options *o)
{
	struct generation *g = mem_alloc(sizeof(*g));

	list_init(&g->link);
	g->o = *o;
	g->arg = o->arg;
	g->o.config = json_incref((json_t *)o->config);
	g->path = mem_strdup(o->path);
	g->copies = mem_strdup(o->copies);
	g->state_dir = mem_strdup(o->state_dir);
	g->refs = 2; /* its process's, and that of the fiber that starts it */
	g->group = -1;
	g->err.fd = -1;
	g->child.pidfd = -1;
	g->timer.run = rang;
	g->burial.run = bury;
	if (!fiber_spawn("driver start", start_fiber, g)) {
		fail(&g->why, ERR_BUSY, "too much is going on to start %s",
		     o->name);
		g->refs--;
		timer_arm(&g->timer, clock_ms());
	}
	return g;
}

void generation_ref(struct generation *g)
{
	g->refs++;
}

void generation_unref(struct generation *g)
{
	if (--g->refs)
		return;
	image_put(g->image);
	json_decref((json_t *)g->o.config);
	json_decref(g->hello);
	mem_free(g->path);
	mem_free(g->copies);
	mem_free(g->state_dir);
	mem_free(g);
}

void generation_drain(struct generation *g)
{
	happen(g, GEN_EV_DRAIN);
}

void generation_kill(struct generation *g)
{
	happen(g, GEN_EV_KILL);
}

void generation_enter(struct generation *g)
{
	g->inflight++;
	g->refs++;
}

void generation_leave(struct generation *g)
{
	if (--g->inflight == 0)
		happen(g, GEN_EV_IDLE);
	generation_unref(g);
}

/* ---- the table ---------------------------------------------------------- */

/* An empty field: the event changes nothing in that state. */
static const struct transition table[GEN_STATES][GEN_EVENTS] = {
	[GEN_SPAWNING] = {
		[GEN_EV_SPAWNED] = { a_starting, GEN_STARTING },
		[GEN_EV_SPAWN_FAILED] = { a_never_born, GEN_DEAD },
		[GEN_EV_TIMER] = { a_never_born, GEN_DEAD },
		[GEN_EV_DRAIN] = { a_nothing, GEN_UNWANTED },
		[GEN_EV_KILL] = { a_nothing, GEN_UNWANTED },
	},
	[GEN_UNWANTED] = {
		[GEN_EV_SPAWNED] = { a_kill, GEN_KILLED },
		[GEN_EV_SPAWN_FAILED] = { a_never_born, GEN_DEAD },
		[GEN_EV_TIMER] = { a_never_born, GEN_DEAD },
	},
	[GEN_STARTING] = {
		[GEN_EV_HELLO] = { a_ready, GEN_READY },
		[GEN_EV_REFUSED] = { a_kill, GEN_KILLED },
		[GEN_EV_DRAIN] = { a_kill, GEN_KILLED },
		[GEN_EV_TIMER] = { a_too_slow, GEN_KILLED },
		[GEN_EV_SICK] = { a_kill, GEN_KILLED },
		[GEN_EV_PIPE_END] = { a_kill, GEN_KILLED },
		[GEN_EV_EXIT] = { a_reaped, GEN_REAPED },
		[GEN_EV_KILL] = { a_kill, GEN_KILLED },
	},
	[GEN_READY] = {
		[GEN_EV_DRAIN] = { a_drain, GEN_DRAINING },
		[GEN_EV_TIMER] = { a_check_health, GEN_READY },
		[GEN_EV_SICK] = { a_sick, GEN_DRAINING },
		[GEN_EV_PIPE_END] = { a_kill, GEN_KILLED },
		[GEN_EV_EXIT] = { a_reaped, GEN_REAPED },
		[GEN_EV_KILL] = { a_kill, GEN_KILLED },
	},
	[GEN_DRAINING] = {
		[GEN_EV_IDLE] = { a_shut_down, GEN_STOPPING },
		[GEN_EV_TIMER] = { a_shut_down, GEN_STOPPING },
		[GEN_EV_PIPE_END] = { a_kill, GEN_KILLED },
		[GEN_EV_EXIT] = { a_reaped, GEN_REAPED },
		[GEN_EV_KILL] = { a_kill, GEN_KILLED },
	},
	[GEN_STOPPING] = {
		[GEN_EV_TIMER] = { a_terminate, GEN_TERMINATING },
		[GEN_EV_EXIT] = { a_reaped, GEN_REAPED },
		[GEN_EV_KILL] = { a_kill, GEN_KILLED },
	},
	[GEN_TERMINATING] = {
		[GEN_EV_TIMER] = { a_kill, GEN_KILLED },
		[GEN_EV_EXIT] = { a_reaped, GEN_REAPED },
		[GEN_EV_KILL] = { a_kill, GEN_KILLED },
	},
	[GEN_KILLED] = {
		[GEN_EV_TIMER] = { a_kill, GEN_KILLED },
		[GEN_EV_EXIT] = { a_reaped, GEN_REAPED },
	},
	[GEN_REAPED] = {
		[GEN_EV_TIMER] = { a_bury, GEN_DEAD },
		[GEN_EV_PIPE_END] = { a_bury, GEN_DEAD },
	},
};

const json_t *generation_operation(const struct generation *g,
				   const char *method)
{
	return json_object_get(json_object_get(g->hello, "operations"), method);
}
