/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands --call and --explain take from a person: an operation, its
 * arguments, and where settings and credential are found.
 */
#ifndef SKYCLUST_DRIVER_OPTIONS_H
#define SKYCLUST_DRIVER_OPTIONS_H

#include <jansson.h>

#include "base/error.h"
#include "skyclust/driver.h"

/* An option of --call and --explain. */
struct call_option {
	const char *name;     /* "--config" */
	const char *argument; /* "FILE"; NULL: takes none */
	size_t offset;	      /* of where it is kept while words are read */
	bool only_call;	      /* means nothing to --explain */
	const char *help;
};

extern const struct call_option call_options[]; /* ends with a NULL name */

struct options {
	const char *op;
	json_t *args;				 /* object */
	json_t *config;				 /* object */
	json_t *secrets;			 /* object */
	const char *region;			 /* or NULL */
	const char *replay, *record, *state_dir; /* or NULL */
	bool native;
};

/*
 * Read `OP [ARGS] [--config FILE] [--credential FILE] …`.  Without
 * --credential the driver's environment names are looked up; their values go
 * to whichever schema has the field.  False: @err says what is wrong.
 */
bool options_read(struct options *o, const struct sc_driver *driver, int argc,
		  char **argv, struct error *err);
void options_done(struct options *o);

#endif
