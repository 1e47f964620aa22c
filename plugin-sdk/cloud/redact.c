/* SPDX-License-Identifier: Apache-2.0 */
/* Redaction: by name where a name says it, by value everywhere else. */
#include "cloud/redact.h"

#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/call.h"

#define SHORTEST 4

static const char *const secret_headers[] = {
	"authorization",   "proxy-authorization", "x-auth-token",
	"x-subject-token", "x-service-token",	  "x-amz-security-token",
	"cookie",	   "set-cookie",	  NULL,
};

static const char *const secret_members[] = {
	"password",
	"passwd",
	"adminpass",
	"admin_pass",
	"secret",
	"client_secret",
	"secret_key",
	"secret_access_key",
	"secretaccesskey",
	"private_key",
	"privatekey",
	"access_token",
	"refresh_token",
	"id_token",
	"session_token",
	"sessiontoken",
	"token",
	"kubeconfig",
	"application_credential_secret",
	NULL,
};

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcasecmp(name, *names))
			return true;
	return false;
}

bool redact_header_is_secret(const char *name)
{
	return is_among(name, secret_headers);
}

bool redact_member_is_secret(const char *name)
{
	return is_among(name, secret_members);
}

/* ---- what is secret ------------------------------------------------------ */

static void add_value(struct redact *r, json_t *v)
{
	if (json_is_string(v) && json_string_length(v) >= SHORTEST)
		json_array_append(r->values, v);
}

/* The fields of the credential that the schema marks; all without a schema. */
static void add_credential(struct redact *r, const struct sc_call *call)
{
	AUTO_JSON json_t *schema =
		json_read_quoted(call->driver->credential_schema, NULL);
	json_t *fields = json_object_get(schema, "properties"), *value;
	const char *name;

	json_object_foreach (call->secrets, name, value)
		if (!schema || json_bool(json_object_get(fields, name),
					 "writeOnly", false))
			add_value(r, value);
}

void redact_init(struct redact *r, const struct sc_call *call)
{
	const char *name;
	json_t *value;

	r->values = json_array();
	if (call->secrets)
		add_credential(r, call);
	json_object_foreach (call->session, name, value)
		if (redact_member_is_secret(name))
			add_value(r, value);
}

void redact_done(struct redact *r)
{
	json_decref(r->values);
	r->values = NULL;
}

/* ---- replacing ------------------------------------------------------------
 */

bool redact_hits(const struct redact *r, const char *text)
{
	json_t *value;
	size_t i;

	json_array_foreach (r ? r->values : NULL, i, value)
		if (strstr(text, json_string_value(value)))
			return true;
	return false;
}

static json_t *redact_object(const struct redact *r, json_t *object)
{
	json_t *made = json_object(), *value;
	const char *name;

	json_object_foreach (object, name, value) {
		if (json_is_string(value) && redact_member_is_secret(name))
			json_object_set_new(made, name, json_string(REDACTED));
		else
			json_object_set_new(made, name, redact_json(r, value));
	}
	return made;
}

json_t *redact_json(const struct redact *r, json_t *v)
{
	json_t *made, *element;
	size_t i;

	if (json_is_object(v))
		return redact_object(r, v);
	if (json_is_string(v) && redact_hits(r, json_string_value(v)))
		return json_string(REDACTED);
	if (!json_is_array(v))
		return json_incref(v);
	made = json_array();
	json_array_foreach (v, i, element)
		json_array_append_new(made, redact_json(r, element));
	return made;
}
