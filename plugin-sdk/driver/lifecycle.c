/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods that every driver answers, whatever its tables say.  A driver's
 * own row of the same name comes first.
 */
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "driver/check.h"
#include "driver/runtime.h"

WAITS static bool log_in(struct sc_call *call)
{
	json_t *session = call->driver->login(call);

	json_wipe(session);
	json_decref(session);
	return session != NULL;
}

WAITS static struct sc_reply *health(struct sc_call *call)
{
	int64_t began = clock_ms();

	if (call->driver->health)
		return call->driver->health(call);
	/* A login of its own: health is asked to learn whether the credential
	 * still works, which a cached session would hide. */
	if (call->driver->login && !log_in(call))
		return sc_failed(call);
	return sc_value(call, json_pack("{s:b, s:I}", "ok", 1, "latency_ms",
					(json_int_t)(clock_ms() - began)));
}

static struct sc_reply *selftest(struct sc_call *call)
{
	json_t *findings = check_findings(call->driver);
	bool ok = json_array_size(findings) == 0;

	return sc_value(
		call, json_pack("{s:b, s:o}", "ok", ok, "findings", findings));
}

static struct sc_reply *validate(struct sc_call *call)
{
	AUTO_JSON json_t *config =
		json_incref(json_object_get(call->args, "config"));
	struct error err;

	if (!config)
		config = json_object();
	if (!config_check(call->driver, config, &err))
		return reply_fault(request_of(call), &err);
	return sc_value(call, json_pack("{s:b}", "ok", true));
}

static struct sc_reply *shut_down(struct sc_call *call)
{
	request_of(call)->rt->state = RUNTIME_STOPPING;
	return sc_ok(call);
}

const struct sc_method lifecycle_methods[] = {
	{ "config.validate", validate }, { "driver.health", health },
	{ "driver.selftest", selftest }, { "initialize", hello },
	{ "shutdown", shut_down },	 { NULL }
};
