/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct sc_call: one request, as the engine and the handlers see it.  The
 * dispatcher (driver/) makes it and adds the transport; the engine (cloud/)
 * reads arguments and leaves failures in it.
 *
 * Of what driver.h declares, region.c has sc_has_region(), and call.c
 * sc_credential_digest(), sc_args_with(), sc_rest_call(), sc_rest_http(),
 * sc_http(), sc_http_done(), sc_may_connect(), sc_fault_code() and
 * sc_fault_clear(); the rest is the dispatcher's.
 */
#ifndef SKYCLUST_CLOUD_CALL_H
#define SKYCLUST_CLOUD_CALL_H

#include <jansson.h>

#include "base/address.h"
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
	const char *provider;   /* the name of this use of the driver, or NULL */
	const char *region, *zone, *op, *workspace, *trace; /* NULL: not given */
	enum egress egress;     /* whose word the addresses are */
	int attempt;
	int64_t deadline;       /* clock_ms */
	char digest[65];        /* hex SHA-256 of the canonical secrets; filled
				 * in by sc_credential_digest() */
	json_t *session;        /* counted; NULL until a row needs it; ended
				 * by session_release() */
	bool logging_in;        /* the driver's login runs for it */
	struct error fault;     /* code != ERR_NONE: pending failure */
	bool native;            /* keep the cloud's own object in `native` */
	/* Told the cloud's id the moment a row that creates knows it; steals
	 * @data.  NULL: nobody wants to know. */
	void (*checkpoint)(struct sc_call *call, json_t *data);
	struct arena arena;
};

#endif
