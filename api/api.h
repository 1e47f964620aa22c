/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST API: what host/main.c starts and stops.
 */
#ifndef SKYCLUST_API_API_H
#define SKYCLUST_API_API_H

#include "config.h"
#include "registry.h"
#include "trust.h"

struct api;

struct api_options {
	const struct config *config;  /* borrowed */
	struct registry *registry;    /* borrowed */
	struct trust *trust;	      /* borrowed */
	const char *version;
};

/* Bind and listen (listen.h, host/tls/tls.h). NULL with @err: bad address, not
 * loopback and no TLS, port taken, a file unreadable. */
struct api *api_new(const struct api_options *options, struct error *err);

/* "http://127.0.0.1:43211", or https: the address really bound; borrowed. */
const char *api_address(const struct api *api);

/* Use @config (borrowed) from now on; where it listens does not change.  False
 * with @err when its certificates cannot be used: the old one stays. */
bool api_reload(struct api *api, const struct config *config,
		struct error *err);

/* Stop accepting, finish what is open until @deadline, close the rest. */
WAITS void api_stop(struct api *api, int64_t deadline);
void api_free(struct api *api);

#endif
