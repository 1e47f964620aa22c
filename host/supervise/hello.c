/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/hello.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"

#define PROTOCOL "1.0"

void hello_write(const struct hello_request *h, struct buf *out)
{
	json_t *config =
		h->config ? json_incref((json_t *)h->config) : json_object();
	AUTO_JSON json_t *params = json_pack(
		"{s:[s], s:{s:s, s:s}, s:{s:i, s:I}, s:o, s:[]}", "protocol",
		PROTOCOL, "host", "name", "skyclustd", "version",
		SKYCLUST_VERSION, "limits", "max_frame", HELLO_MAX_FRAME,
		"max_inflight", (json_int_t)h->max_inflight, "config", config,
		"features");

	if (h->probe)
		json_object_set_new(params, "probe", json_true());
	if (h->state_dir)
		json_object_set_new(params, "state_dir",
				    json_string(h->state_dir));
	json_write(params, out);
}

static bool bad(struct error *err, const char *what)
{
	return fail(err, ERR_DRIVER_BAD_ANSWER, "handshake: %s", what);
}

static bool check_protocol(const json_t *hello, struct error *err)
{
	const char *version = json_str(hello, "protocol", NULL);

	if (!version)
		return bad(err, "`protocol` is not a version's text");
	if (!strcmp(version, PROTOCOL))
		return true;
	return fail(err, ERR_VERSION,
		    "handshake: the driver chose protocol %.16s, this host "
		    "speaks " PROTOCOL,
		    version);
}

static bool all_are(const json_t *object, int type)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value)
		if ((int)json_typeof(value) != type)
			return false;
	return true;
}

/* A member that must be an object, if it is there at all. */
static bool object_or_absent(const json_t *hello, const char *name)
{
	const json_t *value = json_object_get(hello, name);

	return !value || json_is_object(value);
}

static bool check_members(const json_t *hello, struct error *err)
{
	const json_t *operations = json_object_get(hello, "operations");

	if (!json_is_object(hello))
		return bad(err, "the result is not an object");
	if (!check_protocol(hello, err))
		return false;
	if (!*json_str(hello, "name", ""))
		return bad(err, "`name` is missing");
	if (!json_is_object(operations) || !all_are(operations, JSON_OBJECT))
		return bad(err, "`operations` is not an object of objects");
	if (!object_or_absent(hello, "config_schema") ||
	    !object_or_absent(hello, "credential_schema"))
		return bad(err, "a schema is not an object");
	if (!object_or_absent(hello, "env") ||
	    !all_are(json_object_get(hello, "env"), JSON_STRING))
		return bad(err, "`env` is not an object of strings");
	if (!object_or_absent(hello, "unsupported") ||
	    !all_are(json_object_get(hello, "unsupported"), JSON_STRING))
		return bad(err, "`unsupported` is not an object of strings");
	return object_or_absent(hello, "kinds") ||
	       bad(err, "`kinds` is not an object");
}

json_t *hello_read(struct slice raw, struct error *err)
{
	json_t *hello = json_read(raw.p, raw.n, err);

	if (hello && check_members(hello, err))
		return hello;
	json_decref(hello);
	return NULL;
}
