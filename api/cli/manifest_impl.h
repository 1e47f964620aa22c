/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the manifest share.
 */
#ifndef SKYCLUST_CLI_MANIFEST_IMPL_H
#define SKYCLUST_CLI_MANIFEST_IMPL_H

#include "command.h"
#include "manifest.h"

void manifest_fault(struct manifest *m, int line, const char *pointer,
		    const char *detail);

/* Fill in @r (kind, operation, name, arguments) from @value; false when it
 * cannot be told what it is: the faults say why. */
bool manifest_take(struct manifest *m, struct resource *r, json_t *value);

/* Check the arguments of @r as far as they are known, and note what it refers
 * to. */
void manifest_check(struct manifest *m, struct resource *r);

#endif
