/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * The catalogue: every kind of resource, every verb on it and every record,
 * as tables (one file per area: compute.c, network.c, storage.c, kubernetes.c,
 * cost.c, identity.c, stack.c).  REST routes, OpenAPI, CLI verbs, validation,
 * the support matrix and the drivers' self-check are all made from these rows.
 * All of it is constant: there is nothing to initialise and nothing to free.
 */
#ifndef SKYCLUST_CATALOG_CATALOG_H
#define SKYCLUST_CATALOG_CATALOG_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum cat_type {
	CAT_STRING,
	CAT_INT,        /* within ±2^53, in the base unit given by `unit` */
	CAT_BOOL,
	CAT_DECIMAL,    /* money and rates: a decimal string, "0.0104" */
	CAT_TIME,       /* RFC 3339 in UTC */
	CAT_CIDR,       /* RFC 4632, RFC 4291: canonical network/prefix */
	CAT_IP,         /* an address, v4 or v6 */
	CAT_TAGS,       /* object of string to string */
	CAT_OBJECT,     /* a record: `of` */
	CAT_ANY,        /* any JSON (native objects, driver settings) */
	CAT_DATE,       /* RFC 3339 full-date, "2026-11-21" */
};

enum cat_flag {
	CAT_REQUIRED = 1 << 0,  /* args: must be given; record: driver must map */
	CAT_SECRET = 1 << 1,    /* redacted by logs and recorders */
	CAT_IMMUTABLE = 1 << 2, /* cannot be changed by update */
	CAT_LIST = 1 << 3,      /* an array of `type` */
	CAT_NULLABLE = 1 << 4,  /* null is accepted though required; optional
				 * members of records may always be null:
				 * null means unknown */
	CAT_FILTER = 1 << 5,    /* argument of a list: keeps the items whose
				 * member of this name is equal */
	CAT_MERGE = 1 << 6,     /* argument of type CAT_OBJECT: another spelling
				 * of arguments beside it; its members are
				 * moved up by cat_check_args() */
};

struct cat_field {
	const char *name;               /* snake_case */
	enum cat_type type;
	unsigned flags;
	const char *help;               /* one sentence, ends with a period */
	const char *unit;               /* "GiB", "seconds", … or NULL */
	const struct cat_record *of;    /* CAT_OBJECT */
	const char *const *words;       /* closed set on input, open on output;
					 * ends with NULL */
	const char *const *aliases;     /* accepted on input, never on output;
					 * ends with NULL */
	long long min, max;             /* ints: range; strings: fewest
					 * characters, most bytes; both 0: any */
	const char *example;            /* JSON text */
};

struct cat_record {
	const char *name;               /* "instance" */
	const char *help;
	const struct cat_field *fields; /* ends with a NULL name */
};

enum cat_op_flag {
	CAT_MUTATES = 1 << 0,   /* changes the cloud: never sent twice blindly */
	CAT_PAGED = 1 << 1,     /* a list of `result`: page_token, limit,
				 * filters, fields */
	CAT_BY_ID = 1 << 2,     /* works on one resource: takes `id` */
	CAT_NATURAL = 1 << 3,   /* idempotent by nature (delete, set_rules, …) */
	CAT_DESTROYS = 1 << 4,  /* clients ask before */
	CAT_ACTION = 1 << 5,    /* REST: POST …/{id}/{verb}, or without
				 * CAT_BY_ID POST …/{verb}; GET as well when
				 * nothing is changed */
	CAT_LOCAL = 1 << 6,     /* of SkyClust itself, not of a cloud: knows no
				 * region and nothing native */
};

struct cat_op {
	const char *name;               /* "instance.create" */
	const char *verb;               /* "create" */
	unsigned flags;
	const char *help;
	const struct cat_field *args;   /* beside id / list's common ones; may be NULL */
	const struct cat_record *result;/* NULL: nothing */
	const struct cat_kind *kind;
};

struct cat_kind {
	const char *name;               /* "instance" */
	const char *collection;         /* REST: "instances" */
	const char *title;              /* "Instance" */
	const char *help;
	const struct cat_record *record;/* NULL for kinds without one (cost) */
	const struct cat_op *ops;       /* ends with a NULL name */
};

/* All kinds, in catalogue order; the array ends with NULL. */
const struct cat_kind *const *cat_kinds(void);

/* Look up by name; NULL (also for a NULL name) when there is none. */
const struct cat_kind *cat_kind_find(const char *name);
const struct cat_kind *cat_kind_by_collection(const char *collection);
const struct cat_op *cat_op_find(const char *name);     /* "instance.create" */

/*
 * Every argument of @op in order: `id` of a CAT_BY_ID one, its own ones, those
 * every list has (limit, page_token, fields), and unless it is CAT_LOCAL those
 * every read has (native) and every operation has (region: the host moves it to
 * the request's context).  @i counts from 0; NULL at the end.
 */
const struct cat_field *cat_arg(const struct cat_op *op, size_t i);
/* The argument of @op called @name, aliases not considered, or NULL. */
const struct cat_field *cat_arg_find(const struct cat_op *op, const char *name);
/* The same among @fields (NULL: none). */
const struct cat_field *cat_field_find(const struct cat_field *fields,
				       const char *name);

/*
 * Check @args of @op in place: members of CAT_MERGE objects are moved up,
 * aliases are renamed, numbers, booleans and lists given as text (query
 * strings; lists separated by commas) are converted when @from_query.  A value
 * that is not an object, an unknown, missing, doubly spelt or mistyped member
 * is ERR_INVALID with the JSON pointer (RFC 6901) and, for a misspelt name,
 * the nearest one.  After false @args is part-way converted.
 */
bool cat_check_args(const struct cat_op *op, json_t *args, bool from_query,
		    struct error *err);

/* Check what a driver answered: one @value of @rec (of a list, each item).
 * Unknown members and unknown words are passed (minor versions add), missing
 * required members and wrong types are ERR_CLOUD_BAD_ANSWER with the JSON
 * pointer.  @rec NULL: anything is right. */
bool cat_check_record(const struct cat_record *rec, const json_t *value,
		      struct error *err);

/*
 * JSON Schema (2020-12) of a record, and of an operation's arguments; new.
 * Records are referred to as @ref_prefix + name ("#/components/schemas/").
 * Beside the standard words: x-unit, x-secret, x-immutable; aliases are
 * properties marked deprecated.
 */
json_t *cat_record_schema(const struct cat_record *rec, const char *ref_prefix);
json_t *cat_args_schema(const struct cat_op *op, const char *ref_prefix);

/* Every record once, nested ones and spellings (CAT_MERGE) too, in catalogue
 * order; the array ends with NULL. */
const struct cat_record *const *cat_records(void);

#endif
