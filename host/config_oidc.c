/* SPDX-License-Identifier: Apache-2.0 */
#include "config_oidc.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "config_providers.h"

/* clang-format off */
const struct oidc_setting config_oidc_settings[] = {
	{ "issuer", NULL,
	  "URL of the provider, as its discovery document names it; https, or http on loopback." },
	{ "client_id", NULL, "Name by which the provider knows this host." },
	{ "client_secret", "", "Secret shared with it; empty: a public client." },
	{ "scopes", "openid profile email", "What is asked for." },
	{ "name_claim", "preferred_username", "Claim that names a user who signs in first." },
	{ "role", "user",
	  "System role of a user who signs in first; empty: only users who are here sign in." },
	{ NULL },
};
/* clang-format on */

static bool is_known(const char *name)
{
	for (const struct oidc_setting *s = config_oidc_settings; s->name; s++)
		if (!strcmp(s->name, name))
			return true;
	return false;
}

static bool unknown(const struct config *c, const struct yaml_node *block,
		    const struct yaml_node *node, struct error *err)
{
	const char *names[16], *near;
	size_t n = 0;

	for (const struct oidc_setting *s = config_oidc_settings; s->name; s++)
		names[n++] = s->name;
	near = text_nearest(node->key, names, n);
	return fail(err, ERR_INVALID,
		    "%s:%d: oidc.%s.%s: no such setting%s%s%s", c->file,
		    node->line, block->key, node->key,
		    near ? "; did you mean " : "", near ? near : "",
		    near ? "?" : "");
}

static bool check_members(const struct config *c, const struct yaml_node *block,
			  struct error *err)
{
	const struct yaml_node *node;

	list_each (node, &block->children, struct yaml_node, link) {
		if (!is_known(node->key))
			return unknown(c, block, node, err);
		if (node->type != YAML_TEXT)
			return fail(err, ERR_INVALID,
				    "%s:%d: oidc.%s.%s: must be one value",
				    c->file, node->line, block->key, node->key);
	}
	return true;
}

static bool fill_in(const struct config *c, const struct yaml_node *block,
		    json_t *provider, struct error *err)
{
	for (const struct oidc_setting *s = config_oidc_settings; s->name;
	     s++) {
		if (json_is_string(json_object_get(provider, s->name)))
			continue;
		if (!s->fallback)
			return fail(err, ERR_INVALID,
				    "%s:%d: oidc.%s: %s is missing", c->file,
				    block->line, block->key, s->name);
		json_object_set_new(provider, s->name,
				    json_string(s->fallback));
	}
	return true;
}

/* A password sent to such a host would be read by everybody on its way. */
static bool check_issuer(const struct config *c, const struct yaml_node *block,
			 const json_t *provider, struct error *err)
{
	const char *url = json_str(provider, "issuer", "");

	if (text_starts(url, "https://") ||
	    text_starts(url, "http://127.0.0.1:") ||
	    text_starts(url, "http://localhost:") ||
	    text_starts(url, "http://[::1]:"))
		return true;
	return fail(err, ERR_INVALID,
		    "%s:%d: oidc.%s: issuer must begin with https:// (http:// "
		    "only on loopback)",
		    c->file, block->line, block->key);
}

static bool read_block(struct config *c, const struct yaml_node *block,
		       const char *folder, struct error *err)
{
	json_t *provider;

	if (!config_providers_name_ok(block->key) || block->type != YAML_MAP)
		return fail(err, ERR_INVALID,
			    "%s:%d: oidc.%s: must be a block of settings, "
			    "under a name of small letters, digits and hyphens",
			    c->file, block->line, block->key);
	if (!check_members(c, block, err))
		return false;
	provider = config_yaml_to_json(block);
	json_object_set_new(c->oidc, block->key, provider);
	if (!config_expand(provider, folder, err))
		return fail_within(err, "%s:%d: oidc.%s", c->file, block->line,
				   block->key);
	return fill_in(c, block, provider, err) &&
	       check_issuer(c, block, provider, err);
}

bool config_oidc_read(struct config *c, const struct yaml_node *root,
		      struct error *err)
{
	const struct yaml_node *section = config_yaml_get(root, "oidc");
	const char *slash = strrchr(c->file, '/');
	AUTO_FREE char *folder =
		slash ? mem_strndup(c->file, (size_t)(slash - c->file) + 1)
		      : mem_strdup(".");
	const struct yaml_node *block;

	if (!section || config_yaml_is_null(section))
		return true;
	if (section->type != YAML_MAP)
		return fail(err, ERR_INVALID,
			    "%s:%d: oidc: must be OpenID providers by name",
			    c->file, section->line);
	list_each (block, &section->children, struct yaml_node, link)
		if (!read_block(c, block, folder, err))
			return false;
	return true;
}

json_t *config_oidc_schema(void)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct oidc_setting *s = config_oidc_settings; s->name;
	     s++) {
		json_t *value = json_pack("{ss ss}", "type", "string",
					  "description", s->help);

		if (s->fallback)
			json_object_set_new(value, "default",
					    json_string(s->fallback));
		else
			json_array_append_new(required, json_string(s->name));
		json_object_set_new(properties, s->name, value);
	}
	return json_pack("{ss s{ss} s{ss so so sb}}", "type", "object",
			 "propertyNames", "pattern", "^[a-z][a-z0-9-]{0,31}$",
			 "additionalProperties", "type", "object", "properties",
			 properties, "required", required,
			 "additionalProperties", 0);
}
