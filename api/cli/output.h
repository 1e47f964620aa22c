/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How answers are printed: tables for people, JSON, YAML and CSV for programs,
 * names for pipes.  Pure: JSON goes in, text comes out; nothing here talks to
 * a server.
 */
#ifndef SKYCLUST_CLI_OUTPUT_H
#define SKYCLUST_CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "catalog/catalog.h"

enum output_format {
	OUTPUT_TABLE, /* the columns that matter, cut to fit a terminal */
	OUTPUT_WIDE,  /* all columns that have a value, never cut */
	OUTPUT_JSON,
	OUTPUT_YAML,
	OUTPUT_CSV,  /* RFC 4180, with a header */
	OUTPUT_NAME, /* one identifier a line */
};

struct output {
	enum output_format format;
	const char *fields; /* "id,name,tags.team"; NULL: by format */
	const struct cat_record *record; /* NULL: a vendor kind's, or none */
	int columns; /* of the terminal; 0: not a terminal */
	bool header; /* false: --no-headers */
	FILE *to;
};

/* The format called @name ("table", "wide", "json", …); ERR_INVALID names
 * those there are. */
bool output_parse(const char *name, enum output_format *format,
		  struct error *err);

/* Does @o->record have all of @o->fields?  ERR_INVALID names the nearest one.
 * To be asked before the request is sent. */
bool output_check(const struct output *o, struct error *err);

/*
 * Print a list (@items: an array of objects), or one record; borrowed.  A list
 * in JSON is an array, in YAML a sequence; a table of one record has a row for
 * each field.  `fields` chooses members in every format; a single one of a
 * single record is printed alone.  A record that is a document (kubeconfig) is
 * printed as it is.  False: @o->to could not be written.
 */
bool output_list(const struct output *o, const json_t *items);
bool output_value(const struct output *o, const json_t *value);

/*
 * Keep of @items (an array, changed in place) those that fit @filter:
 * "status=running", "name!=web", "name~web" (contains), comma separated, all
 * of which must hold; "\," is a comma, an empty value stands for null and what
 * is missing.  Names may be paths ("tags.team"); of a list, any item may fit.
 * ERR_INVALID says what is wrong with the filter; names are checked against
 * @record unless it is NULL.
 */
bool output_filter(json_t *items, const char *filter,
		   const struct cat_record *record, struct error *err);

#endif
