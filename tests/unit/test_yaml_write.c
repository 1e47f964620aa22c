/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: what is written reads back as the same, and looks as people write it. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "cli/yaml_write.h"
#include "config_yaml.h"
#include "printed.h"

static void check(const char *json, const char *wanted)
{
	AUTO_JSON json_t *value = value_of(json);
	struct buf out = { 0 };

	yaml_write(value, &out);
	assert_string_equal(out.p, wanted);
	buf_done(&out);
}

/* Through a reader of YAML and back. */
static void check_again(const json_t *value)
{
	AUTO_JSON json_t *again = NULL;
	struct buf out = { 0 };
	struct yaml_node *root;
	struct error err;

	yaml_write(value, &out);
	root = config_yaml_read("out", out.p, out.n, &err);
	if (!root)
		fail_msg("%s\n%s", err.message, out.p);
	again = config_yaml_to_json(root);
	config_yaml_free(root);
	if (!json_equal(value, again))
		fail_msg("read back as something else:\n%s", out.p);
	buf_done(&out);
}

static void test_structure(void **state UNUSED)
{
	check("{'id':'i-1','vcpus':2,'tags':{'team':'shop'},'ips':['10.0.0.1',"
	      "'::1'],'none':null,'on':true,'empty':[],'none2':{}}",
	      "id: i-1\nvcpus: 2\ntags:\n  team: shop\nips:\n  - \"10.0.0.1\"\n"
	      "  - \"::1\"\nnone: null\n\"on\": true\nempty: []\nnone2: {}\n");
	check("[{'a':1,'b':[2,[3,4]]},{'c':{'d':{'e':'f'}}},[]]",
	      "- a: 1\n  b:\n    - 2\n    - - 3\n      - 4\n"
	      "- c:\n    d:\n      e: f\n- []\n");
	check("'x'", "x\n");
	check("[]", "[]\n");
	check("null", "null\n");
}

static void test_texts_that_look_like_something_else(void **state UNUSED)
{
	static const char *const texts[] = {
		"yes",	 "No",	 "ON",	 "y",	       "null",
		"~",	 "true", "1e3",	 "0x1f",       "1_000",
		"12:30", "0o7",	 ".inf", "-.5",	       "",
		" ",	 "a: b", "a #b", "- a",	       "? a",
		"a:",	 "[a]",	 "{a}",	 "*a",	       "&a",
		"!a",	 "%a",	 "@a",	 "`a",	       "'a'",
		"\"a\"", "|",	 ">",	 "#",	       "=",
		"<<",	 "---",	 "...",	 " a",	       "a ",
		"1.0",	 "-",	 "+1",	 "2026-11-21", "2026-11-21T09:41:59Z",
		"007",	 "NaN",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_JSON json_t *value =
			json_pack("{s[s] ss}", "list", texts[i], "x", texts[i]);
		struct buf out = { 0 };

		yaml_write(value, &out);
		if (strcmp(texts[i], "NaN") != 0 && !strstr(out.p, "- \""))
			fail_msg("not in quotes:\n%s", out.p);
		buf_done(&out);
		check_again(value);
	}
}

static void test_plain(void **state UNUSED)
{
	check("['web-1','/dev/vdb','a b','http://x/y?z=1','ubuntu-22.04',"
	      "'straße','日本']",
	      "- web-1\n- /dev/vdb\n- a b\n- http://x/y?z=1\n- ubuntu-22.04\n"
	      "- straße\n- 日本\n");
}

static void test_lines(void **state UNUSED)
{
	check("{'a':'one\\n two\\n\\nthree\\n','b':'x'}",
	      "a: |\n  one\n   two\n\n  three\nb: x\n");
	check("['a\\nb','a\\n\\n']", "- |-\n  a\n  b\n- |+\n  a\n\n");
	check("{'a':' one\\ntwo'}", "a: |2-\n   one\n  two\n");
	check("'a\\nb'", "\"a\\nb\"\n");
}

static void test_lines_come_back(void **state UNUSED)
{
	static const char *const texts[] = {
		"a\nb",	     "a\nb\n",	    "a\n\n\n",	       "\n",
		"\n\n",	     "\na",	    " a\nb",	       "\ta\nb",
		"a\n b\n",   "a\n\tb\n",    "a \nb \n",	       "a\n \n",
		"  \n  a\n", "\n \n",	    "# a\n- b\n",      "a\r\nb",
		"a\x7f\nb",  "a\n\xc2\x85", "a\n\xe2\x80\xa8", "---\n...\n",
		"%a\nb",     "\"\n'",	    "a\\\n\"",	       "key: [\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_JSON json_t *value = json_pack(
			"{ss s[[s]] s{s{ss}} ss}", "a", texts[i], "b", texts[i],
			"c", "d", "e", texts[i], texts[i], "key");

		check_again(value);
	}
}

static void test_every_character(void **state UNUSED)
{
	for (unsigned c = 1; c < 0x11000; c += c < 0x300 ? 1 : 7) {
		char json[64], text[16];
		AUTO_JSON json_t *value = NULL;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c >= 0x10000)
			snprintf(text, sizeof(text), "\\ud%03x\\udc%02x",
				 0x800 + ((c - 0x10000) >> 10), c & 0xff);
		else
			snprintf(text, sizeof(text), "\\u%04x", c);
		snprintf(json, sizeof(json), "[\"%s\",\"x%sx\"]", text, text);
		value = json_loads(json, 0, NULL);
		assert_non_null(value);
		check_again(value);
	}
}

static void test_long_key(void **state UNUSED)
{
	AUTO_JSON json_t *value = json_object();
	char key[1500];

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	json_object_set_new(value, key, json_pack("{s[ii]}", "a", 1, 2));
	json_object_set_new(value, "after", json_string("x\ny\n"));
	key[700] = ' ';
	json_object_set_new(value, key, json_string("text"));
	check_again(value);
}

static void test_numbers(void **state UNUSED)
{
	check("[0,-7,9007199254740992,0.5,-1.25,1e20,1e-7,3.0]",
	      "- 0\n- -7\n- 9007199254740992\n- 0.5\n- -1.25\n- 1.0e+20\n"
	      "- 1.0e-07\n- 3.0\n");
	check("0.1", "0.1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_texts_that_look_like_something_else),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_come_back),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_long_key),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
