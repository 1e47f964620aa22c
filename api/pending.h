/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that goes on in the cloud after the driver's answer: it is asked for
 * until it is done or the request's time is over.
 */
#ifndef SKYCLUST_API_PENDING_H
#define SKYCLUST_API_PENDING_H

#include "http.h"
#include "registry.h"

/* Ask `op.poll` until @reply, which is pending, is final or @asked's deadline
 * is near; @reply is then still pending.  False with @err: the work failed;
 * @reply is done away with. */
WAITS bool pending_wait(struct request *req, const struct driver_request *asked,
			struct driver_reply *reply, struct error *err);

/* 202: the work goes on, and its end is seen by reading the resource. */
void pending_answer(struct request *req, struct driver_reply *reply);

#endif
