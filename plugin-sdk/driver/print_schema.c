/* SPDX-License-Identifier: Apache-2.0 */
/* --schema: what the catalogue says of an operation, for whoever writes it. */
#include <stdio.h>

#include "base/auto.h"
#include "catalog/catalog.h"
#include "driver/commands.h"
#include "driver/runtime.h"

#define REFS "#/$defs/"

static void add_definition(json_t *all, const struct cat_record *record)
{
	if (!record || json_object_get(all, record->name))
		return;
	json_object_set_new(all, record->name, cat_record_schema(record, REFS));
	for (const struct cat_field *f = record->fields; f->name; f++)
		add_definition(all, f->of);
}

/* The records that the arguments and the result refer to, and theirs. */
static json_t *definitions(const struct cat_op *op)
{
	json_t *all = json_object();
	const struct cat_field *arg;

	add_definition(all, op->result);
	for (size_t i = 0; (arg = cat_arg(op, i)); i++)
		add_definition(all, arg->of);
	return all;
}

static json_t *schema_of(const struct cat_op *op)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:b}", "operation", op->name,
			      "description", op->help, "mutates",
			      (op->flags & CAT_MUTATES) != 0, "list",
			      (op->flags & CAT_PAGED) != 0);

	json_object_set_new(o, "arguments", cat_args_schema(op, REFS));
	if (op->result)
		json_object_set_new(
			o, "record",
			json_pack("{s:s+}", "$ref", REFS, op->result->name));
	json_object_set_new(o, "$defs", definitions(op));
	return o;
}

int schema_main(const struct sc_driver *driver, int argc, char **argv)
{
	const struct cat_op *op;
	AUTO_JSON json_t *o = NULL;

	if (argc != 1) {
		fprintf(stderr, "%s --schema: takes one OPERATION\n",
			driver->name);
		return EX_USAGE;
	}
	op = cat_op_find(argv[0]);
	if (!op) {
		fprintf(stderr,
			"%s --schema: the catalogue has no %s; --describe "
			"lists its operations\n",
			driver->name, argv[0]);
		return EX_USAGE;
	}
	o = schema_of(op);
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}
