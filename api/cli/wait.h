/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --wait: until what was changed has come to rest.
 */
#ifndef SKYCLUST_CLI_WAIT_H
#define SKYCLUST_CLI_WAIT_H

#include "cli/session.h"

#define WAIT_DEFAULT_S 600

/* What a word of a record's `status` means to somebody who waits. */
enum wait_state {
	WAIT_OTHER, /* no word of ours: a newer driver's, nothing to wait for */
	WAIT_MOVING, /* will change by itself */
	WAIT_SETTLED,
	WAIT_GONE,   /* deleted, though it can still be seen */
	WAIT_BROKEN, /* will not come right by itself */
};
enum wait_state wait_state(const char *status);

/* How long to rest between two looks at what began at @began (clock_ms()):
 * rarely, when it takes long. */
int64_t wait_rest_ms(int64_t began);

/*
 * Ask for the resource @id of @op's kind until it has the state that @op leads
 * to: settled, or gone after delete.  After a create that was not answered with
 * the resource, @id may be its name.  @args as for lookup_one().  Progress goes
 * to stderr.  The resource as it is then, new (null: gone, or of a kind that
 * cannot be looked at), or NULL with @err and @status: it came to state error,
 * @timeout_s are over, or the user has interrupted.
 */
json_t *wait_settled(struct session *s, const struct cat_op *op, const char *id,
		     const json_t *args, long long timeout_s,
		     enum exit_status *status, struct error *err);

#endif
