/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References in the texts of a manifest: "${network.web-net.id}" stands for a
 * member of another resource.  "$${…}" stands for "${…}" itself; what has not
 * the form KIND.NAME.MEMBER ("${HOME}" in a script) is left as it is.
 */
#ifndef SKYCLUST_CLI_REFERENCE_H
#define SKYCLUST_CLI_REFERENCE_H

#include <jansson.h>

#include "base/error.h"

/* What @reference ("network.web-net.id") stands for: new, or NULL with @err. */
typedef json_t *reference_fn(void *arg, const char *reference,
			     struct error *err);

/*
 * A copy of @value with every reference replaced; new, or NULL with @err.  A
 * text that is one reference becomes its value, of whatever type; within a
 * longer text only texts, numbers and booleans can stand.
 */
json_t *reference_fill(const json_t *value, reference_fn *fn, void *arg,
		       struct error *err);

/* Is there a reference in @value, at any depth? */
bool reference_in(const json_t *value);

#endif
