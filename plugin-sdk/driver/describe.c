/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --describe: the support matrix, every operation of the catalogue and of the
 * vendor's kinds, with what stands for it; as a table, or as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "driver/check.h"
#include "driver/commands.h"
#include "driver/runtime.h"

static const char *by_what(const struct handler *h)
{
	if (!h)
		return "-";
	return h->is_rest && !h->run ? "row" : "function";
}

static const char *note_of(const struct runtime *rt, const char *op,
			   const struct handler *h)
{
	const char *why = check_unsupported(rt->driver, op);

	return h || !why ? "" : why;
}

/* ---- JSON ------------------------------------------------------------- */

static void add(json_t *all, const struct runtime *rt, const char *op)
{
	const struct handler *h = handlers_find(&rt->handlers, op);
	json_t *o = json_pack("{s:b}", "supported", h != NULL);

	if (h) {
		json_object_set_new(o, "by", json_string(by_what(h)));
		if (h->mutates) {
			json_object_set_new(o, "idempotency",
					    json_string(h->idempotency));
			json_object_set_new(o, "cancel",
					    json_string(h->cancel));
		}
	} else {
		json_object_set_new(o, "reason",
				    json_string(note_of(rt, op, h)));
	}
	json_object_set_new(all, op, o);
}

/* ---- table ------------------------------------------------------------ */

static void print(json_t *unused, const struct runtime *rt, const char *op)
{
	const struct handler *h = handlers_find(&rt->handlers, op);
	const char *note = note_of(rt, op, h);

	(void)unused;
	if (h && h->mutates)
		printf("%-32s %-9s %-12s %s\n", op, by_what(h), h->idempotency,
		       h->cancel);
	else if (*note)
		printf("%-32s %-9s %-12s %-7s %s\n", op, by_what(h), "", "",
		       note);
	else
		printf("%-32s %s\n", op, by_what(h));
}

/* ---- both ------------------------------------------------------------- */

/* The catalogue's operations in its order, then the driver's own. */
static void each_operation(json_t *all, const struct runtime *rt,
			   void (*fn)(json_t *all, const struct runtime *rt,
				      const char *op))
{
	for (const struct cat_kind *const *k = cat_kinds(); *k; k++)
		for (const struct cat_op *op = (*k)->ops; op->name; op++)
			fn(all, rt, op->name);
	for (size_t i = 0; i < rt->handlers.n; i++)
		if (!rt->handlers.rows[i].op && !rt->handlers.rows[i].hidden)
			fn(all, rt, rt->handlers.rows[i].name);
}

static void count(json_t *supported, const struct runtime *rt, const char *op)
{
	if (handlers_find(&rt->handlers, op))
		json_array_append_new(supported, json_string(op));
}

static void print_table(const struct runtime *rt)
{
	AUTO_JSON json_t *supported = json_array();

	each_operation(supported, rt, count);
	printf("%s %s: %zu operations\n\n", rt->driver->name,
	       rt->driver->version, json_array_size(supported));
	printf("%-32s %-9s %-12s %-7s %s\n", "OPERATION", "BY", "IDEMPOTENCY",
	       "CANCEL", "NOTE");
	each_operation(NULL, rt, print);
}

static void print_json(const struct runtime *rt)
{
	AUTO_JSON json_t *o = hello_object(rt);
	json_t *all = json_object();

	each_operation(all, rt, add);
	json_object_set_new(o, "operations", all);
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
}

int describe_main(const struct sc_driver *driver, int argc, char **argv)
{
	bool json = argc == 1 && !strcmp(argv[0], "--json");
	struct runtime rt;

	if (argc > 0 && !json) {
		fprintf(stderr, "%s --describe: takes nothing but --json\n",
			driver->name);
		return EX_USAGE;
	}
	runtime_init(&rt, driver);
	if (json)
		print_json(&rt);
	else
		print_table(&rt);
	runtime_done(&rt);
	return 0;
}
