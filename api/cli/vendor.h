/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vendor's kind as a row of the catalogue, so that everything that works with
 * the catalogue works with it.
 */
#ifndef SKYCLUST_CLI_VENDOR_H
#define SKYCLUST_CLI_VENDOR_H

#include <jansson.h>

#include "base/arena.h"
#include "catalog/catalog.h"

/* @description: the provider's `kinds` member @name: {"title", "operations":
 * {verb: {"paged", "mutates", "args": JSON Schema}}}.  Arena. */
const struct cat_kind *vendor_kind(struct arena *arena, const char *name,
				   const json_t *description);

#endif
