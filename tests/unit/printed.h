/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line prints, as a text; for tests of its output.
 */
#ifndef SKYCLUST_TESTS_UNIT_PRINTED_H
#define SKYCLUST_TESTS_UNIT_PRINTED_H

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/output.h"

/* JSON with ' for ". */
static inline json_t *value_of(const char *text)
{
	struct buf json = { 0 };
	struct error err;
	json_t *value;

	buf_add_str(&json, text);
	for (size_t i = 0; i < json.n; i++)
		if (json.p[i] == '\'')
			json.p[i] = '"';
	value = json_read(json.p, json.n, &err);
	if (!value)
		fail_msg("%s: %s", err.message, text);
	buf_done(&json);
	return value;
}

/* What @o prints of @text; free() it. */
static inline char *printed(struct output o, const char *text, bool is_list)
{
	json_t *value = value_of(text);
	char *out = NULL;
	size_t n;

	o.to = open_memstream(&out, &n);
	assert_true(is_list ? output_list(&o, value) : output_value(&o, value));
	fclose(o.to);
	json_decref(value);
	return out;
}

static inline void check_printed(struct output o, const char *text,
				 bool is_list, const char *wanted)
{
	char *out = printed(o, text, is_list);

	assert_string_equal(out, wanted);
	free(out);
}

#endif
