/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings, turned into text that can be read back and into a
 * JSON Schema for editors.
 */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "config_providers.h"
#include "config_oidc.h"
#include "config_table.h"

/* ---- YAML ---------------------------------------------------------------- */

/* Text that YAML reads back as this string: always in double quotes, which
 * share their escapes with JSON (YAML 1.2 section 7.3.1). */
static void write_quoted(const char *text, struct buf *out)
{
	buf_add_char(out, '"');
	buf_add_json_escaped(out, slice_of(text));
	buf_add_char(out, '"');
}

static void mask(struct buf *text, const char *from, const char *to)
{
	AUTO_FREE char *rest = mem_strdup(to);

	buf_truncate(text, (size_t)(from - text->p));
	buf_printf(text, "***%s", rest);
}

/* The password of a URL: scheme://user:PASSWORD@host/path?password=PASSWORD. */
static void mask_password(struct buf *text)
{
	static const char member[] = "password=";
	const char *user = text->n ? strstr(text->p, "://") : NULL;
	const char *at, *colon, *query;

	if (!user)
		return;
	user += strlen("://");
	at = user + strcspn(user, "@/?");
	colon = user + strcspn(user, ":@/?");
	if (*at == '@' && *colon == ':')
		mask(text, colon + 1, at);
	query = strstr(text->p, member);
	if (query) {
		query += strlen(member);
		mask(text, query, query + strcspn(query, "&"));
	}
}

static void write_setting(const struct setting *s, const struct config *c,
			  struct buf *out)
{
	struct buf value = { 0 };

	buf_printf(out, "  # %s Default: %s\n  %s: ", s->help,
		   *s->fallback ? s->fallback : "\"\"",
		   strchr(s->key, '.') + 1);
	config_write_value(s, c, &value);
	mask_password(&value);
	if (s->type == SET_TEXT)
		write_quoted(value.p ? value.p : "", out);
	else
		buf_add_str(out, value.p);
	buf_add_char(out, '\n');
	buf_wipe(&value);
}

/* Is this the name of something that must not be shown?  Before a driver's
 * handshake nobody knows for sure, so the name decides, and rather too often.
 */
static bool looks_secret(const char *key)
{
	static const char *const words[] = { "password", "passwd", "secret",
					     "token",	 "key",	   "credential",
					     "private" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(key, words[i]))
			return true;
	return false;
}

/* @text so that reading it expands to @text again; new. */
static json_t *escaped(const char *text)
{
	struct buf out = { 0 };
	json_t *value;

	buf_reserve(&out, 1);
	if (text_starts(text, "file:") && !text_starts(text, "file://")) {
		buf_add_str(&out, "${:-file:}"); /* not the name of a file */
		text += strlen("file:");
	}
	for (; *text; text++) {
		if (text[0] == '$' && text[1] == '{')
			buf_add_char(&out, '$');
		buf_add_char(&out, *text);
	}
	value = json_stringn(out.p, out.n);
	buf_wipe(&out);
	return value;
}

static json_t *shown(const json_t *value, bool expanded);

static json_t *shown_member(const char *key, const json_t *value, bool expanded)
{
	return looks_secret(key) ? json_string("***") : shown(value, expanded);
}

/* A copy (new) with secret members masked; strings that were expanded when
 * they were read are written so that they are read as what they are. */
static json_t *shown(const json_t *value, bool expanded)
{
	json_t *copy, *member;
	const char *key;
	size_t i;

	if (json_is_string(value) && expanded)
		return escaped(json_string_value(value));
	copy = json_copy((json_t *)value);
	json_object_foreach (copy, key, member)
		json_object_set_new(copy, key,
				    shown_member(key, member, expanded));
	json_array_foreach (copy, i, member)
		json_array_set_new(copy, i, shown(member, expanded));
	return copy;
}

/* A driver's settings as one JSON object, which is YAML too. */
static void write_config(const struct config_provider *p, struct buf *out)
{
	AUTO_JSON json_t *config = shown(p->config, p->enabled);

	json_write(config, out);
}

static void write_provider(const struct config_provider *p, struct buf *out)
{
	buf_printf(out, "    %s:\n      enabled: %s\n      driver: %s\n",
		   p->name, p->enabled ? "true" : "false", p->driver);
	if (p->path) {
		buf_add_str(out, "      path: ");
		write_quoted(p->path, out);
		buf_add_char(out, '\n');
	}
	buf_printf(out,
		   "      start: %s\n      shared: %s\n"
		   "      private_networks: %s\n      config: ",
		   p->eager ? "eager" : "lazy", p->shared ? "true" : "false",
		   p->private_networks ? "true" : "false");
	write_config(p, out);
	buf_add_char(out, '\n');
}

static void write_providers(const struct config *c, struct buf *out)
{
	const struct config_provider *p;

	buf_add_str(out, "  # Named uses of drivers.\n  providers:\n");
	list_each (p, &c->providers, struct config_provider, link)
		write_provider(p, out);
}

static void write_oidc(const struct config *c, struct buf *out)
{
	AUTO_JSON json_t *oidc = shown(c->oidc, true);

	buf_add_str(out, "\n# OpenID providers that people may sign in with."
			 "\noidc: ");
	json_write(oidc, out);
	buf_add_char(out, '\n');
}

void config_print(const struct config *c, struct buf *out)
{
	struct slice section = SLICE("");

	for (const struct setting *s = config_settings; s->key; s++) {
		struct slice now = { s->key, strcspn(s->key, ".") };

		if (now.n != section.n || memcmp(now.p, section.p, now.n)) {
			buf_printf(out, "%s%.*s:\n", section.n ? "\n" : "",
				   (int)now.n, now.p);
			section = now;
		}
		write_setting(s, c, out);
		if (!strcmp(s->key, "plugins.timeout"))
			write_providers(c, out);
	}
	write_oidc(c, out);
}

/* ---- JSON Schema --------------------------------------------------------- */

static json_t *words_schema(const char *const *words)
{
	json_t *list = json_array();

	for (; *words; words++)
		json_array_append_new(list, json_string(*words));
	return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *value_schema(const struct setting *s)
{
	switch (s->type) {
	case SET_TEXT:
		return json_pack("{s:s}", "type", "string");
	case SET_WORD:
		return words_schema(s->words);
	case SET_INT:
		return json_pack("{s:s, s:I, s:I}", "type", "integer",
				 "minimum", (json_int_t)s->min, "maximum",
				 (json_int_t)s->max);
	case SET_DURATION:
		return json_pack("{s:s, s:s}", "type", "string", "pattern",
				 "^[0-9]+(ms|s|m|h)$");
	case SET_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	}
	return NULL;
}

static json_t *fallback_value(const struct setting *s)
{
	long long number;

	if (s->type == SET_BOOL)
		return json_boolean(!strcmp(s->fallback, "true"));
	if (s->type == SET_INT &&
	    text_to_int(s->fallback, s->min, s->max, &number))
		return json_integer(number);
	return json_string(s->fallback);
}

static json_t *section_of(json_t *properties, const char *name)
{
	json_t *section = json_object_get(properties, name);

	if (!section) {
		section = json_pack("{s:s, s:{}, s:b}", "type", "object",
				    "properties", "additionalProperties", 0);
		json_object_set_new(properties, name, section);
	}
	return section;
}

static void add_setting(json_t *properties, const struct setting *s)
{
	const char *dot = strchr(s->key, '.');
	AUTO_FREE char *name = mem_strndup(s->key, (size_t)(dot - s->key));
	json_t *section = section_of(properties, name);
	json_t *value = value_schema(s);

	json_object_set_new(value, "description", json_string(s->help));
	json_object_set_new(value, "default", fallback_value(s));
	json_object_set_new(json_object_get(section, "properties"), dot + 1,
			    value);
}

static json_t *block_schema(void)
{
	return json_pack(
		"{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:[s,s]},"
		" s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s}}, s:b}",
		"type", "object", "properties", "enabled", "type", "boolean",
		"driver", "type", "string", "path", "type", "string", "start",
		"type", "string", "enum", "lazy", "eager", "shared", "type",
		"boolean", "description",
		"Workspaces without a credential of their own may use the one "
		"in config.",
		"private_networks", "type", "boolean", "description",
		"Credentials of workspaces may name hosts in private networks.",
		"config", "type", "object", "additionalProperties", 0);
}

static json_t *blocks_schema(json_t *block)
{
	return json_pack("{s:s, s:{s:s}, s:o}", "type", "object",
			 "propertyNames", "pattern", "^[a-z][a-z0-9-]{0,31}$",
			 "additionalProperties", block);
}

json_t *config_schema(void)
{
	json_t *properties = json_object(), *plugins;

	for (const struct setting *s = config_settings; s->key; s++)
		add_setting(properties, s);
	plugins = section_of(properties, "plugins");
	json_object_set_new(json_object_get(plugins, "properties"), "providers",
			    blocks_schema(block_schema()));
	json_object_set_new(plugins, "additionalProperties", block_schema());
	json_object_set_new(
		properties, "providers",
		blocks_schema(json_pack("{s:s}", "type", "object")));
	json_object_set_new(properties, "oidc", config_oidc_schema());
	return json_pack("{s:s, s:s, s:s, s:o, s:b}", "$schema",
			 "https://json-schema.org/draft/2020-12/schema",
			 "title", "skyclust.yaml", "type", "object",
			 "properties", properties, "additionalProperties", 0);
}
