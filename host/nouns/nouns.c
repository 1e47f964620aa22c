/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables, one after the other.
 */
#include "nouns/nouns.h"

#include <string.h>

static const struct noun *const tables[] = {
	nouns_identity,	  nouns_access,	   nouns_tenancy,
	nouns_credential, nouns_operation, nouns_audit,
};

#define MOST 64

const char *access_scope_name(enum access_scope scope)
{
	static const char *const names[] = {
		[ACCESS_NONE] = "none",		  [ACCESS_OPEN] = "open",
		[ACCESS_SELF] = "self",		  [ACCESS_SYSTEM] = "system",
		[ACCESS_WORKSPACE] = "workspace", [ACCESS_NAMED] = "named",
	};

	return names[scope];
}

const struct noun *const *nouns_all(void)
{
	static const struct noun *all[MOST + 1];
	size_t n = 0;

	if (all[0])
		return all;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct noun *noun = tables[i]; noun->kind; noun++)
			if (n < MOST)
				all[n++] = noun;
	return all;
}

const struct noun *noun_find(const char *kind)
{
	const struct noun *const *all = nouns_all();

	for (; kind && *all; all++)
		if (!strcmp((*all)->kind->name, kind))
			return *all;
	return NULL;
}

const struct cat_op *noun_op_find(const char *name)
{
	const struct noun *const *all = nouns_all();

	for (; name && *all; all++)
		for (const struct cat_op *op = (*all)->kind->ops; op->name;
		     op++)
			if (!strcmp(op->name, name))
				return op;
	return NULL;
}

static bool is_listed(const char *verb, const char *const *list)
{
	for (; list && *list; list++)
		if (!strcmp(*list, verb))
			return true;
	return false;
}

enum access_scope noun_scope(const struct noun *noun, const struct cat_op *op)
{
	if (is_listed(op->verb, noun->open))
		return ACCESS_OPEN;
	if (is_listed(op->verb, noun->self))
		return ACCESS_SELF;
	if (is_listed(op->verb, noun->system))
		return ACCESS_SYSTEM;
	return noun->scope;
}
