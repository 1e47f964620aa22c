/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider as JSON, short and whole.
 */
#ifndef SKYCLUST_API_PROVIDER_JSON_H
#define SKYCLUST_API_PROVIDER_JSON_H

#include <jansson.h>

#include "registry.h"

/* Name, driver, state, generation, process and counts; new. */
json_t *provider_summary(const struct provider_info *info);

/* The same with what the handshake brought: the support matrix, schemas,
 * environment names, vendor kinds.  New. */
json_t *provider_description(const struct provider_info *info);

#endif
