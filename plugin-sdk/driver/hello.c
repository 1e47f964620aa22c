/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake: reads `initialize`, checks the settings, starts the driver,
 * and answers with what the tables say.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "driver/matrix.h"
#include "driver/runtime.h"
#include "base/validate.h"
#include "rpc/frame.h"

#define MAJOR "1."

/* ---- settings --------------------------------------------------------- */

/* The schema text @text as a tree, new; one that allows anything for NULL. */
static json_t *schema_of(const char *text, const char *what, struct error *err)
{
	json_t *schema;

	if (!text)
		return json_object();
	schema = json_read_quoted(text, err);
	if (!schema)
		fail_within(err, "the driver's %s is not JSON", what);
	return schema;
}

bool config_check(const struct sc_driver *driver, json_t *config,
		  struct error *err)
{
	char why[256] = "";
	AUTO_JSON json_t *schema =
		schema_of(driver->config_schema, "config_schema", err);

	if (!schema)
		return false;
	if (!validate_value(schema, config, "/config", err))
		return false;
	if (driver->check_config &&
	    !driver->check_config(config, why, sizeof(why)))
		return fail_at(err, ERR_INVALID, "/config", "%s",
			       why[0] ? why : "the settings are not sound");
	return true;
}

/* ---- what the tables say ---------------------------------------------- */

static json_t *operation_object(const struct handler *h)
{
	json_t *o = json_object();

	if (h->paged)
		json_object_set_new(o, "pageable", json_true());
	if (!h->mutates)
		return o;
	json_object_set_new(o, "idempotency", json_string(h->idempotency));
	json_object_set_new(o, "cancel", json_string(h->cancel));
	return o;
}

static json_t *operations(const struct handlers *handlers)
{
	json_t *all = json_object();

	for (size_t i = 0; i < handlers->n; i++)
		if (!handlers->rows[i].hidden)
			json_object_set_new(
				all, handlers->rows[i].name,
				operation_object(&handlers->rows[i]));
	return all;
}

static void add_reason(const struct runtime *rt, const char *op, void *all)
{
	const char *why = matrix_reason(rt, op);

	if (*why && !handlers_find(&rt->handlers, op))
		json_object_set_new(all, op, json_string(why));
}

static json_t *reasons(const struct runtime *rt)
{
	json_t *all = json_object();

	matrix_each(rt, add_reason, all);
	return all;
}

static json_t *environment(const char *const (*env)[2])
{
	json_t *o = json_object();

	for (; env && (*env)[0]; env++)
		json_object_set_new(o, (*env)[0], json_string((*env)[1]));
	return o;
}

static json_t *rate_limits(const struct sc_rate_limit *limit)
{
	json_t *all = json_array();

	for (; limit && limit->group; limit++)
		json_array_append_new(all, json_pack("{s:s, s:f}", "group",
						     limit->group, "per_second",
						     limit->per_second));
	return all;
}

static json_t *egress(const char *const *hosts)
{
	json_t *all = json_array();

	for (; hosts && *hosts; hosts++)
		json_array_append_new(all, json_string(*hosts));
	if (!hosts)
		json_array_append_new(all, json_string("*"));
	return all;
}

/* The driver's own JSON text; --check has told of a broken one. */
static json_t *own_json(const char *text)
{
	json_t *v = json_read_quoted(text, NULL);

	return v ? v : json_object();
}

json_t *hello_object(const struct runtime *rt)
{
	const struct sc_driver *d = rt->driver;

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o,"
		" s:o, s:o, s:o}",
		"protocol", SDP_VERSION, "name", d->name, "version", d->version,
		"description", d->description ? d->description : "", "sdk",
		"c/" SKYCLUST_VERSION, "concurrency",
		d->serial ? "serial" : "parallel", "max_inflight",
		(int)rt->max_inflight, "operations", operations(&rt->handlers),
		"unsupported", reasons(rt), "config_schema", own_json(d->config_schema),
		"credential_schema", own_json(d->credential_schema), "env",
		environment(d->env), "kinds", json_incref(rt->handlers.kinds),
		"rate_limits", rate_limits(d->rate_limits), "egress",
		egress(d->egress));
}

/* ---- the request ------------------------------------------------------ */

static bool speaks_ours(json_t *versions)
{
	json_t *v;
	size_t i;

	json_array_foreach (versions, i, v)
		if (json_is_string(v) &&
		    !strncmp(json_string_value(v), MAJOR, strlen(MAJOR)))
			return true;
	return false;
}

static bool check_version(json_t *params, struct error *err)
{
	if (speaks_ours(json_object_get(params, "protocol")))
		return true;
	return fail_at(
		err, ERR_VERSION, "/protocol",
		"no common protocol version: this driver speaks " SDP_VERSION
		"; install a host that offers it, or a driver built with "
		"another SDK than " SKYCLUST_VERSION);
}

static unsigned bounded(long long value, long long min, long long max)
{
	return (unsigned)(value < min ? min : value > max ? max : value);
}

static void take_limits(struct runtime *rt, json_t *limits)
{
	long long frame = json_int(limits, "max_frame", FRAME_MAX_DEFAULT);
	long long calls = json_int(limits, "max_inflight", INFLIGHT_DEFAULT);
	int own = rt->driver->max_inflight;

	rt->max_frame = bounded(frame, 4096, FRAME_MAX_LIMIT);
	rt->max_inflight = bounded(own > 0 ? own : INFLIGHT_DEFAULT, 1,
				   calls > 0 ? calls : 1);
	if (rt->on_limits)
		rt->on_limits(rt);
}

static bool take_config(struct runtime *rt, json_t *params, struct error *err)
{
	json_t *config = json_object_get(params, "config");
	const char *dir = json_str(params, "state_dir", NULL);

	json_decref(rt->config);
	rt->config =
		json_is_object(config) ? json_incref(config) : json_object();
	mem_free(rt->state_dir);
	rt->state_dir = mem_strdup(dir);
	return config_check(rt->driver, rt->config, err);
}

/* The start may block the thread, so the host is told first: this prolongs
 * its patience from 10 s to 60 s (SDP-036). */
WAITS static void announce(struct runtime *rt, const char *stage)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct slice part;

	buf_printf(&out,
		   "{\"jsonrpc\":\"2.0\",\"method\":\"$/starting\","
		   "\"params\":{\"stage\":\"%s\"}}",
		   stage);
	part = buf_slice(&out);
	rt->send_wait(rt, &part, 1);
	fiber_sleep(1); /* what was sent leaves at the end of the turn */
}

WAITS static bool start_driver(struct runtime *rt, struct error *err)
{
	const struct sc_driver *d = rt->driver;
	char why[256] = "";

	if (d->start)
		announce(rt, "start");
	rt->started = !d->start ||
		      d->start(rt->config, rt->state_dir, why, sizeof(why));
	if (rt->started)
		return true;
	return fail(err, ERR_INTERNAL, "driver %s did not start: %s", d->name,
		    why[0] ? why : "it gave no reason");
}

WAITS static bool greet(struct runtime *rt, json_t *params, struct error *err)
{
	if (!check_version(params, err))
		return false;
	take_limits(rt, json_object_get(params, "limits"));
	if (json_bool(params, "probe", false))
		return true; /* the host only wants to know what this is */
	return take_config(rt, params, err) && start_driver(rt, err);
}

struct sc_reply *hello(struct sc_call *call)
{
	struct request *rq = request_of(call);
	struct runtime *rt = rq->rt;
	AUTO(buf_done) struct buf out = { 0 };
	AUTO_JSON json_t *answer = NULL;
	struct error err;

	if (!greet(rt, call->args, &err)) {
		rt->state = RUNTIME_FRESH;
		return reply_fault(rq, &err);
	}
	rt->state = RUNTIME_READY;
	answer = hello_object(rt);
	json_write(answer, &out);
	return reply_result(rq, buf_slice(&out));
}
