/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any key file from a tenant: JSON, lines of a shell, or nonsense.
 *
 * Beside memory faults it finds a field that the schema does not have, a secret
 * that is shown, and fields that are not recognised as what is shown of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "credential/fields.h"
#include "supervise/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static const json_t *hello(void)
{
	static json_t *value;

	if (!value)
		value = json_read_quoted(
			"{'credential_schema': {'properties': {"
			" 'user': {'type': 'string'}, 'port': {'type':"
			" 'integer'}, 'tls': {'type': 'boolean'},"
			" 'password': {'type': 'string', 'writeOnly': true}}},"
			" 'env': {'U': 'user', 'P': 'password', 'PORT':"
			" 'port', 'TLS': 'tls', 'X': 'other'}}",
			NULL);
	return value;
}

static void check_field(const char *name, const json_t *shown)
{
	const json_t *schema = json_object_get(hello(), "credential_schema");

	must(json_object_get(json_object_get(schema, "properties"), name) !=
	     NULL);
	must(!settings_is_secret(schema, name) ||
	     !strcmp(json_string_value(shown), FIELDS_MASK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	json_t *fields = json_object(), *shown, *value;
	const char *name;

	if (fields_read_file(fields, hello(), text, NULL)) {
		shown = fields_shown(fields, hello());
		json_object_foreach (shown, name, value)
			check_field(name, value);
		must(fields_are_as_shown(fields, shown));
		json_decref(shown);
	}
	json_decref(fields);
	mem_free(text);
	return 0;
}
