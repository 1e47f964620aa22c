/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables, one after the other.
 */
#include "acts.h"

#include <string.h>

static const struct act_row *const tables[] = {
	acts_identity,	 acts_access,	 acts_tenancy,
	acts_credential, acts_operation, acts_audit,
};

trust_act *act_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct act_row *row = tables[i]; row->name; row++)
			if (!strcmp(row->name, name))
				return row->act;
	return NULL;
}
