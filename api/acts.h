/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which function does what a noun's operation says (host/nouns): one table for
 * each area, acts_AREA.c.
 */
#ifndef SKYCLUST_API_ACTS_H
#define SKYCLUST_API_ACTS_H

#include "trust.h"

struct act_row {
	const char *name; /* "workspace.create" */
	trust_act *act;
};

/* Each ends with a NULL name. */
extern const struct act_row acts_identity[], acts_access[], acts_tenancy[],
	acts_credential[], acts_operation[], acts_audit[];

/* The act called @name; NULL: no table has it (a test looks for that). */
trust_act *act_find(const char *name);

#endif
