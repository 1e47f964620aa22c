/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of a cloud: it becomes an operation (operation/operation.h), and the
 * request waits a while for its end.
 */
#ifndef SKYCLUST_API_MUTATION_H
#define SKYCLUST_API_MUTATION_H

#include "call.h"

/* Answer @req: as the operation ended, or 202 with the operation while it goes
 * on.  It goes on, too, when the client does not wait for it. */
WAITS void mutation_answer(struct request *req, const struct cloud_call *call);

#endif
