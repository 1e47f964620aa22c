/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON as an answer, in every format.  Beside memory faults it finds what
 * reaches a terminal as a control character, and YAML that does not read back
 * as what was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/output.h"
#include "cli/yaml_write.h"
#include "config_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_harmless(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		must(c >= 0x20 || c == '\n' || c == '\t');
		must(c != 0x7f);
		must(c != 0xc2 || (unsigned char)text[1] >= 0xa0);
	}
}

static void check_format(const json_t *value, enum output_format format)
{
	struct output o = {
		.format = format,
		.record = cat_kind_find("security_group")->record,
		.columns = 40,
		.header = true,
	};
	char *text = NULL;
	size_t n = 0;

	o.to = open_memstream(&text, &n);
	must(output_value(&o, value));
	fclose(o.to);
	check_harmless(text);
	free(text);
}

/* The reader knows a few forms of numbers with fractions only. */
static bool has_real(const json_t *value)
{
	const char *name;
	json_t *item;
	size_t i;

	json_object_foreach ((json_t *)value, name, item)
		if (has_real(item))
			return true;
	json_array_foreach (value, i, item)
		if (has_real(item))
			return true;
	return json_is_real(value);
}

static void check_yaml(const json_t *value)
{
	AUTO_JSON json_t *again = NULL;
	struct buf text = { 0 };
	struct yaml_node *root;
	struct error err = { 0 };

	yaml_write(value, &text);
	root = config_yaml_read("out", text.p, text.n, &err);
	if (root) {
		again = config_yaml_to_json(root);
		must(has_real(value) || json_equal(value, again));
	} else {
		must(strstr(err.message, "nested too deeply") ||
		     strstr(err.message, "too many values"));
	}
	config_yaml_free(root);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_JSON json_t *value = json_read((const char *)data, size, NULL);

	if (!value)
		return 0;
	for (int f = OUTPUT_TABLE; f <= OUTPUT_NAME; f++)
		check_format(value, (enum output_format)f);
	check_yaml(value);
	return 0;
}
