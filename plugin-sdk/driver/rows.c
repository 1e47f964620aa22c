/* SPDX-License-Identifier: Apache-2.0 */
/* Answers a request by a row of a REST table. */
#include "base/auto.h"
#include "base/mem.h"
#include "cloud/rest.h"
#include "driver/runtime.h"

WAITS static bool emit(void *arg, json_t *record)
{
	return sc_emit(arg, record);
}

WAITS static struct sc_reply *reply_list(struct sc_call *call,
					 const struct sc_rest *row,
					 json_t *args)
{
	struct sc_reply *reply;
	char *next = NULL;

	if (!rest_list(call, row, args, emit, call, &next))
		return sc_failed(call);
	reply = sc_list_end(call, next);
	mem_free(next);
	return reply;
}

WAITS static struct sc_reply *reply_by(struct sc_call *call,
				       const struct sc_rest *row, json_t *args)
{
	json_t *value;

	if (rest_is_list(row))
		return reply_list(call, row, args);
	value = rest_value(call, row, args);
	return value ? sc_value(call, value) : sc_failed(call);
}

struct sc_reply *sc_rest_reply(struct sc_call *call, const char *op,
			       json_t *args)
{
	AUTO_JSON json_t *owned = args ? args : json_incref(call->args);
	const struct sc_rest *row = rest_choose(call->driver, op, owned);

	if (!rest_find(call->driver, op))
		return reply_defect(request_of(call), "it asked for a row that "
						      "no table has");
	if (row)
		return reply_by(call, row, owned);
	rest_no_row(call->driver, op, owned, &call->fault);
	return sc_failed(call);
}

struct sc_reply *rows_answer(struct sc_call *call)
{
	const struct sc_driver *d = call->driver;
	const struct sc_rest *row = rest_choose(d, call->method, call->args);

	if (!row || !row->run)
		return sc_rest_reply(call, call->method, NULL);
	if (!rest_understands(d, row, call->args, &call->fault))
		return sc_failed(call);
	return row->run(call);
}
