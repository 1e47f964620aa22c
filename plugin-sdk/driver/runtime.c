/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/runtime.h"

#include "base/mem.h"
#include "cloud/http.h"
#include "cloud/session.h"
#include "rpc/frame.h"

void runtime_init(struct runtime *rt, const struct sc_driver *driver)
{
	*rt = (struct runtime){
		.driver = driver,
		.config = json_object(),
		.max_inflight = INFLIGHT_DEFAULT,
		.max_frame = FRAME_MAX_DEFAULT,
	};
	list_init(&rt->open);
	cond_init(&rt->turn);
	handlers_init(&rt->handlers, driver);
}

void runtime_done(struct runtime *rt)
{
	/* Handlers that still run may use what would be freed here. */
	if (!list_empty(&rt->open))
		return;
	if (rt->started && rt->driver->stop)
		rt->driver->stop();
	session_done();
	http_done();
	handlers_done(&rt->handlers);
	json_decref(rt->config);
	mem_free(rt->state_dir);
}
