/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a credential by a schema: key files, changes, what is shown,
 * and the places they name.
 */
#include "unit.h"

#include "base/offload.h"
#include "base/secret.h"
#include "credential/endpoint.h"
#include "credential/fields.h"
#include "host.h"

static struct error err;

/* A driver with a field of each sort. */
static const char hello_text[] =
	"{'credential_schema': {'type': 'object', 'properties': {"
	" 'user': {'type': 'string'}, 'port': {'type': 'integer'},"
	" 'password': {'type': 'string', 'writeOnly': true},"
	" 'tls': {'type': 'object', 'properties': {"
	"   'key': {'type': 'string', 'writeOnly': true}}},"
	" 'auth_url': {'type': 'string'},"
	" 'site': {'type': 'string', 'format': 'hostname'}}},"
	" 'env': {'OS_USER': 'user', 'OS_PASSWORD': 'password',"
	"         'OS_PORT': 'port', 'OS_OTHER': 'other'}}";

static const char google_text[] =
	"{'credential_schema': {'properties': {'project': {},"
	" 'service_account': {'type': 'string', 'writeOnly': true}}}}";

static json_t *parse(const char *text)
{
	json_t *v = json_read_quoted(text, &err);

	if (!v)
		fail_msg("%s: %s", text, err.message);
	return v;
}

static void assert_json(json_t *value, const char *wanted)
{
	json_t *other = parse(wanted);

	if (!json_equal(value, other))
		fail_msg("%s is not %s", json_dumps(value, 0), wanted);
	json_decref(other);
}

/* ---- key files ---------------------------------------------------------------- */

static void reads(const char *hello_json, const char *file, const char *wanted)
{
	json_t *hello = parse(hello_json), *fields = json_object();
	bool ok = fields_read_file(fields, hello, file, &err);

	if (wanted && !ok)
		fail_msg("%s: %s", file, err.message);
	if (wanted) {
		assert_json(fields, wanted);
	} else {
		assert_false(ok);
		assert_int_equal(err.code, ERR_INVALID);
		assert_string_equal(err.path, "/key_file");
		assert_null(strstr(err.message, "s3cret"));
	}
	json_decref(fields);
	json_decref(hello);
}

static void test_key_files(void **state UNUSED)
{
	reads(hello_text,
	      "{\"user\": \"u\", \"port\": 1, \"type\": \"x\", \"tls\": "
	      "{\"key\": \"k\"}}",
	      "{'user': 'u', 'port': 1, 'tls': {'key': 'k'}}");
	reads(hello_text,
	      "#!/bin/sh\nexport OS_USER=\"some one\"\nexport OS_OTHER=1\n"
	      "OS_PASSWORD='s3cret $x'\r\nexport OS_PORT=5000 # the port\n",
	      "{'user': 'some one', 'password': 's3cret $x', 'port': 5000}");
	reads(hello_text,
	      "export OS_USER=me\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\n"
	      "export OS_PORT=\"`id`\"",
	      "{'user': 'me'}");
	reads(hello_text, "export OS_USER='open\n", NULL);
	reads(hello_text, "s3cret", NULL);
	reads(hello_text, "{\"type\": \"s3cret\"}", NULL);
	reads(hello_text, "", NULL);
	reads(google_text, "{type}", "{'service_account': '{type}'}");
}

/* ---- changes and what is shown ---------------------------------------------------- */

static void test_merge(void **state UNUSED)
{
	json_t *fields = parse("{'user': 'u', 'password': 'p', 'port': 1}");
	json_t *given = parse("{'user': 'v', 'password': '***', 'port': null}");

	assert_true(fields_merge(fields, given, &err));
	assert_json(fields, "{'user': 'v', 'password': 'p'}");
	assert_true(fields_merge(fields, NULL, &err));
	json_decref(given);
	given = parse("{'token': '***'}");
	assert_false(fields_merge(fields, given, &err));
	assert_string_equal(err.path, "/fields/token");
	json_decref(given);
	json_decref(fields);
}

static void test_shown(void **state UNUSED)
{
	json_t *hello = parse(hello_text);
	json_t *fields = parse("{'user': 'u', 'password': 'p', 'port': 1,"
			       " 'tls': {'key': 'k'}, 'unknown': 'x'}");
	json_t *shown = fields_shown(fields, hello);

	assert_json(shown, "{'user': 'u', 'password': '***', 'port': 1,"
			   " 'tls': '***', 'unknown': '***'}");
	assert_true(fields_are_as_shown(fields, shown));
	json_object_set_new(shown, "port", json_integer(2));
	assert_false(fields_are_as_shown(fields, shown));
	json_object_del(shown, "port");
	assert_false(fields_are_as_shown(fields, shown));
	json_object_set_new(shown, "other", json_integer(1));
	assert_false(fields_are_as_shown(fields, shown));
	json_decref(shown);
	json_decref(fields);
	json_decref(hello);
}

/* ---- places -------------------------------------------------------------------- */

static void check(const char *field, const char *value, enum egress egress,
		  const char *words)
{
	json_t *hello = parse(hello_text), *fields = json_object();
	char path[64];
	bool ok;

	json_object_set_new(fields, field, json_string(value));
	ok = fields_check(fields, hello, egress, &err);
	snprintf(path, sizeof(path), "/fields/%s", field);
	if (ok != !words || (words && (!strstr(err.message, words) ||
				       strcmp(err.path, path) != 0)))
		fail_msg("%s: %s", value, ok ? "is accepted" : err.message);
	json_decref(fields);
	json_decref(hello);
}

/* clang-format off */
static const struct { const char *url, *words; } urls[] = {
	{ "https://8.8.8.8:5000/v3", NULL }, { "http://[2a00:1450::1]/", NULL },
	{ "8.8.8.8", NULL }, { "8.8.8.8:443", NULL }, { "2a00:1450::1", NULL },
	{ "https://127.0.0.1/", "(loopback)" }, { "https://localhost:5000/v3", "(loopback)" },
	{ "https://10.1.2.3/", "(private)" }, { "https://[::1]:80/", "(loopback)" },
	{ "https://[::ffff:192.168.0.1]/", "(private)" },
	{ "http://[64:ff9b::a00:1]/", "(private)" }, { "http://[2002:7f00:1::]/", "(loopback)" },
	{ "https://100.64.0.1", "(shared)" }, { "https://0.0.0.0", "(unspecified)" },
	{ "https://224.0.0.1", "(multicast)" }, { "169.254.169.254", "(link-local)" },
	{ "http://169.254.169.254/latest", "(link-local)" },
	{ "http://[fd00:ec2::254]", "(of a metadata service)" },
	{ "ftp://8.8.8.8/", "must begin with" }, { "file:///etc/passwd", "must begin with" },
	{ "https://user:pw@8.8.8.8/", "user or a password" },
	{ "https://8.8.8.8@127.0.0.1/", "user or a password" },
	{ "https://2130706433/", "decimal numbers" }, { "https://0x7f.1/", "decimal numbers" },
	{ "https://127.1/", "decimal numbers" }, { "https://0177.0.0.1/", "decimal numbers" },
	{ "https://[fe80::1%25lo]/", "DNS name" }, { "https://8.8.8.8:0/", "host and port" },
	{ "https://8.8.8.8:65536/", "host and port" }, { "https://8.8.8.8:/", "host and port" },
	{ "https://8.8.8.8\\@127.0.0.1/", "blanks" }, { "https://8.8.8.8 /", "blanks" },
	{ "https://8.8.8.8\r\nX: y", "blanks" }, { "https:///v3", "host and port" },
	{ "https://ex\xc3\xa4mple.org/", "non-ASCII" }, { "https://a_b/", "DNS name" },
	{ "https://no-such-name.invalid/", "cannot be found" },
};
/* clang-format on */

static void places(void)
{
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		check("auth_url", urls[i].url, EGRESS_PUBLIC, urls[i].words);
	check("site", "127.0.0.1", EGRESS_PUBLIC, "(loopback)");
	check("user", "127.0.0.1", EGRESS_PUBLIC, NULL);
	check("auth_url", "", EGRESS_PUBLIC, NULL);
	check("auth_url", "https://10.0.0.1/", EGRESS_ANY, NULL);
	check("auth_url", "https://localhost/", EGRESS_ANY, NULL);
	check("auth_url", "https://169.254.169.254/", EGRESS_ANY, "link-local");
	check("auth_url", "http://[fd00:ec2::254]/", EGRESS_ANY, "metadata");
	check("auth_url", "http://100.100.100.200/", EGRESS_ANY, "metadata");
}

static void test_places(void **state UNUSED)
{
	host_run(places);
	offload_done();
}

static void test_which_fields_are_places(void **state UNUSED)
{
	static const char *const names[] = { "auth_url",   "url",
					     "host",	   "vhost",
					     "token_uri",  "endpoint",
					     "s3_endpoint" };
	static const char *const formats[] = { "{'format': 'uri'}",
					       "{'format': 'hostname'}",
					       "{'format': 'ipv4'}",
					       "{'format': 'ipv6'}" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(endpoint_is_field(names[i], NULL));
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		json_t *schema = parse(formats[i]);

		assert_true(endpoint_is_field("x", schema));
		json_decref(schema);
	}
	assert_false(endpoint_is_field("password", NULL));
	assert_false(endpoint_is_field("hostage", NULL));
}

static void too_large(void)
{
	json_t *hello = parse(hello_text), *fields = json_object();
	char *text = mem_alloc(FIELDS_MAX + 1);

	memset(text, 'a', FIELDS_MAX);
	json_object_set_new(fields, "password", json_string(text));
	assert_false(fields_check(fields, hello, EGRESS_PUBLIC, &err));
	assert_string_equal(err.path, "/fields");
	mem_free(text);
	json_decref(fields);
	json_decref(hello);
}

static void test_too_large(void **state UNUSED)
{
	host_run(too_large);
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, host_setup, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_which_fields_are_places),
		ROW(test_places),
		ROW(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
