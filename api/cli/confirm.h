/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question before something is destroyed.
 */
#ifndef SKYCLUST_CLI_CONFIRM_H
#define SKYCLUST_CLI_CONFIRM_H

#include "cli/session.h"

/*
 * May @op be done to @resources (an array of objects with id, name)?  Asks on a
 * terminal; --yes is an answer.  False: no (ERR_CANCELLED), or nobody can be
 * asked (ERR_INVALID).
 */
bool confirm(struct session *s, const struct cat_op *op,
	     const json_t *resources, struct error *err);

/* The same question about resources of any kinds, as @names has them. */
bool confirm_names(struct session *s, const char *names, struct error *err);

/* "web (i-1)", or "i-1" where it has no other name; new. */
char *confirm_name(const json_t *resource);

#endif
