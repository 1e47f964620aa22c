/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The section `oidc` of the configuration: OpenID providers by name, with which
 * people may sign in.
 */
#ifndef SKYCLUST_HOST_CONFIG_OIDC_H
#define SKYCLUST_HOST_CONFIG_OIDC_H

#include "config.h"
#include "config_yaml.h"

/* One member of a provider's block. */
struct oidc_setting {
	const char *name;
	const char *fallback; /* NULL: it must be given */
	const char *help;
};
extern const struct oidc_setting config_oidc_settings[]; /* ends with NULL */

/* Read the section under @root into c->oidc: an object by provider of objects
 * that have every member of the table, as text. */
bool config_oidc_read(struct config *c, const struct yaml_node *root,
		      struct error *err);

/* JSON Schema (2020-12) of the section; new. */
json_t *config_oidc_schema(void);

#endif
