/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provider blocks of the configuration, in the three layouts that
 * config.h names, and what may stand in their string values.
 */
#ifndef SKYCLUST_HOST_CONFIG_PROVIDERS_H
#define SKYCLUST_HOST_CONFIG_PROVIDERS_H

#include "config.h"
#include "config_yaml.h"

/* Read all provider blocks under @root into @c. */
bool config_providers_read(struct config *c, const struct yaml_node *root,
			   struct error *err);

/* Is the member @node of `plugins` a provider block, not a setting? */
bool config_providers_is_block(const struct yaml_node *node);

/* Does @block hold `enabled` and `config`, or the settings themselves? */
bool config_providers_is_wrapped(const struct yaml_node *block);

/* [a-z][a-z0-9-]{0,31} */
bool config_providers_name_ok(const char *name);

void config_provider_free(struct config_provider *p);

/* Replace ${ENV} and file: in the strings of @value (an object or array) in
 * place; relative files are looked for in @folder. */
bool config_expand(json_t *value, const char *folder, struct error *err);

#endif
