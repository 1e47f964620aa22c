/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --wait: until what was changed has come to rest.
 */
#ifndef SKYCLUST_CLI_WAIT_H
#define SKYCLUST_CLI_WAIT_H

#include "cli/session.h"

#define WAIT_DEFAULT_S 600

/*
 * Ask for the resource @id of @op's kind until it has the state that @op leads
 * to: settled, or gone after delete.  @args as for lookup_one().  Progress goes
 * to stderr.  The resource as it is then, new (null: gone), or NULL with @err
 * and @exit: it came to state error, @timeout_s are over, or the user has
 * interrupted.
 */
json_t *wait_settled(struct session *s, const struct cat_op *op, const char *id,
		     const json_t *args, long long timeout_s,
		     enum exit_status *status, struct error *err);

#endif
