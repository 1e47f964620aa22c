/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler may do while it runs: wait, use a thread, write to the log. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/offload.h"
#include "driver/runtime.h"

bool sc_sleep(struct sc_call *call, int ms)
{
	int64_t until = clock_ms() + ms;

	/* Credit wakes the fiber too, so one park may not be enough. */
	while (!sc_cancelled(call) && clock_ms() < until)
		fiber_park(until);
	return !sc_cancelled(call);
}

void sc_offload(void (*fn)(void *arg), void *arg)
{
	offload(fn, arg);
}

void sc_log(struct sc_call *call, const char *level, const char *fmt, ...)
{
	enum log_level at = LOG_INFO;
	char text[1024];
	va_list ap;

	log_level_from_name(level, &at);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (call)
		log_at(at, withhold(call, text),
		       LOG_STR("method", call->method));
	else
		log_at(at, text);
}
