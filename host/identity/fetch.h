/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small HTTP requests of the host itself, to the OpenID providers that the
 * operator configured (libcurl, on a thread of the pool).  No redirects, no
 * proxies' cookies, TLS 1.2 or later, certificates checked; plain HTTP to
 * loopback only.
 */
#ifndef SKYCLUST_HOST_IDENTITY_FETCH_H
#define SKYCLUST_HOST_IDENTITY_FETCH_H

#include <jansson.h>

#include "base/error.h"

#define FETCH_MAX (1 << 20) /* bytes of an answer */
#define FETCH_TIMEOUT_MS 5000

/* GET @url and read the JSON object it gives; new, or NULL with
 * ERR_CLOUD_UNAVAILABLE or ERR_CLOUD_BAD_ANSWER. */
WAITS json_t *fetch_json(const char *url, struct error *err);

/*
 * POST @form (application/x-www-form-urlencoded) to @url; @user and @password
 * are sent by HTTP Basic unless @user is NULL.  The JSON object of the answer,
 * new, of any status: @status (RFC 6749 answers errors as JSON, too).
 */
WAITS json_t *fetch_form(const char *url, const char *form, const char *user,
			 const char *password, long *status, struct error *err);

#endif
