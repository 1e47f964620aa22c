/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registry.c, call.c and settle.c share.
 */
#ifndef SKYCLUST_HOST_REGISTRY_IMPL_H
#define SKYCLUST_HOST_REGISTRY_IMPL_H

#include "registry.h"
#include "supervise/provider.h"

struct registry {
	const struct config *config;    /* borrowed */
	struct provider **all;          /* sorted by name */
	size_t n;
	struct list leaving;    /* struct provider: removed, not dead */
	struct cond emptied;    /* somebody left `leaving` */
	void (*on_refusal)(void *arg, const struct driver_request *req,
			   const struct error *err); /* or NULL */
	void *on_refusal_arg;
};

/* Borrowed, NULL when there is none. */
struct provider *registry_provider(const struct registry *r, const char *name);

/* driver_call() of a provider that the caller holds (call.c). */
WAITS bool call_provider(struct provider *p, const struct driver_request *req,
			 struct driver_reply *reply, struct error *err);

#endif
