/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --validate-plugin: one process of one program, asked what every host would
 * ask it, and judged by what it answers.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "rpc/scan.h"
#include "supervise/provider.h"

#define CALL_LIMIT_MS 10000

struct trial {
	struct generation *g;
	struct fiber *fiber;
	bool ready, gone, dead;
	struct redact no_secrets;
	json_t *findings;
};

static void find(struct trial *t, const char *what, const char *detail)
{
	json_array_append_new(t->findings, json_pack("{s:s, s:s}", "what", what,
						     "detail", detail));
}

/* ---- the process -------------------------------------------------------- */

static void on_ready(struct generation *g)
{
	struct trial *t = g->arg;

	t->ready = true;
	fiber_wake(t->fiber);
}

static void on_sick(struct generation *g)
{
	find(g->arg, "conduct", g->why.message);
}

static void on_gone(struct generation *g)
{
	struct trial *t = g->arg;

	t->gone = true;
	fiber_wake(t->fiber);
}

static void on_dead(struct generation *g)
{
	struct trial *t = g->arg;

	t->dead = true;
	fiber_wake(t->fiber);
}

static const struct generation_owner owner = { on_ready, on_sick, on_gone,
					       on_dead };

static struct generation *start(struct trial *t, const struct config *config,
				const char *path)
{
	AUTO_FREE char *copies = mem_printf("%s/images", config->data_dir);
	struct provider_options o;
	struct generation *g;

	provider_options_init(&o, config, "validate", NULL, path);
	g = generation_new(&(struct generation_options){
		.name = "validate",
		.path = path,
		.copies = copies,
		.probe = true,
		.number = 1,
		.max_inflight = o.limits.max_inflight,
		.start_ms = o.limits.start_ms,
		.health_ms = o.limits.health_ms,
		.ping_ms = o.limits.ping_ms,
		.drain_ms = CALL_LIMIT_MS,
		.stop_ms = 5000,
		.policy = { (enum sandbox_mode)o.limits.sandbox,
			    o.limits.memory_mib, o.limits.open_files },
		.redact = &t->no_secrets,
		.owner = &owner,
		.arg = t });
	provider_options_done(&o);
	return g;
}

/* ---- the questions ------------------------------------------------------ */

static void check_operations(struct trial *t)
{
	const char *name;
	json_t *op;

	json_object_foreach (json_object_get(t->g->hello, "operations"), name,
			     op)
		if (!text_starts(name, "x.") && !text_starts(name, "op.") &&
		    !cat_op_find(name))
			find(t, "an operation that the catalogue does not know",
			     name);
}

/* False: it did not answer as the protocol wants it. */
WAITS static bool ask(struct trial *t, const char *method,
		      struct rpc_reply *reply)
{
	struct rpc_request req = {
		.method = method,
		.params = SLICE("{\"ctx\":{\"deadline_ms\":9000,\"attempt\":1},"
				"\"secrets\":{},\"args\":{}}"),
		.deadline = clock_ms() + CALL_LIMIT_MS,
	};
	struct error err;

	if (rpc_call(t->g->peer, &req, reply, &err))
		return true;
	if (err.code == ERR_DEADLINE || err.code == ERR_DRIVER_UNAVAILABLE ||
	    err.code == ERR_DRIVER_BAD_ANSWER)
		find(t, method, err.message);
	return false;
}

/* What a driver's own look at its tables has found. */
WAITS static void ask_selftest(struct trial *t)
{
	struct rpc_reply reply;
	json_t *value, *finding;
	size_t i;

	if (t->gone || !ask(t, "driver.selftest", &reply))
		return;
	value = json_read(reply.value.p, reply.value.n, NULL);
	json_array_foreach (json_object_get(value, "findings"), i, finding) {
		struct buf text = { 0 };

		json_write(finding, &text);
		find(t, "driver.selftest", text.p);
		buf_done(&text);
	}
	json_decref(value);
	rpc_reply_done(&reply);
}

/* Without a credential most clouds refuse; it need only be said properly. */
WAITS static void ask_health(struct trial *t)
{
	struct rpc_reply reply;

	if (!t->gone && ask(t, "driver.health", &reply))
		rpc_reply_done(&reply);
}

WAITS static void examine(struct trial *t)
{
	while (!t->ready && !t->gone)
		fiber_park(0);
	if (!t->ready) {
		find(t, "it does not start", t->g->why.message);
		return;
	}
	check_operations(t);
	ask_selftest(t);
	ask_health(t);
	if (t->g->violations)
		find(t, "protocol", "it broke the protocol; see the log");
	generation_drain(t->g);
}

WAITS static void await_end(struct trial *t)
{
	while (!t->dead)
		fiber_park(0);
	if (t->ready && (t->g->child.status != 0))
		find(t, "it does not end with status 0 after shutdown",
		     t->g->why.message);
}

WAITS json_t *registry_validate_driver(const struct config *config,
				       const char *path)
{
	struct trial t = { .fiber = fiber_self(), .findings = json_array() };
	json_t *report;

	t.g = start(&t, config, path);
	generation_ref(t.g);
	examine(&t);
	await_end(&t);
	report = json_pack("{s:b, s:o, s:O?}", "ok",
			   json_array_size(t.findings) == 0, "findings",
			   t.findings, "handshake", t.g->hello);
	generation_unref(t.g);
	return report;
}
