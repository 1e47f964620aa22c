/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handler reads of its request.  Everything was checked before it ran,
 * so these cannot fail.
 */

#include "base/clock.h"
#include "base/json.h"
#include "driver/runtime.h"

struct request *request_of(struct sc_call *call)
{
	return container_of(call, struct request, call);
}

const char *sc_str(struct sc_call *call, const char *name)
{
	return json_str(call->args, name, NULL);
}

long long sc_int(struct sc_call *call, const char *name)
{
	return json_int(call->args, name, 0);
}

bool sc_bool(struct sc_call *call, const char *name)
{
	return json_bool(call->args, name, false);
}

json_t *sc_args(struct sc_call *call)
{
	return call->args;
}

bool sc_has(struct sc_call *call, const char *name)
{
	const json_t *v = json_object_get(call->args, name);

	return v && !json_is_null(v);
}

const char *sc_cred(struct sc_call *call, const char *name)
{
	return json_str(call->secrets, name, NULL);
}

const char *sc_config(struct sc_call *call, const char *name)
{
	return json_str(call->config, name, NULL);
}

json_t *sc_config_json(struct sc_call *call)
{
	return call->config;
}

const char *sc_region(struct sc_call *call)
{
	return call->region;
}

const char *sc_zone(struct sc_call *call)
{
	return call->zone;
}

const char *sc_op(struct sc_call *call)
{
	return call->op;
}

const char *sc_method_name(struct sc_call *call)
{
	return call->method;
}

int64_t sc_time_left_ms(struct sc_call *call)
{
	return clock_left(call->deadline);
}

bool sc_cancelled(struct sc_call *call)
{
	const struct request *rq = request_of(call);

	return rq->cancelled || rq->timed_out;
}

const char *sc_state_dir(struct sc_call *call)
{
	return call->state_dir;
}
