/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/path.h"

static const char document[] =
	"{\"server\": {\"id\": \"s1\", \"OS-EXT-AZ:availability_zone\": "
	"\"nova\","
	"  \"nothing\": null, \"labels\": {\"example.org/zone\": \"z\"}},"
	" \"servers\": [{\"id\": \"a\", \"n\": 1}, {\"id\": \"b\", \"n\": 2},"
	"  {\"id\": \"c\", \"up\": true}],"
	" \"links\": [{\"rel\": \"self\", \"href\": \"u1\"},"
	"  {\"rel\": \"next\", \"href\": \"u2\"}],"
	" \"addresses\": {\"net1\": [{\"t:type\": \"fixed\", \"addr\": "
	"\"10.0.0.1\"},"
	"   {\"t:type\": \"floating\", \"addr\": \"203.0.113.1\"}],"
	"  \"net2\": [{\"t:type\": \"fixed\", \"addr\": \"10.1.0.1\"}]},"
	" \"empty\": [], \"text\": \"x\", \"blank\": [{\"k\": \"\"}]}";

static const struct {
	const char *path, *found;
} finds[] = {
	{ "server.id", "[\"s1\"]" },
	{ "server.OS-EXT-AZ:availability_zone", "[\"nova\"]" },
	{ "server.labels.'example.org/zone'", "[\"z\"]" },
	{ "servers[].id", "[\"a\",\"b\",\"c\"]" },
	{ "servers[n=2].id", "[\"b\"]" },
	{ "servers[up=true].id", "[\"c\"]" },
	{ "servers[up=false].id", "[]" },
	{ "servers[id=].id", "[]" },
	{ "blank[k=].k", "[\"\"]" },
	{ "links[rel=next].href", "[\"u2\"]" },
	{ "addresses.*[t:type=fixed].addr", "[\"10.0.0.1\",\"10.1.0.1\"]" },
	{ "addresses.*[].addr", "[\"10.0.0.1\",\"203.0.113.1\",\"10.1.0.1\"]" },
	{ "links.*.rel", "[\"self\",\"next\"]" },
	{ "server.nothing", "[null]" },
	{ "empty[]", "[]" },
	{ "empty[]?", "[]" },
	{ "server.id?", "[\"s1\"]" },
	{ "absent.deeper.still", "[]" },
	{ "text.id", "[]" },
	{ "text[]", "[]" },
	{ "servers.id", "[]" },
};

static void test_find(void **state)
{
	AUTO_JSON json_t *root = json_read(document, strlen(document), NULL);

	(void)state;
	assert_non_null(root);
	for (size_t i = 0; i < ARRAY_LEN(finds); i++) {
		AUTO_JSON json_t *found = path_find(root, finds[i].path);
		AUTO(buf_done) struct buf text = { 0 };

		json_write(found, &text);
		if (strcmp(text.p, finds[i].found))
			fail_msg("%s: %s, not %s", finds[i].path, text.p,
				 finds[i].found);
	}
}

static void test_root(void **state)
{
	AUTO_JSON json_t *root = json_pack("[s, s]", "a", "b");
	AUTO_JSON json_t *all = path_find(root, "[]");
	AUTO_JSON json_t *self = path_find(root, "");
	AUTO_JSON json_t *none = path_find(NULL, "a");

	(void)state;
	assert_int_equal(json_array_size(all), 2);
	assert_ptr_equal(json_array_get(self, 0), root);
	assert_int_equal(json_array_size(none), 0);
}

static void test_first(void **state)
{
	AUTO_JSON json_t *root = json_read(document, strlen(document), NULL);

	(void)state;
	assert_string_equal(json_string_value(path_first(root, "servers[].id")),
			    "a");
	assert_null(path_first(root, "server.nothing"));
	assert_null(path_first(root, "nobody"));
	assert_int_equal(json_integer_value(path_first(root, "servers[].n")),
			 1);
}

static void test_exists(void **state)
{
	AUTO_JSON json_t *root = json_read(document, strlen(document), NULL);

	(void)state;
	assert_true(path_exists(root, "empty[]"));
	assert_true(path_exists(root, "servers[].missing"));
	assert_true(path_exists(root, "servers[id=zzz].id"));
	assert_true(path_exists(root, "server.id"));
	assert_true(path_exists(root, "addresses.*[].addr"));
	assert_false(path_exists(root, "absent[]"));
	assert_false(path_exists(root, "text[]"));
	assert_false(path_exists(root, "server[]"));
	assert_false(path_exists(root, "server.nothing"));
	assert_false(path_exists(NULL, "a"));
}

static const char *const good[] = {
	"",	"a",	      "a.b.c",	    "a[]",   "[]",
	"[].b", "a[k=v].b",   "*",	    "a.*.b", "a[]?",
	"a?",	"a[k=v w.x]", "'a.b[c]'.d", "a:b",   "x y",
};

static const char *const bad[] = {
	".",  "a.", "a..b", ".a",   "a[",   "a[k]", "a[=v]", "a]",
	"'a", "''", "a.?",  "a[]b", "a.[]", "a'b'", "a[][]",
};

static void test_check(void **state)
{
	AUTO_JSON json_t *root = json_read(document, strlen(document), NULL);
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!path_check(good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (path_check(bad[i], &err))
			fail_msg("%s passed", bad[i]);
		assert_int_equal(err.code, ERR_INVALID);
		assert_null(path_first(root, bad[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),  cmocka_unit_test(test_root),
		cmocka_unit_test(test_first), cmocka_unit_test(test_exists),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
