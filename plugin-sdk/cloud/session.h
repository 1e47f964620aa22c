/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: the values that a driver's login() gave, cached by credential,
 * region, settings and where the call may connect to.  One login at a time for
 * each; the others wait for it and share its outcome, so a wrong password is
 * tried once, not once for each request in flight.  The least recently used
 * ones go beyond SESSION_MAX.
 */
#ifndef SKYCLUST_CLOUD_SESSION_H
#define SKYCLUST_CLOUD_SESSION_H

#include "cloud/call.h"

#define SESSION_MAX 256
#define SESSION_EARLY_MS 60000  /* renewed so long before expires_at */

/* Make sure that call->session is there and not about to expire: the cached
 * one, or a login.  False: call->fault says why. */
WAITS bool session_get(struct sc_call *call);

/* The cloud refused call->session: forget it, unless a newer one is cached
 * already.  The next session_get() finds that one or logs in. */
void session_drop(struct sc_call *call);

/* Let go of call->session; the last holder wipes it.  The dispatcher calls
 * this at the end of each request instead of json_decref(). */
void session_release(struct sc_call *call);

/* How many are cached, and forget (wipe) all of them: at stop, and in tests. */
size_t session_count(void);
void session_done(void);

#endif
