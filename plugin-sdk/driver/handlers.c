/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of a driver, gathered from its tables: what it answers is what
 * it has rows for, nothing else has to be kept true.
 */
#include "driver/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

static const char *idempotency_of(const struct cat_op *op, const char *given)
{
	if (given)
		return given;
	return op && op->flags & CAT_NATURAL ? "natural" : "none";
}

static struct handler handler_of(const char *name, const char *idempotency,
				 const char *cancel)
{
	const struct cat_op *op = cat_op_find(name);

	return (struct handler){
		.name = name,
		.op = op,
		.mutates = op ? op->flags & CAT_MUTATES : idempotency != NULL,
		.paged = op && op->flags & CAT_PAGED,
		.idempotency = idempotency_of(op, idempotency),
		.cancel = cancel ? cancel : "late",
	};
}

static void each_method(const struct sc_method *m,
			void (*fn)(const struct handler *row, void *arg),
			void *arg)
{
	for (; m && m->name; m++) {
		struct handler h =
			handler_of(m->name, m->idempotency, m->cancel);

		h.run = m->run;
		fn(&h, arg);
	}
}

static void each_rest(const struct sc_rest *r,
		      void (*fn)(const struct handler *row, void *arg),
		      void *arg)
{
	for (; r && r->op; r++) {
		const char *how =
			r->mark && !r->idempotency ? "tag" : r->idempotency;
		struct handler h = handler_of(r->op, how, r->cancel);

		h.run = r->run;
		h.is_found_again = r->mark || r->unique;
		h.is_rest = true;
		fn(&h, arg);
	}
}

void handlers_each(const struct sc_driver *driver,
		   void (*fn)(const struct handler *row, void *arg), void *arg)
{
	each_method(driver->methods, fn, arg);
	each_rest(driver->rest, fn, arg);
	for (size_t i = 0; driver->rest_tables && driver->rest_tables[i]; i++)
		each_rest(driver->rest_tables[i], fn, arg);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct handler *)a)->name,
		      ((const struct handler *)b)->name);
}

static void add(const struct handler *row, void *arg)
{
	struct handlers *h = arg;

	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->rows[i].name, row->name))
			return;
	h->rows = mem_realloc(h->rows, (h->n + 1) * sizeof(*h->rows));
	h->rows[h->n++] = *row;
}

/* The SDK's own, for rows that say how their work is found again. */
static void add_reconcile(struct handlers *h)
{
	struct handler row = { .name = "op.reconcile", .run = reconcile };

	for (size_t i = 0; i < h->n; i++)
		if (h->rows[i].is_found_again) {
			add(&row, h);
			return;
		}
}

static void add_lifecycle(struct handlers *h)
{
	for (const struct sc_method *m = lifecycle_methods; m->name; m++) {
		struct handler row = { .name = m->name,
				       .run = m->run,
				       .hidden = true };

		add(&row, h);
	}
}

/* What the driver's `kinds` say of its operation x.<vendor>.<kind>.<verb>. */
static void take_vendor(struct handler *h, json_t *kinds)
{
	const char *dot = strrchr(h->name, '.');
	char kind[128] = "";
	json_t *op;

	if (!dot || (size_t)(dot - h->name) >= sizeof(kind))
		return;
	memcpy(kind, h->name, (size_t)(dot - h->name));
	op = json_object_get(
		json_object_get(json_object_get(kinds, kind), "operations"),
		dot + 1);
	h->args_schema = json_object_get(op, "args");
	h->paged = json_bool(op, "paged", false);
	h->mutates = h->mutates || json_bool(op, "mutates", false);
}

/* A row of a REST table whose name begins with a dot or has none of the
 * catalogue's or a vendor's form is called by other rows only. */
static void add_operation(const struct handler *row, void *arg)
{
	struct handler copy = *row;

	copy.hidden = !row->op && !text_starts(row->name, "x.") &&
		      !text_starts(row->name, "op.");
	if (copy.hidden && copy.is_rest)
		return;
	if (!row->op)
		take_vendor(&copy, ((struct handlers *)arg)->kinds);
	add(&copy, arg);
}

/* A broken text counts as none here; --check tells of it. */
static json_t *kinds_of(const struct sc_driver *driver)
{
	json_t *v = json_read_quoted(driver->kinds, NULL);

	return v ? v : json_object();
}

void handlers_init(struct handlers *h, const struct sc_driver *driver)
{
	*h = (struct handlers){ .kinds = kinds_of(driver) };
	handlers_each(driver, add_operation, h);
	add_reconcile(h);
	add_lifecycle(h);
	qsort(h->rows, h->n, sizeof(*h->rows), by_name);
}

void handlers_done(struct handlers *h)
{
	mem_free(h->rows);
	json_decref(h->kinds);
	*h = (struct handlers){ 0 };
}

const struct handler *handlers_find(const struct handlers *h, const char *name)
{
	struct handler key = { .name = name };

	return bsearch(&key, h->rows, h->n, sizeof(*h->rows), by_name);
}
