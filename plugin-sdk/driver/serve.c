/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader: cuts frames, answers pings at once (also while every handler
 * waits), hands requests to the dispatcher, and ends the program when the host
 * closes the pipe.
 */
#include "driver/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "driver/guard.h"
#include "driver/runtime.h"
#include "rpc/link.h"

/* After the end of stdin: time to finish, then time to notice the cancel. */
#define FINISH_MS 500
#define CANCEL_MS 400

struct server {
	struct runtime rt;
	struct link link;
	struct timer last_call; /* runs out after the end of stdin */
	bool ended, cancelled;
	uint64_t skipped; /* lines that were no message */
};

static struct server *server_of(struct runtime *rt)
{
	return container_of(rt, struct server, rt);
}

/* ---- out -------------------------------------------------------------- */

static bool send_now(struct runtime *rt, const struct slice *parts, size_t n)
{
	return link_send(&server_of(rt)->link, parts, n);
}

WAITS static bool send_wait(struct runtime *rt, const struct slice *parts,
			    size_t n)
{
	return link_send_wait(&server_of(rt)->link, parts, n, 0);
}

/* ---- notifications ---------------------------------------------------- */

static void on_ping(struct server *sv, const struct message *m)
{
	long long number = 0;
	char text[96];
	struct slice part = { text, 0 };

	message_int(m, "n", &number);
	part.n = (size_t)snprintf(text, sizeof(text),
				  "{\"jsonrpc\":\"2.0\",\"method\":\"$/pong\","
				  "\"params\":{\"n\":%lld}}",
				  number);
	link_send(&sv->link, &part, 1);
}

static void on_cancel(struct server *sv, const struct message *m)
{
	struct slice id;

	if (message_string(m, "id", &id))
		dispatch_cancel(&sv->rt, id);
}

static void on_credit(struct server *sv, const struct message *m)
{
	struct slice id;
	long long n;

	if (message_string(m, "id", &id) && message_int(m, "n", &n) && n > 0 &&
	    n <= UINT32_MAX)
		dispatch_credit(&sv->rt, id, (unsigned)n);
}

static void on_log(struct server *sv, const struct message *m)
{
	struct slice given;
	enum log_level level;
	char name[16] = "";

	(void)sv;
	if (!message_string(m, "level", &given) || given.n >= sizeof(name))
		return;
	memcpy(name, given.p, given.n);
	if (log_level_from_name(name, &level))
		log_set_level(level);
}

static const struct {
	const char *method;
	void (*run)(struct server *sv, const struct message *m);
} notifications[] = {
	{ "$/ping", on_ping },
	{ "$/credit", on_credit },
	{ "$/cancel", on_cancel },
	{ "$/log", on_log },
};

static void notified(struct server *sv, const struct message *m)
{
	for (size_t i = 0; i < ARRAY_LEN(notifications); i++)
		if (slice_eq(m->method, notifications[i].method))
			notifications[i].run(sv, m);
}

/* ---- in --------------------------------------------------------------- */


/* Of a flood every power of two is told. */
static void skip_line(struct server *sv, const struct error *err)
{
	sv->skipped++;
	if ((sv->skipped & (sv->skipped - 1)) == 0)
		log_warn("a line on stdin was skipped", LOG_ERR(err),
			 LOG_INT("skipped", (long long)sv->skipped));
}

static void on_frame(struct link *link, struct slice frame)
{
	struct server *sv = container_of(link, struct server, link);
	struct message m;
	struct error err;

	if (!message_parse(frame, &m, &err)) {
		skip_line(sv, &err);
		if (m.id.n)
			reply_refuse(&sv->rt, m.id, RPC_INVALID_REQUEST,
				     err.message);
	} else if (m.type == MSG_NOTIFICATION) {
		notified(sv, &m);
	} else if (m.type == MSG_REQUEST) {
		dispatch(&sv->rt, &m);
		link_yield(link);
	} else {
		fail(&err, ERR_INVALID, "an answer, but a driver asks nothing");
		skip_line(sv, &err);
	}
	/* The line may hold a credential, and the reader's memory is used
	 * again without being cleared; it is ours until we return. */
	mem_wipe((char *)frame.p, frame.n);
}

/* ---- the end ---------------------------------------------------------- */

static void on_last_call(struct timer *timer)
{
	struct server *sv = container_of(timer, struct server, last_call);

	if (sv->cancelled) {
		log_warn("work was left behind at the end of stdin",
			 LOG_INT("requests", sv->rt.inflight));
		loop_stop();
		return;
	}
	sv->cancelled = true;
	dispatch_cancel_all(&sv->rt);
	timer_arm(timer, clock_ms() + CANCEL_MS);
}

static void on_idle(struct runtime *rt)
{
	if (server_of(rt)->ended)
		loop_stop();
}

static void on_end(struct link *link, enum link_end why, int error)
{
	struct server *sv = container_of(link, struct server, link);

	if (why != LINK_EOF)
		log_warn("the pipe to the host failed",
			 LOG_STR("error", strerror(error)));
	sv->ended = true;
	sv->rt.state = RUNTIME_STOPPING;
	if (list_empty(&sv->rt.open))
		loop_stop();
	else
		timer_arm(&sv->last_call, clock_ms() + FINISH_MS);
}

static void on_limits(struct runtime *rt)
{
	server_of(rt)->link.reader.max = rt->max_frame;
}

/* ---- the program ------------------------------------------------------ */

static struct server server;

int serve(const struct sc_driver *driver)
{
	struct server *sv = &server;
	int in, out;

	log_set_json(true);
	if (!guard_streams(&in, &out)) {
		log_error("no descriptors for the host's pipes",
			  LOG_STR("error", strerror(errno)));
		return 71; /* EX_OSERR */
	}
	runtime_init(&sv->rt, driver);
	sv->rt.send = send_now;
	sv->rt.send_wait = send_wait;
	sv->rt.on_idle = on_idle;
	sv->rt.on_limits = on_limits;
	sv->last_call.run = on_last_call;
	link_open(&sv->link, in, out, FRAME_MAX_DEFAULT);
	sv->link.on_frame = on_frame;
	sv->link.on_end = on_end;
	loop_run();
	link_close(&sv->link);
	runtime_done(&sv->rt);
	return 0;
}
