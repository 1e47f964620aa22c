/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake's two halves as JSON: what the host says in `initialize`, and
 * whether what the driver answers can be worked with.
 */
#ifndef SKYCLUST_SUPERVISE_HELLO_H
#define SKYCLUST_SUPERVISE_HELLO_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "rpc/message.h"

#define HELLO_MAX_FRAME (1 << 20)

struct hello_request {
	bool probe;             /* only the description is wanted */
	const json_t *config;   /* settings without secrets; NULL: {} */
	const char *state_dir;  /* NULL: none */
	long long max_inflight;
};

/* The params of `initialize` onto @out. */
void hello_write(const struct hello_request *h, struct buf *out);

/* The driver's answer as a tree (new), checked: NULL with
 * ERR_DRIVER_BAD_ANSWER or ERR_VERSION that says what is wrong with it. */
json_t *hello_read(struct slice raw, struct error *err);

#endif
