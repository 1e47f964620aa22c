/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"

/* More than credentials are long: a buffer that grows leaves its old bytes
 * behind. */
#define SECRETS_ROOM (16 << 10)

static const json_t *schema_of(const json_t *hello, const char *schema,
			       const char *field)
{
	const json_t *properties =
		json_object_get(json_object_get(hello, schema), "properties");

	return json_object_get(properties, field);
}

json_t *settings_typed(const char *text, const json_t *schema)
{
	const char *type = json_str(schema, "type", "string");
	long long number;

	if (!strcmp(type, "integer") &&
	    text_to_int(text, -JSON_MAX_INT, JSON_MAX_INT, &number))
		return json_integer(number);
	if (!strcmp(type, "boolean") &&
	    (!strcmp(text, "true") || !strcmp(text, "false")))
		return json_boolean(text[0] == 't');
	return json_string(text);
}

/* A password of digits is text, however YAML reads it. */
static json_t *as_schema_wants(json_t *value, const json_t *schema)
{
	struct buf text = { 0 };
	json_t *string;

	if (strcmp(json_str(schema, "type", ""), "string") != 0 ||
	    json_is_string(value) || json_is_object(value) ||
	    json_is_array(value) || json_is_null(value))
		return json_incref(value);
	json_write(value, &text);
	string = json_stringn(text.p, text.n);
	buf_wipe(&text);
	return string;
}

static void place(struct settings *s, json_t *secrets, const json_t *hello,
		  const char *field, json_t *value)
{
	const json_t *schema = schema_of(hello, "credential_schema", field);

	if (schema)
		json_object_set_new(secrets, field,
				    as_schema_wants(value, schema));
	else
		json_object_set_new(
			s->config, field,
			as_schema_wants(value, schema_of(hello, "config_schema",
							 field)));
}

static void take_environment(struct settings *s, json_t *secrets,
			     const json_t *hello)
{
	const char *variable, *value, *field;
	json_t *name;

	json_object_foreach (json_object_get(hello, "env"), variable, name) {
		const json_t *schema;
		AUTO_JSON json_t *given = NULL;

		field = json_string_value(name);
		value = getenv(variable);
		if (!value || !*value || json_object_get(s->config, field) ||
		    json_object_get(secrets, field))
			continue;
		schema = schema_of(hello, "credential_schema", field);
		if (!schema)
			schema = schema_of(hello, "config_schema", field);
		given = settings_typed(value, schema);
		place(s, secrets, hello, field, given);
	}
}

/* The variable that would give @field, or NULL. */
static const char *variable_of(const json_t *hello, const char *field)
{
	const char *variable;
	json_t *name;

	json_object_foreach (json_object_get(hello, "env"), variable, name)
		if (!strcmp(json_string_value(name), field))
			return variable;
	return NULL;
}

/* What of @schema nobody gave, into @missing. */
static void check_required(const char *provider, const json_t *hello,
			   const char *schema, const json_t *have,
			   enum err_code code, struct error *missing)
{
	const json_t *required =
		json_object_get(json_object_get(hello, schema), "required");
	json_t *field;
	size_t i;

	json_array_foreach ((json_t *)required, i, field) {
		const char *name = json_string_value(field), *variable;

		if (!name || json_object_get(have, name))
			continue;
		variable = variable_of(hello, name);
		fail(missing, code,
		     "provider %s has no %s: set plugins.providers.%s."
		     "config.%s%s%s",
		     provider, name, provider, name,
		     variable ? ", or start the host with " : "",
		     variable ? variable : "");
		missing->effect = EFFECT_NONE;
		return;
	}
}

static void keep_secrets(struct settings *s, const json_t *secrets)
{
	struct buf text = { 0 };

	buf_reserve(&text, SECRETS_ROOM);
	json_write(secrets, &text);
	s->secrets = secret_new(text.p, text.n);
	buf_wipe(&text);
	redact_add(&s->redact, secrets);
}

void settings_init(struct settings *s, const char *name, const json_t *hello,
		   const json_t *block)
{
	json_t *secrets = json_object(), *value;
	const char *field;

	*s = (struct settings){ .config = json_object() };
	json_object_foreach ((json_t *)block, field, value)
		place(s, secrets, hello, field, value);
	take_environment(s, secrets, hello);
	check_required(name, hello, "config_schema", s->config, ERR_INVALID,
		       &s->missing);
	check_required(name, hello, "credential_schema", secrets,
		       ERR_UNAUTHENTICATED, &s->no_secret);
	keep_secrets(s, secrets);
	json_wipe(secrets);
	json_decref(secrets);
}

void settings_done(struct settings *s)
{
	json_decref(s->config);
	secret_free(s->secrets);
	redact_done(&s->redact);
	*s = (struct settings){ 0 };
}

static bool holds_secret(const json_t *schema)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_true(json_object_get(schema, "writeOnly")))
		return true;
	json_object_foreach ((json_t *)schema, name, member)
		if (holds_secret(member))
			return true;
	json_array_foreach ((json_t *)schema, i, member)
		if (holds_secret(member))
			return true;
	return false;
}

bool settings_is_secret(const json_t *schema, const char *field)
{
	const json_t *of =
		json_object_get(json_object_get(schema, "properties"), field);

	return !of || holds_secret(of);
}
