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
	" \"odd\": [{\"k\": \"real\", \"v\": 1.5}, {\"k\": \"nil\", \"v\": "
	"null},"
	"  {\"k\": \"list\", \"v\": []}, {\"k\": \"nest\", \"a\": {\"x.y\": "
	"\"dot\","
	"   \"b\": {\"c\": \"deep\"}}}, {\"k\": \"name\", \"p|q=r\": \"z\"},"
	"  {\"k\": \"text\", \"t\": \"a]b.c|d='e'\"},"
	"  {\"k\": \"brace\", \"t\": \"{x}\"}],"
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
	{ "servers[id|n=2].id", "[\"b\"]" },
	{ "servers[n|id=a].id", "[\"a\"]" },
	{ "servers[n|id|up=true].id", "[\"c\"]" },
	{ "servers[n!=2].id", "[\"a\",\"c\"]" },
	{ "servers[id|n!=a].id", "[\"b\",\"c\"]" },
	{ "servers[up!=true].id", "[\"a\",\"b\"]" },
	{ "odd[v=1.5].k", "[\"real\"]" },
	{ "odd[v=null].k", "[]" },
	{ "odd[v='[]'].k", "[]" },
	{ "odd[v=].k", "[]" },
	{ "odd[a.b.c=deep].k", "[\"nest\"]" },
	{ "odd[a.'x.y'=dot].k", "[\"nest\"]" },
	{ "odd[k|a.'x.y'=dot].k", "[\"nest\"]" },
	{ "odd['p|q=r'=z].k", "[\"name\"]" },
	{ "odd[t='a]b.c|d=''e'''].k", "[\"text\"]" },
	{ "odd[t='a]b'].k", "[]" },
	{ "odd[t='{x}'].k", "[\"brace\"]" },
	{ "odd[t='']", "[]" },
	{ "blank[k=''].k", "[\"\"]" },
	{ "blank[only].k", "[\"\"]" },
	{ "servers[only]", "[]" },
	{ "servers[up!=true][id!=a].id", "[\"b\"]" },
	{ "addresses.*[t:type=fixed][addr!=10.1.0.1][only].addr", "[\"10.0.0.1\"]" },
	{ "servers[up!=true][only]", "[]" },
	{ "servers[up!=true][].id", "[\"a\",\"b\"]" },
	{ "[k=v][l=w]", "[]" },
	{ "empty[only]", "[]" },
	{ "text[only]", "[]" },
	{ "addresses.*[only]", "[]" },
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
	assert_true(path_exists(root, "empty[only]"));
	assert_true(path_exists(root, "server.labels.*"));
	assert_true(path_exists(root, "server.labels.*?"));
	assert_true(path_exists(root, "*"));
	assert_false(path_exists(root, "absent.*"));
	assert_false(path_exists(root, "text.*"));
	assert_false(path_exists(root, "absent[]"));
	assert_false(path_exists(root, "text[]"));
	assert_false(path_exists(root, "server[]"));
	assert_false(path_exists(root, "server.nothing"));
	assert_false(path_exists(NULL, "a"));
}

static void test_choices(void **state)
{
	AUTO_JSON json_t *root = json_read(document, strlen(document), NULL);

	(void)state;
	assert_int_equal(path_choices(root, "servers[only].id"), 3);
	assert_int_equal(path_choices(root, "empty[only]"), 0);
	assert_int_equal(path_choices(root, "servers[up!=true][only]"), 2);
	assert_int_equal(path_choices(root, "blank[only].absent"), 1);
	assert_int_equal(path_choices(root, "servers[]"), 1);
	assert_int_equal(path_choices(root, "addresses.*[only]"), 3);
}

/* Members that are no objects are none of the records. */
static void test_records(void **state)
{
	const char *text = "{\"set\": {\"id\": \"x\", \"cores\": {\"max\": 4},"
			   " \"ram\": {\"max\": 8}, \"list\": [1]}}";
	AUTO_JSON json_t *root = json_read(text, strlen(text), NULL);
	AUTO_JSON json_t *found = path_records(root, "set.*");
	AUTO_JSON json_t *same = path_records(root, "set.list[]");
	AUTO_JSON json_t *top = path_records(root, "*?");
	AUTO(buf_done) struct buf out = { 0 };
	AUTO(buf_done) struct buf after = { 0 };

	(void)state;
	json_write(found, &out);
	assert_string_equal(out.p, "[{\"max\":4,\"~\":\"cores\"},"
				   "{\"max\":8,\"~\":\"ram\"}]");
	assert_int_equal(json_array_size(same), 1);
	assert_string_equal(json_str(json_array_get(top, 0), "~", ""), "set");
	json_write(json_object_get(root, "set"), &after);
	assert_null(strchr(after.p, '~'));
}

static void test_selects(void **state)
{
	(void)state;
	assert_true(path_selects("a[]") && path_selects("a[k=v].b"));
	assert_true(path_selects("a.*") && path_selects("*?"));
	assert_false(path_selects("a") || path_selects("a.*.b"));
	assert_false(path_selects(""));
}

static void test_deep(void **state)
{
	AUTO(buf_done) struct buf path = { 0 };
	AUTO(buf_done) struct buf key = { 0 };
	AUTO_JSON json_t *root = json_string("end");
	AUTO_JSON json_t *found = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		root = json_pack("{s:o}", "a", root);
	root = json_pack("[o]", root);
	buf_add_str(&path, "[]");
	buf_add_str(&key, "[a");
	for (int i = 0; i < 1000; i++)
		buf_add_str(&path, ".a");
	for (int i = 1; i < 1000; i++)
		buf_add_str(&key, ".a");
	buf_add_str(&key, "=end].absent?");
	assert_string_equal(json_string_value(path_first(root, path.p)), "end");
	assert_true(path_exists(root, key.p));
	key.p[key.n - strlen(".absent?")] = '\0';
	found = path_find(root, key.p);
	assert_int_equal(json_array_size(found), 1);
}

static const char *const good[] = {
	"",
	"a",
	"a.b.c",
	"a[]",
	"[]",
	"[].b",
	"a[only].b",
	"a[k|l=v]",
	"a[k.'l.m'!=]",
	"a[k='it''s']",
	"a[k={x}]",
	"a[k=p-{x?}-{y|=]}]",
	"a['k]'=v]",
	"a[k=v].b",
	"a[k=v][only].b",
	"a[k=v][].b",
	"*",
	"a.*.b",
	"a[]?",
	"a?",
	"a[k=v w.x]",
	"'a.b[c]'.d",
	"a:b",
	"x y",
};

static const char *const bad[] = {
	".",
	"a.",
	"a..b",
	".a",
	"a[",
	"a[k]",
	"a[=v]",
	"a]",
	"servers.[]",
	"servers.[].id",
	"servers.[id=a]",
	"a[|k=v]",
	"a[k|=v]",
	"a[k..l=v]",
	"a[k.=v]",
	"a[!=v]",
	"a['k=v]",
	"a[k=it's]",
	"a[k='v]",
	"a[k='v'w]",
	"a[k='v'''x']",
	"a[k={x]",
	"a[''=v]",
	"'a",
	"''",
	"a.?",
	"a[]b",
	"a.[]",
	"a'b'",
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
		assert_false(path_exists(root, bad[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),	cmocka_unit_test(test_root),
		cmocka_unit_test(test_first),	cmocka_unit_test(test_exists),
		cmocka_unit_test(test_check),	cmocka_unit_test(test_deep),
		cmocka_unit_test(test_choices), cmocka_unit_test(test_records),
		cmocka_unit_test(test_selects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
