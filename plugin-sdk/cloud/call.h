/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct sc_call: one request, as the engine and the handlers see it.  The
 * dispatcher (driver/) makes it and adds the transport; the engine (cloud/)
 * reads arguments and leaves failures in it.
 */
#ifndef SKYCLUST_CLOUD_CALL_H
#define SKYCLUST_CLOUD_CALL_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "skyclust/driver.h"

struct sc_call {
	const struct sc_driver *driver;
	const char *method;     /* "instance.list" */
	json_t *args;           /* checked against the catalogue */
	json_t *secrets;        /* the credential; wiped at the end */
	json_t *config;         /* the provider's settings */
	const char *state_dir;  /* or NULL */
	const char *region, *zone, *op, *workspace, *trace; /* NULL: not given */
	int attempt;
	int64_t deadline;       /* clock_ms */
	char digest[65];        /* hex SHA-256 of the canonical secrets */
	json_t *session;        /* counted; NULL until a row needs it */
	struct error fault;     /* code != ERR_NONE: pending failure */
	bool native;            /* keep the cloud's own object in `native` */
	struct arena arena;
};

#endif
