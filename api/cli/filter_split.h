/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --filter: what the cloud can choose by goes to it as arguments, the rest is
 * for output_filter().
 */
#ifndef SKYCLUST_CLI_FILTER_SPLIT_H
#define SKYCLUST_CLI_FILTER_SPLIT_H

#include <jansson.h>

#include "base/error.h"
#include "catalog/catalog.h"

/* Move the "name=value" of @filter that are filters of @op into @args; gives
 * what is left, new ("": nothing), or NULL with @err. */
char *filter_split(const struct cat_op *op, const char *filter, json_t *args,
		   struct error *err);

#endif
