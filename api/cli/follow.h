/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that go on after their answer: the server calls them operations
 * (GET /api/v1/operations/ID) and tells how far they have come.
 */
#ifndef SKYCLUST_CLI_FOLLOW_H
#define SKYCLUST_CLI_FOLLOW_H

#include "cli/session.h"

/* Is @value, answered with status @http, an operation under way? */
bool follow_is_operation(const json_t *value, int http);

/*
 * Ask for the @operation of @subject ("instance web") until it has ended, for
 * @timeout_s at most; progress goes to stderr.  True when it has succeeded:
 * @result is what it came to, new (null: nothing).  Else @err says why, and
 * @status: what came of it, STATUS_WAIT (time is over, the operation goes on)
 * or STATUS_INTERRUPTED.
 */
bool follow_operation(struct session *s, const json_t *operation,
		      const char *subject, long long timeout_s, json_t **result,
		      enum exit_status *status, struct error *err);

/* session_call() that follows to its end what goes on after the answer. */
bool follow_call(struct session *s, const struct cat_op *op, const json_t *args,
		 json_t **value, int *http, struct error *err);

#endif
