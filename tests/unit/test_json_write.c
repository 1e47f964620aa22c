/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer of JSON, held to jansson's own byte by byte (which writes the
 * digits of \\u001F in capitals; ours does not, so none is in the trees).
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"

#define TREES 20000

static void same_as_jansson(const json_t *v)
{
	struct buf ours = { 0 };
	char *theirs = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	json_write(v, &ours);
	assert_string_equal(ours.p, theirs);
	assert_int_equal(ours.n, strlen(theirs));
	buf_done(&ours);
	mem_free(theirs);
}

static json_t *random_string(void)
{
	static const char *const parts[] = {
		"", "a", "name", "\"", "\\", "/", "\n", "\t", "\b", "\f", "\r",
		"\x01", "\x19", "\x7f", "ü", "€", "😀", "~", " ",
	};
	struct buf text = { 0 };
	json_t *v;

	buf_reserve(&text, 1);
	for (int n = rand() % 8; n > 0; n--)
		buf_add_str(&text, parts[(size_t)rand() % ARRAY_LEN(parts)]);
	v = json_stringn(text.p, text.n);
	buf_done(&text);
	return v;
}

static json_t *random_scalar(void)
{
	static const double reals[] = { 0.0, -0.0, 1.0, 0.1, -1e300, 5e-324,
					123456789.125 };
	static const json_int_t ints[] = { 0, 1, -1, 10, JSON_MAX_INT,
					   -JSON_MAX_INT, INT64_MAX, INT64_MIN };

	switch (rand() % 6) {
	case 0:
		return json_real(reals[(size_t)rand() % ARRAY_LEN(reals)]);
	case 1:
		return json_integer(ints[(size_t)rand() % ARRAY_LEN(ints)]);
	case 2:
		return json_boolean(rand() % 2);
	case 3:
		return json_null();
	default:
		return random_string();
	}
}

static json_t *random_tree(int depth)
{
	json_t *v;

	if (depth == 0 || rand() % 3 == 0)
		return random_scalar();
	v = rand() % 2 ? json_object() : json_array();
	for (int n = rand() % 5; n > 0; n--) {
		AUTO_JSON json_t *key = random_string();

		if (json_is_object(v))
			json_object_set_new(v, json_string_value(key),
					    random_tree(depth - 1));
		else
			json_array_append_new(v, random_tree(depth - 1));
	}
	return v;
}

static void random_trees(void **state)
{
	(void)state;
	srand(20261121);
	for (int i = 0; i < TREES; i++) {
		AUTO_JSON json_t *v = random_tree(4);

		same_as_jansson(v);
	}
}

static void adds_to_what_is_there(void **state)
{
	struct buf out = { 0 };
	AUTO_JSON json_t *v = json_pack("[i,s]", 1, "x");

	(void)state;
	buf_add_str(&out, "seq: ");
	json_write(v, &out);
	assert_string_equal(out.p, "seq: [1,\"x\"]");
	buf_done(&out);
}

/* A NUL inside of a string, which json_read() refuses, is escaped. */
static void nul_is_escaped(void **state)
{
	struct buf out = { 0 };
	AUTO_JSON json_t *v = json_stringn_nocheck("a\0b", 3);

	(void)state;
	json_write(v, &out);
	assert_string_equal(out.p, "\"a\\u0000b\"");
	buf_done(&out);
}

static void what_cannot_be_written_is_null(void **state)
{
	struct buf out = { 0 };
	json_t *deep = json_array();

	(void)state;
	json_write(NULL, &out);
	assert_string_equal(out.p, "null");
	for (int i = 0; i < 1000; i++)
		deep = json_pack("[o]", deep);
	buf_clear(&out);
	buf_add_str(&out, "x");
	json_write(deep, &out);
	assert_string_equal(out.p, "xnull");
	buf_done(&out);
	json_decref(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_trees),
		cmocka_unit_test(adds_to_what_is_there),
		cmocka_unit_test(nul_is_escaped),
		cmocka_unit_test(what_cannot_be_written_is_null),
	};

	mem_use_for_jansson();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
