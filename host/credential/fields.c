/* SPDX-License-Identifier: Apache-2.0 */
#include "credential/fields.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/validate.h"
#include "credential/endpoint.h"
#include "supervise/settings.h"

static const json_t *schema_of(const json_t *hello, const char *field)
{
	return json_object_get(
		json_object_get(json_object_get(hello, "credential_schema"),
				"properties"),
		field);
}

/* ---- key files ---------------------------------------------------------- */

/* The field that takes a whole file, or NULL. */
static const char *whole_file_field(const json_t *hello)
{
	static const char *const names[] = { "key_file", "service_account" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(json_str(schema_of(hello, names[i]), "type", ""),
			    "string"))
			return names[i];
	return NULL;
}

static size_t read_object(json_t *fields, const json_t *hello, const char *text)
{
	json_t *file = json_read(text, strlen(text), NULL), *value;
	const char *name;
	size_t n = 0;

	json_object_foreach (file, name, value) {
		if (!schema_of(hello, name))
			continue;
		json_object_set_new(fields, name, json_deep_copy(value));
		n++;
	}
	json_wipe(file);
	json_decref(file);
	return n;
}

/* `'text'`, `"text"` or bare words up to a blank; new, NULL: not plain text. */
static char *shell_value(const char *p, size_t n)
{
	char quote = n && (*p == '"' || *p == '\'') ? *p : '\0';
	const char *end;
	char *value;

	if (quote) {
		end = memchr(++p, quote, n - 1);
		if (!end)
			return NULL;
		n = (size_t)(end - p);
	} else {
		n = strcspn(p, " \t;#") < n ? strcspn(p, " \t;#") : n;
	}
	value = mem_strndup(p, n);
	if (quote != '\'' && strpbrk(value, "$`\\")) {
		mem_wipe(value, n);
		mem_free(value);
		return NULL;
	}
	return value;
}

/* One line of @n bytes; true: it gave a field. */
static bool read_line(json_t *fields, const json_t *hello, const char *line,
		      size_t n)
{
	AUTO_FREE char *name = NULL;
	const char *equals, *field;
	char *value;

	if (n > 7 && !strncmp(line, "export ", 7)) {
		line += 7;
		n -= 7;
	}
	equals = memchr(line, '=', n);
	if (!equals)
		return false;
	name = mem_strndup(line, (size_t)(equals - line));
	field = json_str(json_object_get(hello, "env"), name, "");
	if (!schema_of(hello, field))
		return false;
	value = shell_value(equals + 1, n - (size_t)(equals + 1 - line));
	if (!value)
		return false;
	json_object_set_new(fields, field,
			    settings_typed(value, schema_of(hello, field)));
	mem_wipe(value, strlen(value));
	mem_free(value);
	return true;
}

static size_t read_lines(json_t *fields, const json_t *hello, const char *text)
{
	size_t found = 0;

	while (*text) {
		size_t n = strcspn(text, "\r\n");

		found += read_line(fields, hello, text, n);
		text += n;
		text += strspn(text, "\r\n");
	}
	return found;
}

bool fields_read_file(json_t *fields, const json_t *hello, const char *text,
		      struct error *err)
{
	const char *whole = whole_file_field(hello);

	if (whole) {
		json_object_set_new(fields, whole, json_string(text));
		return true;
	}
	if (read_object(fields, hello, text) || read_lines(fields, hello, text))
		return true;
	return fail_at(err, ERR_INVALID, "/key_file",
		       "the file has none of this driver's fields: it must be "
		       "a JSON object with some of them, or lines NAME=value "
		       "of the variables that the driver knows");
}

/* ---- as they are given -------------------------------------------------- */

bool fields_merge(json_t *fields, const json_t *given, struct error *err)
{
	char pointer[128] = "/fields";
	const char *name;
	json_t *value;

	if (given && !json_is_object(given))
		return fail_at(err, ERR_INVALID, pointer,
			       "fields must be an object");
	json_object_foreach ((json_t *)given, name, value) {
		const char *text = json_string_value(value);

		if (json_is_null(value)) {
			json_object_del(fields, name);
		} else if (!text || strcmp(text, FIELDS_MASK) != 0) {
			json_object_set_new(fields, name,
					    json_deep_copy(value));
		} else if (!json_object_get(fields, name)) {
			json_pointer_add(pointer, sizeof(pointer), name);
			return fail_at(err, ERR_INVALID, pointer,
				       "%s: %s stands for a secret that is "
				       "there already; give the secret itself",
				       pointer, FIELDS_MASK);
		}
	}
	return true;
}

WAITS static bool check_places(const json_t *fields, const json_t *hello,
			       enum egress egress, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)fields, name, value) {
		const char *text = json_string_value(value);
		char pointer[128] = "/fields";

		if (!text || !*text ||
		    !endpoint_is_field(name, schema_of(hello, name)))
			continue;
		json_pointer_add(pointer, sizeof(pointer), name);
		if (!endpoint_check(text, pointer, egress, err))
			return false;
	}
	return true;
}

static bool check_size(const json_t *fields, struct error *err)
{
	size_t n = json_dumpb(fields, NULL, 0, JSON_COMPACT);

	return n <= FIELDS_MAX || fail_at(err, ERR_INVALID, "/fields",
					  "the fields have %zu bytes as JSON, "
					  "at most %u are taken",
					  n, FIELDS_MAX);
}

WAITS bool fields_check(json_t *fields, const json_t *hello, enum egress egress,
			struct error *err)
{
	AUTO_JSON json_t *schema =
		json_copy(json_object_get(hello, "credential_schema"));

	if (!schema)
		schema = json_object();
	json_object_set_new(schema, "additionalProperties", json_false());
	return check_size(fields, err) &&
	       validate_value(schema, fields, "/fields", err) &&
	       check_places(fields, hello, egress, err);
}

/* ---- as they are shown -------------------------------------------------- */

json_t *fields_shown(const json_t *fields, const json_t *hello)
{
	const json_t *schema = json_object_get(hello, "credential_schema");
	json_t *shown = json_object(), *value;
	const char *name;

	json_object_foreach ((json_t *)fields, name, value)
		json_object_set_new(shown, name,
				    settings_is_secret(schema, name)
					    ? json_string(FIELDS_MASK)
					    : json_deep_copy(value));
	return shown;
}

static bool is_mask(const json_t *value)
{
	return json_is_string(value) &&
	       !strcmp(json_string_value(value), FIELDS_MASK);
}

bool fields_are_as_shown(const json_t *fields, const json_t *shown)
{
	const char *name;
	json_t *value;

	if (json_object_size(fields) != json_object_size(shown))
		return false;
	json_object_foreach ((json_t *)fields, name, value) {
		json_t *member = json_object_get(shown, name);

		if (!is_mask(member) && !json_equal(member, value))
			return false;
	}
	return true;
}
